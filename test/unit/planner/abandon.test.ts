import { describe, expect, test } from 'vitest';
import type { RequestRecord } from '../../../src/model/status.js';
import { namesDigest } from '../../../src/policy/approvals.js';
import { approval, linesOf, planOf, provider, type Scene, spec } from '../../support/planner.js';
import { intended, order, placed, ready, status, unknown } from '../../support/state.js';

const asked = (parts: Partial<RequestRecord> = {}): RequestRecord => ({
  id: 'r1',
  action: 'abandon',
  requestedAt: '2026-11-22T06:00:00Z',
  reason: 'wrong names',
  order: 'o1',
  ...parts,
});

const pending = order('o1', { state: 'pending' });
const waiting = status('shop', { orders: [pending], intents: [placed('order', 'o1')], requests: [asked()] });
const cannotCancel = [
  provider('shop', { capabilities: { cancel: false, notes: { cancel: 'Ask the support.' } } }),
];
const givenUp = { at: '2026-11-22T06:30:00Z', reason: 'wrong names' } as const;

interface Row extends Scene {
  readonly plans: readonly string[];
  readonly says?: RegExp;
}

const rows: Readonly<Record<string, Row>> = {
  'an order that is placed is cancelled, and not driven on': {
    statuses: [waiting],
    plans: ['shop free cancel AbandonRequested'],
    says: /order o1 is given up: wrong names/,
  },
  'where there is no call it is only recorded, with what a person has to do': {
    statuses: [waiting],
    providers: cannotCancel,
    plans: ['shop free abandon AbandonRequested'],
    says: /shop cannot cancel: Ask the support; have order o1 cancelled there/,
  },
  'an order whose manifest is gone can be given up as well': {
    specs: [spec('other', { names: ['other.example.com'], suspend: true })],
    statuses: [waiting],
    plans: ['shop free cancel AbandonRequested'],
  },
  'an order that was taken over and is pending can be given up': {
    statuses: [status('shop', { orders: [{ ...pending, adopted: true }], requests: [asked()] })],
    plans: ['shop free cancel AbandonRequested'],
  },
  'a suspended certificate is no obstacle': {
    specs: [spec('shop', { suspend: true })],
    statuses: [waiting],
    plans: ['shop free cancel AbandonRequested'],
  },
  'a cancellation under way is driven on, and not asked for twice': {
    statuses: [{ ...waiting, intents: [...waiting.intents, intended('cancel')] }],
    plans: ['shop free resolve OpenIntent', 'shop purchase collect AwaitingIssuance'],
  },
  'a refused cancellation waits its turn while the order goes on': {
    statuses: [
      {
        ...waiting,
        requests: [
          asked({
            failure: { count: 1, lastAt: '2026-11-22T06:45:00Z', code: 'provider.refused', message: 'no' },
          }),
        ],
      },
    ],
    plans: ['shop free wait Failing', 'shop purchase collect AwaitingIssuance'],
  },
  'an outcome that is unknown is resolved, not given up': {
    statuses: [status('shop', { orders: [pending], intents: [unknown('order')], requests: [asked()] })],
    plans: ['shop purchase resolve OutcomeUnknown !unknown-outcome'],
  },
  'an outcome that is not recorded is looked for first': {
    statuses: [status('shop', { orders: [pending], intents: [intended('order')], requests: [asked()] })],
    plans: ['shop purchase resolve OpenIntent'],
  },
  'what is issued is not given up': {
    statuses: [ready('shop', { requests: [asked({ order: 'o-shop' })] })],
    plans: [],
  },
  'an order given up that cannot be cancelled is followed by none without an approval that names it': {
    statuses: [status('shop', { orders: [{ ...pending, abandoned: givenUp }] })],
    providers: cannotCancel,
    plans: ['shop purchase order OrderDied !approval-missing'],
    says: /order o1 was given up after placing \(wrong names\)/,
  },
  'a renewal that was given up leaves the certificate its free reissues': {
    specs: [spec('shop', { reissue: 'new key' })],
    statuses: [
      ready('shop', {
        orders: [order('o-shop'), { ...pending, predecessor: 'o-shop', abandoned: givenUp }],
      }),
    ],
    plans: ['shop free reissue ReissueRequested', 'shop purchase order OrderDied !approval-missing'],
  },
};

describe('giving an order up', () => {
  test.each(Object.entries(rows))('%s', (_title, { plans, says, ...scene }) => {
    const plan = planOf({ specs: [spec('shop')], ...scene });
    expect(linesOf(plan).filter((line) => line.startsWith('shop '))).toEqual(plans);
    if (says) {
      expect(plan.items.map((i) => [i.message, ...i.sideEffects].join('; ')).join('\n')).toMatch(says);
    }
  });

  const approvalRules = { order: 'merge', renew: 'auto', free: 'pull-request', revoke: 'auto' } as const;
  test.each([
    ['declared', [spec('shop')]],
    ['gone', [spec('other', { names: ['other.example.com'], suspend: true })]],
  ])('is a free action for the policy, also where the manifest is %s', (_title, specs) => {
    const scene: Scene = { specs, statuses: [waiting], policy: { approval: approvalRules } };
    const held = planOf(scene).items.filter(({ name }) => name === 'shop');
    expect(held.map(({ action, hold }) => [action, hold?.code])).toEqual([
      ['cancel', 'approval-missing'],
      ['collect', undefined],
    ]);
    const file = approval('shop', {
      action: 'cancel',
      predecessor: 'o1',
      namesDigest: namesDigest(pending.names),
    });
    const allowed = planOf({ ...scene, approvals: [file] }).items.filter(({ name }) => name === 'shop');
    expect(allowed).toMatchObject([{ action: 'cancel', approval: { kind: 'file' } }]);
  });

  test('of an account that is gone from the configuration is held', () => {
    const elsewhere = order('o1', { state: 'pending', provider: 'gone' });
    const plan = planOf({ specs: [spec('shop')], statuses: [{ ...waiting, orders: [elsewhere] }] });
    expect(plan.items.map(({ action, hold }) => [action, hold?.code])).toContainEqual([
      'cancel',
      'no-provider',
    ]);
  });
});

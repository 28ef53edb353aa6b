import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatMoney } from '../../../src/model/money.js';
import type { Plan } from '../../../src/model/plan.js';
import { DAY_MS, HOUR_MS, toInstant, toMs } from '../../../src/model/time.js';
import {
  approval,
  facts,
  LAST_CERTIFICATE,
  linesOf,
  NOW,
  planOf,
  prices,
  provider,
  RENEWAL_TIME,
  type Scene,
  snapshot,
  spec,
  usd,
} from '../../support/planner.js';
import { certificate, intended, order, placed, ready, status, unknown } from '../../support/state.js';

const NAME = 'shop';
const open = (intent: Parameters<typeof status>[1]) => [status(NAME, intent)];
const orders = (...all: Parameters<typeof order>[1][]) => all.map((parts, i) => order(`o${i + 1}`, parts));
/** Paid till in a week; the certificate is good for longer. */
const ending = (parts: Parameters<typeof order>[1] = {}) => [
  status(NAME, {
    orders: [order('o1', parts)],
    current: certificate('o1', { ...LAST_CERTIFICATE, ...(parts.names ? { names: parts.names } : {}) }),
  }),
];

test('no paid renewal before paidTill − renewBefore, and one from then on', () => {
  const endMs = toMs(order('o1').paidTill ?? '');
  const scenes = fc.record({
    before: fc.integer({ min: 1, max: 90 }),
    hoursLeft: fc.integer({ min: 1, max: 24 * 120 }),
  });
  fc.assert(
    fc.property(scenes, ({ before, hoursLeft }) => {
      const now = toInstant(endMs - hoursLeft * HOUR_MS);
      const current = certificate('o1', { ...LAST_CERTIFICATE, notBefore: '2027-06-01T00:00:00Z' });
      const plan = planOf({
        specs: [spec(NAME, { renewBeforeMs: before * DAY_MS })],
        statuses: [status(NAME, { orders: [order('o1')], current })],
        now,
      });
      const renews = plan.items.some(({ action }) => action === 'renew');
      expect(renews).toBe(hoursLeft <= before * 24);
      expect(plan.items.some(({ action }) => action === 'order')).toBe(false);
    }),
  );
});

interface Row extends Scene {
  /** Everything the plan says, in `linesOf` words without the name. */
  readonly plans: readonly string[];
  readonly says?: RegExp;
}

const rows: Readonly<Record<string, Row>> = {
  'a manifest without an order is ordered': {
    specs: [spec(NAME)],
    plans: ['purchase order NoOrder'],
  },
  'nothing due, nothing done': { specs: [spec(NAME)], statuses: [ready(NAME)], plans: [] },
  'an announced order is looked for before anything else': {
    specs: [spec(NAME)],
    statuses: open({ intents: [intended('order')] }),
    now: '2026-11-22T10:03:00Z',
    plans: ['purchase resolve OpenIntent'],
    says: /not settled before 2026-11-22T10:06:00Z; looking, not sending it again/,
  },
  'an announced order is looked for after it settled as well': {
    specs: [spec(NAME)],
    statuses: open({ intents: [intended('order')] }),
    now: '2026-11-22T10:06:00Z',
    plans: ['purchase resolve OpenIntent'],
    says: /order for 10\.00 USD was never recorded; looking for it at shop, and sending it again only if/,
  },
  'an unknown outcome stops the purchase with a recipe': {
    specs: [spec(NAME)],
    statuses: open({ intents: [unknown('order')] }),
    plans: ['purchase resolve OutcomeUnknown !unknown-outcome'],
  },
  'a placed order is collected, and who has to act is told': {
    specs: [spec(NAME)],
    statuses: open({
      orders: [order('o1', { state: 'pending', waitingFor: 'call-back' })],
      intents: [placed('order', 'o1')],
    }),
    plans: ['purchase collect AwaitingIssuance'],
  },
  'a certificate that failed verification is asked for again': {
    specs: [spec(NAME)],
    statuses: open({
      orders: [order('o1')],
      intents: [
        { ...placed('order', 'o1'), phase: 'issued', fingerprint: 'f', problem: 'it is for another key' },
      ],
    }),
    plans: ['purchase collect OpenIntent'],
    says: /another key/,
  },
  'what is under way is finished although the manifest is suspended': {
    specs: [spec(NAME, { suspend: true })],
    statuses: open({ orders: [order('o1', { state: 'pending' })], intents: [placed('order', 'o1')] }),
    plans: ['purchase collect AwaitingIssuance'],
  },
  'names edited while an order is pending are told, not lost': {
    specs: [spec(NAME, { names: ['new.example.com', 'shop.example.com'] })],
    statuses: open({ orders: [order('o1', { state: 'pending' })], intents: [placed('order', 'o1')] }),
    plans: ['purchase collect AwaitingIssuance'],
  },
  'a suspended manifest orders nothing': { specs: [spec(NAME, { suspend: true })], plans: [] },
  'a suspended manifest renews nothing, and says so': {
    specs: [spec(NAME, { suspend: true })],
    statuses: ending(),
    now: RENEWAL_TIME,
    plans: [],
    says: /it is suspended; set `suspend: false`/,
  },
  'an order taken over before the suspension is still collected': {
    specs: [spec(NAME, { suspend: true })],
    statuses: open({ orders: orders({ adopted: true, state: 'pending', charges: [] }) }),
    plans: ['purchase collect AwaitingIssuance'],
  },
  'a failed order waits its turn': {
    specs: [spec(NAME)],
    statuses: open({
      manifestDigest: spec(NAME).digest,
      failures: { purchase: { count: 2, lastAt: NOW, code: 'provider.refused', message: 'no such term' } },
    }),
    plans: ['purchase wait Failing'],
    says: /failed 2 times, next try 2026-11-22T07:46:42Z: no such term/,
  },
  'a failed order is tried again when its turn has come': {
    specs: [spec(NAME)],
    statuses: open({
      manifestDigest: spec(NAME).digest,
      failures: { purchase: { count: 1, lastAt: '2026-11-22T06:36:42Z', code: 'x', message: 'no' } },
    }),
    plans: ['purchase order NoOrder'],
  },
  'a changed manifest does not wait for the failures of the old one': {
    specs: [spec(NAME, { digest: 'd'.repeat(64) })],
    statuses: open({
      manifestDigest: spec(NAME).digest,
      failures: { purchase: { count: 4, lastAt: NOW, code: 'x', message: 'no' } },
    }),
    plans: ['purchase order NoOrder'],
  },
  'failures of the free lane do not delay a purchase': {
    specs: [spec(NAME)],
    statuses: open({
      manifestDigest: spec(NAME).digest,
      failures: { free: { count: 4, lastAt: NOW, code: 'x', message: 'no' } },
    }),
    plans: ['free wait Failing', 'purchase order NoOrder'],
  },
  'a declared order is taken over': {
    specs: [spec(NAME, { adopt: { kind: 'order', order: '912' } })],
    facts: { [NAME]: { adoptable: snapshot('912') } },
    plans: ['purchase adopt AdoptDeclared'],
  },
  'an order for other names is not taken over': {
    specs: [spec(NAME, { adopt: { kind: 'order', order: '912' } })],
    facts: { [NAME]: { adoptable: snapshot('912', { names: ['other.example.com'] }) } },
    plans: ['purchase hold AdoptDeclared !foreign-order'],
  },
  'an order that has ended is not taken over': {
    specs: [spec(NAME, { adopt: { kind: 'order', order: '912' } })],
    facts: { [NAME]: { adoptable: snapshot('912', { state: 'cancelled' }) } },
    plans: ['purchase hold AdoptDeclared !foreign-order'],
  },
  'an order that another certificate holds is not taken over': {
    specs: [spec(NAME, { adopt: { kind: 'order', order: 'o-other' } }), spec('other')],
    statuses: [ready('other')],
    plans: ['purchase hold AdoptDeclared !foreign-order'],
  },
  'two manifests cannot take over one order': {
    specs: ['shop', 'twin'].map((name) =>
      spec(name, { adopt: { kind: 'order', order: '912' }, distinct: name }),
    ),
    facts: { shop: { adoptable: snapshot('912') }, twin: { adoptable: snapshot('912') } },
    plans: ['purchase hold AdoptDeclared !foreign-order', 'purchase hold AdoptDeclared !foreign-order'],
  },
  'what was taken over is not taken over again': {
    specs: [spec(NAME, { adopt: { kind: 'order', order: `o-${NAME}` } })],
    statuses: [ready(NAME)],
    plans: [],
  },
  'an order under our reference that no record explains is taken over, not bought again': {
    specs: [spec(NAME)],
    facts: { [NAME]: { byReference: [{ provider: 'shop', order: snapshot('77', { reference: 'cwx-1' }) }] } },
    plans: ['purchase adopt OrderAtProvider'],
  },
  'two orders under our reference are for a person to tell apart': {
    specs: [spec(NAME)],
    facts: { [NAME]: { byReference: ['77', '78'].map((id) => ({ provider: 'shop', order: snapshot(id) })) } },
    plans: ['purchase hold OrderAtProvider !foreign-order'],
    says: /2 orders exist under our reference: 77, 78/,
  },
  'what the provider sold a second time under the reference of our order is not taken over': {
    specs: [spec(NAME)],
    statuses: [status(NAME, { orders: [order('o1')], current: certificate('o1') })],
    facts: {
      [NAME]: {
        byReference: [{ provider: 'shop', order: snapshot('o2', { reference: order('o1').reference }) }],
      },
    },
    plans: [],
  },
  'an order of the same number at another provider explains nothing': {
    specs: [spec(NAME, { providers: ['other'], migrate: 'now' })],
    providers: [provider('shop'), provider('other')],
    statuses: [status(NAME, { orders: orders({}), current: certificate('o1') })],
    facts: { [NAME]: { byReference: [{ provider: 'other', order: snapshot('o1') }] } },
    plans: ['purchase adopt OrderAtProvider'],
  },
  'a foreign order for the same need holds the purchase': {
    specs: [spec(NAME)],
    facts: { [NAME]: { foreign: [{ provider: 'shop', order: snapshot('5') }] } },
    plans: ['purchase hold ForeignOrder !foreign-order'],
  },
  'a foreign order that is pending counts as well': {
    specs: [spec(NAME)],
    facts: {
      [NAME]: { foreign: [{ provider: 'shop', order: snapshot('5', { state: 'pending', paidTill: NOW }) }] },
    },
    plans: ['purchase hold ForeignOrder !foreign-order'],
  },
  'foreign orders that died or ended do not count': {
    specs: [spec(NAME)],
    facts: {
      [NAME]: {
        foreign: [
          { provider: 'shop', order: snapshot('5', { state: 'rejected' }) },
          { provider: 'shop', order: snapshot('6', { paidTill: '2026-11-01T00:00:00Z' }) },
        ],
      },
    },
    plans: ['purchase order NoOrder'],
  },
  'foreign orders may be ignored by id': {
    specs: [spec(NAME, { adopt: { kind: 'ignore', orders: ['5'] } })],
    facts: { [NAME]: { foreign: [{ provider: 'shop', order: snapshot('5') }] } },
    plans: ['purchase order NoOrder'],
  },
  'every foreign order has to be ignored': {
    specs: [spec(NAME, { adopt: { kind: 'ignore', orders: ['5'] } })],
    facts: { [NAME]: { foreign: ['5', '6'].map((id) => ({ provider: 'shop', order: snapshot(id) })) } },
    plans: ['purchase hold ForeignOrder !foreign-order'],
  },
  'an order that died needs a person': {
    specs: [spec(NAME)],
    statuses: open({ orders: orders({ state: 'rejected', message: 'CAA' }) }),
    plans: ['purchase order OrderDied !approval-missing'],
    says: /order o1 was rejected after placing \(CAA\)/,
  },
  'an approval that names the dead order lets another through': {
    specs: [spec(NAME)],
    statuses: open({ orders: orders({ state: 'refunded' }) }),
    approvals: [approval(NAME, { predecessor: 'o1' })],
    plans: ['purchase order OrderDied'],
  },
  'an approval that names no order does not replace a dead one': {
    specs: [spec(NAME)],
    statuses: open({ orders: orders({ state: 'cancelled' }) }),
    approvals: [approval(NAME)],
    plans: ['purchase order OrderDied !approval-missing'],
  },
  'automatic approval does not replace a dead order': {
    specs: [spec(NAME)],
    statuses: open({ orders: orders({ state: 'rejected' }) }),
    policy: { approval: { order: 'auto', renew: 'auto', free: 'auto', revoke: 'auto' } },
    plans: ['purchase order OrderDied !approval-missing'],
  },
  'an order taken over without its certificate here is collected': {
    specs: [spec(NAME)],
    statuses: open({ orders: orders({ adopted: true, charges: [] }) }),
    plans: ['purchase collect AwaitingIssuance'],
    says: /the certificate of order o1 is not in the repository yet/,
  },
  'another product waits for the renewal': {
    specs: [spec(NAME, { product: 'wildcard-server' })],
    statuses: [ready(NAME)],
    plans: [],
  },
  'another product is ordered at once when the manifest says so': {
    specs: [spec(NAME, { product: 'wildcard-server', migrate: 'now' })],
    statuses: [ready(NAME)],
    facts: { [NAME]: { prices: prices({ 'shop order': '10' }, 'wildcard-server') } },
    plans: ['purchase order ProductChanged'],
    says: /from private-server to wildcard-server, now; order o-shop runs out on 2027-11-01/,
  },
  'another term is bought at once when the manifest says so': {
    specs: [spec(NAME, { term: { unit: 'year', count: 2 }, migrate: 'now' })],
    statuses: [ready(NAME)],
    facts: { [NAME]: { prices: prices({ 'shop order': '18' }, 'private-server', '2y') } },
    plans: ['purchase order TermChanged'],
  },
  'another provider takes over at once when the manifest says so': {
    specs: [spec(NAME, { providers: ['other'], migrate: 'now' })],
    providers: [provider('shop'), provider('other')],
    statuses: [ready(NAME)],
    facts: { [NAME]: { prices: prices({ 'other order': '12' }) } },
    plans: ['purchase order ProviderChanged'],
  },
  'an order at one of several providers stays there': {
    specs: [spec(NAME, { providers: ['other', 'shop'], migrate: 'now' })],
    providers: [provider('shop'), provider('other')],
    statuses: [ready(NAME)],
    plans: [],
  },
  'another product counts at the second of several providers too': {
    specs: [spec(NAME, { providers: ['other', 'shop'], product: 'wildcard-server', migrate: 'now' })],
    providers: [provider('shop'), provider('other')],
    statuses: [ready(NAME)],
    facts: { [NAME]: { prices: prices({ 'other order': '12' }, 'wildcard-server') } },
    plans: ['purchase order ProductChanged'],
  },
  'without a paid term the end of the certificate is when another provider takes over': {
    specs: [spec(NAME, { providers: ['other'] })],
    providers: [provider('shop', { capabilities: { terms: false } }), provider('other')],
    statuses: [
      status(NAME, {
        orders: [withoutTerm('o1')],
        current: certificate('o1'),
      }),
    ],
    facts: { [NAME]: { prices: prices({ 'other order': '12' }) } },
    now: '2027-05-10T12:00:00Z',
    plans: ['free reissue CertificateEnding', 'purchase order ProviderChanged'],
  },
  'a paid term that ends is renewed': {
    specs: [spec(NAME)],
    statuses: ending(),
    now: RENEWAL_TIME,
    plans: ['purchase renew PaidTermEnding'],
    says: /paid till 2027-11-01, 7 days of the old term are lost/,
  },
  'renewBefore decides how early': {
    specs: [spec(NAME, { renewBeforeMs: 5 * 24 * 3_600_000 })],
    statuses: ending(),
    now: RENEWAL_TIME,
    plans: [],
  },
  'a provider that refuses early renewals is not asked early': {
    specs: [spec(NAME, { renewBeforeMs: 60 * 24 * 3_600_000 })],
    providers: [provider('shop', { capabilities: { renewalWindowMs: 5 * 24 * 3_600_000 } })],
    statuses: ending(),
    now: RENEWAL_TIME,
    plans: [],
  },
  'a renewal takes the names declared now': {
    specs: [spec(NAME, { names: ['new.example.com', 'shop.example.com'] })],
    statuses: ending(),
    now: RENEWAL_TIME,
    plans: ['purchase renew PaidTermEnding'],
    says: /with the names now declared/,
  },
  'a renewal brings another product': {
    specs: [spec(NAME, { product: 'wildcard-server' })],
    statuses: ending(),
    facts: { [NAME]: { prices: prices({ 'shop renew': '10' }, 'wildcard-server') } },
    now: RENEWAL_TIME,
    plans: ['purchase renew PaidTermEnding'],
    says: /from private-server to wildcard-server/,
  },
  'without autoRenew nothing is bought, and the warning says so': {
    specs: [spec(NAME, { autoRenew: false })],
    statuses: ending(),
    now: RENEWAL_TIME,
    plans: [],
    says: /order o1 is paid till 2027-11-01 and autoRenew is off; set `autoRenew: true`/,
  },
  'what was rehearsed never counts as live': {
    specs: [spec(NAME)],
    statuses: [status(NAME, { orders: orders({ environment: 'rehearsal' }), current: certificate('o1') })],
    plans: ['purchase order NoOrder'],
  },
  'a live order counts for a manifest that now names a test account': {
    specs: [spec(NAME)],
    providers: [provider('shop', { config: { environment: 'test' } })],
    statuses: [ready(NAME)],
    plans: [],
  },
  'an external key cannot be ordered for': {
    specs: [spec(NAME, { key: { kind: 'external' } })],
    plans: ['purchase order NoOrder !key-external'],
  },
};

function withoutTerm(id: string) {
  const { term: _term, paidFrom: _from, paidTill: _till, ...rest } = order(id);
  return rest;
}

const words = (plan: Plan): readonly string[] =>
  linesOf(plan).map((line) => line.split(' ').slice(1).join(' '));

const textsOf = (plan: Plan): readonly string[] => [
  ...plan.items.flatMap((item) => [
    item.message,
    ...item.sideEffects,
    ...(item.hold ? [item.hold.message] : []),
  ]),
  ...plan.warnings.map((warning) => warning.message),
];

describe('the purchase lane', () => {
  test.each(Object.entries(rows))('%s', (_sentence, { plans, says, ...scene }) => {
    const plan = planOf({
      ...scene,
      desired: { ...scene.desired },
    });
    const about = linesOf(plan)
      .filter((line) => line.startsWith('shop ') || line.startsWith('twin '))
      .map((line) => line.split(' ').slice(1).join(' '));
    expect(about).toEqual(plans);
    if (says) expect(textsOf(plan).join('\n')).toMatch(says);
  });

  test('who has to act is told', () => {
    const [item] = planOf(rows['a placed order is collected, and who has to act is told'] ?? {}).items;
    expect(item).toMatchObject({ waitingFor: 'call-back', predecessor: 'o1', intent: 'intent-order' });
  });

  test('names edited while an order is pending follow later', () => {
    const [item] = planOf(rows['names edited while an order is pending are told, not lost'] ?? {}).items;
    expect(item?.sideEffects).toEqual([
      'it is finished with the names it was placed with; the names now declared follow',
      'to give the order up instead, run `certwright abandon shop --reason TEXT`',
    ]);
  });

  test('an unknown outcome says what to look for and what to run', () => {
    const [item] = planOf(rows['an unknown outcome stops the purchase with a recipe'] ?? {}).items;
    expect(item?.hold?.message).toBe(
      'look at shop for the reference cwk3v9x2-next, then run `certwright resolve shop --order-id ID` if the order is there, or `certwright resolve shop --not-placed` if it is not',
    );
  });

  test('a foreign order says how to take it over and how to buy nevertheless', () => {
    const [item] = planOf(rows['every foreign order has to be ignored'] ?? {}).items;
    expect(item?.hold?.message).toContain('adopt: { order: "6" }');
    expect(item?.hold?.message).toContain('adopt: { ignore: ["5", "6"] }');
  });
});

describe('a paid term that nobody wants renewed', () => {
  const warnings = (now: string) =>
    planOf({ specs: [spec(NAME, { autoRenew: false })], statuses: ending(), now }).warnings;

  test.each([
    ['2027-10-20T00:00:00Z', []],
    ['2027-10-22T11:00:00Z', ['warning']],
    ['2027-10-26T00:00:00Z', ['attention']],
    ['2027-12-01T00:00:00Z', ['attention']],
  ])('on %s: %j', (now, levels) => {
    expect(warnings(now).map((warning) => warning.level)).toEqual(levels);
  });

  test('when it is over, it was paid', () => {
    expect(warnings('2027-12-01T00:00:00Z')[0]?.message).toContain('was paid till 2027-11-01');
  });

  test('is none where the order came to nothing', () => {
    const plan = planOf({
      specs: [spec(NAME, { autoRenew: false })],
      statuses: open({ orders: orders({ state: 'rejected' }) }),
      now: RENEWAL_TIME,
    });
    expect(plan.warnings).toEqual([]);
  });
});

describe('a renewal elsewhere', () => {
  const scene: Scene = {
    specs: [spec(NAME, { providers: ['other'] })],
    providers: [
      provider('shop', { capabilities: { carriesRemainingDays: true } }),
      provider('other', { capabilities: { carriesRemainingDays: true } }),
    ],
    statuses: ending(),
    facts: { [NAME]: facts({ prices: prices({ 'other order': '12', 'other renew': '1' }) }) },
    now: RENEWAL_TIME,
  };

  test('is priced as the first order it is there', () => {
    const [item] = planOf(scene).items;
    expect(item).toMatchObject({ action: 'renew', provider: 'other', predecessor: 'o1' });
    expect(item?.price.kind === 'known' && formatMoney(item.price.amount)).toBe('12.00 USD');
  });

  test('carries no days over, and says so', () => {
    const [item] = planOf(scene).items;
    expect(item?.coverage).toMatchObject({ from: RENEWAL_TIME, till: '2028-10-25T10:00:00Z' });
    expect(item?.sideEffects).toEqual(['order o1 at shop is not renewed; 7 days of it are given away']);
  });

  test('where the days are carried over, they are covered', () => {
    const [item] = planOf({ ...scene, specs: [spec(NAME)], facts: {} }).items;
    expect(item?.coverage).toMatchObject({ from: RENEWAL_TIME, till: '2028-11-01T10:00:00Z' });
    expect(item?.sideEffects).toEqual([]);
  });
});

test('money is spent for the ceiling that was merged', () => {
  const plan = planOf({ specs: [spec(NAME, { maxPrice: usd('10') })] });
  expect(plan.items[0]).toMatchObject({
    approval: { kind: 'merge', manifestDigest: spec(NAME).digest },
    coverage: { from: NOW, till: '2027-11-22T06:46:42Z' },
  });
  expect(plan.totals).toEqual([usd('10')]);
  expect(words(plan)).toEqual(['purchase order NoOrder']);
});

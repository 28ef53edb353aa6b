import { describe, expect, test } from 'vitest';
import type { ApprovalMode, PolicyConfig } from '../../../src/model/configuration.js';
import { subjectDigest } from '../../../src/policy/approvals.js';
import {
  approval,
  header,
  LAST_CERTIFICATE,
  lineOf,
  linesOf,
  planOf,
  prices,
  provider,
  REISSUE_TIME,
  RENEWAL_TIME,
  type Scene,
  spec,
  usd,
} from '../../support/planner.js';
import { certificate, intended, order, placed, ready, status } from '../../support/state.js';

const NAME = 'shop';
const priced = (amount: string) => ({ [NAME]: { prices: prices({ 'shop order': amount }) } });
const mode = (parts: Partial<PolicyConfig['approval']>) => ({
  approval: { order: 'merge', renew: 'auto', free: 'auto', revoke: 'pull-request', ...parts } as const,
});

interface Row extends Scene {
  /** Hold code, or `undefined` where the order goes out. */
  readonly held?: string;
  readonly says?: string;
}

const rows: Readonly<Record<string, Row>> = {
  'a price at the ceiling is paid': { facts: priced('50') },
  'a price above the ceiling is not': {
    facts: priced('50.01'),
    held: 'price-above-ceiling',
    says: '50.01 USD is above maxPrice 50.00 USD',
  },
  'an unknown price is not paid': { facts: priced('unknown'), held: 'price-unknown' },
  'a price nobody asked for is not paid': { facts: { [NAME]: { prices: {} } }, held: 'price-unknown' },
  'tax counts against the ceiling': {
    facts: priced('45'),
    providers: [provider('shop', { config: { tax: '20' } })],
    held: 'price-above-ceiling',
    says: '54.00 USD is above maxPrice 50.00 USD (with 20 % tax)',
  },
  'unlike currencies never compare': { facts: priced('1 EUR'), held: 'currency-differs' },
  'without any limit nothing is spent': { policy: { spending: {} }, held: 'no-spending-limit' },
  'a limit of a rule is a limit': {
    policy: { spending: {}, rules: [{ match: 'sho*', perMonth: usd('10'), approval: {} }] },
  },
  'what one order may cost': {
    policy: { spending: { perOrder: usd('9.99') } },
    held: 'limit-order',
    says: '10.00 USD is above policy perOrder 9.99 USD',
  },
  'what a day may cost': { policy: { spending: { perDay: usd('9.99') } }, held: 'limit-day' },
  'what a month may cost': { policy: { spending: { perMonth: usd('9.99') } }, held: 'limit-month' },
  'what a rule lets a month cost': {
    policy: {
      spending: { perMonth: usd('100') },
      rules: [{ match: 'shop', perMonth: usd('5'), approval: {} }],
    },
    held: 'limit-month',
  },
  'orders of archived certificates count': {
    policy: { spending: { perMonth: usd('15') } },
    statuses: [ready('old', { archived: { at: '2026-11-10T00:00:00Z' } })],
    specs: [spec(NAME, { names: ['a.example.com'] })],
    held: 'limit-month',
  },
  'open intents count': {
    policy: { spending: { perMonth: usd('15') } },
    statuses: [status('other', { intents: [intended('order', { names: ['b.example.com'] })] })],
    specs: [spec(NAME), spec('other', { names: ['b.example.com'] })],
    held: 'limit-month',
  },
  'credit has to suffice': {
    providers: [provider('shop', { balance: usd('9.99') })],
    held: 'balance',
  },
  'a minimum without a known balance cannot be kept': {
    providers: [provider('shop', { config: { minimumBalance: usd('5') } })],
    held: 'balance',
  },
  'a product that was charged too much stops': {
    statuses: [overcharged()],
    specs: [spec(NAME), spec('other', { names: ['b.example.com'] })],
    held: 'product-stopped',
    says: 'order o9 of other was charged 15.00 USD instead of 10.00 USD; run `certwright resolve other --accept-price` if that is right',
  },
  'a breaker stops': {
    statuses: [
      status(NAME, { breaker: { trippedAt: '2026-11-20T00:00:00Z', why: '3 certificates were issued' } }),
    ],
    held: 'breaker',
    says: '3 certificates were issued; look, then run `certwright resolve shop --reset-breaker`',
  },
  'lost state stops': { state: { integrity: 'lost', integrityWhy: 'seen is gone' }, held: 'state-integrity' },
  'commits of others do not stop': { state: { integrity: 'foreign-commits' } },
  'state of another remote stops': { state: { remote: 'git.example.com/copy' }, held: 'wrong-remote' },
  'state of another repository id stops': { desired: { repositoryId: 'other' }, held: 'wrong-remote' },
  'manifests of another history stop': { state: { manifestsDescend: false }, held: 'manifests-diverged' },
  'keys that nobody has shown to open stop': {
    state: { header: header({ provenRecipients: [] }) },
    held: 'no-recipient-proven',
  },
  'a proven recipient that is no longer configured proves nothing': {
    desired: { recipients: ['age1other'] },
    held: 'no-recipient-proven',
  },
  'a key of our own CSR needs no recipient': {
    specs: [spec(NAME, { key: { kind: 'csr', path: 'a.csr', csrPem: 'CSR', keyHash: 'k' } })],
    state: { header: header({ provenRecipients: [] }) },
  },
};

function overcharged() {
  return ready('other', {
    orders: [order('o9', { names: ['b.example.com'] })],
    current: certificate('o9', { names: ['b.example.com'] }),
    priceStop: { order: 'o9', product: 'private-server', quoted: usd('10'), charged: usd('15') },
  });
}

const shopLine = (scene: Scene) => {
  const plan = planOf({ specs: [spec(NAME)], ...scene });
  return { plan, item: plan.items.find((item) => item.name === NAME) };
};

describe('a paid order', () => {
  test.each(Object.entries(rows))('%s', (_sentence, { held, says, ...scene }) => {
    const { plan, item } = shopLine(scene);
    expect(item?.action).toBe('order');
    expect(item?.hold?.code).toBe(held);
    if (says) expect(item?.hold?.message).toBe(says);
    const paid = item?.price.kind === 'known' && held === undefined ? [item.price.amount] : [];
    expect(plan.totals).toEqual(paid);
    expect(item?.approval === undefined).toBe(held !== undefined);
  });
});

describe('an account whose purchases cannot be told apart', () => {
  const anonymous = [provider('shop', { capabilities: { search: 'none' } })];
  const names = { names: ['b.example.com'] };
  const other = (phase: 'intended' | 'placed') => {
    const intent = phase === 'intended' ? intended('order', names) : placed('order', 'o-2', names);
    const orders =
      phase === 'intended' ? [] : [order('o-2', { ...names, provider: 'shop', state: 'pending' })];
    return status('other', { orders, intents: [{ ...intent, provider: 'shop' }] });
  };
  test.each([
    ['takes no second one while the first is being sent', anonymous, 'intended', 'account-busy'],
    ['takes the next one when the first is placed', anonymous, 'placed', undefined],
    ['does not wait where it keeps our reference', [provider('shop')], 'intended', undefined],
  ] as const)('%s', (_sentence, providers, phase, held) => {
    const { item } = shopLine({ specs: [spec(NAME)], providers, statuses: [other(phase)] });
    expect(item).toMatchObject({ action: 'order' });
    expect(item?.hold?.code).toBe(held);
  });
});

describe('what stops money leaves free reissues alone', () => {
  const due: Scene = { specs: [spec(NAME)], statuses: [ready(NAME)], now: REISSUE_TIME };
  test.each<[string, Scene, string | undefined]>([
    ['no limits', { policy: { spending: {} } }, undefined],
    ['another remote stops them too', { state: { remote: 'git.example.com/copy' } }, 'wrong-remote'],
    ['manifests of another history', { state: { manifestsDescend: false } }, undefined],
    ['no proven recipient', { state: { header: header({ provenRecipients: [] }) } }, undefined],
    ['a product that was charged too much', { statuses: [ready(NAME), overcharged()] }, undefined],
    ['an order policy that never allows', { policy: mode({ order: 'never' }) }, undefined],
    ['lost state stops them too', { state: { integrity: 'lost' } }, 'state-integrity'],
    [
      'a breaker stops them too',
      { statuses: [ready(NAME, { breaker: { trippedAt: '2027-05-01T00:00:00Z', why: 'three in a day' } })] },
      'breaker',
    ],
  ])('%s', (_sentence, scene, held) => {
    const { item } = shopLine({ ...due, ...scene });
    expect(item).toMatchObject({ action: 'reissue', reason: 'CertificateEnding' });
    expect(item?.hold?.code).toBe(held);
  });

  test.each([
    ['that is free goes on', 'free', undefined],
    ['that costs something waits', 'paid', 'breaker'],
  ] as const)('beside a tripped breaker, a reissue for a compromised key %s', (_sentence, price, held) => {
    const { keyHash } = certificate(`o-${NAME}`);
    const { item } = shopLine({
      providers: [provider('shop', { capabilities: { reissue: price } })],
      statuses: [ready(NAME, { breaker: { trippedAt: '2026-11-20T00:00:00Z', why: 'three in a day' } })],
      state: { header: header({ compromisedKeys: [{ keyHash, at: '2026-11-22T00:00:00Z', reason: '' }] }) },
    });
    expect(item).toMatchObject({ reason: 'KeyCompromised' });
    expect(item?.hold?.code).toBe(held);
  });

  test('a tripped breaker does not stop a revocation', () => {
    const { item } = shopLine({
      statuses: [
        ready(NAME, {
          breaker: { trippedAt: '2026-11-20T00:00:00Z', why: 'three in a day' },
          requests: [
            {
              id: 'r',
              action: 'revoke',
              requestedAt: '2026-11-22T00:00:00Z',
              reason: 'leaked',
              serial: certificate(`o-${NAME}`).serial,
            },
          ],
        }),
      ],
      policy: mode({ revoke: 'auto' }),
    });
    expect(item && lineOf(item)).toBe('shop free revoke RevokeRequested');
  });

  test('a free order needs no limits', () => {
    const { plan, item } = shopLine({
      providers: [provider('shop', { capabilities: { terms: false } })],
      policy: { spending: {} },
      facts: { [NAME]: { prices: {} } },
    });
    expect(item?.hold).toBeUndefined();
    expect(item).toMatchObject({ price: { kind: 'free' }, approval: { kind: 'free' } });
    expect(plan.totals).toEqual([]);
  });
});

describe('who approves', () => {
  const modes: readonly ApprovalMode[] = ['merge', 'auto', 'pull-request', 'never'];
  const renewal: Scene = {
    statuses: [status(NAME, { orders: [order('o1')], current: certificate('o1', LAST_CERTIFICATE) })],
    now: RENEWAL_TIME,
  };
  const verdicts = (scene: Scene, kind: keyof PolicyConfig['approval']) =>
    Object.fromEntries(
      modes.map((one) => {
        const { item } = shopLine({ ...scene, policy: mode({ [kind]: one }) });
        return [one, item?.hold?.code ?? item?.approval?.kind];
      }),
    );

  test('a first order', () => {
    expect(verdicts({}, 'order')).toEqual({
      merge: 'merge',
      auto: 'auto',
      'pull-request': 'approval-missing',
      never: 'approval-never',
    });
  });

  test('a renewal', () => {
    expect(verdicts(renewal, 'renew')).toEqual({
      merge: 'approval-missing',
      auto: 'auto',
      'pull-request': 'approval-missing',
      never: 'approval-never',
    });
  });

  test('a free reissue', () => {
    expect(verdicts({ statuses: [ready(NAME)], now: REISSUE_TIME }, 'free')).toEqual({
      merge: 'free',
      auto: 'free',
      'pull-request': 'approval-missing',
      never: 'approval-never',
    });
  });

  test('a reissue that costs is approved like an order', () => {
    const scene: Scene = {
      statuses: [ready(NAME)],
      providers: [provider('shop', { capabilities: { reissue: 'paid' } })],
      facts: { [NAME]: { prices: prices({ 'shop reissue': '6' }) } },
      now: REISSUE_TIME,
    };
    expect(verdicts(scene, 'order')).toEqual({
      merge: 'merge',
      auto: 'auto',
      'pull-request': 'approval-missing',
      never: 'approval-never',
    });
  });

  test('a file approves exactly one need, once', () => {
    const file = approval(NAME);
    const [subject] = file.subjects;
    const digest = subject ? subjectDigest(subject) : '';
    const scene = { approvals: [file], policy: mode({ order: 'pull-request' }) };
    expect(shopLine(scene).item?.approval).toEqual({ kind: 'file', subjectDigest: digest });
    const used = shopLine({ ...scene, statuses: [status(NAME, { consumedApprovals: [digest] })] });
    expect(used.item?.hold?.message).toContain('it was used already');
  });

  test('the ceiling of a file is for what will be charged, with tax', () => {
    const verdict = (tax: string) =>
      shopLine({
        facts: priced('41'),
        providers: [provider('shop', { config: { tax } })],
        specs: [spec(NAME, { maxPrice: usd('100') })],
        approvals: [approval(NAME)],
        policy: mode({ order: 'pull-request' }),
      }).item;
    expect(verdict('20')?.approval?.kind).toBe('file');
    expect(verdict('22')?.hold?.message).toContain('its ceiling is 50.00 USD, the price 50.02 USD');
  });

  test('a renewal is approved by a file that names the order it follows', () => {
    const scene = { ...renewal, policy: mode({ renew: 'pull-request' }) };
    const held = shopLine({ ...scene, approvals: [approval(NAME, { action: 'renew' })] });
    expect(held.item?.hold?.message).toContain('predecessor none instead of o1');
    const granted = shopLine({
      ...scene,
      approvals: [approval(NAME, { action: 'renew', predecessor: 'o1' })],
    });
    expect(granted.item?.approval?.kind).toBe('file');
  });

  test('a rule says otherwise for the names it matches', () => {
    const { item } = shopLine({
      policy: { rules: [{ match: 'shop', approval: { order: 'pull-request' } }] },
    });
    expect(item?.hold?.code).toBe('approval-missing');
  });
});

describe('money that does not reach for all', () => {
  const renewing = (name: string, paidTill: string) =>
    status(name, {
      orders: [order(`o-${name}`, { names: [`${name}.example.com`], paidTill })],
      current: certificate(`o-${name}`, { ...LAST_CERTIFICATE, names: [`${name}.example.com`] }),
    });
  const names = ['a', 'b', 'c'];
  const scene: Scene = {
    specs: names.map((name) => spec(name, { names: [`${name}.example.com`] })),
    statuses: [renewing('b', '2027-11-03T10:00:00Z'), renewing('c', '2027-11-01T10:00:00Z')],
    now: RENEWAL_TIME,
  };

  test('goes to what fell due first, and new orders come last', () => {
    const held = (perDay: string) =>
      planOf({ ...scene, policy: { spending: { perDay: usd(perDay) } } }).items.flatMap((item) =>
        item.hold ? [item.name] : [],
      );
    expect(held('30')).toEqual([]);
    expect(held('20')).toEqual(['a']);
    expect(held('10')).toEqual(['a', 'b']);
    expect(held('5')).toEqual(names);
  });

  test('is said first, and what is held is not in the total', () => {
    const plan = planOf({ ...scene, policy: { spending: { perDay: usd('20') } } });
    expect(plan.warnings).toEqual([
      {
        code: 'money-short',
        message:
          'the money does not reach for 1 of 3 purchases: what is due first is bought, the rest is held',
        level: 'warning',
      },
    ]);
    expect(plan.totals).toEqual([usd('20')]);
  });

  test('is nothing to say where it reaches', () => {
    expect(planOf(scene).warnings).toEqual([]);
  });

  test('totals stay apart by currency', () => {
    const { spending: _limits, ...noLimit } = scene.policy ?? {};
    const plan = planOf({
      ...scene,
      policy: { ...noLimit, spending: { perDay: usd('100') } },
      specs: [
        spec('a', { names: ['a.example.com'], maxPrice: usd('20 EUR') }),
        ...(scene.specs ?? []).slice(1),
      ],
      facts: { a: { prices: prices({ 'shop order': '9 EUR' }) } },
    });
    expect(linesOf(plan)).toEqual([
      'a purchase order NoOrder !currency-differs',
      'b purchase renew PaidTermEnding',
      'c purchase renew PaidTermEnding',
    ]);
    expect(plan.totals).toEqual([usd('20')]);
  });
});

describe('what a reader is told about the state', () => {
  test.each<[string, Scene, readonly (readonly [string, string])[]]>([
    ['lost', { state: { integrity: 'lost', integrityWhy: 'seen is gone' } }, [['state-lost', 'attention']]],
    ['first run', { state: { integrity: 'absent', commit: null } }, [['first-run', 'info']]],
    ['another remote', { state: { remote: 'git.example.com/copy' } }, [['wrong-remote', 'warning']]],
    ['another id', { desired: { repositoryId: 'zzz' } }, [['wrong-remote', 'warning']]],
    ['another history', { state: { manifestsDescend: false } }, [['manifests-diverged', 'attention']]],
    ['healthy', {}, []],
  ])('%s', (_sentence, scene, expected) => {
    const { warnings } = planOf({ specs: [], ...scene });
    expect(warnings.map((warning) => [warning.code, warning.level])).toEqual(expected);
  });
});

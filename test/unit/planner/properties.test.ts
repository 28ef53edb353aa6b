import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isOpen } from '../../../src/model/intent.js';
import { addMoney, type Money } from '../../../src/model/money.js';
import type { OrderState } from '../../../src/model/order.js';
import type { Plan, PlanItem } from '../../../src/model/plan.js';
import { emptyStatus, type Status } from '../../../src/model/status.js';
import { toInstant, toMs } from '../../../src/model/time.js';
import { SENDING } from '../../../src/planner/draft.js';
import type { PlanInput } from '../../../src/planner/input.js';
import { makePlan } from '../../../src/planner/plan.js';
import {
  approval,
  MANIFEST_DIGEST,
  NOW,
  planInput,
  planOf,
  prices,
  provider,
  type Scene,
  snapshot,
  spec,
  unsafeApproval,
  usd,
} from '../../support/planner.js';
import { certificate, intended, order, placed, unknown } from '../../support/state.js';

const NAMES = ['a', 'b', 'c', 'd'] as const;
const SETS = [['x.example.com'], ['x.example.com', 'y.example.com'], ['z.example.com']] as const;
const DAY = 24 * 3_600_000;

const names = fc.constantFrom(...SETS);
const instant = fc.integer({ min: -400, max: 400 }).map((days) => toInstant(toMs(NOW) + days * DAY));
const states: readonly OrderState[] = [
  'pending',
  'issued',
  'rejected',
  'cancelled',
  'refunded',
  'revoked',
  'expired',
];

const orderOf = (id: string) =>
  fc
    .record({
      state: fc.constantFrom(...states),
      paidTill: fc.option(instant, { nil: undefined }),
      names,
      provider: fc.constantFrom('shop', 'other', 'vanished'),
      environment: fc.constantFrom('live' as const, 'rehearsal' as const),
      product: fc.constantFrom('private-server', 'wildcard-server'),
      autoRenew: fc.boolean(),
    })
    .map(({ paidTill, names: all, ...parts }) => {
      const { paidTill: _till, ...rest } = order(id, { ...parts, names: [...all] });
      return paidTill === undefined ? rest : { ...rest, paidTill };
    });

const purchaseIntent = fc.constantFrom<'none' | 'intended' | 'placed' | 'unknown'>(
  'none',
  'intended',
  'placed',
  'unknown',
);

const statusOf = (name: string): fc.Arbitrary<Status> =>
  fc
    .record({
      orders: fc.tuple(orderOf(`1-${name}`), orderOf(`2-${name}`)),
      kept: fc.integer({ min: 0, max: 2 }),
      certificate: fc.option(fc.record({ notAfter: instant, names, ownKey: fc.boolean() }), {
        nil: undefined,
      }),
      purchase: purchaseIntent,
      free: purchaseIntent,
      action: fc.constantFrom('order' as const, 'renew' as const, 'add-names' as const),
      failing: fc.subarray(['purchase', 'free'] as const),
      edited: fc.boolean(),
      archived: fc.boolean(),
      requests: fc.subarray(['reissue', 'revoke'] as const),
      stopped: fc.boolean(),
      breaker: fc.boolean(),
    })
    .map((it): Status => {
      const orders = it.orders.slice(0, it.kept);
      const last = orders.at(-1);
      const intent = (phase: typeof it.purchase, action: 'order' | 'renew' | 'add-names' | 'reissue') => {
        switch (phase) {
          case 'none':
            return [];
          case 'intended':
            return [intended(action)];
          case 'unknown':
            return [unknown(action)];
          case 'placed':
            return last ? [placed(action, last.id)] : [];
        }
      };
      const failure = { count: 1, lastAt: NOW, code: 'x', message: 'no' };
      return {
        ...emptyStatus(name),
        orders,
        ...(it.certificate && orders[0]
          ? {
              current: certificate(orders[0].id, {
                notAfter: it.certificate.notAfter,
                notBefore: toInstant(toMs(it.certificate.notAfter) - 199 * DAY),
                names: [...it.certificate.names],
                ownKey: it.certificate.ownKey,
              }),
            }
          : {}),
        intents: [...intent(it.purchase, it.action), ...intent(it.free, 'reissue')],
        failures: Object.fromEntries(it.failing.map((lane) => [lane, failure])),
        manifestDigest: it.edited ? 'd'.repeat(64) : MANIFEST_DIGEST,
        requests: it.requests.map((action) => ({
          id: action,
          action,
          requestedAt: NOW,
          reason: 'because',
          ...(orders[0] ? { serial: certificate(orders[0].id).serial } : {}),
        })),
        ...(it.archived ? { archived: { at: NOW } } : {}),
        ...(it.breaker ? { breaker: { trippedAt: NOW, why: 'three in a day' } } : {}),
        ...(it.stopped && last
          ? { priceStop: { order: last.id, product: last.product, quoted: null, charged: usd('1') } }
          : {}),
      };
    });

const amount = fc.constantFrom('0', '10', '60', 'unknown', '10 EUR');

const specOf = (name: string) =>
  fc
    .record({
      names,
      providers: fc.constantFrom(['shop'], ['other', 'shop'], ['nowhere'], ['nowhere', 'shop']),
      product: fc.constantFrom('private-server', 'wildcard-server'),
      autoRenew: fc.boolean(),
      suspend: fc.boolean(),
      migrate: fc.constantFrom('now' as const, 'at-renewal' as const),
      external: fc.boolean(),
      reissue: fc.boolean(),
      adopt: fc.boolean(),
    })
    .map(({ external, reissue, adopt, ...parts }) =>
      spec(name, {
        ...parts,
        names: [...parts.names],
        ...(external ? { key: { kind: 'external' } } : {}),
        ...(reissue ? { reissue: 'rotate' } : {}),
        ...(adopt ? { adopt: { kind: 'order', order: '912' } } : {}),
      }),
    );

const scene: fc.Arbitrary<Scene> = fc
  .record({
    specs: fc.tuple(...NAMES.map(specOf)),
    declared: fc.subarray([...NAMES]),
    statuses: fc.tuple(...NAMES.map(statusOf)),
    held: fc.subarray([...NAMES]),
    amounts: fc.tuple(amount, amount, amount, amount),
    foreign: fc.boolean(),
    unreadable: fc.boolean(),
    invalid: fc.subarray([...NAMES], { maxLength: 1 }),
    reissue: fc.constantFrom('free' as const, 'paid' as const, false as const),
    perDay: fc.constantFrom('15', '1000'),
    integrity: fc.constantFrom('healthy' as const, 'lost' as const, 'foreign-commits' as const),
    descend: fc.boolean(),
    approvals: fc.boolean(),
  })
  .map((it) => {
    const [first, second, third, fourth] = it.amounts;
    const rows = {
      'shop order': first,
      'shop renew': second,
      'shop add-names': third,
      'shop reissue': fourth,
      'other order': second,
      'other renew': first,
    };
    const facts = {
      prices: { ...prices(rows), ...prices(rows, 'wildcard-server') },
      ...(it.foreign ? { foreign: [{ provider: 'shop', order: snapshot('foreign') }] } : {}),
    };
    return {
      specs: it.specs.filter((one) => it.declared.some((name) => name === one.name)),
      statuses: it.statuses.filter((one) => it.held.some((name) => name === one.name)),
      providers: [
        provider('shop', { capabilities: { reissue: it.reissue } }),
        provider('other', { balance: usd('20') }),
      ],
      facts: Object.fromEntries(NAMES.map((name) => [name, facts])),
      desired: { hasUnreadable: it.unreadable, invalidNames: it.invalid },
      policy: { spending: { perOrder: usd('100'), perDay: usd(it.perDay) } },
      state: { integrity: it.integrity, manifestsDescend: it.descend },
      approvals: it.approvals
        ? [...NAMES.map((name) => approval(name)), unsafeApproval(NAMES.map((name) => `${name} reissue`))]
        : [],
    };
  });

const perName = (plan: Plan): ReadonlyMap<string, readonly PlanItem[]> =>
  Map.groupBy(plan.items, (item) => item.name);

const buys = (item: PlanItem): boolean =>
  item.action === 'order' || item.action === 'renew' || item.action === 'add-names';

const openPurchase = (input: PlanInput, name: string): boolean =>
  input.state.statuses.get(name)?.intents.some((one) => isOpen(one) && one.lane === 'purchase') ?? false;

const holds = (check: (plan: Plan, input: PlanInput) => void): void => {
  fc.assert(
    fc.property(scene, (it) => {
      const input = planInput(it);
      check(makePlan(input), input);
    }),
    { numRuns: 300 },
  );
};

describe('whatever the facts are', () => {
  test('one certificate has at most one purchase line', () => {
    holds((plan) => {
      for (const items of perName(plan).values()) {
        expect(items.filter((item) => item.lane === 'purchase').length).toBeLessThanOrEqual(1);
      }
    });
  });

  test('nothing is bought beside a purchase that is open', () => {
    holds((plan, input) => {
      for (const item of plan.items.filter(buys)) expect(openPurchase(input, item.name)).toBe(false);
    });
  });

  test('nothing is sent for a suspended manifest but a revocation', () => {
    holds((plan, input) => {
      const suspended = new Set(
        input.desired.specs.flatMap((one) =>
          one.suspend && !input.desired.invalidNames.includes(one.name) ? [one.name] : [],
        ),
      );
      const sent = plan.items.filter((item) => suspended.has(item.name) && SENDING.has(item.action));
      expect(sent.filter((item) => item.action !== 'revoke')).toEqual([]);
    });
  });

  test('nothing is reissued beside a reissue that is open', () => {
    holds((plan, input) => {
      for (const item of plan.items.filter(({ lane, action }) => lane === 'free' && SENDING.has(action))) {
        const open = input.state.statuses.get(item.name)?.intents.filter(isOpen) ?? [];
        if (item.action !== 'revoke') expect(open.filter((one) => one.lane === 'free')).toEqual([]);
      }
    });
  });

  test('nothing new is sent for a manifest with errors', () => {
    holds((plan, input) => {
      const invalid = plan.items.filter((item) => input.desired.invalidNames.includes(item.name));
      expect(invalid.filter((item) => item.intent === undefined)).toEqual([]);
    });
  });

  test('what is gone is never bought, reissued or revoked', () => {
    holds((plan, input) => {
      const declared = new Set(input.desired.specs.map((one) => one.name));
      const gone = plan.items.filter((item) => !declared.has(item.name) && SENDING.has(item.action));
      expect(gone.filter((item) => item.action !== 'set-auto-renew')).toEqual([]);
    });
  });

  test('totals are what is not held, to the cent, and within the day', () => {
    holds((plan, input) => {
      const sums = new Map<string, Money>();
      for (const { price, hold } of plan.items) {
        if (hold || price.kind !== 'known') continue;
        const before = sums.get(price.amount.currency) ?? usd(`0 ${price.amount.currency}`);
        sums.set(price.amount.currency, addMoney(before, price.amount) ?? before);
      }
      expect(plan.totals).toEqual([...sums.values()].filter((sum) => sum.amount !== '0.00'));
      for (const total of plan.totals) {
        expect(total.currency).toBe('USD');
        expect(Number(total.amount)).toBeLessThanOrEqual(
          Number(input.desired.policy.spending.perDay?.amount),
        );
      }
    });
  });

  test('money leaves only by a known price that is approved, on a healthy state', () => {
    holds((plan, input) => {
      for (const item of plan.items) {
        if (item.hold || !SENDING.has(item.action)) continue;
        expect(item.price.kind).not.toBe('unknown');
        expect(item.approval).toBeDefined();
        expect(item.provider).toBeDefined();
        expect(item.environment).toBeDefined();
        expect(input.state.integrity).not.toBe('lost');
        if (item.price.kind === 'known' && item.price.amount.amount !== '0.00') {
          expect(input.state.manifestsDescend).toBe(true);
        }
      }
    });
  });

  test('every open intent has its line', () => {
    holds((plan, input) => {
      const invalid = new Set(input.desired.invalidNames);
      const moved = new Set(plan.items.flatMap((item) => (item.action === 'move' ? [item.predecessor] : [])));
      const driven = new Set(plan.items.map((item) => `${item.name} ${item.intent}`));
      for (const status of input.state.statuses.values()) {
        if (moved.has(status.name) && !invalid.has(status.name) && !status.archived) continue;
        if (moved.has(status.name) && !input.desired.specs.some((one) => one.name === status.name)) continue;
        for (const one of status.intents.filter(isOpen)) expect(driven).toContain(`${status.name} ${one.id}`);
      }
    });
  });

  test('a plan is data, and asking twice gives one answer', () => {
    holds((plan, input) => {
      expect(JSON.parse(JSON.stringify(plan))).toStrictEqual(plan);
      expect(makePlan(input)).toStrictEqual(plan);
    });
  });
});

test('ten thousand certificates with nothing due have an empty plan', () => {
  const all = Array.from({ length: 10_000 }, (_, i) => `team-${i % 50}/site-${i}`);
  const plan = planOf({
    specs: all.map((name) => spec(name, { names: [`${name.replace('/', '-')}.example.com`] })),
    statuses: all.map((name, i) => {
      const set = [`${name.replace('/', '-')}.example.com`];
      return {
        ...emptyStatus(name),
        orders: [order(`o${i}`, { names: set })],
        current: certificate(`o${i}`, { names: set }),
        manifestDigest: MANIFEST_DIGEST,
      };
    }),
  });
  expect(plan).toMatchObject({
    items: [],
    warnings: [],
    totals: [],
    counts: { certificates: 10_000, unchanged: 10_000 },
  });
});

import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { conditionContext } from '../../../src/entry/health.js';
import { type EndpointFault, endpointKey } from '../../../src/model/run-memory.js';
import { emptyStatus, type Status } from '../../../src/model/status.js';
import { DAY_MS, HOUR_MS, toInstant, toMs } from '../../../src/model/time.js';
import type { PlanInput } from '../../../src/planner/input.js';
import { makePlan } from '../../../src/planner/plan.js';
import { type QuietInput, quietUntilMs } from '../../../src/planner/quiet.js';
import { conditionsOf } from '../../../src/policy/conditions.js';
import { approval, NOW, planInput, planOf, provider, spec } from '../../support/planner.js';
import { certificate, order, ready } from '../../support/state.js';

// Worlds by the hundred, on a machine that may be busy.
vi.setConfig({ testTimeout: 180_000 });

const NAMES = ['a', 'b'] as const;
const LONGEST_MS = 800 * DAY_MS;

/** Around now, to the second; many close by, where dates meet. */
const instant = (fromDays: number, tillDays: number) =>
  fc
    .integer({ min: fromDays * 86_400, max: tillDays * 86_400 })
    .map((seconds) => toInstant(toMs(NOW) + seconds * 1000));

const orderOf = (id: string) =>
  fc
    .record({
      paidTill: fc.option(instant(-5, 500), { nil: undefined }),
      provider: fc.constantFrom('shop', 'other'),
      product: fc.constantFrom('private-server', 'vetted'),
      state: fc.constantFrom('issued' as const, 'issued' as const, 'revoked' as const, 'expired' as const),
      environment: fc.constantFrom('live' as const, 'live' as const, 'rehearsal' as const),
    })
    .map(({ paidTill, ...parts }) => {
      const { paidTill: _, ...rest } = order(id, parts);
      return paidTill === undefined ? rest : { ...rest, paidTill };
    });

const windowFrom = (startAt: string) => ({ startAt, endAt: toInstant(toMs(startAt) + 2 * DAY_MS) });

const statusOf = (name: string): fc.Arbitrary<Status> =>
  fc
    .record({
      orders: fc.tuple(orderOf(`1-${name}`), orderOf(`2-${name}`)),
      kept: fc.constantFrom(1, 1, 2),
      serving: fc.constantFrom(0, 1),
      begins: instant(-200, 0.01),
      life: fc.constantFrom(6 * HOUR_MS, 7 * DAY_MS, 47 * DAY_MS, 199 * DAY_MS, 398 * DAY_MS),
      revokesAt: fc.option(instant(-2, 10), { nil: undefined }),
      adviceFrom: fc.option(instant(-1, 60), { nil: undefined, freq: 1 }),
      archived: fc.constantFrom(false, false, true),
      proven: fc.boolean(),
    })
    .map((it): Status => {
      const orders = it.orders.slice(0, it.kept);
      const serving = orders[it.serving] ?? orders[0];
      return {
        ...emptyStatus(name),
        orders,
        ...(serving && {
          current: certificate(serving.id, {
            notBefore: it.begins,
            notAfter: toInstant(toMs(it.begins) + it.life - 1000),
            publishedAt: it.begins,
            ...(it.revokesAt === undefined ? {} : { revokesAt: it.revokesAt }),
            ...(it.adviceFrom === undefined ? {} : { advice: windowFrom(it.adviceFrom) }),
          }),
        }),
        ...(it.proven && serving
          ? {
              proofs: [
                {
                  name: 'shop.example.com',
                  provider: serving.provider,
                  method: 'email' as const,
                  provenAt: toInstant(toMs(it.begins) - 200 * DAY_MS),
                },
              ],
            }
          : {}),
        ...(it.archived ? { archived: { at: NOW } } : {}),
      };
    });

const specOf = (name: string) =>
  fc
    .record({
      autoRenew: fc.boolean(),
      suspend: fc.constantFrom(false, false, true),
      external: fc.constantFrom(false, false, true),
      mail: fc.boolean(),
      migrate: fc.constantFrom('now' as const, 'at-renewal' as const),
      product: fc.constantFrom(undefined, 'private-server', 'vetted'),
      watched: fc.boolean(),
      reissueBefore: fc.option(fc.integer({ min: 1, max: 90 }), { nil: undefined }),
      renewBefore: fc.option(fc.integer({ min: 1, max: 120 }), { nil: undefined }),
    })
    .map(({ external, mail, watched, product, reissueBefore, renewBefore, ...parts }) => {
      const { product: _, ...base } = spec(name, {
        ...parts,
        providers: ['shop', 'other'],
        ...(mail ? { validation: { method: 'email' as const, approver: 'a@example.com', per: {} } } : {}),
        ...(watched ? { endpoints: [ENDPOINT] } : {}),
        ...(external ? { key: { kind: 'external' } } : {}),
        ...(reissueBefore === undefined ? {} : { reissueBeforeMs: reissueBefore * DAY_MS }),
        ...(renewBefore === undefined ? {} : { renewBeforeMs: renewBefore * DAY_MS }),
      });
      return product === undefined ? base : { ...base, product };
    });

const ENDPOINT = 'shop.example.com:443';

const lookOf = fc.option(
  fc
    .record({
      at: instant(-3, 0),
      fault: fc.constantFrom(
        undefined,
        'other-certificate' as const,
        'chain-missing' as const,
        'unseen' as const,
      ),
      seen: fc.boolean(),
    })
    .map(({ at: lookedAt, fault, seen }) => ({
      at: lookedAt,
      findings: fault === undefined ? [] : [{ fault, text: fault }],
      ...(fault === undefined ? {} : { since: lookedAt }),
      ...(seen ? { servedAt: lookedAt } : {}),
    })),
  { nil: undefined },
);

const vetted = {
  id: 'vetted',
  vendorCode: 'vetted',
  validation: 'ev' as const,
  wildcard: false,
  maxNames: 10,
  terms: [{ unit: 'year' as const, count: 1 }],
  title: 'Vetted',
};

/** What is planned from, and what was seen at endpoints. */
type World = PlanInput & Required<Pick<QuietInput, 'serving'>>;

const world: fc.Arbitrary<World> = fc
  .record({
    specs: fc.tuple(...NAMES.map(specOf)),
    statuses: fc.tuple(...NAMES.map(statusOf)),
    declared: fc.subarray([...NAMES], { minLength: 1 }),
    held: fc.subarray([...NAMES], { minLength: 1 }),
    carries: fc.boolean(),
    window: fc.option(fc.integer({ min: 1, max: 90 }), { nil: undefined }),
    approvals: fc.boolean(),
    looks: fc.tuple(...NAMES.map(() => lookOf)),
    servedWithin: fc.integer({ min: 1, max: 100 }),
  })
  .map((it): World => {
    const shop = provider('shop');
    const input = planInput({
      specs: it.specs.filter((one) => it.declared.some((name) => name === one.name)),
      statuses: it.statuses.filter((one) => it.held.some((name) => name === one.name)),
      providers: [
        { ...shop, products: [...shop.products, vetted] },
        provider('other', {
          products: [...shop.products, vetted],
          capabilities: {
            carriesRemainingDays: it.carries,
            ...(it.window === undefined ? {} : { renewalWindowMs: it.window * DAY_MS }),
          },
        }),
      ],
      approvals: it.approvals ? [approval('a', { validUntil: toInstant(toMs(NOW) + HOUR_MS) })] : [],
    });
    const looks = NAMES.flatMap((name, i) => {
      const look = it.looks[i];
      const sha256 = it.statuses[i]?.current?.sha256;
      return look && sha256 ? [[endpointKey(name, ENDPOINT), { ...look, certificate: sha256 }] as const] : [];
    });
    const configuration = { endpoints: { off: false, servedWithinMs: it.servedWithin * HOUR_MS } };
    return { ...input, serving: { configuration, memory: { endpoints: Object.fromEntries(looks) } } };
  });

const at = <T extends PlanInput>(input: T, nowMs: number): T => ({ ...input, nowMs });

/** Everything a run would say. */
function saidAt(input: World) {
  const specs = new Map(input.desired.specs.map((one) => [one.name, one]));
  const conditions = [...input.state.statuses.values()].map((status) =>
    conditionsOf(
      status,
      input.nowMs,
      conditionContext(specs.get(status.name), status, input.providers, undefined, input.serving),
    ),
  );
  return { plan: makePlan(input), conditions };
}

const isSilent = ({ plan, conditions }: ReturnType<typeof saidAt>): boolean =>
  plan.items.length === 0 &&
  plan.warnings.length === 0 &&
  conditions.flat().every(({ level }) => level === 'info');

/** Worlds in which nothing is to be said now, looked at again at some moments before the bound. */
function holdsUntil(
  bound: (input: QuietInput) => number,
  how: { readonly numRuns: number; readonly seed?: number },
): void {
  fc.assert(
    fc.property(world, fc.double({ min: 0, max: 1, noNaN: true }), (input, share) => {
      const now = saidAt(input);
      fc.pre(isSilent(now));
      const span = Math.min(bound(input) - input.nowMs, LONGEST_MS);
      const moments = [share * span, span - 1, HOUR_MS].map((ms) => Math.floor(Math.min(ms, span - 1)));
      for (const ms of moments.filter((it) => it > 0))
        expect(saidAt(at(input, input.nowMs + ms))).toEqual(now);
    }),
    { ...how, maxSkipsPerRun: 100, endOnFailure: true },
  );
}

describe('nothing follows from the facts, and until the bound nothing does', () => {
  it('whatever they are', () => {
    holdsUntil(quietUntilMs, { numRuns: 200 });
  });

  /** Always the same worlds: some of what is left out shows in one of hundreds, and by bad luck in none of a thousand. */
  const SAME = { numRuns: 1000, seed: 1 };

  /** Each leaves out what one part of the bound is made of; the check above has to notice. */
  const forgetful: Readonly<Record<string, (input: QuietInput) => QuietInput>> = {
    manifests: (input) => ({ ...input, desired: { ...input.desired, specs: [] } }),
    providers: (input) => ({ ...input, providers: new Map() }),
    certificates: (input) => withStatuses(input, ({ current: _, ...status }) => status),
    orders: (input) => withStatuses(input, (status) => ({ ...status, orders: [] })),
    'looks at endpoints': ({ serving: _, ...input }) => input,
    'proofs of control': (input) => withStatuses(input, ({ proofs: _, ...status }) => status),
    'announced revocations': (input) =>
      withStatuses(input, ({ current, ...status }) => {
        const { revokesAt: _, ...rest } = current ?? {};
        return { ...status, ...(current && { current: { ...rest } as typeof current }) };
      }),
  };

  it.each(Object.entries(forgetful))('and a bound without %s is found out', (_, forget) => {
    expect(() => holdsUntil((input) => quietUntilMs(forget(input)), SAME)).toThrow('Property failed');
  });

  it('and so is a bound that comes a moment late', () => {
    expect(() => holdsUntil((input) => quietUntilMs(input) + 1001, SAME)).toThrow('Property failed');
  });
});

const withStatuses = (input: QuietInput, change: (status: Status) => Status): QuietInput => ({
  ...input,
  state: {
    statuses: new Map([...input.state.statuses].map(([name, status]) => [name, change(status)])),
  },
});

describe('the bound', () => {
  it('is the day the certificate is due where that comes first', () => {
    const input = planInput({ specs: [spec('a')], statuses: [ready('a')] });
    expect(planOf({ specs: [spec('a')], statuses: [ready('a')] }).items).toEqual([]);
    const until = quietUntilMs(input);
    expect(makePlan(at(input, until - 1)).items).toEqual([]);
    expect(until).toBeGreaterThan(toMs(NOW) + DAY_MS);
  });

  it('is the next look at a purchase that was in doubt where that comes first', () => {
    const doubt = {
      provider: 'shop',
      environment: 'live',
      reference: 'cw-a',
      since: NOW,
      extra: [],
    } as const;
    const input = planInput({ specs: [spec('a')], statuses: [{ ...ready('a'), doubts: [doubt] }] });
    expect(quietUntilMs(input)).toBe(toMs(NOW) + DAY_MS);
  });

  it('is the next look at an endpoint where that comes first, and none where it is served', () => {
    const [one, status] = [spec('a', { endpoints: [ENDPOINT] }), ready('a')];
    const input = planInput({ specs: [one], statuses: [status] });
    const configuration = { endpoints: { off: false, servedWithinMs: 9 * HOUR_MS } };
    const seen = (faults: readonly EndpointFault[]) => ({
      at: NOW,
      certificate: status.current?.sha256 ?? '',
      findings: faults.map((fault) => ({ fault, text: fault })),
      since: NOW,
      servedAt: NOW,
    });
    const until = (faults: readonly EndpointFault[], off = false) =>
      quietUntilMs({
        ...input,
        serving: {
          configuration: { endpoints: { ...configuration.endpoints, off } },
          memory: { endpoints: { [endpointKey('a', ENDPOINT)]: seen(faults) } },
        },
      }) - toMs(NOW);
    expect(until(['chain-missing'])).toBe(HOUR_MS);
    const never = quietUntilMs(input) - toMs(NOW);
    expect(never).toBeGreaterThan(DAY_MS);
    expect(until(['chain-missing'], true)).toBe(never);
    expect(until([])).toBe(never);
  });

  it('counts a date that is reached this very moment', () => {
    const input = planInput({ specs: [spec('a')], statuses: [ready('a')] });
    const endMs = toMs('2027-05-18T23:59:59Z') + 1000;
    expect(quietUntilMs(at(input, endMs))).toBe(endMs);
  });
});

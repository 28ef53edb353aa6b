import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { INDUSTRY_CALENDAR } from '../../../src/model/calendar.js';
import type { PlanPrice } from '../../../src/model/plan.js';
import { DAY_MS, toMs } from '../../../src/model/time.js';
import { certificatesForTerm } from '../../../src/policy/schedule.js';
import { type SimulationOptions, simulate } from '../../../src/simulate/life.js';
import { known, NOW, planInput, provider, type Scene, spec, usd } from '../../support/planner.js';
import { certificate, intended, order, placed, status, unknown } from '../../support/state.js';

const UNTIL = '2031-12-31T00:00:00Z';

const one = (name: string, parts: Parameters<typeof spec>[1] = {}) =>
  spec(name, { names: [`${name}.example.com`], commonName: `${name}.example.com`, ...parts });

const play = (scene: Scene, options: Partial<SimulationOptions> & { readonly until?: string } = {}) =>
  simulate(planInput(scene), {
    untilMs: toMs(options.until ?? UNTIL),
    approvals: 'granted',
    price: (): PlanPrice => known('10'),
    ...options,
  });

const days = (list: readonly { readonly at: string }[]) => list.map(({ at }) => at.slice(0, 10));
const inYear = (list: readonly { readonly at: string }[], year: number) =>
  list.filter(({ at }) => at.startsWith(String(year))).length;

describe('a life played forward', () => {
  test('a yearly order is renewed every year and reissued as often as the calendar asks', () => {
    const life = play({ specs: [one('a')] });
    expect(life.gaps).toEqual([]);
    expect(life.neverIssued).toEqual([]);
    const paid = life.events.filter(({ cost }) => cost !== undefined);
    expect(paid.map(({ action }) => action)).toEqual(['order', ...Array(5).fill('renew')]);
    expect(life.spent).toEqual([usd('60')]);
    // 199 days until 2027-03-15, 99 until 2029-03-15, then 46.
    const forFirst = certificatesForTerm(
      { fromMs: toMs(NOW), paidTillMs: toMs('2027-11-22T06:46:42Z') },
      { validation: 'dv' },
    );
    expect(life.issued.filter(({ at }) => at < '2027-11-01').length).toBe(forFirst);
    expect([2028, 2030].map((year) => inYear(life.issued, year))).toEqual([5, 12]);
  });

  test('every certificate is as long as the day of its issuance allows, and ends with the paid term at the latest', () => {
    const life = play({ specs: [one('a', { autoRenew: false })] });
    const lives = life.issued.map(({ at, notAfter }) => Math.round((toMs(notAfter) - toMs(at)) / DAY_MS));
    expect(lives[0]).toBe(199);
    expect(lives).toEqual([199, 199, expect.any(Number)]);
    expect(life.issued.at(-1)?.notAfter).toBe('2027-11-22T06:46:41Z');
  });

  test('what nobody renews runs out, and the reason is told', () => {
    const life = play({ specs: [one('a', { autoRenew: false })] }, { until: '2028-01-01T00:00:00Z' });
    expect(life.gaps).toEqual([
      {
        name: 'a',
        from: '2027-11-22T06:46:42Z',
        days: 40,
        why: 'the paid term ends, and autoRenew is not set',
      },
    ]);
  });

  test('renewals that ask for an approval: granted on the day, or never', () => {
    const scene: Scene = {
      specs: [one('a')],
      policy: { approval: { order: 'merge', renew: 'pull-request', free: 'auto', revoke: 'auto' } },
    };
    const granted = play(scene, { until: '2028-06-01T00:00:00Z' });
    expect(granted.gaps).toEqual([]);
    expect(granted.events.filter(({ approved }) => approved).map(({ action }) => action)).toEqual(['renew']);
    const withheld = play(scene, { until: '2028-06-01T00:00:00Z', approvals: 'withheld' });
    expect(withheld.events.some(({ action }) => action === 'renew')).toBe(false);
    expect(withheld.gaps).toEqual([
      expect.objectContaining({
        name: 'a',
        from: '2027-11-22T06:46:42Z',
        why: expect.stringContaining('renew is held: merge an approval file'),
      }),
    ]);
  });

  test('money limits spread purchases over months, and what waits is bought first thing in the next', () => {
    const specs = ['a', 'b', 'c', 'd', 'e'].map((name) => one(name));
    const life = play(
      { specs, policy: { spending: { perOrder: usd('10'), perMonth: usd('20') } } },
      { until: '2027-03-01T00:00:00Z' },
    );
    expect(life.months.map(({ month, orders }) => [month, orders])).toEqual([
      ['2026-11', 2],
      ['2026-12', 2],
      ['2027-01', 1],
    ]);
    expect(days(life.events)).toEqual(['2026-11-22', '2026-11-22', '2026-12-01', '2026-12-01', '2027-01-01']);
    expect(life.holds.map(({ name, code }) => `${name} ${code}`)).toEqual([
      'c limit-month',
      'd limit-month',
      'e limit-month',
    ]);
  });

  test('a renewal that money kept waiting for too long says so', () => {
    const both = [one('a'), one('b')].map((wanted) => ({ ...wanted, renewBeforeMs: 3 * DAY_MS }));
    const statuses = ['a', 'b'].map((name) =>
      status(name, {
        orders: [order(`o-${name}`, { names: [`${name}.example.com`], paidTill: '2027-11-10T10:00:00Z' })],
        current: certificate(`o-${name}`, { names: [`${name}.example.com`] }),
      }),
    );
    const tight = play(
      { specs: both, statuses, policy: { spending: { perOrder: usd('10'), perMonth: usd('10') } } },
      { until: '2028-03-01T00:00:00Z' },
    );
    expect(tight.gaps).toEqual([
      expect.objectContaining({ name: 'b', why: expect.stringContaining('renew was held') }),
    ]);
  });

  test('what was spent this month before counts', () => {
    const bought = { at: '2026-11-10T10:00:00Z', action: 'order', quoted: usd('15'), charged: usd('15') };
    const life = play(
      {
        specs: [one('a'), one('b')],
        statuses: [
          status('a', {
            orders: [order('1', { names: ['a.example.com'], charges: [bought] })],
            current: certificate('1', { names: ['a.example.com'] }),
          }),
        ],
        policy: { spending: { perOrder: usd('10'), perMonth: usd('20') } },
      },
      { until: '2026-12-24T00:00:00Z' },
    );
    expect(days(life.events)).toEqual(['2026-12-01']);
  });

  test('an unknown price is never bought, and said', () => {
    const life = play(
      { specs: [one('a')] },
      { price: () => ({ kind: 'unknown', why: 'the shop is closed' }) },
    );
    expect(life.events).toEqual([]);
    expect(life.neverIssued).toEqual([{ name: 'a', why: expect.stringContaining('the shop is closed') }]);
  });

  test('days that a renewal carries over come on top', () => {
    const carrying = provider('shop', { capabilities: { carriesRemainingDays: true } });
    const renewals = (shop: typeof carrying) =>
      days(
        play({ specs: [one('a', { renewBeforeMs: 30 * DAY_MS })], providers: [shop] }).events.filter(
          ({ action }) => action === 'renew',
        ),
      );
    expect(renewals(provider('shop'))).toEqual([
      '2027-10-23',
      '2028-09-23',
      '2029-08-24',
      '2030-07-25',
      '2031-06-25',
    ]);
    expect(renewals(carrying).at(-1)).toMatch(/^2031-10-2/);
  });

  test('vetting takes its days, and the schedule leaves room for them', () => {
    const [product] = provider('shop').products;
    const ov = provider('shop', { products: product ? [{ ...product, validation: 'ov' }] : [] });
    const life = play({ specs: [one('a')], providers: [ov] });
    expect(life.events[0]?.at.slice(0, 10)).toBe('2026-11-22');
    expect(life.issued[0]?.at.slice(0, 10)).toBe('2026-11-25');
    expect(life.gaps).toEqual([]);
  });

  test('proofs are reused as long as the calendar allows, and who gives them is counted', () => {
    const life = play({
      specs: [
        one('dns'),
        one('mail', { validation: { method: 'email', approver: 'a@example.com', per: {} } }),
      ],
    });
    expect(
      life.issued
        .filter(({ at, name }) => name === 'dns' && at > '2029-04')
        .every(({ proved }) => proved.length === 1),
    ).toBe(true);
    expect(life.issued.filter(({ name }) => name === 'dns').every(({ byHand }) => byHand.length === 0)).toBe(
      true,
    );
    expect(life.issued.filter(({ name }) => name === 'mail').some(({ byHand }) => byHand.length === 1)).toBe(
      true,
    );
    expect(life.mailAfterEnd).toEqual(['mail']);
  });

  test('what is under way comes out, what nobody knows stays held', () => {
    const life = play(
      {
        specs: [one('announced'), one('doubtful'), one('waiting')],
        statuses: [
          status('announced', {
            intents: [intended('order', { names: ['announced.example.com'], term: '1y' })],
          }),
          status('doubtful', { intents: [unknown('order', { names: ['doubtful.example.com'] })] }),
          status('waiting', {
            orders: [order('7', { names: ['waiting.example.com'], state: 'pending' })],
            intents: [placed('order', '7', { names: ['waiting.example.com'] })],
          }),
        ],
      },
      { until: '2026-12-24T00:00:00Z' },
    );
    expect(life.issued.map(({ name }) => name).sort()).toEqual(['announced', 'waiting']);
    expect(life.events).toEqual([]);
    expect(life.neverIssued).toEqual([
      { name: 'doubtful', why: expect.stringContaining('certwright resolve doubtful') },
    ]);
  });

  test('a renamed certificate goes on, a removed one ends', () => {
    const life = play(
      {
        specs: [spec('new')],
        statuses: [
          status('old', { orders: [order('1')], current: certificate('1') }),
          status('other', {
            orders: [order('2', { names: ['other.example.com'] })],
            current: certificate('2', { names: ['other.example.com'] }),
          }),
        ],
      },
      { until: '2027-09-01T00:00:00Z' },
    );
    expect(life.events.map(({ name, action }) => `${name} ${action}`)).toEqual([
      'other archive',
      'new reissue',
      'new reissue',
    ]);
    expect(life.spent).toEqual([]);
  });

  test('a calendar that is tried out moves what follows from it', () => {
    const validity = [
      ...INDUSTRY_CALENDAR.validity.filter(({ since }) => since < '2027-06-01'),
      { since: '2027-06-01', days: 30 },
    ];
    const usual = play({ specs: [one('a')] });
    const input = planInput({ specs: [one('a')] });
    const tried = simulate(
      { ...input, calendar: { ...INDUSTRY_CALENDAR, validity } },
      { untilMs: toMs(UNTIL), approvals: 'granted', price: () => known('10') },
    );
    expect(tried.gaps).toEqual([]);
    expect(inYear(tried.issued, 2028)).toBeGreaterThan(2 * inYear(usual.issued, 2028));
    expect(tried.spent).toEqual(usual.spent);
  });

  test('the same input gives the same life, and certificates do not depend on their neighbours', () => {
    const specs = ['a', 'b', 'c'].map((name) => one(name));
    const together = play({ specs });
    expect(play({ specs })).toEqual(together);
    for (const name of ['a', 'b', 'c']) {
      const alone = play({ specs: [one(name)] });
      expect(together.events.filter((event) => event.name === name)).toEqual(alone.events);
    }
  });
});

const account = (
  validation: 'dv' | 'ov' | 'ev',
  carriesRemainingDays: boolean,
  termCounting: 'days' | 'months',
) => {
  const [product] = provider('shop').products;
  return provider('shop', {
    products: product ? [{ ...product, validation }] : [],
    capabilities: { carriesRemainingDays, termCounting },
  });
};

describe('properties', () => {
  test('no gap while autoRenew is on, and no renewal before its time', () => {
    fc.assert(
      fc.property(
        fc.record({
          validation: fc.constantFrom('dv' as const, 'ov' as const, 'ev' as const),
          carries: fc.boolean(),
          counting: fc.constantFrom('days' as const, 'months' as const),
          years: fc.integer({ min: 1, max: 5 }),
          // A renewal that starts later than vetting takes comes too late, and the simulation says so.
          renewBeforeDays: fc.option(fc.integer({ min: 9, max: 60 }), { nil: undefined }),
          reissueBeforeDays: fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined }),
          startDay: fc.integer({ min: 0, max: 3 * 365 }),
        }),
        (drawn) => {
          const now = new Date(toMs('2026-01-15T03:00:00Z') + drawn.startDay * DAY_MS).toISOString();
          const shop = account(drawn.validation, drawn.carries, drawn.counting);
          const wanted = one('a', {
            term: { unit: 'year', count: drawn.years },
            ...(drawn.renewBeforeDays === undefined ? {} : { renewBeforeMs: drawn.renewBeforeDays * DAY_MS }),
            ...(drawn.reissueBeforeDays === undefined
              ? {}
              : { reissueBeforeMs: drawn.reissueBeforeDays * DAY_MS }),
          });
          const terms = Array.from({ length: 5 }, (_, i) => ({ unit: 'year' as const, count: i + 1 }));
          const products = shop.products.map((product) => ({ ...product, terms }));
          const life = play(
            { specs: [wanted], providers: [{ ...shop, products }], now },
            { until: '2034-01-01T00:00:00Z' },
          );
          expect(life.gaps).toEqual([]);
          expect(life.neverIssued).toEqual([]);
          const purchases = life.events.filter(({ cost }) => cost !== undefined);
          const termMs = drawn.years * 365 * DAY_MS;
          const earlyMs = (drawn.renewBeforeDays ?? 30) * DAY_MS;
          for (const [i, purchase] of purchases.entries()) {
            const before = purchases[i - 1];
            if (before)
              expect(toMs(purchase.at) - toMs(before.at)).toBeGreaterThanOrEqual(termMs - earlyMs - DAY_MS);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('a planted scheduling bug shows as days without a certificate', () => {
  afterEach(() => {
    vi.doUnmock('../../../src/policy/schedule.js');
    vi.resetModules();
  });

  const plant = async (change: (real: typeof import('../../../src/policy/schedule.js')) => object) => {
    vi.resetModules();
    vi.doMock('../../../src/policy/schedule.js', async (importOriginal) => {
      const real = await importOriginal<typeof import('../../../src/policy/schedule.js')>();
      return { ...real, ...change(real) };
    });
    const { simulate: planted } = await import('../../../src/simulate/life.js');
    return planted(planInput({ specs: [one('a')] }), {
      untilMs: toMs(UNTIL),
      approvals: 'granted',
      price: () => known('10'),
    });
  };

  test('reissues that start the margin too late', async () => {
    const life = await plant((real) => ({
      reissueSchedule: (input: Parameters<typeof real.reissueSchedule>[0]) => {
        const schedule = real.reissueSchedule(input);
        return schedule.needed ? { ...schedule, dueMs: schedule.dueMs + 60 * DAY_MS } : schedule;
      },
    }));
    expect(life.gaps.length).toBeGreaterThan(3);
    expect(life.gaps[0]).toEqual(expect.objectContaining({ name: 'a', why: 'it came too late' }));
  });

  test('reissues that are thought not to be needed', async () => {
    const life = await plant(() => ({ reissueSchedule: () => ({ needed: false }) }));
    expect(life.gaps.length).toBeGreaterThan(3);
  });

  test('renewals that wait for the term to have ended', async () => {
    const life = await plant((real) => ({
      renewal: (input: Parameters<typeof real.renewal>[0]) => {
        const found = real.renewal(input);
        return { ...found, dueMs: found.paidTillMs + 2 * DAY_MS };
      },
    }));
    expect(life.gaps.length).toBeGreaterThan(2);
  });
});

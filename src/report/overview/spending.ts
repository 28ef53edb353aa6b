import type { Environment } from '../../model/configuration.js';
import { type Money, sumByCurrency } from '../../model/money.js';
import type { SpendingMonth, SpendingShare, SpendingView, Sum } from './types.js';

/** Money that left, or a purchase that falls due. */
export interface MoneyEvent {
  readonly kind: 'spent' | 'refunded' | 'expected';
  readonly atMs: number;
  readonly name: string;
  readonly owner?: string;
  readonly provider: string;
  readonly environment: Environment;
  /** Absent: nobody knows the price. */
  readonly amount?: Money;
  /** How the price of an expected one is known. */
  readonly basis?: 'listed' | 'charged';
}

/** Months shown on each side of the running one. */
const SIDE = 12;

const monthOf = (ms: number): string => new Date(ms).toISOString().slice(0, 7);

/** The running UTC month, twelve before it, and twelve after it. */
function monthsAround(nowMs: number): readonly string[] {
  const now = new Date(nowMs);
  const monthAt = (n: number) => monthOf(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + n, 1));
  return Array.from({ length: 2 * SIDE + 1 }, (_, i) => monthAt(i - SIDE));
}

/** First instant after the last month that is shown, epoch ms. */
export function spendingUntilMs(nowMs: number): number {
  const now = new Date(nowMs);
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + SIDE + 1, 1);
}

/** Past and expected spending by month, provider and owner. Events outside of the months are left out. */
export function spendingOf(events: readonly MoneyEvent[], nowMs: number): SpendingView {
  const months = monthsAround(nowMs);
  const shown = new Set(months);
  const counted = events.filter(({ atMs }) => shown.has(monthOf(atMs)));
  const byMonth = Map.groupBy(counted, ({ atMs }) => monthOf(atMs));
  const expected = counted.filter(({ kind }) => kind === 'expected');
  return {
    months: months.map((month): SpendingMonth => {
      const own = byMonth.get(month) ?? [];
      return { month, refunded: sumsOf(own, 'refunded'), ...amountsOf(own) };
    }),
    thisMonth: monthOf(nowMs),
    providers: sharesOf(counted, ({ provider }) => provider),
    owners: sharesOf(counted, ({ owner }) => owner),
    basis: {
      listed: expected.filter(({ basis }) => basis === 'listed').length,
      charged: expected.filter(({ basis }) => basis === 'charged').length,
      unknown: expected.filter(({ amount }) => amount === undefined).length,
    },
  };
}

const amountsOf = (events: readonly MoneyEvent[]): Pick<SpendingShare, 'spent' | 'expected' | 'unknown'> => ({
  spent: sumsOf(events, 'spent'),
  expected: sumsOf(events, 'expected'),
  unknown: events.filter(({ kind, amount }) => kind === 'expected' && amount === undefined).length,
});

/** One sum per currency and environment. */
function sumsOf(events: readonly MoneyEvent[], kind: MoneyEvent['kind']): readonly Sum[] {
  const own = Map.groupBy(
    events.filter((event) => event.kind === kind),
    ({ environment }) => environment,
  );
  return [...own]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([environment, same]) =>
      sumByCurrency(same.flatMap(({ amount }) => amount ?? [])).map((sum) => ({ ...sum, environment })),
    );
}

function sharesOf(
  events: readonly MoneyEvent[],
  keyOf: (event: MoneyEvent) => string | undefined,
): readonly SpendingShare[] {
  return [...Map.groupBy(events, keyOf)]
    .sort(([a = '\uffff'], [b = '\uffff']) => (a < b ? -1 : 1))
    .map(([of, own]) => ({ ...(of === undefined ? {} : { of }), ...amountsOf(own) }));
}

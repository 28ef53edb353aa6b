import { type Calendar, cutOvers, INDUSTRY_CALENDAR } from '../../model/calendar.js';
import { DAY_MS, dayOf, type Instant, toMs } from '../../model/time.js';
import type { OverviewCertificate, Period, Timeline, TimelineCounts } from './types.js';

const MONTHS = 18;
const WEEKS = 26;

type Dates = Pick<OverviewCertificate, 'notAfter' | 'paidTill' | 'reissueAt' | 'renewAt'>;
type Mutable = { -readonly [K in keyof TimelineCounts]: TimelineCounts[K] };

const nothing = (): Mutable => ({ ends: 0, due: 0, terms: 0 });

/**
 * What ends and falls due by month, for a year and a half, and by week, for half a year. Periods are of UTC days; the first
 * month begins with its first day, the first week today.
 */
export function timelineOf(
  certificates: readonly Dates[],
  nowMs: number,
  calendar: Calendar = INDUSTRY_CALENDAR,
): Timeline {
  const now = new Date(nowMs);
  const monthStart = (n: number): number => Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + n, 1);
  const today = Math.floor(nowMs / DAY_MS) * DAY_MS;
  const months = edges(MONTHS, monthStart);
  const weeks = edges(WEEKS, (n) => today + n * 7 * DAY_MS);
  const before = nothing();
  const after = nothing();
  const lastMs = months.at(-1)?.tillMs ?? nowMs;
  const put = (what: keyof TimelineCounts, at: Instant | undefined): void => {
    if (at === undefined) return;
    const ms = toMs(at);
    // What fell due and is not done yet is due now.
    const placedMs = what === 'due' ? Math.max(ms, nowMs) : ms;
    if (placedMs < nowMs) before[what] += 1;
    else if (placedMs >= lastMs) after[what] += 1;
    if (placedMs < nowMs) return;
    for (const periods of [months, weeks]) {
      const period = periods.find(({ fromMs, tillMs }) => placedMs >= fromMs && placedMs < tillMs);
      if (period) period.counts[what] += 1;
    }
  };
  for (const { notAfter, paidTill, reissueAt, renewAt } of certificates) {
    put('ends', notAfter);
    put('terms', paidTill);
    put('due', reissueAt);
    put('due', renewAt);
  }
  return {
    months: months.map(periodOf),
    weeks: weeks.map(periodOf),
    before,
    after,
    cutOvers: cutOvers(nowMs, lastMs, calendar),
  };
}

interface Edge {
  readonly fromMs: number;
  readonly tillMs: number;
  readonly counts: Mutable;
}

const edges = (n: number, startOf: (index: number) => number): readonly Edge[] =>
  Array.from({ length: n }, (_, i) => ({
    fromMs: startOf(i),
    tillMs: startOf(i + 1),
    counts: nothing(),
  }));

const periodOf = ({ fromMs, tillMs, counts }: Edge): Period => ({
  from: dayOf(fromMs),
  till: dayOf(tillMs),
  ...counts,
});

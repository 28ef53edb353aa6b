import { type Calendar, regimes } from '../model/calendar.js';
import { DAY_MS } from '../model/time.js';
import { LEAD_DAYS, type ValidationLevel } from '../model/vetting.js';

/** What decides how early a certificate is replaced inside its paid term. */
export interface ReissueRule {
  readonly validation: ValidationLevel;
  /** The manifest's `reissueBefore`, ms. Absent: 30 days. */
  readonly reissueBeforeMs?: number;
  /** Key of `Calendar.cas`. */
  readonly ca?: string;
  /** Absent: the industry's. */
  readonly calendar?: Calendar;
}

export const REISSUE_BEFORE_MS = 30 * DAY_MS;

/** Below this a certificate keeps half its life as margin, from this on a third. */
export const SHORT_LIVED_DAYS = 10;

/**
 * Whole days kept between the next issuance and the end of a certificate. Never more than half the validity, so that
 * every certificate gains days; at least one where the validity has room for it, so that none is replaced on its last day.
 */
export function marginDays(validityDays: number, rule: ReissueRule): number {
  const wanted = Math.ceil((rule.reissueBeforeMs ?? REISSUE_BEFORE_MS) / DAY_MS);
  const share = Math.floor(validityDays / (validityDays < SHORT_LIVED_DAYS ? 2 : 3));
  const margin = Math.max(1, Math.min(wanted, share) + LEAD_DAYS[rule.validation]);
  return Math.min(margin, Math.floor(validityDays / 2));
}

/** A stretch of days in which every issuance gets the same validity. */
export interface Stretch {
  readonly fromDay: number;
  readonly validity: number;
  readonly margin: number;
  /** Last day on which an issuance can be started that surely still gets this validity; Infinity in the last stretch. */
  readonly pullDay: number;
}

/**
 * The stretches from a day on.
 * @param observedDays  validity the order really got; counts where it is shorter than the limit
 */
export function stretchesFrom(day: number, rule: ReissueRule, observedDays = Infinity): readonly Stretch[] {
  const all = regimes(rule.ca, rule.calendar);
  const first = Math.max(
    0,
    all.findLastIndex((regime) => regime.fromDay <= day),
  );
  const lives = all.slice(first).map(({ fromDay, validityDays }) => ({
    fromDay,
    validity: Math.max(1, Math.min(validityDays, observedDays)),
  }));
  // A change of the limit that this order does not feel is none.
  const felt = lives.filter(({ validity }, i) => i === 0 || validity !== lives[i - 1]?.validity);
  return felt.map(({ fromDay, validity }, i) => ({
    fromDay,
    validity,
    margin: marginDays(validity, rule),
    pullDay: (felt[i + 1]?.fromDay ?? Infinity) - 1 - LEAD_DAYS[rule.validation],
  }));
}

/** An issuance: in which stretch, on which day, and the day its certificate ends. */
interface Issuance {
  readonly at: number;
  readonly stretch: Stretch;
  readonly day: number;
  readonly endDay: number;
}

const issuance = (stretch: Stretch, at: number, day: number): Issuance => ({
  at,
  stretch,
  day,
  endDay: day + stretch.validity,
});

/**
 * The issuance that leaves exactly the margin before `endDay`: as late as the rule allows. In the days in which vetting
 * would run into a cut-over it starts before them, as far as it still gains a day.
 */
export function lastMoment(stretches: readonly Stretch[], at: number, endDay: number): Issuance {
  for (const [i, stretch] of stretches.entries()) {
    if (i < at) continue;
    const day = endDay - stretch.margin;
    const next = stretches[i + 1];
    if (next && day >= next.fromDay) continue;
    const sure = Math.max(Math.min(day, stretch.pullDay), endDay - stretch.validity + 1);
    return issuance(stretch, i, i > at ? Math.max(sure, stretch.fromDay) : sure);
  }
  throw new RangeError('a calendar has at least one stretch');
}

/** Issuances right before a cut-over that comes earlier than the last moment; each gets the longer validity once more. */
export const pulls = (stretches: readonly Stretch[], at: number, late: Issuance): readonly Issuance[] =>
  stretches.slice(at, late.at).map((stretch, i) => issuance(stretch, at + i, stretch.pullDay));

/**
 * Fewest further certificates that cover up to `tillDay` when the present one ends on `endDay`. Greedy is exact here:
 * reaching further never costs a certificate later.
 * @param at  index of the stretch in which the present certificate was issued, or of today's
 */
export function certificatesNeeded(
  stretches: readonly Stretch[],
  at: number,
  endDay: number,
  tillDay: number,
): number {
  let [count, stretchIndex, end] = [0, at, endDay];
  while (end < tillDay) {
    const stretch = stretches[stretchIndex];
    if (stretch && stretchIndex === stretches.length - 1) {
      return count + Math.ceil((tillDay - end) / (stretch.validity - stretch.margin));
    }
    const late = lastMoment(stretches, stretchIndex, end);
    const best = pulls(stretches, stretchIndex, late).reduce((a, b) => (b.endDay > a.endDay ? b : a), late);
    [count, stretchIndex, end] = [count + 1, best.at, best.endDay];
  }
  return count;
}

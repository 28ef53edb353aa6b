import { hash } from 'node:crypto';
import type { Term, TermCounting } from '../model/term.js';
import { addTerm } from '../model/term-end.js';
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../model/time.js';
import { LEAD_DAYS, type ValidationLevel } from '../model/vetting.js';
import {
  certificatesNeeded,
  lastMoment,
  marginDays,
  pulls,
  REISSUE_BEFORE_MS,
  type ReissueRule,
  SHORT_LIVED_DAYS,
  type Stretch,
  stretchesFrom,
} from './coverage.js';

export interface ReissueInput extends ReissueRule {
  /** Certificate name: its hash spreads the dates of many. */
  readonly name: string;
  /** Wall clock, epoch ms. Only tells which limits are past; asking again gives the same dates. */
  readonly nowMs: number;
  /** The current certificate, epoch ms; `notAfterMs` is its last good second. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** End of what is paid, epoch ms. Absent: no paid term, certificates are unlimited. */
  readonly paidTillMs?: number;
  /** When the CA wants the certificate replaced (RFC 9773), epoch ms. */
  readonly advice?: { readonly startMs: number; readonly endMs: number };
}

export interface DueReissue {
  readonly needed: true;
  /** When the reissue starts, within [earliestMs, latestMs]. */
  readonly dueMs: number;
  readonly latestMs: number;
  readonly earliestMs: number;
  /** Further certificates the paid term needs; absent without a paid term. */
  readonly certificatesLeft?: number;
  /** From here on the certificate is overdue: less than half the margin is left. */
  readonly attentionFromMs: number;
  /** The limit change this reissue is pulled before, because that saves a certificate. */
  readonly beforeCutOverMs?: number;
  /** The CA chose the window. */
  readonly advised?: true;
}

export type ReissueSchedule = { readonly needed: false } | DueReissue;

const PULL_DAYS = 21;
/** Without a paid term an early reissue costs nothing, so a tenth of the usable life is enough to spread many. */
const SPREAD_SHARE = 10;

/** A number that stays the same for a name, evenly spread over names. */
const hashOf = (name: string): number => Number.parseInt(hash('sha256', name).slice(0, 12), 16);
/** As many values as `hashOf` has. */
const HASHES = 2 ** 48;

/** Whole days of validity a certificate got; its last second counts (RFC 5280 §4.1.2.5). */
const validityDaysOf = (notBeforeMs: number, notAfterMs: number): number =>
  Math.max(1, Math.floor((notAfterMs + SECOND_MS - notBeforeMs) / DAY_MS));

/**
 * When the current certificate is to be replaced inside its paid term (DESIGN §3): by the fewest certificates that keep
 * the margin, in whole UTC days. V is the limit on the day of issuance, or what this order really got if that is less.
 *
 * Before a cut-over to shorter certificates the reissue is pulled forward only if that saves one. Vetting takes its days
 * (OV 3, EV 7), so such a pull starts that much earlier.
 */
export function reissueSchedule(input: ReissueInput): ReissueSchedule {
  const own = input.paidTillMs === undefined ? unlimited(input) : withinTerm(input, input.paidTillMs);
  return own.needed && input.advice ? advised(own, input, input.advice) : own;
}

/**
 * The window of the CA instead of ours: a point in it that the name's hash chooses (RFC 9773 §4.2). Never after the moment
 * from which the certificate is overdue, nor after a margin that a person wrote down.
 */
function advised(
  own: DueReissue,
  { name, reissueBeforeMs }: ReissueInput,
  { startMs, endMs }: NonNullable<ReissueInput['advice']>,
): DueReissue {
  const lastMs = reissueBeforeMs === undefined ? own.attentionFromMs : own.latestMs;
  const chosenMs = startMs + Math.floor(((endMs - startMs) * hashOf(name)) / HASHES);
  const dueMs = Math.min(chosenMs, lastMs);
  return {
    ...own,
    dueMs,
    earliestMs: Math.min(startMs, dueMs),
    latestMs: Math.max(dueMs, Math.min(endMs, lastMs)),
    advised: true,
  };
}

function withinTerm(input: ReissueInput, paidTillMs: number): ReissueSchedule {
  const endDay = Math.floor((input.notAfterMs + SECOND_MS) / DAY_MS);
  const tillDay = Math.ceil(paidTillMs / DAY_MS);
  if (tillDay - endDay <= 1) return { needed: false };
  const today = Math.floor(input.nowMs / DAY_MS);
  const observed = validityDaysOf(input.notBeforeMs, input.notAfterMs);
  const stretches = stretchesFrom(today, input, observed);
  const k = certificatesNeeded(stretches, 0, endDay, tillDay);
  const late = lastMoment(stretches, 0, endDay);
  const saves = (stretch: Stretch, at: number) => (day: number) =>
    1 + certificatesNeeded(stretches, at, day + stretch.validity, tillDay) <= k;
  const attentionFromMs = endDay * DAY_MS - (late.stretch.margin * DAY_MS) / 2;
  const pull = saves(late.stretch, late.at)(late.day)
    ? undefined
    : pulls(stretches, 0, late).findLast(({ stretch, at, day }) => saves(stretch, at)(day));

  const { stretch, at, day: latest } = pull ?? late;
  const cutOver = latest + 1 + LEAD_DAYS[input.validation];
  const from = pull ? cutOver - PULL_DAYS : latest - (stretch.validity - stretch.margin) + 1;
  // Not before the stretch begins: a day earlier would get another validity.
  const earliest = firstDay(Math.min(latest, Math.max(from, stretch.fromDay)), latest, saves(stretch, at));
  const slack = latest - earliest;
  const choices = (pull ? slack : Math.floor(slack / k)) + 1;
  return {
    needed: true,
    dueMs: (latest - (hashOf(input.name) % choices)) * DAY_MS,
    latestMs: latest * DAY_MS,
    earliestMs: earliest * DAY_MS,
    certificatesLeft: k,
    attentionFromMs,
    ...(pull ? { beforeCutOverMs: cutOver * DAY_MS } : {}),
  };
}

/** Smallest day in [from, to] that passes a test which, once passed, stays passed; `to` passes. */
function firstDay(from: number, to: number, passes: (day: number) => boolean): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (passes(middle)) high = middle;
    else low = middle + 1;
  }
  return high;
}

/**
 * No paid term: `reissueBefore` before the end, counted in ms because such certificates may live for hours, at most a
 * third of the life (half of it below ten days).
 */
function unlimited(input: ReissueInput): DueReissue {
  const endMs = input.notAfterMs + SECOND_MS;
  const marginMs = unlimitedMarginMs(endMs - input.notBeforeMs, input);
  const latestMs = endMs - marginMs;
  const slackMinutes = Math.floor((latestMs - input.notBeforeMs) / SPREAD_SHARE / MINUTE_MS);
  return {
    needed: true,
    dueMs: latestMs - (hashOf(input.name) % (slackMinutes + 1)) * MINUTE_MS,
    latestMs,
    earliestMs: latestMs - slackMinutes * MINUTE_MS,
    attentionFromMs: endMs - marginMs / 2,
  };
}

function unlimitedMarginMs(lifeMs: number, rule: ReissueRule): number {
  const share = lifeMs / (lifeMs < SHORT_LIVED_DAYS * DAY_MS ? 2 : 3);
  const wanted = Math.min(rule.reissueBeforeMs ?? REISSUE_BEFORE_MS, share);
  return Math.floor(Math.min(wanted + LEAD_DAYS[rule.validation] * DAY_MS, lifeMs / 2));
}

/** Does a certificate end with the paid term, so that its successor is a paid one? By whole UTC days. */
export const endsWithTerm = (notAfterMs: number, paidTillMs: number): boolean =>
  Math.ceil(paidTillMs / DAY_MS) - Math.floor((notAfterMs + SECOND_MS) / DAY_MS) <= 1;

/** Half of what is left before the end of a certificate when its renewal falls due. */
export const lateRenewalMs = (dueMs: number, endMs: number): number => dueMs + (endMs - dueMs) / 2;

/**
 * Instant from which a certificate without its successor is overdue: half the margin before its end; where the successor is
 * a renewal, which falls due later than that by itself, half of what is left then.
 * @param renewalDueMs  absent: a reissue is the successor, or nobody knows
 */
export function overdueFromMs(
  certificate: Pick<ReissueInput, 'notBeforeMs' | 'notAfterMs'>,
  rule: ReissueRule,
  renewalDueMs = 0,
): number {
  const endMs = certificate.notAfterMs + SECOND_MS;
  const lifeMs = endMs - certificate.notBeforeMs;
  const reissueMs =
    lifeMs < SHORT_LIVED_DAYS * DAY_MS
      ? endMs - unlimitedMarginMs(lifeMs, rule) / 2
      : Math.floor(endMs / DAY_MS) * DAY_MS - (marginDays(Math.floor(lifeMs / DAY_MS), rule) * DAY_MS) / 2;
  return Math.max(reissueMs, lateRenewalMs(renewalDueMs, endMs));
}

/** All certificates a term will need, the first one included, across the cut-overs of the calendar. */
export function certificatesForTerm(
  term: { readonly fromMs: number; readonly paidTillMs: number; readonly observedDays?: number },
  rule: ReissueRule,
): number {
  const fromDay = Math.floor(term.fromMs / DAY_MS);
  const stretches = stretchesFrom(fromDay, rule, term.observedDays);
  const tillDay = Math.ceil(term.paidTillMs / DAY_MS);
  const endDay = fromDay + (stretches[0]?.validity ?? 1);
  return 1 + (tillDay - endDay <= 1 ? 0 : certificatesNeeded(stretches, 0, endDay, tillDay));
}

const RENEW_BEFORE_DAYS: Readonly<Record<ValidationLevel, number>> = { dv: 10, ov: 21, ev: 30 };
const CARRIED_RENEW_BEFORE_DAYS = 30;
/** Days before a date that runs out on which people are reminded once more. */
export const REMINDER_DAYS: readonly number[] = [14, 7, 3, 1];

export interface RenewalInput {
  readonly nowMs: number;
  readonly paidTillMs: number;
  readonly validation: ValidationLevel;
  /** The provider adds the remaining days to the new order. */
  readonly carriesRemainingDays: boolean;
  /** The manifest's `renewBefore`, ms. */
  readonly renewBeforeMs?: number;
  /** The provider refuses a renewal earlier than this before the end, ms. */
  readonly windowMs?: number;
}

export interface Renewal {
  readonly dueMs: number;
  readonly paidTillMs: number;
  /** Whole paid days given away by renewing when due (or now, if that is later). */
  readonly daysLost: number;
  /** When people are reminded, earliest first: at the first moment a renewal is possible, then 14, 7, 3, 1 days before. */
  readonly remindersMs: readonly number[];
}

/** When a paid term is to be continued by a new order. */
export function renewal(input: RenewalInput): Renewal {
  const days = input.carriesRemainingDays ? CARRIED_RENEW_BEFORE_DAYS : RENEW_BEFORE_DAYS[input.validation];
  const beforeMs = Math.min(input.renewBeforeMs ?? days * DAY_MS, input.windowMs ?? Infinity);
  const dueMs = input.paidTillMs - beforeMs;
  const lostMs = input.carriesRemainingDays ? 0 : input.paidTillMs - Math.max(dueMs, input.nowMs);
  return {
    dueMs,
    paidTillMs: input.paidTillMs,
    daysLost: Math.max(0, Math.floor(lostMs / DAY_MS)),
    remindersMs: [beforeMs, ...REMINDER_DAYS.map((d) => d * DAY_MS).filter((ms) => ms < beforeMs)].map(
      (ms) => input.paidTillMs - ms,
    ),
  };
}

export interface PaidTermFacts {
  /** What the provider calls the end; several report the certificate's date instead. */
  readonly providerPaidTillMs?: number;
  /** Purchase, or activation where the term starts with it, epoch ms. */
  readonly startMs: number;
  /** Absent: no term was bought. */
  readonly term?: Term;
  readonly counting: TermCounting;
  /** Remaining days of the predecessor that the provider documents to have added. */
  readonly carriedDays?: number;
}

/** End of what is paid: the later of the provider's word and what was bought; undefined without a paid term. */
export function paidTillOf(facts: PaidTermFacts): number | undefined {
  if (facts.term === undefined) return facts.providerPaidTillMs;
  const bought = addTerm(facts.startMs, facts.term, facts.counting) + (facts.carriedDays ?? 0) * DAY_MS;
  return Math.max(bought, facts.providerPaidTillMs ?? bought);
}

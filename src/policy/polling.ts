import type { WaitingFor } from '../model/order.js';
import type { LookMemory } from '../model/run-memory.js';
import { DAY_MS, HOUR_MS, MINUTE_MS, toMs } from '../model/time.js';

/** From this age of waiting on, this long between two looks. */
type Step = readonly [ageMs: number, everyMs: number];

/** Machines: usually done within minutes, so every run of the first day looks. */
const MACHINE: readonly Step[] = [
  [0, 0],
  [DAY_MS, HOUR_MS],
  [7 * DAY_MS, 6 * HOUR_MS],
];

/** One person and one click. */
const MAIL: readonly Step[] = [
  [0, HOUR_MS],
  [DAY_MS, 3 * HOUR_MS],
  [7 * DAY_MS, 12 * HOUR_MS],
];

/** People at their desks: days, so a few looks a day. */
const PEOPLE: readonly Step[] = [
  [0, 3 * HOUR_MS],
  [3 * DAY_MS, 6 * HOUR_MS],
  [14 * DAY_MS, DAY_MS],
];

const PACE: Readonly<Record<WaitingFor, readonly Step[]>> = {
  ca: MACHINE,
  dcv: MACHINE,
  'approver-mail': MAIL,
  'call-back': PEOPLE,
  documents: PEOPLE,
  payment: PEOPLE,
  'upstream-payment': PEOPLE,
  configuration: PEOPLE,
  person: PEOPLE,
};

/** An order that is waited for. */
export interface Watched {
  /** Absent: the provider does not say; then it may be done any minute. */
  readonly waitingFor?: WaitingFor;
  /** When the waiting began, epoch ms. */
  readonly sinceMs: number;
  /** The last look; absent: never looked at, or forgotten. */
  readonly look?: LookMemory;
  /** Shortest time between two looks the provider asks for. */
  readonly pollEveryMs?: number;
  /** No call to this account before, epoch ms. */
  readonly notBeforeMs?: number;
}

/** No pause is kept for longer, whatever a provider or a clock that was ahead says: what falls due must not wait for it. */
export const LONGEST_PAUSE_MS = DAY_MS;

/** Is an account left alone that asked for it until then? */
export const isPaused = (notBeforeMs: number | undefined, nowMs: number): notBeforeMs is number =>
  notBeforeMs !== undefined && notBeforeMs > nowMs && notBeforeMs <= nowMs + LONGEST_PAUSE_MS;

/**
 * When an order is looked at again, epoch ms; in the past: now. What is waited for decides, and the longer nothing
 * happens the slower; a look that found something new starts afresh. The provider's own limits always hold. A look that
 * was noted by a clock ahead of ours counts as none.
 * @param eager  somebody stays for it (`apply --wait`): as often as the provider allows
 */
export function nextLookMs(order: Watched, nowMs: number, eager = false): number {
  const pausedTillMs = isPaused(order.notBeforeMs, nowMs) ? order.notBeforeMs : -Infinity;
  if (!order.look || toMs(order.look.at) > nowMs) return pausedTillMs;
  const lastMs = toMs(order.look.at);
  const sinceMs = Math.max(
    order.sinceMs,
    order.look.changedAt === undefined ? -Infinity : toMs(order.look.changedAt),
  );
  const paceMs = eager ? 0 : paceOf(order.waitingFor, lastMs - sinceMs);
  return Math.max(lastMs + Math.max(paceMs, order.pollEveryMs ?? 0), pausedTillMs);
}

function paceOf(waitingFor: WaitingFor | undefined, ageMs: number): number {
  const steps = waitingFor === undefined ? MACHINE : PACE[waitingFor];
  return steps.findLast(([fromMs]) => ageMs >= fromMs)?.[1] ?? 0;
}

/** A list that failed is not asked for again at every run. */
const AFTER_FAILURE_MS = 30 * MINUTE_MS;

/**
 * Is the last complete list of an account this old?
 * @param account  what is remembered of it; nothing is remembered: yes
 */
export function isListDue(
  account:
    | { readonly listing?: { readonly at: string }; readonly triedAt?: string; readonly notBefore?: string }
    | undefined,
  olderThanMs: number,
  nowMs: number,
): boolean {
  if (account?.notBefore !== undefined && isPaused(toMs(account.notBefore), nowMs)) return false;
  const lastMs = account?.listing === undefined ? -Infinity : toMs(account.listing.at);
  const triedMs = account?.triedAt === undefined ? -Infinity : toMs(account.triedAt);
  // A clock that was ahead must not put the next list off for ever.
  const old = lastMs > nowMs || nowMs - lastMs >= olderThanMs;
  const recently = triedMs <= nowMs && nowMs - triedMs < Math.min(AFTER_FAILURE_MS, olderThanMs);
  return old && !recently;
}

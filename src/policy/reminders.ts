import type { Notice } from '../model/notice.js';
import { DAY_MS, type Instant, toMs } from '../model/time.js';

/** Days before a date that runs out, besides a third and a sixth of what it lasts. */
const LAST_DAYS: readonly number[] = [7, 3, 1];
const FRACTIONS: readonly number[] = [3, 6];
/** What has no date, or is past it, is brought up again this often. */
const REPEAT_MS = 7 * DAY_MS;

/** Instants at which people are reminded of what runs out, in order, epoch ms. Two within a day of each other are one. */
export function reminderInstants(fromMs: number, tillMs: number): readonly number[] {
  const lastsMs = tillMs - fromMs;
  const byDay = LAST_DAYS.map((days) => days * DAY_MS);
  const byPart = FRACTIONS.map((part) => Math.floor(lastsMs / part)).filter((ms) =>
    byDay.every((other) => Math.abs(ms - other) >= DAY_MS),
  );
  return [...byPart, ...byDay]
    .filter((ms) => ms > 0 && ms < lastsMs)
    .sort((a, b) => b - a)
    .map((ms) => tillMs - ms);
}

type Subject = Pick<Notice, 'validity'>;

/**
 * How many reminders of something are due at an instant. It never falls as time goes on.
 * @param firstToldMs  for what has no date
 */
export function reminderStep({ validity }: Subject, firstToldMs: number, nowMs: number): number {
  if (validity === undefined) return weeks(firstToldMs, nowMs);
  const tillMs = toMs(validity.till);
  const due = reminderInstants(toMs(validity.from), tillMs).filter((ms) => ms <= nowMs);
  return due.length + weeks(tillMs, nowMs);
}

const weeks = (sinceMs: number, nowMs: number): number =>
  Math.max(0, Math.floor((nowMs - sinceMs) / REPEAT_MS));

/** The next instant at which `reminderStep` grows, epoch ms. */
export function nextReminderMs({ validity }: Subject, firstToldMs: number, nowMs: number): number {
  const next = (sinceMs: number) => sinceMs + (weeks(sinceMs, nowMs) + 1) * REPEAT_MS;
  if (validity === undefined) return next(firstToldMs);
  const tillMs = toMs(validity.till);
  return reminderInstants(toMs(validity.from), tillMs).find((ms) => ms > nowMs) ?? next(tillMs);
}

/** From when something that nobody replaces is said to run out: a third of what it lasts ahead, or a week. */
export const expiringFromMs = (validity: { readonly from: Instant; readonly till: Instant }): number => {
  const [fromMs, tillMs] = [toMs(validity.from), toMs(validity.till)];
  return reminderInstants(fromMs, tillMs)[0] ?? fromMs;
};

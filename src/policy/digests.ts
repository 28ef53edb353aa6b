import type { DigestPeriod } from '../model/notification.js';
import { DAY_MS, HOUR_MS } from '../model/time.js';

/** Digests are sent from this hour on, UTC; weekly ones on Mondays. */
const HOUR = 6;
/** 1970-01-05 was a Monday. */
const FIRST_MONDAY_MS = 4 * DAY_MS;

const lengthOf = (period: DigestPeriod): number => (period === 'daily' ? DAY_MS : 7 * DAY_MS);

/** Start of the period an instant lies in, epoch ms. */
export function periodStartMs(period: DigestPeriod, nowMs: number): number {
  const originMs = FIRST_MONDAY_MS + HOUR * HOUR_MS;
  return nowMs - modulo(nowMs - originMs, lengthOf(period));
}

export const nextPeriodMs = (period: DigestPeriod, nowMs: number): number =>
  periodStartMs(period, nowMs) + lengthOf(period);

const modulo = (value: number, by: number): number => ((value % by) + by) % by;

import { DAY_MS, dayOf, HOUR_MS, type Instant, MINUTE_MS, SECOND_MS, toMs } from '../model/time.js';

/** `23 days`, `3 h`, `12 min`: whole units, rounded towards now, so that nobody is promised time that is not there. */
function distance(fromMs: number, toMs: number): string {
  const ms = Math.abs(toMs - fromMs);
  if (ms >= 2 * DAY_MS) return `${Math.trunc(ms / DAY_MS)} days`;
  return ms >= HOUR_MS ? `${Math.trunc(ms / HOUR_MS)} h` : `${Math.trunc(ms / MINUTE_MS)} min`;
}

/** `in 23 days`, `3 h ago`, `now`. */
export function relative(atMs: number, nowMs: number): string {
  if (Math.abs(atMs - nowMs) < MINUTE_MS) return 'now';
  return atMs > nowMs ? `in ${distance(nowMs, atMs)}` : `${distance(nowMs, atMs)} ago`;
}

/** `23d`, `5h`, `3d ago`: the same for a narrow column. */
export function relativeShort(atMs: number, nowMs: number): string {
  const [number, unit] = distance(nowMs, atMs).split(' ');
  return `${number}${unit?.charAt(0) ?? ''}${atMs < nowMs ? ' ago' : ''}`;
}

export const day = (instant: Instant): string => dayOf(toMs(instant));

/** `2026-11-22 06:46 UTC`. */
export const minute = (instant: Instant): string => {
  const iso = new Date(toMs(instant)).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
};

/**
 * The paid-till date as a date of its own: undefined where the certificate lasts as long as the payment (a day more or
 * less is how providers round), because then the end date says it all.
 */
export function separatePaidTill(
  notAfter: Instant | undefined,
  paidTill: Instant | undefined,
): Instant | undefined {
  if (paidTill === undefined || notAfter === undefined) return paidTill;
  // A certificate is good through all of its last second (RFC 5280 §4.1.2.5).
  return Math.abs(toMs(paidTill) - toMs(notAfter)) <= DAY_MS + SECOND_MS ? undefined : paidTill;
}

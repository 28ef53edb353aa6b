import type { MailRecord } from '../model/intent.js';
import { DAY_MS, toMs } from '../model/time.js';

/** Days of silence after which an approver is written to again; then nobody is, but by a person who asks. */
const AFTER_DAYS = [3, 7] as const;

/** How often approvers are written to again, at most. */
export const MOST_REMINDERS = AFTER_DAYS.length;

/**
 * When the approver of a waiting order is written to again, epoch ms; undefined: never by itself.
 * @param placedAtMs  when the first mail went out
 */
export function nextMailMs(placedAtMs: number, mails: MailRecord | undefined): number | undefined {
  const days = AFTER_DAYS[mails?.count ?? 0];
  if (days === undefined) return undefined;
  return (mails === undefined ? placedAtMs : toMs(mails.lastAt)) + days * DAY_MS;
}

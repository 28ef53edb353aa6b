import { describe, expect, it } from 'vitest';
import type { WaitingFor } from '../../../src/model/order.js';
import { DAY_MS, HOUR_MS, MINUTE_MS, toInstant, toMs } from '../../../src/model/time.js';
import { isListDue, nextLookMs, type Watched } from '../../../src/policy/polling.js';

const PLACED = toMs('2026-11-22T12:00:00Z');
const at = (ms: number) => toInstant(PLACED + ms);

/** Placed at `PLACED`, looked at some time after that. */
const watched = (
  waitingFor: WaitingFor | undefined,
  lookedMs: number,
  more: Partial<Watched> = {},
): Watched => ({
  sinceMs: PLACED,
  ...(waitingFor === undefined ? {} : { waitingFor }),
  look: { at: at(lookedMs) },
  ...more,
});

/** From the last look to the next. */
function pauseMs(order: Watched, eager = false): number {
  const lookedMs = toMs(order.look?.at ?? at(0));
  return nextLookMs(order, lookedMs, eager) - lookedMs;
}

describe('the next look', () => {
  it.each<[string, Watched, number]>([
    ['at the CA on the first day: at every run', watched('ca', HOUR_MS), 0],
    ['at something the provider does not name: at every run', watched(undefined, HOUR_MS), 0],
    ['at a proof of control on the first day: at every run', watched('dcv', 23 * HOUR_MS), 0],
    ['at a proof of control after a day: hourly', watched('dcv', DAY_MS), HOUR_MS],
    ['at the CA after a week: four times a day', watched('ca', 7 * DAY_MS), 6 * HOUR_MS],
    ['at an approver mail: hourly', watched('approver-mail', 0), HOUR_MS],
    ['at an approver mail nobody answers: twice a day', watched('approver-mail', 8 * DAY_MS), 12 * HOUR_MS],
    ['at a call back: every three hours', watched('call-back', 0), 3 * HOUR_MS],
    ['at documents after two weeks: daily', watched('documents', 14 * DAY_MS), DAY_MS],
    ['at a payment: every three hours', watched('payment', HOUR_MS), 3 * HOUR_MS],
    [
      'where the provider wants three hours: three hours',
      watched('ca', 0, { pollEveryMs: 3 * HOUR_MS }),
      3 * HOUR_MS,
    ],
    [
      'where the pace is slower than that: the pace',
      watched('documents', 14 * DAY_MS, { pollEveryMs: HOUR_MS }),
      DAY_MS,
    ],
    [
      'after a look that found something new: as if it had just been placed',
      watched('ca', 9 * DAY_MS, { look: { at: at(9 * DAY_MS), changedAt: at(9 * DAY_MS) } }),
      0,
    ],
    [
      'at an account that asked for a pause: after the pause',
      watched('ca', 0, { notBeforeMs: PLACED + 20 * MINUTE_MS }),
      20 * MINUTE_MS,
    ],
  ])('%s', (_title, order, expected) => {
    expect(pauseMs(order)).toBe(expected);
  });

  it('is due at once where nobody looked yet, unless the account asked for a pause', () => {
    const order: Watched = { sinceMs: PLACED, waitingFor: 'documents', pollEveryMs: HOUR_MS };
    const till = PLACED + MINUTE_MS;
    expect(nextLookMs(order, PLACED)).toBe(-Infinity);
    expect(nextLookMs({ ...order, notBeforeMs: till }, PLACED)).toBe(till);
  });

  it('is not put off by a clock that was ahead, nor by a pause of years', () => {
    const order = watched('documents', DAY_MS, { pollEveryMs: HOUR_MS });
    expect(nextLookMs(order, PLACED)).toBe(-Infinity);
    expect(nextLookMs({ ...order, notBeforeMs: PLACED + 400 * DAY_MS }, PLACED)).toBe(-Infinity);
  });

  it('of somebody who stays for it follows the provider alone', () => {
    expect(pauseMs(watched('documents', 20 * DAY_MS), true)).toBe(0);
    expect(pauseMs(watched('ca', 0, { pollEveryMs: HOUR_MS }), true)).toBe(HOUR_MS);
  });

  it('never comes faster the longer nothing happens', () => {
    for (const waitingFor of ['ca', 'approver-mail', 'person'] as const) {
      const pauses = Array.from({ length: 60 }, (_, day) => pauseMs(watched(waitingFor, day * DAY_MS)));
      expect(pauses).toEqual([...pauses].sort((a, b) => a - b));
      expect(pauses.at(-1)).toBeLessThanOrEqual(DAY_MS);
    }
  });
});

describe('a list of an account that is wanted every 20 hours', () => {
  const listing = (ms: number) => ({ listing: { at: at(ms) } });
  const NOW = PLACED + 30 * HOUR_MS;
  it.each<[string, Parameters<typeof isListDue>[0], boolean]>([
    ['is due where there was none', undefined, true],
    ['is due after 20 hours', listing(10 * HOUR_MS), true],
    ['is not due a minute before', listing(10 * HOUR_MS + MINUTE_MS), false],
    ['is due where the last one lies ahead, by a clock that was wrong', listing(40 * HOUR_MS), true],
    ['is not due minutes after one that failed', { triedAt: toInstant(NOW - 5 * MINUTE_MS) }, false],
    ['is due half an hour after one that failed', { triedAt: toInstant(NOW - 30 * MINUTE_MS) }, true],
    ['is not due while the account asked for a pause', { notBefore: toInstant(NOW + MINUTE_MS) }, false],
  ])('%s', (_title, account, due) => {
    expect(isListDue(account, 20 * HOUR_MS, NOW)).toBe(due);
  });
});

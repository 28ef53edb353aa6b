import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AbsenceEvidence } from '../../../src/model/capabilities.js';
import { DAY_MS, toInstant, toMs } from '../../../src/model/time.js';
import { absenceProven, sendWindow } from '../../../src/policy/absence.js';

const SETTLED = toMs('2026-11-22T12:00:00Z');
const full: AbsenceEvidence = {
  replyAtMs: SETTLED + 1,
  complete: true,
  negativeControl: true,
  positiveControl: true,
};
const { replyAtMs: _date, ...undated } = full;

describe('an empty look-up', () => {
  it.each([
    ['with all the evidence', full, true, true],
    ['without a date of its own', undated, false, false],
    ['from the very instant of settling', { ...full, replyAtMs: SETTLED }, false, false],
    ['from before', { ...full, replyAtMs: SETTLED - 1 }, false, false],
    ['with pages missing, or of an unknown shape', { ...full, complete: false }, false, false],
    ['without the negative control', { ...full, negativeControl: false }, true, false],
    ['without the positive control', { ...full, positiveControl: false }, true, false],
  ] as [string, AbsenceEvidence, boolean, boolean][])(
    '%s proves where references are unique: %j',
    (_title, evidence, unique, findable) => {
      expect(absenceProven('unique', evidence, SETTLED).proven).toBe(unique);
      expect(absenceProven('findable', evidence, SETTLED).proven).toBe(findable);
      expect(absenceProven('none', evidence, SETTLED).proven).toBe(false);
    },
  );

  it('shows by the books of an account whose purchases carry no reference', () => {
    const books = { ...full, booksUnchanged: true };
    expect(absenceProven('none', books, SETTLED).proven).toBe(true);
    for (const missing of [
      { booksUnchanged: false },
      { complete: false },
      { positiveControl: false },
      { replyAtMs: SETTLED },
    ]) {
      expect(absenceProven('none', { ...books, ...missing }, SETTLED).proven).toBe(false);
    }
  });

  it('says why it proves nothing', () => {
    expect(absenceProven('findable', { ...full, positiveControl: false }, SETTLED)).toEqual({
      proven: false,
      why: 'the same search did not find an order known to exist',
    });
  });
});

describe('the window of an attempt', () => {
  it('is a minute to send, then four, the call and the lag until it is settled', () => {
    const now = toMs('2026-11-22T12:00:00Z');
    const { sendByMs, settledAtMs } = sendWindow(now, { callLimitMs: 30_000, visibilityLagMs: 5_000 });
    expect(toInstant(sendByMs)).toBe('2026-11-22T12:01:00Z');
    expect(toInstant(settledAtMs)).toBe('2026-11-22T12:05:35Z');
  });

  it('takes a day where the lag is not known', () => {
    const { sendByMs, settledAtMs } = sendWindow(0, { callLimitMs: 0 });
    expect(settledAtMs - sendByMs).toBe(240_000 + DAY_MS);
  });

  it('never gets laxer by being written in whole seconds', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 4e12 }),
        fc.integer({ min: 0, max: 90_000 }),
        (now, callLimitMs) => {
          const { sendByMs, settledAtMs } = sendWindow(now, { callLimitMs, visibilityLagMs: 0 });
          expect(sendByMs).toBeLessThanOrEqual(now + 60_000);
          expect(settledAtMs).toBeGreaterThanOrEqual(now + 300_000 + callLimitMs);
          expect([toMs(toInstant(sendByMs)), toMs(toInstant(settledAtMs))]).toEqual([sendByMs, settledAtMs]);
        },
      ),
    );
  });
});

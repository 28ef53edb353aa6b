import { describe, expect, it } from 'vitest';
import { DAY_MS, toInstant, toMs } from '../../../src/model/time.js';
import { nextPeriodMs, periodStartMs } from '../../../src/policy/digests.js';
import { expiringFromMs, reminderInstants } from '../../../src/policy/reminders.js';

describe('reminders of what runs out', () => {
  it.each<[string, number, readonly number[]]>([
    ['a year', 365, [121.666, 60.833, 7, 3, 1]],
    ['the longest certificate of 2026', 199, [66.333, 33.166, 7, 3, 1]],
    ['47 days: the sixth is the week', 47, [15.666, 7, 3, 1]],
    ['six days: no week', 6, [3, 2, 1]],
    ['a day', 1, []],
  ])('of %s', (_title, days, expected) => {
    const left = reminderInstants(0, days * DAY_MS).map((ms) => (days * DAY_MS - ms) / DAY_MS);
    expect(left).toHaveLength(expected.length);
    for (const [i, day] of expected.entries()) expect(left[i]).toBeCloseTo(day, 2);
  });

  it('begin with the first of them, where nothing replaces it', () => {
    const validity = { from: '2026-11-01T00:00:00Z', till: '2026-12-31T00:00:00Z' };
    expect(toInstant(expiringFromMs(validity))).toBe('2026-12-11T00:00:00Z');
    const day = { from: '2026-11-01T00:00:00Z', till: '2026-11-02T00:00:00Z' };
    expect(toInstant(expiringFromMs(day))).toBe(day.from);
  });
});

describe('digests', () => {
  it.each<['daily' | 'weekly', string, string, string]>([
    ['daily', '2026-11-22T05:59:59Z', '2026-11-21T06:00:00Z', '2026-11-22T06:00:00Z'],
    ['daily', '2026-11-22T06:00:00Z', '2026-11-22T06:00:00Z', '2026-11-23T06:00:00Z'],
    ['weekly', '2026-11-22T23:00:00Z', '2026-11-16T06:00:00Z', '2026-11-23T06:00:00Z'],
    ['weekly', '2026-11-23T06:00:00Z', '2026-11-23T06:00:00Z', '2026-11-30T06:00:00Z'],
  ])('%s: %s is in the period from %s to %s', (period, now, from, till) => {
    expect(toInstant(periodStartMs(period, toMs(now)))).toBe(from);
    expect(toInstant(nextPeriodMs(period, toMs(now)))).toBe(till);
  });
});

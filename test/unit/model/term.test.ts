import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatTerm,
  parseDuration,
  parseTerm,
  type Term,
  type TermCounting,
  termDays,
} from '../../../src/model/term.js';
import { addTerm } from '../../../src/model/term-end.js';
import { DAY_MS, toInstant, toMs } from '../../../src/model/time.js';

const term = (text: string): Term => {
  const parsed = parseTerm(text);
  if (!parsed) throw new Error(`no term: ${text}`);
  return parsed;
};

describe('a term', () => {
  it.each([
    ['30d', 30],
    ['90d', 90],
    ['1y', 365],
    ['2y', 730],
    ['3y', 1095],
    ['4y', 1461],
    ['5y', 1826],
  ])('of %s is %i days', (text, days) => {
    expect(termDays(term(text))).toBe(days);
    expect(formatTerm(term(text))).toBe(text);
  });

  it.each(['', '0d', '1', 'y', '01y', '-1y', '1 y', '1Y', '1w', '1.5y', '10000d'])('%j is none', (text) => {
    expect(parseTerm(text)).toBeUndefined();
  });

  it.each([
    ['2026-03-15T10:11:12Z', '1y', 'months', '2027-03-15T10:11:12Z', 'the same day a year later'],
    ['2027-03-15T00:00:00Z', '1y', 'months', '2028-03-15T00:00:00Z', 'over a leap day by months'],
    ['2027-03-15T00:00:00Z', '1y', 'days', '2028-03-14T00:00:00Z', 'over a leap day by days'],
    ['2028-02-29T23:59:59Z', '1y', 'months', '2029-02-28T23:59:59Z', 'clamped to the month end'],
    ['2028-02-29T12:00:00Z', '4y', 'months', '2032-02-29T12:00:00Z', 'from leap day to leap day'],
    ['2028-02-29T12:00:00Z', '4y', 'days', '2032-02-29T12:00:00Z', 'four years of days have their leap day'],
    ['2026-12-31T23:30:00Z', '1y', 'months', '2027-12-31T23:30:00Z', 'a year end, in UTC'],
    ['2026-03-29T00:30:00Z', '1y', 'months', '2027-03-29T00:30:00Z', 'the day clocks change somewhere'],
    ['2026-11-30T00:00:00Z', '90d', 'months', '2027-02-28T00:00:00Z', 'days stay days'],
  ] as [string, string, TermCounting, string, string][])(
    'from %s of %s counted in %s ends %s: %s',
    (from, text, counting, till) => {
      expect(toInstant(addTerm(toMs(from), term(text), counting))).toBe(till);
    },
  );

  it('by months is never more than a day away from days, per leap day passed', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 10_000 }),
        fc.constantFrom('1y', '2y', '3y', '4y', '5y'),
        (day, text) => {
          const from = toMs('2020-01-01T00:00:00Z') + day * DAY_MS;
          const difference = addTerm(from, term(text), 'months') - addTerm(from, term(text), 'days');
          expect([-1, 0, 1]).toContain(difference / DAY_MS);
        },
      ),
    );
  });
});

describe('a duration', () => {
  it.each([
    ['60s', 60_000],
    ['10m', 600_000],
    ['6h', 21_600_000],
    ['30d', 30 * DAY_MS],
    ['0d', 0],
  ])('%s is %i ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', '30', 'd', '-1d', '1.5h', '1y', '30 d', '100000d'])('%j is none', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

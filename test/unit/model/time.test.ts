import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dayOf, parseInstant, toInstant, toMs } from '../../../src/model/time.js';

describe('an instant', () => {
  it('is written in UTC, in whole seconds, rounded down', () => {
    expect(toInstant(Date.UTC(2026, 10, 22, 6, 46, 42, 999))).toBe('2026-11-22T06:46:42Z');
    expect(toInstant(-1)).toBe('1969-12-31T23:59:59Z');
  });

  it('is read back as it was written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e9 }), (seconds) => {
        expect(toMs(toInstant(seconds * 1000))).toBe(seconds * 1000);
      }),
    );
  });

  it.each([
    ['2026-11-22T06:46:42.500Z', 500],
    ['2026-11-22T07:46:42+01:00', 0],
    ['2026-11-21T22:46:42-08:00', 0],
  ])('may come with fractions and offsets: %s', (text, ms) => {
    expect(toMs(text)).toBe(Date.UTC(2026, 10, 22, 6, 46, 42) + ms);
  });

  it.each([
    '',
    'tomorrow',
    '2026-11-22',
    '2026-11-22T06:46:42',
    '2026-11-22 06:46:42Z',
    'Sun, 22 Nov 2026 06:46:42 GMT',
    '2026-02-29T00:00:00Z',
    '2026-02-30T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-13-30T00:00:00Z',
    '2026-11-00T00:00:00Z',
    '2026-11-22T25:00:00Z',
    '1700000000',
  ])('%j is none', (text) => {
    expect(parseInstant(text)).toBeUndefined();
    expect(() => toMs(text)).toThrow(RangeError);
  });

  it('knows leap days', () => {
    expect(toInstant(toMs('2028-02-29T12:00:00Z'))).toBe('2028-02-29T12:00:00Z');
  });

  it('has a UTC day', () => {
    expect(dayOf(toMs('2026-11-22T23:59:59Z'))).toBe('2026-11-22');
    expect(dayOf(toMs('2026-11-23T00:00:00Z'))).toBe('2026-11-23');
  });
});

import { describe, expect, it } from 'vitest';
import { validityOf, withCompanion } from '../../../src/sandbox/frame/validity.js';

const LIMITS = [
  { since: '2026-03-15', days: 199 },
  { since: '2027-03-15', days: 99 },
];
const FAR = Date.parse('2035-01-01T00:00:00Z');

describe('a certificate of a sandbox lives', () => {
  it.each([
    ['as long as the latest limit allows', '2026-03-15T00:00:00Z', FAR, '2026-03-15', '2026-09-29'],
    ['as the next limit says from its day on', '2027-03-15T23:59:59Z', FAR, '2027-03-15', '2027-06-21'],
    ['as the first limit says before its day', '2025-01-01T12:00:00Z', FAR, '2025-01-01', '2025-07-18'],
    [
      'to the end of the day on which the paid term ends',
      '2026-04-01T12:00:00Z',
      Date.parse('2026-04-11T12:00:00Z'),
      '2026-04-01',
      '2026-04-11',
    ],
    [
      'not a day longer than a term that ends with a day',
      '2026-04-01T12:00:00Z',
      Date.parse('2026-04-10T23:59:59Z'),
      '2026-04-01',
      '2026-04-10',
    ],
    ['for a day where the paid term is over', '2026-04-01T12:00:00Z', 0, '2026-04-01', '2026-04-01'],
  ])('%s', (_title, now, termEndMs, first, last) => {
    const { notBeforeMs, notAfterMs } = validityOf(LIMITS, Date.parse(now), termEndMs);
    expect(new Date(notBeforeMs).toISOString()).toBe(`${first}T00:00:00.000Z`);
    expect(new Date(notAfterMs).toISOString()).toBe(`${last}T23:59:59.000Z`);
  });
});

it.each([
  ['example.com', 'www.example.com'],
  ['www.example.com', 'example.com'],
  ['*.example.com', 'example.com'],
])('the companion of %s is %s', (name, companion) => {
  expect(withCompanion(name)).toEqual([name, companion]);
});

import { describe, expect, it } from 'vitest';
import {
  type Calendar,
  emailValidationAllowed,
  INDUSTRY_CALENDAR,
  nextCutOver,
  proofReuseDays,
  proofReuseEndMs,
  regimes,
  validityLimitDays,
} from '../../../src/model/calendar.js';
import { DAY_MS, toInstant, toMs } from '../../../src/model/time.js';

describe('the longest validity on the day of issuance', () => {
  it.each([
    ['2017-01-01T00:00:00Z', 825, 'before everything we know'],
    ['2020-08-31T23:59:59Z', 825, 'the last second of 825 days'],
    ['2020-09-01T00:00:00Z', 398, 'the first second of 398 days'],
    ['2026-03-14T23:59:59Z', 398, 'the last second of 398 days'],
    ['2026-03-15T00:00:00Z', 200, 'the first second of 200 days'],
    ['2027-03-14T23:59:59Z', 200, 'the last second of 200 days'],
    ['2027-03-15T00:00:00Z', 100, 'the first second of 100 days'],
    ['2028-02-29T12:00:00Z', 100, 'a leap day'],
    ['2029-03-14T23:59:59Z', 100, 'the last second of 100 days'],
    ['2029-03-15T00:00:00Z', 47, 'the first second of 47 days'],
    ['2040-01-01T00:00:00Z', 47, 'far ahead'],
  ])('at %s is %i days: %s', (at, days) => {
    expect(validityLimitDays(toMs(at))).toBe(days);
  });

  it.each([
    ['sectigo', '2026-03-11T23:59:59Z', 397],
    ['sectigo', '2026-03-12T00:00:00Z', 199],
    ['sectigo', '2027-03-13T23:59:59Z', 199],
    ['sectigo', '2027-03-14T00:00:00Z', 99],
    ['sectigo', '2029-03-14T00:00:00Z', 46],
    ['digicert', '2026-02-23T23:59:59Z', 397],
    ['digicert', '2026-02-24T00:00:00Z', 199],
    ['globalsign', '2026-03-14T00:00:00Z', 199],
    ['sectigo', '2019-01-01T00:00:00Z', 825],
    ['a CA we know nothing of', '2026-03-14T00:00:00Z', 398],
    ['constructor', '2026-03-14T00:00:00Z', 398],
  ])('is what %s says where that is less: %s, %i days', (ca, at, days) => {
    expect(validityLimitDays(toMs(at), ca)).toBe(days);
  });

  it('can be read from another calendar', () => {
    const other: Calendar = { ...INDUSTRY_CALENDAR, validity: [{ since: '2026-01-01', days: 6 }] };
    expect(validityLimitDays(toMs('2035-01-01T00:00:00Z'), undefined, other)).toBe(6);
    expect(nextCutOver(toMs('2035-01-01T00:00:00Z'), undefined, other)).toBeUndefined();
  });
});

describe('the next cut-over', () => {
  it.each([
    [undefined, '2026-03-14T23:59:59Z', '2026-03-15T00:00:00Z'],
    [undefined, '2026-03-15T00:00:00Z', '2027-03-15T00:00:00Z'],
    [undefined, '2027-03-15T00:00:00Z', '2029-03-15T00:00:00Z'],
    ['sectigo', '2026-03-12T00:00:00Z', '2027-03-14T00:00:00Z'],
    ['digicert', '2026-02-01T00:00:00Z', '2026-02-24T00:00:00Z'],
  ])('for %s after %s is %s', (ca, at, next) => {
    expect(nextCutOver(toMs(at), ca)).toBe(toMs(next));
  });

  it('is none after the last one', () => {
    expect(nextCutOver(toMs('2029-03-15T00:00:00Z'))).toBeUndefined();
  });

  it('is skipped where a CA changes nothing on that day', () => {
    expect(regimes('sectigo').map((r) => r.validityDays)).toEqual([825, 397, 199, 99, 46]);
  });
});

describe('reuse of a proof of control', () => {
  it.each([
    ['2026-03-14T23:59:59Z', 398],
    ['2026-03-15T00:00:00Z', 200],
    ['2027-03-15T00:00:00Z', 100],
    ['2029-03-14T23:59:59Z', 100],
    ['2029-03-15T00:00:00Z', 10],
  ])('at %s lasts %i days', (at, days) => {
    expect(proofReuseDays(toMs(at))).toBe(days);
  });

  it.each([
    ['long before any cut-over', '2026-04-01T00:00:00Z', '2026-10-18T00:00:00Z'],
    ['that ends at once with a cut-over', '2026-11-01T00:00:00Z', '2027-03-15T00:00:00Z'],
    ['that goes on over it by the new limit', '2027-02-01T00:00:00Z', '2027-05-12T00:00:00Z'],
    ['of the last regime', '2030-01-01T00:00:00Z', '2030-01-11T00:00:00Z'],
  ])('of a proof %s, of %s, is over at %s', (_, proven, over) => {
    const endMs = proofReuseEndMs(toMs(proven));
    expect(toInstant(endMs)).toBe(over);
    const usable = (ms: number) => ms - toMs(proven) < proofReuseDays(ms) * DAY_MS;
    expect([usable(endMs - 1), usable(endMs)]).toEqual([true, false]);
  });

  it('by mail ends on 2028-03-15', () => {
    expect(emailValidationAllowed(toMs('2028-03-14T23:59:59Z'))).toBe(true);
    expect(emailValidationAllowed(toMs('2028-03-15T00:00:00Z'))).toBe(false);
  });
});

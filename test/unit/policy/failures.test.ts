import { describe, expect, it } from 'vitest';
import type { FailureRecord, Status } from '../../../src/model/status.js';
import { DAY_MS, HOUR_MS, MINUTE_MS, toInstant, toMs } from '../../../src/model/time.js';
import { addFailure, breakerReason, nextTryMs } from '../../../src/policy/failures.js';
import { certificate, order, status } from './builders.js';

const NOW = toMs('2026-11-22T12:00:00Z');

describe('after a failure', () => {
  it('waits 10 minutes, an hour, six hours, then a day each time', () => {
    const waits: number[] = [];
    let failure: FailureRecord | undefined;
    for (let i = 0; i < 6; i++) {
      failure = addFailure(failure, { code: 'provider.timeout', message: 'no answer' }, NOW + 250);
      waits.push(nextTryMs(failure) - NOW);
    }
    expect(waits).toEqual([10 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, DAY_MS, DAY_MS, DAY_MS]);
    expect(failure).toEqual({
      count: 6,
      lastAt: toInstant(NOW),
      code: 'provider.timeout',
      message: 'no answer',
    });
  });

  it.each([
    ['sooner than the ladder', MINUTE_MS, 10 * MINUTE_MS],
    ['later than the ladder', 2 * HOUR_MS, 2 * HOUR_MS],
    ['in years', 4000 * DAY_MS, 7 * DAY_MS],
    ['at the end of time', Number.MAX_SAFE_INTEGER - NOW, 7 * DAY_MS],
  ])('waits as long as the other side wants, a week at most: %s', (_what, askedMs, waitMs) => {
    const refusal = { code: 'provider.refused', message: 'too many', retryAtMs: NOW + askedMs };
    expect(nextTryMs(addFailure(undefined, refusal, NOW)) - NOW).toBe(waitMs);
  });
});

const ago = (ms: number): string => toInstant(NOW - ms);

/** The first is the current one. */
const issued = (...certificates: readonly (readonly [publishedAgoMs: number, reason: string])[]): Status => {
  const all = certificates.map(([ms, reason], i) => certificate(`s${i}`, { publishedAt: ago(ms), reason }));
  const [current, ...previous] = all;
  return status('a', { ...(current ? { current } : {}), previous });
};

const many = (count: number, ms: number, reason: string) =>
  Array.from({ length: count }, (_, i) => [ms + i * DAY_MS, reason] as const);

describe('the breaker', () => {
  it.each([
    ['nothing happened', issued(), false],
    ['two certificates in a day', issued([0, 'NoOrder'], [HOUR_MS, 'NamesChanged']), false],
    [
      'three certificates in a day',
      issued([0, 'NoOrder'], [1, 'CertificateEnding'], [DAY_MS - 1000, 'NamesChanged']),
      true,
    ],
    [
      'three certificates in a day and a second',
      issued([0, 'NoOrder'], [1, 'NoOrder'], [DAY_MS, 'NoOrder']),
      false,
    ],
    ['nine unplanned ones in a month', issued(...many(9, 0, 'NamesChanged')), false],
    ['ten unplanned ones in a month', issued(...many(10, 0, 'NamesChanged')), true],
    ['ten planned ones in a month', issued(...many(10, 0, 'CertificateEnding')), false],
    ['ten unplanned ones in more than a month', issued(...many(10, 21 * DAY_MS, 'KeyLost')), false],
  ])('after %s trips: %s', (_title, one, trips) => {
    expect(breakerReason(one, NOW) !== undefined).toBe(trips);
  });

  it.each([
    ['two first orders', [order('1'), order('2')], true],
    ['a first order and its renewal', [order('1'), order('2', { predecessor: '1' })], false],
    [
      'two renewals of one order',
      [order('1'), order('2', { predecessor: '1' }), order('3', { predecessor: '1' })],
      true,
    ],
    [
      'a chain of renewals',
      [order('1'), order('2', { predecessor: '1' }), order('3', { predecessor: '2' })],
      false,
    ],
    [
      'an order in place of a dead one that was approved',
      [order('1', { state: 'rejected' }), order('2', { predecessor: '1' })],
      false,
    ],
    ['an adopted order beside ours', [order('1', { adopted: true }), order('2')], false],
    ['one order in test and one in live', [order('1', { environment: 'test' }), order('2')], false],
  ])('with %s trips: %s', (_title, orders, trips) => {
    expect(breakerReason(status('a', { orders }), NOW) !== undefined).toBe(trips);
  });

  it('says which orders it means', () => {
    expect(breakerReason(status('a', { orders: [order('1'), order('2')] }), NOW)).toBe(
      '1 and 2 are both first orders',
    );
  });

  it('stays reset for what was there, and trips again for what is new', () => {
    const orders = [order('1', { placedAt: ago(DAY_MS) }), order('2', { placedAt: ago(HOUR_MS) })];
    const resetAtMs = NOW - MINUTE_MS;
    expect(breakerReason(status('a', { orders }), NOW, resetAtMs)).toBeUndefined();
    expect(breakerReason(status('a', { orders }), NOW, NOW - HOUR_MS)).toBeUndefined();
    expect(breakerReason(status('a', { orders }), NOW, NOW - HOUR_MS - 1000)).toBeDefined();
    const third = order('3', { placedAt: ago(0) });
    expect(breakerReason(status('a', { orders: [...orders, third] }), NOW, resetAtMs)).toBe(
      '1 and 3 are both first orders',
    );
    const three = issued([2 * HOUR_MS, 'NoOrder'], [3 * HOUR_MS, 'NoOrder'], [4 * HOUR_MS, 'NoOrder']);
    expect(breakerReason(three, NOW, NOW - HOUR_MS)).toBeUndefined();
    expect(breakerReason(three, NOW, NOW - 5 * HOUR_MS)).toBe('3 certificates were issued within 24 hours');
    expect(breakerReason(three, NOW, NOW - 3 * HOUR_MS)).toBeUndefined();
  });
});

import { describe, expect, test } from 'vitest';
import type { DoubtRecord } from '../../../src/model/status.js';
import { DAY_MS, HOUR_MS, toInstant, toMs } from '../../../src/model/time.js';
import { isLookDue, type Look, secondOrders, withDoubt, withLook } from '../../../src/policy/doubts.js';
import { status } from '../../support/state.js';

const SINCE = '2026-11-22T12:00:00Z';
const START = toMs(SINCE);
const of = { provider: 'shop', environment: 'live', reference: 'cw-1' } as const;
const look = (parts: Partial<Look> = {}): Look => ({
  doubt: of,
  atMs: START + DAY_MS,
  extra: [],
  settled: [],
  ...parts,
});
const doubtful = status('shop', { doubts: [{ ...of, since: SINCE, extra: [] }] });
const second = { id: '2', charged: { amount: '10.00', currency: 'USD' } } as const;
const twice = withLook(doubtful, look({ extra: [second] }));

describe('a purchase in doubt', () => {
  test.each([
    ['not within a day of being settled', {}, 23 * HOUR_MS, false],
    ['after a day', {}, DAY_MS, true],
    ['not within a day of the last look', { lookedAt: toInstant(START + 5 * DAY_MS) }, 5.5 * DAY_MS, false],
    ['a day after the last look', { lookedAt: toInstant(START + 5 * DAY_MS) }, 6 * DAY_MS, true],
    ['a last time when its time is over', { lookedAt: toInstant(START + 29 * DAY_MS) }, 99 * DAY_MS, true],
  ])('is looked at %s: %#', (_title, parts: Partial<DoubtRecord>, afterMs, due) => {
    expect(isLookDue({ ...of, since: SINCE, extra: [], ...parts }, START + afterMs)).toBe(due);
  });

  test('is dropped after 30 days in which nothing was found', () => {
    expect(withLook(doubtful, look()).doubts).toMatchObject([
      { lookedAt: '2026-11-23T12:00:00Z', extra: [] },
    ]);
    expect(withLook(doubtful, look({ atMs: START + 30 * DAY_MS }))).not.toHaveProperty('doubts');
  });

  test('that was sold twice stays until the second order is seen dead: what does not show is not gone', () => {
    expect(twice.doubts).toMatchObject([{ extra: [{ ...second, foundAt: '2026-11-23T12:00:00Z' }] }]);
    const late = { atMs: START + 40 * DAY_MS };
    expect(withLook(twice, look(late)).doubts).toMatchObject([{ extra: [second] }]);
    expect(withLook(twice, look({ ...late, extra: [second] })).doubts?.[0]?.extra).toHaveLength(1);
    expect(withLook(twice, look({ ...late, settled: ['2'] }))).not.toHaveProperty('doubts');
  });

  test.each([
    ['the same look', {}],
    ['a look of a moment before', { atMs: START + DAY_MS - 5_000 }],
  ])('is not recorded anew by %s, which adds nothing', (_title, parts) => {
    expect(withLook(twice, look({ extra: [second], ...parts }))).toBe(twice);
  });

  test('is told with id, price and what to do, unless the manifest ignores it', () => {
    expect(secondOrders(twice, [])).toEqual([
      {
        id: '2',
        since: '2026-11-23T12:00:00Z',
        message:
          'shop also sold order 2 for 10.00 USD under our reference cw-1: have shop cancel it and give the money back, or write `adopt: { ignore: ["2"] }` into the manifest',
      },
    ]);
    expect(secondOrders(twice, ['2'])).toEqual([]);
  });

  test('that comes into doubt again is looked at from then on, and keeps what was found', () => {
    const again = withDoubt(twice, of, START + 2 * DAY_MS);
    expect(again.doubts).toMatchObject([{ since: '2026-11-24T12:00:00Z', extra: [{ id: '2' }] }]);
    expect(withLook(status('other'), look())).toEqual(status('other'));
  });
});

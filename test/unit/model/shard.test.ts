import { describe, expect, test } from 'vitest';
import { actsFor, keepsAccount, parseShard, type Shard } from '../../../src/model/shard.js';
import { DAY_MS } from '../../../src/model/time.js';
import { reissueSchedule } from '../../../src/policy/schedule.js';

const shards = (of: number): readonly Shard[] => Array.from({ length: of }, (_, i) => ({ index: i + 1, of }));
const names = Array.from({ length: 5000 }, (_, i) => `team-${i % 7}/site-${i}`);

describe('a shard as people write it', () => {
  test.each([
    ['1/1', { index: 1, of: 1 }],
    ['2/5', { index: 2, of: 5 }],
    ['1000/1000', { index: 1000, of: 1000 }],
  ])('%s', (text, shard) => {
    expect(parseShard(text)).toEqual(shard);
  });

  test.each(['', '0/5', '6/5', '1/0', '1/1001', '1', '1/5/5', ' 1/5', '01/5', '-1/5', '1.0/5', '1/5x'])(
    '%j is none',
    (text) => {
      expect(parseShard(text)).toBeUndefined();
    },
  );
});

describe('who acts', () => {
  test.each([1, 2, 3, 5, 16, 97])('of %i shards exactly one, for every certificate and account', (of) => {
    for (const name of names.slice(0, 500)) {
      expect(shards(of).filter((shard) => actsFor(shard, name))).toHaveLength(1);
      expect(shards(of).filter((shard) => keepsAccount(shard, name))).toHaveLength(1);
    }
  });

  test('without a shard: for all', () => {
    expect(names.every((name) => actsFor(undefined, name) && keepsAccount(undefined, name))).toBe(true);
  });

  test('shares are about equal', () => {
    for (const shard of shards(5)) {
      const share = names.filter((name) => actsFor(shard, name)).length;
      expect(share).toBeGreaterThan(900);
      expect(share).toBeLessThan(1100);
    }
  });

  test('is fixed for ever: another build in the same matrix must cut alike', () => {
    const cut = ['shop', 'team-a/shop', 'team-a/pay', 'intranet'].map(
      (name) => shards(5).find((shard) => actsFor(shard, name))?.index,
    );
    expect(cut).toEqual([4, 4, 5, 4]);
  });

  test('what falls due on one day is spread over all shards', () => {
    const nowMs = Date.UTC(2026, 10, 22);
    const dueMs = (name: string) => {
      const schedule = reissueSchedule({
        name,
        nowMs,
        notBeforeMs: nowMs,
        notAfterMs: nowMs + 199 * DAY_MS - 1000,
        paidTillMs: nowMs + 1095 * DAY_MS,
        validation: 'dv',
      });
      return schedule.needed ? schedule.dueMs : 0;
    };
    const byDay = Map.groupBy(names, dueMs);
    const busiest = [...byDay.values()].toSorted((a, b) => b.length - a.length)[0] ?? [];
    expect(busiest.length).toBeGreaterThan(20);
    for (const shard of shards(3)) expect(busiest.some((name) => actsFor(shard, name))).toBe(true);
  });
});

import { describe, expect, test } from 'vitest';
import { shardConditions } from '../../../src/entry/health.js';
import { shardOf } from '../../../src/entry/shard.js';
import { actsFor, type Shard } from '../../../src/model/shard.js';
import { condition } from '../../../src/policy/condition.js';

describe('--shard', () => {
  test.each([
    ['2/5', {}, { index: 2, of: 5 }],
    ['job/5', { JOB_COMPLETION_INDEX: '0' }, { index: 1, of: 5 }],
    ['job/5', { JOB_COMPLETION_INDEX: '4' }, { index: 5, of: 5 }],
  ])('%s with %j', (text, env, shard) => {
    expect(shardOf(text, env)).toEqual(shard);
  });

  test('not given: every certificate', () => {
    expect(shardOf(undefined, {})).toBeUndefined();
  });

  test.each([
    ['', {}, /--shard "" is no shard/],
    ['', { CERTWRIGHT_SHARD: '' }, /CERTWRIGHT_SHARD="" is no shard/],
    ['5', {}, /is no shard/],
    ['0/5', {}, /is no shard/],
    ['job/5', {}, /needs JOB_COMPLETION_INDEX, which is not set/],
    ['job/5', { JOB_COMPLETION_INDEX: 'x' }, /which is "x"/],
    ['job/5', { JOB_COMPLETION_INDEX: '5' }, /with JOB_COMPLETION_INDEX=5 is no shard/],
  ])('%j with %j is refused: a mistake must not mean everything', (text, env, words) => {
    expect(() => shardOf(text, env)).toThrow(words);
  });
});

describe('what a shard answers for', () => {
  const shard: Shard = { index: 1, of: 2 };
  const names = Array.from({ length: 20 }, (_, i) => `c${i}`);
  const mine = names.find((name) => actsFor(shard, name)) ?? '';
  const other = names.find((name) => !actsFor(shard, name)) ?? '';
  const at = '2026-11-22T00:00:00Z';
  const overdue = condition('Attention', 'attention', 'Overdue', at, 'ends soon');
  const failing = condition('Attention', 'attention', 'Failing', at, 'failed');
  const all = new Map([
    [mine, [failing]],
    [other, [failing, overdue]],
  ]);

  test('its own certificates, and of the others what runs out since a day', () => {
    const said = shardConditions(shard, all, () => all);
    expect(said.get(mine)).toEqual([failing]);
    expect(said.get(other)).toEqual([{ ...overdue, message: 'ends soon; it belongs to another shard' }]);
  });

  test('what was not late a day ago is left to the shard it belongs to', () => {
    const said = shardConditions(shard, all, () => new Map([[other, [failing]]]));
    expect([...said.keys()]).toEqual([mine]);
  });

  test('nothing of others is late: nobody looks back', () => {
    const fine = new Map([[other, [failing]]]);
    const said = shardConditions(shard, fine, () => expect.unreachable());
    expect([...said]).toEqual([]);
  });

  test('without a shard: everything', () => {
    expect(shardConditions(undefined, all, () => expect.unreachable())).toBe(all);
  });
});

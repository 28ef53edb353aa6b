import { describe, expect, it } from 'vitest';
import { type Rest, restMs } from '../../../../src/entry/daemon/schedule.js';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../../src/model/time.js';

const rest = (parts: Partial<Rest> = {}): number =>
  restMs({
    nowMs: 0,
    pollMs: 5 * MINUTE_MS,
    failures: 0,
    dueMs: Infinity,
    goesOn: false,
    fraction: 0.5,
    ...parts,
  });

describe('a daemon rests', () => {
  it.each([
    ['until the next look', {}, 5 * MINUTE_MS],
    ['a tenth less or more, so that two drift apart', { fraction: 0 }, 4.5 * MINUTE_MS],
    ['until something falls due, where that is sooner', { dueMs: 2 * MINUTE_MS }, 2 * MINUTE_MS],
    ['a breath at least', { dueMs: 1 }, SECOND_MS],
    ['no shorter for what was due to the run before', { dueMs: 0 }, 5 * MINUTE_MS],
    ['no longer for what is due next year', { dueMs: 9000 * HOUR_MS }, 5 * MINUTE_MS],
    ['a breath where the run left something that can be done', { goesOn: true }, SECOND_MS],
    ['half a minute after a failure', { failures: 1, fraction: 1 }, 30 * SECOND_MS],
    ['twice as long after the next', { failures: 2, fraction: 1 }, MINUTE_MS],
    ['a quarter of an hour at most', { failures: 40, fraction: 1 }, 15 * MINUTE_MS],
    ['after a failure whatever is due', { failures: 1, fraction: 1, dueMs: 5 }, 30 * SECOND_MS],
  ] as const)('%s', (_title, parts, ms) => {
    expect(rest(parts)).toBe(ms);
  });
});

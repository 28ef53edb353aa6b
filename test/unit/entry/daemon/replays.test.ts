import { describe, expect, it } from 'vitest';
import { createReplays } from '../../../../src/entry/daemon/replays.js';
import { DAY_MS, SECOND_MS } from '../../../../src/model/time.js';
import { manualClock } from '../../../support/manual-clock.js';

describe('deliveries that were taken', () => {
  it('are known again for a day', () => {
    const clock = manualClock();
    const taken = createReplays(clock);
    expect([taken('a'), taken('b'), taken('a')]).toEqual([false, false, true]);
    clock.advance(DAY_MS - SECOND_MS);
    expect([taken('a'), taken('c')]).toEqual([true, false]);
    clock.advance(SECOND_MS);
    expect([taken('a'), taken('c')]).toEqual([false, true]);
  });

  it('are a thousand at most: the one taken longest ago is forgotten', () => {
    const taken = createReplays(manualClock());
    for (let i = 0; i < 1024; i++) expect(taken(String(i))).toBe(false);
    expect(taken('0')).toBe(true);
    expect(taken('one more')).toBe(false);
    expect([taken('1023'), taken('1'), taken('0')]).toEqual([true, true, false]);
  });
});

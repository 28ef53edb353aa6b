import { describe, expect, it } from 'vitest';
import type { PlanItem } from '../../../src/model/plan.js';
import { createBounds, inTurn } from '../../../src/reconcile/bounds.js';
import { manualClock } from '../../support/manual-clock.js';

const line = (text: string): PlanItem => {
  const [provider, name] = text.split(' ');
  return { provider, name } as PlanItem;
};
const text = ({ provider, name }: PlanItem): string => `${provider} ${name}`;

describe('what one run begins', () => {
  it.each([
    ['one account in its order', ['a 1', 'a 2', 'a 3'], ['a 1', 'a 2', 'a 3']],
    ['two accounts in turn', ['a 1', 'a 2', 'a 3', 'b 4', 'b 5'], ['a 1', 'b 4', 'a 2', 'b 5', 'a 3']],
    [
      'a small one before the rest of a large one',
      ['a 1', 'a 2', 'a 3', 'b 4'],
      ['a 1', 'b 4', 'a 2', 'a 3'],
    ],
    ['nothing', [], []],
  ])('takes %s', (_title, given, expected) => {
    expect(inTurn(given.map(line)).map(text)).toEqual(expected);
  });

  it('is so many sends, and nothing when the time is over', () => {
    const clock = manualClock();
    const bounds = createBounds({ sends: 5, ms: 1000 }, clock);
    expect([bounds.free(), bounds.isOver()]).toEqual([5, false]);
    bounds.leave(['x', 'y']);
    bounds.begin(['a', 'b', 'x']);
    expect([bounds.free(), [...bounds.left]]).toEqual([2, ['y']]);
    clock.advance(1000);
    expect([bounds.free(), bounds.isOver()]).toEqual([0, true]);
  });

  it('is everything where nobody says how much', () => {
    const clock = manualClock();
    const bounds = createBounds(undefined, clock);
    bounds.begin(['a']);
    clock.advance(1e12);
    expect([bounds.free(), bounds.isOver()]).toEqual([Number.POSITIVE_INFINITY, false]);
  });
});

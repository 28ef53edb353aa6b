import { expect, test } from 'vitest';
import type { Step } from '../../../src/ports/provider.js';
import { mayRepeat } from '../../../src/reconcile/operations.js';

const step = (parts: Partial<Step>): Step => ({
  name: 'place',
  paid: false,
  run: () => Promise.reject(new Error('not called')),
  lookUp: () => Promise.reject(new Error('not called')),
  ...parts,
});

test('only a call that costs nothing may be made again unseen', () => {
  expect(mayRepeat(step({ repeatable: true }))).toBe(true);
  expect(mayRepeat(step({}))).toBe(false);
  expect(mayRepeat(step({ repeatable: true, paid: true }))).toBe(false);
  expect(mayRepeat(undefined)).toBe(false);
});

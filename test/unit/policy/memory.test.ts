import { describe, expect, it } from 'vitest';
import {
  type EndpointMemory,
  emptyMemory,
  type Listing,
  type RunMemory,
} from '../../../src/model/run-memory.js';
import { DAY_MS, toInstant, toMs } from '../../../src/model/time.js';
import { mergeMemories, prunedMemory } from '../../../src/policy/memory.js';

const [MONDAY, TUESDAY] = ['2026-11-23T06:00:00Z', '2026-11-24T06:00:00Z'];
const listing = (at: string): Listing => ({ at, undeclared: [], undeclaredCount: 0, missing: {} });
const lookedAt = (at: string): EndpointMemory => ({ at, certificate: 'a'.repeat(64), findings: [] });
const memory = (parts: Partial<RunMemory>): RunMemory => ({ ...emptyMemory('k3v9x2'), ...parts });

describe('two memories become one', () => {
  it.each<[string, RunMemory, RunMemory, Partial<RunMemory>]>([
    [
      'of which each look is the newer one',
      memory({ looks: { 'shop 1': { at: MONDAY }, 'shop 2': { at: TUESDAY } } }),
      memory({ looks: { 'shop 1': { at: TUESDAY }, 'shop 3': { at: MONDAY } } }),
      { looks: { 'shop 1': { at: TUESDAY }, 'shop 2': { at: TUESDAY }, 'shop 3': { at: MONDAY } } },
    ],
    [
      'of which each look at an endpoint is the newer one',
      memory({ endpoints: { 'shop a:443': lookedAt(MONDAY), 'shop b:443': lookedAt(TUESDAY) } }),
      memory({ endpoints: { 'shop a:443': lookedAt(TUESDAY) } }),
      { endpoints: { 'shop a:443': lookedAt(TUESDAY), 'shop b:443': lookedAt(TUESDAY) } },
    ],
    [
      'with the newest list, the latest attempt and the longest pause',
      memory({ accounts: { 'shop live': { listing: listing(TUESDAY), triedAt: TUESDAY } } }),
      memory({
        accounts: { 'shop live': { listing: listing(MONDAY), triedAt: MONDAY, notBefore: TUESDAY } },
      }),
      { accounts: { 'shop live': { listing: listing(TUESDAY), triedAt: TUESDAY, notBefore: TUESDAY } } },
    ],
  ])('%s, whichever comes first', (_title, a, b, expected) => {
    expect(mergeMemories(a, b)).toEqual(memory(expected));
    expect(mergeMemories(b, a)).toEqual(memory(expected));
  });
});

it('forgets looks of long ago, and those a wrong clock put ahead', () => {
  const nowMs = toMs(TUESDAY);
  const looks = {
    old: { at: toInstant(nowMs - 61 * DAY_MS) },
    kept: { at: MONDAY },
    ahead: { at: toInstant(nowMs + DAY_MS) },
  };
  const endpoints = Object.fromEntries(Object.entries(looks).map(([key, { at }]) => [key, lookedAt(at)]));
  const pruned = prunedMemory(memory({ looks, endpoints }), nowMs);
  expect([Object.keys(pruned.looks), Object.keys(pruned.endpoints)]).toEqual([['kept'], ['kept']]);
});

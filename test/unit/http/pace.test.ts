import { expect, it } from 'vitest';
import { createHttpClient } from '../../../src/http/client.js';
import { paced } from '../../../src/http/pace.js';
import { SECOND_MS } from '../../../src/model/time.js';
import { manualClock } from '../../support/manual-clock.js';
import { memoryLog } from '../../support/memory-log.js';
import { httpServer } from './servers.js';

const never = new AbortController().signal;

it('so many calls begin at once, the next when the first is old enough', async () => {
  const clock = manualClock();
  const turn = paced(clock, [{ calls: 3, perMs: 60_000 }]);
  for (let call = 0; call < 3; call += 1) await turn(never);
  expect(clock.slept).toEqual([]);
  clock.advance(10_000);
  await turn(never);
  expect(clock.slept).toEqual([50_000]);
  await turn(never);
  expect(clock.slept).toEqual([50_000]);
});

it('calls that wait together begin one window after another', async () => {
  const clock = manualClock();
  const sleeps: number[] = [];
  const frozen = { ...clock, sleep: async (ms: number) => void sleeps.push(ms) };
  const turn = paced(frozen, [{ calls: 2, perMs: 1000 }]);
  await Promise.all(Array.from({ length: 6 }, () => turn(never)));
  expect(sleeps).toEqual([1000, 1000, 2000, 2000]);
});

it('a turn is that of the narrowest limit; one too far off is refused, with the time', async () => {
  const clock = manualClock();
  const turn = paced(clock, [
    { calls: 2, perMs: 60_000 },
    { calls: 3, perMs: 3_600_000 },
  ]);
  for (let call = 0; call < 3; call += 1) await turn(never);
  expect(clock.slept).toEqual([60_000]);
  const startedMs = clock.now();
  await expect(turn(never)).rejects.toMatchObject({
    code: 'provider.rate-limited',
    effect: 'none',
    retryAtMs: startedMs + 3_540_000,
  });
});

it('some calls are kept for those that cost money', async () => {
  const clock = manualClock();
  const sleeps: number[] = [];
  const frozen = { ...clock, sleep: async (ms: number) => void sleeps.push(ms) };
  const turn = paced(frozen, [{ calls: 3, perMs: 60_000, reserved: 1 }]);
  for (let call = 0; call < 4; call += 1) await turn(never);
  expect(sleeps).toEqual([60_000, 60_000]);
  await turn(never, 'paid');
  expect(sleeps).toHaveLength(2);
});

it('a client keeps its pace over reads and paid calls together', async () => {
  const { url } = await httpServer((_, response) => response.end('fine'));
  const clock = manualClock();
  const client = createHttpClient({
    baseUrl: url,
    clock,
    log: memoryLog(),
    timeouts: { connectMs: SECOND_MS, callMs: 30 * SECOND_MS, totalMs: 60 * SECOND_MS },
    maxResponseBytes: 1000,
    redact: [],
    pace: { calls: 2, perMs: 60_000 },
  });
  await client.read({ method: 'GET', path: '/a' });
  await client.sendOnce({ method: 'POST', path: '/b' }, () => {});
  expect(clock.slept).toEqual([]);
  await client.read({ method: 'GET', path: '/c' });
  expect(clock.slept).toEqual([60_000]);
  await client.close();
});

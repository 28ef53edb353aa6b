import { describe, expect, it } from 'vitest';
import { createAlarm } from '../../../../src/entry/daemon/alarm.js';
import { createLoop } from '../../../../src/entry/daemon/loop.js';
import type { OneRun } from '../../../../src/entry/daemon/one-run.js';
import { CertError } from '../../../../src/model/errors.js';
import { MINUTE_MS } from '../../../../src/model/time.js';
import type { Clock } from '../../../../src/ports/clock.js';
import { testContext } from '../../../support/context.js';

const QUIET: OneRun = { code: 0, quiet: true, dueMs: Infinity, goesOn: false, conditions: [] };

/** A clock whose sleeps are over at once and add up; they end early on the signal. */
function fastClock() {
  let ms = 0;
  const sleeps: number[] = [];
  const clock: Clock = {
    now: () => ms,
    monotonic: () => ms,
    async sleep(length, signal) {
      await Promise.resolve();
      if (signal?.aborted) throw new CertError('interrupted', 'stopped');
      sleeps.push(length);
      ms += length;
    },
  };
  return { clock, sleeps, now: () => ms };
}

/** Runs a loop until the given runs are used up; then it is stopped. */
async function loopOf(runs: readonly (() => OneRun | Promise<OneRun>)[]) {
  const { clock, now } = fastClock();
  const stop = new AbortController();
  const context = testContext({
    clock,
    signal: stop.signal,
    random: { hex: () => '', fraction: () => 0.5 },
  });
  const starts: number[] = [];
  const states: (string | undefined)[] = [];
  const loop = createLoop(context, { pollMs: 5 * MINUTE_MS }, createAlarm(clock), async ({ count }) => {
    starts.push(now());
    states.push(loop.unready());
    const run = runs[count - 1];
    if (run !== undefined) return run();
    stop.abort();
    throw new CertError('interrupted', 'stopped');
  });
  await loop.untilStopped();
  return { starts, states, log: JSON.stringify(Reflect.get(context.log, 'lines')) };
}

const fails = (): never => {
  throw new CertError('repository.unavailable', 'the remote cannot be reached', { remedy: 'wait' });
};

describe('the loop of the daemon', () => {
  it('looks at every poll, and sooner where something falls due', async () => {
    const { starts } = await loopOf([() => QUIET, () => ({ ...QUIET, dueMs: 6 * MINUTE_MS }), () => QUIET]);
    expect(starts).toEqual([0, 5 * MINUTE_MS, 6 * MINUTE_MS, 11 * MINUTE_MS]);
  });

  it('backs off after failures, is not ready meanwhile, and is as before once one succeeds', async () => {
    const { starts, states, log } = await loopOf([() => QUIET, fails, fails, () => QUIET, () => QUIET]);
    const gaps = starts.slice(1).map((ms, i) => ms - (starts[i] ?? 0));
    expect(gaps).toEqual([5 * MINUTE_MS, 26_250, 52_500, 5 * MINUTE_MS, 5 * MINUTE_MS]);
    const why = 'the remote cannot be reached; wait';
    expect(states).toEqual(['no run has ended yet', undefined, why, why, undefined, undefined]);
    expect(log).toContain('repository.unavailable');
  });

  it('outlives a defect', async () => {
    const { starts } = await loopOf([
      () => {
        throw new TypeError('x is undefined');
      },
      () => QUIET,
    ]);
    expect(starts).toHaveLength(3);
  });
});

describe('its alarm', () => {
  const signal = new AbortController().signal;

  it('ends a sleep, but not the shortest pause', async () => {
    const { clock, sleeps } = fastClock();
    const alarm = createAlarm(clock);
    alarm.ring();
    alarm.ring();
    expect(await alarm.sleep(5000, 1000, signal)).toBe(true);
    expect(await alarm.sleep(5000, 1000, signal)).toBe(false);
    expect(sleeps).toEqual([1000, 1000, 4000]);
  });

  it('is over when the daemon is stopped', async () => {
    const { clock } = fastClock();
    await expect(createAlarm(clock).sleep(5000, 1000, AbortSignal.abort())).rejects.toMatchObject({
      code: 'interrupted',
    });
  });
});

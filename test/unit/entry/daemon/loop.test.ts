import { describe, expect, it } from 'vitest';
import { createAlarm } from '../../../../src/entry/daemon/alarm.js';
import { createLoop, type Loop } from '../../../../src/entry/daemon/loop.js';
import type { OneRun } from '../../../../src/entry/daemon/one-run.js';
import { CertError } from '../../../../src/model/errors.js';
import { HOUR_MS, MINUTE_MS } from '../../../../src/model/time.js';
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
  const pass = (length: number): void => {
    ms += length;
  };
  return { clock, sleeps, now: () => ms, pass };
}

/** Runs a loop until the given runs are used up; then it is stopped. */
async function loopOf(
  runs: readonly ((loop: Loop, pass: (ms: number) => void) => OneRun | Promise<OneRun>)[],
) {
  const { clock, now, pass } = fastClock();
  const stop = new AbortController();
  const context = testContext({
    clock,
    signal: stop.signal,
    random: { hex: () => '', fraction: () => 0.5 },
  });
  const starts: number[] = [];
  const states: (string | undefined)[] = [];
  const fresh: boolean[] = [];
  const lookAt: unknown[] = [];
  const loop = createLoop(context, { pollMs: 5 * MINUTE_MS }, createAlarm(clock), async (start) => {
    starts.push(now());
    fresh.push(start.fresh);
    lookAt.push(start.lookAt);
    states.push(loop.unready());
    const run = runs[start.count - 1];
    if (run !== undefined) return run(loop, pass);
    stop.abort();
    throw new CertError('interrupted', 'stopped');
  });
  await loop.untilStopped();
  return { starts, states, fresh, lookAt, log: JSON.stringify(Reflect.get(context.log, 'lines')) };
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

  it('says once that it recovered, and after how many failures', async () => {
    const { log } = await loopOf([fails, fails, () => QUIET, () => QUIET]);
    expect(log.match(/recovered/g)).toHaveLength(1);
    expect(log).toContain('{"failures":2,"seconds":79}');
  });

  it('goes on at once where a run did its share and left the rest', async () => {
    const { starts } = await loopOf([() => ({ ...QUIET, goesOn: true }), () => QUIET]);
    expect(starts).toEqual([0, 1000, 1000 + 5 * MINUTE_MS]);
  });

  it('reads everything when it is told to, until a run has done so', async () => {
    const { fresh, starts } = await loopOf([
      (loop) => {
        loop.refresh();
        return QUIET;
      },
      fails,
      () => QUIET,
      () => QUIET,
    ]);
    expect(fresh).toEqual([false, true, true, false, false]);
    // At once, but for a breath.
    expect(starts[1]).toBe(1000);
  });

  it('hands on what providers tell until a run looked at it', async () => {
    const order = { provider: 'main', orderId: '1' };
    const { lookAt, fresh } = await loopOf([
      (loop) => {
        loop.lookAt(order);
        return QUIET;
      },
      fails,
      () => QUIET,
      () => QUIET,
    ]);
    expect(lookAt).toEqual([[], [order], [order], [], []]);
    expect(fresh).toEqual([false, true, true, false, false]);
  });

  it('backs off and is not ready while the clock is wrong', async () => {
    const clockProblem = 'the clock is wrong';
    const applied = {
      clockProblem,
      events: [],
      findings: [],
      plan: { items: [] },
      configuration: {
        branches: { approval: 'trunk' },
        providers: { main: { id: 'main', type: 'sectigo' } },
      },
    } as unknown as NonNullable<OneRun['applied']>;
    const { starts, states } = await loopOf([() => ({ ...QUIET, quiet: false, applied }), () => QUIET]);
    expect(states.slice(1)).toEqual([clockProblem, undefined]);
    expect(starts[1]).toBe(26_250);
  });

  it('is stuck when a run goes on for hours, and not ready long before', async () => {
    const seen: unknown[] = [];
    await loopOf([
      (loop, pass) => {
        for (const hours of [1, 1, 2]) {
          seen.push([loop.unready() === undefined, loop.stuck() === undefined]);
          pass(hours * HOUR_MS + 1);
        }
        seen.push([loop.unready()?.includes('60 minutes'), loop.stuck()?.includes('3 hours')]);
        return QUIET;
      },
    ]);
    expect(seen).toEqual([
      [false, true],
      [false, true],
      [false, true],
      [true, true],
    ]);
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

import { CertError, explain } from '../../model/errors.js';
import { HOUR_MS, MINUTE_MS, toInstant } from '../../model/time.js';
import type { Context } from '../context.js';
import type { Alarm } from './alarm.js';
import type { OneRun } from './one-run.js';
import { restMs, SHORTEST_PAUSE_MS } from './schedule.js';
import { createTeller } from './teller.js';

/** What the health checks and the webhook ask of the loop. */
export interface Loop {
  /** Runs until the signal: a run in hand ends between two calls, with what it did recorded. */
  untilStopped(): Promise<void>;
  /** Why it is not ready; undefined: it is. */
  unready(): string | undefined;
  /** Of the last run that read the configuration. */
  branch(): string | undefined;
}

/** A run that waits for slow providers may take long; one that takes longer than this hangs. */
const LONGEST_RUN_MS = HOUR_MS;

export function createLoop(
  context: Context,
  pollMs: number,
  alarm: Alarm,
  run: (count: number) => Promise<OneRun>,
): Loop {
  const { clock, log, random, signal } = context;
  let branch: string | undefined;
  let failures = 0;
  let why: string | undefined = 'no run has ended yet';
  let startedMs: number | undefined;
  const tell = createTeller(log);

  /** @returns first instant at which a date brings work, epoch ms */
  async function once(count: number): Promise<number> {
    startedMs = clock.monotonic();
    try {
      const ended = await run(count);
      failures = 0;
      why = undefined;
      branch = ended.applied?.configuration.branches.approval ?? branch;
      tell(ended);
      return ended.dueMs;
    } catch (error) {
      if (error instanceof CertError && error.code === 'interrupted' && signal.aborted) throw error;
      failures += 1;
      why = explain(error);
      const fields = { code: error instanceof CertError ? error.code : 'internal', failures, text: why };
      if (error instanceof CertError) log.warn(fields, 'run failed');
      else log.error({ ...fields, stack: error instanceof Error ? error.stack : '' }, 'run failed');
      return Infinity;
    } finally {
      startedMs = undefined;
    }
  }

  return {
    async untilStopped() {
      try {
        for (let count = 1; !signal.aborted; count++) {
          const dueMs = await once(count);
          const ms = restMs({ nowMs: clock.now(), pollMs, failures, dueMs, fraction: random.fraction() });
          log.debug({ next: toInstant(clock.now() + ms) }, 'resting');
          await alarm.sleep(ms, SHORTEST_PAUSE_MS, signal);
        }
      } catch (error) {
        if (!(error instanceof CertError && error.code === 'interrupted')) throw error;
      }
    },
    unready: () =>
      startedMs !== undefined && clock.monotonic() - startedMs > LONGEST_RUN_MS
        ? `a run has been going on for more than ${LONGEST_RUN_MS / MINUTE_MS} minutes`
        : why,
    branch: () => branch,
  };
}

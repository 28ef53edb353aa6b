import { CertError, explain } from '../../model/errors.js';
import { HOUR_MS, MINUTE_MS, SECOND_MS, toInstant } from '../../model/time.js';
import type { Log } from '../../ports/log.js';
import type { OrderAt } from '../../reconcile/look-now.js';
import type { Context } from '../context.js';
import type { Alarm } from './alarm.js';
import type { OneRun } from './one-run.js';
import { restMs, SHORTEST_PAUSE_MS } from './schedule.js';
import { createTeller } from './teller.js';

/** What the health checks, the webhook and signals ask of the loop. */
export interface Loop {
  /** Runs until the signal: a run in hand ends between two calls, with what it did recorded. */
  untilStopped(): Promise<void>;
  /** Runs now, or once more after the run in hand, and reads everything whatever an earlier run found. */
  refresh(): void;
  /** A provider told of an order: looks at it now, or in the run after the one in hand. */
  lookAt(order: OrderAt): void;
  /** Kinds of the accounts by their ids, as the last run that read the configuration found them. */
  accounts(): ReadonlyMap<string, string> | undefined;
  /** Why it is not ready; undefined: it is. */
  unready(): string | undefined;
  /** Why only a new start can help; undefined: it need not. */
  stuck(): string | undefined;
  /** Of the last run that read the configuration. */
  branch(): string | undefined;
}

/** What a run is started with. */
export interface RunStart {
  /** From 1. */
  readonly count: number;
  /** Whatever an earlier run found: everything is read. */
  readonly fresh: boolean;
  /** Orders that providers told of. */
  readonly lookAt: readonly OrderAt[];
}

export interface LoopOptions {
  readonly pollMs: number;
  /** Says everything; absent: the context's log, which may leave out what it said before. */
  readonly everything?: Log;
}

/** A run that waits for slow providers may take long; one that takes longer than this hangs. */
const LONGEST_RUN_MS = HOUR_MS;
/** Orders that wait to be looked at; the daily list finds the others. */
const MOST_ORDERS = 1000;
/** No call lasts that long: nothing will end it. */
const STUCK_MS = 3 * HOUR_MS;

export function createLoop(
  context: Context,
  { pollMs, everything = context.log }: LoopOptions,
  alarm: Alarm,
  run: (start: RunStart) => Promise<OneRun>,
): Loop {
  const { clock, log, random, signal } = context;
  let branch: string | undefined;
  let failures = 0;
  let failingSinceMs = 0;
  let fresh = false;
  let told: readonly OrderAt[] = [];
  let accounts: ReadonlyMap<string, string> | undefined;
  let why: string | undefined = 'no run has ended yet';
  let startedMs: number | undefined;
  const tell = createTeller(log, everything);

  const runningMs = (): number => (startedMs === undefined ? 0 : clock.monotonic() - startedMs);

  function recovered(): void {
    if (failures > 0) {
      const seconds = Math.round((clock.monotonic() - failingSinceMs) / SECOND_MS);
      everything.info({ failures, seconds }, 'recovered');
    }
    failures = 0;
    why = undefined;
  }

  function isFailing(text: string): void {
    if (failures === 0) failingSinceMs = clock.monotonic();
    failures += 1;
    why = text;
  }

  function failed(error: unknown): void {
    const text = explain(error);
    isFailing(text);
    // Without a count: a trouble that lasts is one line, not one for each try.
    const fields = { code: error instanceof CertError ? error.code : 'internal', text };
    if (error instanceof CertError) log.warn(fields, 'run failed');
    else log.error({ ...fields, stack: error instanceof Error ? error.stack : '' }, 'run failed');
  }

  /** When the next run brings anything. */
  async function once(count: number): Promise<Pick<OneRun, 'dueMs' | 'goesOn'>> {
    startedMs = clock.monotonic();
    const start = { count, fresh: fresh || told.length > 0, lookAt: told };
    fresh = false;
    told = [];
    try {
      const ended = await run(start);
      const { applied } = ended;
      if (applied !== undefined) {
        const { branches, providers } = applied.configuration;
        branch = branches.approval;
        accounts = new Map(Object.values(providers).map(({ id, type }) => [id, type]));
      }
      tell(ended);
      // Nothing can be bought until the clock is set, and every try is written down.
      if (applied?.clockProblem !== undefined) isFailing(applied.clockProblem);
      else recovered();
      return ended;
    } catch (error) {
      if (error instanceof CertError && error.code === 'interrupted' && signal.aborted) throw error;
      // What it was told to read it has not read.
      fresh ||= start.fresh;
      told = [...start.lookAt, ...told].slice(-MOST_ORDERS);
      failed(error);
      return { dueMs: Infinity, goesOn: false };
    } finally {
      startedMs = undefined;
    }
  }

  return {
    async untilStopped() {
      try {
        for (let count = 1; !signal.aborted; count++) {
          const { dueMs, goesOn } = await once(count);
          const nowMs = clock.now();
          const ms = restMs({ nowMs, pollMs, failures, dueMs, goesOn, fraction: random.fraction() });
          log.debug({ next: toInstant(nowMs + ms) }, 'resting');
          await alarm.sleep(ms, SHORTEST_PAUSE_MS, signal);
        }
      } catch (error) {
        if (!(error instanceof CertError && error.code === 'interrupted')) throw error;
      }
    },
    refresh() {
      fresh = true;
      alarm.ring();
    },
    lookAt(order) {
      told = [...told, order].slice(-MOST_ORDERS);
      alarm.ring();
    },
    accounts: () => accounts,
    unready: () =>
      runningMs() > LONGEST_RUN_MS
        ? `a run has been going on for more than ${LONGEST_RUN_MS / MINUTE_MS} minutes`
        : why,
    stuck: () =>
      runningMs() > STUCK_MS
        ? `a run has been going on for more than ${STUCK_MS / HOUR_MS} hours: start it anew`
        : undefined,
    branch: () => branch,
  };
}

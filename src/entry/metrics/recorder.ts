import { CertError, messageOf } from '../../model/errors.js';
import { DAY_MS, HOUR_MS, SECOND_MS } from '../../model/time.js';
import { RUN_METRICS, type RunSample, SNAPSHOT_METRICS } from '../../report/metric-catalogue.js';
import type { Globals } from '../cli/globals.js';
import type { Context } from '../context.js';
import { EXIT, type ExitCode, exitCodeOfError } from '../exit.js';
import type { Pinger, PingKind } from '../ping.js';
import { lookAround, type Situation } from '../situation.js';
import { version } from '../version.js';
import { openWorkplace } from '../workplace.js';
import { fileText, type MetricsFile, readMetricsFile, writeMetricsFile } from './file.js';
import { type AskedPlace, lookAtAccounts } from './looks.js';
import type { Meter } from './meter.js';
import { snapshotSamples } from './snapshot.js';
import { gaugesText } from './text.js';

/** What a run tells whoever watches it. One that tells neither did not get as far as its work. */
export interface RunReport {
  /** Nothing changed since an earlier run with nothing to do. */
  quiet(): void;
  /** It read everything, and carried out what it could. Called while the workplace is open; never throws. */
  seen(workplace: AskedPlace, situation: () => Promise<Situation>): Promise<void>;
}

export interface RecorderOptions {
  /** Where metrics are written after every run. */
  readonly file?: string;
  readonly pinger?: Pinger;
  /** Is the beginning of a run pinged, too? */
  readonly pingStart?: boolean;
  /** Counts what only a process that stays can count. */
  readonly meter?: Meter;
  /** Does somebody ask for `text`? */
  readonly served?: boolean;
}

/** Watches runs from outside: metrics and pings. Nothing that goes wrong here makes a run fail. */
export interface Recorder {
  /** @throws what the run throws */
  around<T>(run: (report: RunReport) => Promise<T>, codeOf: (ended: T) => ExitCode): Promise<T>;
  /** As of the last run, made then. */
  text(): Promise<string>;
}

/** A look this old is taken again, though nothing changed: balances move, and a day of spending ends. */
const LOOK_AGAIN_MS = HOUR_MS;

const OUTCOMES: Readonly<Record<number, string>> = {
  [EXIT.fine]: 'fine',
  [EXIT.error]: 'error',
  [EXIT.refused]: 'refused',
  [EXIT.attention]: 'attention',
};

interface Ended {
  readonly code: ExitCode;
  readonly how: 'quiet' | 'seen' | 'failed';
  readonly ms: number;
}

export function createRecorder(context: Context, globals: Globals, options: RecorderOptions): Recorder {
  const { clock, signal } = context;
  const { file, pinger, meter } = options;
  const records = file !== undefined || options.served === true;
  let last: MetricsFile = { snapshot: '', snapshotMs: 0, looks: [] };
  let runText = '';
  let isRead = false;

  /** @returns false: it threw something, which is said */
  async function attempt(what: string, work: () => Promise<void> | void): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      if (!(error instanceof CertError)) context.log.warn({ error: messageOf(error) }, `${what} failed`);
      context.say(`warning: ${what} failed: ${messageOf(error)}`);
      return false;
    }
  }

  /** An earlier process's file tells when a run last succeeded, and what need not be asked again. */
  const recall = (): Promise<boolean> =>
    attempt('reading the file of metrics', () => {
      if (isRead || file === undefined) return;
      last = readMetricsFile(file) ?? last;
      isRead = true;
    });

  async function look(workplace: AskedPlace, situationOf: () => Promise<Situation>): Promise<void> {
    const situation = await situationOf();
    const looks = await lookAtAccounts(context, workplace, situation.input?.memory, last.looks);
    const snapshot = await gaugesText(SNAPSHOT_METRICS, snapshotSamples(situation, looks));
    last = { ...last, snapshot, looks, snapshotMs: situation.nowMs };
  }

  async function lookAgain(): Promise<void> {
    const nowMs = clock.now();
    const sameDay = Math.floor(last.snapshotMs / DAY_MS) === Math.floor(nowMs / DAY_MS);
    if (sameDay && Math.abs(nowMs - last.snapshotMs) < LOOK_AGAIN_MS) return;
    const workplace = await openWorkplace(context, globals);
    try {
      await look(workplace, () => lookAround(context, workplace.deps));
    } finally {
      await workplace.close();
    }
  }

  async function finish({ code, how, ms }: Ended): Promise<void> {
    const outcome = how === 'seen' ? (OUTCOMES[code] ?? 'error') : how;
    meter?.runEnded(outcome, ms);
    const pinged = ping(code === EXIT.fine ? 'success' : 'fail', `exit code ${code}: ${outcome}`);
    if (records && (await recall())) {
      if (how === 'quiet') await attempt('looking for metrics', lookAgain);
      if (how !== 'failed') last = { ...last, successMs: clock.now() };
      runText = await gaugesText(RUN_METRICS, runSamples(code, ms, clock.now(), last.successMs));
    }
    await pinged;
    if (file !== undefined && isRead)
      await attempt('writing metrics', async () => writeMetricsFile(file, await whole()));
  }

  async function ping(kind: PingKind, text: string): Promise<void> {
    if (pinger === undefined || signal.aborted) return;
    await attempt('the ping', async () => {
      const why = await pinger.ping(kind, text);
      meter?.pinged(why === undefined);
      if (why !== undefined) context.say(`warning: the ping "${kind}" did not get there: ${why}`);
    });
  }

  async function whole(): Promise<string> {
    return fileText(last.snapshot, `${runText}${(await meter?.text()) ?? ''}`);
  }

  return {
    text: whole,
    async around<T>(run: (report: RunReport) => Promise<T>, codeOf: (ended: T) => ExitCode): Promise<T> {
      const startedMs = clock.monotonic();
      const took = () => clock.monotonic() - startedMs;
      let how: Ended['how'] = 'failed';
      const report: RunReport = {
        quiet() {
          how = 'quiet';
        },
        async seen(workplace, situationOf) {
          how = 'seen';
          if (!records || !(await recall())) return;
          await attempt('looking for metrics', () => look(workplace, situationOf));
        },
      };
      let ended: T;
      const started = options.pingStart === true ? ping('start', 'a run begins') : undefined;
      const conclude = (code: ExitCode) =>
        attempt('recording the run', () => finish({ code, how, ms: took() }));
      try {
        ended = await run(report);
      } catch (error) {
        await started;
        // Stopped by a person, or with the machine: neither a success nor a failure.
        if (signal.aborted || (error instanceof CertError && error.code === 'interrupted')) throw error;
        how = 'failed';
        await conclude(error instanceof CertError ? exitCodeOfError(error) : EXIT.error);
        throw error;
      }
      await started;
      await conclude(codeOf(ended));
      return ended;
    },
  };
}

const runSamples = (
  code: ExitCode,
  ms: number,
  nowMs: number,
  successMs: number | undefined,
): readonly RunSample[] => [
  { name: 'certwright_build_info', labels: { version, node: process.versions.node }, value: 1 },
  { name: 'certwright_last_run_timestamp_seconds', value: Math.floor(nowMs / SECOND_MS) },
  { name: 'certwright_last_run_duration_seconds', value: Math.round(ms) / SECOND_MS },
  { name: 'certwright_last_run_exit_code', value: code },
  ...(successMs === undefined
    ? []
    : [
        {
          name: 'certwright_last_successful_run_timestamp_seconds' as const,
          value: Math.floor(successMs / SECOND_MS),
        },
      ]),
];

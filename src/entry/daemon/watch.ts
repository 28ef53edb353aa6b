import type { Globals } from '../cli/globals.js';
import type { Options } from '../cli/program.js';
import { fileOption, pingOptions } from '../cli/recorded.js';
import type { Context } from '../context.js';
import { createMeter } from '../metrics/meter.js';
import { createRecorder, type Recorder, type RunReport } from '../metrics/recorder.js';
import type { OneRun } from './one-run.js';

/** Metrics and pings of a daemon. */
export interface Watch extends Pick<Recorder, 'text'> {
  /** For runs whose calls to accounts are counted. */
  readonly context: Context;
  around(run: (report: RunReport) => Promise<OneRun>): Promise<OneRun>;
}

/** @throws CertError `usage`, `config.invalid`, `config.missing-variable` */
export async function createWatch(
  context: Context,
  globals: Globals,
  options: Options,
  isReady: () => boolean,
): Promise<Watch> {
  const meter = createMeter(isReady);
  const counted = { ...context, observeCalls: meter.observeCalls };
  const recorder = createRecorder(counted, globals, {
    ...fileOption(context, options),
    ...(await pingOptions(context, options)),
    meter,
    served: true,
  });
  return {
    context: counted,
    text: recorder.text,
    around: (run) => recorder.around(run, ({ code }) => code),
  };
}

import { resolve } from 'node:path';
import { CertError, messageOf } from '../../model/errors.js';
import type { Context } from '../context.js';
import type { ExitCode } from '../exit.js';
import type { RecorderOptions, RunReport } from '../metrics/recorder.js';
import { isWatched } from '../metrics/wanted.js';
import type { Globals } from './globals.js';
import type { Options } from './program.js';

const NOBODY: RunReport = { quiet: () => undefined, seen: async () => undefined };

/** A run with metrics and pings around it, where they are asked for. */
export async function recorded(
  context: Context,
  globals: Globals,
  options: Options,
  run: (report: RunReport) => Promise<ExitCode>,
): Promise<ExitCode> {
  if (!isWatched(options, context.env)) return run(NOBODY);
  // Most runs have nobody who watches them.
  const { createRecorder } = await import('../metrics/recorder.js');
  let watching: RecorderOptions = fileOption(context, options);
  try {
    watching = { ...watching, ...(await pingOptions(context, options)) };
  } catch (error) {
    if (!(error instanceof CertError)) throw error;
    // A certificate that is due is worth more than a ping.
    context.say(`warning: nobody is pinged: ${messageOf(error)}`);
  }
  return createRecorder(context, globals, watching).around(run, (code) => code);
}

export const fileOption = (
  { cwd }: Pick<Context, 'cwd'>,
  { metricsFile }: Options,
): Pick<RecorderOptions, 'file'> =>
  typeof metricsFile === 'string' && metricsFile !== '' ? { file: resolve(cwd, metricsFile) } : {};

/** @throws CertError `usage`, `config.invalid`, `config.missing-variable` */
export async function pingOptions(
  context: Context,
  { ping, pingStart }: Options,
): Promise<Pick<RecorderOptions, 'pinger' | 'pingStart'>> {
  const { createPinger, pingAddress } = await import('../ping.js');
  const address = pingAddress(context, ping);
  if (address === undefined) return {};
  return { pinger: createPinger(context, address), pingStart: pingStart === true };
}

import type { ProgramHook } from '../model/configuration.js';
import { CertError } from '../model/errors.js';
import type { PublishedHook } from '../ports/hook.js';
import { runProgram, surroundings } from './run.js';

export interface HookSurroundings {
  /** The folder certwright was started in: where relative paths begin. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** One variable of our environment. */
  variable(name: string): string | undefined;
}

/** A program of the user's own, told by one JSON object on its standard input. */
export function publishedHook(config: ProgramHook, around: HookSurroundings): PublishedHook {
  const what = `hook ${config.run.join(' ')}`;
  return async (event) => {
    await runProgram({
      command: config.run,
      what,
      ...surroundings(around.variable, config.environment),
      folder: around.folder,
      limitMs: config.timeoutMs,
      signal: around.signal,
      input: `${JSON.stringify(event)}\n`,
      failed: (message, _remedy, printed) =>
        new CertError('hook.failed', message, {
          remedy: 'it is tried again by later runs; `certwright show NAME` tells when',
          ...printed,
        }),
    });
  };
}

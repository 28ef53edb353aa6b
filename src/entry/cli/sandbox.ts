import { resolve } from 'node:path';
import { CertError } from '../../model/errors.js';
import { findSandbox, parseAssignment, sandboxDefinitions, startSandbox } from '../../sandbox/index.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit.js';
import { listSandboxes, startedText } from '../sandbox-text.js';
import type { Globals } from './globals.js';
import { portOf } from './port.js';
import type { Options } from './program.js';

const texts = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];

/** `certwright sandbox`: serves until Ctrl-C. It needs no repository, and touches none. */
export async function run(
  context: Context,
  { json }: Globals,
  options: Options,
  [type]: readonly string[],
): Promise<number> {
  if (options.list === true) {
    const chosen = type === undefined ? sandboxDefinitions : [findSandbox(type)];
    context.print(listSandboxes(chosen, { json, ...context.render }));
    return EXIT.fine;
  }
  if (type === undefined) {
    const known = sandboxDefinitions.map((definition) => definition.type).join(', ');
    throw new CertError('usage', `Name the provider to start a sandbox of: ${known}.`);
  }
  const definition = findSandbox(type);
  const stateFile = typeof options.state === 'string' ? resolve(context.cwd, options.state) : undefined;
  const sandbox = await startSandbox(type, {
    ...(options.port === undefined ? {} : { port: portOf(options.port) }),
    ...(stateFile === undefined ? {} : { stateFile }),
    ...(options.speed === undefined ? {} : { speed: Number(options.speed) }),
    faults: texts(options.fault),
    settings: Object.fromEntries(texts(options.set).map(parseAssignment)),
  });
  try {
    context.print(startedText(definition, sandbox, { json, stateFile, ...context.render }));
    await stopped(context.signal);
    return EXIT.fine;
  } finally {
    await sandbox.close();
  }
}

const stopped = (signal: AbortSignal): Promise<void> =>
  signal.aborted
    ? Promise.resolve()
    : new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

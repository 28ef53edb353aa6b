import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Context } from '../../src/entry/context.js';
import { systemClock, systemRandom } from '../../src/entry/system/clock.js';
import { providerDefinitions } from '../../src/providers/index.js';
import { testEnv } from './git.js';
import { memoryLog } from './memory-log.js';

/** A context with what a command printed and said so far. */
export type TestContext = Context & {
  /** Results, as stdout would have them. */
  out(): string;
  /** Warnings, hints and errors, as stderr would have them. */
  err(): string;
};

const line = (text: string): string => (text.endsWith('\n') || text === '' ? text : `${text}\n`);

/**
 * What a command gets instead of the process: a home of its own (gone after the test), output kept in memory, 120 columns
 * without colour, nobody to ask. `env` is added to the test's environment; everything else replaces what is here.
 */
export function testContext(overrides: Partial<Context> = {}): TestContext {
  const { env, ...others } = overrides;
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'certwright-home-')));
  onTestFinished(() => rmSync(home, { recursive: true, force: true, maxRetries: 5 }));
  let out = '';
  let err = '';
  return {
    cwd: home,
    env: {
      ...testEnv({
        HOME: home,
        XDG_CACHE_HOME: join(home, 'cache'),
        XDG_STATE_HOME: join(home, 'state'),
        XDG_CONFIG_HOME: join(home, 'config'),
      }),
      ...env,
    },
    clock: systemClock,
    random: systemRandom,
    log: memoryLog(),
    progress: { step: () => undefined, clear: () => undefined },
    signal: new AbortController().signal,
    print(text) {
      out += line(text);
    },
    say(text) {
      err += line(text);
    },
    ask: async () => undefined,
    stdin: process.stdin,
    interactive: false,
    render: { color: false, width: 120 },
    runId: 'test',
    definitions: providerDefinitions,
    ...others,
    out: () => out,
    err: () => err,
  };
}

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { inject, onTestFinished } from 'vitest';
import { SHARD_VARIABLE } from '../../src/entry/shard.js';
import type { Place } from './engine.js';
import type { EngineOrder } from './engine-main.js';
import { cloneOf, tempFolder, testEnv } from './git.js';

const run = promisify(execFile);

/** A machine of its own: a fresh clone and an empty home. */
export interface Process {
  readonly clone: string;
  /** As `openRunner` wants it, to work on as the same machine. */
  readonly stateHome: string;
  readonly pid: number;
  /** Exit code; null after a signal. */
  readonly ended: Promise<number | null>;
  out(): string;
  /** Its log, one JSON object for each line. */
  log(): string;
}

async function start(
  place: Place,
  main: 'apply' | 'engine',
  argument: (machine: { readonly clone: string; readonly home: string }) => string,
  env: Readonly<Record<string, string>> = {},
): Promise<Process> {
  if (place.store.path === undefined) throw new Error('a process needs a remote on disk');
  const clone = await cloneOf({ url: place.store.path });
  const home = await tempFolder();
  const stateHome = join(home, 'state');
  const child: ChildProcess = spawn(
    process.execPath,
    [join(inject('packed'), `${main}.js`), argument({ clone, home })],
    {
      env: testEnv({
        ...place.env,
        HOME: home,
        XDG_CACHE_HOME: join(home, 'cache'),
        XDG_STATE_HOME: stateHome,
        CERTWRIGHT_IDENTITY: place.identity,
        CERTWRIGHT_LOG: 'info',
        ...env,
      }),
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  let out = '';
  let log = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    out += chunk.toString('utf8');
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    log += chunk.toString('utf8');
  });
  const ended = once(child, 'close').then(([code]: unknown[]) => (typeof code === 'number' ? code : null));
  return { clone, stateHome, pid: child.pid ?? 0, ended, out: () => out, log: () => log };
}

/** `certwright apply --yes` of the command line. @param shard  such as `2/5`; absent: all of it */
export const startApply = (place: Place, shard?: string): Promise<Process> =>
  start(place, 'apply', ({ clone }) => clone, shard === undefined ? {} : { [SHARD_VARIABLE]: shard });

/** An apply whose port calls are numbered, and that sends itself a signal at one of them. */
export async function startStruck(
  place: Place,
  point: EngineOrder['point'],
  signal: EngineOrder['signal'] = 'SIGKILL',
): Promise<Process & { readonly aheadFile: string }> {
  const aheadFile = join(await tempFolder(), 'ahead-ms');
  await writeFile(aheadFile, '0');
  const process = await start(place, 'engine', ({ clone }) => {
    const order: EngineOrder = { clone, startMs: place.clock.now(), aheadFile, point, signal };
    return JSON.stringify(order);
  });
  return { ...process, aheadFile };
}

const POLL_MS = 20;

/** Resolves once the kernel says that the process is stopped. */
export async function isStopped({ pid, ended }: Process): Promise<void> {
  let over = false;
  void ended.then(() => {
    over = true;
  });
  for (;;) {
    if (over) throw new Error('the process ended instead of stopping');
    const { stdout } = await run('ps', ['-o', 'stat=', '-p', String(pid)]).catch(() => ({ stdout: '' }));
    if (stdout.trim().startsWith('T')) return;
    await pause(POLL_MS);
  }
}

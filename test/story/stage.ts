/**
 * What a story needs: the built command as a real process, a team with a remote, a clone and a home of its own, and short
 * ways to merge, to look at every ref, and to ask openssl.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { inject, onTestFinished } from 'vitest';
import {
  cloneOf,
  commitAndPush,
  emptyRemote,
  type Files,
  filesOf,
  type GitRemote,
  git,
  refsOf,
  tempFolder,
  testEnv,
  writeFiles,
} from '../support/git.js';

const run = promisify(execFile);

/** The built command with its modules put together, which starts in half the time: test/support/packed.ts. */
export const COMMAND = join(inject('packed'), 'bin', 'certwright.js');
/** As a program to start: the very files that the package holds. */
export const PUBLISHED: readonly string[] = [
  process.execPath,
  fileURLToPath(new URL('../../bin/certwright.js', import.meta.url)),
];
/** A journey is many processes; on a busy machine each takes seconds. */
export const LONG_MS = 180_000;
export const STATE = 'certwright/state';
/** Local-ca keeps its books here: a call that changes anything at the provider moves it. */
const BOOKS = 'refs/certwright/accounts/internal';

/** The command with another clock, its children too: `+90d`, or a standing start at `@2027-01-31 00:00:00`. */
export const laterBy = (time: string): readonly string[] => [
  'faketime',
  '-f',
  time,
  process.execPath,
  COMMAND,
];

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  /** Both, for what must or must not be said anywhere. */
  readonly said: string;
}

export interface StartOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** What stands before the command: `faketime` with its arguments, another entry point. */
  readonly program?: readonly string[];
  /** A process group of its own, so that a signal can be sent to it and its children, as a terminal does. */
  readonly group?: boolean;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** Starts the built command. Nobody can answer it: its input is closed. */
export function start(args: readonly string[], options: StartOptions): Started {
  const [file = '', ...before] = options.program ?? [process.execPath, COMMAND];
  const child = spawn(file, [...before, ...args], {
    cwd: options.cwd,
    env: options.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: options.group === true,
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let out = '';
  let err = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const ended = new Promise<Ended>((settle, fail) => {
    child.once('error', fail);
    child.once('close', (code) => settle({ code, out, err, said: out + err }));
  });
  return { child, ended };
}

export interface Team {
  readonly remote: GitRemote;
  /** A clone with `main` checked out. */
  readonly clone: string;
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  /** The command in the clone; a last argument may change folder, environment or program. */
  certwright(args: readonly string[], changes?: Partial<StartOptions>): Promise<Ended>;
  /** Files committed and pushed to the approval branch. Gives the commit. */
  merge(files: Files, message?: string): Promise<string>;
  /** Every ref of the remote: equal before and after means that nothing was written and nothing bought. */
  refs(): Promise<Readonly<Record<string, string>>>;
  /** Files of the state branch. */
  state(): Promise<Readonly<Record<string, string>>>;
  /** `status.json` of one certificate. */
  status(name: string): Promise<StatusFile>;
  /** Orders in the books of the embedded CA. */
  orders(): Promise<readonly string[]>;
}

/** The part of a status that stories look at. */
export interface StatusFile {
  readonly orders: readonly {
    readonly id: string;
    readonly paidTill?: string;
    readonly predecessor?: string;
  }[];
  readonly current?: {
    readonly serial: string;
    readonly names: readonly string[];
    readonly notAfter: string;
    readonly order: string;
    readonly reason: string;
  };
  readonly previous: readonly { readonly serial: string }[];
  readonly intents: readonly { readonly phase: string; readonly action: string }[];
  readonly archived?: { readonly at: string };
}

/** A home of its own and nothing of the machine's settings. */
async function homeOf(folder: string, extra: Readonly<Record<string, string>> = {}) {
  const home = join(folder, 'home');
  await mkdir(home, { recursive: true });
  return {
    home,
    env: testEnv({
      HOME: home,
      XDG_CACHE_HOME: join(home, 'cache'),
      XDG_STATE_HOME: join(home, 'state'),
      XDG_CONFIG_HOME: join(home, 'config'),
      ...extra,
    }),
  };
}

export interface TeamOptions {
  /** Default: an empty bare repository by path. */
  readonly remote?: GitRemote;
  /** Written over what `init` made, then merged. The example manifest goes unless it is named here. */
  readonly files?: Files;
  /** Text for `certwright.yaml` instead of its `providers:` and `policy:` blocks. */
  readonly providers?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly program?: readonly string[];
}

/** The text of a configuration from its `providers:` on replaced; who may open the keys stays. */
const withProviders = (configuration: string, providers: string): string =>
  configuration.slice(0, configuration.indexOf('\nproviders:') + 1) + providers;

/** A team that ran `init` and merged what it wrote. */
export async function teamOf(options: TeamOptions = {}): Promise<Team> {
  const remote = options.remote ?? (await emptyRemote());
  const team = await teamAt(remote, options);
  const made = await team.certwright(['init', '--single-recipient']);
  if (made.code !== 0) throw new Error(`init failed: ${made.said}`);
  const { stdout } = await run('cat', [join(team.clone, 'certwright.yaml')]);
  await team.merge({
    'certificates/example.yaml': null,
    ...(options.providers === undefined
      ? {}
      : { 'certwright.yaml': withProviders(stdout, options.providers) }),
    ...options.files,
  });
  return team;
}

/** A clone and a home for a remote that may be set up already. */
export async function teamAt(remote: GitRemote, options: TeamOptions = {}): Promise<Team> {
  const { home, env } = await homeOf(await tempFolder(), options.env);
  const clone = await cloneOf(remote);
  const usual: StartOptions = {
    cwd: clone,
    env,
    ...(options.program === undefined ? {} : { program: options.program }),
  };
  return {
    remote,
    clone,
    home,
    env,
    certwright: (args, changes = {}) => start(args, { ...usual, ...changes }).ended,
    merge: (files, message) => commitAndPush(clone, files, message),
    refs: () => refsOf(remote),
    state: () => filesOf(remote, STATE),
    async status(name) {
      return JSON.parse(await git(remote.path, 'cat-file', 'blob', `${STATE}:issued/${name}/status.json`));
    },
    orders: () => ordersAt(remote),
  };
}

async function ordersAt(remote: GitRemote): Promise<readonly string[]> {
  const refs = await refsOf(remote);
  if (refs[BOOKS] === undefined) return [];
  const listing = await git(remote.path, 'ls-tree', '-r', '--name-only', BOOKS, 'orders/');
  return listing.split('\n').filter((path) => path !== '');
}

/** Runs openssl, gives what it printed; rejects with its message when it does not agree. */
export async function openssl(...args: string[]): Promise<string> {
  const { stdout } = await run('openssl', args);
  return stdout.trim();
}

/** Files of one certificate written to a folder, as a server would have them. */
export async function published(team: Team, name: string): Promise<string> {
  const folder = await tempFolder();
  const files = await team.state();
  const prefix = `issued/${name}/`;
  await writeFiles(
    folder,
    Object.fromEntries(
      Object.entries(files)
        .filter(([path]) => path.startsWith(prefix))
        .map(([path, text]) => [path.slice(prefix.length), text]),
    ),
  );
  return folder;
}

/** The root of the embedded CA, from its books. */
export async function rootPem(team: Team): Promise<string> {
  const record: unknown = JSON.parse(await git(team.remote.path, 'cat-file', 'blob', `${BOOKS}:ca.json`));
  const text = JSON.stringify(record);
  const pems = [...text.matchAll(/-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/g)].map(([pem]) =>
    pem.replaceAll('\\n', '\n'),
  );
  return `${pems.join('\n')}\n`;
}

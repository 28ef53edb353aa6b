import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { CertError } from '../model/errors.js';
import type { Secret } from '../model/secret.js';
import type { Shard } from '../model/shard.js';
import type { CallObserver } from '../ports/call-observer.js';
import type { Clock, Random } from '../ports/clock.js';
import type { Log } from '../ports/log.js';
import type { ProviderDefinition } from '../ports/provider.js';
import type { CommitPublisher } from '../ports/repository.js';
import { providerDefinitions } from '../providers/index.js';
import type { RenderOptions } from '../report/layout.js';
import type { QuietStore } from './quiet-record.js';
import { systemClock, systemRandom } from './system/clock.js';
import { createLog, logLevels } from './system/log.js';
import type { ProgressLine } from './system/progress.js';

/** Everything a command may touch of the process it runs in; tests hand in their own. */
export interface Context {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly progress: ProgressLine;
  readonly signal: AbortSignal;
  /** Ends git's calls; absent: `signal` does. The daemon lets a push in hand finish. */
  readonly gitSignal?: AbortSignal;
  /** Results; always complete lines. */
  print(text: string): void;
  /** For people: warnings, hints, errors. */
  say(text: string): void;
  /** A question on the terminal; undefined where nobody can answer. */
  ask(question: string): Promise<string | undefined>;
  readonly stdin: NodeJS.ReadStream;
  readonly interactive: boolean;
  readonly render: RenderOptions;
  readonly runId: string;
  /** Kinds of provider there are. */
  readonly definitions: readonly ProviderDefinition[];
  /** This process acts for these certificates alone; absent: for all. */
  readonly shard?: Shard;
  /** May programs of the user's own be started after a publication? The command line and the daemon do. */
  readonly startsHooks?: boolean;
  /** The checkout is somebody's proposal: no program of it is started. */
  readonly isProposal?: true;
  /** Keeps what a run with nothing to do found; absent: a file in the cache folder does. */
  readonly quiet?: QuietStore;
  /** Makes the commits of the state branch; absent: they are pushed. */
  readonly publisher?: CommitPublisher;
  /** Counts the HTTP requests of an account, by its id; absent: nobody does. */
  readonly observeCalls?: (account: string) => CallObserver;
  /** Token for the forge; absent: `GITHUB_TOKEN` or `GH_TOKEN`, where one is set. */
  readonly forgeToken?: Secret;
}

export interface ContextOptions {
  readonly cwd?: string;
  readonly signal: AbortSignal;
  readonly definitions?: readonly ProviderDefinition[];
  /** Default: no. */
  readonly startsHooks?: boolean;
}

/** Where nobody watches a terminal the log tells. */
const NO_PROGRESS: ProgressLine = { step: () => undefined, clear: () => undefined };

async function progressOn(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Promise<ProgressLine> {
  if (stream.isTTY !== true || env.CI !== undefined) return NO_PROGRESS;
  const { createProgress } = await import('./system/progress.js');
  return createProgress(stream);
}

/** Pipes and files get lines as long as they are. */
async function wrapOn(stream: NodeJS.WriteStream): Promise<(text: string) => string> {
  if (stream.isTTY !== true) return (text) => text;
  const { wrapSaid } = await import('./system/wrap-said.js');
  return (text) => wrapSaid(text, columnsOf(stream));
}

const columnsOf = ({ columns = 80 }: NodeJS.WriteStream): number => Math.max(40, columns);

/** The context of this process: its terminal, environment and folder. Loads what this environment needs, no more. */
export async function processContext(options: ContextOptions): Promise<Context> {
  const { env, stdout, stderr, stdin } = process;
  const runId = systemRandom.hex(4);
  const progress = await progressOn(stderr, env);
  const wrap = await wrapOn(stderr);
  const levels = logLevels(env);
  for (const problem of levels.problems) stderr.write(`warning: ${problem}\n`);
  return {
    cwd: resolve(options.cwd ?? '.'),
    env,
    clock: systemClock,
    random: systemRandom,
    log: await createLog(levels, runId),
    progress,
    signal: options.signal,
    print(text) {
      progress.clear();
      stdout.write(text.endsWith('\n') || text === '' ? text : `${text}\n`);
    },
    say(text) {
      progress.clear();
      stderr.write(wrap(text.endsWith('\n') ? text : `${text}\n`));
    },
    async ask(question) {
      if (stdin.isTTY !== true || stdout.isTTY !== true) return undefined;
      progress.clear();
      const { createInterface } = await import('node:readline/promises');
      const lines = createInterface({ input: stdin, output: stdout });
      // Ctrl-D answers nothing; before Node 24 that would leave the question open for ever.
      const closed = new Promise<never>((_, fail) => lines.once('close', () => fail(new Error('closed'))));
      try {
        return await Promise.race([lines.question(question, { signal: options.signal }), closed]);
      } catch (error) {
        throw new CertError('interrupted', 'stopped at the question; nothing was done', { cause: error });
      } finally {
        lines.close();
      }
    },
    stdin,
    interactive: stdin.isTTY === true && stdout.isTTY === true,
    render: {
      color: stdout.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb',
      width: stdout.isTTY === true ? columnsOf(stdout) : Number.POSITIVE_INFINITY,
    },
    runId,
    definitions: options.definitions ?? providerDefinitions,
    startsHooks: options.startsHooks ?? false,
  };
}

const xdg = (env: NodeJS.ProcessEnv, variable: string, fallback: string): string => {
  const set = env[variable];
  return set === undefined || set === '' ? join(env.HOME ?? homedir(), fallback) : set;
};

/** Our own clones; may be deleted at any time. */
export const cacheFolder = (env: NodeJS.ProcessEnv): string =>
  join(xdg(env, 'XDG_CACHE_HOME', '.cache'), 'certwright');

/** Outcomes not pushed yet. */
export const spoolFolder = (env: NodeJS.ProcessEnv): string =>
  join(xdg(env, 'XDG_STATE_HOME', '.local/state'), 'certwright', 'spool');

/** Identities of one repository, as `init` writes them. */
export const identityFolder = (env: NodeJS.ProcessEnv, repositoryId: string): string =>
  join(xdg(env, 'XDG_CONFIG_HOME', '.config'), 'certwright', repositoryId);

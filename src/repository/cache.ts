import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CertError, messageOf } from '../model/errors.js';
import { DAY_MS, SECOND_MS } from '../model/time.js';
import type { Log } from '../ports/log.js';
import type { Oid } from '../ports/repository.js';
import { makeFolder } from './folder.js';
import { type Git, mustRun } from './process.js';

const RUN_ROOT = 'refs/run/';
/** Tips kept between runs, so that the next fetch brings only what is new. Never read as facts. */
const KEPT_ROOT = 'refs/kept/';
const LEFT_OVER_MS = DAY_MS;

/** Folder of our own bare clone of a remote: the same for every clone a person has of it. */
export const cachePath = (cacheDir: string, remoteUrl: string, objectFormat: string): string =>
  join(
    cacheDir,
    'git',
    `${createHash('sha256').update(`${objectFormat}\n${remoteUrl}`).digest('hex').slice(0, 32)}.git`,
  );

/**
 * Makes the bare clone where there is none. Built beside and renamed into place: two processes may do it at once.
 * @param init  runs `git init` for the folder given
 */
export async function createCache(path: string, init: (folder: string) => Promise<unknown>): Promise<void> {
  if (existsSync(join(path, 'HEAD'))) return;
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    makeFolder(draft, 0o700);
    await init(draft);
    await rename(draft, path).catch((error: unknown) => {
      if (!existsSync(join(path, 'HEAD'))) throw error;
    });
  } catch (error) {
    // What git itself says (no room, no permission) needs the folder's name and a way out beside it.
    const words = error instanceof CertError ? error.providerText : undefined;
    if (error instanceof CertError && words === undefined) throw error;
    throw new CertError(
      'repository.unavailable',
      `the cache folder ${path} cannot be made: ${messageOf(error)}`,
      {
        cause: error,
        remedy: 'Make it writable and make room on its disk, or point XDG_CACHE_HOME at another folder.',
        ...(words === undefined ? {} : { providerText: words }),
      },
    );
  } finally {
    await rm(draft, { recursive: true, force: true }).catch(() => undefined);
  }
}

interface Ref {
  readonly ref: string;
  readonly oid: Oid;
}

async function listRefs(git: Git): Promise<readonly Ref[]> {
  const out = await mustRun(git, ['for-each-ref', '--format=%(objectname) %(refname)', RUN_ROOT, KEPT_ROOT]);
  return out
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({ oid: line.slice(0, line.indexOf(' ')), ref: line.slice(line.indexOf(' ') + 1) }));
}

/** Refs of one run in the shared bare clone: its own names, so that two runs never meet. */
export interface RunRefs {
  /** A prefix not used before, ending in `/`; `collect` gives it back. */
  next(): string;
  /** What a fetch brought below `prefix`, by the rest of the name. The objects stay, the refs go. */
  collect(prefix: string): Promise<ReadonlyMap<string, Oid>>;
  /** Removes what is left of this run. Never throws. */
  close(): Promise<void>;
}

const keptName = (name: string): string => KEPT_ROOT + name.replaceAll('/', '-');

export function openRunRefs(git: Git, nowMs: number, log: Log): RunRefs {
  const run = `${RUN_ROOT}${Math.floor(nowMs / SECOND_MS)}-${randomBytes(8).toString('hex')}/`;
  let count = 0;

  const pending = new Set<string>();

  const isLeftOver = (ref: string): boolean => {
    const startedAt = Number(/^refs\/run\/(\d+)-/.exec(ref)?.[1] ?? Number.NaN) * SECOND_MS;
    return nowMs - startedAt > LEFT_OVER_MS;
  };

  /** Housekeeping: another run that holds a lock is no reason to fail, the next one does it. */
  async function update(commands: readonly string[]): Promise<void> {
    if (commands.length === 0) return;
    const result = await git(['update-ref', '--stdin'], { input: `${commands.join('\n')}\n` });
    if (result.code !== 0) log.debug({ text: result.stderr.trim() }, 'refs of the git cache were not tidied');
  }

  return {
    next() {
      const prefix = `${run}${count++}/`;
      pending.add(prefix);
      return prefix;
    },
    async collect(prefix) {
      const refs = await listRefs(git);
      const fetched = new Map(
        refs
          .filter(({ ref }) => ref.startsWith(prefix))
          .map(({ ref, oid }) => [ref.slice(prefix.length), oid]),
      );
      const kept = new Map(refs.map(({ ref, oid }) => [ref, oid]));
      const advanced = [...fetched].filter(([name, oid]) => kept.get(keptName(name)) !== oid);
      const done = refs.filter(({ ref }) => ref.startsWith(prefix) || isLeftOver(ref));
      await update([
        ...advanced.map(([name, oid]) => `update ${keptName(name)} ${oid}`),
        ...done.map(({ ref }) => `delete ${ref}`),
      ]);
      pending.delete(prefix);
      return fetched;
    },
    async close() {
      if (pending.size === 0) return;
      try {
        const refs = await listRefs(git);
        await update(refs.filter(({ ref }) => ref.startsWith(run)).map(({ ref }) => `delete ${ref}`));
      } catch (error) {
        log.debug({ text: messageOf(error) }, 'refs of the git cache were not tidied');
      }
    },
  };
}

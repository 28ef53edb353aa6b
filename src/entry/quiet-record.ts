import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf } from '../model/errors.js';
import type { Plan } from '../model/plan.js';
import type { SecretSource } from '../model/secret.js';
import { type Shard, shardText } from '../model/shard.js';
import { HOUR_MS } from '../model/time.js';
import type { Log } from '../ports/log.js';
import type { RepositorySnapshot } from '../ports/repository.js';
import { makeFolder } from '../repository/folder.js';
import { type Context, cacheFolder } from './context.js';
import { version } from './version.js';

/** What a run looked at, by content: while all of it is the same, only the clock can bring anything new. */
export interface QuietSubject {
  readonly remote: string;
  readonly approval: string;
  readonly state: string | null;
  readonly seen: string | null;
  /** What runs left to each other: a list may have brought something that needs a person. */
  readonly cache: string | null;
}

/** A run found nothing to do and nothing to say, and until when that holds. Names credentials, holds none. */
export interface QuietRecord {
  /** Top of the checkout, and SHA-256 of the certwright.yaml in it. */
  readonly root: string;
  readonly checkout: string;
  readonly branches: { readonly approval: string; readonly state: string };
  readonly subject: QuietSubject;
  /** When it was judged, and the first instant at which it may be otherwise, epoch ms. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** The oldest of the accounts' last lists, epoch ms. */
  readonly listedMs: number;
  /** Without any line. */
  readonly plan: Plan;
  /** What the accounts need; one that is missing is worth a warning. */
  readonly credentials: readonly SecretSource[];
}

/** Whatever else is wrong with a bound, after this long everything is read again. */
const LONGEST_MS = 6 * HOUR_MS;
const MAX_BYTES = 64 * 1024;
const PRIVATE_BITS = 0o077;

const SCHEMAS = new URL('../../schemas/', import.meta.url);

/** Records of another build say nothing. This very file is written anew by every build. */
function build(): string {
  const files = [
    new URL(import.meta.url),
    ...readdirSync(SCHEMAS).map((name) => new URL(encodeURIComponent(name), SCHEMAS)),
  ];
  const stamps = files.map((file) => {
    const { mtimeMs, size } = statSync(file);
    return `${mtimeMs}/${size}`;
  });
  return [version, process.version, ...stamps].join(' ');
}

/** Where the record of the last run with nothing to do is kept. */
export interface QuietStore {
  /** Undefined for everything that is not exactly what this very build left. Never throws. */
  read(): QuietRecord | undefined;
  /** Without it the next run is slower and says the same, so a failure is no error. */
  write(record: QuietRecord): void;
}

/** For the next process in this folder, with the same shard. */
export const fileQuiet = ({ env, cwd, shard, log }: Context): QuietStore => {
  const file = quietFile(cacheFolder(env), cwd, shard);
  return { read: () => readQuiet(file, log), write: (record) => writeQuiet(file, record, log) };
};

/** Where this process keeps it. */
export const quietStoreOf = (context: Context): QuietStore => context.quiet ?? fileQuiet(context);

/** For a process that goes on: what it found itself needs no disk, and no disk that takes anything. */
export function rememberedQuiet(disk: QuietStore): QuietStore {
  let own: QuietRecord | undefined;
  return {
    read: () => own ?? disk.read(),
    write(record) {
      own = record;
      disk.write(record);
    },
  };
}

/** One small file for each folder that runs are started in, and each shard. */
const quietFile = (cacheDir: string, cwd: string, shard?: Shard): string => {
  const key = shard === undefined ? cwd : `${cwd}\0${shardText(shard)}`;
  return join(cacheDir, 'quiet', `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.json`);
};

export const textDigest = (text: string | undefined): string | null =>
  text === undefined ? null : createHash('sha256').update(text).digest('hex');

export const subjectOf = ({ remote, approval, state, seen, cache }: RepositorySnapshot): QuietSubject => ({
  remote,
  approval: approval.commit,
  state: state?.commit ?? null,
  seen: seen?.commit ?? null,
  cache: cache ?? null,
});

export const sameSubject = (a: QuietSubject, b: QuietSubject): boolean =>
  a.remote === b.remote &&
  a.approval === b.approval &&
  a.state === b.state &&
  a.seen === b.seen &&
  a.cache === b.cache;

/** Is it before the end of a record's time, and was the clock not put back? */
export const isInTime = ({ fromMs, untilMs }: QuietRecord, nowMs: number): boolean =>
  fromMs <= nowMs && nowMs < Math.min(untilMs, fromMs + LONGEST_MS);

/** What a run of this very build left; undefined for everything that is not exactly that. Never throws. */
function readQuiet(file: string, log: Log): QuietRecord | undefined {
  try {
    const info = lstatSync(file);
    const foreign = info.uid !== process.getuid?.() || (info.mode & PRIVATE_BITS) !== 0;
    if (!info.isFile() || info.size > MAX_BYTES || (foreign && process.platform !== 'win32'))
      return undefined;
    const [head = '', body = ''] = readFileSync(file, 'utf8').split('\n');
    if (head !== headOf(body)) return undefined;
    return JSON.parse(body);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      log.debug({ file, error: messageOf(error) }, 'what an earlier run found cannot be read');
    return undefined;
  }
}

/** Build and checksum: half a file, an old one and a broken one are none. */
const headOf = (body: string): string => createHash('sha256').update(`${build()}\n${body}`).digest('hex');

/** Kept for the next run. Without it that one is slower and says the same, so a failure is no error. */
function writeQuiet(file: string, record: QuietRecord, log: Log): void {
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    makeFolder(dirname(file), 0o700);
    const body = JSON.stringify(record);
    writeFileSync(draft, `${headOf(body)}\n${body}\n`, { mode: 0o600, flag: 'wx' });
    renameSync(draft, file);
  } catch (error) {
    log.debug({ file, error: messageOf(error) }, 'what this run found cannot be kept for the next one');
    removed(draft);
  }
}

/** A disk that was full takes nothing away either, perhaps. */
function removed(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // The cache folder as a whole may be deleted at any time.
  }
}

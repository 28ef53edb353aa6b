import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CertError } from '../model/errors.js';
import type { Log } from '../ports/log.js';
import type { Oid, TreeEntry, TreeReader } from '../ports/repository.js';
import { type Git, mustRun } from './process.js';
import { readBlobs, treeReader } from './tree.js';
import { readUserClone, type UserClone, userGit } from './user-clone.js';

/** Longer files are listed with their size and not read: no manifest is that long. */
export const MAX_FILE_BYTES = 1024 * 1024;
const OPEN_AT_ONCE = 64;
const NOT_WALKED = new Set(['.git', 'node_modules']);

/** Files as they lie on disk: what a person is about to commit. For `plan` and `validate` only. */
export interface WorktreeReader extends TreeReader {
  /** Top of the work tree; paths are relative to it. */
  readonly root: string;
  /** null outside Git, and before the first commit. Then `commit` is all zeros. */
  readonly head: Oid | null;
  /** Is something on disk not in `head`? Outside Git: always. Asks git, which looks at every file. */
  uncommitted(): Promise<boolean>;
  /** Files above `MAX_FILE_BYTES` that a listing met. They are listed, reading them throws RangeError. */
  tooLarge(): readonly TreeEntry[];
}

const noCommit = (objectFormat: string): Oid => '0'.repeat(objectFormat === 'sha256' ? 64 : 40);

/** The id git gives these bytes. */
const blobId = (content: Buffer, objectFormat: string): Oid =>
  createHash(objectFormat).update(`blob ${content.length}\0`).update(content).digest('hex');

interface Listing {
  readonly paths: readonly string[];
  /** Tracked files a sparse checkout does not put on disk: not removed, only not there. */
  readonly leftOut: ReadonlyMap<string, Oid>;
}

/** Lists files below a folder (`''` = all), relative to the root, `/` between parts. */
type Lister = (folder: string) => Promise<Listing>;

/** Every file below a folder, without following links. */
function walker(root: string): Lister {
  async function walk(folder: string): Promise<readonly string[]> {
    const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(() => []);
    const below = entries.map((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) return NOT_WALKED.has(entry.name) ? [] : walk(path);
      return entry.isFile() ? [path] : [];
    });
    return (await Promise.all(below)).flat();
  }
  return async (folder) => {
    const self = folder === '' ? undefined : await lstat(join(root, folder)).catch(() => undefined);
    return { paths: self?.isFile() ? [folder] : await walk(folder), leftOut: new Map() };
  };
}

/** `<tag> <mode> <oid> <stage> TAB <path>` of `ls-files -t --stage`. */
const INDEX_RECORD = /^(\S) (\d+) ([0-9a-f]+) \d\t(.*)$/s;

/** What Git would take: tracked files, and new ones that are not ignored. */
const tracked =
  (git: Git): Lister =>
  async (folder) => {
    const where = folder === '' ? [] : ['--', `:(top,literal)${folder}`];
    const listed = async (...which: string[]) => {
      const out = await mustRun(git, ['ls-files', '-z', '--full-name', ...which, ...where]);
      return out.toString('utf8').split('\0');
    };
    const index = await listed('-t', '--stage');
    const others = await listed('--others', '--exclude-standard');
    const paths = new Set(others.filter((path) => path !== ''));
    const leftOut = new Map<string, Oid>();
    for (const record of index) {
      const [, tag, mode = '', blob = '', path = ''] = INDEX_RECORD.exec(record) ?? [];
      if (!mode.startsWith('100')) continue;
      if (tag === 'S') leftOut.set(path, blob);
      else paths.add(path);
    }
    return { paths: [...paths], leftOut };
  };

const byPath = (a: TreeEntry, b: TreeEntry): number =>
  Buffer.compare(Buffer.from(a.path), Buffer.from(b.path));

function diskReader(
  root: string,
  objectFormat: string,
  list: Lister,
  readIndexed: (blobs: readonly Oid[]) => Promise<readonly string[]>,
) {
  const texts = new Map<Oid, string>();
  const large = new Map<string, TreeEntry>();
  const folders = new Map<string, Promise<boolean>>();

  /** A tracked folder may have become a link that leads out of the repository. */
  function isInside(folder: string): Promise<boolean> {
    const known = folders.get(folder);
    if (known) return known;
    const answer = realpath(join(root, folder))
      .then(async (real) => real === join(await realpath(root), folder))
      .catch(() => false);
    folders.set(folder, answer);
    return answer;
  }

  async function entryOf(path: string): Promise<TreeEntry | undefined> {
    const file = join(root, path);
    const info = await lstat(file).catch(() => undefined);
    const parent = dirname(path);
    if (!info?.isFile() || !(await isInside(parent === '.' ? '' : parent))) return undefined;
    if (info.size > MAX_FILE_BYTES) {
      const entry = { path, blob: noCommit(objectFormat), bytes: info.size };
      large.set(path, entry);
      return entry;
    }
    const content = await readFile(file);
    const blob = blobId(content, objectFormat);
    texts.set(blob, content.toString('utf8'));
    return { path, blob, bytes: content.length };
  }

  function textOf(blob: Oid): string {
    const text = texts.get(blob);
    if (text === undefined) throw new RangeError(`not read from the work tree, or too large: ${blob}`);
    return text;
  }

  const reader = {
    async list(prefix: string): Promise<readonly TreeEntry[]> {
      const { paths, leftOut } = await list(prefix.replace(/\/+$/, ''));
      const entries: (TreeEntry | undefined)[] = [];
      for (let at = 0; at < paths.length; at += OPEN_AT_ONCE)
        entries.push(...(await Promise.all(paths.slice(at, at + OPEN_AT_ONCE).map(entryOf))));
      const indexed = await readIndexed([...leftOut.values()]);
      [...leftOut].forEach(([path, blob], index) => {
        const text = indexed[index] ?? '';
        texts.set(blob, text);
        entries.push({ path, blob, bytes: Buffer.byteLength(text) });
      });
      return entries.filter((entry) => entry !== undefined).sort(byPath);
    },
    async blobs(prefix: string): Promise<ReadonlyMap<string, Oid>> {
      return new Map((await reader.list(prefix)).map(({ path, blob }) => [path, blob]));
    },
    read: async (blobs: readonly Oid[]): Promise<readonly string[]> => blobs.map(textOf),
    readEach: async (blobs: readonly Oid[], take: (text: string, index: number) => void): Promise<void> =>
      blobs.forEach((blob, index) => {
        take(textOf(blob), index);
      }),
    tooLarge: () => [...large.values()],
  };
  return reader;
}

function plainFolder(root: string): WorktreeReader {
  const reader = diskReader(root, 'sha1', walker(root), async () => []);
  return { ...reader, root, commit: noCommit('sha1'), head: null, uncommitted: async () => true };
}

async function headOf(git: Git): Promise<Oid | null> {
  const { code, stdout } = await git(['rev-parse', '--verify', '--quiet', 'HEAD^{commit}']);
  return code === 0 ? stdout.toString('latin1').trim() : null;
}

/** A bare clone has no work tree: what stands in HEAD is all there is. */
async function committed(git: Git, clone: UserClone, head: Oid | null): Promise<WorktreeReader> {
  const common = { root: clone.root, head, uncommitted: async () => false, tooLarge: () => [] };
  if (head !== null) return { ...treeReader(git, head), ...common };
  return {
    ...common,
    commit: noCommit(clone.objectFormat),
    list: async () => [],
    blobs: async () => new Map(),
    read: async () => [],
    readEach: async () => {},
  };
}

export interface WorktreeOptions {
  readonly cwd: string;
  readonly log: Log;
  readonly signal?: AbortSignal;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Reads the folder a person works in: uncommitted and new files included, ignored ones and links not. Works in any
 * folder; writes nothing, not even git's index. One listing is one look: later changes show in the next.
 * @throws CertError `repository.unavailable` where a clone is there and cannot be read
 */
export async function openWorktree(options: WorktreeOptions): Promise<WorktreeReader> {
  const { log, signal } = options;
  const asking = {
    ambient: options.env ?? process.env,
    log,
    ...(signal === undefined ? {} : { signal }),
  };
  const clone = await readUserClone(options.cwd, asking).catch((error: unknown) => {
    if (error instanceof CertError && /is not in a Git repository|git was not found/.test(error.message))
      return undefined;
    throw error;
  });
  if (clone === undefined) return plainFolder(options.cwd);
  const git = userGit(clone.root, asking);
  const head = await headOf(git);
  if (clone.bare) return committed(git, clone, head);
  const reader = diskReader(clone.root, clone.objectFormat, tracked(git), (blobs) => readBlobs(git, blobs));
  return {
    ...reader,
    root: clone.root,
    commit: head ?? noCommit(clone.objectFormat),
    head,
    async uncommitted() {
      if (head === null) return true;
      const changes = await mustRun(git, ['status', '--porcelain', '--ignore-submodules=dirty']);
      return changes.length > 0;
    },
  };
}

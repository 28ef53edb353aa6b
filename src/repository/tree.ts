import type { Oid, TreeReader } from '../ports/repository.js';
import { type Git, mustRun } from './process.js';

const NEWLINE = 10;

/** Mode and type of a file. */
const FILE_LENGTH = '100644 blob'.length;
const FILE = /^100\d{3} blob$/;

/** Records of `ls-tree -r -z`: `<mode> <type> <oid>[ <size>] TAB <path>`. Links and submodules are left out. */
function* filesOf(listing: Buffer) {
  for (const record of listing.toString('utf8').split('\0')) {
    if (!FILE.test(record.slice(0, FILE_LENGTH))) continue;
    const tab = record.indexOf('\t');
    const [blob = '', size = ''] = record.slice(FILE_LENGTH + 1, tab).split(/ +/);
    yield { path: record.slice(tab + 1), blob, size };
  }
}

/** Takes `cat-file --batch` output apart as it comes: `<oid> <type> <size> LF <bytes> LF`, or `<oid> missing LF`. */
function batchParser(take: (text: string, index: number) => void) {
  let taken = 0;
  let pending: Buffer = Buffer.alloc(0);
  let parts: Buffer[] = [];
  let held = 0;
  let needed = 0;

  function takeOne(buffer: Buffer, from: number): number | undefined {
    const end = buffer.indexOf(NEWLINE, from);
    if (end < 0) return undefined;
    const [oid, type, size] = buffer.toString('latin1', from, end).split(' ');
    if (type !== 'blob') throw new RangeError(`no such file in the repository: ${oid}`);
    const next = end + 1 + Number(size) + 1;
    if (next > buffer.length) {
      needed = next - from;
      return undefined;
    }
    take(buffer.toString('utf8', end + 1, next - 1), taken);
    taken += 1;
    return next;
  }

  return {
    add(chunk: Buffer): void {
      parts.push(chunk);
      held += chunk.length;
      if (pending.length + held < needed) return;
      needed = 0;
      const buffer = Buffer.concat([pending, ...parts]);
      parts = [];
      held = 0;
      let at = 0;
      for (let next = takeOne(buffer, at); next !== undefined; next = takeOne(buffer, at)) at = next;
      pending = buffer.subarray(at);
    },
    taken: () => taken,
  };
}

/** Texts of blobs, in order, each as soon as it is there. @throws RangeError for an id that is no file here */
async function readEachBlob(
  git: Git,
  blobs: readonly Oid[],
  take: (text: string, index: number) => void,
): Promise<void> {
  if (blobs.length === 0) return;
  const parser = batchParser(take);
  let problem: { readonly error: unknown } | undefined;
  await mustRun(git, ['cat-file', '--batch', '--buffer'], {
    input: `${blobs.join('\n')}\n`,
    onStdout(chunk) {
      if (problem !== undefined) return;
      try {
        parser.add(chunk);
      } catch (error) {
        problem = { error };
      }
    },
  });
  if (problem !== undefined) throw problem.error;
  if (parser.taken() !== blobs.length)
    throw new RangeError(`git gave ${parser.taken()} of ${blobs.length} files`);
}

/** Texts of blobs, in order. @throws RangeError for an id that is no file here */
export async function readBlobs(git: Git, blobs: readonly Oid[]): Promise<readonly string[]> {
  const texts: string[] = [];
  await readEachBlob(git, blobs, (text) => texts.push(text));
  return texts;
}

/** Files of one commit: `ls-tree` for a listing, one `cat-file --batch` for a bulk read. */
export function treeReader(git: Git, commit: Oid): TreeReader {
  function listing(prefix: string, ...more: readonly string[]): Promise<Buffer> {
    const folder = prefix.replace(/\/+$/, '');
    const where = folder === '' ? [] : ['--', folder];
    return mustRun(git, ['ls-tree', '-r', '-z', ...more, '--full-tree', commit, ...where]);
  }
  return {
    commit,
    list: async (prefix) =>
      Array.from(filesOf(await listing(prefix, '-l')), ({ path, blob, size }) => ({
        path,
        blob,
        bytes: Number(size),
      })),
    async blobs(prefix) {
      const blobs = new Map<string, Oid>();
      for (const { path, blob } of filesOf(await listing(prefix))) blobs.set(path, blob);
      return blobs;
    },
    read: (blobs) => readBlobs(git, blobs),
    readEach: (blobs, take) => readEachBlob(git, blobs, take),
  };
}

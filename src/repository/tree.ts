import type { Oid, TreeEntry, TreeReader } from '../ports/repository.js';
import { type Git, mustRun } from './process.js';

const NEWLINE = 10;

/** Mode and type of a file. */
const FILE_LENGTH = '100644 blob'.length;
const FILE = /^100\d{3} blob$/;

/** One record of `ls-tree -z -l`: `<mode> <type> <oid> <size> TAB <path>`. Links and submodules are left out. */
function parseEntry(record: string): TreeEntry | undefined {
  const tab = record.indexOf('\t');
  if (!FILE.test(record.slice(0, FILE_LENGTH))) return undefined;
  const end = record.indexOf(' ', FILE_LENGTH + 1);
  const blob = record.slice(FILE_LENGTH + 1, end);
  return { path: record.slice(tab + 1), blob, bytes: Number(record.slice(end, tab)) };
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
  return {
    commit,
    async list(prefix) {
      const folder = prefix.replace(/\/+$/, '');
      const where = folder === '' ? [] : ['--', folder];
      const out = await mustRun(git, ['ls-tree', '-r', '-z', '-l', '--full-tree', commit, ...where]);
      return out
        .toString('utf8')
        .split('\0')
        .map((record) => parseEntry(record))
        .filter((entry) => entry !== undefined);
    },
    read: (blobs) => readBlobs(git, blobs),
    readEach: (blobs, take) => readEachBlob(git, blobs, take),
  };
}

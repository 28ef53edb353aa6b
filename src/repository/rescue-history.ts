import type { Oid } from '../ports/repository.js';
import { certificatePath, ownerOfKeyPath, STATE_FOLDER } from './layout.js';
import { type Git, mustRun } from './process.js';
import { readBlobs } from './tree.js';

export interface FileVersion {
  readonly path: string;
  readonly blob: Oid;
}

/** A file as a commit wrote it. */
export interface HistoryLine extends FileVersion {
  readonly commit: Oid;
}

/** A sealed private key that some commit held. */
export interface SealedBlob {
  readonly blob: Oid;
  /** Certificate it was kept for. */
  readonly name: string;
}

export const linesOf = (out: Buffer): readonly string[] =>
  out
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');

/** Blob of each `commit:path`; undefined where there is none. */
export async function blobsAt(git: Git, files: readonly string[]): Promise<readonly (Oid | undefined)[]> {
  const out = await mustRun(git, ['cat-file', '--batch-check=%(objectname) %(objecttype)'], {
    input: files.map((file) => `${file}\n`).join(''),
  });
  return linesOf(out).map((line) => (line.endsWith(' blob') ? line.slice(0, line.indexOf(' ')) : undefined));
}

type KeyHashOf = (certificatePem: string) => string | undefined;

const HISTORY = ['--format=%x00%H', '--raw', '--no-abbrev', '--no-renames', '-m', '--diff-filter=AM'];

function parseHistory(out: Buffer): readonly HistoryLine[] {
  let commit = '';
  const found: HistoryLine[] = [];
  for (const line of linesOf(out)) {
    if (line.startsWith('\0')) commit = line.slice(1);
    const tab = line.indexOf('\t');
    if (line.startsWith(':') && tab > 0)
      found.push({ commit, path: line.slice(tab + 1), blob: line.slice(0, tab).split(' ')[3] ?? '' });
  }
  return found;
}

/** Every version that a file below `folder` ever had in the history of a commit. */
export const versionsIn = async (git: Git, commit: Oid, folder: string): Promise<readonly FileVersion[]> =>
  parseHistory(await mustRun(git, ['log', ...HISTORY, commit, '--', folder]));

/** What every state ever wrote, newest first. */
export async function historyOf(
  git: Git,
  states: readonly Pick<HistoryLine, 'commit'>[],
): Promise<readonly HistoryLine[]> {
  if (states.length === 0) return [];
  return parseHistory(
    await mustRun(git, ['log', ...HISTORY, '--stdin'], {
      input: [...states.map(({ commit }) => commit), '--', STATE_FOLDER, ''].join('\n'),
    }),
  );
}

/** A key waits under its hash; the one beside a certificate is told by that certificate. */
export async function keysIn(
  git: Git,
  history: readonly HistoryLine[],
  keyHashOf: KeyHashOf,
): Promise<ReadonlyMap<string, SealedBlob>> {
  const keys = history.flatMap(({ commit, path, blob }) => {
    const owner = ownerOfKeyPath(path);
    return owner === undefined ? [] : [{ ...owner, commit, blob }];
  });
  const beside = keys.filter(({ keyHash }) => keyHash === undefined);
  const hashes = await certificateKeys(
    git,
    beside.map(({ commit, name }) => `${commit}:${certificatePath(name, 'certificate')}`),
    keyHashOf,
  );
  const found = new Map<string, SealedBlob>();
  for (const key of keys) {
    const { name, blob, keyHash = hashes.get(`${key.commit}:${certificatePath(name, 'certificate')}`) } = key;
    if (keyHash !== undefined && !found.has(keyHash)) found.set(keyHash, { name, blob });
  }
  return found;
}

/** Public-key hash of each certificate file that can be read. */
async function certificateKeys(
  git: Git,
  files: readonly string[],
  keyHashOf: KeyHashOf,
): Promise<ReadonlyMap<string, string>> {
  if (files.length === 0) return new Map();
  const blobs = await blobsAt(git, files);
  const there = files.flatMap((file, i) => {
    const blob = blobs[i];
    return blob === undefined ? [] : [{ file, blob }];
  });
  const texts = await readBlobs(
    git,
    there.map(({ blob }) => blob),
  );
  return new Map(
    there.flatMap(({ file }, i) => {
      const keyHash = keyHashOf(texts[i] ?? '');
      return keyHash === undefined ? [] : [[file, keyHash]];
    }),
  );
}

import { constants } from 'node:fs';
import { link, lstat, mkdir, open, readdir, readFile, realpath, rmdir, unlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseEndpoint } from '../../model/endpoint.js';
import { CertError, messageOf } from '../../model/errors.js';
import type { SolvableRecord } from '../../model/order.js';
import type { RecordOutcome, Solver, SolverDeps } from '../../ports/solver.js';
import { sightsOf } from '../http/look.js';
import { type FileRecord, HTTP_PORT, notAFile, proofPath } from '../http/proof.js';

const WELL_KNOWN = '.well-known';
/** Lies in folders we made, so that a later run knows that they may go. */
const MARKER = '.certwright-made-this';
/** @throws CertError `config.invalid` */
export function createHttpFile({ config, folder, random, signal }: SolverDeps): Solver {
  const root = resolve(folder, String(config.options.root ?? ''));
  const visibleAt =
    config.options.visibleAt === undefined
      ? undefined
      : parseEndpoint(String(config.options.visibleAt), HTTP_PORT);
  const each = async (
    records: readonly SolvableRecord[],
    task: (record: FileRecord) => Promise<void>,
  ): Promise<readonly RecordOutcome[]> => {
    const outcomes: RecordOutcome[] = [];
    // One after the other: they share folders.
    for (const record of records) {
      try {
        if (record.type !== 'file') throw notAFile(config.id);
        await task(record);
        outcomes.push({ record });
      } catch (error) {
        outcomes.push({ record, error: error instanceof CertError ? error : diskError(error, root) });
      }
    }
    return outcomes;
  };
  return {
    config,
    publish: (records) => each(records, (record) => writeProof(root, record, random.hex(8))),
    cleanUp: (records) => each(records, (record) => removeProof(root, record)),
    visible: (records) => sightsOf(records, visibleAt, signal),
  };
}

function diskError(error: unknown, root: string): CertError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const denied = code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
  return new CertError('solver.failed', `the webroot ${root} cannot be used: ${messageOf(error)}`, {
    cause: error,
    ...(denied ? { remedy: 'let the user certwright runs as write there' } : {}),
  });
}

interface Spot {
  readonly root: string;
  /** `.well-known`, and the folder inside it. */
  readonly folders: readonly [string, string];
  readonly file: string;
}

/** Where a proof belongs. @throws CertError `solver.blocked`, `solver.failed` */
async function spotOf(root: string, { url }: FileRecord): Promise<Spot> {
  const { folder: inside, name } = proofPath(url);
  const real = await realpath(root).catch(() => undefined);
  if (real === undefined || !(await lstat(real)).isDirectory()) {
    throw new CertError('solver.failed', `there is no webroot ${root}`, {
      remedy: 'write the folder the web server serves under root:, and mount it where certwright runs',
    });
  }
  const outer = join(real, WELL_KNOWN);
  const inner = join(outer, inside);
  return { root: real, folders: [outer, inner], file: join(inner, name) };
}

/** A link in place of a folder may lead anywhere. @throws CertError `solver.blocked` */
async function isRealFolder(path: string): Promise<boolean> {
  const found = await lstat(path).catch(absent);
  if (found === undefined) return false;
  if (found.isDirectory()) return true;
  throw new CertError('solver.blocked', `${path} is no folder of its own, and is not followed`, {
    remedy: 'make it a folder inside the webroot, or write the folder it leads to under root:',
  });
}

function absent(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}

async function contentAt(file: string): Promise<string | undefined> {
  const found = await lstat(file).catch(absent);
  if (found === undefined) return undefined;
  if (!found.isFile()) {
    throw new CertError('solver.blocked', `${file} is no plain file, and is not ours`, {
      remedy: 'remove it',
    });
  }
  return readFile(file, 'utf8');
}

/** The whole file or none of it, and never over another one. */
async function writeProof(root: string, record: FileRecord, unique: string): Promise<void> {
  const { folders, file } = await spotOf(root, record);
  for (const path of folders) {
    if (await isRealFolder(path)) continue;
    await mkdir(path, { mode: 0o755 });
    await (await open(join(path, MARKER), 'wx', 0o644)).close();
  }
  const there = await contentAt(file);
  if (there === record.content) return;
  if (there !== undefined) throw otherContent(file);
  const draft = join(folders[1], `.certwright-${unique}`);
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const handle = await open(draft, flags, 0o644);
  try {
    await handle.writeFile(record.content, 'utf8');
    await handle.sync();
    await handle.close();
    await link(draft, file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') throw otherContent(file);
    throw error;
  } finally {
    await handle.close().catch(() => undefined);
    await unlink(draft);
  }
}

const otherContent = (file: string): CertError =>
  new CertError('solver.blocked', `${file} is there with other content, and is not ours`, {
    remedy: 'remove it if nobody needs it',
  });

/** Our own file, then what we made for it and nobody else uses. */
async function removeProof(root: string, record: FileRecord): Promise<void> {
  const { folders, file } = await spotOf(root, record);
  const [outer, inner] = folders;
  if (!(await isRealFolder(outer)) || !(await isRealFolder(inner))) return;
  if ((await contentAt(file)) === record.content) await unlink(file);
  for (const path of [inner, outer]) {
    const left = await readdir(path);
    if (left.length !== 1 || left[0] !== MARKER) return;
    await unlink(join(path, MARKER));
    await rmdir(path);
  }
}

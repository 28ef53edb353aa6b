import { constants } from 'node:fs';
import { link, lstat, mkdir, open, readdir, readFile, realpath, rmdir, unlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Endpoint, parseEndpoint } from '../model/endpoint.js';
import { CertError, messageOf } from '../model/errors.js';
import type { SolvableRecord } from '../model/order.js';
import { SECOND_MS } from '../model/time.js';
import type { RecordOutcome, RecordSight, Solver, SolverDefinition, SolverDeps } from '../ports/solver.js';

type FileRecord = Extract<SolvableRecord, { readonly type: 'file' }>;

/** The places certificate authorities look at, and one plain file name: nothing to climb out with. */
const PATH = /^\/\.well-known\/(pki-validation|acme-challenge)\/([A-Za-z0-9_-][A-Za-z0-9._-]{0,254})$/;
const WELL_KNOWN = '.well-known';
/** Lies in folders we made, so that a later run knows that they may go. */
const MARKER = '.certwright-made-this';
const LOOK_LIMIT_MS = 10 * SECOND_MS;
/** More than any proof has. */
const MAX_LOOK_BYTES = 64 * 1024;
const HTTP_PORT = 80;

/** @throws CertError `config.invalid` */
function createHttpFile({ config, folder, random, signal }: SolverDeps): Solver {
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
    visible: (records) =>
      Promise.all(
        records.map(
          async (record): Promise<RecordSight> =>
            record.type === 'file'
              ? { record, ...(await lookAt(record, visibleAt, signal)) }
              : { record, seen: 'cannot-tell', why: 'it is no file' },
        ),
      ),
  };
}

const notAFile = (solver: string): CertError =>
  new CertError('solver.zone', `${solver} publishes files, and this proof is a DNS record`, {
    remedy: 'name a solver of type rfc2136 or exec for it',
  });

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
  const path = URL.parse(url)?.pathname ?? '';
  const [, inside, name] = PATH.exec(path) ?? [];
  if (inside === undefined || name === undefined) {
    throw new CertError('solver.blocked', `${url} is no place a proof may be written to`, {
      remedy:
        'only single files below .well-known/pki-validation/ and .well-known/acme-challenge/ are; publish it by hand',
    });
  }
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

type Sight = Pick<RecordSight, 'seen' | 'why'>;

/** Fetches the file as the certificate authority will; a redirect is for it to follow. */
function lookAt(record: FileRecord, at: Endpoint | undefined, signal: AbortSignal): Promise<Sight> {
  const url = URL.parse(record.url);
  if (url === null) return Promise.resolve({ seen: 'cannot-tell', why: `${record.url} is no URL` });
  const { promise, resolve: settle, reject } = Promise.withResolvers<Sight>();
  const limit = AbortSignal.timeout(LOOK_LIMIT_MS);
  // An import would bring the whole HTTP client of Node into every run, 20 ms of it.
  const { request: send } = process.getBuiltinModule(url.protocol === 'https:' ? 'node:https' : 'node:http');
  const cannotTell = (error: unknown): void => {
    if (signal.aborted) reject(new CertError('interrupted', `stopped while looking at ${record.url}`));
    else if (limit.aborted) settle({ seen: 'cannot-tell', why: `${url.host} does not answer within 10 s` });
    else settle({ seen: 'cannot-tell', why: `${url.host} cannot be looked at: ${messageOf(error)}` });
  };
  const options = {
    signal: AbortSignal.any([signal, limit]),
    agent: false,
    headers: { host: url.host, accept: '*/*' },
    ...(at === undefined ? {} : { hostname: at.host, port: at.port }),
  };
  const request = send(url, options, (response) => {
    const status = response.statusCode ?? 0;
    let body = '';
    response.setEncoding('utf8').on('data', (text: string) => {
      body += text;
      if (body.length > MAX_LOOK_BYTES) response.destroy(new Error('it is larger than any proof'));
    });
    response.on('error', cannotTell);
    response.on('end', () => {
      if (status >= 300 && status < 400)
        settle({ seen: 'cannot-tell', why: `${url.host} redirects elsewhere` });
      else if (status !== 200) settle({ seen: 'no', why: `${url.host} answers ${status}` });
      else if (body.trim() === record.content.trim()) settle({ seen: 'yes', why: `${url.host} serves it` });
      else settle({ seen: 'no', why: `${url.host} serves other content there` });
    });
  });
  request.on('error', cannotTell);
  request.end();
  return promise;
}

/** Files in the folder a web server serves. */
export const httpFile: SolverDefinition = {
  type: 'http-file',
  title: 'Folder of a web server',
  proves: ['http'],
  needsZones: false,
  credentialNames: { required: [], optional: [] },
  optionsSchema: {
    type: 'object',
    required: ['root'],
    properties: {
      root: { type: 'string', minLength: 1, errorMessage: 'Write the folder the web server serves.' },
      visibleAt: {
        type: 'string',
        pattern: '^[^\\s/@]+$',
        errorMessage: 'Write host or host:port, such as 10.0.0.5:8080.',
      },
    },
  },
  create: createHttpFile,
};

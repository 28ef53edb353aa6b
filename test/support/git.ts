/**
 * Real git for tests: folders that clean up after themselves, bare remotes by path and over http, clones, and short
 * ways to commit and to read. Everything here works inside a test or hook of vitest.
 */
import { execFile, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import {
  type GitRepository,
  openRepository,
  type RepositoryOptions,
} from '../../src/repository/git-repository.js';
import { manualClock } from './manual-clock.js';
import { memoryLog } from './memory-log.js';

const run = promisify(execFile);
const GIT_CONFIG = fileURLToPath(new URL('gitconfig', import.meta.url));

/** Path → text; null removes the file. */
export type Files = Readonly<Record<string, string | null>>;

export interface GitRemote {
  /** The bare repository on disk. */
  readonly path: string;
  /** What a clone dials: the path, or an http address. */
  readonly url: string;
}

export interface HttpRemote extends GitRemote {
  /** Requests so far: method, path with query, and the Authorization header as sent. */
  readonly requests: readonly {
    readonly method: string;
    readonly path: string;
    readonly authorization?: string;
  }[];
  /** The next requests whose `METHOD path` matches get this instead; undefined ends it. */
  intercept(fault: HttpFault | undefined): void;
}

export interface HttpFault {
  readonly match: RegExp;
  /** `drop`: the backend does its work, its answer is thrown away with the connection. */
  readonly with: number | 'drop';
}

/** No configuration of the machine or a person, fixed identity; ambient credentials and prompts off. */
export function testEnv(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'));
  return {
    ...Object.fromEntries(inherited),
    GIT_CONFIG_GLOBAL: GIT_CONFIG,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: 'Ann',
    GIT_AUTHOR_EMAIL: 'ann@example.com',
    GIT_COMMITTER_NAME: 'Ann',
    GIT_COMMITTER_EMAIL: 'ann@example.com',
    LC_ALL: 'C',
    ...extra,
  };
}

/** A new folder, gone after the test. */
export async function tempFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'certwright-test-')));
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** Runs git and gives its output without the last newline. Rejects when git fails. */
export async function git(folder: string, ...args: string[]): Promise<string> {
  const { stdout } = await run('git', args, { cwd: folder, env: testEnv(), maxBuffer: 1 << 28 });
  return stdout.replace(/\n$/, '');
}

/** Every line of a file that git sees changed, untracked ones included; '' for a clean tree. */
export const changesIn = (clone: string): Promise<string> => git(clone, 'status', '--porcelain');

/** Writes files below a folder, making the folders between; null removes. */
export async function writeFiles(folder: string, files: Files): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, path);
    if (text === null) {
      await rm(file, { force: true });
      continue;
    }
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
}

let bareTemplate: Promise<string> | undefined;

/** What `git init --bare` makes, made once: starting git takes longer than copying its few files. */
function bareRepository(): Promise<string> {
  bareTemplate ??= (async () => {
    const path = await realpath(await mkdtemp(join(tmpdir(), 'certwright-bare-')));
    process.once('exit', () => rmSync(path, { recursive: true, force: true }));
    await git(path, 'init', '--quiet', '--bare', '--initial-branch=main', '.');
    return path;
  })();
  return bareTemplate;
}

/** An empty bare repository, its default branch `main`. */
export async function emptyRemote(): Promise<GitRemote> {
  const path = join(await tempFolder(), 'remote.git');
  await cp(await bareRepository(), path, { recursive: true });
  return { path, url: path };
}

/** A bare repository whose `main` holds `files` in one commit. */
export async function fileRemote(files: Files = { 'certwright.yaml': 'version: 1\n' }): Promise<GitRemote> {
  const remote = await emptyRemote();
  await commitToRemote(remote, 'main', files, 'First commit');
  return remote;
}

export interface HttpOptions {
  readonly files?: Files;
  /** Basic authentication, asked for by every request. */
  readonly user?: string;
  readonly password?: string;
}

function answer(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  response.writeHead(status, headers).end();
}

/** One request through `git http-backend` (CGI, RFC 3875). */
function serve(root: string, request: IncomingMessage, response: ServerResponse, drop: boolean): void {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const backend = spawn('git', ['http-backend'], {
    env: testEnv({
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      CONTENT_LENGTH: request.headers['content-length'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      HTTP_GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      REMOTE_USER: 'test',
      REMOTE_ADDR: '127.0.0.1',
    }),
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  backend.stdin.on('error', () => undefined);
  request.pipe(backend.stdin);
  const chunks: Buffer[] = [];
  backend.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  backend.on('error', () => answer(response, 500));
  backend.on('close', () => {
    if (drop) {
      response.destroy();
      return;
    }
    const output = Buffer.concat(chunks);
    const end = output.indexOf('\r\n\r\n');
    const headers = output
      .toString('latin1', 0, end)
      .split('\r\n')
      .map((line): [string, string] => [
        line.slice(0, line.indexOf(':')),
        line.slice(line.indexOf(':') + 1).trim(),
      ]);
    const status = headers.find(([name]) => name.toLowerCase() === 'status')?.[1] ?? '200';
    for (const [name, value] of headers) if (name.toLowerCase() !== 'status') response.setHeader(name, value);
    response.writeHead(Number.parseInt(status, 10)).end(output.subarray(end + 4));
  });
}

/** A bare repository behind `git http-backend` on loopback. */
export async function httpRemote(options: HttpOptions = {}): Promise<HttpRemote> {
  const { path } = await fileRemote(options.files);
  await git(path, 'config', 'http.receivepack', 'true');
  const wanted =
    options.user === undefined
      ? undefined
      : Buffer.from(`${options.user}:${options.password ?? ''}`).toString('base64');
  const requests: { method: string; path: string; authorization?: string }[] = [];
  let fault: HttpFault | undefined;

  const server = createServer((request, response) => {
    const { authorization } = request.headers;
    const method = request.method ?? '';
    const target = request.url ?? '';
    requests.push({ method, path: target, ...(authorization === undefined ? {} : { authorization }) });
    if (wanted !== undefined && authorization?.replace(/^basic /i, '') !== wanted)
      return answer(response, 401, { 'WWW-Authenticate': 'Basic realm="git"' });
    const hit = fault?.match.test(`${method} ${target}`) ? fault.with : undefined;
    if (typeof hit === 'number') return answer(response, hit);
    return serve(dirname(path), request, response, hit === 'drop');
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  onTestFinished(
    () =>
      new Promise<void>((closed) => {
        server.closeAllConnections();
        server.close(() => closed());
      }),
  );
  const { port } = server.address() as AddressInfo;
  return {
    path,
    url: `http://127.0.0.1:${port}/remote.git`,
    requests,
    intercept(next) {
      fault = next;
    },
  };
}

/** A clone of a remote as a person has it, with `main` checked out. Extra arguments go to `git clone`. */
export async function cloneOf(remote: Pick<GitRemote, 'url'>, ...args: string[]): Promise<string> {
  const folder = join(await tempFolder(), 'clone');
  await git(tmpdir(), 'clone', '--quiet', ...args, remote.url, folder);
  return folder;
}

/** Writes files in a clone and commits everything there. Gives the commit. */
export async function commitFiles(clone: string, files: Files, message = 'Change'): Promise<string> {
  await writeFiles(clone, files);
  await git(clone, 'add', '--all');
  await git(clone, 'commit', '--quiet', '--allow-empty', '--message', message);
  return git(clone, 'rev-parse', 'HEAD');
}

/** `commitFiles`, then a push of the branch that is checked out. */
export async function commitAndPush(clone: string, files: Files, message = 'Change'): Promise<string> {
  const commit = await commitFiles(clone, files, message);
  await git(clone, 'push', '--quiet', 'origin', 'HEAD');
  return commit;
}

/** A path as `git fast-import` reads it. */
const streamPath = (path: string): string => (/^"|\n/.test(path) ? JSON.stringify(path) : path);

/**
 * A commit on a branch of a remote, made where it is missing: what another person or run pushed. Hooks are not asked.
 * Gives the commit.
 */
export async function commitToRemote(
  remote: GitRemote,
  branch: string,
  files: Files,
  message = 'Change',
): Promise<string> {
  const ref = `refs/heads/${branch}`;
  const parent = (await refsOf(remote))[ref];
  const { GIT_AUTHOR_NAME, GIT_AUTHOR_EMAIL } = testEnv();
  const data = (text: string): string => `data ${Buffer.byteLength(text)}\n${text}\n`;
  const stream = [
    `commit ${ref}\nmark :1\n`,
    `committer ${GIT_AUTHOR_NAME} <${GIT_AUTHOR_EMAIL}> ${Math.floor(Date.now() / 1000)} +0000\n`,
    data(`${message}\n`),
    parent === undefined ? '' : `from ${parent}\n`,
    ...Object.entries(files).map(([path, text]) =>
      text === null ? `D ${streamPath(path)}\n` : `M 100644 inline ${streamPath(path)}\n${data(text)}`,
    ),
    '\nget-mark :1\n',
  ];
  return (await piped(remote.path, ['fast-import', '--quiet'], stream.join(''))).toString('latin1').trim();
}

/** Every ref of a repository with its commit. */
export async function refsOf(repository: Pick<GitRemote, 'path'>): Promise<Readonly<Record<string, string>>> {
  const text = await git(repository.path, 'for-each-ref', '--format=%(refname) %(objectname)');
  return Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split(' ') as [string, string]),
  );
}

/** Points a ref of a remote at a commit by force; null deletes it. */
export async function setRef(remote: GitRemote, ref: string, commit: string | null): Promise<void> {
  await git(remote.path, 'update-ref', ...(commit === null ? ['-d', ref] : [ref, commit]));
}

/** Runs git on an input and gives its output. Rejects when git fails. */
function piped(folder: string, args: readonly string[], input: string): Promise<Buffer> {
  return new Promise((settle, fail) => {
    const child = spawn('git', args, { cwd: folder, env: testEnv(), stdio: ['pipe', 'pipe', 'pipe'] });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.stdin.on('error', () => undefined);
    child.once('error', fail);
    child.once('close', (code) =>
      code === 0
        ? settle(Buffer.concat(out))
        : fail(new Error(`git ${args.join(' ')} ended with ${code}: ${Buffer.concat(err).toString()}`)),
    );
    child.stdin.end(input);
  });
}

/** Every file of a ref, by path. */
export async function filesOf(
  remote: Pick<GitRemote, 'path'>,
  ref: string,
): Promise<Readonly<Record<string, string>>> {
  const listing = await git(remote.path, 'ls-tree', '-r', '-z', ref);
  const entries = listing.split('\0').flatMap((record) => {
    const [, oid, path] = /^\d+ blob ([0-9a-f]+)\t(.*)$/s.exec(record) ?? [];
    return oid === undefined || path === undefined ? [] : [{ oid, path }];
  });
  if (entries.length === 0) return {};
  const output = await piped(
    remote.path,
    ['cat-file', '--batch', '--buffer'],
    entries.map(({ oid }) => `${oid}\n`).join(''),
  );
  let at = 0;
  return Object.fromEntries(
    entries.map(({ path }): [string, string] => {
      const start = output.indexOf('\n', at) + 1;
      const end = start + Number(output.toString('latin1', at, start).split(' ')[2]);
      at = end + 1;
      return [path, output.toString('utf8', start, end)];
    }),
  );
}

/** Commit messages of a ref, newest first. */
export async function messagesOf(remote: Pick<GitRemote, 'path'>, ref: string): Promise<readonly string[]> {
  const text = await git(remote.path, 'log', '--format=%B%x00', ref);
  return text
    .split('\0')
    .map((message) => message.trim())
    .filter((message) => message !== '');
}

/** A server-side hook: a shell script. */
export async function installHook(remote: GitRemote, name: string, script: string): Promise<void> {
  const file = join(remote.path, 'hooks', name);
  await writeFiles(remote.path, { [`hooks/${name}`]: `#!/bin/sh\n${script}\n` });
  await chmod(file, 0o755);
}

/**
 * A folder to put first on PATH whose `git` notes its arguments and runs the real one.
 * `calls()` gives one line per start of git by the program under test.
 */
export async function recordingGit(): Promise<{
  readonly env: NodeJS.ProcessEnv;
  calls(): Promise<readonly string[]>;
}> {
  const folder = await tempFolder();
  const record = join(folder, 'calls');
  const real = (await run('sh', ['-c', 'command -v git'])).stdout.trim();
  await writeFiles(folder, {
    calls: '',
    'bin/git': `#!/bin/sh\nprintf '%s\\n' "$*" | tr '\\n' ' ' >> '${record}'\necho >> '${record}'\nexec '${real}' "$@"\n`,
  });
  await chmod(join(folder, 'bin/git'), 0o755);
  return {
    env: testEnv({ PATH: `${join(folder, 'bin')}:${process.env.PATH ?? ''}` }),
    async calls() {
      const { stdout } = await run('cat', [record]);
      return stdout.split('\n').filter((line) => line.trim() !== '');
    },
  };
}

export const testBranches = { approval: 'main', state: 'certwright/state' };

/** Opens a clone as certwright does, with a cache folder of its own unless told otherwise; closed after the test. */
export async function openClone(
  clone: string,
  overrides: Partial<RepositoryOptions> = {},
): Promise<GitRepository> {
  const repository = await openRepository({
    cwd: clone,
    branches: testBranches,
    cacheDir: overrides.cacheDir ?? (await tempFolder()),
    committer: { name: 'certwright', email: 'certwright@example.com' },
    clock: manualClock(),
    log: memoryLog(),
    env: testEnv(),
    ...overrides,
  });
  onTestFinished(() => repository.close());
  return repository;
}

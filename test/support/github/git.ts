/** What GitHub does with a repository on its own disk: plumbing on a bare repository. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testEnv } from '../git.js';

export interface Tree {
  readonly path: string;
  readonly content?: string;
  /** null removes the file. */
  readonly sha?: string | null;
}

/** Runs git; rejects with what it says when it fails. */
export function plumb(
  folder: string,
  args: readonly string[],
  options: { readonly input?: string | Buffer; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  return new Promise((settle, fail) => {
    const child = spawn('git', args, { cwd: folder, env: testEnv(options.env) });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    child.stdin.on('error', () => undefined);
    child.on('error', fail);
    child.on('close', (code) => {
      if (code === 0) settle(out.replace(/\n$/, ''));
      else fail(new Error(`git ${args.join(' ')}: ${err}`));
    });
    child.stdin.end(options.input ?? '');
  });
}

/** The commit a ref points at; undefined where it is not there. */
export const commitOf = (repository: string, ref: string): Promise<string | undefined> =>
  plumb(repository, ['rev-parse', '--verify', '--quiet', `${ref}^{commit}`]).catch(() => undefined);

export const writeBlob = (repository: string, content: string | Buffer): Promise<string> =>
  plumb(repository, ['hash-object', '-w', '--stdin'], { input: content });

/** A tree on top of another, as `POST git/trees` makes it. */
export async function writeTree(repository: string, base: string, entries: readonly Tree[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'certwright-index-'));
  const env = { GIT_INDEX_FILE: join(folder, 'index') };
  try {
    await plumb(repository, ['read-tree', base], { env });
    for (const { path, content, sha } of entries) {
      if (sha === null) {
        await plumb(repository, ['rm', '--cached', '--quiet', '--', path], { env: { ...env } }).catch(() =>
          plumb(repository, ['update-index', '--force-remove', path], { env }),
        );
        continue;
      }
      const blob = sha ?? (await writeBlob(repository, content ?? ''));
      await plumb(repository, ['update-index', '--add', '--cacheinfo', `100644,${blob},${path}`], { env });
    }
    return await plumb(repository, ['write-tree'], { env });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function writeCommit(
  repository: string,
  tree: string,
  parents: readonly string[],
  message: string,
  author = 'GitHub',
): Promise<string> {
  const who = { NAME: author, EMAIL: 'noreply@github.com' };
  const env = Object.fromEntries(
    ['AUTHOR', 'COMMITTER'].flatMap((role) =>
      Object.entries(who).map(([key, value]) => [`GIT_${role}_${key}`, value]),
    ),
  );
  return plumb(repository, ['commit-tree', tree, ...parents.flatMap((one) => ['-p', one])], {
    input: message,
    env,
  });
}

/** The commit of `refs/pull/N/merge`; undefined where the two do not merge. */
export async function mergeOf(repository: string, base: string, head: string): Promise<string | undefined> {
  const tree = await plumb(repository, ['merge-tree', '--write-tree', base, head]).catch(() => undefined);
  if (tree === undefined) return undefined;
  return writeCommit(repository, tree, [base, head], `Merge ${head} into ${base}`);
}

/** Commits of `head` that `base` has not, replayed on top of it one by one. */
export async function rebased(repository: string, base: string, head: string): Promise<string> {
  const list = await plumb(repository, ['rev-list', '--reverse', '--no-merges', `${base}..${head}`]);
  let tip = base;
  for (const commit of list.split('\n').filter((one) => one !== '')) {
    // As if the tip had been made on the commit's parent: older git takes no merge base by hand.
    const side = await writeCommit(repository, `${tip}^{tree}`, [`${commit}^`], 'side');
    const tree = await plumb(repository, ['merge-tree', '--write-tree', side, commit]);
    const message = await plumb(repository, ['log', '-1', '--format=%B', commit]);
    tip = await writeCommit(repository, tree, [tip], message, 'Ann');
  }
  return tip;
}

import { createHash } from 'node:crypto';
import { chmod, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  cloneOf,
  commitAndPush,
  commitFiles,
  fileRemote,
  filesOf,
  type GitRemote,
  git,
  httpRemote,
  openClone,
  recordingGit,
  tempFolder,
  testEnv,
  writeFiles,
} from '../../support/git.js';

const HEADER = { path: 'issued/_certwright.json', content: '{}\n' };
const fileUrl = (remote: GitRemote) => ({ url: `file://${remote.path}` });

async function withHistory(): Promise<GitRemote> {
  const remote = await fileRemote({ 'certificates/a.yaml': 'domain: a.example.com\n' });
  const clone = await cloneOf(remote);
  await commitAndPush(clone, { 'certificates/b.yaml': 'domain: b.example.com\n' });
  await commitAndPush(clone, { 'certificates/c.yaml': 'domain: c.example.com\n' });
  return remote;
}

/** Every file of a folder with its hash and time of change: what "byte-identical" means. */
async function fingerprint(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const lines = entries
    .filter((entry) => entry.isFile())
    .map(async (entry) => {
      const file = join(entry.parentPath, entry.name);
      const hash = createHash('sha256')
        .update(await readFile(file))
        .digest('hex');
      return `${file} ${(await stat(file)).mtimeMs} ${hash}`;
    });
  return (await Promise.all(lines)).sort();
}

const shapes: readonly [string, (remote: GitRemote) => Promise<string>][] = [
  ['an ordinary clone', (remote) => cloneOf(remote)],
  ['a folder inside a clone', async (remote) => join(await cloneOf(remote), 'certificates')],
  ['a shallow clone', (remote) => cloneOf(fileUrl(remote), '--depth=1')],
  [
    'a partial clone',
    async (remote) => {
      await git(remote.path, 'config', 'uploadpack.allowFilter', 'true');
      return cloneOf(fileUrl(remote), '--filter=blob:none', '--no-checkout');
    },
  ],
  [
    'a detached HEAD',
    async (remote) => {
      const clone = await cloneOf(remote);
      await git(clone, 'checkout', '--quiet', '--detach', 'HEAD~1');
      return clone;
    },
  ],
  [
    'a dirty tree with something staged',
    async (remote) => {
      const clone = await cloneOf(remote);
      await writeFiles(clone, { 'certificates/a.yaml': 'changed', 'new.txt': 'new', 'staged.txt': 'staged' });
      await git(clone, 'add', 'staged.txt');
      return clone;
    },
  ],
  ['a bare clone', (remote) => cloneOf(remote, '--bare')],
  [
    'a second work tree',
    async (remote) => {
      const folder = join(await tempFolder(), 'second');
      await git(await cloneOf(remote), 'worktree', 'add', '--quiet', folder);
      return folder;
    },
  ],
  [
    'a clone behind its remote, with a lock left in its index',
    async (remote) => {
      const clone = await cloneOf(remote);
      await git(clone, 'reset', '--quiet', '--hard', 'HEAD~2');
      await git(clone, 'update-ref', 'refs/remotes/origin/main', 'HEAD');
      await writeFiles(clone, { '.git/index.lock': '' });
      return clone;
    },
  ],
];

describe.each(shapes)('%s', (_, make) => {
  it('works, sees the remote and its whole history, and stays byte for byte what it was', async () => {
    const remote = await withHistory();
    const clone = await make(remote);
    const first = await git(remote.path, 'rev-list', '--max-parents=0', 'main');
    const before = await fingerprint(clone);
    const repository = await openClone(clone);
    await repository.initialise([HEADER], 'Set up');
    const snapshot = await repository.observe();
    const outcome = await repository.commit(
      snapshot,
      [{ path: 'issued/a/status.json', content: '1' }],
      'Buy',
    );
    await repository.close();
    expect(outcome.kind).toBe('pushed');
    expect((await snapshot.approval.list('certificates')).map(({ path }) => path)).toEqual([
      'certificates/a.yaml',
      'certificates/b.yaml',
      'certificates/c.yaml',
    ]);
    expect(await repository.isAncestor(first, snapshot.approval.commit)).toBe(true);
    expect(snapshot.remote).toBe(`local${remote.path.replace(/\.git$/, '')}`);
    expect(await fingerprint(clone)).toEqual(before);
  });
});

describe('finding the remote', () => {
  it('takes the only one, whatever its name', async () => {
    const remote = await fileRemote();
    const clone = await cloneOf(remote, '--origin=upstream');
    expect((await (await openClone(clone)).observe()).integrity).toEqual({ kind: 'absent' });
  });

  it('takes origin among several, or the one named', async () => {
    const [remote, other] = [await fileRemote(), await fileRemote()];
    const clone = await cloneOf(remote);
    await git(clone, 'remote', 'add', 'mirror', other.path);
    expect((await openClone(clone)).remote).toContain(remote.path.replace('.git', ''));
    expect((await openClone(clone, { remote: 'mirror' })).remote).toContain(other.path.replace('.git', ''));
  });

  it('understands a path relative to the top of the clone, insteadOf, and a push address of its own', async () => {
    const [remote, other] = [await fileRemote(), await fileRemote()];
    const clone = await cloneOf(remote);
    await writeFiles(clone, { 'sub/x': '' });
    await git(clone, 'config', 'remote.origin.url', `../../${remote.path.split('/').slice(-2).join('/')}`);
    await (await openClone(join(clone, 'sub'))).observe();

    await git(clone, 'config', `url.${other.path.replace('remote.git', '')}.insteadOf`, 'work:');
    await git(clone, 'config', 'remote.origin.pushurl', 'work:remote.git');
    const repository = await openClone(clone);
    expect((await repository.initialise([HEADER], 'Set up')).kind).toBe('pushed');
    expect(await filesOf(other, 'certwright/state')).toHaveProperty(['issued/_certwright.json']);
  });

  it.each([
    ['no remote', ['remote', 'remove', 'origin'], {}, /has no remote/],
    [
      'several without origin',
      ['remote', 'rename', 'origin', 'one'],
      {},
      /several remotes \(one, two\) and none/,
    ],
    [
      'a name that is not there',
      ['config', 'x.y', 'z'],
      { remote: 'nope' },
      /no remote called nope, only: origin, two/,
    ],
  ])('says what to do with %s', async (kind, command, overrides, message) => {
    const clone = await cloneOf(await fileRemote());
    if (kind !== 'no remote') await git(clone, 'remote', 'add', 'two', '/x');
    await git(clone, ...command);
    await expect(openClone(clone, overrides)).rejects.toMatchObject({
      code: 'repository.unavailable',
      message: expect.stringMatching(message),
      remedy: expect.any(String),
    });
  });

  it.each([
    ['a folder without Git', async () => tempFolder(), /is not in a Git repository/],
    ['no folder', async () => '/nowhere/at/all', /there is no folder/],
  ])('says so for %s', async (_, make, message) => {
    await expect(openClone(await make())).rejects.toMatchObject({
      code: 'repository.unavailable',
      message: expect.stringMatching(message),
    });
  });

  it('says how to get git where there is none', async () => {
    const clone = await cloneOf(await fileRemote());
    const env = testEnv({ PATH: await tempFolder() });
    await expect(openClone(clone, { env })).rejects.toMatchObject({
      code: 'repository.unavailable',
      message: expect.stringContaining('install git'),
    });
  });

  it('says that the cache folder cannot be made', async () => {
    const clone = await cloneOf(await fileRemote());
    await expect(openClone(clone, { cacheDir: '/dev/null/x' })).rejects.toMatchObject({
      code: 'repository.unavailable',
      message: expect.stringContaining('cache folder'),
    });
  });

  it('is not led astray by variables that a hook or an alias sets', async () => {
    const remote = await fileRemote();
    const other = await cloneOf(await fileRemote());
    const clone = await cloneOf(remote);
    const env = testEnv({
      GIT_DIR: join(other, '.git'),
      GIT_WORK_TREE: other,
      GIT_INDEX_FILE: '/dev/null/x',
    });
    const repository = await openClone(clone, { env });
    expect((await repository.observe()).remote).toContain(remote.path.replace('.git', ''));
  });

  it('runs no hooks of the person who starts it', async () => {
    const remote = await httpRemote();
    const clone = await cloneOf(remote);
    const hooks = await tempFolder();
    await writeFiles(hooks, {
      'pre-push': '#!/bin/sh\nexit 1\n',
      'reference-transaction': '#!/bin/sh\nexit 1\n',
    });
    await Promise.all(['pre-push', 'reference-transaction'].map((name) => chmod(join(hooks, name), 0o755)));
    const config = join(hooks, 'config');
    await writeFiles(hooks, { config: `[core]\n\thooksPath = ${hooks}\n` });
    const repository = await openClone(clone, { env: testEnv({ GIT_CONFIG_GLOBAL: config }) });
    expect((await repository.initialise([HEADER], 'Set up')).kind).toBe('pushed');
  });

  it.each([
    ['release/v1.2', true],
    ['a..b', false],
    ['a b', false],
    ['state.lock', false],
  ])('asks git whether %s can be a branch', async (state, fine) => {
    const opened = openClone(await cloneOf(await fileRemote()), { branches: { approval: 'main', state } });
    if (fine) await expect(opened).resolves.toBeDefined();
    else
      await expect(opened).rejects.toMatchObject({
        code: 'config.invalid',
        message: `"${state}" cannot be the name of a branch`,
      });
  });

  it('starts no git command inside the user’s clone that writes', async () => {
    const clone = await cloneOf(await fileRemote());
    await commitFiles(clone, { 'local.txt': 'not pushed' });
    const recorder = await recordingGit();
    const repository = await openClone(clone, { env: recorder.env });
    await repository.observe();
    await repository.close();
    const names = new Set((await recorder.calls()).map((call) => call.split(' ')[0]));
    expect([...names].sort()).toEqual(
      ['config', 'fetch', 'for-each-ref', 'init', 'ls-remote', 'remote', 'rev-parse', 'update-ref'].sort(),
    );
  });
});

import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { PushOutcome } from '../../../src/ports/repository.js';
import {
  cloneOf,
  commitAndPush,
  commitToRemote,
  emptyRemote,
  fileRemote,
  filesOf,
  type GitRemote,
  git,
  httpRemote,
  installHook,
  messagesOf,
  openClone,
  recordingGit,
  refsOf,
  setRef,
  tempFolder,
} from '../../support/git.js';

const STATE = 'refs/heads/certwright/state';
const SEEN = 'refs/heads/certwright/seen';
const HEADER = { path: 'issued/_certwright.json', content: '{}\n' };
const file = (path: string, content: string | null) => ({ path: `issued/${path}`, content });

function commitOf(outcome: PushOutcome): string {
  if (outcome.kind !== 'pushed') throw new Error(`${outcome.kind}: ${outcome.text}`);
  return outcome.commit;
}

/** A remote with state and seen, opened by one clone. */
async function initialised(remote?: GitRemote) {
  const at = remote ?? (await fileRemote());
  const clone = await cloneOf(at);
  const repository = await openClone(clone);
  const first = commitOf(await repository.initialise([HEADER], 'Set up'));
  return { remote: at, clone, repository, first };
}

describe.each([
  ['a file remote', () => fileRemote()],
  ['an http remote', () => httpRemote()],
])('on %s', (_, makeRemote) => {
  it('starts absent, is initialised once, and is healthy from then on', async () => {
    const remote = await makeRemote();
    const repository = await openClone(await cloneOf(remote));
    expect((await repository.observe()).integrity).toEqual({ kind: 'absent' });

    const commit = commitOf(await repository.initialise([HEADER], 'Set up'));
    expect(await refsOf(remote)).toMatchObject({ [STATE]: commit, [SEEN]: commit });
    const snapshot = await repository.observe();
    expect(snapshot.integrity).toEqual({ kind: 'healthy' });
    expect(snapshot.state?.commit).toBe(commit);
    expect(snapshot.seen).toBeUndefined();
    expect(await git(remote.path, 'log', '--format=%an <%ae> %at %P', STATE)).toBe(
      `certwright <certwright@example.com> ${Date.UTC(2026, 10, 22, 12) / 1000} `,
    );
  });

  it('lets one of two initialisations win', async () => {
    const remote = await makeRemote();
    const [a, b] = await Promise.all([openClone(await cloneOf(remote)), openClone(await cloneOf(remote))]);
    const outcomes = await Promise.all([
      a.initialise([{ ...HEADER, content: 'a' }], 'Set up'),
      b.initialise([{ ...HEADER, content: 'b' }], 'Set up'),
    ]);
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['moved', 'pushed']);
    expect((await a.observe()).integrity).toEqual({ kind: 'healthy' });
  });

  it('lets one of several writers on the same snapshot win', async () => {
    const { remote, clone, first } = await initialised(await makeRemote());
    const cacheDir = await tempFolder();
    const writers = await Promise.all([1, 2, 3, 4].map(() => openClone(clone, { cacheDir })));
    const snapshots = await Promise.all(writers.map((writer) => writer.observe()));
    const outcomes = await Promise.all(
      writers.map((writer, index) => {
        const snapshot = snapshots[index];
        if (!snapshot) throw new Error('no snapshot');
        return writer.commit(snapshot, [file('shop/status.json', `${index}\n`)], `Write ${index}`);
      }),
    );
    const kinds = outcomes.map(({ kind }) => kind).sort();
    expect(kinds).toEqual(['moved', 'moved', 'moved', 'pushed']);
    const winner = outcomes.findIndex(({ kind }) => kind === 'pushed');
    expect(await filesOf(remote, STATE)).toMatchObject({ 'issued/shop/status.json': `${winner}\n` });
    expect(await git(remote.path, 'rev-parse', `${STATE}^`)).toBe(first);
    expect((await refsOf(remote))[SEEN]).toBe((await refsOf(remote))[STATE]);
  });

  it('passes on the words of a hook that declines', async () => {
    const { remote, repository, first } = await initialised(await makeRemote());
    await installHook(remote, 'pre-receive', 'echo "state is frozen until Monday" >&2; exit 1');
    const outcome = await repository.commit(
      await repository.observe(),
      [file('a/status.json', '1')],
      'Write',
    );
    expect(outcome).toMatchObject({ kind: 'refused', text: expect.stringContaining('frozen until Monday') });
    expect((await refsOf(remote))[STATE]).toBe(first);
  });

  it('says that a branch named like its folder stands in the way', async () => {
    const remote = await makeRemote();
    await commitToRemote(remote, 'certwright', { a: '1' });
    const outcome = await (await openClone(await cloneOf(remote))).initialise([HEADER], 'Set up');
    expect(outcome).toMatchObject({
      kind: 'refused',
      text: expect.stringContaining("'refs/heads/certwright' exists"),
    });
  });

  it('writes, moves and removes files on top of what is there', async () => {
    const { remote, repository } = await initialised(await makeRemote());
    const odd = 'issued/team/"odd" \\ ü.txt'.replace('\\ ', '');
    await repository.commit(
      await repository.observe(),
      [file('a/status.json', '{"a":1}\n'), file('b/status.json', ''), { path: odd, content: 'x' }],
      'Two certificates\n\nwith a body',
    );
    const before = await repository.observe();
    const entry = (await before.state?.list('issued/a'))?.[0];
    if (!entry) throw new Error('not listed');
    await repository.commit(
      before,
      [
        file('b/status.json', null),
        file('never/was.json', null),
        { path: 'issued/c/status.json', content: { blob: entry.blob } },
        { path: 'issued/c/certificate.der', content: Uint8Array.of(0x30, 0x82, 0xff) },
      ],
      'Move',
    );
    expect(Object.keys(await filesOf(remote, STATE))).toEqual([
      'issued/_certwright.json',
      'issued/a/status.json',
      'issued/c/certificate.der',
      'issued/c/status.json',
      odd,
    ]);
    expect(await git(remote.path, 'cat-file', '-s', `${STATE}:issued/c/certificate.der`)).toBe('3');
    expect(await filesOf(remote, STATE)).toMatchObject({ 'issued/c/status.json': '{"a":1}\n' });
    expect(await messagesOf(remote, STATE)).toEqual(['Move', 'Two certificates\n\nwith a body', 'Set up']);
  });
});

describe('one look', () => {
  it('is one fetch and no other contact when nothing is due', async () => {
    const { remote, clone } = await initialised();
    await setRef(remote, 'refs/certwright/cache', (await refsOf(remote))['refs/heads/main'] ?? '');
    const cacheDir = await tempFolder();
    await (await openClone(clone, { cacheDir })).observe();

    const recorder = await recordingGit();
    const repository = await openClone(clone, { cacheDir, env: recorder.env });
    const snapshot = await repository.observe();
    for (const tree of [snapshot.approval, snapshot.state]) {
      const entries = (await tree?.list('')) ?? [];
      await tree?.read(entries.map(({ blob }) => blob));
    }
    await repository.close();
    const contacts = (await recorder.calls()).filter((call) =>
      /^(fetch|push|ls-remote|clone|pull) /.test(call),
    );
    expect(contacts).toHaveLength(1);
    expect(contacts[0]).toContain('+refs/certwright/*');
  });

  it('reads files in bulk, in the order asked for, with their sizes', async () => {
    const big = 'ü'.repeat(300_000);
    const remote = await fileRemote({
      'certificates/a.yaml': 'a',
      'certificates/b/c.yaml': big,
      'certificates-x': 'n',
      empty: '',
    });
    const { approval } = await (await openClone(await cloneOf(remote))).observe();
    const entries = await approval.list('certificates/');
    expect(entries.map(({ path, bytes }) => [path, bytes])).toEqual([
      ['certificates/a.yaml', 1],
      ['certificates/b/c.yaml', 600_000],
    ]);
    const blobs = entries.map(({ blob }) => blob).reverse();
    expect(await approval.read(blobs)).toEqual([big, 'a']);
    expect(await approval.read([])).toEqual([]);
    expect(await approval.list('certificates/none')).toEqual([]);
    expect((await approval.list('')).map(({ path }) => path)).toContain('empty');
    expect(await approval.list('certificates-x')).toHaveLength(1);
  });

  it('refuses ids that are no file here', async () => {
    const { approval } = await (await openClone(await cloneOf(await fileRemote()))).observe();
    await expect(approval.read(['0'.repeat(40)])).rejects.toThrow(RangeError);
    await expect(approval.read([approval.commit])).rejects.toThrow(RangeError);
  });

  it('leaves links and submodules out', async () => {
    const remote = await fileRemote();
    const clone = await cloneOf(remote);
    const commit = await git(clone, 'rev-parse', 'HEAD');
    await git(clone, 'update-index', '--add', '--cacheinfo', `160000,${commit},module`);
    const target = await git(clone, 'rev-parse', 'HEAD:certwright.yaml');
    await git(clone, 'update-index', '--add', '--cacheinfo', `120000,${target},link`);
    await git(clone, 'commit', '--quiet', '-m', 'Odd entries');
    await git(clone, 'push', '--quiet');
    const { approval } = await (await openClone(clone)).observe();
    expect((await approval.list('')).map(({ path }) => path)).toEqual(['certwright.yaml']);
  });

  it('sees what was pushed since, and each snapshot stays what it was', async () => {
    const { clone, repository } = await initialised();
    const before = await repository.observe();
    const commit = await commitAndPush(clone, { 'certificates/new.yaml': 'domain: x.example.com\n' });
    const after = await repository.observe();
    expect(after.approval.commit).toBe(commit);
    expect(await before.approval.list('certificates')).toEqual([]);
    expect(await after.approval.list('certificates')).toHaveLength(1);
    expect(await repository.isAncestor(before.approval.commit, after.approval.commit)).toBe(true);
    expect(await repository.isAncestor(after.approval.commit, before.approval.commit)).toBe(false);
    expect(await repository.isAncestor(commit, commit)).toBe(true);
    expect(await repository.isAncestor('f'.repeat(40), commit)).toBe(false);
    expect(await repository.isAncestor('--help', commit)).toBe(false);
  });

  it('leaves no refs of its runs behind, and sweeps those of runs that crashed a day ago', async () => {
    const { clone } = await initialised();
    const cacheDir = await tempFolder();
    const crashed = await openClone(clone, { cacheDir });
    await crashed.observe();
    const [name = ''] = await readdir(`${cacheDir}/git`);
    const bare = { path: `${cacheDir}/git/${name}` };
    const tip = Object.values(await refsOf(bare))[0] ?? '';
    const now = Date.UTC(2026, 10, 22, 12) / 1000;
    await git(bare.path, 'update-ref', `refs/run/${now - 90_000}-aaaa/0/state`, tip);
    await git(bare.path, 'update-ref', `refs/run/${now - 3_600}-bbbb/0/state`, tip);

    const repository = await openClone(clone, { cacheDir });
    await repository.commit(await repository.observe(), [file('a/status.json', '1')], 'Write');
    await repository.close();
    const runs = Object.keys(await refsOf(bare)).filter((ref) => ref.startsWith('refs/run/'));
    expect(runs).toEqual([`refs/run/${now - 3_600}-bbbb/0/state`]);
  });
});

describe('the state that is found', () => {
  it('is lost when somebody takes the state branch back', async () => {
    const { remote, repository, first } = await initialised();
    const second = commitOf(
      await repository.commit(await repository.observe(), [file('a/status.json', '1')], 'Buy'),
    );
    await setRef(remote, STATE, first);
    const snapshot = await repository.observe();
    expect(snapshot.integrity).toMatchObject({ kind: 'lost', why: expect.stringContaining('taken back') });
    expect(snapshot.seen?.commit).toBe(second);
    await expect(repository.commit(snapshot, [], 'Write')).rejects.toMatchObject({
      code: 'repository.lost-state',
    });
  });

  it('is lost when the state branch was rebuilt beside seen', async () => {
    const { remote, repository, first } = await initialised();
    const tree = await git(remote.path, 'rev-parse', `${first}^{tree}`);
    await setRef(remote, STATE, await git(remote.path, 'commit-tree', tree, '-m', 'Rebuilt'));
    expect((await repository.observe()).integrity.kind).toBe('lost');
  });

  it.each([
    ['state', STATE, /certwright\/state is gone/],
    ['seen', SEEN, /certwright\/seen is gone/],
  ])('is lost without %s', async (_, ref, why) => {
    const { remote, repository } = await initialised();
    await setRef(remote, ref, null);
    expect((await repository.observe()).integrity).toMatchObject({
      kind: 'lost',
      why: expect.stringMatching(why),
    });
    expect((await repository.initialise([HEADER], 'Again')).kind).toBe('moved');
  });

  it('shows commits of others, still knows what they took away, and goes on from there', async () => {
    const { remote, repository } = await initialised();
    await repository.commit(await repository.observe(), [file('a/status.json', 'intent')], 'Buy');
    await commitToRemote(remote, 'certwright/state', { 'issued/a/status.json': null }, 'Revert "Buy"');
    const snapshot = await repository.observe();
    expect(snapshot.integrity).toEqual({ kind: 'foreign-commits' });
    const kept = (await snapshot.seen?.list('issued/a')) ?? [];
    expect(await snapshot.seen?.read(kept.map(({ blob }) => blob))).toEqual(['intent']);

    await repository.commit(
      snapshot,
      kept.map(({ path, blob }) => ({ path, content: { blob } })),
      'Restore',
    );
    expect((await repository.observe()).integrity).toEqual({ kind: 'healthy' });
    expect(await messagesOf(remote, STATE)).toEqual(['Restore', 'Revert "Buy"', 'Buy', 'Set up']);
    expect(await filesOf(remote, STATE)).toMatchObject({ 'issued/a/status.json': 'intent' });
  });

  it.each([
    [
      'state moved',
      async (remote: GitRemote) => commitToRemote(remote, 'certwright/state', { 'issued/x': '1' }),
    ],
    ['state was taken back', async (remote: GitRemote, first: string) => setRef(remote, STATE, first)],
    ['seen was deleted', async (remote: GitRemote) => setRef(remote, SEEN, null)],
    [
      'seen moved',
      async (remote: GitRemote) => setRef(remote, SEEN, (await refsOf(remote))['refs/heads/main'] ?? ''),
    ],
  ])('refuses a late push after %s', async (_, disturb) => {
    const { remote, repository, first } = await initialised();
    await repository.commit(await repository.observe(), [file('a/status.json', '1')], 'One');
    const old = await repository.observe();
    await disturb(remote, first);
    const refs = await refsOf(remote);
    expect((await repository.commit(old, [file('a/status.json', '2')], 'Late')).kind).toBe('moved');
    expect(await refsOf(remote)).toEqual(refs);
  });

  it('writes nothing outside issued/', async () => {
    const { repository } = await initialised();
    const snapshot = await repository.observe();
    for (const path of ['certwright.yaml', 'issued/../certwright.yaml', 'issued/.git/x'])
      await expect(repository.commit(snapshot, [{ path, content: 'x' }], 'Out')).rejects.toMatchObject({
        code: 'internal',
      });
  });

  it('records nothing before it was set up', async () => {
    const repository = await openClone(await cloneOf(await fileRemote()));
    await expect(repository.commit(await repository.observe(), [], 'x')).rejects.toMatchObject({
      code: 'repository.not-initialised',
    });
  });
});

describe('a remote without atomic pushes', () => {
  it('gets state first, then seen', async () => {
    const remote = await fileRemote();
    await git(remote.path, 'config', 'receive.advertiseAtomic', 'false');
    const { repository } = await initialised(remote);
    expect(
      (await repository.commit(await repository.observe(), [file('a/status.json', '1')], 'x')).kind,
    ).toBe('pushed');
    expect((await repository.observe()).integrity).toEqual({ kind: 'healthy' });
  });
});

describe('state on the approval branch', () => {
  const branches = { approval: 'main', state: 'main' };

  it('works, commits of people are the normal case, and taking ours back is seen', async () => {
    const remote = await fileRemote();
    const clone = await cloneOf(remote);
    const repository = await openClone(clone, { branches });
    expect((await repository.observe()).integrity).toEqual({ kind: 'absent' });
    expect((await repository.initialise([HEADER], 'Set up')).kind).toBe('pushed');
    expect((await repository.initialise([HEADER], 'Set up')).kind).toBe('moved');

    await git(clone, 'pull', '--quiet');
    await commitAndPush(clone, { 'certificates/a.yaml': 'domain: a.example.com\n' });
    const snapshot = await repository.observe();
    expect(snapshot.integrity).toEqual({ kind: 'healthy' });
    expect((await repository.commit(snapshot, [file('a/status.json', '1')], 'Buy')).kind).toBe('pushed');
    expect(Object.keys(await filesOf(remote, 'main'))).toEqual([
      'certificates/a.yaml',
      'certwright.yaml',
      'issued/_certwright.json',
      'issued/a/status.json',
    ]);

    await git(clone, 'pull', '--quiet');
    await commitAndPush(clone, { 'issued/a/status.json': null });
    expect((await repository.observe()).integrity).toEqual({ kind: 'foreign-commits' });
    await setRef(remote, SEEN, null);
    expect((await repository.observe()).integrity.kind).toBe('lost');
    expect((await repository.initialise([HEADER], 'Again')).kind).toBe('moved');
  });
});

describe('a remote that cannot be used', () => {
  it('names the approval branch that is missing', async () => {
    const remote = await fileRemote();
    const repository = await openClone(await cloneOf(remote), {
      branches: { approval: 'trunk', state: 'certwright/state' },
    });
    await expect(repository.observe()).rejects.toMatchObject({
      code: 'repository.ref-missing',
      message: expect.stringContaining('no branch trunk'),
    });
  });

  it('names it for an empty remote too', async () => {
    const repository = await openClone(await cloneOf(await emptyRemote()));
    await expect(repository.observe()).rejects.toMatchObject({ code: 'repository.ref-missing' });
  });

  it.each(['a..b', 'a b', '-x/', 'x*', '', 'certwright/seen'])(
    'refuses the branch name %j',
    async (state) => {
      const clone = await cloneOf(await fileRemote());
      await expect(openClone(clone, { branches: { approval: 'main', state } })).rejects.toMatchObject({
        code: 'config.invalid',
      });
    },
  );

  it('says that it is gone', async () => {
    const remote = await fileRemote();
    const clone = await cloneOf(remote);
    const repository = await openClone(clone);
    await git(clone, 'config', 'remote.origin.url', '/nowhere/at/all.git');
    const broken = await openClone(clone);
    await expect(broken.observe()).rejects.toMatchObject({
      code: 'repository.unavailable',
      message: expect.stringContaining('no repository at local/nowhere/at/all'),
    });
    expect((await broken.initialise([HEADER], 'x')).kind).toBe('refused');
    expect((await repository.observe()).integrity).toEqual({ kind: 'absent' });
  });

  it('says that nobody answers', async () => {
    const clone = await cloneOf(await fileRemote());
    await git(clone, 'config', 'remote.origin.url', 'http://127.0.0.1:1/x.git');
    const repository = await openClone(clone);
    await expect(repository.observe()).rejects.toMatchObject({
      code: 'repository.unavailable',
      message: expect.stringContaining('cannot be reached'),
    });
    expect((await repository.initialise([HEADER], 'x')).kind).toBe('moved');
  });

  it('stops on abort', async () => {
    const stop = new AbortController();
    const repository = await openClone(await cloneOf(await fileRemote()), { signal: stop.signal });
    stop.abort();
    await expect(repository.observe()).rejects.toMatchObject({ code: 'interrupted' });
    await repository.close();
  });

  it('does not know whether a push landed whose answer was lost, and a fresh look tells', async () => {
    const remote = await httpRemote();
    const { repository } = await initialised(remote);
    const snapshot = await repository.observe();
    remote.intercept({ match: /^POST .*git-receive-pack/, with: 'drop' });
    const outcome = await repository.commit(snapshot, [file('a/status.json', 'nonce')], 'Buy');
    remote.intercept(undefined);
    expect(outcome.kind).toBe('moved');
    const after = await repository.observe();
    expect(after.integrity).toEqual({ kind: 'healthy' });
    expect(await after.state?.list('issued/a')).toHaveLength(1);
  });
});

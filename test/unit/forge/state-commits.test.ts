import { describe, expect, it } from 'vitest';
import type { GitRepository } from '../../../src/repository/git-repository.js';
import { openRepository } from '../../../src/repository/git-repository.js';
import {
  cloneOf,
  filesOf,
  git,
  installHook,
  refsOf,
  setRef,
  tempFolder,
  testBranches,
  testEnv,
} from '../../support/git.js';
import { forgeOf } from '../../support/github/forge.js';
import { type FakeGitHub, fakeGitHub, type TokenOptions } from '../../support/github/server.js';
import { manualClock } from '../../support/manual-clock.js';
import { memoryLog } from '../../support/memory-log.js';

const STATE = 'refs/heads/certwright/state';
const SEEN = 'refs/heads/certwright/seen';
const FILE = 'issued/shop/status.json';
const DER = new Uint8Array([0x30, 0x82, 0, 0xff, 0xfe]);

/** A repository set up by git, whose hosts then take no push to our branches: only their API moves them. */
async function hosted(token: TokenOptions = {}) {
  const github = await fakeGitHub({ files: { 'certwright.yaml': 'version: 1\n' } });
  const open = async (own: TokenOptions = token): Promise<GitRepository> =>
    openRepository({
      cwd: await cloneOf(github.remote),
      branches: testBranches,
      cacheDir: await tempFolder(),
      committer: { name: 'certwright', email: 'certwright@example.com' },
      clock: manualClock(),
      log: memoryLog(),
      env: testEnv(),
      publisher: forgeOf(github, own).publishCommit,
    });
  const repository = await open();
  await repository.initialise([{ path: 'issued/_certwright.json', content: '{}\n' }], 'create the state\n');
  await installHook(
    github.remote,
    'pre-receive',
    'while read old new ref; do case "$ref" in refs/heads/certwright/*) exit 1;; esac; done',
  );
  return { github, repository, open };
}

const tips = async ({ remote }: FakeGitHub) => {
  const { [STATE]: state, [SEEN]: seen } = await refsOf(remote);
  return { state, seen };
};

const change = (text: string) => [{ path: FILE, content: text }];

describe('commits of the state branch through the API', () => {
  it('hold what ours hold, are made by GitHub, and move both branches', async () => {
    const { github, repository } = await hosted();
    const first = await repository.commit(
      await repository.observe(),
      [...change('{"ü": 1}\n'), { path: 'issued/shop/certificate.der', content: DER }],
      'order shop\n\nfacts',
    );
    expect(first).toEqual({ kind: 'pushed', commit: (await tips(github)).state });
    expect(await tips(github)).toEqual({ state: (await tips(github)).seen, seen: (await tips(github)).seen });
    expect((await filesOf(github.remote, STATE))[FILE]).toBe('{"ü": 1}\n');
    const der = await git(github.remote.path, 'rev-parse', `${STATE}:issued/shop/certificate.der`);
    const author = await git(github.remote.path, 'log', '-1', '--format=%an|%s|%P', STATE);
    expect(author).toMatch(/^github-actions\[bot\]\|order shop\|[0-9a-f]{40}$/);

    const snapshot = await repository.observe();
    expect(snapshot.integrity).toEqual({ kind: 'healthy' });
    const second = await repository.commit(
      snapshot,
      [
        { path: 'issued/store/certificate.der', content: { blob: der } },
        { path: 'issued/shop/certificate.der', content: null },
        { path: 'issued/none.json', content: null },
      ],
      'move',
    );
    expect(second.kind).toBe('pushed');
    expect(Object.keys(await filesOf(github.remote, STATE)).sort()).toEqual([
      'issued/_certwright.json',
      FILE,
      'issued/store/certificate.der',
    ]);
    expect(github.unknown).toEqual([]);
  });

  it('lose to whoever was first, and then move neither branch', async () => {
    const { github, repository, open } = await hosted();
    const other = await open();
    const [mine, theirs] = await Promise.all([repository.observe(), other.observe()]);
    expect((await other.commit(theirs, change('theirs'), 'theirs')).kind).toBe('pushed');
    const before = await tips(github);
    expect((await repository.commit(mine, change('mine'), 'mine')).kind).toBe('moved');
    expect(await tips(github)).toEqual(before);

    // Only `seen` moved: the state branch stays where it is as well.
    const snapshot = await repository.observe();
    await setRef(github.remote, SEEN, await git(github.remote.path, 'rev-parse', 'main'));
    expect((await repository.commit(snapshot, change('mine'), 'mine')).kind).toBe('moved');
    expect((await tips(github)).state).toBe(before.state);
    await setRef(github.remote, SEEN, before.seen ?? null);

    const both = await Promise.all([repository.observe(), other.observe()]);
    const ended = await Promise.all([
      repository.commit(both[0], change('a'), 'a'),
      other.commit(both[1], change('b'), 'b'),
    ]);
    expect(ended.map(({ kind }) => kind).sort()).toEqual(['moved', 'pushed']);
  });

  it('count as landed where the answer was lost, and as unknown where nobody can tell', async () => {
    const { github, repository } = await hosted();
    github.fault({ match: /POST \/graphql/, status: 502, after: true, times: 1 });
    const landed = await repository.commit(await repository.observe(), change('1'), '1');
    expect(landed).toEqual({ kind: 'pushed', commit: (await tips(github)).state });

    const before = await tips(github);
    github.fault({ match: /POST \/graphql/, status: 502, times: 9 });
    expect((await repository.commit(await repository.observe(), change('2'), '2')).kind).toBe('moved');
    expect(await tips(github)).toEqual(before);
  });

  it('name the permission that is missing, and say what GitHub said', async () => {
    const { github, repository, open } = await hosted();
    const poor = await open({ permissions: { contents: 'read' } });
    const refused = await poor.commit(await poor.observe(), change('1'), '1');
    expect(refused).toMatchObject({ kind: 'refused', text: expect.stringContaining('"contents: write"') });

    github.fault({ match: /POST .*\/git\/trees$/, status: 422, message: 'tree too large', times: 1 });
    const large = await repository.commit(await repository.observe(), change('1'), '1');
    expect(large).toMatchObject({ kind: 'refused', text: expect.stringContaining('tree too large') });
    expect((await repository.commit(await repository.observe(), change('1'), '1')).kind).toBe('pushed');
  });
});

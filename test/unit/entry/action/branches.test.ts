import { describe, expect, it } from 'vitest';
import { commitToRemote, git, installHook, refsOf, setRef } from '../../../support/git.js';
import { act, hosted, proposed } from './act.js';

const STATE = 'refs/heads/certwright/state';
const SEEN = 'refs/heads/certwright/seen';

/** What GitHub answers a push to a branch that is protected against it. */
const protectedBranch = (branch: string) =>
  `while read old new ref; do case "$ref" in refs/heads/${branch}) echo "error: GH006: Protected branch update failed for $ref." >&2; echo "error: Changes must be made through a pull request." >&2; exit 1;; esac; done`;

const errors = (commands: readonly string[]) => commands.filter((line) => line.startsWith('::error'));

describe('the branches of a run that carries out', () => {
  it.each(['certwright/state', 'certwright/seen'])(
    'where %s is protected nothing is bought, the log has GitHub’s words, and the headline says what to allow',
    async (branch) => {
      const { shop, github } = await hosted();
      await installHook(shop.remote, 'pre-receive', protectedBranch(branch));
      const before = await refsOf(shop.remote);
      const run = await act(shop, github, { event: 'push' });
      expect(run.code, run.log).toBe(1);
      expect(run.log).toContain('GH006');
      expect(errors(run.commands).join('\n')).toMatch(/push|certwright\/state/);
      expect(await shop.control.purchases()).toBe(0);
      expect(await refsOf(shop.remote)).toEqual(before);
    },
  );

  it('where the state branch is gone or was rewound nothing is bought, and a person has to look', async () => {
    const { shop, github } = await hosted();
    expect((await act(shop, github, { event: 'push' })).code).toBe(0);
    const bought = await shop.control.purchases();
    const refs = await refsOf(shop.remote);
    await commitToRemote(shop.remote, 'main', { 'certificates/wiki.yaml': 'domain: wiki.example.com\n' });
    const spoilt: readonly (readonly [string, string, string | null])[] = [
      ['the state branch gone', STATE, null],
      ['certwright/seen gone', SEEN, null],
      ['the state branch rewound', STATE, await git(shop.remote.path, 'rev-list', '--max-parents=0', STATE)],
    ];
    for (const [title, ref, commit] of spoilt) {
      await setRef(shop.remote, ref, commit);
      const run = await act(shop, github, { event: 'schedule' });
      expect(run.code, `${title}\n${run.log}`).toBe(4);
      expect(errors(run.commands).at(-1), title).toContain('a person has to look');
      expect(await shop.control.purchases(), title).toBe(bought);
      await setRef(shop.remote, ref, refs[ref] ?? null);
    }
    const mended = await act(shop, github, { event: 'push' });
    expect(mended.code).toBe(0);
    expect(await shop.control.purchases()).toBe(bought + 1);
  });

  it('where the approval branch was rewound nothing is bought', async () => {
    const { shop, github } = await hosted();
    const first = (await refsOf(shop.remote))['refs/heads/main'] ?? '';
    await commitToRemote(shop.remote, 'main', { 'certificates/wiki.yaml': 'domain: wiki.example.com\n' });
    expect((await act(shop, github, { event: 'push' })).code).toBe(0);
    const bought = await shop.control.purchases();
    await setRef(shop.remote, 'refs/heads/main', first);
    await commitToRemote(shop.remote, 'main', { 'certificates/other.yaml': 'domain: other.example.com\n' });
    const rewound = await act(shop, github, { event: 'push' });
    expect(rewound.code, rewound.log).toBe(4);
    expect(await shop.control.purchases()).toBe(bought);
  });

  it('a pull request whose branch is deleted before it is planned is told, and needs nobody', async () => {
    const { shop, github } = await hosted();
    const pull = await proposed(github, { 'certificates/wiki.yaml': 'domain: wiki.example.com\n' });
    await setRef(shop.remote, 'refs/heads/change', null);
    await github.refresh(pull.number);
    const run = await act(shop, github, { event: 'pull_request', pull: { ...pull, state: 'open' } });
    expect(run.code).toBe(0);
    expect(github.comments).toEqual([]);
  });
});

it('with `commits: api` GitHub makes the commits of the state branch, and what was bought is bought once', async () => {
  const { shop, github } = await hosted();
  await installHook(shop.remote, 'pre-receive', protectedBranch('certwright/*'));
  const inputs = { commits: 'api', wait: '0s' };
  const run = await act(shop, github, { event: 'push' }, { inputs });
  expect(run.code, run.log).toBe(0);
  for (let i = 0; i < 3; i++) {
    await shop.advance(3_600_000);
    expect((await act(shop, github, { event: 'schedule' }, { inputs })).code).toBe(0);
  }
  expect(await shop.control.purchases()).toBe(1);
  expect((await shop.status('shop')).current?.names).toEqual(['shop.example.com']);
  const authors = await git(shop.remote.path, 'log', '--format=%an', STATE);
  expect(new Set(authors.split('\n').slice(0, -1))).toEqual(new Set(['github-actions[bot]']));
  expect(github.unknown).toEqual([]);
});

import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { changesIn, cloneOf, git, refsOf, writeFiles } from '../support/git.js';
import { LONG_MS, type Team, teamOf } from './stage.js';

vi.setConfig({ testTimeout: LONG_MS });

interface Shape {
  /** Where the command is called, and from which folder of which clone. */
  readonly stand: (
    team: Team,
  ) => Promise<{ readonly cwd: string; readonly clone: string; readonly args?: string[] }>;
  /** What the checkout shows beside what the remote has; a bare clone has no checkout to plan. */
  readonly plans?: RegExp;
}

const shapes: Readonly<Record<string, Shape>> = {
  'a shallow clone with a detached head, as CI checks out': {
    stand: async ({ remote }) => {
      const clone = await cloneOf({ url: pathToFileURL(remote.path).href }, '--depth=1');
      await git(clone, 'checkout', '--quiet', '--detach', 'HEAD');
      await git(clone, 'branch', '--quiet', '-D', 'main');
      return { cwd: clone, clone };
    },
  },
  'a dirty tree with a manifest nobody merged': {
    stand: async ({ remote }) => {
      const clone = await cloneOf(remote);
      await writeFiles(clone, {
        'certificates/draft.yaml': 'domain: draft.example.com\n',
        'certificates/shop.yaml': null,
        'notes.txt': 'untracked',
      });
      return { cwd: clone, clone };
    },
    plans: /order draft/,
  },
  'a bare clone': {
    stand: async ({ remote }) => {
      const clone = await cloneOf(remote, '--bare');
      return { cwd: clone, clone };
    },
  },
  'a folder below the top': {
    stand: async ({ remote }) => {
      const clone = await cloneOf(remote);
      await mkdir(join(clone, 'certificates/deep/down'), { recursive: true });
      return { cwd: join(clone, 'certificates/deep/down'), clone };
    },
  },
  'another folder, with -C': {
    stand: async ({ remote, home }) => {
      const clone = await cloneOf(remote);
      return { cwd: home, clone, args: ['-C', clone] };
    },
  },
};

/** Everything about a clone that a command must leave alone. */
async function traceOf(clone: string): Promise<unknown> {
  const bare = (await git(clone, 'rev-parse', '--is-bare-repository')) === 'true';
  return {
    refs: await refsOf({ path: clone }),
    head: await git(clone, 'rev-parse', 'HEAD'),
    files: bare ? '' : await changesIn(clone),
    settings: await git(clone, 'config', '--list', '--local'),
    inside: (await readdir(await git(clone, 'rev-parse', '--absolute-git-dir'))).sort(),
    depth: await git(clone, 'rev-parse', '--is-shallow-repository'),
  };
}

describe('a checkout of any shape', () => {
  for (const [title, { stand, plans = /order shop/ }] of Object.entries(shapes)) {
    it(`plans and applies from ${title}, and is left as it was`, async () => {
      const team = await teamOf({ files: { 'certificates/shop.yaml': 'domain: shop.example.com\n' } });
      const { cwd, clone, args = [] } = await stand(team);
      const trace = await traceOf(clone);
      const before = await team.refs();

      const planned = await team.certwright([...args, 'plan'], { cwd });
      expect(planned.code, planned.said).toBe(0);
      expect(planned.out).toMatch(plans);
      expect(await team.refs()).toEqual(before);

      const applied = await team.certwright([...args, 'apply'], { cwd });
      expect(applied, applied.said).toMatchObject({ code: 0, err: '' });
      expect(await team.orders()).toHaveLength(1);
      expect((await team.status('shop')).current?.names).toEqual(['shop.example.com']);

      expect(await traceOf(clone)).toEqual(trace);
    });
  }
});

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseHeader } from '../../../src/config/state.js';
import * as claim from '../../../src/entry/cli/claim.js';
import * as plan from '../../../src/entry/cli/plan.js';
import type { Options } from '../../../src/entry/cli/program.js';
import type { Context } from '../../../src/entry/context.js';
import type { StateHeader } from '../../../src/model/status.js';
import { MINUTE_MS } from '../../../src/model/time.js';
import { HEADER_PATH } from '../../../src/repository/layout.js';
import { remoteIdentity } from '../../../src/repository/remote.js';
import { testContext } from '../../support/context.js';
import {
  cloneOf,
  commitAndPush,
  commitToRemote,
  filesOf,
  type GitRemote,
  git,
  messagesOf,
  refsOf,
  setRef,
  testBranches,
} from '../../support/git.js';
import { manualClock } from '../../support/manual-clock.js';
import { CONFIGURATION, REPOSITORY_ID, ready, stateFiles, type World, worldOf } from '../../support/state.js';
import { failure } from '../keys/support.js';

const NOON = Date.UTC(2026, 10, 22, 12);
const OLD = 'git.example.com/team/certificates';

async function call(clone: string, options: Options, over: Partial<Context> = {}, json = false) {
  const context = testContext({ cwd: clone, ...over });
  const code = await claim.run(context, { json, identity: [] }, { yes: true, ...options });
  return { code, out: context.out(), err: context.err() };
}

async function headerAt(remote: GitRemote): Promise<StateHeader> {
  const files = await filesOf(remote, testBranches.state);
  return parseHeader(files[HEADER_PATH] ?? '', HEADER_PATH);
}

const elsewhere = (more: World = {}) =>
  worldOf({ statuses: [ready('shop')], header: { remote: OLD }, ...more });

/** Warnings of the plan about whose state this is. */
async function warnings(clone: string): Promise<readonly string[]> {
  const context = testContext({ cwd: clone });
  await plan.run(context, { json: true, identity: [] }, {}, []);
  const { warnings } = JSON.parse(context.out()) as { warnings: readonly { code: string }[] };
  return warnings.map(({ code }) => code);
}

describe('claim --moved', () => {
  test('makes the state belong to this remote, and the plan stops warning', async () => {
    const { remote, clone } = await elsewhere();
    const here = remoteIdentity(remote.url);
    expect(await warnings(clone)).toContain('wrong-remote');

    const { out } = await call(clone, { moved: true });

    expect(out).toContain(`the state now belongs to ${here} (before: ${OLD})`);
    expect((await headerAt(remote)).remote).toBe(here);
    expect((await messagesOf(remote, testBranches.state))[0]).toContain('claim: moved');
    expect(await warnings(clone)).not.toContain('wrong-remote');
  });

  test('is refused where the state belongs already', async () => {
    const { remote, clone } = await worldOf();
    const before = await refsOf(remote);
    await failure(call(clone, { moved: true }), 'usage');
    expect(await refsOf(remote)).toEqual(before);
  });

  test('by somebody else while a person is thinking is one claim', async () => {
    const { remote, clone } = await elsewhere();
    const second = await cloneOf(remote);
    const ask = async () => {
      await call(second, { moved: true }, { clock: manualClock(NOON) });
      return 'yes';
    };
    // A minute later: within one second both would make the very same commit, and nobody could tell whose it was.
    const over = { interactive: true, ask, clock: manualClock(NOON + MINUTE_MS) };
    const { out } = await call(clone, { moved: true, yes: false }, over, true);
    expect(JSON.parse(out)).toMatchObject({ changed: false, from: OLD });
    const claims = (await messagesOf(remote, testBranches.state)).filter((text) => text.includes('claim'));
    expect(claims).toHaveLength(1);
  });

  test('asks first, and shows both places', async () => {
    const { remote, clone } = await elsewhere();
    const questions: string[] = [];
    const ask = async (question: string) => {
      questions.push(question);
      return 'n';
    };
    const { err } = await call(clone, { moved: true, yes: false }, { interactive: true, ask });
    expect(questions[0]).toContain(OLD);
    expect(questions[0]).toContain(remoteIdentity(remote.url));
    expect(err).toContain('nothing was done');
    await failure(call(clone, { moved: true, yes: false }), 'usage');
    expect((await headerAt(remote)).remote).toBe(OLD);
  });
});

describe('claim --copy', () => {
  const commented = CONFIGURATION.replace(
    `id: ${REPOSITORY_ID}`,
    `id:   ${REPOSITORY_ID}   # never change it`,
  ).replace('keys: { recipients: [', 'keys: {recipients:  [');

  test('gives the copy an empty state and an id of its own, and touches nothing else in the file', async () => {
    const { remote, clone } = await elsewhere({
      files: { 'certwright.yaml': commented },
      issued: { 'issued/_prices.json': '{}\n', 'issued/shop/keys/aa.age': 'sealed\n' },
    });

    const { out } = await call(clone, { copy: true }, {}, true);

    const { to: id } = JSON.parse(out) as { to: string };
    expect(id).toMatch(/^[a-z0-9]{7}$/);
    const left = Object.keys(await filesOf(remote, testBranches.state));
    expect(left.filter((path) => path.startsWith('issued/'))).toEqual([HEADER_PATH]);
    expect(await headerAt(remote)).toEqual({
      formatVersion: 1,
      revision: 2,
      repositoryId: id,
      remote: remoteIdentity(remote.url),
      provenRecipients: [],
    });
    const text = await readFile(join(clone, 'certwright.yaml'), 'utf8');
    expect(text).toBe(commented.replace(REPOSITORY_ID, /\d/.test(id[0] ?? '') ? `"${id}"` : id));
    expect(await git(clone, 'status', '--porcelain')).toBe(' M certwright.yaml');

    await commitAndPush(clone, {}, 'New id');
    expect(await warnings(clone)).not.toContain('wrong-remote');
  });

  test('stopped before the file was written, the same command finishes with the same id', async () => {
    const { remote, clone } = await elsewhere();
    const untouched = await cloneOf(remote);
    await call(clone, { copy: true });
    const { repositoryId } = await headerAt(remote);
    const before = await refsOf(remote);

    const { out } = await call(untouched, { copy: true });

    expect(out).toContain(`has the id ${repositoryId} already`);
    expect(await readFile(join(untouched, 'certwright.yaml'), 'utf8')).toBe(
      await readFile(join(clone, 'certwright.yaml'), 'utf8'),
    );
    expect(await refsOf(remote)).toEqual(before);
    await failure(call(untouched, { copy: true }), 'usage');
  });

  test('by two people at once gives one id', async () => {
    const { remote, clone } = await elsewhere();
    const second = await cloneOf(remote);
    const results = await Promise.allSettled([call(clone, { copy: true }), call(second, { copy: true })]);
    const { repositoryId } = await headerAt(remote);
    const ids = await Promise.all(
      [clone, second].map(async (folder) => {
        const text = await readFile(join(folder, 'certwright.yaml'), 'utf8');
        return /^id: "?(\w+)"?$/m.exec(text)?.[1];
      }),
    );
    results.forEach((result, i) => {
      expect(ids[i]).toBe(result.status === 'fulfilled' ? repositoryId : REPOSITORY_ID);
    });
    expect(results.some(({ status }) => status === 'fulfilled')).toBe(true);
  });

  test('removes as well what others put on the state branch, and what they took away stays away', async () => {
    const { remote, clone } = await elsewhere();
    await commitToRemote(remote, testBranches.state, {
      'issued/shop/status.json': null,
      'issued/theirs/status.json': '{}\n',
    });
    await call(clone, { copy: true });
    const left = Object.keys(await filesOf(remote, testBranches.state));
    expect(left.filter((path) => path.startsWith('issued/'))).toEqual([HEADER_PATH]);
  });

  test('is refused where the state is no copy, and where the file cannot be edited', async () => {
    const own = await worldOf({ statuses: [ready('shop')] });
    await failure(call(own.clone, { copy: true }), 'usage');
    expect(await filesOf(own.remote, testBranches.state)).toHaveProperty('issued/shop/status.json');
    const bare = await elsewhere();
    const before = await refsOf(bare.remote);
    await failure(call(await cloneOf(bare.remote, '--bare'), { copy: true }), 'config.invalid');
    expect(await refsOf(bare.remote)).toEqual(before);
  });
});

describe('claim --manifests', () => {
  test('takes the rewritten history, and shows both commits', async () => {
    const { remote, clone } = await worldOf();
    const lost = await commitAndPush(clone, { 'certificates/a.yaml': 'domain: a.example.com\n' });
    await git(clone, 'fetch', '--quiet', 'origin', `${testBranches.state}:state`);
    const stateClone = await cloneOf(remote, '--branch', testBranches.state);
    const state = await commitAndPush(stateClone, stateFiles(remote, { header: { manifestCommit: lost } }));
    await setRef(remote, 'refs/heads/certwright/seen', state);
    await git(clone, 'reset', '--quiet', '--hard', 'HEAD~1');
    await git(clone, 'push', '--quiet', '--force', 'origin', 'HEAD');
    const tip = await git(clone, 'rev-parse', 'HEAD');
    expect(await failure(call(clone, {}), 'usage')).toMatchObject({
      remedy: expect.stringMatching(/--moved.*--copy.*--manifests/),
    });

    const { out } = await call(clone, { manifests: true });

    expect(out).toContain(lost);
    expect(out).toContain(tip);
    expect((await headerAt(remote)).manifestCommit).toBe(tip);
    await failure(call(clone, { manifests: true }), 'usage');
  });
});

test('lost state takes no claim', async () => {
  const { remote, clone } = await elsewhere();
  await setRef(remote, 'refs/heads/certwright/seen', null);
  for (const options of [{ moved: true }, { copy: true }, { manifests: true }]) {
    await failure(call(clone, options), 'repository.lost-state');
  }
});

test('a repository that is not set up says so', async () => {
  const { remote, clone } = await elsewhere();
  await setRef(remote, 'refs/heads/certwright/seen', null);
  await setRef(remote, `refs/heads/${testBranches.state}`, null);
  await failure(call(clone, { moved: true }), 'repository.not-initialised');
});

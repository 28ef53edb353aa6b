import { describe, expect, it } from 'vitest';
import {
  cloneOf,
  fileRemote,
  filesOf,
  type GitRemote,
  git,
  installHook,
  openClone,
  recordingGit,
  refsOf,
} from '../../support/git.js';

const REF = 'refs/certwright/cache';
const HEADER = { path: 'issued/_certwright.json', content: '{}\n' };

/** A remote that is set up, opened as by one more machine. */
async function machine(remote: GitRemote) {
  const repository = await openClone(await cloneOf(remote));
  await repository.initialise([HEADER], 'Set up');
  return repository;
}

describe('what runs leave to each other', () => {
  it('is one commit without parents, replaced each time and seen by the fetch that brings the state', async () => {
    const remote = await fileRemote();
    const repository = await machine(remote);
    expect((await repository.observe()).cache).toBeUndefined();

    expect(await repository.runCache.replace(undefined, () => 'one')).toBeUndefined();
    const { cache } = await repository.observe();
    expect(await repository.runCache.read(cache ?? '')).toBe('one');

    expect(await repository.runCache.replace(cache, (current) => `${current} two`)).toBeUndefined();
    expect(await filesOf(remote, REF)).toEqual({ 'cache.json': 'one two' });
    expect(await git(remote.path, 'rev-list', '--count', REF)).toBe('1');
  });

  it('costs no fetch of its own', async () => {
    const remote = await fileRemote();
    await (await machine(remote)).runCache.replace(undefined, () => 'text');
    const recorder = await recordingGit();
    const repository = await openClone(await cloneOf(remote), { env: recorder.env });
    const { cache } = await repository.observe();
    expect(await repository.runCache.read(cache ?? '')).toBe('text');
    const contacts = (await recorder.calls()).filter((call) => /\b(fetch|ls-remote|push)\b/.test(call));
    expect(contacts).toHaveLength(1);
  });

  it('is put on top of what another run left meanwhile', async () => {
    const remote = await fileRemote();
    const [one, other] = [await machine(remote), await machine(remote)];
    await one.runCache.replace(undefined, () => 'one');
    expect(
      await other.runCache.replace(undefined, (current) => `${current ?? 'nothing'}, other`),
    ).toBeUndefined();
    expect(await filesOf(remote, REF)).toEqual({ 'cache.json': 'one, other' });
  });

  it('says why nothing was written where the remote takes no such ref, and leaves the state alone', async () => {
    const remote = await fileRemote();
    const repository = await machine(remote);
    const before = await refsOf(remote);
    await installHook(remote, 'pre-receive', '#!/bin/sh\necho "no refs outside branches" >&2\nexit 1\n');
    expect(await repository.runCache.replace(undefined, () => 'text')).toMatch(/\S/);
    expect(await refsOf(remote)).toEqual(before);
  });

  it('is nothing where the ref holds something else', async () => {
    const remote = await fileRemote();
    const repository = await machine(remote);
    await git(remote.path, 'update-ref', REF, 'main');
    const { cache } = await repository.observe();
    expect(cache).toMatch(/^[0-9a-f]{40}$/);
    expect(await repository.runCache.read(cache ?? '')).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import { cloneOf, fileRemote, git, httpRemote, installHook, openClone, refsOf } from '../../support/git.js';

const REF = 'refs/certwright/accounts/local';
const books = (text: string) => new Map([['orders.json', text]]);

async function store(remote: { readonly url: string }) {
  return (await openClone(await cloneOf(remote))).accounts('local');
}

describe('the account store', () => {
  it('starts empty, keeps every file, and drops those left out', async () => {
    const remote = await fileRemote();
    const accounts = await store(remote);
    expect(await accounts.read()).toEqual({ version: null, files: new Map() });
    expect(
      await accounts.replace(
        null,
        new Map([
          ['a', '1'],
          ['deep/b', 'ü\n'],
        ]),
        'Open',
      ),
    ).toBe(true);
    const first = await accounts.read();
    expect(first.files).toEqual(
      new Map([
        ['a', '1'],
        ['deep/b', 'ü\n'],
      ]),
    );
    expect(await accounts.replace(first.version, new Map([['c', '3']]), 'Next')).toBe(true);
    expect((await accounts.read()).files).toEqual(new Map([['c', '3']]));
    expect(await git(remote.path, 'log', '--format=%s', REF)).toBe('Next\nOpen');
  });

  it('is seen by another runner, and lets one of two writers win', async () => {
    const remote = await httpRemote();
    const [a, b] = [await store(remote), await store(remote)];
    const start = await Promise.all([
      a.replace(null, books('same'), 'Open'),
      b.replace(null, books('same'), 'Open'),
    ]);
    expect(start.filter(Boolean)).toHaveLength(1);
    const [seenByA, seenByB] = await Promise.all([a.read(), b.read()]);
    expect(seenByA).toEqual(seenByB);
    expect(await a.replace(seenByA.version, books('a'), 'A')).toBe(true);
    expect(await b.replace(seenByB.version, books('b'), 'B')).toBe(false);
    expect((await b.read()).files).toEqual(books('a'));
    expect(await b.replace(null, books('b'), 'B')).toBe(false);
  });

  it('asks the gate last, and sends nothing when it shuts', async () => {
    const remote = await fileRemote();
    const accounts = await store(remote);
    const shut = () => {
      throw new Error('too late');
    };
    await expect(accounts.replace(null, books('x'), 'x', shut)).rejects.toThrow('too late');
    expect((await refsOf(remote))[REF]).toBeUndefined();
  });

  it('throws a refusal with the server’s words: nothing was done', async () => {
    const remote = await fileRemote();
    const accounts = await store(remote);
    await installHook(remote, 'update', 'echo "no refs here" >&2; exit 1');
    await expect(accounts.replace(null, books('x'), 'x')).rejects.toMatchObject({
      code: 'repository.refused',
      effect: 'none',
      message: expect.stringContaining('no refs here'),
    });
  });

  it('finds out whether a write landed whose answer was lost', async () => {
    const remote = await httpRemote();
    const accounts = await store(remote);
    remote.intercept({ match: /^POST .*git-receive-pack/, with: 'drop' });
    expect(await accounts.replace(null, books('x'), 'x')).toBe(true);
    remote.intercept({ match: /^POST .*git-receive-pack/, with: 502 });
    const { version } = await accounts.read();
    await expect(accounts.replace(version, books('y'), 'y')).rejects.toMatchObject({
      code: 'repository.unavailable',
      effect: 'unknown',
    });
  });

  it('keeps accounts apart and refuses ids that are none', async () => {
    const repository = await openClone(await cloneOf(await fileRemote()));
    await repository.accounts('one').replace(null, books('1'), 'x');
    expect((await repository.accounts('on').read()).version).toBeNull();
    for (const id of ['', '../x', 'a/b', 'a.lock', '*', '-x'])
      expect(() => repository.accounts(id)).toThrow(/cannot be the id/);
  });

  it('says that the remote is gone instead of calling the account empty', async () => {
    const clone = await cloneOf(await fileRemote());
    await git(clone, 'config', 'remote.origin.url', '/nowhere/at/all.git');
    const repository = await openClone(clone);
    await expect(repository.accounts('local').read()).rejects.toMatchObject({
      code: 'repository.unavailable',
    });
  });
});

import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  cloneOf,
  fileRemote,
  git,
  httpRemote,
  installHook,
  openClone,
  refsOf,
  tempFolder,
  testEnv,
  writeFiles,
} from '../../support/git.js';

const REF = 'refs/certwright/accounts/local';
const books = (text: string) => new Map([['orders.json', text]]);

async function store(remote: { readonly url: string }) {
  return (await openClone(await cloneOf(remote))).accounts('local');
}

/** A git that keeps what it is fed; `input` gives what came since it was asked last. */
async function gitWithInput() {
  const folder = await tempFolder();
  const kept = join(folder, 'input');
  const script = `PATH='${process.env.PATH}'
case "$1" in cat-file|fast-import) tee -a '${kept}' | git "$@";; *) exec git "$@";; esac
`;
  await writeFiles(folder, { input: '', 'bin/git': `#!/bin/sh\n${script}` });
  await chmod(join(folder, 'bin/git'), 0o755);
  return {
    env: testEnv({ PATH: `${join(folder, 'bin')}:${process.env.PATH}` }),
    async input() {
      const text = await readFile(kept, 'utf8');
      await writeFile(kept, '');
      return text;
    },
  };
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

  it('reads and writes only what differs from what it read last, whoever wrote it', async () => {
    const remote = await fileRemote();
    const { env, input } = await gitWithInput();
    const a = (await openClone(await cloneOf(remote), { env })).accounts('local');
    const b = await store(remote);
    const many = new Map(Array.from({ length: 40 }, (_, i) => [`orders/${i}`, `${i}`]));
    await b.replace(null, many, 'Open');
    const first = await a.read();
    expect(first.files).toEqual(many);
    const next = new Map([...many, ['orders/7', 'seven'], ['orders/40', '40']]);
    next.delete('orders/3');
    expect(await b.replace(first.version, next, 'By another')).toBe(true);
    await input();
    const second = await a.read();
    expect(second.files).toEqual(next);
    expect(await input()).toMatch(/^(?:[0-9a-f]{40}\n){2}$/);
    await a.read();
    expect(await input()).toBe('');

    const last = new Map([...next, ['ca.json', 'ca']]);
    last.delete('orders/5');
    expect(await a.replace(second.version, last, 'Ours')).toBe(true);
    expect((await input()).match(/^M .*/gm)).toEqual(['M 100644 inline "ca.json"']);
    expect((await b.read()).files).toEqual(last);
    expect((await a.read()).files).toEqual(last);
    // Not what this store read last: everything is written.
    expect(await b.replace((await b.read()).version, many, 'Back')).toBe(true);
    expect(await a.replace(second.version, next, 'Too late')).toBe(false);
    expect((await a.read()).files).toEqual(many);
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

import { mkdir, rmdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MAX_FILE_BYTES, openWorktree } from '../../../src/repository/worktree.js';
import { cloneOf, fileRemote, git, tempFolder, testEnv, writeFiles } from '../../support/git.js';
import { memoryLog } from '../../support/memory-log.js';

const open = (cwd: string) => openWorktree({ cwd, log: memoryLog(), env: testEnv() });

async function read(cwd: string, prefix = '') {
  const reader = await open(cwd);
  const entries = await reader.list(prefix);
  const texts = await reader.read(entries.map(({ blob }) => blob));
  return Object.fromEntries(entries.map(({ path }, index) => [path, texts[index]]));
}

const FILES = { 'certwright.yaml': 'version: 1\n', 'certificates/a.yaml': 'a', '.gitignore': 'secret*\n' };

describe('the work tree of a clone', () => {
  it('is what lies on disk: changed, new and removed files, without ignored ones', async () => {
    const clone = await cloneOf(await fileRemote({ ...FILES, 'certificates/gone.yaml': 'x' }));
    await writeFiles(clone, {
      'certificates/a.yaml': 'changed',
      'certificates/new ü.yaml': 'new',
      'certificates/gone.yaml': null,
      'secret.txt': 'no',
    });
    expect(await read(clone)).toEqual({
      '.gitignore': 'secret*\n',
      'certificates/a.yaml': 'changed',
      'certificates/new ü.yaml': 'new',
      'certwright.yaml': 'version: 1\n',
    });
    expect(Object.keys(await read(clone, 'certificates/'))).toHaveLength(2);
    expect(Object.keys(await read(join(clone, 'certificates'), 'certwright.yaml'))).toEqual([
      'certwright.yaml',
    ]);
  });

  it('gives the ids git gives, so that what was parsed once is known again', async () => {
    const clone = await cloneOf(await fileRemote(FILES));
    const [entry] = await (await open(clone)).list('certificates');
    expect(entry?.blob).toBe(await git(clone, 'rev-parse', 'HEAD:certificates/a.yaml'));
  });

  it.each([
    ['nothing', {}, false],
    ['a changed file', { 'certificates/a.yaml': 'b' }, true],
    ['a new file', { 'certificates/b.yaml': 'b' }, true],
    ['an ignored file', { secret: 'b' }, false],
  ])('tells after %s whether it is committed', async (_, files, uncommitted) => {
    const clone = await cloneOf(await fileRemote(FILES));
    await writeFiles(clone, files);
    const reader = await open(clone);
    expect(reader).toMatchObject({ head: await git(clone, 'rev-parse', 'HEAD'), root: clone });
    expect(await reader.uncommitted()).toBe(uncommitted);
  });

  it('does not write the index', async () => {
    const clone = await cloneOf(await fileRemote(FILES));
    await writeFiles(clone, { '.git/index.lock': '', 'certificates/a.yaml': 'b' });
    expect(await (await open(clone)).uncommitted()).toBe(true);
  });

  it('follows no link, not even one that took the place of a folder', async () => {
    const clone = await cloneOf(await fileRemote(FILES));
    const outside = await tempFolder();
    await writeFiles(outside, { 'a.yaml': 'secret', passwd: 'secret' });
    await symlink(join(outside, 'passwd'), join(clone, 'link.yaml'));
    await writeFiles(clone, { 'certificates/a.yaml': null });
    await git(clone, 'config', 'core.symlinks', 'true');
    await rmdir(join(clone, 'certificates'));
    await symlink(outside, join(clone, 'certificates'));
    expect(await read(clone)).toEqual({ '.gitignore': 'secret*\n', 'certwright.yaml': 'version: 1\n' });
  });

  it('lists files that are too large and does not read them', async () => {
    const clone = await cloneOf(await fileRemote(FILES));
    await writeFiles(clone, {
      'big.yaml': 'x'.repeat(MAX_FILE_BYTES + 1),
      'fits.yaml': 'x'.repeat(MAX_FILE_BYTES),
    });
    const reader = await open(clone);
    const big = (await reader.list('')).find(({ path }) => path === 'big.yaml');
    expect(big?.bytes).toBe(MAX_FILE_BYTES + 1);
    expect(reader.tooLarge().map(({ path }) => path)).toEqual(['big.yaml']);
    await expect(reader.read([big?.blob ?? ''])).rejects.toThrow(RangeError);
  });

  it('works before the first commit', async () => {
    const folder = await tempFolder();
    await git(folder, 'init', '--quiet');
    await writeFiles(folder, FILES);
    const reader = await open(folder);
    expect(reader.head).toBeNull();
    expect(await reader.uncommitted()).toBe(true);
    expect(Object.keys(await read(folder))).toHaveLength(3);
  });

  it('reads what a sparse checkout left out from the index', async () => {
    const clone = await cloneOf(await fileRemote({ ...FILES, 'other/b.yaml': 'b' }));
    await git(clone, 'sparse-checkout', 'set', 'certificates');
    expect(await read(clone)).toMatchObject({ 'other/b.yaml': 'b', 'certificates/a.yaml': 'a' });
  });

  it('is HEAD in a bare clone', async () => {
    const clone = await cloneOf(await fileRemote(FILES), '--bare');
    expect(await (await open(clone)).uncommitted()).toBe(false);
    expect(await read(clone)).toEqual(FILES);
  });
});

describe('a folder without Git', () => {
  it('is read as it is, without links', async () => {
    const folder = await tempFolder();
    await writeFiles(folder, { ...FILES, 'node_modules/x/y.yaml': 'no' });
    await mkdir(join(folder, 'empty'));
    await symlink('/etc', join(folder, 'certificates/etc'));
    expect(await read(folder)).toEqual(FILES);
    expect(await read(folder, 'certificates')).toEqual({ 'certificates/a.yaml': 'a' });
    expect(await read(folder, 'certwright.yaml')).toEqual({ 'certwright.yaml': 'version: 1\n' });
    expect(await read(folder, 'none')).toEqual({});
    const reader = await open(folder);
    expect(reader).toMatchObject({ head: null, root: folder });
    expect(await reader.uncommitted()).toBe(true);
  });

  it('needs no git at all', async () => {
    const folder = await tempFolder();
    await writeFiles(folder, FILES);
    const reader = await openWorktree({
      cwd: folder,
      log: memoryLog(),
      env: testEnv({ PATH: await tempFolder() }),
    });
    expect(await reader.list('')).toHaveLength(3);
  });
});

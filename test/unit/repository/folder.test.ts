import { mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { makeFolder } from '../../../src/repository/folder.js';
import { tempFolder } from '../../support/git.js';

let root = '';
beforeEach(async () => {
  root = await tempFolder();
});

describe('a folder', () => {
  it('is made with those above it, and may be there', () => {
    const path = join(root, 'a/b/c');
    makeFolder(path, 0o700);
    makeFolder(path, 0o700);
    for (const made of ['a', 'a/b', 'a/b/c']) {
      expect([made, statSync(join(root, made)).mode & 0o777]).toEqual([made, 0o700]);
    }
  });

  it('may be reached by a link', () => {
    mkdirSync(join(root, 'real'));
    symlinkSync('real', join(root, 'link'));
    makeFolder(join(root, 'link'));
    makeFolder(join(root, 'link/b'));
    expect(statSync(join(root, 'real/b')).isDirectory()).toBe(true);
  });

  it.each(['file', 'file/a', 'file/a/b', 'dangling', 'dangling/a'])('%s says what is in the way', (path) => {
    writeFileSync(join(root, 'file'), '');
    symlinkSync('nowhere', join(root, 'dangling'));
    expect(() => makeFolder(join(root, path))).toThrow(expect.objectContaining({ code: 'ENOTDIR' }));
  });

  // Node's own `mkdir` with `recursive` does not end here: the folder above is there, and still it is ENOENT.
  it.runIf(process.platform === 'linux').each(['/proc/certwright', '/proc/certwright/a/b'])(
    '%s cannot be made, and that is said at once',
    (path) => {
      expect(() => makeFolder(path)).toThrow(expect.objectContaining({ code: 'ENOENT' }));
    },
  );
});

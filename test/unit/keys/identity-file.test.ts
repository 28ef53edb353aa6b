import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { generateIdentity } from '../../../src/keys/age.js';
import { readIdentityFile, writeIdentityFile } from '../../../src/keys/identity-file.js';
import { Secret } from '../../../src/model/secret.js';
import { everythingIn, failure, hasCommand, temporaryFolder } from './support.js';

const folder = temporaryFolder();
const modeOf = (file: string): string => (statSync(file).mode & 0o777).toString(8);

describe('an identity file', () => {
  it('is written for the owner alone, in new folders for the owner alone, and read back', async () => {
    const pair = await generateIdentity();
    const file = path.join(folder, 'new', 'deep', 'identity.txt');
    await writeIdentityFile(file, pair, path.join(folder, 'repo'));
    expect([modeOf(file), modeOf(path.dirname(file)), modeOf(path.join(folder, 'new'))]).toEqual([
      '600',
      '700',
      '700',
    ]);
    const read = await readIdentityFile(file);
    expect(read.identities.map((identity) => identity.reveal())).toEqual([pair.identity.reveal()]);
    expect(read.findings).toEqual([]);
  });

  it('is what age-keygen reads', async ({ skip }) => {
    if (!hasCommand('age-keygen')) skip('the `age-keygen` command is not installed');
    const pair = await generateIdentity();
    const file = path.join(folder, 'keygen.txt');
    await writeIdentityFile(file, pair);
    expect(execFileSync('age-keygen', ['-y', file]).toString().trim()).toBe(pair.recipient);
  });

  it('is never overwritten', async () => {
    const file = path.join(folder, 'taken.txt');
    writeFileSync(file, 'mine');
    const error = await failure(async () => writeIdentityFile(file, await generateIdentity()), 'usage');
    expect(error.message).toContain('exists already');
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });

  it('is not written through a symbolic link that leads nowhere yet', async () => {
    const link = path.join(folder, 'dangling');
    symlinkSync(path.join(folder, 'target.txt'), link);
    await failure(async () => writeIdentityFile(link, await generateIdentity()), 'usage');
    expect(existsSync(path.join(folder, 'target.txt'))).toBe(false);
  });

  it('stays out of the repository, also by a symbolic link or a folder that does not exist yet', async () => {
    const repository = path.join(folder, 'work-tree');
    mkdirSync(path.join(repository, 'sub'), { recursive: true });
    const alias = path.join(folder, 'alias');
    symlinkSync(path.join(repository, 'sub'), alias);
    const places = [
      path.join(repository, 'identity.txt'),
      path.join(repository, 'not', 'there', 'identity.txt'),
      path.join(alias, 'identity.txt'),
      path.join(folder, 'other', '..', 'work-tree', 'identity.txt'),
      path.join(repository, '..identity.txt'),
    ];
    for (const place of places) {
      const pair = await generateIdentity();
      const error = await failure(writeIdentityFile(place, pair, repository), 'usage');
      expect(error.message).toContain('inside the repository');
      expect(existsSync(place)).toBe(false);
      expect(everythingIn(error)).not.toContain(pair.identity.reveal());
    }
  });

  it('may lie beside the repository under a similar name', async () => {
    const repository = path.join(folder, 'shop');
    mkdirSync(repository);
    await writeIdentityFile(path.join(folder, 'shop-keys', 'id.txt'), await generateIdentity(), repository);
    expect(existsSync(path.join(folder, 'shop-keys', 'id.txt'))).toBe(true);
  });

  it.each([
    [0o640, 'its group'],
    [0o604, 'everybody'],
  ])('with mode %o is read with a warning, as %s could read it', async (mode) => {
    const file = path.join(folder, `open-${mode}.txt`);
    await writeIdentityFile(file, await generateIdentity());
    chmodSync(file, mode);
    const { identities, findings } = await readIdentityFile(file);
    expect(identities).toHaveLength(1);
    expect(findings).toMatchObject([
      { severity: 'warning', suggestion: `chmod 600 ${file}`, position: { file, line: 1, column: 1 } },
    ]);
  });

  it('that is missing, a folder or something else ends in a sentence', async () => {
    const missing = await failure(readIdentityFile(path.join(folder, 'none.txt')), 'key.no-identity');
    expect(missing.message).toContain('`--identity FILE`');
    await failure(readIdentityFile(folder), 'key.unreadable');
    const file = path.join(folder, 'canary.txt');
    writeFileSync(file, 'canary-5c1f\n', { mode: 0o600 });
    const error = await failure(readIdentityFile(file), 'key.unreadable');
    expect(everythingIn(error)).not.toContain('canary-5c1f');
  });

  it('is not looked for under the text of an identity, which no message repeats', async () => {
    const { identity } = await generateIdentity();
    for (const text of [identity.reveal(), ` ${identity.reveal()}\n`]) {
      const error = await failure(readIdentityFile(text), 'usage');
      expect(everythingIn(error)).not.toContain(identity.reveal());
    }
  });

  it('leaves nothing behind when writing fails', async () => {
    class Broken extends Secret {
      override reveal(): string {
        throw new Error('disk full');
      }
    }
    const file = path.join(folder, 'half.txt');
    await failure(writeIdentityFile(file, { identity: new Broken(''), recipient: 'age1x' }), 'usage');
    expect(existsSync(file)).toBe(false);
  });

  it('whose folder cannot be made ends in a sentence', async () => {
    const blocker = path.join(folder, 'blocker');
    writeFileSync(blocker, '');
    const error = await failure(
      async () => writeIdentityFile(path.join(blocker, 'x', 'id.txt'), await generateIdentity()),
      'usage',
    );
    expect(error.message).toContain('cannot be written');
  });
});

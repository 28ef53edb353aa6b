import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { armor, Encrypter } from 'age-encryption';
import { describe, expect, test } from 'vitest';
import * as rekey from '../../../src/entry/cli/rekey.js';
import { createSealer, generateIdentity, type IdentityPair } from '../../../src/keys/age.js';
import { createKeyMaker } from '../../../src/keys/generate.js';
import { markOf, readMarks } from '../../../src/keys/marks.js';
import type { Sealer } from '../../../src/ports/keystore.js';
import { certificatePath, pendingKeyPath } from '../../../src/repository/layout.js';
import { testContext } from '../../support/context.js';
import { cloneOf, filesOf, refsOf, tempFolder, testBranches } from '../../support/git.js';
import { CONFIGURATION, certificate, order, status, worldOf } from '../../support/state.js';
import { failure } from '../keys/support.js';

/** As versions before marks sealed, and as anybody with age does. */
const unmarked = (recipient: string): Sealer => ({
  async seal(plain) {
    const encrypter = new Encrypter();
    encrypter.addRecipient(recipient);
    return armor.encode(await encrypter.encrypt(plain));
  },
  open: () => Promise.reject(new Error('only seals')),
});

const marked = ({ recipient }: IdentityPair): Sealer =>
  createSealer({ recipients: [recipient], identities: [] });

const keyFor = (sealer: Sealer) =>
  createKeyMaker(sealer).generate({ commonName: 'shop.example.com', names: [] }, 'ecdsa-p256');

const KEY = certificatePath('shop', 'key');

async function world(recipients: readonly IdentityPair[], current: string, keyHash: string, more = {}) {
  const made = await worldOf({
    files: {
      'certwright.yaml': CONFIGURATION.replace(
        /age1[a-z0-9]+/,
        recipients.map((one) => one.recipient).join(', '),
      ),
      'certificates/shop.yaml': 'domain: shop.example.com\n',
    },
    statuses: [status('shop', { orders: [order('o-1')], current: certificate('o-1', { keyHash }) })],
    issued: { [KEY]: current, ...more },
  });
  async function call(people: readonly IdentityPair[], options = {}, cwd = made.clone) {
    const file = join(await tempFolder(), 'identity.txt');
    await writeFile(file, people.map(({ identity }) => `${identity.reveal()}\n`).join(''), { mode: 0o600 });
    const context = testContext({ cwd });
    const code = await rekey.run(
      context,
      { json: true, identity: people.length === 0 ? [] : [file] },
      { yes: true, ...options },
    );
    return { code, told: JSON.parse(context.out()), err: context.err() };
  }
  const state = () => filesOf(made.remote, testBranches.state);
  return { ...made, call, state };
}

describe('rekey', () => {
  test('keys of orders under way come along; what nobody wrote down is said apart, and not asked for', async () => {
    const [ann, bob] = [await generateIdentity(), await generateIdentity()];
    const [old, pending] = [await keyFor(unmarked(ann.recipient)), await keyFor(marked(ann))];
    const path = pendingKeyPath('shop', pending.keyHash);
    const { call, state } = await world([ann, bob], old.sealed, old.keyHash, { [path]: pending.sealed });
    const { code, told } = await call([ann], { reissueRemoved: true });
    expect(code).toBe(0);
    expect(told).toMatchObject({
      keys: { total: 2, due: 2 },
      sealed: [KEY, path],
      removed: [],
      exposed: [],
      unknown: ['shop'],
      requested: [],
    });
    const files = await state();
    const opener = createSealer({ recipients: [], identities: [bob.identity] });
    expect(await opener.open(files[KEY] ?? '')).toContain('PRIVATE KEY');
    expect(await opener.open(files[path] ?? '')).toContain('PRIVATE KEY');
    expect(readMarks(files[KEY] ?? '')).toEqual({
      recipients: [ann, bob].map((one) => markOf(one.recipient)),
      formerly: ['unknown'],
    });
  });

  test('leaves what it cannot open, and what is another key than the one it is there for, and says so', async () => {
    const [ann, bob] = [await generateIdentity(), await generateIdentity()];
    const [own, other, foreign] = [
      await keyFor(marked(ann)),
      await keyFor(marked(ann)),
      await keyFor(marked(bob)),
    ];
    const wrong = pendingKeyPath('shop', 'a'.repeat(64));
    const closed = pendingKeyPath('shop', foreign.keyHash);
    const { call, state } = await world([ann, bob], own.sealed, own.keyHash, {
      [wrong]: other.sealed,
      [closed]: foreign.sealed,
    });
    const { code, told, err } = await call([ann]);
    expect(code).toBe(1);
    expect(told.sealed).toEqual([KEY]);
    expect(told.left.map(({ what }: { what: string }) => what).sort()).toEqual([wrong, closed].sort());
    expect(err).toContain('it holds another key');
    expect(err).toContain('The identity given cannot open this sealed key');
    const files = await state();
    expect(files[wrong]).toBe(other.sealed);
    expect(files[closed]).toBe(foreign.sealed);
  });

  test('two people at once: one result, and nothing is lost', async () => {
    const [ann, bob] = [await generateIdentity(), await generateIdentity()];
    const own = await keyFor(marked(ann));
    const { call, state, remote } = await world([ann, bob], own.sealed, own.keyHash);
    const second = await cloneOf(remote);
    const both = await Promise.all([call([ann]), call([ann], {}, second)]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    const opener = createSealer({ recipients: [], identities: [bob.identity] });
    expect(await opener.open((await state())[KEY] ?? '')).toContain('PRIVATE KEY');
    expect(both.flatMap(({ told }) => told.sealed)).toEqual([KEY]);
  });

  test('needs somebody who can open, before anything is changed', async () => {
    const [ann, bob] = [await generateIdentity(), await generateIdentity()];
    const own = await keyFor(marked(ann));
    const { call, remote } = await world([ann, bob], own.sealed, own.keyHash);
    const before = await refsOf(remote);
    await failure(call([]), 'key.no-identity');
    expect(await refsOf(remote)).toEqual(before);
  });
});

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseHeader } from '../../../src/config/state.js';
import * as prove from '../../../src/entry/cli/keys-prove.js';
import { createSealer, generateIdentity, type IdentityPair } from '../../../src/keys/age.js';
import { createKeyMaker } from '../../../src/keys/generate.js';
import { HEADER_PATH } from '../../../src/repository/layout.js';
import { testContext } from '../../support/context.js';
import { cloneOf, filesOf, refsOf, tempFolder, testBranches } from '../../support/git.js';
import { CONFIGURATION, ready, worldOf } from '../../support/state.js';
import { failure } from '../keys/support.js';

async function world(recipients: readonly string[], proven: readonly string[] = [], sealed?: string) {
  const made = await worldOf({
    files: { 'certwright.yaml': CONFIGURATION.replace(/age1[a-z0-9]+/, recipients.join(', ')) },
    header: { provenRecipients: proven },
    statuses: sealed === undefined ? [] : [ready('shop')],
    ...(sealed === undefined ? {} : { issued: { 'issued/shop/key.pem.age': sealed } }),
  });
  async function call(people: readonly IdentityPair[], json = false, cwd = made.clone) {
    const file = join(await tempFolder(), 'identity.txt');
    await writeFile(file, people.map(({ identity }) => `${identity.reveal()}\n`).join(''), { mode: 0o600 });
    const context = testContext({ cwd });
    const code = await prove.run(context, { json, identity: people.length === 0 ? [] : [file] }, {});
    return { code, out: context.out(), err: context.err() };
  }
  const provenNow = async (): Promise<readonly string[]> => {
    const files = await filesOf(made.remote, testBranches.state);
    return parseHeader(files[HEADER_PATH] ?? '', HEADER_PATH).provenRecipients;
  };
  return { ...made, call, provenNow };
}

const sealedKey = async (recipient: string): Promise<string> => {
  const maker = createKeyMaker(createSealer({ recipients: [recipient], identities: [] }));
  return (await maker.generate({ commonName: 'shop.example.com', names: [] }, 'ecdsa-p256')).sealed;
};

describe('keys prove', () => {
  test('records whom the identity opens for, and warns of the others', async () => {
    const [ann, bob] = [await generateIdentity(), await generateIdentity()];
    const { call, provenNow } = await world([ann.recipient, bob.recipient]);
    const { code, out, err } = await call([ann]);
    expect(code).toBe(0);
    expect(out).toContain(`${ann.recipient}  proven now\n${bob.recipient}  not proven\n`);
    expect(err).toContain(`nobody has shown that ${bob.recipient} can open anything`);
    expect(await provenNow()).toEqual([ann.recipient]);
    expect(out + err).not.toContain(ann.identity.reveal());
  });

  test('keeps what others proved, and forgets recipients that are configured no more', async () => {
    const [ann, bob, gone] = [await generateIdentity(), await generateIdentity(), await generateIdentity()];
    const { call, provenNow } = await world([ann.recipient, bob.recipient], [gone.recipient, bob.recipient]);
    const { out } = await call([ann], true);
    expect(JSON.parse(out)).toMatchObject({
      changed: true,
      recipients: [
        { recipient: ann.recipient, proven: true, now: true },
        { recipient: bob.recipient, proven: true, now: false },
      ],
    });
    expect(await provenNow()).toEqual([ann.recipient, bob.recipient]);
  });

  test('proven twice, nothing is written again', async () => {
    const ann = await generateIdentity();
    const { call, remote } = await world([ann.recipient]);
    await call([ann]);
    const before = await refsOf(remote);
    expect((await call([ann])).out).toContain('recorded already');
    expect(await refsOf(remote)).toEqual(before);
  });

  test('two people at once are both recorded', async () => {
    const [ann, bob] = [await generateIdentity(), await generateIdentity()];
    const { call, remote, provenNow } = await world([ann.recipient, bob.recipient]);
    await Promise.all([call([ann]), call([bob], false, await cloneOf(remote))]);
    expect([...(await provenNow())].sort()).toEqual([ann.recipient, bob.recipient].sort());
  });

  test('opens a real key as well, and warns where that fails', async () => {
    const [ann, before] = [await generateIdentity(), await generateIdentity()];
    const good = await world([ann.recipient], [], await sealedKey(ann.recipient));
    expect((await good.call([ann])).out).toContain('issued/shop/key.pem.age was opened as well');
    const old = await world([ann.recipient], [], await sealedKey(before.recipient));
    expect((await old.call([ann])).err).toContain('it was sealed before they were recipients');
    const damaged = await world([ann.recipient], [], 'no age file\n');
    expect((await damaged.call([ann])).err).toContain('issued/shop/key.pem.age is damaged');
    expect(await damaged.provenNow()).toEqual([ann.recipient]);
  });

  test('needs an identity, and one of a recipient', async () => {
    const [ann, stranger] = [await generateIdentity(), await generateIdentity()];
    const { call, provenNow } = await world([ann.recipient]);
    await failure(call([]), 'key.no-identity');
    const error = await failure(call([stranger]), 'key.no-identity');
    expect(error.message).toContain('none of the identities given belongs to a recipient');
    expect(await provenNow()).toEqual([]);
  });
});

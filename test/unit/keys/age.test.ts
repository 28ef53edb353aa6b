import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  createSealer,
  generateIdentity,
  isRecipient,
  parseIdentities,
  recipientOf,
} from '../../../src/keys/age.js';
import { markOf, readMarks } from '../../../src/keys/marks.js';
import { proveRecipients } from '../../../src/keys/prove.js';
import { Secret } from '../../../src/model/secret.js';
import { everythingIn, failure, hasCommand, temporaryFolder } from './support.js';

const folder = temporaryFolder();
/** By age itself, for somebody thrown away. */
const SEALED_BEFORE_MARKS = `-----BEGIN AGE ENCRYPTED FILE-----
YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSAvL1RTOHU5Wk93ZW5VUkRT
Z0xjRDlIU25EWmtYcE1ybk03VkdWZlRXSVI0CmIzNUFPTU1sUG84cVJMa2RUanFq
d3Z4UG40eTZzUUNhY21nb3pLVFVsSHMKLS0tIHRjM010OFppeC9Wa2p6dFhiQXho
YmY3SVNIc1psSGY2WG9NNmxlRGpHZVkKRl1NvxCvVbDYPRVPTwAKijonRk2y66ad
PtNI0Ext+/MN
-----END AGE ENCRYPTED FILE-----
`;
const PLAIN = '-----BEGIN PRIVATE KEY-----\nümläut\n-----END PRIVATE KEY-----\n';

describe('a sealer', () => {
  it('seals to every recipient, in armour, and each identity alone opens it', async () => {
    const [first, second] = await Promise.all([generateIdentity(), generateIdentity()]);
    const sealed = await createSealer({
      recipients: [first.recipient, second.recipient],
      identities: [],
    }).seal(PLAIN);
    expect(sealed).toMatch(/^-----BEGIN AGE ENCRYPTED FILE-----\n/);
    expect(sealed).not.toContain('PRIVATE KEY');
    for (const { identity } of [first, second])
      expect(await createSealer({ recipients: [], identities: [identity] }).open(sealed)).toBe(PLAIN);
  });

  it('opens with the second identity when the first belongs to something else', async () => {
    const [mine, other] = await Promise.all([generateIdentity(), generateIdentity()]);
    const sealer = createSealer({
      recipients: [mine.recipient],
      identities: [other.identity, mine.identity],
    });
    expect(await sealer.open(await sealer.seal(PLAIN))).toBe(PLAIN);
  });

  it('opens what Git or a mail client gave CRLF line ends', async () => {
    const { identity, recipient } = await generateIdentity();
    const sealer = createSealer({ recipients: [recipient], identities: [identity] });
    const sealed = await sealer.seal(PLAIN);
    expect(await sealer.open(sealed.replaceAll('\n', '\r\n'))).toBe(PLAIN);
  });

  it('writes one stanza for a recipient that is listed twice', async () => {
    const { recipient } = await generateIdentity();
    const once = await createSealer({ recipients: [recipient], identities: [] }).seal('x');
    const twice = await createSealer({ recipients: [recipient, recipient], identities: [] }).seal('x');
    expect(twice.length).toBe(once.length);
  });

  it('says in the file whom it is for, and who could open it before', async () => {
    const [ann, bob] = await Promise.all([generateIdentity(), generateIdentity()]);
    const sealer = createSealer({ recipients: [ann.recipient, bob.recipient], identities: [bob.identity] });
    const marks = [ann, bob].map(({ recipient }) => markOf(recipient));
    expect(readMarks(await sealer.seal(PLAIN))).toEqual({ recipients: marks, formerly: [] });
    const again = await sealer.seal(PLAIN, ['age1formerly']);
    expect(readMarks(again.replaceAll('\n', '\r\n'))).toEqual({
      recipients: marks,
      formerly: ['age1formerly'],
    });
    expect(await sealer.open(again)).toBe(PLAIN);
    for (const text of ['', 'no key', SEALED_BEFORE_MARKS]) expect(readMarks(text)).toBeUndefined();
  });

  it('lets a keystore open beside identities, which come first, or instead of them', async () => {
    const { identity, recipient } = await generateIdentity();
    const asked: string[] = [];
    const keystore = {
      mark: 'keystore:test',
      wrap: async (key: Uint8Array, purpose: string) => `${purpose}|${Buffer.from(key).toString('hex')}`,
      unwrap: async (text: string, purpose: string) => {
        asked.push(purpose);
        return Buffer.from(text.replace(`${purpose}|`, ''), 'hex');
      },
    };
    const both = await createSealer({ recipients: [recipient], identities: [], keystore }).seal(PLAIN);
    expect(await createSealer({ recipients: [], identities: [identity], keystore }).open(both)).toBe(PLAIN);
    expect(asked).toEqual([]);
    const runner = createSealer({ recipients: [], identities: [], keystore, purpose: 'runner' });
    expect(await runner.open(await runner.seal(PLAIN))).toBe(PLAIN);
    expect(asked).toEqual(['runner']);
    const wrong = { ...keystore, unwrap: async () => Buffer.from('short') };
    const opener = createSealer({ recipients: [], identities: [], keystore: wrong });
    expect((await failure(opener.open(both), 'key.keystore')).message).toContain('5 bytes instead of 16');
    const people = await createSealer({ recipients: [recipient], identities: [] }).seal(PLAIN);
    await failure(opener.open(people), 'key.no-identity');
  });

  it('seals nothing without a recipient', async () => {
    const error = await failure(
      createSealer({ recipients: [], identities: [] }).seal(PLAIN),
      'key.no-recipient',
    );
    expect(error.message).toContain('keys: recipients:');
  });

  it.each([
    ['a word', 'age1nonsense'],
    ['a wrong checksum', 'age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq'],
    ['an SSH key', 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI'],
    ['a plugin', 'age1yubikey1qwerty'],
    // Decodes, but no secret can be agreed with it.
    ['the zero point', 'age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z'],
    ['nothing', ''],
  ])('refuses a recipient that is %s', async (_what, recipient) => {
    await failure(createSealer({ recipients: [recipient], identities: [] }).seal(PLAIN), 'key.no-recipient');
  });

  it('never repeats an identity that was pasted where a recipient belongs', async () => {
    const { identity } = await generateIdentity();
    const sealer = createSealer({ recipients: [identity.reveal()], identities: [] });
    const error = await failure(sealer.seal(PLAIN), 'key.no-recipient');
    expect(everythingIn(error)).not.toContain(identity.reveal().slice(0, 30));
    expect(await isRecipient(identity.reveal())).toBe(false);
  });

  it('says where to give an identity when there is none, and when none fits', async () => {
    const [mine, other] = await Promise.all([generateIdentity(), generateIdentity()]);
    const sealed = await createSealer({ recipients: [mine.recipient], identities: [] }).seal(PLAIN);
    for (const identities of [[], [other.identity]]) {
      const error = await failure(
        createSealer({ recipients: [], identities }).open(sealed),
        'key.no-identity',
      );
      expect(error.message).toMatch(/`--identity FILE` or CERTWRIGHT_IDENTITY/);
      expect(everythingIn(error)).not.toContain('AGE-SECRET-KEY-1Q');
      expect(everythingIn(error)).not.toContain(other.identity.reveal());
    }
  });

  it.each([
    ['is cut off', (sealed: string) => sealed.slice(0, -60)],
    ['was edited', (sealed: string) => sealed.replace(/\n(?=[^\n]*\n[^\n]*\n-----END)/, '\nAAAA')],
    ['has another payload byte', flipPayload],
    ['is empty', () => ''],
    ['is no age file', () => 'hello'],
  ])('calls a sealed key damaged when it %s', async (_what, damage) => {
    const { identity, recipient } = await generateIdentity();
    const sealer = createSealer({ recipients: [recipient], identities: [identity] });
    const error = await failure(sealer.open(damage(await sealer.seal(PLAIN))), 'key.unreadable');
    expect(everythingIn(error)).not.toContain(identity.reveal());
  });
});

/** Flips a bit of the last ciphertext byte, armour intact. */
function flipPayload(sealed: string): string {
  const lines = sealed.trimEnd().split('\n');
  const bytes = Buffer.from(lines.slice(1, -1).join(''), 'base64');
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
  const body = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return [lines[0], ...body, lines.at(-1), ''].join('\n');
}

describe('identities', () => {
  it('are read from an age-keygen file with comments, blank lines, BOM and CRLF', async () => {
    const [a, b] = await Promise.all([generateIdentity(), generateIdentity()]);
    const text = `\uFEFF# created: 2026\r\n# public key: ${a.recipient}\r\n${a.identity.reveal()}\r\n\r\n  ${b.identity.reveal()}  \n`;
    const identities = parseIdentities(text);
    expect(await Promise.all(identities.map(recipientOf))).toEqual([a.recipient, b.recipient]);
    expect(everythingIn(identities)).not.toContain('AGE-SECRET');
  });

  it('that are mistyped are told by line and never repeated', async () => {
    const { identity } = await generateIdentity();
    const error = await failure(() => parseIdentities(`# x\n${identity.reveal()}X\n`), 'key.unreadable');
    expect(error.message).toContain('Line 2');
    expect(everythingIn(error)).not.toContain(identity.reveal());
  });

  it('with a wrong checksum are refused without being repeated', async () => {
    const { identity } = await generateIdentity();
    const text = identity.reveal();
    const wrong = new Secret(text.slice(0, -1) + (text.endsWith('Q') ? 'P' : 'Q'));
    const sealed = await createSealer({
      recipients: [await recipientOf(identity)],
      identities: [],
    }).seal(PLAIN);
    for (const work of [
      recipientOf(wrong),
      createSealer({ recipients: [], identities: [wrong] }).open(sealed),
    ]) {
      const error = await failure(work, 'key.unreadable');
      expect(everythingIn(error)).not.toContain(text.slice(16, -1));
      expect(everythingIn(error)).not.toContain(text.slice(16, -1).toLowerCase());
    }
  });

  it('of an empty text are missing, not broken', async () => {
    await failure(() => parseIdentities('# nothing\n'), 'key.no-identity');
  });

  it('may be post-quantum', async () => {
    const age = await import('age-encryption');
    const [identity] = parseIdentities(await age.generateHybridIdentity());
    expect(identity).toBeDefined();
    if (identity === undefined) return;
    const recipient = await recipientOf(identity);
    expect(await isRecipient(recipient)).toBe(true);
    const sealer = createSealer({ recipients: [recipient], identities: [identity] });
    expect(await sealer.open(await sealer.seal(PLAIN))).toBe(PLAIN);
  });

  it('know their recipients from other text', async () => {
    const { recipient } = await generateIdentity();
    expect(await isRecipient(recipient)).toBe(true);
    expect(await isRecipient(recipient.slice(0, -1))).toBe(false);
    expect(await isRecipient(`${recipient} `)).toBe(false);
  });
});

describe('the proof of recipients', () => {
  it('tells which recipients the identities open, each alone', async () => {
    const [a, b, c] = await Promise.all([generateIdentity(), generateIdentity(), generateIdentity()]);
    const recipients = [a.recipient, b.recipient, c.recipient];
    expect(await proveRecipients({ recipients, identities: [c.identity, a.identity] })).toEqual([
      { recipient: a.recipient, proven: true },
      { recipient: b.recipient, proven: false },
      { recipient: c.recipient, proven: true },
    ]);
    expect(await proveRecipients({ recipients: [a.recipient], identities: [] })).toEqual([
      { recipient: a.recipient, proven: false },
    ]);
  });

  it('refuses what is no recipient', async () => {
    await failure(proveRecipients({ recipients: ['age1x'], identities: [] }), 'key.no-recipient');
  });
});

describe('the age command', () => {
  const reason = 'the `age` command is not installed';
  const file = (name: string): string => path.join(folder, name);

  it('opens what we seal, with an identity file of ours', async ({ skip }) => {
    if (!hasCommand('age')) skip(reason);
    const { identity, recipient } = await generateIdentity();
    writeFileSync(file('ours.txt'), `${identity.reveal()}\n`, { mode: 0o600 });
    const sealed = await createSealer({ recipients: [recipient], identities: [] }).seal(PLAIN);
    const opened = execFileSync('age', ['--decrypt', '--identity', file('ours.txt')], { input: sealed });
    expect(opened.toString()).toBe(PLAIN);
  });

  it('seals what we open, with an identity of age-keygen', async ({ skip }) => {
    if (!hasCommand('age')) skip(reason);
    execFileSync('age-keygen', ['-o', file('theirs.txt')], { stdio: 'pipe' });
    const identities = parseIdentities(readFileSync(file('theirs.txt'), 'utf8'));
    const [recipient = ''] = await Promise.all(identities.map(recipientOf));
    const sealed = execFileSync('age', ['--encrypt', '--armor', '--recipient', recipient], { input: PLAIN });
    expect(await createSealer({ recipients: [], identities }).open(sealed.toString())).toBe(PLAIN);
  });
});

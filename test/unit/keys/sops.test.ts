import { createDecipheriv, createHash } from 'node:crypto';
import { armor, Decrypter } from 'age-encryption';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { generateIdentity } from '../../../src/keys/age.js';
import { sopsTlsSecret, tlsSecret } from '../../../src/keys/kubernetes.js';
import { sopsYaml } from '../../../src/keys/sops.js';
import { failure } from './support.js';

const NOW = Date.UTC(2026, 10, 22, 12);
const ENC = /^ENC\[AES256_GCM,data:([^,]+),iv:([^,]+),tag:([^,]+),type:str\]$/;

/**
 * What reads such a file, written from the description of the format alone: it shares nothing with what is tested but the
 * library for age, whose files the `age` command opens elsewhere in these tests.
 */
async function opened(text: string, identity: string) {
  const { sops, ...tree } = parse(text);
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  const [entry] = sops.age;
  const key = await decrypter.decrypt(armor.decode(entry.enc));
  const value = (text: string, bound: string): string => {
    const [, data = '', iv = '', tag = ''] = ENC.exec(text) ?? [];
    const bytes = (part: string) => Buffer.from(part, 'base64');
    expect(bytes(iv)).toHaveLength(32);
    const decipher = createDecipheriv('aes-256-gcm', key, bytes(iv));
    decipher.setAAD(Buffer.from(bound)).setAuthTag(bytes(tag));
    return `${decipher.update(bytes(data), undefined, 'utf8')}${decipher.final('utf8')}`;
  };
  const regex = new RegExp(sops.encrypted_regex);
  const digest = createHash('sha512');
  const walk = (node: Record<string, unknown>, path: string[]): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(node).map(([name, inner]) => {
        const at = [...path, name];
        if (typeof inner === 'object') return [name, walk(inner as Record<string, unknown>, at)];
        const isHidden = at.some((part) => regex.test(part));
        const plain = isHidden && inner !== '' ? value(String(inner), `${at.join(':')}:`) : String(inner);
        digest.update(plain);
        return [name, plain];
      }),
    );
  const plain = walk(tree, []);
  expect(value(sops.mac, sops.lastmodified)).toBe(digest.digest('hex').toUpperCase());
  return { plain, sops, key };
}

describe('a Secret encrypted for SOPS', () => {
  it('opens with the identity to the very Secret that kubectl would be given, and its MAC is right', async () => {
    const { identity, recipient } = await generateIdentity();
    const target = { name: 'shop-tls', namespace: 'web' };
    const text = await sopsTlsSecret(target, 'CHAIN\n', 'PRIVATE KEY canary\n', {
      recipients: [recipient],
      nowMs: NOW,
    });
    for (const hidden of ['canary', Buffer.from('PRIVATE KEY canary\n').toString('base64'), 'Q0hBSU4']) {
      expect(text).not.toContain(hidden);
    }
    const { plain, sops } = await opened(text, identity.reveal());
    expect(plain).toEqual(parse(tlsSecret(target, 'CHAIN\n', 'PRIVATE KEY canary\n')));
    expect(sops).toMatchObject({
      encrypted_regex: '^(data|stringData)$',
      lastmodified: '2026-11-22T12:00:00Z',
      age: [{ recipient }],
    });
    // YAML 1.1 would take a bare instant for a timestamp, and Go's reader is one.
    expect(text).toContain('lastmodified: "2026-11-22T12:00:00Z"');
  });

  it('seals the one data key to each recipient, and never repeats itself', async () => {
    const people = await Promise.all([generateIdentity(), generateIdentity()]);
    const options = { recipients: people.map(({ recipient }) => recipient), encrypted: ['data'], nowMs: NOW };
    const tree = { kind: 'Secret', data: { a: 'same', b: 'same', empty: '' } };
    const text = await sopsYaml(tree, options);
    const { sops, data } = parse(text);
    const keys = await Promise.all(
      people.map(async ({ identity }, i) => {
        const decrypter = new Decrypter();
        decrypter.addIdentity(identity.reveal());
        return Buffer.from(await decrypter.decrypt(armor.decode(sops.age[i].enc))).toString('hex');
      }),
    );
    expect(keys[0]).toBe(keys[1]);
    expect(data.a).not.toBe(data.b);
    expect(data.empty).toBe('');
    const first = people[0]?.identity.reveal() ?? '';
    expect((await opened(text, first)).plain).toEqual(tree);
    expect(await sopsYaml(tree, options)).not.toBe(text);
  });

  it('binds every value to its place: moved ones do not open', async () => {
    const { identity, recipient } = await generateIdentity();
    const text = await sopsYaml(
      { data: { one: 'first', two: 'second' } },
      { recipients: [recipient], encrypted: ['data'], nowMs: NOW },
    );
    const swapped = text
      .replace('  one:', '  three:')
      .replace('  two:', '  one:')
      .replace('  three:', '  two:');
    await expect(opened(swapped, identity.reveal())).rejects.toThrow();
  });

  it('is for somebody', async () => {
    const error = await failure(
      sopsYaml({ data: { a: 'b' } }, { recipients: ['age1nobody'], encrypted: ['data'], nowMs: NOW }),
      'key.no-recipient',
    );
    expect(error.message).not.toContain('age1nobody');
  });
});

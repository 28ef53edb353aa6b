import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { createSecureContext } from 'node:tls';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { createSealer, generateIdentity } from '../../../src/keys/age.js';
import { splitPem } from '../../../src/keys/certificate.js';
import { type ExportRequest, exportCertificate, publishedFiles } from '../../../src/keys/export.js';
import { createKeyMaker } from '../../../src/keys/generate.js';
import type { KeyAlgorithm } from '../../../src/model/manifest.js';
import { Secret } from '../../../src/model/secret.js';
import { describeWith } from '../../support/system.js';
import {
  everythingIn,
  failure,
  hasCommand,
  makeCa,
  openssl,
  opensslRun,
  P12_PASSWORD,
  type TestCa,
  temporaryFolder,
} from './support.js';

const folder = temporaryFolder();

interface Pair {
  readonly algorithm: KeyAlgorithm;
  readonly ca: TestCa;
  readonly csrPem: string;
  readonly certificatePem: string;
  readonly chainPem: readonly string[];
  readonly keyPem: Secret;
}

const ALGORITHMS: readonly KeyAlgorithm[] = ['ecdsa-p256', 'ecdsa-p384', 'rsa-2048', 'rsa-3072', 'rsa-4096'];
const pairs = new Map<KeyAlgorithm, Pair>();
let ecCa: TestCa;

beforeAll(async () => {
  const { identity, recipient } = await generateIdentity();
  const sealer = createSealer({ recipients: [recipient], identities: [identity] });
  ecCa = makeCa(folder, { name: 'Elliptic', key: 'ec' });
  const rsaCa = makeCa(folder, { name: 'Classic', key: 'rsa' });
  for (const algorithm of ALGORITHMS) {
    const subject = { commonName: 'shop.example.com', names: [] };
    const made = await createKeyMaker(sealer).generate(subject, algorithm);
    const ca = algorithm.startsWith('rsa') ? rsaCa : ecCa;
    pairs.set(algorithm, {
      algorithm,
      ca,
      csrPem: made.csrPem,
      certificatePem: ca.sign(made.csrPem),
      chainPem: [ca.issuingPem],
      keyPem: new Secret(await sealer.open(made.sealed)),
    });
  }
}, 60_000);

function pairOf(algorithm: KeyAlgorithm): Pair {
  const pair = pairs.get(algorithm);
  if (pair === undefined) throw new Error(`no pair for ${algorithm}`);
  return pair;
}

type Wish = Partial<ExportRequest> & Pick<ExportRequest, 'format'>;

const requestFor = ({ certificatePem, chainPem, keyPem }: Pair, wish: Wish): ExportRequest => ({
  certificatePem,
  chainPem,
  keyPem,
  friendlyName: 'shop',
  ...wish,
});

/** Content by file name. */
async function exported(pair: Pair, wish: Wish): Promise<Record<string, Buffer | string>> {
  const { files } = await exportCertificate(requestFor(pair, wish));
  return Object.fromEntries(files.map(({ name, content }) => [name, content]));
}

const publicKeyOf = (pem: string): Promise<string> => openssl(['x509', '-noout', '-pubkey'], pem);
const password = new Secret(P12_PASSWORD);

describe.each(ALGORITHMS)('%s', (algorithm) => {
  it('as pem: openssl verifies the chain and the key belongs to it', async () => {
    const pair = pairOf(algorithm);
    const { files } = await exportCertificate(requestFor(pair, { format: 'pem' }));
    expect(files.map(({ name, secret }) => [name, secret])).toEqual([
      ['certificate.pem', false],
      ['chain.pem', false],
      ['fullchain.pem', false],
      ['key.pem', true],
    ]);
    const [certificate, chain, fullchain, key] = files.map(({ name, content }) => {
      const file = path.join(folder, `${algorithm}-${name}`);
      writeFileSync(file, content);
      return { file, text: content.toString() };
    });
    const root = path.join(folder, `${algorithm}-root.pem`);
    writeFileSync(root, pair.ca.rootPem);
    await openssl(['verify', '-CAfile', root, '-untrusted', chain?.file ?? '', certificate?.file ?? '']);
    expect(fullchain?.text).toBe(`${certificate?.text}${chain?.text}`);
    expect(await openssl(['pkey', '-pubout'], key?.text)).toBe(await publicKeyOf(pair.certificatePem));
  });

  it('as der: openssl reads certificate and key', async () => {
    const pair = pairOf(algorithm);
    const files = await exported(pair, { format: 'der' });
    const certificate = files['certificate.der'] ?? '';
    expect(await openssl(['x509', '-inform', 'DER'], certificate)).toBe(pair.certificatePem);
    const key = await openssl(['pkey', '-inform', 'DER', '-pubout'], files['key.der'] ?? '');
    expect(key).toBe(await publicKeyOf(pair.certificatePem));
  });

  it('as p7b: the bytes are those that openssl itself writes', async () => {
    const pair = pairOf(algorithm);
    const files = await exported(pair, { format: 'p7b' });
    const list = path.join(folder, `${algorithm}-list.pem`);
    writeFileSync(list, pair.certificatePem + pair.chainPem.join(''));
    expect(files['certificate.p7b']).toBe(await openssl(['crl2pkcs7', '-nocrl', '-certfile', list]));
    const printed = await openssl(['pkcs7', '-print_certs'], files['certificate.p7b']);
    expect(splitPem(printed)).toEqual([pair.certificatePem, ...pair.chainPem]);
  });

  it('as p12: openssl opens it with modern algorithms, key, chain and name inside', async () => {
    const pair = pairOf(algorithm);
    const content = (await exported(pair, { format: 'p12', password }))['certificate.p12'] ?? '';
    const info = await opensslRun(['pkcs12', '-info', '-noout', '-passin', 'env:P12_PASSWORD'], content);
    expect(info.status).toBe(0);
    expect(info.stderr).toMatch(/MAC: sha256, Iteration 100000/);
    expect(
      info.stderr.match(/PBES2, PBKDF2, AES-256-CBC, Iteration 100000, PRF hmacWithSHA256/g),
    ).toHaveLength(2);
    await inspectPkcs12(pair, content, []);
    expect(() => createSecureContext({ pfx: Buffer.from(content), passphrase: P12_PASSWORD })).not.toThrow();
  });

  it('as a Kubernetes secret: data are the full chain and the key', async () => {
    const pair = pairOf(algorithm);
    const kubernetes = { name: 'shop-tls', namespace: 'web' };
    const text = String((await exported(pair, { format: 'k8s', kubernetes }))['secret.yaml']);
    const { data, ...rest } = parse(text);
    expect(rest).toEqual({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'shop-tls', namespace: 'web' },
      type: 'kubernetes.io/tls',
    });
    expect(Object.keys(data)).toEqual(['tls.crt', 'tls.key']);
    expect(text.split('\n').filter((line) => line.includes('tls.')).length).toBe(2);
    const decoded = (value: string): string => Buffer.from(value, 'base64').toString();
    expect(decoded(data['tls.crt'])).toBe(pair.certificatePem + pair.chainPem.join(''));
    const key = await openssl(['pkey', '-pubout'], decoded(data['tls.key']));
    expect(key).toBe(await publicKeyOf(pair.certificatePem));
  });
});

/** Key, leaf, chain and friendly name come out of the file, and a wrong password opens nothing. */
async function inspectPkcs12(
  pair: Pair,
  content: Buffer | string,
  provider: readonly string[],
): Promise<void> {
  const pkcs12 = (...args: string[]) =>
    openssl(['pkcs12', ...provider, '-passin', 'env:P12_PASSWORD', ...args], content);
  const leaf = await pkcs12('-nokeys', '-clcerts');
  expect(splitPem(leaf)).toEqual([pair.certificatePem]);
  expect(leaf).toContain('friendlyName: shop');
  expect(splitPem(await pkcs12('-nokeys', '-cacerts'))).toEqual(pair.chainPem);
  const key = await pkcs12('-nocerts', '-nodes');
  expect(key).toContain('friendlyName: shop');
  expect(key.match(/localKeyID: (.+)/)?.[1]?.trim()).toBe(leaf.match(/localKeyID: (.+)/)?.[1]?.trim());
  const pem = key.slice(key.indexOf('-----BEGIN'));
  expect(await openssl(['pkey', '-pubout'], pem)).toBe(await publicKeyOf(pair.certificatePem));
  const wrong = await opensslRun(['pkcs12', ...provider, '-noout', '-passin', 'pass:wrong'], content);
  expect(wrong.status).not.toBe(0);
}

describe('an old p12', () => {
  it.each<[KeyAlgorithm]>([['rsa-2048'], ['rsa-4096']])(
    'of %s is 3DES and SHA-1, as old Windows reads it',
    async (algorithm) => {
      const pair = pairOf(algorithm);
      const content =
        (await exported(pair, { format: 'p12', password, legacy: true }))['certificate.p12'] ?? '';
      const info = await opensslRun(
        ['pkcs12', '-legacy', '-info', '-noout', '-passin', 'env:P12_PASSWORD'],
        content,
      );
      expect(info.stderr).toContain('MAC: sha1');
      expect(info.stderr).toContain('pbeWithSHA1And3-KeyTripleDES-CBC');
      await inspectPkcs12(pair, content, ['-legacy']);
    },
  );

  it('is refused for EC keys, in the leaf and in the chain, with the way out', async () => {
    const ec = requestFor(pairOf('ecdsa-p256'), { format: 'p12', password, legacy: true });
    const error = await failure(exportCertificate(ec), 'usage');
    expect(error.message).toContain('without --legacy');
    const mixed = requestFor(pairOf('rsa-2048'), {
      ...{ format: 'p12', password, legacy: true },
      chainPem: [ecCa.issuingPem],
    });
    await failure(exportCertificate(mixed), 'usage');
  });

  it('is refused for an RSA certificate that an EC authority signed, instead of a changed certificate', async () => {
    const pair = pairOf('rsa-2048');
    const certificatePem = ecCa.sign(pair.csrPem);
    const wish = { format: 'p12', password, legacy: true, certificatePem, chainPem: [] } as const;
    const error = await failure(exported(pair, wish), 'usage');
    expect(error.message).toContain('without --legacy');
  });
});

describe('Java', () => {
  it('lists a modern p12', async ({ skip }) => {
    if (!hasCommand('keytool')) skip('the `keytool` command is not installed');
    const ascii = new Secret('changeit-please');
    const content =
      (await exported(pairOf('ecdsa-p256'), { format: 'p12', password: ascii }))['certificate.p12'] ?? '';
    const file = path.join(folder, 'java.p12');
    writeFileSync(file, content);
    const listed = execFileSync('keytool', ['-list', '-keystore', file, '-storepass:env', 'STORE'], {
      env: { ...process.env, STORE: ascii.reveal() },
    });
    expect(listed.toString()).toContain('shop');
  });
});

describe('what is published', () => {
  it('is the same, byte for byte, each time', async () => {
    const { certificatePem, chainPem } = pairOf('ecdsa-p256');
    for (const format of ['pem', 'der', 'p7b'] as const) {
      const [first, second] = await Promise.all([
        publishedFiles(format, certificatePem, chainPem),
        publishedFiles(format, certificatePem, chainPem),
      ]);
      expect(second).toEqual(first);
      expect(first.some((file) => file.secret)).toBe(false);
    }
  });

  it('is well-formed when the input lacks the last newline or came from Windows', async () => {
    const { certificatePem, chainPem } = pairOf('rsa-2048');
    const clean = await publishedFiles('pem', certificatePem, chainPem);
    const ragged = await publishedFiles(
      'pem',
      certificatePem.trimEnd(),
      chainPem.map((pem) => pem.replaceAll('\n', '\r\n')),
    );
    expect(ragged).toEqual(clean);
  });

  it('keeps certificates as they are, with many in the chain', async () => {
    const { certificatePem, ca } = pairOf('rsa-4096');
    const chain = [ca.issuingPem, ca.rootPem, ecCa.issuingPem, ecCa.rootPem];
    const [file] = await publishedFiles('p7b', certificatePem, chain);
    const printed = await openssl(['pkcs7', '-print_certs'], file?.content);
    expect(splitPem(printed)).toEqual([certificatePem, ...chain]);
  });
});

describeWith(['unzip'], 'a zip', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('has the same bytes in every time zone, and those of nobody’s clock', async () => {
    const pair = pairOf('ecdsa-p256');
    const made: Buffer[] = [];
    for (const zone of ['UTC', 'Pacific/Kiritimati', 'America/Sao_Paulo']) {
      vi.stubEnv('TZ', zone);
      const files = await exported(pair, { format: 'zip', server: 'nginx' });
      made.push(Buffer.from(files['certificate-nginx.zip'] ?? ''));
    }
    expect(new Set(made.map((bytes) => bytes.toString('hex'))).size).toBe(1);
    const file = path.join(folder, 'same.zip');
    writeFileSync(file, made[0] ?? '');
    const day = new Date(new X509Certificate(pair.certificatePem).validFrom).toISOString().slice(0, 10);
    const listed = execFileSync('unzip', ['-l', file], { encoding: 'utf8' });
    expect(listed.match(/\d{4}-\d\d-\d\d \d\d:\d\d/g)).toEqual([`${day} 12:00`, `${day} 12:00`]);
  });

  it('without a key is no secret, and one for nobody is refused', async () => {
    const { keyPem: _, ...bare } = requestFor(pairOf('ecdsa-p256'), { format: 'zip' });
    for (const server of ['nginx', 'apache', 'iis'] as const) {
      const { files } = await exportCertificate({ ...bare, server });
      expect(files).toEqual([expect.objectContaining({ name: `certificate-${server}.zip`, secret: false })]);
    }
    expect((await failure(exportCertificate(bare), 'usage')).message).toContain('nginx, apache or iis');
  });
});

describe('an export', () => {
  it('without a key holds none, and says which formats need one', async () => {
    const { keyPem: _, ...bare } = requestFor(pairOf('ecdsa-p256'), { format: 'pem' });
    for (const format of ['pem', 'der', 'p7b'] as const) {
      const { files } = await exportCertificate({ ...bare, format });
      expect(files.every((file) => !file.secret)).toBe(true);
    }
    for (const format of ['p12', 'k8s'] as const) {
      const error = await failure(exportCertificate({ ...bare, format, password }), 'usage');
      expect(error.message).toContain('export pem, der or p7b instead');
    }
  });

  it.each<[string, Wish, RegExp]>([
    ['a p12 without a password', { format: 'p12' }, /needs a password/],
    ['a p12 with an empty password', { format: 'p12', password: new Secret('') }, /needs a password/],
    ['a secret without a name', { format: 'k8s' }, /needs a name/],
    ['a secret with a bad name', { format: 'k8s', kubernetes: { name: 'team-a/shop' } }, /"team-a\/shop"/],
    ['a secret in a bad namespace', { format: 'k8s', kubernetes: { name: 'a', namespace: 'b.c' } }, /"b\.c"/],
  ])('refuses %s', async (_what, wish, expected) => {
    const error = await failure(exportCertificate(requestFor(pairOf('rsa-2048'), wish)), 'usage');
    expect(error.message).toMatch(expected);
  });

  it('reads keys in the older PEM forms', async () => {
    const pair = pairOf('ecdsa-p256');
    const sec1 = createPrivateKey(pair.keyPem.reveal()).export({ type: 'sec1', format: 'pem' }).toString();
    const files = await exported(pair, { format: 'pem', keyPem: new Secret(sec1) });
    expect(files['key.pem']).toBe(pair.keyPem.reveal());
  });

  it('refuses the key of another certificate and a broken key, repeating neither', async () => {
    const pair = pairOf('ecdsa-p256');
    const foreign = pairOf('ecdsa-p384').keyPem;
    const broken = new Secret(pair.keyPem.reveal().replace(/\n(.)/, '\nX$1'));
    for (const keyPem of [foreign, broken, new Secret('canary-77aa')]) {
      for (const format of ['pem', 'p12', 'p7b'] as const) {
        const error = await failure(
          exportCertificate(requestFor(pair, { format, password, keyPem })),
          'key.unreadable',
        );
        const shown = everythingIn(error);
        for (const line of keyPem
          .reveal()
          .split('\n')
          .filter((text) => text.length > 10 && !text.startsWith('--')))
          expect(shown).not.toContain(line.slice(1));
        expect(shown).not.toContain(P12_PASSWORD);
      }
    }
  });
});

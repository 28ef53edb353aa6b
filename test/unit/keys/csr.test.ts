import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { inspectCsr } from '../../../src/keys/csr.js';
import { everythingIn, openssl, temporaryFolder } from './support.js';

const folder = temporaryFolder();
const keyFile = path.join(folder, 'key.pem');

interface Wish {
  readonly newKey?: readonly string[];
  readonly subject?: string;
  readonly san?: string;
  readonly digest?: string;
}

/** A request made by openssl alone. */
function request({ newKey = ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'], ...wish }: Wish): string {
  const extension = wish.san === undefined ? [] : ['-addext', `subjectAltName=${wish.san}`];
  const digest = wish.digest === undefined ? [] : [`-${wish.digest}`];
  return execFileSync(
    'openssl',
    [
      ...['req', '-new', '-utf8', '-newkey', ...newKey, '-nodes', '-keyout', keyFile],
      ...['-subj', wish.subject ?? '/CN=shop.example.com', ...extension, ...digest],
    ],
    { stdio: 'pipe' },
  ).toString();
}

const keyHashBy = async (csrPem: string): Promise<string> => {
  const spki = await openssl(['req', '-pubkey', '-noout'], csrPem);
  const der = Buffer.from(spki.replace(/-----[^-]+-----/g, ''), 'base64');
  return (await openssl(['dgst', '-sha256', '-r'], der)).slice(0, 64);
};

describe('a request that openssl made', () => {
  it.each<[string, Wish, { names: string[]; algorithm: string; strong: boolean }]>([
    [
      'is read with names folded and normalised',
      {
        subject: '/O=Acme/CN=SHOP.example.com',
        san: 'DNS:WWW.example.com,DNS:*.example.com,DNS:shop.example.com',
      },
      {
        names: ['*.example.com', 'shop.example.com', 'www.example.com'],
        algorithm: 'ecdsa-p256',
        strong: true,
      },
    ],
    [
      'needs no alternative names',
      { newKey: ['rsa:2048'] },
      { names: ['shop.example.com'], algorithm: 'rsa-2048', strong: true },
    ],
    [
      'is weak with 1024 bits',
      { newKey: ['rsa:1024'] },
      { names: ['shop.example.com'], algorithm: 'rsa-1024', strong: false },
    ],
    [
      'is weak when signed with SHA-1',
      { newKey: ['rsa:2048'], digest: 'sha1' },
      { names: ['shop.example.com'], algorithm: 'rsa-2048', strong: false },
    ],
    [
      'is weak with exponent 3',
      { newKey: ['rsa:2048', '-pkeyopt', 'rsa_keygen_pubexp:3'] },
      { names: ['shop.example.com'], algorithm: 'rsa-2048', strong: false },
    ],
    [
      'may use P-521',
      { newKey: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-521'], digest: 'sha512' },
      { names: ['shop.example.com'], algorithm: 'ecdsa-p521', strong: true },
    ],
    [
      'may use Ed25519',
      { newKey: ['ed25519'] },
      { names: ['shop.example.com'], algorithm: 'ed25519', strong: true },
    ],
  ])('%s', async (_sentence, wish, expected) => {
    const csrPem = request(wish);
    const inspected = await inspectCsr(csrPem);
    expect(inspected).toMatchObject({
      ...expected,
      commonName: 'shop.example.com',
      keyHash: await keyHashBy(csrPem),
    });
  });

  it('may do without a common name', async () => {
    const inspected = await inspectCsr(request({ subject: '/', san: 'DNS:a.example.com' }));
    expect(inspected).toMatchObject({ names: ['a.example.com'], commonName: undefined });
  });

  it('is read with CRLF, the old label and text around it', async () => {
    const csrPem = request({})
      .replaceAll('CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST')
      .replaceAll('\n', '\r\n');
    expect(await inspectCsr(`made for shop\r\n${csrPem}\r\n`)).toMatchObject({ names: ['shop.example.com'] });
  });
});

describe('a request is refused', () => {
  it.each<[string, string, () => string]>([
    ['that asks for an address', 'ip name', () => request({ san: 'IP:192.0.2.1' })],
    ['that asks for a mail address', 'email name', () => request({ san: 'email:a@example.com' })],
    [
      'whose common name is no host',
      'common name "Acme Inc"',
      () => request({ subject: '/CN=Acme Inc', san: 'DNS:a.example.com' }),
    ],
    [
      'with two common names',
      'more than one common name',
      () => request({ subject: '/CN=a.example.com/CN=b.example.com' }),
    ],
    ['with a name that is none', 'has one label only', () => request({ san: 'DNS:localhost' })],
    ['that names nothing', 'names no host', () => request({ subject: '/O=Acme' })],
    ['that is empty', 'holds 0 certificate requests', () => ''],
    ['with company', 'holds 2 certificate requests', () => request({}) + request({})],
    [
      'that is cut off',
      'cannot be read',
      () => request({}).replace(/\n[^\n]+\n[^\n]+\n-----END/, '\n-----END'),
    ],
    ['that somebody changed', 'its own key did not make', tampered],
    [
      'with a curve nobody serves',
      'cannot be read',
      () => request({ newKey: ['ec', '-pkeyopt', 'ec_paramgen_curve:secp256k1'] }),
    ],
  ])('%s', async (_sentence, expected, make) => {
    const inspected = await inspectCsr(make());
    expect('problem' in inspected ? inspected.problem : inspected).toContain(expected);
  });

  it('when its private key lies in the same file, which is not repeated', async () => {
    const csrPem = request({});
    const inspected = await inspectCsr(readFileSync(keyFile, 'utf8') + csrPem);
    expect('problem' in inspected ? inspected.problem : inspected).toContain('private key');
    const canary = readFileSync(keyFile, 'utf8').split('\n')[1] ?? 'missing';
    expect(everythingIn(inspected)).not.toContain(canary);
  });
});

/** Another host in the signed part, all lengths kept. */
function tampered(): string {
  const csrPem = request({});
  const der = Buffer.from(csrPem.replace(/-----[^-]+-----/g, ''), 'base64');
  der.write('evil', der.indexOf('shop'), 'latin1');
  writeFileSync(path.join(folder, 'tampered.der'), der);
  return execFileSync('openssl', [
    'req',
    '-inform',
    'DER',
    '-in',
    path.join(folder, 'tampered.der'),
  ]).toString();
}

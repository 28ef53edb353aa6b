import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { rootCertificates } from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import { createSealer, generateIdentity } from '../../../src/keys/age.js';
import { orderChain, parseCertificate, splitPem, verifyChain } from '../../../src/keys/certificate.js';
import { createKeyMaker } from '../../../src/keys/generate.js';
import { dnsNamesOf } from '../../../src/keys/san.js';
import type { KeyAlgorithm } from '../../../src/model/manifest.js';
import { DAY_MS } from '../../../src/model/time.js';
import type { SealedKey } from '../../../src/ports/keystore.js';
import { failure, makeCa, openssl, opensslRun, type TestCa, temporaryFolder } from './support.js';

const folder = temporaryFolder();
const file = (name: string): string => path.join(folder, name);

/** What a provider may put beside the chain. */
const NOISE = ['', 'nonsense', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'];

let ca: TestCa;
let other: TestCa;
let request: SealedKey;
let leaf: string;
let now: number;

async function newRequest(algorithm: KeyAlgorithm = 'ecdsa-p256'): Promise<SealedKey> {
  const { recipient } = await generateIdentity();
  const maker = createKeyMaker(createSealer({ recipients: [recipient], identities: [] }));
  return maker.generate({ commonName: 'shop.example.com', names: ['www.shop.example.com'] }, algorithm);
}

beforeAll(async () => {
  ca = makeCa(folder, { name: 'Ours', key: 'ec' });
  other = makeCa(folder, { name: 'Other', key: 'ec' });
  request = await newRequest();
  leaf = ca.sign(request.csrPem);
  now = Date.now();
});

/** A self-signed certificate by openssl from a configuration of alternative names. */
function selfSigned(alternatives: string, serial = '0x0a0b', subject = '/CN=a.example.com'): string {
  const config = `[req]\ndistinguished_name=dn\n[dn]\n[v3]\nsubjectAltName=@alt\n[alt]\n${alternatives}\n[dir]\nCN=x, DNS:dir.example.com\n`;
  writeFileSync(file('self.cnf'), config);
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '10'],
      ...['-config', file('self.cnf'), '-extensions', 'v3', '-subj', subject, '-set_serial', serial],
      ...['-keyout', file('self.key'), '-out', file('self.pem')],
    ],
    { stdio: 'pipe' },
  );
  return readFileSync(file('self.pem'), 'utf8');
}

describe('a parsed certificate', () => {
  it('agrees with openssl', async () => {
    const parsed = parseCertificate(leaf);
    const ask = async (...args: string[]): Promise<string> =>
      (await openssl(['x509', '-noout', ...args], leaf)).trim();
    expect(`serial=${parsed.serial.toUpperCase()}`).toBe(await ask('-serial'));
    const fingerprint = (await ask('-fingerprint', '-sha256')).split('=')[1] ?? '';
    expect(parsed.sha256).toBe(fingerprint.replaceAll(':', '').toLowerCase());
    expect(await ask('-startdate')).toBe(`notBefore=${opensslDate(parsed.notBeforeMs)}`);
    expect(await ask('-enddate')).toBe(`notAfter=${opensslDate(parsed.notAfterMs)}`);
    expect(parsed).toMatchObject({
      names: ['shop.example.com', 'www.shop.example.com'],
      issuer: 'O=Test, CN=Ours Issuing',
      keyHash: request.keyHash,
      keyAlgorithm: 'ecdsa-p256',
      isCa: false,
      pem: leaf,
    });
    expect(parseCertificate(ca.issuingPem).isCa).toBe(true);
  });

  it.each<[KeyAlgorithm]>([['rsa-2048'], ['ecdsa-p384']])(
    'keeps the key hash of a %s request',
    async (algorithm) => {
      const { csrPem, keyHash } = await newRequest(algorithm);
      expect(parseCertificate(ca.sign(csrPem))).toMatchObject({ keyHash, keyAlgorithm: algorithm });
    },
  );

  it.each([
    ['0x0a0b', '0a0b'],
    ['0x00ff', 'ff'],
    ['0x1', '01'],
    ['0x00f0e0d0c0b0a090807060504030201000102030', 'f0e0d0c0b0a090807060504030201000102030'],
  ])('writes the serial %s as %s', (serial, expected) => {
    expect(parseCertificate(selfSigned('DNS.1=a.example.com', serial)).serial).toBe(expected);
  });

  it('is not fooled by names that look like several', () => {
    const certificate = selfSigned(
      [
        'DNS.1=A.example.com',
        'DNS.2=b.example.com, DNS:evil.example.com',
        'DNS.3=back\\\\slash.example.com',
        'DNS.4=localhost',
        'IP.1=192.0.2.1',
        'email.1=mail@example.com',
        'URI.1=https://uri.example.com/a\\, DNS:uri.example.com',
        'otherName.1=1.3.6.1.4.1.311.20.2.3;UTF8:upn, DNS:upn.example.com',
        'dirName.1=dir',
        'RID.1=1.2.3.4',
        'DNS.5=last.example.com',
      ].join('\n'),
    );
    expect(parseCertificate(certificate).names).toEqual(
      [
        '"b.example.com, DNS:evil.example.com"',
        'a.example.com',
        'back\\slash.example.com',
        'last.example.com',
        'localhost',
      ].sort(),
    );
  });

  it('without alternative names has no names, whatever its subject says', () => {
    expect(parseCertificate(ca.rootPem).names).toEqual([]);
  });

  it('shows an issuer with line breaks and escapes on one line', () => {
    const parsed = parseCertificate(
      selfSigned('DNS.1=a.example.com', '0x01', '/O=Evil\nCN=x/CN=a.example.com'),
    );
    expect(parsed.issuer).not.toContain('\n');
  });

  it('accepts one long line, CRLF and text around, and writes 64 columns with LF', () => {
    const body = leaf.replace(/-----[^-]+-----|\n/g, '');
    const forms = [
      leaf.replaceAll('\n', '\r\n'),
      `subject=x\n${leaf}\n# end`,
      `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----`,
      `-----BEGIN X509 CERTIFICATE-----\n${body}\n-----END X509 CERTIFICATE-----`,
    ];
    for (const form of forms) expect(parseCertificate(form).pem).toBe(leaf);
  });

  it.each([
    ['nothing', () => '', 'no certificate'],
    ['two certificates', () => leaf + leaf, '2 certificates'],
    ['a request', () => request.csrPem, 'no certificate'],
    [
      'noise in a block',
      () => '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
      'no X.509 certificate',
    ],
    ['a certificate cut off', () => leaf.replace(/\n[^\n]+\n-----END/, '\n-----END'), 'no X.509 certificate'],
  ])('is refused when the text is %s', async (_what, text, expected) => {
    const error = await failure(() => parseCertificate(text()), 'certificate.invalid');
    expect(error.message).toContain(expected);
  });
});

describe("node's text of alternative names", () => {
  it.each([
    ['', []],
    ['DNS:a.example.com', ['a.example.com']],
    ['DNS:"a\\"b", DNS:c.example.com', ['a"b', 'c.example.com']],
    ['othername:<unsupported>, DNS:a.example.com', ['a.example.com']],
    ['DNS:', ['""']],
  ])('%j gives %j', (text, names) => {
    expect(dnsNamesOf(text)).toEqual(names);
  });

  it.each(['DNS:"open', 'no type', 'DNS:a,b', 'DNS:"a"b'])('%j is refused instead of guessed', (text) => {
    expect(() => dnsNamesOf(text)).toThrow(RangeError);
  });
});

describe('a PEM text', () => {
  it('is split into its certificates; keys and notes between them are left out', async () => {
    const key = await openssl(['genpkey', '-algorithm', 'ed25519']);
    const bundle = `${key}note\n${leaf}\r\n${ca.issuingPem.replaceAll('\n', '\r\n')}${ca.rootPem.trimEnd()}`;
    expect(splitPem(bundle)).toEqual([leaf, ca.issuingPem, ca.rootPem]);
    expect(splitPem(key)).toEqual([]);
  });

  it('of hostile size is split in time', () => {
    const start = process.hrtime.bigint();
    expect(splitPem('-----BEGIN CERTIFICATE-----\n'.repeat(50_000))).toEqual([]);
    expect(splitPem(`-----BEGIN CERTIFICATE-----${' '.repeat(1_000_000)}`)).toEqual([]);
    expect(Number(process.hrtime.bigint() - start) / 1e6).toBeLessThan(2000);
  });
});

describe('a chain', () => {
  it('is ordered from the issuer upwards, without the root and without strangers', () => {
    const given = [ca.rootPem, other.issuingPem, leaf, ca.issuingPem, ca.issuingPem, other.rootPem];
    expect(orderChain(leaf, given)).toEqual([ca.issuingPem]);
    expect(orderChain(leaf, [])).toEqual([]);
    expect(orderChain(leaf, [other.issuingPem])).toEqual([]);
    expect(orderChain(leaf, [...NOISE, ca.rootPem + ca.issuingPem])).toEqual([ca.issuingPem]);
  });

  it('climbs over several intermediates and keeps a cross-signed root', () => {
    const cross = crossSigned();
    expect(orderChain(leaf, [ca.rootPem, cross, ca.issuingPem])).toEqual([ca.issuingPem, cross]);
    expect(verifyChain(leaf, [cross, ca.issuingPem], [other.rootPem], Date.now())).toBeUndefined();
  });

  it('takes the intermediate that lasts longest, whatever the order they came in', () => {
    const short = signAs('Ours-issuing.key', '/O=Test/CN=Ours Issuing', 'Ours-root', 'CA:TRUE');
    expect(orderChain(leaf, [short, ca.issuingPem])).toEqual([ca.issuingPem]);
    expect(orderChain(leaf, [ca.issuingPem, short])).toEqual([ca.issuingPem]);
    expect(orderChain(leaf, [short])).toEqual([short]);
  });

  it('that two certificates sign in a circle ends', () => {
    const [a, b] = circle();
    expect(orderChain(a, [a, b])).toEqual([b, a]);
    expect(verifyChain(leaf, [a, b], [other.rootPem], Date.now())).toContain(
      'neither in the chain nor trusted',
    );
    expect(verifyChain(a, [a, b], [other.rootPem], Date.now())).toContain('CA certificate');
  });
});

/** Our root's name and key under the other root. */
function crossSigned(): string {
  return signAs('Ours-root.key', '/O=Test/CN=Ours Root', 'Other-root', 'CA:TRUE');
}

function signAs(
  key: string,
  subject: string,
  by: string,
  constraint: string,
  usage = 'keyCertSign',
  purpose = 'serverAuth',
): string {
  execFileSync(
    'openssl',
    [
      ...['req', '-new', '-key', file(key), '-subj', subject, '-out', file('as.csr')],
      ...[
        '-addext',
        `basicConstraints=critical,${constraint}`,
        '-addext',
        `keyUsage=critical,${usage}`,
        ...['-addext', `extendedKeyUsage=${purpose}`],
      ],
    ],
    { stdio: 'pipe' },
  );
  execFileSync(
    'openssl',
    [
      ...['x509', '-req', '-in', file('as.csr'), '-CA', file(`${by}.pem`), '-CAkey', file(`${by}.key`)],
      ...['-copy_extensions', 'copy', '-days', '30', '-out', file('as.pem')],
    ],
    { stdio: 'pipe' },
  );
  return readFileSync(file('as.pem'), 'utf8');
}

/** Each other's issuer. */
function circle(): [string, string] {
  const a = signAs('Ours-root.key', '/O=Test/CN=Ours Root', 'Other-root', 'CA:TRUE');
  const b = signAs('Other-root.key', '/O=Test/CN=Other Root', 'Ours-root', 'CA:TRUE');
  return [a, b];
}

describe('the verification of a chain', () => {
  it('accepts what openssl accepts, in any order and with the root among the intermediates', async () => {
    expect(verifyChain(leaf, [ca.issuingPem], [ca.rootPem], now)).toBeUndefined();
    expect(
      verifyChain(leaf, [ca.rootPem, other.issuingPem, ca.issuingPem], [other.rootPem, ca.rootPem], now),
    ).toBeUndefined();
    expect(verifyChain(leaf, [], [ca.issuingPem], now)).toBeUndefined();
    expect(verifyChain(leaf, [...NOISE, ca.issuingPem], [other.rootPem + ca.rootPem], now)).toBeUndefined();
    const served = signAs(
      'Other-root.key',
      '/CN=s',
      'Ours-issuing',
      'CA:FALSE',
      'digitalSignature',
      'serverAuth',
    );
    expect(verifyChain(served, [ca.issuingPem], [ca.rootPem], Date.now())).toBeUndefined();
    expect(await byOpenssl(leaf, [ca.issuingPem], ca.rootPem)).toBe(true);
  });

  it('accepts the public roots that node ships as anchors, and those alone', () => {
    expect(rootCertificates.length).toBeGreaterThan(50);
    expect(verifyChain(leaf, [ca.issuingPem], 'public', now)).toContain('neither in the chain nor trusted');
    expect(verifyChain(leaf, [ca.issuingPem, ca.rootPem], 'public', now)).toContain('Ours Root');
  });

  it.each<[string, () => [string, string[], string[]], string]>([
    ['an intermediate is missing', () => [leaf, [], [ca.rootPem]], 'O=Test, CN=Ours Issuing, is neither'],
    [
      'the root is another',
      () => [leaf, [ca.issuingPem], [other.rootPem]],
      'O=Test, CN=Ours Root, is neither',
    ],
    ['nothing is trusted', () => [leaf, [ca.issuingPem, ca.rootPem], []], 'neither'],
    [
      'an issuer of the same name has another key',
      () => [
        leaf,
        [signAs('Other-issuing.key', '/O=Test/CN=Ours Issuing', 'Ours-root', 'CA:TRUE')],
        [ca.rootPem],
      ],
      'neither',
    ],
    [
      'an issuer of the same key has another name',
      () => [leaf, [signAs('Ours-issuing.key', '/O=Test/CN=Renamed', 'Ours-root', 'CA:TRUE')], [ca.rootPem]],
      'neither',
    ],
    [
      'the issuer is no CA',
      () => [
        leaf,
        [
          signAs(
            'Ours-issuing.key',
            '/O=Test/CN=Ours Issuing',
            'Ours-root',
            'CA:FALSE',
            'digitalSignature,keyCertSign',
          ),
        ],
        [ca.rootPem],
      ],
      'although it is no CA',
    ],
    ['the leaf was changed', () => [forged(), [ca.issuingPem], [ca.rootPem]], 'neither'],
    ['the leaf is a CA', () => [ca.issuingPem, [], [ca.rootPem]], 'is a CA certificate'],
    [
      'the leaf is for clients only',
      () => [
        signAs('Other-root.key', '/CN=c', 'Ours-issuing', 'CA:FALSE', 'digitalSignature', 'clientAuth'),
        [ca.issuingPem],
        [ca.rootPem],
      ],
      'does not allow TLS servers',
    ],
    ['all intermediates are noise', () => [leaf, NOISE, [ca.rootPem]], 'neither'],
  ])('refuses when %s, as openssl does', async (_sentence, make, expected) => {
    const [certificate, intermediates, anchors] = make();
    expect(verifyChain(certificate, intermediates, anchors, Date.now())).toContain(expected);
    const [anchor] = anchors;
    // openssl has no opinion on a CA as the leaf, and none without anchors.
    if (anchor !== undefined && certificate !== ca.issuingPem)
      expect(await byOpenssl(certificate, intermediates, anchor)).toBe(false);
  });

  it('looks at the dates of leaf, intermediate and root, to the last second', () => {
    const { notBeforeMs, notAfterMs } = parseCertificate(leaf);
    const at = (ms: number): string | undefined => verifyChain(leaf, [ca.issuingPem], [ca.rootPem], ms);
    expect(at(notAfterMs + 999)).toBeUndefined();
    expect(at(notAfterMs + 1000)).toContain('CN=shop.example.com expired');
    expect(at(notBeforeMs - DAY_MS)).toContain('not valid before');

    const longLeaf = ca.sign(request.csrPem, 2500);
    const long = (ms: number): string | undefined => verifyChain(longLeaf, [ca.issuingPem], [ca.rootPem], ms);
    expect(long(now + 1800 * DAY_MS)).toBeUndefined();
    expect(long(now + 1900 * DAY_MS)).toContain('Ours Issuing expired');

    const longest = ca.sign(request.csrPem, 5000);
    expect(verifyChain(longest, [], [ca.issuingPem], now + 1900 * DAY_MS)).toContain('Ours Issuing expired');
  });

  it('takes the good one of two intermediates with the same name and key', () => {
    const bad = signAs('Ours-issuing.key', '/O=Test/CN=Ours Issuing', 'Other-root', 'CA:TRUE');
    for (const pool of [
      [bad, ca.issuingPem],
      [ca.issuingPem, bad],
    ])
      expect(verifyChain(leaf, pool, [ca.rootPem], now)).toBeUndefined();
  });

  it('stays quick in a bundle of many issuers that all fit', () => {
    const twins = Array.from({ length: 25 }, () => [...circle()]).flat();
    const start = process.hrtime.bigint();
    expect(verifyChain(leaf, [...twins, ca.issuingPem], [other.issuingPem], Date.now())).toContain('neither');
    expect(Number(process.hrtime.bigint() - start) / 1e6).toBeLessThan(3000);
  }, 20_000);
});

/** The leaf with another name, its signature kept. */
function forged(): string {
  const der = Buffer.from(leaf.replace(/-----[^-]+-----/g, ''), 'base64');
  der.write('evil', der.lastIndexOf('shop'), 'latin1');
  const body = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${body.join('\n')}\n-----END CERTIFICATE-----\n`;
}

async function byOpenssl(
  certificate: string,
  intermediates: readonly string[],
  anchor: string,
): Promise<boolean> {
  const digest = createHash('sha256').update(certificate).digest('hex').slice(0, 8);
  const write = (name: string, text: string): string => {
    writeFileSync(file(`${digest}-${name}`), text);
    return file(`${digest}-${name}`);
  };
  const { status } = await opensslRun([
    ...['verify', '-purpose', 'sslserver', '-partial_chain', '-CAfile', write('anchor.pem', anchor)],
    ...(intermediates.length === 0 ? [] : ['-untrusted', write('pool.pem', intermediates.join(''))]),
    write('leaf.pem', certificate),
  ]);
  return status === 0;
}

/** `Nov 22 06:46:42 2026 GMT` */
function opensslDate(ms: number): string {
  const [, day = '', month, year, time] = new Date(ms).toUTCString().split(' ');
  return `${month} ${day.replace(/^0/, ' ')} ${time} ${year} GMT`;
}

import { createPrivateKey, createPublicKey } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { createSealer, generateIdentity } from '../../../src/keys/age.js';
import { inspectCsr } from '../../../src/keys/csr.js';
import { createKeyMaker } from '../../../src/keys/generate.js';
import type { KeyAlgorithm } from '../../../src/model/manifest.js';
import type { CsrSubject, SealedKey, Sealer } from '../../../src/ports/keystore.js';
import { everythingIn, failure, openssl } from './support.js';

let sealer: Sealer;
beforeAll(async () => {
  const { identity, recipient } = await generateIdentity();
  sealer = createSealer({ recipients: [recipient], identities: [identity] });
});
const generate = (subject: CsrSubject, algorithm: KeyAlgorithm = 'ecdsa-p256'): Promise<SealedKey> =>
  createKeyMaker(sealer).generate(subject, algorithm);
const csrText = (csrPem: string): Promise<string> =>
  openssl(['req', '-verify', '-noout', '-text', '-nameopt', 'RFC2253,-esc_msb,utf8'], csrPem);

const SHOP = { commonName: 'shop.example.com', names: ['*.shop.example.com', 'shop.example.com'] };

describe('a generated key', () => {
  it.each<[KeyAlgorithm, string, string]>([
    ['ecdsa-p256', 'ASN1 OID: prime256v1', 'ecdsa-with-SHA256'],
    ['ecdsa-p384', 'ASN1 OID: secp384r1', 'ecdsa-with-SHA384'],
    ['rsa-2048', 'Public-Key: (2048 bit)', 'sha256WithRSAEncryption'],
    ['rsa-3072', 'Public-Key: (3072 bit)', 'sha256WithRSAEncryption'],
    ['rsa-4096', 'Public-Key: (4096 bit)', 'sha256WithRSAEncryption'],
  ])(
    '%s has a request that openssl verifies and a sealed PKCS#8 key that belongs to it',
    async (algorithm, size, signature) => {
      const { csrPem, keyHash, sealed } = await generate(SHOP, algorithm);
      const text = await csrText(csrPem);
      expect(text).toContain(size);
      expect(text).toContain(`Signature Algorithm: ${signature}`);
      expect(text).toContain('Subject: CN=shop.example.com\n');
      expect(text).toContain('DNS:*.shop.example.com, DNS:shop.example.com\n');

      const keyPem = await sealer.open(sealed);
      expect(keyPem).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
      await openssl(['pkey', '-check', '-noout'], keyPem);
      const spki = await openssl(['pkey', '-pubout'], keyPem);
      expect(await openssl(['req', '-pubkey', '-noout'], csrPem)).toBe(spki);
      const der = createPublicKey(spki).export({ type: 'spki', format: 'der' });
      expect(await openssl(['dgst', '-sha256', '-r'], der)).toMatch(new RegExp(`^${keyHash} `));
    },
    20_000,
  );

  it('appears in clear nowhere in what is handed out', async () => {
    const made = await generate(SHOP);
    const secret = createPrivateKey(await sealer.open(made.sealed)).export({ format: 'jwk' }).d ?? 'missing';
    const bytes = Buffer.from(secret, 'base64url');
    const shown = everythingIn(made) + Buffer.from(made.csrPem, 'base64').toString('latin1');
    for (const form of [secret, bytes.toString('hex'), bytes.toString('base64'), 'PRIVATE KEY'])
      expect(shown).not.toContain(form);
  });

  it('is another one each time', async () => {
    const [a, b] = await Promise.all([generate(SHOP), generate(SHOP)]);
    expect(a.keyHash).not.toBe(b.keyHash);
  });

  it('is not handed out when it cannot be sealed', async () => {
    const maker = createKeyMaker(createSealer({ recipients: [], identities: [] }));
    const error = await failure(maker.generate(SHOP, 'ecdsa-p256'), 'key.no-recipient');
    expect(everythingIn(error)).not.toContain('PRIVATE KEY');
  });
});

describe('a request', () => {
  it('names the common name even when the names leave it out', async () => {
    const { csrPem } = await generate({ commonName: 'a.example.com', names: ['b.example.com'] });
    expect(await csrText(csrPem)).toContain('DNS:a.example.com, DNS:b.example.com\n');
  });

  it('leaves a common name of more than 64 characters out of the subject', async () => {
    const fits = `${'a'.repeat(52)}.example.com`;
    const long = `${'a'.repeat(53)}.example.com`;
    expect([fits.length, long.length]).toEqual([64, 65]);
    expect(await csrText((await generate({ commonName: fits, names: [] })).csrPem)).toContain(
      `Subject: CN=${fits}\n`,
    );
    const text = await csrText((await generate({ commonName: long, names: [] })).csrPem);
    expect(text).toMatch(/Subject: *\n/);
    expect(text).toContain(`DNS:${long}\n`);
  });

  it('carries organisation, place and country as X.520 types them', async () => {
    const organization = {
      name: 'Müller, Söhne + "Partner" <Co>; #1',
      city: '#Berlin',
      state: 'Berlin ',
      country: 'de',
      street: 'Weg 1',
      phone: '+49 30 1',
    };
    const { csrPem } = await generate({ ...SHOP, organization });
    const parsed = await openssl(['asn1parse'], csrPem);
    expect(parsed).toContain('PRINTABLESTRING   :DE');
    const subject = await openssl(
      ['req', '-noout', '-subject', '-nameopt', 'multiline,utf8,-esc_msb'],
      csrPem,
    );
    expect(subject).toMatch(/organizationName += Müller, Söhne \+ "Partner" <Co>; #1\n/);
    expect(subject).toMatch(/localityName += #Berlin\n/);
    expect(subject).toMatch(/stateOrProvinceName += Berlin\n/);
    expect(subject).not.toContain('Weg 1');
    expect(await inspectCsr(csrPem)).toMatchObject({ commonName: 'shop.example.com' });
  });

  it('leaves out organisation fields that no CA could put into a certificate', async () => {
    const organization = { name: 'x'.repeat(65), country: 'Germany', state: '' };
    const { csrPem } = await generate({ ...SHOP, organization });
    expect(await csrText(csrPem)).toContain('Subject: CN=shop.example.com\n');
  });

  it('holds a hundred names', async () => {
    const names = Array.from({ length: 100 }, (_, index) => `h${index}.example.com`);
    const { csrPem } = await generate({ commonName: 'h0.example.com', names });
    const inspected = await inspectCsr(csrPem);
    expect('names' in inspected ? inspected.names : []).toEqual([...names].sort());
    expect(await csrText(csrPem)).toContain('DNS:h99.example.com');
  });
});

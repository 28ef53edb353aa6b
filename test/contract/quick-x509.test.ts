import { createPublicKey, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { keyHashOf } from '../../src/keys/algorithm.js';
import { parseCertificate, verifyChain } from '../../src/keys/certificate.js';
import { inspectCsr } from '../../src/keys/csr.js';
import { createKeyMaker } from '../../src/keys/generate.js';
import { derOf } from '../../src/keys/pem.js';
import type { KeyAlgorithm } from '../../src/model/manifest.js';
import { keyMaker } from '../simulation/key-maker.js';
import { openedKey, openSealer } from '../simulation/sealer.js';
import { readCsr, throwAwayCa } from '../support/paid-provider/ca.js';
import { readAllDer } from '../support/paid-provider/der.js';

const SUBJECT = { commonName: 'shop.example.com', names: ['www.shop.example.com', 'shop.example.com'] };
const real = createKeyMaker(openSealer);

/** The parts of a request, its key and its signature left out. */
function partsOf(csrPem: string): readonly string[] {
  const [request] = readAllDer(derOf(csrPem));
  const [info, algorithm] = readAllDer(request?.content ?? Buffer.of());
  const [version, name, , attributes] = readAllDer(info?.content ?? Buffer.of());
  return [version, name, attributes, algorithm].map((part) => part?.whole.toString('hex') ?? '');
}

describe('the key maker of the simulation', () => {
  it('asks for exactly what the real one asks for', async () => {
    const quick = await keyMaker().generate(SUBJECT, 'ecdsa-p256');
    expect(partsOf(quick.csrPem)).toEqual(partsOf((await real.generate(SUBJECT, 'ecdsa-p256')).csrPem));
    expect(await inspectCsr(quick.csrPem)).toEqual({
      names: ['shop.example.com', 'www.shop.example.com'],
      commonName: 'shop.example.com',
      algorithm: 'ecdsa-p256',
      keyHash: quick.keyHash,
      strong: true,
    });
    expect(keyHashOf(createPublicKey(openedKey(quick.sealed)))).toBe(quick.keyHash);
  });

  it('gives a life no key twice, and every life the same', async () => {
    const life = keyMaker();
    const first = await life.generate(SUBJECT, 'ecdsa-p256');
    const second = await life.generate({ ...SUBJECT, names: ['more.example.com'] }, 'ecdsa-p256');
    expect(second.keyHash).not.toBe(first.keyHash);
    expect(await keyMaker().generate(SUBJECT, 'ecdsa-p256')).toEqual(first);
    expect(await inspectCsr(second.csrPem)).toMatchObject({
      names: ['more.example.com', 'shop.example.com'],
    });
  });
});

describe('the certificate authority of the test provider', () => {
  const nowMs = Date.UTC(2026, 10, 22, 12);
  const ca = throwAwayCa(nowMs);

  it.each<KeyAlgorithm>(['ecdsa-p256', 'ecdsa-p384', 'rsa-2048'])(
    'signs what %s asked for',
    async (algorithm) => {
      const { csrPem, keyHash } = await real.generate(SUBJECT, algorithm);
      const csr = readCsr(csrPem);
      if (!csr) throw new Error('the request cannot be read');
      const till = nowMs + 100 * 86_400_000;
      const { certificatePem, serial } = ca.sign(csr.spki, csr.names, new Date(nowMs), new Date(till));
      expect(parseCertificate(certificatePem)).toMatchObject({
        serial,
        names: ['shop.example.com', 'www.shop.example.com'],
        keyHash,
        keyAlgorithm: algorithm,
        notBeforeMs: nowMs,
        notAfterMs: till,
        isCa: false,
      });
      expect(verifyChain(certificatePem, [ca.issuingPem], [ca.rootPem], nowMs + 1)).toBeUndefined();
      expect(verifyChain(certificatePem, [ca.issuingPem], [throwAwayCa(nowMs).rootPem], nowMs + 1)).toMatch(
        /trusted/,
      );
    },
  );

  it('dates beyond 2049 are written in full', () => {
    const { certificatePem } = ca.sign(
      createPublicKey(
        new X509Certificate(ca.rootPem).publicKey.export({ type: 'spki', format: 'pem' }),
      ).export({
        type: 'spki',
        format: 'der',
      }),
      ['shop.example.com'],
      new Date(nowMs),
      new Date('2051-02-03T04:05:06Z'),
    );
    expect(new X509Certificate(certificatePem).validToDate.toISOString()).toBe('2051-02-03T04:05:06.000Z');
  });

  it('reads no request that its own key did not sign', async () => {
    const { csrPem } = await real.generate(SUBJECT, 'ecdsa-p256');
    const broken = derOf(csrPem);
    broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1;
    const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${broken.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
    expect(readCsr(csrPem)?.names).toEqual(['shop.example.com', 'www.shop.example.com']);
    expect(readCsr(pem)).toBeUndefined();
    expect(readCsr('nothing')).toBeUndefined();
  });
});

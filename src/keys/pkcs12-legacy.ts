import { createPrivateKey, X509Certificate } from 'node:crypto';
import { CertError } from '../model/errors.js';
import { derOf } from './pem.js';
import type { Pkcs12Input } from './pkcs12.js';

/** What old Windows and Java verify, and no more: the algorithms are weak in any case. */
const ITERATIONS = 2048;

/**
 * A PKCS#12 file for Windows before 2019 and Java before 8u301: key under 3DES with SHA-1, MAC by SHA-1, certificates
 * in clear. RSA throughout.
 * @throws CertError `usage` when the key or a certificate of the chain is not RSA, or not signed with RSA
 */
export async function legacyPkcs12(input: Pkcs12Input): Promise<Buffer> {
  const pems = [input.certificatePem, ...input.chainPem];
  if (pems.some((pem) => new X509Certificate(pem).publicKey.asymmetricKeyType !== 'rsa')) throw notRsa();
  const { default: forge } = await import('node-forge');
  const certificates = pems.map((pem) => forge.pki.certificateFromPem(pem));
  const written = certificates.map((certificate) =>
    bytesOf(forge.asn1.toDer(forge.pki.certificateToAsn1(certificate))),
  );
  // The library writes other signature algorithms with RSA's parameters, which would break the certificate.
  if (pems.some((pem, index) => !written[index]?.equals(derOf(pem)))) throw notRsa();
  const key = createPrivateKey({ key: input.keyDer, type: 'pkcs8', format: 'der' });
  const asn1 = forge.pkcs12.toPkcs12Asn1(
    forge.pki.privateKeyFromPem(key.export({ type: 'pkcs1', format: 'pem' }).toString()),
    certificates,
    input.password,
    { algorithm: '3des', count: ITERATIONS, friendlyName: input.friendlyName, generateLocalKeyId: true },
  );
  return bytesOf(forge.asn1.toDer(asn1));
}

const bytesOf = (buffer: { getBytes(): string }): Buffer => Buffer.from(buffer.getBytes(), 'latin1');

const notRsa = (): CertError =>
  new CertError(
    'usage',
    'The old PKCS#12 encryption knows RSA only, and this certificate or its chain has another key or signature: export p12 without --legacy; the old form needs an RSA key and a CA that signs with RSA.',
  );

import 'reflect-metadata';
import { createHash, randomBytes, type webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Pkcs10CertificateRequest,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const YEARS_MS = 40 * 365 * 86_400_000;

const newKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  crypto.subtle.generateKey(P256, true, ['sign', 'verify']);

/** Positive and without leading zeros, so that every tool prints it alike. */
const newSerial = (): string => `4${randomBytes(16).toString('hex').slice(1)}`;

export interface Signed {
  readonly certificatePem: string;
  readonly serial: string;
}

export interface ThrowAwayCa {
  readonly rootPem: string;
  readonly issuingPem: string;
  sign(
    publicKey: webcrypto.CryptoKey,
    names: readonly string[],
    notBefore: Date,
    notAfter: Date,
  ): Promise<Signed>;
}

/** A root and an issuing CA whose keys never leave the process. */
export async function throwAwayCa(nowMs: number): Promise<ThrowAwayCa> {
  const notBefore = new Date(nowMs - 86_400_000);
  const notAfter = new Date(nowMs + YEARS_MS);
  const usages = new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true);
  const rootKeys = await newKeys();
  const root = await X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: 'CN=Throw-away Root,O=Paid Test',
    keys: rootKeys,
    signingAlgorithm: P256,
    notBefore,
    notAfter,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      usages,
      await SubjectKeyIdentifierExtension.create(rootKeys.publicKey),
    ],
  });
  const issuingKeys = await newKeys();
  const issuing = await X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: 'CN=Throw-away Issuing CA,O=Paid Test',
    issuer: root.subject,
    publicKey: issuingKeys.publicKey,
    signingKey: rootKeys.privateKey,
    signingAlgorithm: P256,
    notBefore,
    notAfter,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      usages,
      await SubjectKeyIdentifierExtension.create(issuingKeys.publicKey),
      await AuthorityKeyIdentifierExtension.create(root),
    ],
  });
  return {
    rootPem: root.toString('pem'),
    issuingPem: issuing.toString('pem'),
    sign: async (publicKey, names, from, till) => {
      const serial = newSerial();
      const certificate = await X509CertificateGenerator.create({
        serialNumber: serial,
        subject: [{ CN: [names[0] ?? ''] }],
        issuer: issuing.subject,
        publicKey,
        signingKey: issuingKeys.privateKey,
        signingAlgorithm: P256,
        notBefore: from,
        notAfter: till,
        extensions: [
          new BasicConstraintsExtension(false, undefined, true),
          new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
          new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
          new SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns' as const, value }))),
          await SubjectKeyIdentifierExtension.create(publicKey),
          await AuthorityKeyIdentifierExtension.create(issuing),
        ],
      });
      return { certificatePem: certificate.toString('pem'), serial };
    },
  };
}

export interface ReadCsr {
  readonly names: readonly string[];
  readonly sha256: string;
  readonly publicKey: webcrypto.CryptoKey;
}

/** A request whose own signature holds; undefined for anything else. */
export async function readCsr(pem: string): Promise<ReadCsr | undefined> {
  try {
    const csr = new Pkcs10CertificateRequest(pem);
    if (!(await csr.verify())) return undefined;
    const extension = csr.getExtension('2.5.29.17');
    const names = extension instanceof SubjectAlternativeNameExtension ? extension.names.items : [];
    return {
      names: names.filter(({ type }) => type === 'dns').map(({ value }) => value),
      sha256: createHash('sha256').update(Buffer.from(csr.rawData)).digest('hex'),
      publicKey: await csr.publicKey.export(),
    };
  } catch {
    return undefined;
  }
}

/** A key nobody asked for. */
export const strangeKey = async (): Promise<webcrypto.CryptoKey> => (await newKeys()).publicKey;

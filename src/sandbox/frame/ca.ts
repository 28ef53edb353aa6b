// @peculiar/x509 throws at import unless this stands first.
import 'reflect-metadata';
import { createPrivateKey, randomBytes, type webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PublicKey,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { Branch, Leaf, SignedLeaf, ThrowAwayCa } from './definition.js';

/** A CA with its key, as it is kept in a state file. The keys protect nothing: nobody trusts these roots. */
export interface CaRecord {
  /** PEM, root first; the last one signs. */
  readonly chain: readonly string[];
  /** PKCS#8, PEM, of the last one. */
  readonly keyPem: string;
}
export type CaState = Readonly<Record<Branch, CaRecord>>;

const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
/** Wide, because a sandbox's clock may be moved by decades. */
const NOT_BEFORE = new Date('2015-01-01T00:00:00Z');
const NOT_AFTER = new Date('2075-01-01T00:00:00Z');
/** Upper bound of a common name, X.520 ub-common-name; a longer name stands in the SAN alone. */
const MAX_COMMON_NAME = 64;

const newKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  crypto.subtle.generateKey(P256, true, ['sign', 'verify']);

/** Positive and without leading zeros, so that every tool prints it alike. */
const newSerial = (): string => `4${randomBytes(16).toString('hex').slice(1)}`;

/** New keys and certificates for both branches. */
export async function makeCa(label: string): Promise<CaState> {
  const root = await selfSigned(`CN=${label} Throw-away Root,O=certwright sandbox`);
  const keys = await newKeys();
  const issuing = await X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: `CN=${label} Throw-away Issuing CA,O=certwright sandbox`,
    issuer: root.certificate.subject,
    publicKey: keys.publicKey,
    signingKey: root.key,
    signingAlgorithm: P256,
    notBefore: NOT_BEFORE,
    notAfter: NOT_AFTER,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(root.certificate),
    ],
  });
  const untrusted = await selfSigned(`CN=${label} Test CA,O=certwright sandbox`);
  return {
    public: { chain: [pemOf(root.certificate), pemOf(issuing)], keyPem: await exportKey(keys.privateKey) },
    untrusted: { chain: [pemOf(untrusted.certificate)], keyPem: await exportKey(untrusted.key) },
  };
}

export async function openCa(state: CaState): Promise<ThrowAwayCa> {
  const signers = {
    public: await openSigner(state.public),
    untrusted: await openSigner(state.untrusted),
  };
  return {
    chain: (branch) => state[branch].chain,
    sign: (branch, leaf) => signLeaf(signers[branch], leaf),
    strangeKey: async () => {
      const { publicKey } = await newKeys();
      return new Uint8Array(await crypto.subtle.exportKey('spki', publicKey));
    },
  };
}

interface Signer {
  readonly certificate: X509Certificate;
  readonly key: webcrypto.CryptoKey;
}

async function openSigner({ chain, keyPem }: CaRecord): Promise<Signer> {
  const der = createPrivateKey(keyPem).export({ format: 'der', type: 'pkcs8' });
  const key = await crypto.subtle.importKey('pkcs8', new Uint8Array(der), P256, false, ['sign']);
  return { certificate: new X509Certificate(chain.at(-1) ?? ''), key };
}

async function signLeaf({ certificate: issuer, key }: Signer, leaf: Leaf): Promise<SignedLeaf> {
  const serial = newSerial();
  const publicKey = new PublicKey(new Uint8Array(leaf.spkiDer));
  const rsa = publicKey.algorithm.name.startsWith('RSA');
  const { commonName, organization } = leaf;
  const named = commonName !== undefined && commonName.length <= MAX_COMMON_NAME;
  const subject = [
    ...(organization?.country === undefined ? [] : [{ C: [organization.country] }]),
    ...(organization === undefined ? [] : [{ O: [organization.name] }]),
    ...(named ? [{ CN: [commonName] }] : []),
  ];
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serial,
    subject,
    issuer: issuer.subjectName,
    publicKey,
    signingKey: key,
    signingAlgorithm: P256,
    notBefore: new Date(leaf.notBeforeMs),
    notAfter: new Date(leaf.notAfterMs),
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(
        rsa ? KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment : KeyUsageFlags.digitalSignature,
        true,
      ),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      // Critical where the subject is empty (RFC 5280 §4.2.1.6).
      new SubjectAlternativeNameExtension(
        leaf.names.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value })),
        subject.length === 0,
      ),
      await SubjectKeyIdentifierExtension.create(publicKey),
      await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return { pem: pemOf(certificate), serial: serial.toUpperCase() };
}

async function selfSigned(name: string): Promise<Signer> {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name,
    keys,
    signingAlgorithm: P256,
    notBefore: NOT_BEFORE,
    notAfter: NOT_AFTER,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate, key: keys.privateKey };
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', key));
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    .export({ format: 'pem', type: 'pkcs8' })
    .toString();
}

const pemOf = (certificate: X509Certificate): string => `${certificate.toString('pem').trimEnd()}\n`;

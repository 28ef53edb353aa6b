// @peculiar/x509 throws at import unless this stands first.
import 'reflect-metadata';
import { createPrivateKey, type webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PublicKey,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { DnsName } from '../../model/names.js';
import { addTerm } from '../../model/term-end.js';
import { MINUTE_MS, SECOND_MS, toInstant, toMs } from '../../model/time.js';
import type { CaCertificate, CaRecord } from './books.js';

const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const ROOT_TERM = { unit: 'year', count: 10 } as const;
const ISSUING_TERM = { unit: 'year', count: 5 } as const;
/** Clocks of clients that run behind accept a fresh certificate. */
const BACKDATED_MS = 5 * MINUTE_MS;
/** Upper bound of a common name, X.520 ub-common-name; a longer name stands in the SAN alone. */
const MAX_COMMON_NAME = 64;

/** An issuing CA ready to sign. */
export interface Issuer {
  readonly serial: string;
  readonly notAfterMs: number;
  readonly certificate: X509Certificate;
  readonly key: webcrypto.CryptoKey;
}

interface RotationInput {
  readonly nowMs: number;
  /** Last moment of the certificate about to be signed. */
  readonly notAfterMs: number;
  readonly serial: () => string;
  readonly label: string;
  /** Opens the newest root's key; called only when a new issuing CA needs it. */
  readonly rootKeyPem: () => Promise<string>;
}

interface Rotated {
  readonly ca: CaRecord;
  /** Present when there is a new root. */
  readonly rootKeyPem?: string;
  readonly issuingKeyPem: string;
}

/**
 * A new issuing CA where none outlives the certificate, and a new root where that issuing CA would outlive the root
 * (RFC 5280 §6.1: nothing in a chain is good for longer than what signed it). undefined: the present ones do.
 */
export async function rotate(ca: CaRecord | undefined, input: RotationInput): Promise<Rotated | undefined> {
  const issuing = ca?.issuing.at(-1);
  if (issuing && toMs(issuing.notAfter) >= input.notAfterMs) return undefined;
  const issuingNotAfterMs = addTerm(input.nowMs, ISSUING_TERM, 'months') - SECOND_MS;
  const known = ca?.roots.at(-1);
  const root =
    known && toMs(known.notAfter) >= issuingNotAfterMs
      ? { record: known, key: await importKey(await input.rootKeyPem()) }
      : await makeRoot(input, (ca?.roots.length ?? 0) + 1);
  const keys = await newKeys();
  const issuer = new X509Certificate(root.record.pem);
  const certificate = await X509CertificateGenerator.create({
    serialNumber: input.serial(),
    subject: caName('issuing', (ca?.issuing.length ?? 0) + 1, input.label),
    issuer: issuer.subjectName,
    notBefore: wholeSecond(input.nowMs - BACKDATED_MS),
    notAfter: wholeSecond(issuingNotAfterMs),
    publicKey: keys.publicKey,
    signingKey: root.key,
    signingAlgorithm: P256,
    extensions: await caExtensions(keys.publicKey, 0, issuer),
  });
  const isNewRoot = root.record !== known;
  return {
    ca: {
      roots: isNewRoot ? [...(ca?.roots ?? []), root.record] : (ca?.roots ?? []),
      issuing: [...(ca?.issuing ?? []), recordOf(certificate)],
    },
    ...(isNewRoot && { rootKeyPem: await exportKey(root.key) }),
    issuingKeyPem: await exportKey(keys.privateKey),
  };
}

/** @throws RangeError when there is no issuing CA */
export async function openIssuer(ca: CaRecord | undefined, keyPem: string): Promise<Issuer> {
  const record = ca?.issuing.at(-1);
  if (!record) throw new RangeError('no issuing CA');
  return {
    serial: record.serial,
    notAfterMs: toMs(record.notAfter),
    certificate: new X509Certificate(record.pem),
    key: await importKey(keyPem),
  };
}

interface LeafRequest {
  readonly serial: string;
  /** SubjectPublicKeyInfo, DER. */
  readonly spkiDer: Uint8Array<ArrayBuffer>;
  readonly rsa: boolean;
  readonly names: readonly DnsName[];
  readonly commonName: DnsName;
  /** First moment of its use; notBefore stands a little earlier. */
  readonly fromMs: number;
  readonly notAfterMs: number;
}

/** Signs a server certificate, PEM. Names come from the request, of the CSR only the key is taken. */
export async function signLeaf(issuer: Issuer, leaf: LeafRequest): Promise<string> {
  const named = leaf.commonName.length <= MAX_COMMON_NAME;
  const publicKey = new PublicKey(leaf.spkiDer);
  const extensions: Extension[] = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(
      leaf.rsa
        ? KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment
        : KeyUsageFlags.digitalSignature,
      true,
    ),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    // Critical where the subject is empty (RFC 5280 §4.2.1.6).
    new SubjectAlternativeNameExtension(
      leaf.names.map((value) => ({ type: 'dns' as const, value })),
      !named,
    ),
    await SubjectKeyIdentifierExtension.create(publicKey),
    await AuthorityKeyIdentifierExtension.create(issuer.certificate.publicKey),
  ];
  const certificate = await X509CertificateGenerator.create({
    serialNumber: leaf.serial,
    subject: named ? [{ CN: [leaf.commonName] }] : [],
    issuer: issuer.certificate.subjectName,
    notBefore: wholeSecond(leaf.fromMs - BACKDATED_MS),
    notAfter: wholeSecond(leaf.notAfterMs),
    publicKey,
    signingKey: issuer.key,
    signingAlgorithm: P256,
    extensions,
  });
  return pemOf(certificate);
}

async function makeRoot(input: RotationInput, generation: number) {
  const keys = await newKeys();
  const name = caName('root', generation, input.label);
  const certificate = await X509CertificateGenerator.create({
    serialNumber: input.serial(),
    subject: name,
    issuer: name,
    notBefore: wholeSecond(input.nowMs - BACKDATED_MS),
    notAfter: wholeSecond(addTerm(input.nowMs, ROOT_TERM, 'months') - SECOND_MS),
    publicKey: keys.publicKey,
    signingKey: keys.privateKey,
    signingAlgorithm: P256,
    extensions: await caExtensions(keys.publicKey),
  });
  return { key: keys.privateKey, record: recordOf(certificate) };
}

/** Numbered, because a successor must not share its name with what it replaces. */
const caName = (kind: 'root' | 'issuing', generation: number, label: string) => [
  { CN: [`certwright ${kind} CA ${generation} ${label}`.slice(0, MAX_COMMON_NAME)] },
];

async function caExtensions(publicKey: webcrypto.CryptoKey, pathLength?: number, issuer?: X509Certificate) {
  const extensions: Extension[] = [
    new BasicConstraintsExtension(true, pathLength, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    await SubjectKeyIdentifierExtension.create(publicKey),
  ];
  if (issuer) extensions.push(await AuthorityKeyIdentifierExtension.create(issuer.publicKey));
  return extensions;
}

const newKeys = () => crypto.subtle.generateKey(P256, true, ['sign', 'verify']);

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', key));
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    .export({ format: 'pem', type: 'pkcs8' })
    .toString();
}

function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(pem).export({ format: 'der', type: 'pkcs8' });
  return crypto.subtle.importKey('pkcs8', new Uint8Array(der), P256, false, ['sign']);
}

const recordOf = (certificate: X509Certificate): CaCertificate => ({
  serial: certificate.serialNumber.toLowerCase(),
  pem: pemOf(certificate),
  notAfter: toInstant(certificate.notAfter.getTime()),
});

const pemOf = (certificate: X509Certificate): string => `${certificate.toString('pem').trimEnd()}\n`;

/** X.509 times carry whole seconds. */
const wholeSecond = (ms: number): Date => new Date(Math.floor(ms / SECOND_MS) * SECOND_MS);

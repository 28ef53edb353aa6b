import { createHash, X509Certificate } from 'node:crypto';
import { CertError, messageOf } from '../model/errors.js';
import type { DnsName } from '../model/names.js';
import { describeKey, keyHashOf } from './algorithm.js';
import { toPem } from './pem.js';
import { dnsNamesOf } from './san.js';

/** What certwright reads out of a certificate. */
export interface ParsedCertificate {
  /** Lower-case hex of the shortest octets, two digits each (`0a0b`), as OpenSSL prints it. */
  readonly serial: string;
  /** SHA-256 of the DER, lower-case hex. */
  readonly sha256: string;
  /** dNSNames of the subjectAltName extension, sorted; the subject's CN does not count (RFC 9525 §2). */
  readonly names: readonly DnsName[];
  readonly notBeforeMs: number;
  /** Last valid second, epoch ms. */
  readonly notAfterMs: number;
  /** Distinguished name on one line, for people. */
  readonly issuer: string;
  /** SHA-256 of the SubjectPublicKeyInfo, lower-case hex. */
  readonly keyHash: string;
  /** `rsa-2048`, `ecdsa-p256` … */
  readonly keyAlgorithm: string;
  readonly isCa: boolean;
  /** 64 columns, LF. */
  readonly pem: string;
}

const LABEL = 'CERTIFICATE';
const BLOCK = /-----BEGIN (?:X509 )?CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END (?:X509 )?CERTIFICATE-----/g;
/** serverAuth and anyExtendedKeyUsage (RFC 5280 §4.2.1.12); node's `keyUsage` is the extended one. */
const SERVER_PURPOSES: ReadonlySet<string> = new Set(['1.3.6.1.5.5.7.3.1', '2.5.29.37.0']);
/** Longer than any chain in use; bounds the search through a hostile bundle. */
const MAX_DEPTH = 8;

/**
 * Every certificate in a text, in its order, each 64 columns and LF; whatever stands between them is left out. What
 * is inside the blocks is not looked at.
 */
export const splitPem = (text: string): readonly string[] =>
  [...text.matchAll(BLOCK)].map((match) => toPem(LABEL, Buffer.from(match[1] ?? '', 'base64')));

/** @throws CertError `certificate.invalid` when the text is not exactly one certificate */
export function parseCertificate(pem: string): ParsedCertificate {
  const certificate = load(pem);
  try {
    const notBeforeMs = certificate.validFromDate.getTime();
    const notAfterMs = certificate.validToDate.getTime();
    if (Number.isNaN(notBeforeMs) || Number.isNaN(notAfterMs)) throw new RangeError('its dates are no dates');
    return {
      serial: certificate.serialNumber.toLowerCase(),
      sha256: createHash('sha256').update(certificate.raw).digest('hex'),
      names: dnsNamesOf(certificate.subjectAltName),
      notBeforeMs,
      notAfterMs,
      issuer: oneLine(certificate.issuer),
      keyHash: keyHashOf(certificate.publicKey),
      keyAlgorithm: describeKey(certificate.publicKey).algorithm,
      isCa: certificate.ca,
      pem: toPem(LABEL, certificate.raw),
    };
  } catch (error) {
    throw new CertError('certificate.invalid', `The certificate cannot be used: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}

/**
 * The candidates that lead from the leaf upwards, issuer first. A self-signed root is dropped, and so is whatever
 * does not belong to the chain or is no certificate. Of several that fit, the one that lasts longest is taken.
 * @param candidates  PEM texts, each with any number of certificates
 * @throws CertError `certificate.invalid` for the leaf alone
 */
export function orderChain(leafPem: string, candidates: readonly string[]): readonly string[] {
  const pool = loadAny(candidates)
    .filter((candidate) => !isSelfSigned(candidate))
    .sort((a, b) => b.validToDate.getTime() - a.validToDate.getTime());
  const chain: X509Certificate[] = [];
  let child = load(leafPem);
  while (chain.length < MAX_DEPTH) {
    const below = child;
    const issuer = pool.find((candidate) => !chain.includes(candidate) && issued(candidate, below));
    if (issuer === undefined) break;
    chain.push(issuer);
    child = issuer;
  }
  return chain.map((certificate) => toPem(LABEL, certificate.raw));
}

/**
 * Why this leaf does not build to an anchor, or undefined when it does: signatures, names, key usages, CA flags and
 * the dates of every certificate. Name and path-length constraints and revocation are not looked at.
 * @param intermediates  PEM texts in any order; what does not help is passed over
 * @param anchors  PEM roots, or `public` for the roots node ships
 */
export function verifyChain(
  leafPem: string,
  intermediates: readonly string[],
  anchors: readonly string[] | 'public',
  atMs: number,
): string | undefined {
  try {
    const leaf = load(leafPem);
    if (leaf.ca) return 'it is a CA certificate, not one for a server';
    if (leaf.keyUsage !== undefined && !leaf.keyUsage.some((oid) => SERVER_PURPOSES.has(oid)))
      return 'its extended key usage does not allow TLS servers';
    const trusted = anchors === 'public' ? publicRoots() : anchors.flatMap(splitPem).map(load);
    const search: Search = { pool: loadAny(intermediates), trusted, atMs, seen: new Set() };
    return whyNot(leaf, 0, search);
  } catch (error) {
    if (error instanceof CertError) return error.message;
    throw error;
  }
}

interface Search {
  readonly pool: readonly X509Certificate[];
  readonly trusted: readonly X509Certificate[];
  readonly atMs: number;
  /** Fingerprints tried already: each is climbed once, so loops end and a large bundle stays cheap. */
  readonly seen: Set<string>;
}

function whyNot(child: X509Certificate, depth: number, search: Search): string | undefined {
  const date = dateProblem(child, search.atMs);
  if (date !== undefined) return date;
  if (search.trusted.some((anchor) => anchor.raw.equals(child.raw))) return undefined;
  if (depth >= MAX_DEPTH) return `its chain is longer than ${MAX_DEPTH} certificates`;
  let why = `the issuer of ${describe(child)}, ${oneLine(child.issuer)}, is neither in the chain nor trusted`;
  for (const anchor of search.trusted) {
    if (!issued(anchor, child)) continue;
    const problem = caProblem(anchor) ?? dateProblem(anchor, search.atMs);
    if (problem === undefined) return undefined;
    why = problem;
  }
  for (const issuer of search.pool) {
    if (search.seen.has(issuer.fingerprint256) || !issued(issuer, child)) continue;
    search.seen.add(issuer.fingerprint256);
    const problem = caProblem(issuer) ?? whyNot(issuer, depth + 1, search);
    if (problem === undefined) return undefined;
    why = problem;
  }
  return why;
}

function dateProblem(certificate: X509Certificate, atMs: number): string | undefined {
  if (atMs < certificate.validFromDate.getTime())
    return `${describe(certificate)} is not valid before ${certificate.validFromDate.toISOString()}`;
  // The last second counts whole (RFC 5280 §4.1.2.5).
  if (atMs >= certificate.validToDate.getTime() + 1000)
    return `${describe(certificate)} expired at ${certificate.validToDate.toISOString()}`;
  return undefined;
}

const caProblem = (issuer: X509Certificate): string | undefined =>
  issuer.ca ? undefined : `${describe(issuer)} signed a certificate although it is no CA`;

/** Answers of `issued`, by issuer and child: of hundreds of orders the intermediates and roots are the same. */
const known = new WeakMap<X509Certificate, WeakMap<X509Certificate, boolean>>();

/** Names, key identifiers and key usage fit, and the signature is right. */
function issued(issuer: X509Certificate, child: X509Certificate): boolean {
  const children = known.get(issuer) ?? new WeakMap<X509Certificate, boolean>();
  known.set(issuer, children);
  const answer = children.get(child) ?? (child.checkIssued(issuer) && child.verify(issuer.publicKey));
  children.set(child, answer);
  return answer;
}

/**
 * Do names, key identifiers, key usage and signature say that one certificate issued another? Dates are not looked at.
 * @throws CertError `certificate.invalid`
 */
export const isIssuedBy = (childPem: string, issuerPem: string): boolean =>
  issued(load(issuerPem), load(childPem));

/** Distinguished name on one line. @throws CertError `certificate.invalid` */
export const subjectOf = (pem: string): string => oneLine(load(pem).subject);

const isSelfSigned = (certificate: X509Certificate): boolean => issued(certificate, certificate);

const describe = (certificate: X509Certificate): string => `the certificate ${oneLine(certificate.subject)}`;

/** Node writes one attribute a line and escapes what is no text; an empty name is undefined there. */
const oneLine = (name: string | undefined): string => (name ?? 'without a name').split('\n').join(', ');

function load(pem: string): X509Certificate {
  const [only, ...more] = splitPem(pem);
  if (only === undefined || more.length > 0)
    throw new CertError(
      'certificate.invalid',
      `The text holds ${only === undefined ? 'no certificate' : `${more.length + 1} certificates`}; give exactly one PEM block.`,
    );
  const before = loaded.get(only);
  if (before) return before;
  try {
    const certificate = new X509Certificate(only);
    if (loaded.size >= MAX_LOADED) loaded.clear();
    loaded.set(only, certificate);
    return certificate;
  } catch (error) {
    throw new CertError('certificate.invalid', 'The PEM block is no X.509 certificate.', { cause: error });
  }
}

/** Each certificate is looked at for its facts, its place in the chain and its signature; a chain serves many. */
const loaded = new Map<string, X509Certificate>();
const MAX_LOADED = 64;

/** Every certificate in the texts that can be read. */
const loadAny = (texts: readonly string[]): X509Certificate[] =>
  texts.flatMap(splitPem).flatMap((pem) => {
    try {
      return [load(pem)];
    } catch {
      return [];
    }
  });

let roots: readonly X509Certificate[] | undefined;

/** Parsed once and only when asked for: it takes longer than all the rest. */
function publicRoots(): readonly X509Certificate[] {
  // An import would make the list in every run.
  roots ??= process.getBuiltinModule('node:tls').rootCertificates.map((pem) => new X509Certificate(pem));
  return roots;
}

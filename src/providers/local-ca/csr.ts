// @peculiar/x509 throws at import unless this stands first.
import 'reflect-metadata';
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { Pkcs10CertificateRequest, SubjectAlternativeNameExtension } from '@peculiar/x509';
import { CertError } from '../../model/errors.js';
import { type DnsName, parseName } from '../../model/names.js';

const MIN_RSA_BITS = 2048;
const CURVES: ReadonlySet<string> = new Set(['prime256v1', 'secp384r1']);

/** What is taken from a CSR that proved itself: its key. */
export interface CheckedCsr {
  /** SubjectPublicKeyInfo, DER. */
  readonly spkiDer: Uint8Array<ArrayBuffer>;
  /** SHA-256 of it, hex. */
  readonly keyHash: string;
  readonly rsa: boolean;
}

/**
 * Checks a PKCS#10 request's signature (RFC 2986), key and names. It may name fewer names than are ordered, as CSRs
 * made by hand do, but none besides.
 * @throws CertError `provider.refused`
 */
export async function checkCsr(pem: string | undefined, names: readonly DnsName[]): Promise<CheckedCsr> {
  if (pem === undefined) throw refused('The request has no CSR');
  const csr = parse(pem);
  if (!(await csr.verify().catch(() => false))) throw refused('The signature of the CSR does not verify');
  const ordered = new Set(names);
  const stranger = namesIn(csr).find((name) => !ordered.has(name));
  if (stranger !== undefined) throw refused(`The CSR names ${stranger}, which the order does not`);
  const spkiDer = new Uint8Array(csr.publicKey.rawData);
  const key = createPublicKey({ key: Buffer.from(spkiDer), format: 'der', type: 'spki' });
  if (!isAccepted(key)) {
    throw refused(`The key is none we sign; use RSA from ${MIN_RSA_BITS} bits, P-256 or P-384`);
  }
  return {
    spkiDer,
    keyHash: createHash('sha256').update(spkiDer).digest('hex'),
    rsa: key.asymmetricKeyType === 'rsa',
  };
}

const refused = (problem: string): CertError => new CertError('provider.refused', `${problem}.`);

function parse(pem: string): Pkcs10CertificateRequest {
  try {
    return new Pkcs10CertificateRequest(pem);
  } catch (error) {
    throw new CertError('provider.refused', 'The CSR is no PKCS#10 request in PEM.', { cause: error });
  }
}

/** DNS names of subject and SAN; other texts in the subject are nobody's host name and are not copied anyway. */
function namesIn(csr: Pkcs10CertificateRequest): readonly DnsName[] {
  const san = csr.extensions
    .filter((extension) => extension instanceof SubjectAlternativeNameExtension)
    .flatMap((extension) => extension.names.items.map((name) => name.value));
  const common = csr.subjectName.getField('CN').flatMap((text) => {
    const parsed = parseName(text);
    return parsed.ok ? [parsed.name] : [];
  });
  return [...san.map((name) => name.toLowerCase()), ...common];
}

function isAccepted(key: KeyObject): boolean {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa') return (modulusLength ?? 0) >= MIN_RSA_BITS;
  return key.asymmetricKeyType === 'ec' && CURVES.has(namedCurve ?? '');
}

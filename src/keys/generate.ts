import { generateKeyPair as generateKeyPairCallback, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { KeyAlgorithm } from '../model/manifest.js';
import { nameSet } from '../model/names.js';
import type { CsrSubject, KeyMaker, Sealer } from '../ports/keystore.js';
import { keyHashOf } from './algorithm.js';
import { loadX509 } from './x509.js';

/** Off the main thread: an RSA-4096 pair takes up to half a second. */
const generateKeyPair = promisify(generateKeyPairCallback);

/** Upper bounds of X.520 as RFC 5280 appendix A.1 gives them; what is longer stays out of the subject. */
const MAX_COMMON_NAME = 64;
const ORGANIZATION_ATTRIBUTES = [
  { field: 'name', attribute: 'O', fits: (value: string) => value.length <= 64 },
  { field: 'city', attribute: 'L', fits: (value: string) => value.length <= 128 },
  { field: 'state', attribute: 'ST', fits: (value: string) => value.length <= 128 },
  { field: 'country', attribute: 'C', fits: (value: string) => /^[A-Z]{2}$/.test(value) },
] as const;

/** Keys exist in clear only inside `generate`. */
export function createKeyMaker(sealer: Sealer): KeyMaker {
  return {
    async generate(subject, algorithm) {
      const { publicKey, privateKey } = await newPair(algorithm);
      const sealed = await sealer.seal(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
      const csrPem = await certificateRequest(subject, algorithm, publicKey, privateKey);
      return { csrPem, keyHash: keyHashOf(publicKey), sealed };
    },
  };
}

function newPair(algorithm: KeyAlgorithm): Promise<{ publicKey: KeyObject; privateKey: KeyObject }> {
  switch (algorithm) {
    case 'rsa-2048':
      return generateKeyPair('rsa', { modulusLength: 2048 });
    case 'rsa-3072':
      return generateKeyPair('rsa', { modulusLength: 3072 });
    case 'rsa-4096':
      return generateKeyPair('rsa', { modulusLength: 4096 });
    case 'ecdsa-p256':
      return generateKeyPair('ec', { namedCurve: 'P-256' });
    case 'ecdsa-p384':
      return generateKeyPair('ec', { namedCurve: 'P-384' });
  }
}

/** PKCS#10 (RFC 2986): every name, the common name included, is a dNSName of the SAN extension. */
async function certificateRequest(
  subject: CsrSubject,
  algorithm: KeyAlgorithm,
  publicKey: KeyObject,
  privateKey: KeyObject,
): Promise<string> {
  const x509 = await loadX509();
  const { importAs, signWith } = signing(algorithm);
  const names = nameSet([subject.commonName, ...subject.names]);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: new x509.Name(distinguishedName(subject)),
    keys: {
      publicKey: publicKey.toCryptoKey(importAs, true, ['verify']),
      privateKey: privateKey.toCryptoKey(importAs, false, ['sign']),
    },
    signingAlgorithm: signWith,
    extensions: [new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns', value })))],
  });
  return `${request.toString('pem')}\n`;
}

function signing(algorithm: KeyAlgorithm) {
  switch (algorithm) {
    case 'ecdsa-p256':
      return {
        importAs: { name: 'ECDSA', namedCurve: 'P-256' },
        signWith: { name: 'ECDSA', hash: 'SHA-256' },
      };
    case 'ecdsa-p384':
      return {
        importAs: { name: 'ECDSA', namedCurve: 'P-384' },
        signWith: { name: 'ECDSA', hash: 'SHA-384' },
      };
    default: {
      const rsa = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
      return { importAs: rsa, signWith: rsa };
    }
  }
}

/**
 * A common name beyond 64 characters is left out: it stands in the SAN, which is what counts. Values go in typed,
 * because the library unquotes plain texts and reads `#…` as hex.
 */
function distinguishedName(subject: CsrSubject): TypedAttribute[] {
  const organization = ORGANIZATION_ATTRIBUTES.flatMap(({ field, attribute, fits }) => {
    const text = subject.organization?.[field]?.trim() ?? '';
    const value = attribute === 'C' ? text.toUpperCase() : text;
    if (value === '' || !fits(value)) return [];
    return [{ [attribute]: [attribute === 'C' ? { printableString: value } : { utf8String: value }] }];
  });
  const fitsSubject = subject.commonName.length <= MAX_COMMON_NAME;
  return [...(fitsSubject ? [{ CN: [{ utf8String: subject.commonName }] }] : []), ...organization];
}

type TypedAttribute = Record<string, ({ utf8String: string } | { printableString: string })[]>;

import { createHash, type KeyObject } from 'node:crypto';

const CURVES: Readonly<Record<string, string>> = {
  prime256v1: 'ecdsa-p256',
  secp384r1: 'ecdsa-p384',
  secp521r1: 'ecdsa-p521',
};
const SMALLEST_RSA_BITS = 2048;
const SMALLEST_RSA_EXPONENT = 65537n;

export interface KeyDescription {
  /** `rsa-2048`, `ecdsa-p256`, `ed25519` …; the words of the manifest where it has one. */
  readonly algorithm: string;
  /** No size, exponent or curve that the Baseline Requirements (§6.1.5, §6.1.6) refuse. */
  readonly strong: boolean;
}

export function describeKey(key: KeyObject): KeyDescription {
  const type = key.asymmetricKeyType ?? 'unknown';
  const details = key.asymmetricKeyDetails ?? {};
  if (type === 'rsa' || type === 'rsa-pss') {
    const bits = details.modulusLength ?? 0;
    const exponent = details.publicExponent ?? 0n;
    return {
      algorithm: `${type}-${bits}`,
      strong: bits >= SMALLEST_RSA_BITS && exponent >= SMALLEST_RSA_EXPONENT,
    };
  }
  if (type === 'ec') {
    const curve = details.namedCurve ?? 'unnamed';
    const known = CURVES[curve];
    return { algorithm: known ?? `ecdsa-${curve}`, strong: known !== undefined };
  }
  return { algorithm: type, strong: type === 'ed25519' || type === 'ed448' };
}

/** SHA-256 of the SubjectPublicKeyInfo DER, lower-case hex: the name of a key everywhere. */
export const keyHashOf = (publicKey: KeyObject): string =>
  createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');

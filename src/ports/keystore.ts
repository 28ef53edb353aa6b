import type { KeyAlgorithm } from '../model/manifest.js';

export interface KeyMaker {
  /**
   * A new key pair and its PKCS#10 request, the key already sealed: it never leaves in clear.
   * @throws CertError `key.no-recipient`
   */
  generate(request: CsrSubject, algorithm: KeyAlgorithm): Promise<SealedKey>;
}

export interface CsrSubject {
  readonly commonName: string;
  readonly names: readonly string[];
  readonly organization?: Readonly<Record<string, string>>;
}

export interface SealedKey {
  readonly csrPem: string;
  /** SHA-256 of the SubjectPublicKeyInfo, lower-case hex. */
  readonly keyHash: string;
  /** Armoured age file over the PKCS#8 PEM. */
  readonly sealed: string;
}

/** Seals to a fixed set of recipients; opens with the identities given, where there are any. */
export interface Sealer {
  seal(plain: string): Promise<string>;
  /** @throws CertError `key.no-identity` or `key.unreadable` */
  open(sealed: string): Promise<string>;
}

import type { KeyAlgorithm } from '../model/manifest.js';

export interface KeyMaker {
  /**
   * A new key pair and its PKCS#10 request, the key already sealed: it never leaves in clear.
   * @throws CertError `key.no-recipient`, `key.keystore`
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
  /**
   * @param formerly  marks of those who could open what is sealed anew, and no longer can (`keys/marks.ts`)
   * @throws CertError `key.no-recipient`, `key.keystore`
   */
  seal(plain: string, formerly?: readonly string[]): Promise<string>;
  /** @throws CertError `key.no-identity`, `key.unreadable`, `key.keystore` */
  open(sealed: string): Promise<string>;
}

/** Whom a sealed file is for: people and servers, or what a run opens by itself. */
export type SealPurpose = 'certificate' | 'runner';

/** Wraps the file keys of sealed files somewhere else: a program of the user's own, and behind it Vault or a cloud. */
export interface Keystore {
  /** What stands for it among recipients: it changes with the program. */
  readonly mark: string;
  /** @returns printable text of the keystore's own. @throws CertError `key.keystore`, `interrupted` */
  wrap(fileKey: Uint8Array, purpose: SealPurpose): Promise<string>;
  /** @throws CertError `key.keystore`, `interrupted` */
  unwrap(wrapped: string, purpose: SealPurpose): Promise<Uint8Array>;
}

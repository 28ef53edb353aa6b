import type { Environment } from '../model/configuration.js';
import type { Instant } from '../model/time.js';

/** What a program learns of a certificate that was published: facts that anybody may see, no key. */
export interface PublishedEvent {
  readonly event: 'published';
  readonly name: string;
  /** Lower-case hex. */
  readonly serial: string;
  /** SHA-256 of the DER, lower-case hex: the same one twice is the same event. */
  readonly sha256: string;
  /** Of the certificate it takes the place of. */
  readonly previousSerial?: string;
  readonly names: readonly string[];
  readonly notBefore: Instant;
  readonly notAfter: Instant;
  readonly issuer: string;
  readonly owner?: string;
  readonly provider?: string;
  readonly environment?: Environment;
  /** Is the private key with us, sealed? */
  readonly ownKey: boolean;
  readonly repository: { readonly id: string; readonly remote: string };
  /** Where the files lie: branch, commit and folder. */
  readonly state: { readonly branch: string; readonly commit: string; readonly folder: string };
}

/**
 * Told of every certificate after it was published, at least once and one after the other. May be called again for the
 * same certificate: after a crash, a failure, or by two machines at once.
 * @throws CertError `hook.failed`, `interrupted`
 */
export type PublishedHook = (event: PublishedEvent) => Promise<void>;

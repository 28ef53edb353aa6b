import type { Environment } from './configuration.js';
import type { FailureRecord } from './failure.js';
import type { Intent } from './intent.js';
import type { ValidationMethod } from './manifest.js';
import type { Money } from './money.js';
import type { DnsName } from './names.js';
import type { DcvItem, Lane, OrderState, RevocationReason, SolvableRecord, WaitingFor } from './order.js';
import type { Instant } from './time.js';

export type { FailureRecord };

/** Money that left, or was promised to leave, for one order. */
export interface Charge {
  readonly at: Instant;
  readonly action: string;
  readonly quoted: Money | null;
  /** As the provider charged it, where it said so. */
  readonly charged?: Money;
  /** Given back when the order was cancelled, where the provider said so. Limits do not count it: it may come late. */
  readonly refunded?: Money;
}

export interface OrderRecord {
  readonly id: string;
  readonly ids: readonly string[];
  readonly reference: string;
  /** Provider order id this order renewed or replaced. */
  readonly predecessor?: string;
  readonly provider: string;
  readonly environment: Environment;
  readonly product: string;
  readonly names: readonly DnsName[];
  readonly term?: string;
  readonly placedAt: Instant;
  readonly paidFrom?: Instant;
  /** Absent: the order has no paid term of its own (a private CA, ACME). */
  readonly paidTill?: Instant;
  readonly state: OrderState;
  readonly waitingFor?: WaitingFor;
  readonly message?: string;
  readonly charges: readonly Charge[];
  /** The provider's auto-renew flag as last seen. */
  readonly autoRenew?: boolean;
  /** Of website protection: stands beside the main licence of the site, which is another order. */
  readonly addOn?: true;
  /** Taken over, not bought by us. */
  readonly adopted?: true;
  /** Given up by a person: never collected, and whatever follows on it is a purchase of its own. */
  readonly abandoned?: { readonly at: Instant; readonly reason: string };
}

export interface CertificateRecord {
  /** Lower-case hex. */
  readonly serial: string;
  /** SHA-256 of the DER, lower-case hex. */
  readonly sha256: string;
  readonly names: readonly DnsName[];
  readonly notBefore: Instant;
  readonly notAfter: Instant;
  readonly issuer: string;
  /** SHA-256 of the SubjectPublicKeyInfo, hex. */
  readonly keyHash: string;
  readonly keyAlgorithm: string;
  /** Provider order id. */
  readonly order: string;
  readonly publishedAt: Instant;
  /** Stable code of why this certificate was asked for; tells planned issuances from unplanned ones. */
  readonly reason: string;
}

/** RFC 9773 §4.2 */
export interface RenewalWindow {
  readonly startAt: Instant;
  readonly endAt: Instant;
  /** Page for people, where the CA names one. */
  readonly explanation?: string;
}

export interface CurrentCertificate extends CertificateRecord {
  /** When the provider will revoke the predecessor of this certificate. */
  readonly revokesAt?: Instant;
  /** `false`: the certificate was taken over and its key is not with us. */
  readonly ownKey: boolean;
  /** Serial of a newer certificate of the same order that somebody had issued elsewhere and that is of no use here. */
  readonly replacedBy?: string;
  /** When the CA wants it replaced, where it says so; absent: by the dates alone. */
  readonly advice?: RenewalWindow;
  readonly revoked?: { readonly at: Instant; readonly reason: RevocationReason };
}

export interface PreviousCertificate extends CertificateRecord {
  readonly revoked?: { readonly at: Instant; readonly reason: RevocationReason };
}

/** Control over a name, as shown for the current certificate. */
export interface ProofRecord {
  readonly name: DnsName;
  /** The account that took it. */
  readonly provider: string;
  readonly method: ValidationMethod;
  /** It is this old, or younger. */
  readonly provenAt: Instant;
  /** Until when the provider says that it may be used again. */
  readonly expiresAt?: Instant;
}

/**
 * A record that stands at a solver, or may: written down before it is published, taken away after it is cleaned up, so
 * that whoever runs next knows what to clean up.
 */
export interface PublishedRecord {
  readonly name: DnsName;
  readonly provider: string;
  /** Provider order id it proves the name for. */
  readonly order: string;
  /** Solver of the configuration. */
  readonly solver: string;
  readonly record: SolvableRecord;
  readonly wantedAt: Instant;
  /** Absent: not known to be published yet. */
  readonly publishedAt?: Instant;
  /** Names that aliases led to when it was published: there it stands, wherever they lead by now. */
  readonly places?: readonly DnsName[];
  /** Since when it can be seen where the certificate authority looks, or nobody can tell. */
  readonly seenAt?: Instant;
  /** Which server does not show it yet. */
  readonly unseen?: string;
  /** Publishing, or cleaning up, failed. */
  readonly failure?: FailureRecord;
}

/** The `published` hook has not taken the current certificate yet. Written by the commit that publishes it. */
export interface Undelivered {
  /** Of the certificate. */
  readonly sha256: string;
  readonly since: Instant;
  readonly failure?: FailureRecord;
}

/** Something asked for from the command line. */
export interface RequestRecord {
  readonly id: string;
  readonly action: 'reissue' | 'revoke' | 'abandon';
  readonly requestedAt: Instant;
  readonly reason: string;
  /** For reissue: the key must be another one, also where the manifest keeps it (`rotate: never`). */
  readonly newKey?: true;
  readonly revocationReason?: RevocationReason;
  /** Of a reissue: the certificate that has to go; another one in its place is what was asked for. */
  readonly serial?: string;
  /** Id of the mass replacement it belongs to. */
  readonly replacement?: string;
  /** When the certificate has to be replaced. */
  readonly deadline?: Instant;
  /** For revoke: not before a certificate with another key serves. */
  readonly afterReissue?: true;
  /** For abandon: the provider's order id. */
  readonly order?: string;
  /** The provider refused; tried again when the ladder allows. */
  readonly failure?: FailureRecord;
}

/** A stop that only a person takes away. */
export interface BreakerRecord {
  readonly trippedAt: Instant;
  readonly why: string;
}

export interface PriceStop {
  readonly order: string;
  readonly product: string;
  readonly quoted: Money | null;
  readonly charged: Money;
}

/** An order under our reference that is none of ours: the provider sold more than once. */
export interface ExtraOrder {
  readonly id: string;
  readonly foundAt: Instant;
  readonly charged?: Money;
}

/**
 * A purchase whose reply was lost, or that was sent again: its reference is looked at for some time after it was settled, in
 * case it was sold twice (DESIGN §4).
 */
export interface DoubtRecord {
  readonly provider: string;
  readonly environment: Environment;
  readonly reference: string;
  readonly since: Instant;
  readonly lookedAt?: Instant;
  /** Found, and neither dead nor ours. Never taken over. */
  readonly extra: readonly ExtraOrder[];
}

/** `issued/<name>/status.json`: facts only. What the clock decides is computed on reading. */
export interface Status {
  readonly version: 1;
  readonly name: string;
  readonly kind: 'certificate' | 'sitelock';
  /** Digest of the manifest last acted on. */
  readonly manifestDigest?: string;
  /** `reissue:` text the current certificate answers to. */
  readonly reissueText?: string;
  readonly owner?: string;
  readonly archived?: { readonly at: Instant };
  /** Oldest first. */
  readonly orders: readonly OrderRecord[];
  readonly current?: CurrentCertificate;
  /** Newest first, bounded. */
  readonly previous: readonly PreviousCertificate[];
  /** Open ones, and the last few closed ones. */
  readonly intents: readonly Intent[];
  readonly validation: readonly DcvItem[];
  /** Absent: the authority is a private one, or asked for none of them here. */
  readonly proofs?: readonly ProofRecord[];
  /** Absent: nothing of ours stands anywhere. */
  readonly published?: readonly PublishedRecord[];
  /** Absent: the hook took it, or none was configured when it was published. */
  readonly undelivered?: Undelivered;
  readonly failures: Partial<Readonly<Record<Lane, FailureRecord>>>;
  readonly consumedApprovals: readonly string[];
  readonly requests: readonly RequestRecord[];
  /** Absent: nothing was ever in doubt, or it was long enough ago. */
  readonly doubts?: readonly DoubtRecord[];
  readonly breaker?: BreakerRecord;
  /** When a person last reset the breaker: what happened up to then is forgiven. */
  readonly breakerResetAt?: Instant;
  readonly priceStop?: PriceStop;
  /** When a person last said that no purchase of this certificate is missing in its records (`RebuiltRecord`). */
  readonly completeAt?: Instant;
  /** The CSR kept for `rotate: never`. */
  readonly keptCsr?: { readonly csrPem: string; readonly keyHash: string };
}

export const emptyStatus = (name: string, kind: Status['kind'] = 'certificate'): Status => ({
  version: 1,
  name,
  kind,
  orders: [],
  previous: [],
  intents: [],
  validation: [],
  failures: {},
  consumedApprovals: [],
  requests: [],
});

/**
 * The state was lost and made anew: something may have been bought that nothing here tells of. What is bought from then on
 * is recorded as ever.
 */
export interface RebuiltRecord {
  readonly at: Instant;
  /** What was sent before the loss shows at the providers from then on, where it shows at all. */
  readonly settledAt: Instant;
  /** Accounts whose orders were read then, ours among them. */
  readonly listed: readonly string[];
}

/** Many certificates that have to be replaced, asked for at once. What is left of it stands in their requests. */
export interface ReplacementRecord {
  readonly id: string;
  readonly askedAt: Instant;
  readonly deadline: Instant;
  readonly reason: string;
  /** Requests recorded for it. */
  readonly count: number;
}

/** `issued/_certwright.json`. */
export interface StateHeader {
  readonly formatVersion: number;
  /** One more with every commit of ours: of two trees the higher one is what we wrote last. */
  readonly revision: number;
  readonly repositoryId: string;
  /** Remote as host/path, without scheme, user and `.git`. */
  readonly remote: string;
  /** Approval-branch commit last acted on. */
  readonly manifestCommit?: string;
  /** Recipients that were shown to open what we seal. */
  readonly provenRecipients: readonly string[];
  /** Oldest first, bounded. Absent: none was ever asked for. */
  readonly replacements?: readonly ReplacementRecord[];
  /** Oldest first; never taken out. Absent: none. */
  readonly compromisedKeys?: readonly CompromisedKey[];
  /** Absent: nothing was ever lost. */
  readonly rebuilt?: RebuiltRecord;
}

/** A key that is known to somebody else: nothing is asked for with it, and nothing with it is published, ever again. */
export interface CompromisedKey {
  /** SHA-256 of the SubjectPublicKeyInfo, lower-case hex. */
  readonly keyHash: string;
  readonly at: Instant;
  readonly reason: string;
}

/** The newest format this build reads and the one it writes. */
export const STATE_FORMAT_VERSION = 1;

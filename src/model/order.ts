import type { JsonObject } from './json.js';
import type { ValidationMethod } from './manifest.js';
import type { Money } from './money.js';
import type { DnsName } from './names.js';
import type { Instant } from './time.js';

/** Where an order stands at the provider. */
export type OrderState = 'pending' | 'issued' | 'rejected' | 'cancelled' | 'refunded' | 'revoked' | 'expired';

/** Who has to act before a pending order moves on. */
export type WaitingFor =
  | 'payment'
  | 'upstream-payment'
  | 'configuration'
  | 'approver-mail'
  | 'dcv'
  | 'call-back'
  | 'documents'
  | 'ca'
  | 'person';

/** A proof that can be published for the certificate authority to find. */
export type SolvableRecord =
  | { readonly type: 'CNAME' | 'TXT'; readonly owner: string; readonly value: string }
  | { readonly type: 'file'; readonly url: string; readonly content: string };

/** One name's proof of control, as the provider asks for it. Texts are opaque: publish verbatim, never recompute. */
export interface DcvItem {
  readonly name: DnsName;
  readonly method: ValidationMethod;
  readonly state: 'pending' | 'valid' | 'failed';
  readonly record?: SolvableRecord | { readonly type: 'email'; readonly address: string };
  /** Until when this proof may be used again. */
  readonly proofExpiresAt?: Instant;
  readonly message?: string;
}

/** What a provider says of one order right now. */
export interface OrderSnapshot {
  readonly id: string;
  /** Every id this order had, oldest first; the last is `id`. */
  readonly ids: readonly string[];
  readonly reference?: string;
  readonly state: OrderState;
  readonly waitingFor?: WaitingFor;
  readonly product: string;
  readonly names: readonly DnsName[];
  readonly term?: string;
  readonly placedAt?: Instant;
  /** Start of the paid term (purchase or activation). */
  readonly paidFrom?: Instant;
  readonly paidTill?: Instant;
  readonly charged?: Money;
  readonly validation: readonly DcvItem[];
  /** Serial (lower-case hex) of the newest certificate, where the provider tells it. */
  readonly serial?: string;
  readonly notAfter?: Instant;
  /** A reissue is under way beside the certificate that is valid. */
  readonly reissuePending?: boolean;
  /** The reissue that the record is of ended without a certificate, and the order goes on; `message` says why. */
  readonly reissueEnded?: true;
  /** A slot that is the next term of another order, and for that one alone. */
  readonly continues?: true;
  /** People hand its certificate in: whether there is one, the provider does not know. */
  readonly handedIn?: true;
  /** The provider's own auto-renew flag, where there is one. */
  readonly autoRenew?: boolean;
  /** When the provider will revoke the predecessor of the newest certificate. */
  readonly predecessorRevokesAt?: Instant;
  /** Remaining days of the predecessor that the provider documents to have added. */
  readonly carriedDays?: number;
  /** The provider's own words for people. */
  readonly message?: string;
}

/** A certificate as collected, not yet verified. */
export interface CollectedCertificate {
  readonly certificatePem: string;
  /** Intermediates, issuer first, without root. */
  readonly chainPem: readonly string[];
}

/** Everything a writing call needs, stored whole in the intent before it is sent: executed as recorded or closed. */
export interface OrderRequest {
  readonly action: PaidOrFreeAction;
  readonly reference: string;
  /** The order this one renews, reissues, revokes; absent for a first order. */
  readonly predecessor?: { readonly orderId: string; readonly ids: readonly string[] };
  readonly product: string;
  readonly term?: string;
  readonly names: readonly DnsName[];
  readonly commonName: DnsName;
  /** Absent for revoke, cancel, set-auto-renew. */
  readonly csrPem?: string;
  readonly validation: readonly RequestedValidation[];
  /** Name and digest of the contacts; the texts themselves never enter the state branch. */
  readonly contacts?: { readonly name: string; readonly digest: string };
  readonly options: JsonObject;
  /** Unique values (DCV tokens, idempotency keys) fixed before sending. */
  readonly unique: JsonObject;
  /** For revoke: RFC 5280 §5.3.1 reason and the serial concerned. */
  readonly revocation?: { readonly serial: string; readonly reason: RevocationReason };
  /** For set-auto-renew, and for a licence, which says it with its order. */
  readonly autoRenew?: boolean;
  /** Present: it is for website protection, and brings no certificate. */
  readonly licence?: LicenceRequest;
}

/** What an order for website protection has beside product, term and site. Customers stay in the manifest, as contacts do. */
export interface LicenceRequest {
  readonly role: 'main' | 'add-on';
  /** Order of the same customer: the site joins it, the add-on stands beside it, the renewal continues it. */
  readonly previousOrder?: string;
}

export interface RequestedValidation {
  readonly name: DnsName;
  readonly method: ValidationMethod;
  readonly approver?: string;
}

export type RevocationReason =
  | 'unspecified'
  | 'keyCompromise'
  | 'affiliationChanged'
  | 'superseded'
  | 'cessationOfOperation';

/** Actions that call a provider and may change something there. */
export type PaidOrFreeAction =
  | 'order'
  | 'activate'
  | 'renew'
  | 'reissue'
  | 'add-names'
  | 'pay'
  | 'revoke'
  | 'cancel'
  | 'set-auto-renew';

export type Lane = 'purchase' | 'free';

/** The lane an action runs in: at most one open purchase, and beside it one free action on an older order. */
export const laneOf = (action: PaidOrFreeAction): Lane =>
  action === 'order' || action === 'renew' || action === 'pay' || action === 'add-names'
    ? 'purchase'
    : 'free';

/** The seller's wire format: all that the server and the adapter share. */
export interface OrderWire {
  readonly id: string;
  /** Oldest first; the last is `id`. */
  readonly ids: readonly string[];
  readonly reference: string | null;
  readonly status: 'UNCLAIMED' | 'PENDING' | 'ISSUED' | 'REJECTED' | 'CANCELLED' | 'REVOKED' | 'EXPIRED';
  readonly product: string;
  readonly term: string;
  readonly names: readonly string[];
  readonly orderedAt: string;
  readonly paidTill: string;
  readonly charged: string;
  /** Given back when it was cancelled. */
  readonly refunded: string | null;
  readonly currency: string;
  readonly validation: readonly ValidationWire[];
  readonly serial: string | null;
  readonly notAfter: string | null;
  readonly reissuePending: boolean;
  readonly autoRenew: boolean;
  readonly carriedDays: number;
  /** Of the newest request, DER. */
  readonly csrSha256: string | null;
  /** Of the last request for a reissue that was rejected, DER. */
  readonly rejectedCsrSha256: string | null;
  readonly message: string | null;
}

export interface ValidationWire {
  readonly name: string;
  readonly method: 'dns' | 'http' | 'email' | 'manual';
  readonly state: 'pending' | 'valid' | 'failed';
  /** Whom the mail goes to, for the method `email`. */
  readonly approver: string | null;
  readonly owner: string;
  readonly value: string;
}

export interface PageWire {
  readonly orders: readonly OrderWire[];
  readonly page: number;
  readonly pages: number;
  readonly total: number;
}

export interface AccountWire {
  readonly balance: string;
  readonly currency: string;
  readonly unclaimed: readonly string[];
}

export interface CertificateWire {
  readonly certificate: string;
  readonly chain: readonly string[];
}

export interface FailureWire {
  readonly code:
    | 'credentials'
    | 'not-found'
    | 'not-issued'
    | 'reference-used'
    | 'insufficient-funds'
    | 'invalid'
    | 'wrong-state'
    | 'rate-limited'
    | 'unavailable';
  readonly message: string;
}

/** How this seller does business. */
export interface SellerSettings {
  /** What a buyer can find: orders by a reference refused twice, by one merely stored, or nothing. */
  readonly search: 'unique' | 'findable' | 'none';
  /** Until a new order shows in listings and searches. */
  readonly visibilityLagMs: number;
  readonly pageSize: number;
  /** Times an order is looked at before it is issued; null = only when told. */
  readonly pollsUntilIssued: number | null;
  /** `wait`: names stay unproven until told. */
  readonly dcv: 'automatic' | 'wait';
  readonly currency: string;
  /** Product → term → net price. */
  readonly prices: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Added to every charge, `"20"`. */
  readonly taxPercent: string;
  readonly validityDays: number;
  readonly reissueChangesId: boolean;
  readonly carriesRemainingDays: boolean;
  /** Renewals are refused earlier than this before the paid term ends; null = never. */
  readonly renewalWindowDays: number | null;
  /** Orders no listing shows; `*` = all of them. */
  readonly hidden: readonly string[];
  /** What a token nobody knows is told: it is refused, or its account looks new, empty and without money. */
  readonly unknownToken: 'refused' | 'empty-account';
  /** A cancellation gives the money back. */
  readonly refunds: boolean;
  /** An order whose certificate was revoked may still be reissued, as long as it is paid. */
  readonly reissuesRevoked: boolean;
}

export type Fault =
  /** Acts, then cuts the line instead of replying. */
  | { readonly kind: 'drop-reply' }
  /** Cuts the line without acting. */
  | { readonly kind: 'drop-call' }
  /** Replies with this status; `acts` says whether the call takes effect before. */
  | { readonly kind: 'status'; readonly status: number; readonly acts: boolean }
  | { readonly kind: 'slow'; readonly ms: number }
  | { readonly kind: 'out-of-credit' }
  /** 429 without acting. */
  | { readonly kind: 'rate-limited'; readonly retryAfterS: number }
  /** Sells twice and charges twice. */
  | { readonly kind: 'duplicate-order' };

export interface FaultRule {
  readonly fault: Fault;
  /** Calls it strikes; default 1. */
  readonly times?: number;
  /** Default: every call but GET; `*`: every call. */
  readonly method?: string;
  /** Regular expression over the path. */
  readonly path?: string;
}

/** Everything one connection brought, byte for byte, also of a call that was broken off; the token is struck out. */
export interface WireEntry {
  readonly connection: number;
  readonly text: string;
}

export interface LedgerEntry {
  readonly at: string;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly body: unknown;
  /** Status replied; null when the line was cut. */
  readonly status: number | null;
  /** What this call charged, tax included. */
  readonly charged: string | null;
  readonly orderId: string | null;
}

/** An order that was there before anybody here looked. */
export interface SeededOrder {
  readonly names: readonly string[];
  /** Default: the next id of the seller. */
  readonly id?: string;
  readonly product?: string;
  readonly term?: string;
  /** Days before now; default 30. */
  readonly ageDays?: number;
  /** Default: issued, with a certificate. */
  readonly status?: OrderWire['status'];
  readonly autoRenew?: boolean;
}

import type { IssuedLeaf, Seat } from '../frame/definition.js';
import type { Proof as NameProof } from '../frame/proof.js';
import type { StoreSettings } from './settings.js';

export type Method = 'EMAIL' | 'HTTP_CSR_HASH' | 'HTTPS_CSR_HASH' | 'CNAME_CSR_HASH' | 'FILE' | 'DNS';

export type Proof = NameProof<Method>;

/** A certificate, or the request for one. */
export interface Certificate {
  partnerOrderId: string;
  spkiBase64: string;
  commonName: string;
  names: string[];
  proofs: Proof[];
  requestedAtMs: number;
  vettedAtMs: number;
  state: 'pending' | 'issued' | 'replaced' | 'revoked' | 'rejected';
  /** Told to be issued at the next look. */
  now: boolean;
  issued: IssuedLeaf | null;
}

export interface Order {
  id: string;
  vendorOrderId: string;
  reference: string | null;
  related: string | null;
  product: string;
  months: number;
  servers: number;
  amount: string;
  placedAtMs: number;
  paidTillMs: number;
  activatedAtMs: number | null;
  cancelled: boolean;
  refund: { readonly id: string; state: 'asked' | 'approved' | 'denied' } | null;
  /** Token halves of the order; a credential. */
  token: readonly [id: string, code: string];
  adminEmail: string;
  organization: string | null;
  country: string | null;
  /** A word for its state that no page lists. */
  word?: string;
  certificates: Certificate[];
}

export interface StoreState {
  balance: string;
  lastOrder: number;
  lastPartner: number;
  orders: Order[];
}

export const emptyState = (balance: string): StoreState => ({
  balance,
  lastOrder: 700_122,
  lastPartner: 55_000,
  orders: [],
});

/** What every call works with. */
export interface Desk {
  readonly seat: Seat;
  readonly state: StoreState;
  readonly settings: StoreSettings;
  readonly nowMs: number;
}

export const DAY_MS = 86_400_000;

/** The newest one that was not given up. */
export const newestOf = ({ certificates }: Order): Certificate => {
  const newest = certificates.findLast(({ state }) => state !== 'rejected') ?? certificates.at(-1);
  if (newest === undefined) throw new RangeError('an order without a certificate');
  return newest;
};

/** The one that serves while the next is under way. */
export const servingOf = ({ certificates }: Order): Certificate | undefined =>
  certificates.findLast(({ issued }) => issued !== null);

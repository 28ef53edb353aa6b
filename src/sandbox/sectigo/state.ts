import type { IssuedLeaf, Seat } from '../frame/definition.js';
import type { SectigoSettings } from './settings.js';

export type Method = 'EMAIL' | 'HTTP_CSR_HASH' | 'HTTPS_CSR_HASH' | 'CNAME_CSR_HASH';

/** A name and its proof. */
export interface Dcv {
  /** As ordered; a wildcard is proved at the name below it. */
  name: string;
  method: Method;
  mailbox: string | null;
  provedAtMs: number | null;
  /** Proved in an earlier order or an earlier certificate. */
  reused: boolean;
  /** Why the last look did not prove it. */
  lastLook: string | null;
}

interface Issued extends IssuedLeaf {
  readonly names: readonly string[];
}

/** A certificate, or the request for one: the first of an order or a reissue. */
export interface Certificate {
  certificateId: string;
  /** That of the order, or its own where a reissue gets one. */
  orderNumber: string;
  csrBase64: string;
  spkiBase64: string;
  keyHash: string;
  md5: string;
  sha256: string;
  commonName: string | null;
  uniqueValue: string | null;
  dcv: Dcv[];
  requestedAtMs: number;
  state: 'pending' | 'issued' | 'replaced' | 'revoked' | 'rejected';
  /** When the last proof and the last check of papers were in. */
  readyAtMs: number | null;
  /** CollectSSL calls since then. */
  polls: number;
  collectedAtMs: number | null;
  /** Told to be issued at the next look. */
  now: boolean;
  issued: Issued | null;
}

/** What was paid for once. */
export interface Order {
  /** The first order number. */
  number: string;
  product: string;
  days: number;
  placedAtMs: number;
  cost: string;
  payment: 'debited' | 'required' | 'paid' | 'test';
  reference: string | null;
  state: 'open' | 'rejected' | 'refunded';
  reason: string | null;
  /** Last second of the paid term; null until the first certificate. */
  termStartMs: number | null;
  termEndMs: number | null;
  /** When each check of papers was, or will be, done; null where none is needed. */
  vetting: Record<'organization' | 'callback' | 'documents', number | null>;
  /** Subject, contact and SiteLock arguments as they were sent. */
  details: Record<string, string>;
  /** Newest last. */
  certificates: Certificate[];
}

/** Somebody whose sites are protected. */
export interface Customer {
  userId: string;
  email: string;
  login: string;
}

/** One sale of website protection, or the bundle of a certificate. */
export interface Licence {
  number: string;
  product: string;
  /** null: sold once, or as long as its certificate. */
  days: number | null;
  domain: string;
  siteId: string;
  userId: string;
  placedAtMs: number;
  /** First moment after it; null: it has no end of its own. */
  endMs: number | null;
  cost: string;
  payment: 'debited' | 'required';
  state: 'active' | 'cancelled' | 'refunded';
  autoRenew: boolean;
  /** The main licence an add-on stands beside. */
  joins: string | null;
  /** The order that renewed it. */
  renewedBy: string | null;
  /** Arguments as they were sent; no password. */
  details: Record<string, string>;
}

export interface SiteLockState {
  lastId: number;
  customers: Customer[];
  licences: Licence[];
}

export interface SectigoState {
  balance: string;
  lastOrder: number;
  lastCertificate: number;
  orders: Order[];
  siteLock: SiteLockState;
  /** Names whose list of mailboxes was fetched, and when. */
  lists: Record<string, number>;
  /** Names proved before. */
  proved: Record<string, number>;
  /** Second CollectSSL calls at the same time. */
  parallelCollects: number;
}

export const emptyState = (balance: string): SectigoState => ({
  balance,
  lastOrder: 912_345_677,
  lastCertificate: 87_654_320,
  orders: [],
  siteLock: { lastId: 5_000_000, customers: [], licences: [] },
  lists: {},
  proved: {},
  parallelCollects: 0,
});

/** What every endpoint works with. */
export interface Desk {
  readonly seat: Seat;
  readonly state: SectigoState;
  readonly settings: SectigoSettings;
  readonly nowMs: number;
}

export const DAY_MS = 86_400_000;

/** The one an order number stands for; a reissue that was given up leaves the one before. */
export const newestOf = ({ certificates }: Order): Certificate => {
  const newest = certificates.findLast(({ state }) => state !== 'rejected') ?? certificates.at(-1);
  if (newest === undefined) throw new RangeError('an order without a certificate');
  return newest;
};

/** By its first number or by that of any of its reissues. */
export const findOrder = (state: SectigoState, number: string): Order | undefined =>
  state.orders.find(
    (order) => order.number === number || order.certificates.some((each) => each.orderNumber === number),
  );

export interface Located {
  readonly order: Order;
  readonly certificate: Certificate;
}

export function findCertificate(
  state: SectigoState,
  wanted: (certificate: Certificate) => boolean,
): Located | undefined {
  for (const order of state.orders) {
    const certificate = order.certificates.find(wanted);
    if (certificate !== undefined) return { order, certificate };
  }
  return undefined;
}

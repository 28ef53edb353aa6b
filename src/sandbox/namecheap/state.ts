import type { IssuedLeaf, Seat } from '../frame/definition.js';
import type { Proof as NameProof } from '../frame/proof.js';
import type { NamecheapSettings } from './settings.js';

export type Status =
  | 'NewPurchase'
  | 'NewRenewal'
  | 'Purchased'
  | 'PurchaseError'
  | 'Active'
  | 'Replaced'
  | 'Cancelled';

export type Method = 'EMAIL' | 'HTTP' | 'CNAME';

export type Proof = NameProof<Method>;

/** One line of the account: a slot, and what becomes of it. */
export interface Entry {
  id: string;
  orderId: string;
  /** Present name. */
  type: string;
  years: number;
  /** Names beyond the included ones that are paid for. */
  extraNames: number;
  status: Status;
  boughtAtMs: number;
  /** When this record came to be; later than `boughtAtMs` for a reissue. */
  madeAtMs: number;
  activatedAtMs: number | null;
  /** End of what is paid; null until it is activated. */
  termEndMs: number | null;
  /** The record it renews, or replaces. */
  renews: string | null;
  replaces: string | null;
  replacedBy: string | null;
  csrPem: string | null;
  spkiBase64: string | null;
  names: string[];
  proofs: Proof[];
  adminEmail: string;
  organization: string | null;
  country: string | null;
  /** Told to be issued at the next look. */
  now: boolean;
  revoked: boolean;
  issued: IssuedLeaf | null;
}

export interface NamecheapState {
  balance: string;
  lastEntry: number;
  lastOrder: number;
  entries: Entry[];
  /** Instants of the latest calls, for throttling. */
  calls: number[];
}

export const emptyState = (balance: string): NamecheapState => ({
  balance,
  lastEntry: 950_000,
  lastOrder: 880_010,
  entries: [],
  calls: [],
});

/** What every call works with. */
export interface Desk {
  readonly seat: Seat;
  readonly state: NamecheapState;
  readonly settings: NamecheapSettings;
  readonly nowMs: number;
}

export const DAY_MS = 86_400_000;

export const isSlot = ({ status }: Entry): boolean => status === 'NewPurchase' || status === 'NewRenewal';

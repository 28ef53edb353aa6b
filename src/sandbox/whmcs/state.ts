import type { Seat } from '../frame/definition.js';
import type { WhmcsSettings } from './settings.js';

export type ServiceStatus = 'Pending' | 'Active' | 'Suspended' | 'Terminated' | 'Cancelled' | 'Fraud';
export type InvoiceStatus =
  | 'Draft'
  | 'Unpaid'
  | 'Paid'
  | 'Cancelled'
  | 'Refunded'
  | 'Collections'
  | 'Payment Pending';

export interface Issued {
  readonly pem: string;
  readonly serial: string;
  readonly keyHash: string;
  readonly notAfterMs: number;
}

/** Stations of an order at the authority, in the words of the module. */
export interface SslOrder {
  remoteId: string;
  /** Of `tblsslorders`; no call reads it. */
  row: 'Awaiting Configuration' | 'Configuration Submitted' | 'Completed' | 'Cancelled';
  csr: string;
  spkiBase64: string;
  keyHash: string;
  names: string[];
  approver: string;
  /** What is still to come before the certificate; empty: it can be signed. */
  stations: string[];
  /** rvssl: the reseller has still to pay for this term upstream. */
  owed: boolean;
  state: 'configuring' | 'processing' | 'issued' | 'rejected' | 'cancelled' | 'revoked';
  /** Told to be signed at the next look. */
  now: boolean;
  certificates: Issued[];
}

export interface Service {
  id: number;
  pid: number;
  orderId: number;
  domain: string;
  status: ServiceStatus;
  cycle: string;
  registeredAtMs: number;
  /** End of what is paid for. */
  termEndMs: number;
  nextDueMs: number;
  firstAmount: string;
  recurringAmount: string;
  /** Custom fields by id. */
  fields: Record<string, string>;
  /** Quantity of the configurable option. */
  quantity: number;
  notes: string;
  password: string;
  cancelRequest: { readonly type: string; granted: boolean } | null;
  ssl: SslOrder | null;
}

export interface Order {
  id: number;
  number: string;
  placedAtMs: number;
  status: 'Pending' | 'Active' | 'Cancelled' | 'Fraud';
  invoiceId: number;
  amount: string;
  paymentMethod: string;
  serviceIds: number[];
  renewal: boolean;
}

export interface Invoice {
  id: number;
  createdAtMs: number;
  status: InvoiceStatus;
  serviceId: number;
  description: string;
  subtotal: string;
  tax: string;
  /** Credit applied so far. */
  credit: string;
  paidAtMs: number | null;
  /** Months it renews; 0: the first term. */
  renews: number;
  /** What `serviceId` numbers where it is no service: domains, add-ons and others count their ids by themselves. */
  type?: string;
}

export interface QueueEntry {
  readonly id: number;
  readonly serviceId: number;
  readonly action: string;
  readonly error: string;
  readonly atMs: number;
}

export interface WhmcsState {
  credit: string;
  upstreamCredit: string;
  creditLog: { readonly atMs: number; readonly amount: string; readonly invoiceId: number }[];
  lastOrder: number;
  lastService: number;
  lastInvoice: number;
  lastRemote: number;
  orders: Order[];
  services: Service[];
  invoices: Invoice[];
  queue: QueueEntry[];
  cronAtMs: number | null;
}

export const emptyState = ({ openingCredit, upstreamCredit }: WhmcsSettings): WhmcsState => ({
  credit: openingCredit,
  upstreamCredit,
  creditLog: [],
  lastOrder: 480,
  lastService: 902,
  lastInvoice: 1206,
  lastRemote: 55_000,
  orders: [],
  services: [],
  invoices: [],
  queue: [],
  cronAtMs: null,
});

/** What every call works with. */
export interface Desk {
  readonly seat: Seat;
  readonly state: WhmcsState;
  readonly settings: WhmcsSettings;
  readonly nowMs: number;
}

export const DAY_MS = 86_400_000;

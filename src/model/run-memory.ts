import type { Environment } from './configuration.js';
import type { Money } from './money.js';
import type { DnsName } from './names.js';
import type { ChannelMemory } from './notice.js';
import type { OrderState } from './order.js';
import type { Instant } from './time.js';

/**
 * What earlier runs leave to later ones about calls they made (`refs/certwright/cache`). Losing it costs calls, never
 * money: nothing here is a fact about an order, and nothing here is secret.
 */
export interface RunMemory {
  readonly version: typeof RUN_MEMORY_VERSION;
  readonly repositoryId: string;
  /** By `accountKey`. */
  readonly accounts: Readonly<Record<string, AccountMemory>>;
  /** By `lookKey`. */
  readonly looks: Readonly<Record<string, LookMemory>>;
  /** By `endpointKey`. */
  readonly endpoints: Readonly<Record<string, EndpointMemory>>;
  /** By name of the channel; absent: nobody was told anything. Written by whoever tells, and by nobody else. */
  readonly told?: Readonly<Record<string, ChannelMemory>>;
}

export interface AccountMemory {
  /** The last complete list. */
  readonly listing?: Listing;
  /** The last attempt at a list, complete or not. */
  readonly triedAt?: Instant;
  /** The provider asked not to be called before this instant. */
  readonly notBefore?: Instant;
  /** When the CA is asked again when it wants its certificates replaced. */
  readonly adviceDueAt?: Instant;
  /** Last seen prices of orders, by `soldKey`: what is shown where nobody may be asked. */
  readonly prices?: Readonly<Record<string, SeenPrice>>;
}

export interface SeenPrice {
  readonly at: Instant;
  readonly amount: Money;
}

/** What a price was asked for; how many names there are is part of it. */
export const soldKey = (sold: {
  readonly action: string;
  readonly product: string;
  readonly term?: string;
  readonly names: readonly DnsName[];
}): string => [sold.action, sold.product, sold.term ?? '', sold.names.length].join('|');

/** What a complete list told that no status file has room for. */
export interface Listing {
  readonly at: Instant;
  /** Orders that no status knows, the first `KEPT_UNDECLARED` of them. */
  readonly undeclared: readonly UndeclaredOrder[];
  readonly undeclaredCount: number;
  /** Orders of ours the list did not hold, by their id: an absence by itself proves nothing. */
  readonly missing: Readonly<Record<string, MissingOrder>>;
}

export interface UndeclaredOrder {
  readonly id: string;
  readonly product: string;
  readonly names: readonly DnsName[];
  readonly state: OrderState;
  readonly reference?: string;
  readonly paidTill?: Instant;
  /** The certificate whose reference it carries, although that one has another order: possibly bought twice. */
  readonly doubles?: string;
}

export interface MissingOrder {
  readonly certificate: string;
  readonly since: Instant;
  /** Complete lists in a row that did not hold it. */
  readonly lists: number;
}

export interface LookMemory {
  readonly at: Instant;
  /** The look that last found something new. */
  readonly changedAt?: Instant;
}

/** What a server behind an endpoint does that it should not, or that could not be seen. */
export type EndpointFault =
  | 'previous-certificate'
  | 'other-certificate'
  | 'self-signed'
  | 'name-mismatch'
  | 'not-tls'
  | 'handshake'
  | 'chain-missing'
  | 'chain-expired'
  | 'chain-order'
  | 'unseen';

export interface EndpointFinding {
  readonly fault: EndpointFault;
  /** Half a sentence about the endpoint. */
  readonly text: string;
}

/** The last look at an endpoint, set against the certificate that was published then. */
export interface EndpointMemory {
  readonly at: Instant;
  /** SHA-256 of that certificate. */
  readonly certificate: string;
  /** []: it is served there as it was published. */
  readonly findings: readonly EndpointFinding[];
  /** First of the looks in a row that found something. */
  readonly since?: Instant;
  /** Last look that found this certificate at every server. */
  readonly servedAt?: Instant;
}

export const RUN_MEMORY_VERSION = 1;

/** An account that is used for something else now is another account. */
export const accountKey = (account: { readonly id: string; readonly environment: Environment }): string =>
  `${account.id} ${account.environment}`;

/** Two providers may well count alike. */
export const lookKey = (provider: string, orderId: string): string => `${provider} ${orderId}`;

/** Two certificates may be served at one endpoint, to different clients. */
export const endpointKey = (certificate: string, endpoint: string): string => `${certificate} ${endpoint}`;

export const emptyMemory = (repositoryId: string): RunMemory => ({
  version: RUN_MEMORY_VERSION,
  repositoryId,
  accounts: {},
  looks: {},
  endpoints: {},
});

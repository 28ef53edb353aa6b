import type { Endpoint } from '../model/endpoint.js';
import type { FailedServer } from '../model/served.js';

export interface DialTarget {
  readonly endpoint: Endpoint;
  /** Server name indication (RFC 6066 §3); absent: none is sent. */
  readonly serverName?: string;
  /** Only certificates with such a key are asked for, where a server has several; absent: what it gives to anybody. */
  readonly keyType?: 'rsa' | 'ecdsa';
}

export type DialedServer =
  | {
      readonly kind: 'shown';
      readonly address: string;
      /** DER, in the order in which they were sent: the server's own first. */
      readonly certificates: readonly Uint8Array[];
    }
  | FailedServer;

/** Looks which certificates servers show. Logs in nowhere, sends nothing but a handshake. */
export interface Dialer {
  /**
   * Every server behind a name: each of its addresses, the first few of them. Bounded in time and bytes; whatever the far side
   * does is an answer.
   * @param signal  ends it early, as `silent`
   */
  dial(target: DialTarget, signal: AbortSignal): Promise<readonly DialedServer[]>;
}

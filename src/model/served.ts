import type { DnsName } from './names.js';

/** A certificate as a server shows it: nothing in it is to be trusted, and every text is bounded. */
export interface ShownCertificate {
  /** SHA-256 of the DER, lower-case hex. */
  readonly sha256: string;
  readonly serial: string;
  /** Distinguished name on one line. */
  readonly issuer: string;
  readonly names: readonly DnsName[];
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly selfSigned: boolean;
  /** `rsa-2048`, `ecdsa-p256` … */
  readonly keyAlgorithm: string;
}

/** What is wrong with the certificates a server sends after its own. */
export type ChainFault =
  /** Nothing that was sent, and no public root, issued the last certificate of the chain. `issuer`: who did. */
  | { readonly kind: 'missing'; readonly issuer: string }
  /** All of it is there, and not each certificate after the one it issued. */
  | { readonly kind: 'order' }
  | { readonly kind: 'expired'; readonly certificate: string; readonly notAfterMs: number };

/**
 * Why a server showed no certificate. `unresolved`: the name has no address. `unreachable`: no connection. `no-route`: this
 * machine has none to such an address (IPv6, mostly). `silent`: connected, and nothing came in time. `not-tls`: something else
 * is spoken there. `refused`: it ends the handshake. `too-large`: more was sent than any certificate needs. `unreadable`: what
 * it shows is no certificate.
 */
export type DialFailure =
  | 'unresolved'
  | 'unreachable'
  | 'no-route'
  | 'silent'
  | 'not-tls'
  | 'refused'
  | 'too-large'
  | 'unreadable';

export interface FailedServer {
  readonly kind: 'failed';
  /** IP address; the host, where it has none. */
  readonly address: string;
  readonly failure: DialFailure;
  /** Half a sentence about the server. */
  readonly why: string;
}

/** One server behind an endpoint. */
export type ServerFacts =
  | {
      readonly kind: 'shown';
      readonly address: string;
      readonly leaf: ShownCertificate;
      readonly faults: readonly ChainFault[];
    }
  | FailedServer;

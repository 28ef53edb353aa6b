import type { DnsName } from './names.js';

/** A CAA property (RFC 8659 §4.1). */
export interface CaaRecord {
  readonly flags: number;
  readonly tag: string;
  readonly value: string;
}

/**
 * Why a question stayed without an answer. `dnssec`: it is there, and whoever validates refuses it. `servers`: the resolver
 * works, and gets nothing from the servers of the zone. `unseen`: nobody could be asked, so nothing is known.
 */
export interface LookFailure {
  readonly kind: 'dnssec' | 'servers' | 'unseen';
  /** What the resolver said, one sentence's end. */
  readonly why: string;
}

/** The CAA record set that counts for a name: the first one on the way up (RFC 8659 §3). */
export type CaaLook =
  | {
      readonly kind: 'found';
      /** The name on the way up that it counts for. */
      readonly at: DnsName;
      /** Where the records really stand, if `at` is an alias. */
      readonly alias?: DnsName;
      readonly records: readonly CaaRecord[];
    }
  | { readonly kind: 'none' }
  | { readonly kind: 'failed'; readonly at: DnsName; readonly failure: LookFailure };

/** The domain somebody registered, as public DNS has it. */
export type ZoneLook =
  | { readonly kind: 'exists'; readonly domain: DnsName }
  | { readonly kind: 'missing'; readonly domain: DnsName }
  | { readonly kind: 'failed'; readonly domain: DnsName; readonly failure: LookFailure };

/** What DNS tells of one name; absent: not asked. */
export interface NameFacts {
  readonly caa?: CaaLook;
  readonly zone?: ZoneLook;
  /** Has it an address, where a file can be fetched? */
  readonly address?: 'yes' | 'no' | 'unknown';
}

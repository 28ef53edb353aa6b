import type { CaaRecord } from '../model/name-facts.js';
import type { DnsName } from '../model/names.js';

export type QuestionType = 'A' | 'AAAA' | 'CAA' | 'SOA';

export type DnsLook =
  | {
      readonly kind: 'answer';
      /** false: there is no such name (NXDOMAIN). */
      readonly exists: boolean;
      /** The name at the end of the aliases, where the asked one is an alias. */
      readonly alias?: DnsName;
      /** How many records of the asked type there are. */
      readonly count: number;
      /** The records, where CAA was asked for. */
      readonly caa: readonly CaaRecord[];
    }
  | {
      readonly kind: 'failed';
      /**
       * `bogus`: there is an answer, and it does not pass DNSSEC. `servfail`: the resolver says that it got none.
       * `silent`: no resolver answered in a way that tells anything.
       */
      readonly failure: 'bogus' | 'servfail' | 'silent';
      readonly why: string;
    };

/** Questions to validating, recursive resolvers, as a certificate authority has them. Changes nothing anywhere. */
export interface Resolver {
  /**
   * One question, aliases followed. Bounded in time and size; whatever the far side does is an answer or a failure.
   * @param signal  ends it early, as `silent`
   */
  look(name: DnsName, type: QuestionType, signal: AbortSignal): Promise<DnsLook>;
}

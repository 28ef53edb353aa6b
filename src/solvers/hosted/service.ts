import type { CertError } from '../../model/errors.js';
import type { DnsRecord } from '../dns/answers.js';

/** A public zone that the credentials can change. */
export interface HostedZone {
  readonly id: string;
  /** Lower case, without a closing dot. */
  readonly name: string;
}

export interface ZoneList {
  readonly usable: readonly HostedZone[];
  /** Zones that are there and cannot serve a proof, with the reason. */
  readonly unusable: readonly { readonly name: string; readonly why: string }[];
}

/** What stands at one name. */
export interface Standing {
  /** Value of a CNAME record, lower case, without a closing dot. */
  readonly alias?: string;
  /** Why the CNAME, or the set of TXT records, is not a plain one that could be followed or added to. */
  readonly special?: string;
  /** Values of TXT records, as the certificate authority will see them. */
  readonly texts: readonly string[];
  /** Types of everything else. */
  readonly others: readonly string[];
}

export interface Change<S extends Standing> {
  readonly owner: string;
  readonly record: DnsRecord;
  /** As it was read; where it is otherwise now, the change must not happen. */
  readonly standing: S;
}

export type Kind = 'publish' | 'clean-up';

/**
 * A DNS service with an API, as far as proofs need it. One object serves one call of the solver.
 * Everything @throws CertError `solver.failed`, `solver.refused` (naming the permission), `interrupted`
 */
export interface DnsService<S extends Standing> {
  readonly label: string;
  /** What makes a missing zone show up, for a remedy. */
  readonly zoneRemedy: string;
  /** Changes of one call. */
  readonly batch: number;
  zones(): Promise<ZoneList>;
  standingAt(zone: HostedZone, owners: readonly string[]): Promise<ReadonlyMap<string, S>>;
  /**
   * All of it or nothing.
   * @returns why nothing happened: something else stands there by now, or a record is not acceptable
   */
  change(zone: HostedZone, kind: Kind, changes: readonly Change<S>[]): Promise<CertError | undefined>;
  /** Names of the servers that serve the zone. */
  nameServers(zone: HostedZone): Promise<readonly string[]>;
  /** Why a change made by this process is not at every server yet, where the service tells. */
  onItsWay?(zone: HostedZone): Promise<string | undefined>;
  close(): Promise<void>;
}

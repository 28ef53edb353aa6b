import type { SolverConfig } from '../model/configuration.js';
import type { CertError } from '../model/errors.js';
import type { JsonObject } from '../model/json.js';
import type { DnsName } from '../model/names.js';
import type { SolvableRecord } from '../model/order.js';
import type { Secret } from '../model/secret.js';
import type { Clock } from './clock.js';
import type { Log } from './log.js';

/** What became of one record. One that fails does not keep the others from being tried. */
export interface RecordOutcome {
  readonly record: SolvableRecord;
  /** The name that carries it: another than its owner where an alias leads there. Absent where nobody can tell. */
  readonly at?: DnsName;
  /** Absent: done, now or before. Its message is one sentence that names the place, its remedy what to do. */
  readonly error?: CertError;
}

/** What is to be seen of one record where the certificate authority will look. */
export interface RecordSight {
  readonly record: SolvableRecord;
  /** `cannot-tell` where nobody can be asked: the provider may judge then. */
  readonly seen: 'yes' | 'no' | 'cannot-tell';
  /** Which server answers what; without instants, so that the same answer is the same text. */
  readonly why: string;
}

/**
 * Publishes what proves control over names. The texts of records are the provider's: published verbatim, never computed.
 * Every call repeats safely, changes nothing but the very records it is given (owner, type and value; URL and content),
 * and gives one result for each record. What others hold at the same place stays and is named where it is in the way.
 * Nothing here waits for anything to spread.
 * @throws CertError `interrupted`
 */
export interface Solver {
  readonly config: SolverConfig;
  publish(records: readonly SolvableRecord[]): Promise<readonly RecordOutcome[]>;
  /** Absent: this solver has no way to look. */
  visible?(records: readonly SolvableRecord[]): Promise<readonly RecordSight[]>;
  cleanUp(records: readonly SolvableRecord[]): Promise<readonly RecordOutcome[]>;
}

/** What a solver is made with. */
export interface SolverDeps {
  readonly config: SolverConfig;
  readonly credentials: Readonly<Record<string, Secret>>;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: { hex(bytes: number): string };
  readonly signal: AbortSignal;
  /** The folder certwright was started in: where relative paths begin. */
  readonly folder: string;
  /** One variable of the environment, for programs that are started. */
  variable(name: string): string | undefined;
}

/** The table entry of a kind of solver. Importing it registers and contacts nothing. */
export interface SolverDefinition {
  readonly type: string;
  readonly title: string;
  /** Methods whose records it can publish. */
  readonly proves: SolverConfig['proves'];
  /** Does it need to be told its zones? */
  readonly needsZones: boolean;
  readonly credentialNames: { readonly required: readonly string[]; readonly optional: readonly string[] };
  /** JSON Schema of `SolverConfig.options` (the keys of the configuration that are this type's own). */
  readonly optionsSchema: JsonObject;
  /**
   * Opens it; loads the adapter. Contacts nobody. Absent: nothing is published, a person does it.
   * @throws CertError `config.invalid`, `config.missing-variable`
   */
  create?(deps: SolverDeps): Promise<Solver>;
}

import type {
  Configuration,
  HookConfig,
  PreflightConfig,
  ProviderConfig,
  SolverConfig,
} from '../model/configuration.js';
import type { JsonObject } from '../model/json.js';
import type { Finding, Position, PublishedFormat, SitelockCustomer } from '../model/manifest.js';
import type { RunMemory } from '../model/run-memory.js';
import type { Secret } from '../model/secret.js';
import type { Shard } from '../model/shard.js';
import type { StateHeader, Status } from '../model/status.js';
import type { Desired } from '../planner/input.js';
import type { Clock, Random } from '../ports/clock.js';
import type { Dialer } from '../ports/dialer.js';
import type { Resolver } from '../ports/dns.js';
import type { PublishedHook } from '../ports/hook.js';
import type { KeyMaker } from '../ports/keystore.js';
import type { Log, Progress } from '../ports/log.js';
import type { Offering, Provider } from '../ports/provider.js';
import type { Repository, TreeReader } from '../ports/repository.js';
import type { RunCache } from '../ports/run-cache.js';
import type { Solver } from '../ports/solver.js';
import type { Spool } from '../ports/spool.js';

/** The user's files at one commit, read and checked. */
export interface Reading {
  /** Absent when the configuration itself has errors: nothing can be done then. */
  readonly configuration?: Configuration;
  readonly desired?: Desired;
  readonly findings: readonly Finding[];
  /** Where something stands in the configuration; what is not there: its nearest parent. */
  positionOf(path: readonly string[]): Position;
}

/** What is known of an account without its credentials. */
export interface BrokenAccount extends Offering {
  readonly config: ProviderConfig;
  readonly why: string;
}

/** Live accounts of one configuration. */
export interface ProviderSet {
  readonly all: ReadonlyMap<string, Provider>;
  /** Accounts that could not be opened (a missing variable): they are down, the others work. */
  readonly broken: ReadonlyMap<string, BrokenAccount>;
  close(): Promise<void>;
}

/** Everything the loop needs from outside; composed by an entry, replaced by tests. */
export interface Deps {
  readonly repository: Repository;
  readonly runCache: RunCache;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly progress: Progress;
  readonly spool: Spool;
  readonly signal: AbortSignal;
  /** This process acts for these certificates alone; absent: for all. */
  readonly shard?: Shard;
  readFiles(tree: TreeReader): Promise<Reading>;
  /** @throws CertError `repository.unreadable-state`, `repository.newer-state` */
  parseStatus(text: string, path: string): Status;
  parseHeader(text: string, path: string): StateHeader;
  /** Undefined for what no run of this version wrote. */
  parseMemory(text: string): RunMemory | undefined;
  /** Opens every account that can be opened; asks none. */
  connect(configuration: Configuration): Promise<ProviderSet>;
  /** Contacts nothing by itself. @throws CertError `config.missing-variable`, `config.invalid` */
  openSolver(config: SolverConfig): Promise<Solver>;
  /** Whom names are looked up with before something is asked for. Contacts nobody by itself. */
  openResolver(config: PreflightConfig): Promise<Resolver>;
  /** Absent, or without an answer: this process can start no such hook, another one does. */
  publishedHook?(config: HookConfig): PublishedHook | undefined;
  /** By whom endpoints are looked at. Contacts nobody by itself. */
  openDialer(): Promise<Dialer>;
  keyMaker(configuration: Configuration): KeyMaker;
  /** Personal data of a contact set, resolved; with the digest that requests record. */
  contacts(
    configuration: Configuration,
    name: string,
  ): { readonly digest: string; readonly data: JsonObject };
  /**
   * Whoever a site is protected for: data with the digest that requests record, and the first password, of which none is kept.
   * @throws CertError `config.missing-variable`
   */
  customer(customer: SitelockCustomer): {
    readonly digest: string;
    readonly data: JsonObject;
    readonly password?: Secret;
  };
  /** Extra files published beside the PEMs, by format; `pem` gives none. */
  publishedFormats(
    formats: readonly PublishedFormat[],
    certificatePem: string,
    chainPem: readonly string[],
  ): Promise<readonly { readonly format: 'p7b' | 'der'; readonly content: string | Uint8Array }[]>;
}

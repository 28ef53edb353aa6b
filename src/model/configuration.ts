import type { Json } from './json.js';
import type { PublishedFormat } from './manifest.js';
import type { Money } from './money.js';
import type { NotificationConfig } from './notification.js';
import type { SecretSource } from './secret.js';

/** `live` is the real thing; `test` the vendor's own test mode; `rehearsal` a sandbox that can never count as live. */
export type Environment = 'live' | 'test' | 'rehearsal';

export interface PriceRow {
  readonly base: Money;
  /** Names included in `base`. */
  readonly names: number;
  readonly perName?: Money;
}

/** Product → term → price: for providers without a price call. */
export type PriceTable = Readonly<Record<string, Readonly<Record<string, PriceRow>>>>;

export interface ProviderConfig {
  readonly id: string;
  readonly type: string;
  readonly environment: Environment;
  readonly credentials: Readonly<Record<string, SecretSource>>;
  readonly url?: string;
  /** Where the wire prints none. */
  readonly currency?: string;
  /** Percentage that invoices add, `"20"`. */
  readonly tax?: string;
  /** Lower comes first where no manifest list says otherwise. */
  readonly priority: number;
  readonly owner?: string;
  readonly formats?: readonly PublishedFormat[];
  readonly minimumBalance?: Money;
  readonly prices: PriceTable;
  /** What only this type of provider understands, checked against its own schema. */
  readonly options: Readonly<Record<string, Json>>;
}

/** Who lets an action happen. */
export type ApprovalMode = 'merge' | 'auto' | 'pull-request' | 'never';
export type ApprovalKind = 'order' | 'renew' | 'free' | 'revoke';

export interface Spending {
  readonly perOrder?: Money;
  readonly perDay?: Money;
  readonly perMonth?: Money;
}

export interface PolicyRule extends Spending {
  /** Glob over certificate names (`team-a/**`). */
  readonly match: string;
  readonly approval: Partial<Readonly<Record<ApprovalKind, ApprovalMode>>>;
}

/** What shares a pull request. */
export type RequestGrouping = 'each' | 'owner' | 'all';

/** How approvals are asked for where a forge is at hand. */
export interface ApprovalRequestsConfig {
  readonly group: RequestGrouping;
  /** The most pull requests that one run opens. */
  readonly perRun: number;
  /** The most pull requests that are open at once. */
  readonly open: number;
}

export interface PolicyConfig {
  readonly approval: Readonly<Record<ApprovalKind, ApprovalMode>>;
  /** Absent: paid orders are held. */
  readonly spending: Spending;
  /** All that match apply, later ones over earlier ones; their limits count only the certificates they match. */
  readonly rules: readonly PolicyRule[];
  readonly requests: ApprovalRequestsConfig;
}

/** A text that may come from a variable: personal data need not stand in the repository. */
export type PersonalText = string | SecretSource;

export interface ContactPerson {
  readonly firstName?: PersonalText;
  readonly lastName?: PersonalText;
  readonly title?: PersonalText;
  readonly email?: PersonalText;
  readonly phone?: PersonalText;
}

export interface ContactSet {
  readonly organization?: Readonly<Record<string, PersonalText>>;
  readonly admin?: ContactPerson;
  readonly technical?: ContactPerson;
  readonly approver?: ContactPerson;
}

export interface SolverConfig {
  readonly id: string;
  readonly type: string;
  /** Methods whose records it can publish. */
  readonly proves: readonly ('dns' | 'http')[];
  /** false: it stands for a person, who publishes by hand. */
  readonly acts: boolean;
  /** Absent in the file, empty here: every name. */
  readonly zones: readonly string[];
  readonly credentials: Readonly<Record<string, SecretSource>>;
  readonly options: Readonly<Record<string, Json>>;
}

/** How names are looked at before something is asked for. */
export interface PreflightConfig {
  /** Nothing is looked at. */
  readonly off: boolean;
  /** `host` or `host:port`; empty: the resolvers of the machine, and none for a rehearsal. */
  readonly resolvers: readonly string[];
}

/** How endpoints of manifests are looked at. */
export interface EndpointsConfig {
  /** Nothing is dialled. */
  readonly off: boolean;
  /** How long after it was published a certificate may stay unserved before that is an alarm. */
  readonly servedWithinMs: number;
}

export interface ProgramHook {
  readonly kind: 'run';
  /** Program and arguments. */
  readonly run: readonly string[];
  readonly timeoutMs: number;
  /** Names of variables that are handed on. */
  readonly environment: readonly string[];
}

/** A program of the user's own, or workflows of the forge that wait for an event of this type. */
export type HookConfig = ProgramHook | { readonly kind: 'dispatch'; readonly event: string };

/** A program of the user's own that wraps and unwraps the file keys of sealed files. */
export interface KeystoreConfig {
  readonly type: 'exec';
  /** Program and arguments. */
  readonly run: readonly string[];
  readonly timeoutMs: number;
  /** Names of variables that are handed on. */
  readonly environment: readonly string[];
}

export interface Configuration {
  readonly version: 1;
  /** Written once by `init`; part of every order reference. */
  readonly id: string;
  readonly branches: { readonly approval: string; readonly state: string };
  readonly keys: {
    readonly recipients: readonly string[];
    readonly runnerRecipients: readonly string[];
    /** Opens what is sealed as well, beside the recipients or instead of them. */
    readonly keystore?: KeystoreConfig;
  };
  readonly providers: Readonly<Record<string, ProviderConfig>>;
  readonly solvers: Readonly<Record<string, SolverConfig>>;
  readonly policy: PolicyConfig;
  readonly preflight: PreflightConfig;
  readonly endpoints: EndpointsConfig;
  readonly contacts: Readonly<Record<string, ContactSet>>;
  readonly notifications: readonly NotificationConfig[];
  readonly hooks: Readonly<Record<string, HookConfig>>;
  readonly manifestVariables: readonly string[];
}

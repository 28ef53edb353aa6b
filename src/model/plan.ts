import type { Environment } from './configuration.js';
import type { ApprovalRecord } from './intent.js';
import type { Money } from './money.js';
import type { DnsName } from './names.js';
import type { Lane, LicenceRequest, WaitingFor } from './order.js';
import type { Instant } from './time.js';

export type PlanAction =
  | 'order'
  | 'activate'
  | 'renew'
  | 'reissue'
  | 'add-names'
  | 'adopt'
  | 'move'
  | 'collect'
  | 'publish'
  | 'validate'
  | 'pay'
  | 'wait'
  | 'set-auto-renew'
  | 'revoke'
  | 'cancel'
  | 'abandon'
  | 'archive'
  | 'resolve'
  | 'hold';

/** Stable reason codes; the message beside them is for people. */
export type ReasonCode =
  | 'NoOrder'
  | 'OrderAtProvider'
  | 'AdoptDeclared'
  | 'FreeSlot'
  | 'SlotWaiting'
  | 'ForeignOrder'
  | 'OrderDied'
  | 'NeedMoved'
  | 'OpenIntent'
  | 'OutcomeUnknown'
  | 'AwaitingIssuance'
  | 'Suspended'
  | 'Failing'
  | 'NeverIssued'
  | 'Revoked'
  | 'ReplacedAtProvider'
  | 'KeyLost'
  | 'KeyMismatch'
  | 'KeyCompromised'
  | 'NamesChanged'
  | 'AlgorithmChanged'
  | 'ReissueRequested'
  | 'RevokeRequested'
  | 'AbandonRequested'
  | 'ProviderChanged'
  | 'ProductChanged'
  | 'TermChanged'
  | 'CertificateEnding'
  | 'PaidTermEnding'
  | 'PaidTermEndingNoRenewal'
  | 'FormatsMissing'
  | 'AddOnRemoved'
  | 'AutoRenewDiffers'
  | 'ValidationChanged'
  | 'MailUnanswered'
  | 'ManifestGone'
  | 'ManifestInvalid'
  | 'ExternalKey'
  | 'BreakerTripped';

/** Why a line is not carried out although it is needed. */
export type HoldCode =
  | 'approval-missing'
  | 'approval-never'
  | 'price-unknown'
  | 'price-above-ceiling'
  | 'currency-differs'
  | 'no-spending-limit'
  | 'no-ceiling'
  | 'limit-order'
  | 'limit-day'
  | 'limit-month'
  | 'balance'
  | 'preflight'
  | 'product-stopped'
  | 'account-busy'
  | 'breaker'
  | 'foreign-order'
  | 'not-served'
  | 'provider-down'
  | 'no-provider'
  | 'state-integrity'
  | 'state-rebuilt'
  | 'manifests-diverged'
  | 'wrong-remote'
  | 'no-recipient-proven'
  | 'key-external'
  | 'key-compromised'
  | 'unsupported'
  | 'unknown-outcome'
  | 'suspended'
  | 'manifest-invalid'
  | 'unsafe';

export interface Hold {
  readonly code: HoldCode;
  readonly message: string;
}

export type PlanPrice =
  | { readonly kind: 'free' }
  | { readonly kind: 'known'; readonly amount: Money; readonly source: string }
  /** Never read as 0: it holds. */
  | {
      readonly kind: 'unknown';
      readonly why: string;
      /** There is no price because this account is not sold the product, or not for this term. */
      readonly sold?: false;
    };

export interface Coverage {
  readonly from: Instant;
  readonly till: Instant;
  /** Certificates the term will need in all, by the calendar. */
  readonly certificates: number;
}

export interface PlanItem {
  readonly name: string;
  readonly lane: Lane;
  readonly action: PlanAction;
  readonly reason: ReasonCode;
  readonly message: string;
  readonly owner?: string;
  readonly provider?: string;
  readonly environment?: Environment;
  readonly product?: string;
  readonly term?: string;
  readonly names?: readonly DnsName[];
  readonly price: PlanPrice;
  readonly coverage?: Coverage;
  /** What the provider will do besides. */
  readonly sideEffects: readonly string[];
  /** Order id or serial this follows on. */
  readonly predecessor?: string;
  /** For website protection: how it is ordered. */
  readonly licence?: LicenceRequest;
  /** It follows in the same run once that is recorded: what, in words. */
  readonly queued?: string;
  /** The open intent this line drives on. */
  readonly intent?: string;
  readonly waitingFor?: WaitingFor;
  readonly dueAt?: Instant;
  readonly approval?: ApprovalRecord;
  /** Present: printed, not done. */
  readonly hold?: Hold;
  /** Caused by an edit of the manifests (counts for the unsafe-plan rule), not by the clock. */
  readonly byEdit: boolean;
  /** What the look before the purchase left out, could not see, or finds worth saying. */
  readonly preflight?: readonly string[];
  readonly alternatives: readonly { readonly provider: string; readonly price: PlanPrice }[];
}

export interface PlanWarning {
  readonly name?: string;
  readonly code: string;
  readonly message: string;
  /** `attention` makes the exit code 4. */
  readonly level: 'info' | 'warning' | 'attention';
}

/** Data that survives JSON: typed fields drive `apply`, messages are for people. */
export interface Plan {
  readonly version: 1;
  readonly manifestCommit: string | null;
  readonly stateCommit: string | null;
  readonly items: readonly PlanItem[];
  readonly warnings: readonly PlanWarning[];
  /** Present: the plan as a whole is refused. */
  readonly unsafe?: { readonly message: string; readonly lines: readonly string[] };
  /** Sum of known prices of lines not held, per currency. */
  readonly totals: readonly Money[];
  /** Certificates looked at, and those with nothing to do. */
  readonly counts: { readonly certificates: number; readonly unchanged: number };
  /** `2/5`: only certificates of this shard were planned. Absent: all were. */
  readonly shard?: string;
  /** SHA-256 over the canonical lines, provider and environment included. */
  readonly digest: string;
}

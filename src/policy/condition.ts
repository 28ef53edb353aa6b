import type { Hold } from '../model/plan.js';
import type { Instant } from '../model/time.js';
import type { ReissueRule } from './coverage.js';
import type { EndpointLook } from './serving.js';

export type ConditionType = 'Ready' | 'Issuing' | 'Waiting' | 'Held' | 'Attention' | 'Expired';

/** Something that is true now. Computed from facts and the clock; never stored. */
export interface Condition {
  readonly type: ConditionType;
  /** Stable code (`CertificateValid`, `Overdue`, `OutcomeUnknown` …). */
  readonly reason: string;
  readonly since: Instant;
  readonly message: string;
  /** `warning`: look soon. `attention`: exit code 4. */
  readonly level: 'info' | 'warning' | 'attention';
  /** Which of several of this reason: an order, an endpoint, a name, a lane. */
  readonly about?: string;
}

export const condition = (
  type: ConditionType,
  level: Condition['level'],
  reason: string,
  since: Instant,
  message: string,
  about?: string,
): Condition => ({ type, reason, since, message, level, ...(about === undefined ? {} : { about }) });

/** What the status file does not know. Everything may be left out, as for a certificate whose manifest is gone. */
export interface ConditionContext {
  readonly rule?: ReissueRule;
  readonly autoRenew?: boolean;
  readonly renewBeforeMs?: number;
  readonly carriesRemainingDays?: boolean;
  /** Of website protection: who the manifest wants to renew it. */
  readonly renewedBy?: 'certwright' | 'provider';
  /** As the capabilities of the account of what is under way. */
  readonly patienceMs?: number;
  /** What the latest plan holds back for this certificate. */
  readonly hold?: Hold;
  /** Orders the manifest says to ignore. */
  readonly ignored?: readonly string[];
  /** What was seen at the endpoints of the manifest; absent: none are declared, or nothing is dialled. */
  readonly endpoints?: { readonly looks: readonly EndpointLook[]; readonly servedWithinMs: number };
}

import type { Instant } from '../model/time.js';

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

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
}

export const condition = (
  type: ConditionType,
  level: Condition['level'],
  reason: string,
  since: Instant,
  message: string,
): Condition => ({ type, reason, since, message, level });

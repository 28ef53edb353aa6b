import type { Instant } from './time.js';

/** Failures since the last success, of a lane or of one thing asked for; when to try again follows from it. */
export interface FailureRecord {
  readonly count: number;
  readonly lastAt: Instant;
  readonly code: string;
  readonly message: string;
  /** The other side said not to try again before this. */
  readonly retryAt?: Instant;
}

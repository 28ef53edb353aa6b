import type { Environment } from './configuration.js';
import type { Position } from './manifest.js';
import type { Money } from './money.js';
import type { Instant } from './time.js';

/** Exactly one need: nothing else is let through by it. */
export interface ApprovalSubject {
  readonly certificate: string;
  readonly action: string;
  /** Order id or serial that the action follows on; absent for a first order. */
  readonly predecessor?: string;
  readonly provider: string;
  readonly environment: Environment;
  readonly product: string;
  readonly term?: string;
  /** SHA-256 over the sorted names. */
  readonly namesDigest: string;
  readonly ceiling?: Money;
  readonly validUntil: Instant;
  /** Random: two approvals of the same thing are two. */
  readonly id: string;
}

/** `approvals/*.yaml`: one subject, or the lines of an unsafe plan. */
export interface ApprovalFile {
  readonly position: Position;
  readonly subjects: readonly ApprovalSubject[];
  /** Lines `<name> <action>` of an unsafe plan that may pass together. */
  readonly unsafeLines: readonly string[];
  readonly validUntil?: Instant;
}

import type { Environment } from './configuration.js';
import type { FailureRecord } from './failure.js';
import type { JsonObject } from './json.js';
import type { Money } from './money.js';
import type { Lane, OrderRequest, PaidOrFreeAction } from './order.js';
import type { Instant } from './time.js';

/** Why an action was allowed, as recorded with it. */
export type ApprovalRecord =
  | { readonly kind: 'merge'; readonly manifestDigest: string }
  | { readonly kind: 'auto' }
  /** Digest of the parsed subject of an approval file; consumed by standing here. */
  | { readonly kind: 'file'; readonly subjectDigest: string }
  /** A free continuation of something that is paid already. */
  | { readonly kind: 'free' };

/** One writing call of an action. Phases follow each other; each step of a multi-step action has its own. */
export interface StepRecord {
  readonly name: string;
  readonly paid: boolean;
  readonly phase: 'planned' | 'intended' | 'done';
  /** What the provider showed before the call (balance, slot ids, current certificate): the look-up compares with it. */
  readonly before?: JsonObject;
  /** What the call gave back, as later steps need it (ids). */
  readonly result?: JsonObject;
  /** When a later step was done; the first one makes the intent `placed`. */
  readonly at?: Instant;
}

interface IntentBase {
  /** Stable name of this intent; the nonce changes with every attempt to get it onto the branch. */
  readonly id: string;
  readonly lane: Lane;
  readonly action: PaidOrFreeAction;
  readonly provider: string;
  readonly environment: Environment;
  readonly request: OrderRequest;
  /** First id of the order this purchase follows on, at whatever provider; absent for a first order. */
  readonly follows?: string;
  /** SHA-256 of the SubjectPublicKeyInfo, hex; the name of `keys/<spki>.age`. Absent where no key is ours. */
  readonly keyHash?: string;
  /** null: a free action without price. */
  readonly quoted: Money | null;
  readonly approval: ApprovalRecord;
  readonly manifestCommit: string;
  readonly manifestDigest: string;
  readonly createdAt: Instant;
  readonly reason: string;
  readonly steps: readonly StepRecord[];
  /** How often the same request was sent again after a proven absence. */
  readonly resends: number;
}

/** Fixed and pushed; the current step may or may not have been sent. */
export interface IntendedIntent extends IntentBase {
  readonly phase: 'intended';
  readonly nonce: string;
  /** No byte leaves after this instant. */
  readonly sendBy: Instant;
  /** An absence seen before this instant proves nothing. */
  readonly settledAt: Instant;
}

/** Mails to approvers after the first one, which the provider sends with the order. */
export interface MailRecord {
  /** How often they were asked for again; 0: the method became mail while the order waited. */
  readonly count: number;
  readonly lastAt: Instant;
}

/** The provider has it. */
export interface PlacedIntent extends IntentBase {
  readonly phase: 'placed';
  readonly orderId: string;
  readonly placedAt: Instant;
  /** The provider refused another validation; `wish` says which. */
  readonly validationFailure?: FailureRecord & { readonly wish: string };
  /** Absent: none since the order was placed. */
  readonly mails?: MailRecord;
}

/** What became of it cannot be told by us; a person resolves it. Blocks purchases of this certificate only. */
export interface UnknownIntent extends IntentBase {
  readonly phase: 'unknown';
  readonly since: Instant;
  readonly why: string;
  readonly candidates: readonly string[];
}

/** A certificate arrived and failed verification; kept aside until the provider gives the right one. */
export interface IssuedIntent extends IntentBase {
  readonly phase: 'issued';
  readonly orderId: string;
  readonly placedAt: Instant;
  /** SHA-256 of the certificate seen, hex. */
  readonly fingerprint: string;
  readonly problem?: string;
}

export type CloseOutcome = 'published' | 'done' | 'refused' | 'not-sent' | 'not-placed' | 'abandoned';

export interface ClosedIntent extends IntentBase {
  readonly phase: 'closed';
  readonly outcome: CloseOutcome;
  readonly closedAt: Instant;
  readonly message?: string;
}

export type OpenIntent = IntendedIntent | PlacedIntent | IssuedIntent | UnknownIntent;
export type Intent = OpenIntent | ClosedIntent;

export type NextMove = 'look-up' | 'poll' | 'verify-and-publish' | 'ask-a-person' | 'nothing';

/** What an intent needs next, by phase alone. */
export function nextMove(intent: Intent): NextMove {
  switch (intent.phase) {
    case 'intended':
      return 'look-up';
    case 'placed':
      return 'poll';
    case 'issued':
      return 'verify-and-publish';
    case 'unknown':
      return 'ask-a-person';
    case 'closed':
      return 'nothing';
  }
}

export const isOpen = (intent: Intent): intent is OpenIntent => intent.phase !== 'closed';

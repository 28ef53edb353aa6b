import type { CloseOutcome, IntendedIntent, OpenIntent } from '../model/intent.js';
import type { Status } from '../model/status.js';
import { toInstant } from '../model/time.js';
import {
  baseOf,
  closeIntent,
  currentStep,
  findIntent,
  knownOrderId,
  replaceIntent,
  setStep,
} from './intents.js';
import { type Refusal, withFailure } from './lane-failures.js';

/** The very attempt, as long as it is open: undone twice, or in place of another one, it would close what is paid. */
function announced(status: Status, intentId: string, nonce: string): IntendedIntent | undefined {
  const intent = findIntent(status, intentId);
  return intent?.phase === 'intended' && intent.nonce === nonce ? intent : undefined;
}

/**
 * The provider definitely refused. Without an earlier paid step the intent is closed; with one the money is spent, so
 * the step is planned again and tried when the failure ladder says so.
 */
export function withRefused(
  status: Status,
  intentId: string,
  nonce: string,
  refusal: Refusal,
  atMs: number,
): Status {
  const intent = announced(status, intentId, nonce);
  if (!intent) return status;
  const failed = withFailure(status, intent, refusal, atMs);
  return stepBack(failed, intent) ?? unused(failed, intent, 'refused', atMs, refusal.message);
}

/** Provably nothing was sent by the process that wrote the nonce. */
export function withNotSent(
  status: Status,
  intentId: string,
  nonce: string,
  why: string,
  atMs: number,
): Status {
  const intent = announced(status, intentId, nonce);
  if (!intent) return status;
  return stepBack(status, intent) ?? unused(status, intent, 'not-sent', atMs, why);
}

/** What the step goes by changed right before it was sent: nothing was, and the next try is for a later run. */
export function withNotReady(
  status: Status,
  intentId: string,
  nonce: string,
  refusal: Refusal,
  atMs: number,
): Status {
  const intent = announced(status, intentId, nonce);
  if (!intent) return status;
  return withNotSent(withFailure(status, intent, refusal, atMs), intentId, nonce, refusal.message, atMs);
}

/** A look-up proved that the attempt with this nonce did nothing, and nobody wants it sent again. */
export function withNotPlaced(status: Status, intentId: string, nonce: string, atMs: number): Status {
  const intent = announced(status, intentId, nonce);
  if (!intent) return status;
  return stepBack(status, intent) ?? unused(status, intent, 'not-placed', atMs);
}

/** A person looked at the provider and says that the step in doubt did nothing there. */
export function withAbsenceSaid(status: Status, intentId: string, atMs: number): Status {
  const intent = findIntent(status, intentId);
  if (intent?.phase !== 'intended' && intent?.phase !== 'unknown') return status;
  return stepBack(status, intent) ?? unused(status, intent, 'not-placed', atMs, 'a person found no order');
}

/** What became of it cannot be told: this purchase stops until a person says. */
export function withUnknown(
  status: Status,
  intentId: string,
  why: string,
  candidates: readonly string[],
  atMs: number,
): Status {
  const intent = findIntent(status, intentId);
  if (intent?.phase !== 'intended') return status;
  return replaceIntent(status, {
    ...baseOf(intent),
    phase: 'unknown',
    since: toInstant(atMs),
    why,
    candidates,
  });
}

/** Closed without having done anything: the approval it consumed is still good for what it approved. */
function unused(
  status: Status,
  intent: OpenIntent,
  outcome: CloseOutcome,
  atMs: number,
  message?: string,
): Status {
  const { approval } = intent;
  const closed = closeIntent(status, intent, outcome, atMs, message);
  if (approval.kind !== 'file') return closed;
  const consumedApprovals = closed.consumedApprovals.filter((digest) => digest !== approval.subjectDigest);
  return { ...closed, consumedApprovals };
}

/** Undo of an announced step after earlier ones went through; undefined where there are none. */
function stepBack(status: Status, intent: OpenIntent): Status | undefined {
  const index = currentStep(intent);
  if (index <= 0) return undefined;
  const orderId = knownOrderId(status, intent);
  return replaceIntent(status, {
    ...baseOf(intent),
    steps: setStep(intent.steps, index, { phase: 'planned' }),
    phase: 'placed',
    orderId,
    placedAt: status.orders.find((order) => order.id === orderId)?.placedAt ?? intent.createdAt,
  });
}

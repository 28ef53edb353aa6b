import type { AbsenceEvidence, Capabilities } from '../model/capabilities.js';
import { DAY_MS, SECOND_MS } from '../model/time.js';

export type AbsenceJudgement = { readonly proven: true } | { readonly proven: false; readonly why: string };

const no = (why: string): AbsenceJudgement => ({ proven: false, why });

/**
 * Does an empty look-up prove that a paid call did nothing (DESIGN §4)? Without a proof nothing is sent again.
 *
 * A provider that refuses a repeated reference is itself the second barrier, so a well-formed empty answer late enough
 * is enough there. One that merely stores the reference must also show that it finds and misses what it should. One that knows no
 * reference shows by its books: nothing new, and all the money there.
 * @param settledAtMs  earliest instant at which the call's effect would surely be visible, epoch ms
 */
export function absenceProven(
  search: Capabilities['search'],
  evidence: AbsenceEvidence,
  settledAtMs: number,
): AbsenceJudgement {
  if (search === 'none' && evidence.booksUnchanged === undefined)
    return no('the provider cannot be searched by our reference');
  if (evidence.replyAtMs === undefined) return no('the reply carries no date of its own');
  if (evidence.replyAtMs <= settledAtMs)
    return no('the reply is older than the instant at which the order would be visible');
  if (!evidence.complete) return no('the reply is not complete, or not of a documented shape');
  if (search === 'unique') return { proven: true };
  if (!evidence.negativeControl) return no('a reference never used was not answered in the same way');
  if (!evidence.positiveControl) return no('the same search did not find an order known to exist');
  if (evidence.booksUnchanged === false)
    return no('the balance of the account, or what it holds, changed since');
  return { proven: true };
}

const SEND_WITHIN_MS = 60 * SECOND_MS;
/** Twice the two minutes by which clocks may differ. */
const CLOCK_ALLOWANCE_MS = 240 * SECOND_MS;
const UNKNOWN_LAG_MS = DAY_MS;

export interface SendWindow {
  /** No byte leaves after this, epoch ms. */
  readonly sendByMs: number;
  /** An absence seen up to this proves nothing, epoch ms. */
  readonly settledAtMs: number;
}

/** The window of one attempt, in whole seconds as files keep them: rounded so that it never gets laxer. */
export function sendWindow(
  nowMs: number,
  capabilities: Pick<Capabilities, 'callLimitMs' | 'visibilityLagMs'>,
): SendWindow {
  const sendByMs = nowMs + SEND_WITHIN_MS;
  const settledAtMs =
    sendByMs +
    CLOCK_ALLOWANCE_MS +
    capabilities.callLimitMs +
    (capabilities.visibilityLagMs ?? UNKNOWN_LAG_MS);
  return {
    sendByMs: Math.floor(sendByMs / SECOND_MS) * SECOND_MS,
    settledAtMs: Math.ceil(settledAtMs / SECOND_MS) * SECOND_MS,
  };
}

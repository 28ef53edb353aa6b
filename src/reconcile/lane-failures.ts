import type { ErrorCode } from '../model/errors.js';
import type { OpenIntent } from '../model/intent.js';
import type { Lane } from '../model/order.js';
import type { RequestRecord, Status } from '../model/status.js';
import { addFailure } from '../policy/failures.js';

export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryAtMs?: number | undefined;
}

/** What a person asked for waits by itself: a refused revocation must not keep the reissue waiting that follows it. */
export function withFailure(status: Status, intent: OpenIntent, refusal: Refusal, atMs: number): Status {
  const { lane } = intent;
  const asked = intent.action === 'revoke' || intent.action === 'cancel';
  if (!asked || intent.request.licence?.role === 'add-on') {
    return {
      ...status,
      failures: { ...status.failures, [lane]: addFailure(status.failures[lane], refusal, atMs) },
    };
  }
  return {
    ...status,
    requests: status.requests.map((asked) =>
      isAnsweredBy(asked, intent) ? { ...asked, failure: addFailure(asked.failure, refusal, atMs) } : asked,
    ),
  };
}

/** Is this revocation or cancellation the one that was asked for? */
function isAnsweredBy(asked: RequestRecord, { action, request }: OpenIntent): boolean {
  const { revocation, predecessor } = request;
  return action === 'revoke'
    ? asked.action === 'revoke' && (asked.serial ?? revocation?.serial) === revocation?.serial
    : asked.action === 'abandon' && (predecessor?.ids ?? []).includes(asked.order ?? '');
}

/** A lane that succeeded starts afresh. */
export function withoutLane(status: Status, lane: Lane): Status['failures'] {
  const { [lane]: _gone, ...others } = status.failures;
  return others;
}

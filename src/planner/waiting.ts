import type { Lane } from '../model/order.js';
import type { FailureRecord } from '../model/status.js';
import { toInstant } from '../model/time.js';
import { nextTryMs } from '../policy/failures.js';
import type { Draft } from './draft.js';
import type { Subject } from './input.js';

/** A lane that failed waits its turn, across restarts; a changed manifest starts afresh. */
export function failureWait(
  s: Pick<Subject, 'status' | 'input'> & { readonly spec: Pick<Subject['spec'], 'digest'> },
  lane: Lane,
): Draft | undefined {
  const failure = s.status.failures[lane];
  if (!failure || s.status.manifestDigest !== s.spec.digest) return undefined;
  return s.input.nowMs < nextTryMs(failure) ? failureDraft(lane, failure) : undefined;
}

export function failureDraft(lane: Lane, failure: FailureRecord): Draft {
  const nextMs = nextTryMs(failure);
  return {
    lane,
    action: 'wait',
    reason: 'Failing',
    message: `failed ${failure.count === 1 ? 'once' : `${failure.count} times`}, next try ${toInstant(nextMs)}: ${failure.message}`,
    dueAtMs: nextMs,
    byEdit: false,
  };
}

import { isOpen } from '../../model/intent.js';
import type { CompromisedKey, RequestRecord, Status } from '../../model/status.js';
import { toInstant } from '../../model/time.js';
import { isCompromised } from '../../policy/compromised.js';
import type { Deps } from '../../reconcile/deps.js';
import { landTelling } from '../../reconcile/land.js';
import { commitMessage } from '../../reconcile/message.js';
import { changedStatuses, statusFile } from '../../reconcile/run.js';
import type { StateView } from '../../reconcile/state.js';
import type { CompromiseSurvey } from '../../report/compromise-text.js';
import { headerOf } from '../cli/state.js';

export interface Recorded {
  readonly blocked: readonly string[];
  /** `name serial` of each revocation that was asked for, or is no longer to wait. */
  readonly revocations: readonly string[];
}

/**
 * One commit: the keys are blocked, and the revocations asked for. Reissues need no request: a plan replaces a blocked key
 * by itself. What is there already is left as it is, so it repeats safely.
 */
export async function recordCompromise(
  deps: Deps,
  view: StateView,
  survey: CompromiseSurvey,
  keys: readonly CompromisedKey[],
  reason: string,
): Promise<Recorded> {
  const requests = revocationsOf(deps, survey, reason);
  const { told } = await landTelling({ deps }, view, (head) => {
    const header = headerOf(head);
    const blocked = keys.filter(({ keyHash }) => !isCompromised(header, keyHash));
    const changed = changedStatuses(
      head,
      requests
        .filter(({ name }) => head.statuses.has(name))
        .map(({ name, request }) => ({ name, apply: (status) => withRevocation(status, request) })),
    );
    const asked = requests.filter(({ name, request }) =>
      changed.some((status) => status.name === name && status.requests.some(({ id }) => id === request.id)),
    );
    if (blocked.length === 0 && changed.length === 0) return undefined;
    return {
      files: changed.map(statusFile),
      ...(blocked.length === 0
        ? {}
        : { header: { ...header, compromisedKeys: [...(header.compromisedKeys ?? []), ...blocked] } }),
      message: commitMessage([
        ...blocked.map(({ keyHash }) => `block key ${keyHash.slice(0, 16)}: ${reason}`),
        ...asked.map(
          ({ name, request }) => `ask for revoke ${name}: serial ${request.serial}, keyCompromise`,
        ),
      ]),
      tells: {
        blocked: blocked.map(({ keyHash }) => keyHash),
        revocations: asked.map(({ name, request }) => `${name} ${request.serial}`),
      },
    };
  });
  return told ?? { blocked: [], revocations: [] };
}

/** Those that certwright can send, now or once another certificate serves. */
const revocationsOf = (deps: Deps, { certificates }: CompromiseSurvey, reason: string) =>
  certificates
    .filter(({ revoke }) => revoke.how !== 'person')
    .map(({ name, serial, revoke }) => ({
      name,
      request: {
        id: deps.random.hex(8),
        action: 'revoke' as const,
        requestedAt: toInstant(deps.clock.now()),
        reason,
        revocationReason: 'keyCompromise' as const,
        serial,
        ...(revoke.how === 'later' ? { afterReissue: true as const } : {}),
      },
    }));

/** One request for each certificate. Asked again without waiting, the one that waits is replaced; never the other way round. */
function withRevocation(status: Status, request: RequestRecord): Status {
  const same = status.requests.find(({ action, serial }) => action === 'revoke' && serial === request.serial);
  const isUnderWay = status.intents
    .filter(isOpen)
    .some(
      ({ action, request: { revocation } }) => action === 'revoke' && revocation?.serial === request.serial,
    );
  if (isUnderWay || (same && (!same.afterReissue || request.afterReissue))) return status;
  return { ...status, requests: [...status.requests.filter((one) => one !== same), request] };
}

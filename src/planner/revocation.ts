import type { RequestRecord } from '../model/status.js';
import { certificateToRevoke, isCompromised, waitsForReissue } from '../policy/compromised.js';
import { nextTryMs } from '../policy/failures.js';
import type { Draft } from './draft.js';
import { driveIntent } from './drive.js';
import { openRevocation, orderOfSerial, servingOrder } from './facts.js';
import type { ProviderFacts, Subject } from './input.js';
import { failureDraft } from './waiting.js';

/**
 * Revocations are asked for by people, and always possible; one after the other. One that is to follow a reissue lets those
 * past that need not wait.
 */
export function revocation(s: Subject): readonly Draft[] {
  const open = openRevocation(s.status);
  if (open) return [driveIntent(s, open)];
  const asked = s.status.requests.filter((request) => request.action === 'revoke');
  const ready = asked.filter((request) => waitsForReissue(s.status, request, s.input.nowMs) === undefined);
  const due = ready.find(({ failure }) => !failure || s.input.nowMs >= nextTryMs(failure));
  if (due) return [revocationOf(s, due)];
  const failed = ready.find(({ failure }) => failure !== undefined)?.failure;
  if (failed) return [failureDraft('free', failed)];
  const [waiting] = asked;
  return waiting ? [waitingDraft(s, waiting)] : [];
}

const message = ({ revocationReason, reason }: RequestRecord): string =>
  `${revocationReason ?? 'unspecified'}: ${reason}`;

const waitingDraft = (s: Subject, request: RequestRecord): Draft => ({
  lane: 'free',
  action: 'wait',
  reason: 'RevokeRequested',
  message: `serial ${request.serial ?? ''} is revoked ${waitsForReissue(s.status, request, s.input.nowMs) ?? ''}; ${message(request)}`,
  ...(request.serial === undefined ? {} : { predecessor: request.serial }),
  byEdit: false,
});

function revocationOf(s: Subject, request: RequestRecord): Draft {
  const order =
    request.serial === undefined ? servingOrder(s.status) : orderOfSerial(s.status, request.serial);
  const provider = order && s.input.providers.get(order.provider);
  const draft: Draft = {
    lane: 'free',
    action: 'revoke',
    reason: 'RevokeRequested',
    message: message(request),
    ...(order === undefined ? {} : { provider: order.provider, product: order.product }),
    ...(request.serial === undefined ? {} : { predecessor: request.serial }),
    // Whoever reported a key was shown every certificate that is revoked for it.
    byEdit: !isCompromised(s.input.state.header, certificateToRevoke(s.status, request)?.keyHash),
  };
  const why = cannotRevoke(s, provider, request.serial);
  return why === undefined
    ? draft
    : { ...draft, action: 'hold', hold: { code: 'unsupported', message: why(order?.provider) } };
}

type Why = (provider: string | undefined) => string;

function cannotRevoke(
  s: Subject,
  provider: ProviderFacts | undefined,
  serial = s.status.current?.serial,
): Why | undefined {
  const isCurrent = serial === s.status.current?.serial;
  if (!provider?.capabilities.revoke) {
    return (id) => `${id ?? 'the provider'} has no call for revoking; use its portal`;
  }
  if (provider.capabilities.revokesSuperseded && isCurrent) {
    return (id) =>
      `${id} revokes only what a reissue has superseded; run \`certwright reissue ${s.name}\` first, or have its support revoke it`;
  }
  if (provider.capabilities.revokesCurrentOnly && !isCurrent) {
    return (id) =>
      `the call of ${id} names no certificate, and would revoke the one that serves; have its support revoke serial ${serial ?? ''}`;
  }
  return undefined;
}

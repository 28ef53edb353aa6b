import { isOpen } from '../model/intent.js';
import type {
  CertificateRecord,
  CompromisedKey,
  RequestRecord,
  StateHeader,
  Status,
} from '../model/status.js';
import { HOUR_MS, toMs } from '../model/time.js';

/** How long a revocation waits for the `published` hook to bring the new certificate to its servers. */
const HOOK_GRACE_MS = HOUR_MS;

type Keys = Pick<StateHeader, 'compromisedKeys'> | undefined;

/** What was reported of this key; undefined: nothing. */
export const compromiseOf = (header: Keys, keyHash: string | undefined): CompromisedKey | undefined =>
  keyHash === undefined ? undefined : header?.compromisedKeys?.find((key) => key.keyHash === keyHash);

export const isCompromised = (header: Keys, keyHash: string | undefined): boolean =>
  compromiseOf(header, keyHash) !== undefined;

/** The certificate that a revocation was asked for. */
export function certificateToRevoke(
  status: Status,
  { serial }: RequestRecord,
): CertificateRecord | undefined {
  const all = [...(status.current ? [status.current] : []), ...status.previous];
  return serial === undefined ? status.current : all.find((one) => one.serial === serial);
}

/** From when on a hook is not waited for any more. */
export const hookWaitedForMs = ({ undelivered }: Status): number | undefined =>
  undelivered === undefined || undelivered.failure !== undefined
    ? undefined
    : toMs(undelivered.since) + HOOK_GRACE_MS;

/** Why a revocation is not sent yet that was asked for to follow a reissue; undefined: it may be. */
export function waitsForReissue(status: Status, request: RequestRecord, nowMs: number): string | undefined {
  const { current } = status;
  const keyHash = request.afterReissue && certificateToRevoke(status, request)?.keyHash;
  if (!keyHash || !current) return undefined;
  if (current.keyHash === keyHash && !current.revoked && toMs(current.notAfter) > nowMs) {
    return 'after a certificate with another key is published';
  }
  if (
    status.intents.some(
      (intent) => isOpen(intent) && intent.action !== 'revoke' && intent.keyHash === keyHash,
    )
  ) {
    return 'after the order that is under way with this key has another one';
  }
  const hookMs = hookWaitedForMs(status);
  return hookMs !== undefined && nowMs < hookMs
    ? 'after the published hook has taken the new certificate'
    : undefined;
}

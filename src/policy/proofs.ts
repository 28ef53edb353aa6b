import { proofReuseEndMs } from '../model/calendar.js';
import type { DnsName } from '../model/names.js';
import type { DcvItem, RequestedValidation } from '../model/order.js';
import type { ProofRecord } from '../model/status.js';
import { DAY_MS, toInstant, toMs } from '../model/time.js';

/** When a proof cannot be used again any more, epoch ms: by the industry's limit, or sooner by the provider's word. */
export const proofEndMs = ({ provenAt, expiresAt }: ProofRecord): number =>
  Math.min(proofReuseEndMs(toMs(provenAt)), expiresAt === undefined ? Infinity : toMs(expiresAt));

export interface Issued {
  readonly provider: string;
  /** What was asked of the provider, by name. */
  readonly asked: readonly RequestedValidation[];
  /** What it said last. */
  readonly items: readonly DcvItem[];
  /** Since when the names may have been proven for it, epoch ms. */
  readonly sinceMs: number;
}

/**
 * Proofs behind a certificate that was just issued. One that could still be used when it was asked for may have been used
 * again, so it stays as old as it is; every other one is as old as the order, at least.
 */
export function proofsOf(
  before: readonly ProofRecord[],
  { provider, asked, items, sinceMs }: Issued,
): readonly ProofRecord[] {
  return asked
    .map(({ name, method }): ProofRecord => {
      const known = before.find(
        (proof) => proof.name === name && proof.provider === provider && proof.method === method,
      );
      const item = items.find((one) => one.name === name && one.state === 'valid');
      const expiresAt = item?.proofExpiresAt;
      const kept = known && proofEndMs(known) > sinceMs ? known.provenAt : toInstant(sinceMs);
      return { name, provider, method, provenAt: kept, ...(expiresAt === undefined ? {} : { expiresAt }) };
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Names whose proof cannot be used again at an instant. Names without any proof on record are not among them. */
export const lapsedAt = (
  proofs: readonly ProofRecord[] | undefined,
  provider: string,
  names: readonly DnsName[],
  atMs: number,
): readonly ProofRecord[] =>
  (proofs ?? []).filter(
    (proof) => proof.provider === provider && names.includes(proof.name) && proofEndMs(proof) <= atMs,
  );

/** Before a reissue falls due that needs a person to prove names, it is said this long ahead. */
export const SAID_AHEAD_MS = 14 * DAY_MS;

/** Ways that no solver ever goes. */
export const needsPerson = ({ method }: Pick<ProofRecord, 'method'>): boolean =>
  method === 'email' || method === 'manual';

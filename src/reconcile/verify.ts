import { orderChain, type ParsedCertificate, parseCertificate, verifyChain } from '../keys/certificate.js';
import { messageOf } from '../model/errors.js';
import { namesServe } from '../model/names.js';
import type { CollectedCertificate } from '../model/order.js';
import type { Status } from '../model/status.js';
import { DAY_MS, toInstant } from '../model/time.js';
import type { Provider } from '../ports/provider.js';

/** What a certificate has to be, by the intent's request (or, for a taken-over order, by the order). */
export interface Expectation {
  readonly names: readonly string[];
  readonly product: string;
  /** SHA-256 of the SubjectPublicKeyInfo asked for; absent for a taken-over order. */
  readonly keyHash?: string;
  /** Was this key reported as known to somebody else? */
  isCompromised(keyHash: string): boolean;
}

export type Verdict =
  | { readonly kind: 'good'; readonly parsed: ParsedCertificate; readonly chainPem: readonly string[] }
  /** A certificate we have already: the new one is not there yet. */
  | { readonly kind: 'known' }
  | {
      readonly kind: 'wrong';
      readonly fingerprint: string;
      readonly why: string;
      /** All that is wrong with it is that somebody else knows its key. */
      readonly isCompromised?: true;
    };

const COMPROMISED = 'its key is compromised, so it is not published; have the provider revoke it';
const BACKDATE_ALLOWANCE_MS = DAY_MS;

/** Checks a collected certificate before anything is published (DESIGN §4). */
export async function verifyCollected(
  provider: Provider,
  status: Status,
  collected: CollectedCertificate,
  expected: Expectation,
  nowMs: number,
): Promise<Verdict> {
  let parsed: ParsedCertificate;
  try {
    parsed = parseCertificate(collected.certificatePem);
  } catch (error) {
    return { kind: 'wrong', fingerprint: 'unreadable', why: messageOf(error) };
  }
  const seen = [...(status.current ? [status.current] : []), ...status.previous];
  if (seen.some((certificate) => certificate.sha256 === parsed.sha256)) return { kind: 'known' };
  const chainPem = orderChain(parsed.pem, collected.chainPem);
  const why =
    (seen.some((certificate) => certificate.serial === parsed.serial)
      ? `its serial ${parsed.serial} was used before`
      : undefined) ??
    contentProblem(provider, parsed, expected, nowMs) ??
    (await chainProblem(provider, parsed, chainPem, nowMs));
  return why === undefined
    ? { kind: 'good', parsed, chainPem }
    : {
        kind: 'wrong',
        fingerprint: parsed.sha256,
        why,
        ...(why === COMPROMISED ? { isCompromised: true } : {}),
      };
}

function contentProblem(
  provider: Provider,
  parsed: ParsedCertificate,
  expected: Expectation,
  nowMs: number,
): string | undefined {
  if (expected.keyHash !== undefined && parsed.keyHash !== expected.keyHash) {
    return 'it is for another key than the one asked for';
  }
  if (expected.isCompromised(parsed.keyHash)) return COMPROMISED;
  if (!namesServe(parsed.names, expected.names, provider.freeNames(expected.product, expected.names))) {
    return `it is for ${parsed.names.join(', ')} instead of ${expected.names.join(', ')}`;
  }
  if (parsed.notAfterMs <= nowMs) return `it ended ${toInstant(parsed.notAfterMs)}`;
  if (parsed.notBeforeMs > nowMs + BACKDATE_ALLOWANCE_MS) {
    return `it is not good before ${toInstant(parsed.notBeforeMs)}`;
  }
  return undefined;
}

/** In `live` a public CA's chain must build to a public root; elsewhere to what the account says it signs with. */
async function chainProblem(
  provider: Provider,
  parsed: ParsedCertificate,
  chainPem: readonly string[],
  nowMs: number,
): Promise<string | undefined> {
  const live = provider.config.environment === 'live' && provider.capabilities.trust === 'public';
  const anchors = live ? 'public' : await provider.trustAnchors?.();
  if (anchors === undefined) return undefined;
  // A certificate may start a little later than our clock says: judge the chain when the leaf is good.
  return verifyChain(parsed.pem, chainPem, anchors, Math.max(nowMs, parsed.notBeforeMs));
}

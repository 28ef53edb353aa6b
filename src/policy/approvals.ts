import { createHash } from 'node:crypto';
import stringify from 'safe-stable-stringify';
import type { ApprovalFile, ApprovalSubject } from '../model/approval.js';
import type { ApprovalKind, ApprovalMode, Environment } from '../model/configuration.js';
import type { ApprovalRecord } from '../model/intent.js';
import type { CertificateSpec } from '../model/manifest.js';
import { compareMoney, formatMoney, isZero, type Money, money } from '../model/money.js';
import { type DnsName, nameSet } from '../model/names.js';
import type { Hold, PlanAction } from '../model/plan.js';
import { type Instant, parseInstant, toInstant } from '../model/time.js';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** SHA-256 over the sorted names, hex. */
export const namesDigest = (names: Iterable<DnsName>): string => sha256(nameSet(names).join('\n'));

/**
 * SHA-256 of what an approval *means*, hex: the same whatever the file looks like (order of keys, `25` or `25.00`, the
 * way an instant is written), so that a consumed approval stays consumed.
 */
export function subjectDigest(subject: ApprovalSubject): string {
  const validUntilMs = parseInstant(subject.validUntil);
  const meant: object = {
    ...subject,
    ceiling: subject.ceiling && money(subject.ceiling.amount, subject.ceiling.currency),
    validUntil: validUntilMs === undefined ? subject.validUntil : toInstant(validUntilMs),
  };
  return sha256(stringify(meant));
}

/** The one action that asks to be let through. */
export interface ApprovalNeed {
  readonly certificate: string;
  readonly action: PlanAction;
  /** Order id or serial it follows on; absent for a first order. */
  readonly predecessor?: string;
  /** The predecessor was rejected, cancelled or refunded after placing: only a file that names it lets another through. */
  readonly predecessorDied: boolean;
  /** The predecessor lives, and only such a file lets another through all the same: why. */
  readonly doubt?: string;
  readonly provider: string;
  readonly environment: Environment;
  readonly product: string;
  readonly term?: string;
  readonly names: readonly DnsName[];
  /** As it will be charged; null: free. */
  readonly price: Money | null;
}

/** Which rule of `policy.approval` an action falls under: what costs is an order, whatever its name. */
export function approvalKindOf(need: Pick<ApprovalNeed, 'action' | 'price'>): ApprovalKind {
  if (need.action === 'renew' || need.action === 'revoke') return need.action;
  return isFree(need) ? 'free' : 'order';
}

/** Taking protection away is approved as a revocation is: `merge`, which says nothing of it, does not cover it. */
export const endingMode = (mode: ApprovalMode): ApprovalMode => (mode === 'merge' ? 'pull-request' : mode);

const isFree = (need: Pick<ApprovalNeed, 'price'>): boolean => need.price === null || isZero(need.price);

export type ApprovalAnswer =
  | { readonly kind: 'granted'; readonly record: ApprovalRecord }
  | { readonly kind: 'hold'; readonly hold: Hold };

const granted = (record: ApprovalRecord): ApprovalAnswer => ({ kind: 'granted', record });
const missing = (message: string): ApprovalAnswer => ({
  kind: 'hold',
  hold: { code: 'approval-missing', message },
});

/**
 * May this action happen? `merge`: the merged manifest approves what it asks for, but neither a renewal nor a revocation,
 * of which it says nothing. `auto`: yes, a renewal only with `autoRenew: true`. `pull-request`, and whatever a mode does
 * not cover: an approval file for exactly this. `never`: no.
 * @param consumed  digests of approvals already used
 */
export function approvalFor(
  need: ApprovalNeed,
  mode: ApprovalMode,
  spec: Pick<CertificateSpec, 'digest' | 'autoRenew'>,
  approvals: readonly ApprovalFile[],
  consumed: ReadonlySet<string>,
  nowMs: number,
): ApprovalAnswer {
  if (mode === 'never') {
    return {
      kind: 'hold',
      hold: { code: 'approval-never', message: `the policy never allows ${need.action}` },
    };
  }
  const kind = approvalKindOf(need);
  if (!need.predecessorDied && need.doubt === undefined) {
    if (kind === 'free' && mode !== 'pull-request') return granted({ kind: 'free' });
    if (mode === 'merge' && kind === 'order') return granted({ kind: 'merge', manifestDigest: spec.digest });
    if (mode === 'auto' && (kind !== 'renew' || spec.autoRenew)) return granted({ kind: 'auto' });
  }
  return byFile(need, approvals, consumed, nowMs);
}

function byFile(
  need: ApprovalNeed,
  approvals: readonly ApprovalFile[],
  consumed: ReadonlySet<string>,
  nowMs: number,
): ApprovalAnswer {
  const candidates = approvals
    .flatMap((file) => file.subjects)
    .filter((s) => s.certificate === need.certificate && s.action === need.action)
    .map((subject) => ({
      digest: subjectDigest(subject),
      differences: approvalDifferences(subject, need, nowMs),
    }))
    .map((c) =>
      consumed.has(c.digest) ? { ...c, differences: [...c.differences, 'it was used already'] } : c,
    )
    .sort((a, b) => a.differences.length - b.differences.length || (a.digest < b.digest ? -1 : 1));
  const [best] = candidates;
  if (best?.differences.length === 0) return granted({ kind: 'file', subjectDigest: best.digest });
  const why = need.predecessorDied ? `order ${need.predecessor ?? ''} came to nothing` : need.doubt;
  const after = why === undefined ? '' : `; ${why}, so it has to name it`;
  return missing(
    best === undefined
      ? `merge an approval file for this ${need.action}${after}`
      : `the approval file for this ${need.action} does not fit: ${best.differences.join(', ')}`,
  );
}

/** Everything in which an approval is not for this need; [] when it is exactly for it. */
export function approvalDifferences(
  subject: ApprovalSubject,
  need: Omit<ApprovalNeed, 'predecessorDied'>,
  nowMs: number,
): readonly string[] {
  const differs = (what: string, has: string | undefined, wants: string | undefined) =>
    has === wants ? [] : [`it names ${what} ${has ?? 'none'} instead of ${wants ?? 'none'}`];
  return [
    ...differs('predecessor', subject.predecessor, need.predecessor),
    ...differs('provider', subject.provider, need.provider),
    ...differs('environment', subject.environment, need.environment),
    ...differs('product', subject.product, need.product),
    ...differs('term', subject.term, need.term),
    ...(subject.namesDigest === namesDigest(need.names) ? [] : ['it is for other names']),
    ...ceilingDifference(subject, need),
    ...(isAhead(subject.validUntil, nowMs) ? [] : [`it was valid until ${subject.validUntil}`]),
  ];
}

function ceilingDifference(subject: ApprovalSubject, need: Pick<ApprovalNeed, 'price'>): readonly string[] {
  if (need.price === null || isZero(need.price)) return [];
  if (subject.ceiling === undefined) return ['it names no ceiling'];
  const order = compareMoney(need.price, subject.ceiling);
  return order === undefined || order > 0
    ? [`its ceiling is ${formatMoney(subject.ceiling)}, the price ${formatMoney(need.price)}`]
    : [];
}

/** What a person wrote may be no instant at all: then it lets nothing through. */
const isAhead = (instant: Instant, nowMs: number): boolean => (parseInstant(instant) ?? nowMs) > nowMs;

/**
 * Are these lines of an unsafe plan approved? One file that is still valid has to list them all; it may list more. A file
 * without `validUntil` stays valid as long as it is there.
 */
export const unsafeApproved = (
  lines: readonly string[],
  approvals: readonly ApprovalFile[],
  nowMs: number,
): boolean =>
  approvals.some(
    (file) =>
      (file.validUntil === undefined || isAhead(file.validUntil, nowMs)) &&
      lines.every((line) => file.unsafeLines.includes(line)),
  );

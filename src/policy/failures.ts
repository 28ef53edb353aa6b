import type { ReasonCode } from '../model/plan.js';
import type { FailureRecord, OrderRecord, Status } from '../model/status.js';
import { DAY_MS, HOUR_MS, MINUTE_MS, toInstant, toMs } from '../model/time.js';

/** Waits after the first, second, third failure; the last one for every further failure. */
const LADDER_MS = [10 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, DAY_MS];

/** No other side puts a retry off for longer: what falls due must not wait for a number that makes no sense. */
const LONGEST_RETRY_MS = 7 * DAY_MS;

/** When a failed lane is due again, epoch ms. Counted from the record, so a restart changes nothing. */
export function nextTryMs(failure: FailureRecord): number {
  const step = Math.min(Math.max(failure.count, 1), LADDER_MS.length) - 1;
  const lastMs = toMs(failure.lastAt);
  const askedMs = failure.retryAt === undefined ? -Infinity : toMs(failure.retryAt);
  return Math.max(lastMs + (LADDER_MS[step] ?? DAY_MS), askedMs);
}

/** The record after one more failure. */
export const addFailure = (
  previous: FailureRecord | undefined,
  failure: Pick<FailureRecord, 'code' | 'message'> & { readonly retryAtMs?: number | undefined },
  nowMs: number,
): FailureRecord => ({
  count: (previous?.count ?? 0) + 1,
  lastAt: toInstant(nowMs),
  code: failure.code,
  message: failure.message,
  ...(failure.retryAtMs === undefined
    ? {}
    : { retryAt: toInstant(Math.min(failure.retryAtMs, nowMs + LONGEST_RETRY_MS)) }),
});

const ISSUANCES_PER_DAY = 3;
const UNPLANNED_PER_30_DAYS = 10;

/** What the clock or a first purchase causes; everything else is unplanned. */
const PLANNED: ReadonlySet<string> = new Set<ReasonCode>([
  'CertificateEnding',
  'PaidTermEnding',
  'NoOrder',
  'AdoptDeclared',
  'SlotWaiting',
]);

/**
 * Why nothing more may be asked for until a person looked: three issuances within 24 hours, ten unplanned ones within
 * 30 days, or a second purchase for one need. Undefined: all is well.
 * @param resetAtMs  when a person last reset the breaker; what happened up to then is forgiven
 */
export function breakerReason(status: Status, nowMs: number, resetAtMs = -Infinity): string | undefined {
  const issued = [...(status.current ? [status.current] : []), ...status.previous].filter(
    (certificate) => toMs(certificate.publishedAt) > resetAtMs,
  );
  const since = (ms: number) => issued.filter((c) => toMs(c.publishedAt) > nowMs - ms);
  const today = since(DAY_MS).length;
  if (today >= ISSUANCES_PER_DAY) return `${today} certificates were issued within 24 hours`;
  const unplanned = since(30 * DAY_MS).filter((c) => !PLANNED.has(c.reason)).length;
  if (unplanned >= UNPLANNED_PER_30_DAYS)
    return `${unplanned} unplanned certificates were issued within 30 days`;
  return secondPurchase(status.orders, resetAtMs);
}

function secondPurchase(orders: readonly OrderRecord[], resetAtMs: number): string | undefined {
  const byNeed = new Map<string, OrderRecord>();
  for (const order of orders) {
    if (order.adopted) continue;
    const need = JSON.stringify([order.environment, order.predecessor ?? null]);
    const first = byNeed.get(need);
    if (first === undefined) byNeed.set(need, order);
    else if (Math.max(toMs(order.placedAt), toMs(first.placedAt)) > resetAtMs) {
      const what = order.predecessor === undefined ? 'first orders' : `orders after ${order.predecessor}`;
      return `${first.id} and ${order.id} are both ${what}`;
    }
  }
  return undefined;
}

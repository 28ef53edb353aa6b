import { licenceRenewBeforeMs } from '../model/licence.js';
import type { OrderRecord, Status } from '../model/status.js';
import { parseTerm } from '../model/term.js';
import { DAY_MS, dayOf, toInstant, toMs } from '../model/time.js';
import { type Condition, condition } from './condition.js';

/** Website protection has no certificate: what is paid is what is there, and what renews itself is believed to be. */
export function protection({ orders, archived }: Status, nowMs: number): readonly Condition[] {
  const main = orders.findLast((order) => !order.addOn);
  if (main?.state !== 'issued') return [];
  const ready = (message: string) => [condition('Ready', 'info', 'OrderActive', main.placedAt, message)];
  if (main.paidTill === undefined || toMs(main.paidTill) > nowMs) return ready(`order ${main.id} is active`);
  if (main.autoRenew) {
    const till = dayOf(toMs(main.paidTill));
    return ready(
      `order ${main.id} was paid until ${till} and renews itself at ${main.provider}; no call shows it`,
    );
  }
  const message = `order ${main.id} was paid until ${main.paidTill}`;
  const level = archived === undefined ? 'attention' : 'info';
  return [condition('Expired', level, 'OrderExpired', main.paidTill, message)];
}

interface Renewing {
  readonly autoRenew?: boolean;
  readonly renewedBy?: 'certwright' | 'provider';
  /** The manifest's `renewBefore`, ms. */
  readonly renewBeforeMs?: number;
}

const URGENT_MS = 7 * DAY_MS;

/** Nobody will renew it: said from the day a renewal would be due, louder in the last week, of an add-on until a week after. */
export function licencesEnding(status: Status, nowMs: number, context: Renewing): readonly Condition[] {
  const { autoRenew, renewedBy = 'certwright' } = context;
  if (autoRenew === undefined || (renewedBy === 'certwright' && autoRenew)) return [];
  const main = status.orders.findLast((order) => !order.addOn);
  return status.orders
    .filter((order) => order === main || isNewest(status, order))
    .flatMap((order) => ending(order, nowMs, renewedBy, context.renewBeforeMs));
}

const isNewest = ({ orders }: Status, order: OrderRecord): boolean =>
  order.addOn === true &&
  orders.findLast(({ product, addOn }) => addOn && product === order.product) === order;

function ending(
  order: OrderRecord,
  nowMs: number,
  renewedBy: 'certwright' | 'provider',
  renewBeforeMs: number | undefined,
): readonly Condition[] {
  const { paidTill, abandoned, state } = order;
  const term = order.term === undefined ? undefined : parseTerm(order.term);
  if (state !== 'issued' || abandoned || order.autoRenew || paidTill === undefined) return [];
  const leftMs = toMs(paidTill) - nowMs;
  const beforeMs = renewBeforeMs ?? licenceRenewBeforeMs(term);
  if (leftMs > beforeMs || (order.addOn && leftMs < -URGENT_MS)) return [];
  const when =
    leftMs > 0
      ? `ends ${dayOf(toMs(paidTill))}, in ${Math.floor(leftMs / DAY_MS)} days`
      : `ended ${dayOf(toMs(paidTill))}`;
  const why = renewedBy === 'provider' ? 'it was placed without automatic renewal' : 'autoRenew is not set';
  const message = `the paid term of ${order.product} (order ${order.id}) ${when}, and ${why}`;
  const level = leftMs < URGENT_MS ? 'attention' : 'warning';
  const since = toInstant(toMs(paidTill) - beforeMs);
  return [condition('Attention', level, 'PaidTermEndingNoRenewal', since, message, order.id)];
}

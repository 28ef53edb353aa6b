import type { OrderSnapshot, OrderState } from '../model/order.js';
import { toMs } from '../model/time.js';

const DEAD: ReadonlySet<OrderState> = new Set(['rejected', 'cancelled', 'refunded']);

/** Ended without a certificate that counts: nothing of it can be used. */
export const isDead = (state: OrderState): boolean => DEAD.has(state);

/** Does this order make another purchase one too many? Pending, or with term left. */
export const stillCounts = (order: OrderSnapshot, nowMs: number): boolean =>
  order.state === 'pending' ||
  (!isDead(order.state) && (order.paidTill === undefined || toMs(order.paidTill) > nowMs));

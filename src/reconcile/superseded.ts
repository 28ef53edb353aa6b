import type { OrderSnapshot } from '../model/order.js';
import type { Status } from '../model/status.js';

/** Why a certificate that arrived late is not published. */
export const SUPERSEDED = 'a certificate of a newer order is served already';

/** Orders stand oldest first; one that is not recorded is the newest. */
export function orderRank({ orders }: Status, { ids }: Pick<OrderSnapshot, 'ids'>): number {
  const index = orders.findIndex((order) => order.ids.some((id) => ids.includes(id)));
  return index < 0 ? orders.length : index;
}

/**
 * A reissue of an order that was renewed meanwhile comes too late: what the renewal brought lives longer, and is for what
 * is declared now.
 */
export const isSuperseded = (status: Status, order: Pick<OrderSnapshot, 'ids'>): boolean =>
  status.current !== undefined &&
  orderRank(status, { ids: [status.current.order] }) > orderRank(status, order);

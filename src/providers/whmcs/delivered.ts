import { deliveryId } from '../../model/delivery.js';
import type { CollectedCertificate, OrderSnapshot } from '../../model/order.js';
import type { Recorded } from '../../ports/provider.js';
import type { Shop } from './shop.js';
import { slotFor } from './slot.js';
import { upstreamOf, upstreamRecorded } from './upstream.js';

/** An order whose certificate comes from another account, as that one shows it. Its term is what the shop sold. */
export async function deliveredOrder(
  shop: Shop,
  base: OrderSnapshot,
  id: string,
  recorded: Recorded | undefined,
): Promise<OrderSnapshot> {
  const upstream = upstreamOf(shop);
  const there = await upstream.getOrder(id, recorded && upstreamRecorded(shop, recorded, id));
  const named = (text: string): string => deliveryId(base.id, upstream.config.id, text);
  const {
    reference: _reference,
    placedAt: _placed,
    paidFrom: _from,
    paidTill: _till,
    charged: _charged,
    continues: _continues,
    term: _term,
    ...shown
  } = there;
  return {
    ...base,
    ...shown,
    id: named(there.id),
    ids: [base.id, ...there.ids.map(named)],
    product: base.product,
    names: recorded?.request.names ?? (there.names.length > 0 ? there.names : base.names),
  };
}

/** It is paid and set up, and nothing there has its request yet. */
export async function undelivered(
  shop: Shop,
  base: OrderSnapshot,
  recorded: Recorded | undefined,
): Promise<OrderSnapshot> {
  const { id } = upstreamOf(shop).config;
  const pending = { ...base, state: 'pending' } as const;
  if (recorded === undefined) {
    const message = `what delivers it at ${id} is not known; map fields.upstream, or write the id there`;
    return { ...pending, waitingFor: 'configuration', message };
  }
  const choice = await slotFor(shop, recorded);
  return 'wait' in choice
    ? { ...pending, ...choice.wait }
    : { ...pending, waitingFor: 'ca', message: `${choice.id} at ${id} gets its request by the next run` };
}

export const collectDelivered = (
  shop: Shop,
  id: string,
  recorded: Recorded | undefined,
): Promise<CollectedCertificate | undefined> =>
  upstreamOf(shop).collect(id, recorded && upstreamRecorded(shop, recorded, id));

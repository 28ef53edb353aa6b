import { dayOf, type Instant, toMs } from '../../model/time.js';
import { parseOrderId } from './service.js';
import type { Shop } from './shop.js';
import { localDateOf } from './wire.js';

/**
 * UpdateClientProduct: modules set due dates by the certificate, and a certificate ends long before its term. Edits the
 * record; no code of a module runs by it.
 */
export async function writeDueDate(shop: Shop, orderId: string, paidTill: Instant): Promise<boolean> {
  const service = await shop.service(parseOrderId(orderId).serviceId);
  const known = localDateOf(service.row, 'nextduedate');
  const day = dayOf(toMs(paidTill));
  // No date: it is billed once.
  if (known === undefined || dayOf(toMs(known)) === day) return false;
  const params = { serviceid: service.id, nextduedate: day };
  await shop.client.read('UpdateClientProduct', params, `service ${service.id}`);
  shop.changed();
  return true;
}

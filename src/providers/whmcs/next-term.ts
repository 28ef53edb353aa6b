import { type Invoice, invoiceOfOrder } from './invoice.js';
import { parseOrderId } from './service.js';
import type { Shop } from './shop.js';

/** Invoices for the terms after the one that an order is for. */
export interface NextTerms {
  readonly serviceId: number;
  /** Invoice of the term itself; 0 where there was none. */
  readonly after: number;
  readonly found: readonly Invoice[];
  readonly complete: boolean;
  readonly dateMs?: number;
}

/** @param orderId  as an order of ours is called, its delivery left out or not */
export async function nextTerms(shop: Shop, orderId: string): Promise<NextTerms> {
  const { serviceId, invoiceId } = parseOrderId(orderId);
  const after = invoiceId ?? (await firstInvoiceId(shop, serviceId));
  return { serviceId, after, ...(await shop.invoices.newerFor(serviceId, after)) };
}

async function firstInvoiceId(shop: Shop, serviceId: number): Promise<number> {
  const { orderId } = await shop.service(serviceId);
  return (orderId === undefined ? undefined : await invoiceOfOrder(shop.client, orderId)) ?? 0;
}

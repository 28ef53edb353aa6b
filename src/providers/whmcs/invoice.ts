import Big from 'big.js';
import { CertError } from '../../model/errors.js';
import type { JsonObject } from '../../model/json.js';
import type { ShopClient } from './client.js';
import { amountOf, idOf, localDateOf, rowsOf, textOf } from './wire.js';

export interface Invoice {
  readonly id: number;
  /** Lower case. */
  readonly status: string;
  /** With its taxes; whether the shop's own `total` counts credit is not documented. */
  readonly total: Big;
  /** Credit on it so far. */
  readonly credit: Big;
  /** What is still to be paid. */
  readonly toPay: Big;
  readonly date?: string;
  /** Services it is for. */
  readonly serviceIds: readonly number[];
}

/** @throws CertError `wire.unexpected` for an invoice whose sums cannot be told */
export async function getInvoice(client: ShopClient, id: number): Promise<Invoice> {
  const { data } = await client.read('GetInvoice', { invoiceid: id }, `invoice ${id}`);
  const status = textOf(data, 'status')?.toLowerCase();
  const [subtotal, credit] = [amountOf(data, 'subtotal'), amountOf(data, 'credit')];
  const balance = amountOf(data, 'balance');
  if (idOf(data, 'invoiceid') !== id || status === undefined || !subtotal || !credit) {
    throw new CertError('wire.unexpected', `the shop does not tell status and sums of invoice ${id}`);
  }
  const zero = new Big(0);
  const total = subtotal.plus(amountOf(data, 'tax') ?? zero).plus(amountOf(data, 'tax2') ?? zero);
  const open = total.minus(credit);
  const date = localDateOf(data, 'date');
  return {
    id,
    status,
    total,
    credit,
    // How the shop forms its balance is not documented: the lower of both is never more than is owed.
    toPay: balance?.lt(open) ? balance : open,
    ...(date === undefined ? {} : { date }),
    serviceIds: rowsOf('GetInvoice', data, 'items', 'item').flatMap(serviceIdIn),
  };
}

/** Lines for domains, add-ons and others have numbers of their own kind, which may be those of services by chance. */
const serviceIdIn = (item: JsonObject): readonly number[] => {
  const type = textOf(item, 'type')?.toLowerCase() ?? SERVICE;
  const id = idOf(item, 'relid');
  return type === SERVICE && id !== undefined ? [id] : [];
};

const SERVICE = 'hosting';

export const isPaid = ({ status }: Invoice): boolean => status === 'paid';
export const isUnpaid = ({ status }: Invoice): boolean => status === 'unpaid';
export const isVoid = ({ status }: Invoice): boolean => status === 'cancelled' || status === 'refunded';

/** The invoice of a WHMCS order; undefined where it has none. */
export async function invoiceOfOrder(client: ShopClient, orderId: number): Promise<number | undefined> {
  return idOf(await getShopOrder(client, orderId), 'invoiceid');
}

/** A WHMCS order. @throws CertError `order.not-found` */
export async function getShopOrder(client: ShopClient, orderId: number) {
  const { data } = await client.read('GetOrders', { id: orderId }, `order ${orderId}`);
  const found = rowsOf('GetOrders', data, 'orders', 'order').find((row) => idOf(row, 'id') === orderId);
  if (found) return found;
  throw new CertError('order.not-found', `the shop has no order ${orderId}`);
}

export interface Invoices {
  /** Of one service, newer than `after`, oldest first, without void ones. */
  newerFor(
    serviceId: number,
    after: number,
  ): Promise<{ readonly found: readonly Invoice[]; readonly complete: boolean; readonly dateMs?: number }>;
}

/** Invoices of a client. What an invoice is for does not change: it is asked for once. */
export function openInvoices(client: ShopClient, clientId: number): Invoices {
  const purposes = new Map<number, readonly number[]>();
  return {
    async newerFor(serviceId, after) {
      const listed = await client.list('GetInvoices', { userid: clientId }, 'invoices', 'invoice');
      const ids = listed.rows
        .flatMap((row) => idOf(row, 'id') ?? [])
        .filter((id) => id > after)
        .sort((a, b) => a - b);
      const found: Invoice[] = [];
      for (const id of ids) {
        const known = purposes.get(id);
        if (known && !known.includes(serviceId)) continue;
        const invoice = await getInvoice(client, id);
        purposes.set(id, invoice.serviceIds);
        if (invoice.serviceIds.includes(serviceId) && !isVoid(invoice)) found.push(invoice);
      }
      const { complete, dateMs } = listed;
      return { found, complete, ...(dateMs === undefined ? {} : { dateMs }) };
    },
  };
}

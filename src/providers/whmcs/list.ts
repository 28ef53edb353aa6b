import type { OrderSnapshot } from '../../model/order.js';
import { MINUTE_MS } from '../../model/time.js';
import type { Clock } from '../../ports/clock.js';
import type { ListedOrder, ListFilter } from '../../ports/provider.js';
import { changedWhileRead } from './errors.js';
import { findProduct } from './options.js';
import { listedOrder } from './orders.js';
import { readService } from './service.js';
import type { Shop } from './shop.js';

/** The services of the client are asked for once by many certificates that look before buying. */
const AGE_MS = 2 * MINUTE_MS;

export interface Orders {
  list(filter: ListFilter): AsyncIterable<ListedOrder>;
  findByReference(reference: string): Promise<readonly OrderSnapshot[]>;
}

/** Services of the products that the configuration names, each as its first term. */
export function openOrders(shop: Shop, clock: Clock): Orders {
  const { client, options } = shop;
  let listed: { readonly atMs: number; readonly orders: Promise<readonly ListedOrder[]> } | undefined;
  const forget = () => {
    listed = undefined;
  };
  shop.onChange(forget);

  async function read(): Promise<readonly ListedOrder[]> {
    const { rows, complete } = await client.list(
      'GetClientsProducts',
      { clientid: options.clientId },
      'products',
      'product',
    );
    if (!complete) throw changedWhileRead('services');
    return rows.flatMap((row) => listedOrder(shop, readService(row)) ?? []);
  }

  function all(): Promise<readonly ListedOrder[]> {
    const nowMs = clock.monotonic();
    if (listed === undefined || nowMs - listed.atMs > AGE_MS) {
      listed = { atMs: nowMs, orders: read() };
      listed.orders.catch(forget);
    }
    return listed.orders;
  }

  return {
    async *list({ names, product }) {
      const wanted = product === undefined ? undefined : findProduct(options, product);
      if (product !== undefined && wanted === undefined) return;
      for (const order of await all()) {
        if (wanted !== undefined && order.product !== wanted.id) continue;
        if (names !== undefined && !names.some((name) => order.names.includes(name))) continue;
        yield {
          ...order,
          ...(order.placedAt === undefined ? {} : { dates: { orderedAt: order.placedAt } }),
        };
      }
    },
    findByReference: async (reference) => (await all()).filter((order) => order.reference === reference),
  };
}

import { CertError } from '../../model/errors.js';
import type { JsonObject } from '../../model/json.js';
import type { StoreClient } from './client.js';
import { idOf } from './wire.js';

/** 50 to 100 are in use; the largest is not documented, so a page may be shorter than asked for. */
const PAGE_SIZE = 100;
/** A list that never ends is none. */
const MOST_PAGES = 10_000;

/**
 * Orders of the account, each once. Pages may overlap while somebody buys, and no total is told: the end is a page that
 * brings nothing new. The list does not refuse wrong credentials, so they are asked about first: an empty list proves
 * nothing otherwise.
 */
export async function listOrders(client: StoreClient, filter: JsonObject): Promise<readonly JsonObject[]> {
  await client.validate();
  const found = new Map<string, JsonObject>();
  for (let page = 1; page <= MOST_PAGES; page++) {
    const { rows } = await client.query(filter, page, PAGE_SIZE);
    if (rows === undefined) {
      throw new CertError('wire.unexpected', 'order/query at The SSL Store gave no list');
    }
    const before = found.size;
    for (const row of rows) {
      const id = idOf(row, 'TheSSLStoreOrderID');
      if (id === undefined)
        throw new CertError('wire.unexpected', 'order/query told an order without its number');
      found.set(id, row);
    }
    if (found.size === before) return [...found.values()];
  }
  throw new CertError('wire.unexpected', 'order/query at The SSL Store has no last page');
}

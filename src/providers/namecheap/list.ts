import { CertError } from '../../model/errors.js';
import type { NamecheapClient } from './client.js';
import type { ListRow } from './wire.js';

/** The largest page that is documented. */
const PAGE_SIZE = 100;
/** A list that never ends is none. */
const MOST_PAGES = 1000;

export interface Listing {
  readonly rows: readonly ListRow[];
  /** Clock of the first page: what came later may have been missed. */
  readonly dateMs: number | undefined;
  /** Every page was read, and the number of certificates stood still meanwhile. */
  readonly complete: boolean;
}

/** All certificates of the account, each once. */
export async function readList(client: NamecheapClient): Promise<Listing> {
  const rows = new Map<string, ListRow>();
  let first: { readonly total: number; readonly dateMs: number | undefined } | undefined;
  let steady = true;
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const got = await client.getList(page, PAGE_SIZE);
    first ??= got;
    steady &&= got.total === first.total;
    const before = rows.size;
    for (const row of got.rows) rows.set(row.id, row);
    // Pages may be shorter than asked for: the end is the total, or a page that brings nothing new.
    if (rows.size >= got.total || rows.size === before) {
      return { rows: [...rows.values()], dateMs: first.dateMs, complete: steady && rows.size === got.total };
    }
  }
  throw new CertError('wire.unexpected', 'ssl.getList at Namecheap has no last page');
}

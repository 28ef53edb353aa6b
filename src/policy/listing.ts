import type { Listing, MissingOrder, RunMemory } from '../model/run-memory.js';
import { DAY_MS, type Instant, toMs } from '../model/time.js';

/** So many complete lists in a row, over so long, before an absence is worth a person's time. */
const LISTS = 3;
const MISSING_MS = 2 * DAY_MS;

/** The orders of ours a list did not hold, counted on from the list before. */
export function missingOrders(
  before: Listing | undefined,
  absent: ReadonlyMap<string, string>,
  at: Instant,
): Listing['missing'] {
  return Object.fromEntries(
    [...absent].map(([id, certificate]) => {
      const known = before?.missing[id];
      return [id, { certificate, since: known?.since ?? at, lists: (known?.lists ?? 0) + 1 }];
    }),
  );
}

/** Not a hiccup of one list any more. It still proves nothing: an account may simply not show an order. */
const isLongMissing = ({ lists, since }: MissingOrder, at: Instant): boolean =>
  lists >= LISTS && toMs(at) - toMs(since) >= MISSING_MS;

/** What a person has to look into, by what the last lists of these accounts showed. */
export interface ListedTrouble {
  readonly certificate: string;
  readonly code: 'order-not-listed' | 'order-doubled';
  readonly message: string;
}

/** @param keys  accounts that are in use, key → id */
export function listedTroubles(
  memory: RunMemory,
  keys: ReadonlyMap<string, string>,
): readonly ListedTrouble[] {
  return [...keys].flatMap(([key, id]) => {
    const listing = memory.accounts[key]?.listing;
    return listing ? [...missing(id, listing), ...doubled(id, listing)] : [];
  });
}

const missing = (account: string, { at, missing: orders }: Listing): readonly ListedTrouble[] =>
  Object.entries(orders)
    .filter(([, order]) => isLongMissing(order, at))
    .map(([id, { certificate, since, lists }]) => ({
      certificate,
      code: 'order-not-listed',
      message: `order ${id} is not in the list of ${account} since ${since}, ${lists} lists in a row; look for it in the portal`,
    }));

const doubled = (account: string, { undeclared }: Listing): readonly ListedTrouble[] =>
  undeclared.flatMap(({ id, doubles, reference }) =>
    doubles === undefined
      ? []
      : [
          {
            certificate: doubles,
            code: 'order-doubled' as const,
            message: `order ${id} at ${account} carries the reference ${reference ?? ''}, and so does another order of ${doubles}: it may have been bought twice; cancel it in the portal, or name it under \`adopt: { ignore: […] }\``,
          },
        ],
  );

import { CertError } from '../../model/errors.js';
import type { Parameters, SectigoClient } from './client.js';
import type { ReportRow } from './wire.js';

/** Asked for at once; what a server gives at most is not known, so nothing depends on it. */
const PAGE = 100;
/** Clients are known to ask for ten at a time: a page with fewer is short whatever the most is. */
const SURELY_SHORT = 10;
/** More pages than any account has: a server that never ends is stopped. */
const MOST_PAGES = 10_000;

const FLAGS: Parameters = {
  showCertificateID: 'Y',
  showAdditionalDomains: 'Y',
  showExtStatus: 'Y',
  showCost: 'Y',
};

export interface Report {
  readonly rows: readonly ReportRow[];
  /** Of the first page: what came later may be missing. */
  readonly dateMs?: number;
  /** Pages overlapped each time, so that nothing was moved past between two of them. */
  readonly complete: boolean;
}

/**
 * Every order that fits. Whether numbers count from 0 or 1, and how much a page holds at most, is not known: the first
 * page names its end alone, each further one begins before the end of what is there already, and the reading ends with
 * a page that is surely short or holds nothing new, never because of the count a page gives.
 */
export async function readReport(client: SectigoClient, filter: Parameters): Promise<Report> {
  const seen = new Map<string, ReportRow>();
  const first = await client.report({ ...filter, ...FLAGS, lastResultNo: String(PAGE) });
  const ended = (complete: boolean): Report => ({
    rows: [...seen.values()],
    complete,
    ...(first.dateMs === undefined ? {} : { dateMs: first.dateMs }),
  });
  let { rows, noOfResults } = first;
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const news = rows.filter(({ orderNumber }) => !seen.has(orderNumber));
    // Nothing known on a further page: something was moved past, or taken away, between the two.
    if (page > 1 && news.length === rows.length) return ended(false);
    for (const row of news) seen.set(row.orderNumber, row);
    // A count above what is there is one of all, and says that a short page is not the last.
    const isLast = rows.length < SURELY_SHORT && noOfResults <= seen.size;
    if (news.length === 0 || isLast) return ended(true);
    const from = seen.size - 1;
    const range = { firstResultNo: String(from), lastResultNo: String(from + PAGE - 1) };
    ({ rows, noOfResults } = await client.report({ ...filter, ...FLAGS, ...range }));
  }
  throw new CertError('wire.unexpected', `the report of orders does not end after ${MOST_PAGES} pages`);
}

/** By our reference. The report does not tell it back for certain: the filter is what vouches for it. */
export const ordersUnder = (client: SectigoClient, reference: string): Promise<Report> =>
  readReport(client, { foreignOrderNumber: reference });

/** The order that has one of these numbers, with its certificates; a replacement's own may be missing there. */
export async function findOrder(
  client: SectigoClient,
  ids: readonly string[],
): Promise<ReportRow | undefined> {
  const { rows } = await readReport(client, { orderNumber: ids.join(',') });
  return rows.find((row) => ids.includes(row.orderNumber));
}

import { validityLimitDays } from '../../model/calendar.js';
import type { PriceRow, ProviderConfig } from '../../model/configuration.js';
import { CertError } from '../../model/errors.js';
import type { JsonObject } from '../../model/json.js';
import { type Money, parseMoney } from '../../model/money.js';
import { formatTerm, parseDuration, parseTerm, type Term, termDays } from '../../model/term.js';
import { DAY_MS } from '../../model/time.js';
import type { ProductInfo } from '../../ports/provider.js';

const FREE_PRODUCT = 'private-server';
const MAX_NAMES = 100;

/** What the `local-ca` keys of a provider's configuration may say. */
export const optionsSchema: JsonObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    validityDays: {
      type: 'integer',
      minimum: 1,
      maximum: 825,
      description:
        'Longest life of one certificate in days (default: what public CAs issue on that day, one below the limit).',
    },
    issueAfter: {
      type: 'string',
      pattern: '^\\d{1,5}[smhd]$',
      description: 'How long an order stays pending before its certificate can be collected, e.g. 10m.',
    },
    balance: {
      type: 'string',
      pattern: '^\\d{1,12}(\\.\\d{1,6})? ?[A-Z]{3}$',
      description: 'Credit the account starts with, e.g. 100 USD; only together with prices.',
    },
  },
};

/** What this account sells and how it issues: the configuration, read once. */
export interface Offer {
  /** false: no paid terms, everything is free and every next certificate is a reissue. */
  readonly priced: boolean;
  readonly products: readonly ProductInfo[];
  readonly defaultProduct?: string;
  /** Longest life of a certificate released at this instant. */
  validityMs(releasedAtMs: number): number;
  readonly issueAfterMs: number;
  /** Starting credit, where one is simulated. */
  readonly credit?: Money;
  /** The price row of a product and term; undefined when that is not sold. */
  rowOf(product: string, term: string | undefined): PriceRow | undefined;
}

/** @throws CertError `config.invalid` */
export function offerOf(config: ProviderConfig): Offer {
  const products = Object.keys(config.prices);
  const priced = products.length > 0;
  const credit = readCredit(config);
  const rows = new Map<string, PriceRow>();
  for (const product of products) {
    for (const [term, row] of Object.entries(config.prices[product] ?? {})) {
      rows.set(`${product} ${term}`, checkedRow(config, `prices.${product}.${term}`, term, row, credit));
    }
  }
  if (credit && !priced)
    throw invalid(config, 'balance', 'needs `prices` beside it, or nothing is ever charged');
  const defaultProduct = !priced || products.includes(FREE_PRODUCT) ? FREE_PRODUCT : products[0];
  return {
    priced,
    products: priced
      ? products.map((id) => pricedProduct(config, id))
      : [productInfo(FREE_PRODUCT, [], MAX_NAMES)],
    ...(defaultProduct !== undefined && { defaultProduct }),
    validityMs: validityOf(config),
    issueAfterMs: readIssueAfter(config),
    ...(credit && { credit }),
    rowOf: (product, term) => (term === undefined ? undefined : rows.get(`${product} ${term}`)),
  };
}

/** Most names a row sells. */
export const maxNamesOf = (row: PriceRow): number =>
  row.perName ? MAX_NAMES : Math.min(row.names, MAX_NAMES);

const invalid = (config: ProviderConfig, key: string, problem: string): CertError =>
  new CertError('config.invalid', `providers.${config.id}.${key} ${problem}.`);

function pricedProduct(config: ProviderConfig, id: string): ProductInfo {
  const rows = Object.entries(config.prices[id] ?? {});
  const terms = rows
    .map(([text]) => parseTerm(text))
    .filter((term) => term !== undefined)
    .sort((a, b) => termDays(a) - termDays(b));
  return productInfo(id, terms, Math.max(0, ...rows.map(([, row]) => maxNamesOf(row))));
}

const productInfo = (id: string, terms: readonly Term[], maxNames: number): ProductInfo => ({
  id,
  vendorCode: id,
  validation: 'dv',
  wildcard: true,
  maxNames,
  terms,
  title: id === FREE_PRODUCT ? 'Private server certificate' : `Private certificate ${id}`,
});

function checkedRow(
  config: ProviderConfig,
  key: string,
  text: string,
  row: PriceRow,
  credit: Money | undefined,
): PriceRow {
  const term = parseTerm(text);
  if (!term || formatTerm(term) !== text) throw invalid(config, key, 'is no term; write 90d or 1y … 5y');
  const { currency } = row.base;
  if (row.perName && row.perName.currency !== currency) {
    throw invalid(config, key, 'mixes currencies; write base and perName in one');
  }
  if (credit && credit.currency !== currency) {
    throw invalid(config, key, `is in ${currency} but balance in ${credit.currency}; use one currency`);
  }
  return row;
}

/** Fixed where the configuration says so; else as public CAs issue, one day below the industry limit of that day. */
function validityOf(config: ProviderConfig): Offer['validityMs'] {
  const days = config.options.validityDays;
  if (days === undefined) return (releasedAtMs) => (validityLimitDays(releasedAtMs) - 1) * DAY_MS;
  if (typeof days !== 'number' || !Number.isInteger(days) || days < 1) {
    throw invalid(config, 'validityDays', 'is no whole number of days');
  }
  return () => days * DAY_MS;
}

function readIssueAfter(config: ProviderConfig): number {
  const text = config.options.issueAfter ?? '0s';
  const ms = typeof text === 'string' ? parseDuration(text) : undefined;
  if (ms === undefined) throw invalid(config, 'issueAfter', 'is no duration; write 10m');
  return ms;
}

function readCredit(config: ProviderConfig): Money | undefined {
  const text = config.options.balance;
  if (text === undefined) return undefined;
  const credit = typeof text === 'string' ? parseMoney(text) : undefined;
  if (!credit) throw invalid(config, 'balance', 'is no amount; write 100 USD');
  return credit;
}

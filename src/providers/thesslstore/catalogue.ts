import Big from 'big.js';
import type { JsonObject } from '../../model/json.js';
import { money } from '../../model/money.js';
import { isWildcard } from '../../model/names.js';
import { formatTerm } from '../../model/term.js';
import { MINUTE_MS } from '../../model/time.js';
import type { Clock } from '../../ports/clock.js';
import type { Quote, QuoteSubject } from '../../ports/provider.js';
import type { StoreClient } from './client.js';
import { findProduct } from './products.js';
import { amountOf, listOf, numberOf, textOf } from './wire.js';

const AGE_MS = 10 * MINUTE_MS;
const DEFAULT_CURRENCY = 'USD';
const CURRENCY = /^[A-Z]{3}$/;

const unknown = (why: string): Quote => ({ price: { kind: 'unknown', why } });
const notSold = (why: string): Quote => ({ price: { kind: 'unknown', why, sold: false } });

/** An amount that can be a price: none below zero is. */
function priceIn(row: JsonObject, key: string): string | undefined {
  const amount = amountOf(row, key);
  return amount?.startsWith('-') ? undefined : amount;
}

export interface Catalogue {
  quote(subject: QuoteSubject): Promise<Quote>;
  /** As configured, else as the account's price list says: of this product, where none was read yet. */
  currency(code: string): Promise<string>;
}

/** Prices of this account, each product asked for once in ten minutes. */
export function openCatalogue(client: StoreClient, clock: Clock, configured: string | undefined): Catalogue {
  const asked = new Map<string, { readonly atMs: number; readonly rows: Promise<readonly JsonObject[]> }>();
  let seen: string | undefined;

  function rowsOf(code: string): Promise<readonly JsonObject[]> {
    const nowMs = clock.monotonic();
    const known = asked.get(code);
    if (known && nowMs - known.atMs <= AGE_MS) return known.rows;
    const rows = client
      .product(code)
      .then((reply) => (reply.verdict?.isError ? [] : (reply.rows ?? [reply.data])));
    asked.set(code, { atMs: nowMs, rows });
    rows.catch(() => asked.delete(code));
    return rows;
  }

  async function currency(code: string): Promise<string> {
    if (configured !== undefined || seen !== undefined) return configured ?? seen ?? DEFAULT_CURRENCY;
    const told = (await rowsOf(code))
      .map((row) => textOf(row, 'CurrencyCode'))
      .find((one) => one !== undefined);
    return told !== undefined && CURRENCY.test(told) ? told : DEFAULT_CURRENCY;
  }

  return {
    currency,
    async quote(subject) {
      const { action, term, names } = subject;
      const product = findProduct(subject.product);
      if (!product) return unknown(`certwright knows no product "${subject.product}" of The SSL Store`);
      if (action === 'reissue') {
        const source = 'a reissue inside the paid term is free';
        const amount = money('0', configured ?? seen ?? DEFAULT_CURRENCY);
        return { price: { kind: 'known', amount, source } };
      }
      if (action === 'add-names') {
        return unknown(
          'what names beyond those bought cost, and whether a reissue takes them, is not documented',
        );
      }
      if (term?.unit !== 'year') return unknown('the manifest names no term of whole years');
      const rows = await rowsOf(product.vendorCode);
      const row = rows.find(
        (one) => textOf(one, 'ProductCode')?.toLowerCase() === product.vendorCode.toLowerCase(),
      );
      if (!row) return notSold(`this account is not sold ${product.id} (${product.vendorCode})`);
      const named = textOf(row, 'CurrencyCode') ?? configured ?? DEFAULT_CURRENCY;
      if (!CURRENCY.test(named)) return unknown(`the price list names the currency "${named}"`);
      seen = named;
      const prices = listOf(row, 'PricingInfo');
      const offered = prices.filter((one) => numberOf(one, 'NumberOfMonths') === term.count * 12);
      // One server is ordered: a row for others, or for any number, is another price.
      const price =
        offered.find((one) => numberOf(one, 'NumberOfServer') === 1) ??
        (offered.length === 1 ? offered[0] : undefined);
      if (!price && offered.length > 0) {
        return unknown(`the price list names several prices of ${product.id}, and none for one server`);
      }
      if (!price) {
        const sold = [...new Set(prices.map((one) => `${numberOf(one, 'NumberOfMonths')}`))].join(', ');
        return notSold(
          `${product.id} is not sold for ${formatTerm(term)} to this account; months on sale: ${sold || 'none'}`,
        );
      }
      const base = priceIn(price, 'Price');
      if (base === undefined) return unknown(`the price list names no price of ${product.id}`);
      if (product.shape === 'multi' && names.some(isWildcard)) {
        return unknown(`how ${product.id} prices wildcard names is not documented`);
      }
      // Whether the names that are included come off is not documented: then this is the most it can be.
      const extra = product.shape === 'multi' ? Math.max(0, names.length - 1) : 0;
      const perName = extra === 0 ? '0' : priceIn(price, 'PricePerAdditionalSAN');
      if (perName === undefined) {
        return unknown(`the price list does not say what a further name of ${product.id} costs`);
      }
      const amount = money(new Big(perName).times(extra).plus(base), named);
      const source =
        extra > 0 && Number(perName) > 0
          ? 'price list of the account; at most this: included names may come off'
          : 'price list of the account';
      return { price: { kind: 'known', amount, source } };
    },
  };
}

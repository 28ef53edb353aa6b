import Big from 'big.js';
import type { ProviderConfig } from '../../model/configuration.js';
import { type Money, money } from '../../model/money.js';
import { priceFor } from '../../model/price.js';
import { formatTerm, type Term } from '../../model/term.js';
import { MINUTE_MS } from '../../model/time.js';
import type { Clock } from '../../ports/clock.js';
import type { Quote, QuoteSubject } from '../../ports/provider.js';
import { namesToBuy } from './add-names.js';
import type { NamecheapClient } from './client.js';
import { INCLUDED_NAMES } from './limits.js';
import { chainFrom } from './orders.js';
import { findProduct, type NamecheapProduct, plainName } from './products.js';
import { extraNames } from './request.js';
import { amountOf, countOf } from './wire.js';
import { allOf, type Element, fieldOf } from './xml.js';

/** The vendor asks that prices be kept. */
const AGE_MS = 60 * MINUTE_MS;

const unknown = (why: string): Quote => ({ price: { kind: 'unknown', why } });
const known = (amount: Money, source: string): Quote => ({ price: { kind: 'known', amount, source } });

const LISTED = 'price list of the account';

interface Priced {
  readonly action: string;
  readonly product: string;
  readonly prices: readonly Element[];
}

/** Categories are named after the action, as in the one documented sample. */
const pricedIn = (result: Element): readonly Priced[] =>
  allOf(result, 'ProductCategory').flatMap((category) =>
    allOf(category, 'Product').map((product) => ({
      action: plainName(category.attributes.get('name') ?? ''),
      product: plainName(product.attributes.get('name') ?? ''),
      prices: allOf(product, 'Price'),
    })),
  );

const priceOf = ({ prices }: Priced, years: number): Money | undefined => {
  const row = prices.find(
    (price) =>
      countOf(price, 'Duration') === years &&
      (price.attributes.get('durationtype') ?? 'YEAR').toUpperCase() === 'YEAR',
  );
  const currency = fieldOf(row, 'Currency');
  return amountOf(
    row,
    'YourPrice',
    currency !== undefined && /^[A-Z]{3}$/.test(currency) ? currency : undefined,
  );
};

/** Prices of this account, asked for once an hour. */
export function openCatalogue(
  client: NamecheapClient,
  clock: Clock,
  config: ProviderConfig,
  typeOf: (product: NamecheapProduct) => string,
): (subject: QuoteSubject) => Promise<Quote> {
  let asked: { readonly atMs: number; readonly rows: Promise<readonly Priced[]> } | undefined;

  function rows(): Promise<readonly Priced[]> {
    const nowMs = clock.monotonic();
    if (asked === undefined || nowMs - asked.atMs > AGE_MS) {
      asked = { atMs: nowMs, rows: client.pricing().then(({ result }) => pricedIn(result)) };
      asked.rows.catch(() => {
        asked = undefined;
      });
    }
    return asked.rows;
  }

  /** By the name it is asked for; else by the names of its class, where they all cost the same. */
  async function listed(product: NamecheapProduct, action: string, term: Term): Promise<Money | undefined> {
    const sold = (await rows()).filter((row) => row.action === action);
    const own = sold.find((row) => row.product === plainName(typeOf(product)));
    if (own) return priceOf(own, term.count);
    const names = [product.vendorCode, ...product.retired].map(plainName);
    const prices = sold.filter((row) => names.includes(row.product)).map((row) => priceOf(row, term.count));
    const [first] = prices;
    const same = prices.every(
      (price) => price?.amount === first?.amount && price?.currency === first?.currency,
    );
    return same ? first : undefined;
  }

  const configured = (product: NamecheapProduct, term: Term | undefined) =>
    term === undefined ? undefined : config.prices[product.id]?.[formatTerm(term)];

  async function ofTerm(product: NamecheapProduct, { action, term, names }: QuoteSubject): Promise<Quote> {
    if (term?.unit !== 'year') return unknown('the manifest names no term of whole years');
    const row = configured(product, term);
    const base = await listed(product, action === 'renew' ? 'renew' : 'purchase', term);
    if (base === undefined) {
      if (row) return known(priceFor(row, names.length), 'configuration');
      return unknown(
        `the price list does not say what ${product.id} costs for ${formatTerm(term)}; write it as \`prices\` in the configuration`,
      );
    }
    const extra = extraNames(product, names);
    if (extra === 0) return known(base, LISTED);
    if (row?.perName === undefined || row.perName.currency !== base.currency) {
      return unknown(
        `names beyond ${INCLUDED_NAMES} are in no price list of Namecheap; write their price as \`prices: { ${product.id}: { ${formatTerm(term)}: { base, names, perName } } }\``,
      );
    }
    const amount = money(new Big(row.perName.amount).times(extra).plus(base.amount), base.currency);
    return known(amount, `${LISTED}, further names by the configuration`);
  }

  async function ofNames(
    product: NamecheapProduct,
    { names, term, predecessorOrderId }: QuoteSubject,
  ): Promise<Quote> {
    const free = money('0', config.currency ?? 'USD');
    if (product.shape !== 'multi' || predecessorOrderId === undefined) {
      return known(free, 'a reissue inside the paid term is free');
    }
    const chain = await chainFrom(client, predecessorOrderId);
    const info = chain.at(-1) ?? chain[0];
    const count = namesToBuy(info, names.length);
    if (count === 0) return known(free, 'the order has room for these names');
    const years: Term | undefined =
      term ?? (info.years === undefined ? undefined : { unit: 'year', count: info.years });
    const row = configured(product, years);
    if (row?.perName === undefined) {
      return unknown(
        `${count} names more than ${product.id} has room for are in no price list of Namecheap; write \`perName\` into \`prices\` of the configuration`,
      );
    }
    const amount = money(new Big(row.perName.amount).times(count), row.perName.currency);
    return known(amount, `${count} further names by the configuration`);
  }

  return async (subject) => {
    const product = findProduct(subject.product);
    if (!product) return unknown(`certwright knows no product "${subject.product}" of Namecheap`);
    if (subject.action === 'reissue') {
      return known(money('0', config.currency ?? 'USD'), 'a reissue inside the paid term is free');
    }
    return subject.action === 'add-names' ? ofNames(product, subject) : ofTerm(product, subject);
  };
}

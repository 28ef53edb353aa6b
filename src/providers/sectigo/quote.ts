import type { PriceRow, ProviderConfig } from '../../model/configuration.js';
import { findLicence, priceTermOf } from '../../model/licence.js';
import { money } from '../../model/money.js';
import { priceFor } from '../../model/price.js';
import type { Quote, QuoteSubject } from '../../ports/provider.js';
import { LICENCE_OFFER } from './licence-products.js';
import { findProduct } from './products.js';

const unknown = (why: string): Quote => ({ price: { kind: 'unknown', why } });

/** There is no call for prices: what the configuration does not say is unknown, and holds. */
export function quoteFor(config: ProviderConfig, currency: string | undefined, subject: QuoteSubject): Quote {
  const { action, product, term, names } = subject;
  if (action === 'reissue' || action === 'add-names') {
    const source = 'no charge for a reissue is known, with other names neither';
    return { price: { kind: 'known', amount: money('0', currency ?? 'USD'), source } };
  }
  const licence = findLicence(LICENCE_OFFER, product);
  if (term === undefined && licence?.terms.length !== 0) return unknown('the manifest names no term');
  const key = priceTermOf(term);
  const row = rowOf(config, licence?.id ?? product, key);
  const where = `providers.${config.id}.prices`;
  if (!row) return unknown(`write the price of ${product} for ${key} below ${where}; no call tells it`);
  if (names.length > row.names && row.perName === undefined) {
    const priced = row.names === 1 ? 'one name' : `${row.names} names`;
    return unknown(`${where} prices ${product} for ${priced}, not for ${names.length}: say names or perName`);
  }
  return {
    price: { kind: 'known', amount: priceFor(row, names.length), source: 'prices in certwright.yaml' },
  };
}

function rowOf({ prices }: ProviderConfig, name: string, term: string): PriceRow | undefined {
  const product = findProduct(name) ?? findLicence(LICENCE_OFFER, name);
  return (prices[product?.id ?? name] ?? prices[product?.vendorCode ?? name])?.[term];
}

import { SITELOCK_PRICES } from './sitelock-products.js';

/** What a product code buys (AutoApplyOrder list). */
export interface Product {
  readonly title: string;
  readonly level: 'DV' | 'OV' | 'EV';
  readonly wildcard: boolean;
  readonly multi: boolean;
}

const dv = (title: string): Product => ({ title, level: 'DV', wildcard: false, multi: false });
const wildcard = (product: Product): Product => ({ ...product, wildcard: true });
const multi = (product: Product): Product => ({ ...product, multi: true });
const ov = (title: string): Product => ({ ...dv(title), level: 'OV' });
const ev = (title: string): Product => ({ ...dv(title), level: 'EV' });

export const PRODUCTS: Readonly<Record<string, Product>> = {
  '287': dv('PositiveSSL'),
  '291': dv('PositiveSSL Trial'),
  '289': wildcard(dv('PositiveSSL Wildcard')),
  '279': multi(dv('PositiveSSL Multi-Domain')),
  '556': ev('PositiveSSL EV'),
  '557': multi(ev('PositiveSSL EV Multi-Domain')),
  '330': dv('InstantSSL DV'),
  '331': wildcard(dv('InstantSSL DV Wildcard')),
  '7': ov('InstantSSL'),
  '35': wildcard(ov('InstantSSL Wildcard')),
  '361': multi(ov('InstantSSL UCC')),
  '567': ev('InstantSSL EV'),
  '568': multi(ev('InstantSSL EV Multi-Domain')),
  '488': dv('SectigoSSL DV'),
  '489': wildcard(dv('SectigoSSL DV Wildcard')),
  '492': multi(dv('SectigoSSL DV UCC')),
  '316': ov('SectigoSSL OV'),
  '322': wildcard(ov('SectigoSSL OV Wildcard')),
  '583': multi(ov('SectigoSSL OV Multi-Domain')),
  '337': ev('SectigoSSL EV'),
  '410': multi(ev('SectigoSSL EV Multi-Domain')),
  '749': dv('EnterpriseSSL DV'),
  '750': wildcard(dv('EnterpriseSSL DV Wildcard')),
  '751': multi(dv('EnterpriseSSL DV Multi-Domain')),
  '63': ov('EnterpriseSSL'),
  '64': ov('EnterpriseSSL Pro'),
  '65': wildcard(ov('EnterpriseSSL Pro Wildcard')),
  '335': multi(ov('EnterpriseSSL Pro Multi-Domain')),
  '562': ev('EnterpriseSSL Pro EV'),
  '563': multi(ev('EnterpriseSSL Pro EV Multi-Domain')),
};

const yearly = (oneYear: number): Readonly<Record<string, string>> => ({
  '365': oneYear.toFixed(2),
  '730': (oneYear * 1.9).toFixed(2),
  '1095': (oneYear * 2.7).toFixed(2),
  '1461': (oneYear * 3.5).toFixed(2),
  '1826': (oneYear * 4.2).toFixed(2),
});

/** Made up: wholesale prices are an account's own. */
export const DEFAULT_PRICES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ...SITELOCK_PRICES,
  '287': { '90': '4.50', ...yearly(9.99) },
  '291': { '30': '0.00' },
  '289': yearly(89),
  '279': yearly(29),
  '556': yearly(79),
  '557': yearly(149),
  '7': yearly(45),
  '35': yearly(199),
  '361': yearly(99),
  '488': yearly(39),
  '489': yearly(149),
  '492': yearly(79),
  '316': yearly(69),
  '322': yearly(249),
  '583': yearly(129),
  '337': yearly(129),
  '410': yearly(249),
};

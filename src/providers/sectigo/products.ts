import type { ProductInfo } from '../../model/capabilities.js';
import type { NameShape } from '../../model/product-rules.js';
import type { Term } from '../../model/term.js';

/** Taken when a manifest names none. */
export const DEFAULT_PRODUCT = 'positivessl';

export interface SectigoProduct extends ProductInfo {
  readonly shape: NameShape;
}

/**
 * Terms the API is known to take in `days`: 90, 365, 730, 1095, 1461, 1826. Which product sells which is the account's
 * price list, which no call shows; what is not sold is refused with -115, before anything is charged.
 */
const TERMS: readonly Term[] = [
  { unit: 'day', count: 90 },
  ...[1, 2, 3, 4, 5].map((count): Term => ({ unit: 'year', count })),
];
const TRIAL: readonly Term[] = [{ unit: 'day', count: 30 }];

/** No number is documented: the text of `domainNames` ends at 32767 characters, which `audit` counts. */
const MANY_NAMES = 4999;

type Row = readonly [
  id: string,
  code: number,
  validation: ProductInfo['validation'],
  shape: NameShape,
  title: string,
];

/** The codes of `!AutoApplyOrder`. `sectigossl` 488 stands as 448 on the page of the older call, a misprint. */
const ROWS: readonly Row[] = [
  ['positivessl', 287, 'dv', 'single', 'PositiveSSL'],
  ['positivessl-trial', 291, 'dv', 'single', 'PositiveSSL trial, 30 days'],
  ['positivessl-wildcard', 289, 'dv', 'wildcard', 'PositiveSSL Wildcard'],
  ['positivessl-multi-domain', 279, 'dv', 'multi', 'PositiveSSL Multi-Domain'],
  ['positivessl-ev', 556, 'ev', 'single', 'PositiveSSL EV'],
  ['positivessl-ev-multi-domain', 557, 'ev', 'multi', 'PositiveSSL EV Multi-Domain'],
  ['instantssl-dv', 330, 'dv', 'single', 'InstantSSL DV'],
  ['instantssl-dv-wildcard', 331, 'dv', 'wildcard', 'InstantSSL DV Wildcard'],
  ['instantssl', 7, 'ov', 'single', 'InstantSSL'],
  ['instantssl-wildcard', 35, 'ov', 'wildcard', 'InstantSSL Wildcard'],
  ['instantssl-multi-domain', 361, 'ov', 'multi', 'InstantSSL Multi-Domain (UCC)'],
  ['instantssl-ev', 567, 'ev', 'single', 'InstantSSL EV'],
  ['instantssl-ev-multi-domain', 568, 'ev', 'multi', 'InstantSSL EV Multi-Domain'],
  ['sectigossl-dv', 488, 'dv', 'single', 'SectigoSSL DV'],
  ['sectigossl-dv-wildcard', 489, 'dv', 'wildcard', 'SectigoSSL DV Wildcard'],
  ['sectigossl-dv-multi-domain', 492, 'dv', 'multi', 'SectigoSSL DV Multi-Domain (UCC)'],
  ['sectigossl-ov', 316, 'ov', 'single', 'SectigoSSL OV'],
  ['sectigossl-ov-wildcard', 322, 'ov', 'wildcard', 'SectigoSSL OV Wildcard'],
  ['sectigossl-ov-multi-domain', 583, 'ov', 'multi', 'SectigoSSL OV Multi-Domain'],
  ['sectigossl-ev', 337, 'ev', 'single', 'SectigoSSL EV'],
  ['sectigossl-ev-multi-domain', 410, 'ev', 'multi', 'SectigoSSL EV Multi-Domain'],
  ['enterprisessl-dv', 749, 'dv', 'single', 'EnterpriseSSL DV'],
  ['enterprisessl-dv-wildcard', 750, 'dv', 'wildcard', 'EnterpriseSSL DV Wildcard'],
  ['enterprisessl-dv-multi-domain', 751, 'dv', 'multi', 'EnterpriseSSL DV Multi-Domain'],
  ['enterprisessl', 63, 'ov', 'single', 'EnterpriseSSL'],
  ['enterprisessl-pro', 64, 'ov', 'single', 'EnterpriseSSL Pro'],
  ['enterprisessl-pro-wildcard', 65, 'ov', 'wildcard', 'EnterpriseSSL Pro Wildcard'],
  ['enterprisessl-pro-multi-domain', 335, 'ov', 'multi', 'EnterpriseSSL Pro Multi-Domain'],
  ['enterprisessl-pro-ev', 562, 'ev', 'single', 'EnterpriseSSL Pro EV'],
  ['enterprisessl-pro-ev-multi-domain', 563, 'ev', 'multi', 'EnterpriseSSL Pro EV Multi-Domain'],
];

export const PRODUCTS: readonly SectigoProduct[] = ROWS.map(([id, code, validation, shape, title]) => ({
  id,
  vendorCode: String(code),
  validation,
  shape,
  title,
  wildcard: shape === 'wildcard',
  maxNames: shape === 'multi' ? MANY_NAMES : 1,
  terms: id === 'positivessl-trial' ? TRIAL : TERMS,
}));

/** A product by certwright's name or by Sectigo's code. */
export const findProduct = (name: string): SectigoProduct | undefined =>
  PRODUCTS.find(({ id, vendorCode }) => id === name || vendorCode === name);

import type { CaaIdentity, ProductInfo } from '../../model/capabilities.js';
import type { NameShape } from '../../model/product-rules.js';
import type { Term } from '../../model/term.js';

export interface NamecheapProduct extends ProductInfo {
  readonly shape: NameShape;
  /** Names of this class that were sold before July 2026: a reply or a price list may still use them. */
  readonly retired: readonly string[];
}

export const DEFAULT_PRODUCT = 'standard-ssl';

/** Whole years; an account that is sold fewer says so by an error, and by its price list before. */
const TERMS: readonly Term[] = [1, 2, 3, 4, 5].map((count): Term => ({ unit: 'year', count }));

const MANY_NAMES = 100;

type Row = readonly [
  id: string,
  name: string,
  validation: ProductInfo['validation'],
  shape: NameShape,
  retired: readonly string[],
];

/** https://www.namecheap.com/support/api/methods/ssl/create/; which retired name becomes which is not published: by class. */
const ROWS: readonly Row[] = [
  ['standard-ssl', 'Standard SSL', 'dv', 'single', ['PositiveSSL', 'EssentialSSL']],
  [
    'standard-ssl-wildcard',
    'Standard Wildcard SSL',
    'dv',
    'wildcard',
    ['PositiveSSL Wildcard', 'EssentialSSL Wildcard'],
  ],
  ['san-certificate', 'SAN Certificate', 'dv', 'multi', ['PositiveSSL Multi Domain']],
  [
    'high-assurance-ssl',
    'High Assurance SSL',
    'ov',
    'single',
    ['InstantSSL', 'InstantSSL Pro', 'PremiumSSL'],
  ],
  ['ov-wildcard-ssl', 'OV Wildcard SSL', 'ov', 'wildcard', ['PremiumSSL Wildcard']],
  [
    'ov-multi-domain-ssl',
    'OV Multi-domain SSL',
    'ov',
    'multi',
    ['Multi Domain SSL', 'Unified Communications'],
  ],
  ['ev-ssl', 'EV SSL', 'ev', 'single', []],
  ['ev-multi-domain-ssl', 'EV Multi-Domain SSL', 'ev', 'multi', ['EV Multi Domain SSL']],
];

/** Issued by SSL.com since 11 July 2026, by Sectigo before. */
const CAA: CaaIdentity = { domains: ['ssl.com'], perhaps: ['sectigo.com', 'comodoca.com', 'comodo.com'] };

export const PRODUCTS: readonly NamecheapProduct[] = ROWS.map(([id, name, validation, shape, retired]) => ({
  id,
  vendorCode: name,
  title: name,
  validation,
  shape,
  retired,
  wildcard: shape === 'wildcard',
  maxNames: shape === 'multi' ? MANY_NAMES : 1,
  terms: TERMS,
  caa: CAA,
}));

/** A product by certwright's name or by the vendor's present one. */
export const findProduct = (name: string): NamecheapProduct | undefined =>
  PRODUCTS.find(({ id, vendorCode }) => id === name || vendorCode === name);

/** Names compare without case, spaces and punctuation: replies and price lists write them in several ways. */
export const plainName = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

/** The product behind a type in a reply, its retired names included; undefined for a name nobody has listed. */
export function productOfType(type: string): NamecheapProduct | undefined {
  const wanted = plainName(type);
  return PRODUCTS.find(({ vendorCode, retired }) =>
    [vendorCode, ...retired].some((name) => plainName(name) === wanted),
  );
}

export interface Product {
  readonly level: 'DV' | 'OV' | 'EV';
  readonly wildcard: boolean;
  /** Names that come with it; 1: no list of names. */
  readonly included: 1 | 3;
}

const product = (level: Product['level'], wildcard: boolean, included: Product['included']): Product => ({
  level,
  wildcard,
  included,
});

/** Present names. */
export const PRODUCTS: Readonly<Record<string, Product>> = {
  'Standard SSL': product('DV', false, 1),
  'Standard Wildcard SSL': product('DV', true, 1),
  'SAN Certificate': product('DV', false, 3),
  'High Assurance SSL': product('OV', false, 1),
  'OV Wildcard SSL': product('OV', true, 1),
  'OV Multi-domain SSL': product('OV', false, 3),
  'EV SSL': product('EV', false, 1),
  'EV Multi-Domain SSL': product('EV', false, 3),
};

/** What a retired name brings: the table is not published, this one goes by class. */
const SUCCESSORS: Readonly<Record<string, string>> = {
  PositiveSSL: 'Standard SSL',
  EssentialSSL: 'Standard SSL',
  'PositiveSSL Wildcard': 'Standard Wildcard SSL',
  'EssentialSSL Wildcard': 'Standard Wildcard SSL',
  'PositiveSSL Multi Domain': 'SAN Certificate',
  InstantSSL: 'High Assurance SSL',
  'InstantSSL Pro': 'High Assurance SSL',
  PremiumSSL: 'High Assurance SSL',
  'PremiumSSL Wildcard': 'OV Wildcard SSL',
  'Multi Domain SSL': 'OV Multi-domain SSL',
  'Unified Communications': 'OV Multi-domain SSL',
  'EV Multi Domain SSL': 'EV Multi-Domain SSL',
};

const keyed = <T>(table: Readonly<Record<string, T>>): ReadonlyMap<string, readonly [string, T]> =>
  new Map(Object.entries(table).map(([name, value]) => [name.toLowerCase(), [name, value]]));

const CURRENT = keyed(PRODUCTS);
const RETIRED = keyed(SUCCESSORS);

/** Present name of a type that was asked for, whatever its letters; undefined for one nobody sells. */
export function currentName(type: string): string | undefined {
  const key = type.trim().toLowerCase();
  return CURRENT.get(key)?.[0] ?? RETIRED.get(key)?.[1];
}

/** Names of a product that were sold before. */
export const retiredNames = (name: string): readonly string[] =>
  Object.entries(SUCCESSORS).flatMap(([retired, now]) => (now === name ? [retired] : []));

export interface PriceRow {
  readonly years: number;
  readonly purchase: string;
  readonly renew: string;
}

const rows = (...prices: readonly string[]): readonly PriceRow[] =>
  prices.map((price, i) => ({ years: i + 1, purchase: price, renew: price }));

export const DEFAULT_PRICES: Readonly<Record<string, readonly PriceRow[]>> = {
  'Standard SSL': rows('9.00', '17.00', '25.00', '33.00', '40.00'),
  'Standard Wildcard SSL': rows('75.00', '145.00'),
  'SAN Certificate': rows('25.00', '47.00'),
  'High Assurance SSL': rows('35.00', '66.00'),
  'EV SSL': rows('79.00'),
};

/** What a product code buys. */
export interface Product {
  readonly title: string;
  readonly vendor: 'COMODO' | 'SECTIGO' | 'DIGICERT';
  readonly level: 'DV' | 'OV' | 'EV';
  readonly wildcard: boolean;
  /** Names beside the common name that the price includes; absent: no list of names. */
  readonly included?: number;
}

const sectigo = (title: string, level: Product['level'], more: Partial<Product> = {}): Product => ({
  title,
  vendor: 'COMODO',
  level,
  wildcard: false,
  ...more,
});
const digicert = (title: string, level: Product['level'], more: Partial<Product> = {}): Product => ({
  ...sectigo(title, level, more),
  vendor: 'DIGICERT',
});

/** A choice of the codes there are: what a seller has on offer differs from account to account. */
export const PRODUCTS: Readonly<Record<string, Product>> = {
  positivessl: sectigo('PositiveSSL', 'DV'),
  positivesslwildcard: sectigo('PositiveSSL Wildcard', 'DV', { wildcard: true }),
  positivemdcssl: sectigo('PositiveSSL Multi-Domain', 'DV', { included: 2 }),
  positiveevssl: sectigo('PositiveSSL EV', 'EV'),
  essentialssl: sectigo('EssentialSSL', 'DV'),
  instantssl: sectigo('InstantSSL', 'OV'),
  sectigossl: sectigo('Sectigo SSL', 'DV', { vendor: 'SECTIGO' }),
  sectigoovssl: sectigo('Sectigo OV SSL', 'OV', { vendor: 'SECTIGO' }),
  digi_rapidssl: digicert('RapidSSL', 'DV'),
  digi_rapidssl_wc: digicert('RapidSSL Wildcard', 'DV', { wildcard: true }),
  digi_ssl_dv_geotrust_flex: digicert('GeoTrust DV SSL', 'DV', { included: 0 }),
  digi_ssl_basic: digicert('Basic OV', 'OV'),
};

/** One price list row: months, price, price of each name beyond the included ones. */
export interface PriceRow {
  readonly months: number;
  readonly price: string;
  readonly perName: string;
}

const yearly = (oneYear: number, perName = 0): readonly PriceRow[] =>
  [1, 2, 3].map((years) => ({
    months: years * 12,
    price: (oneYear * years * (1 - (years - 1) * 0.05)).toFixed(2),
    perName: (perName * years).toFixed(2),
  }));

/** Made up: wholesale prices are an account's own. */
export const DEFAULT_PRICES: Readonly<Record<string, readonly PriceRow[]>> = {
  positivessl: yearly(7),
  positivesslwildcard: yearly(70),
  positivemdcssl: yearly(19, 6),
  positiveevssl: yearly(80),
  essentialssl: yearly(12),
  instantssl: yearly(30),
  sectigossl: yearly(20),
  sectigoovssl: yearly(40),
  digi_rapidssl: yearly(10),
  digi_rapidssl_wc: yearly(90),
  digi_ssl_dv_geotrust_flex: yearly(45, 15),
  digi_ssl_basic: yearly(130),
};

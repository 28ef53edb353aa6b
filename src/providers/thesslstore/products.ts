import type { CaaIdentity, ProductInfo } from '../../model/capabilities.js';
import type { NameShape } from '../../model/product-rules.js';
import type { Term } from '../../model/term.js';

/** Who issues: methods and words of domain validation differ. */
export type Authority = 'sectigo' | 'digicert';

export interface StoreProduct extends ProductInfo {
  readonly authority: Authority;
  readonly shape: NameShape;
}

export const DEFAULT_PRODUCT = 'positivessl';

/** Terms in whole years; which of them an account is sold, its catalogue says when the price is asked. */
const TERMS: readonly Term[] = [1, 2, 3, 4, 5].map((count): Term => ({ unit: 'year', count }));

/** Largest list of names that the catalogue of public resellers shows; the account's `MaxSan` decides at the order. */
const MANY_NAMES = 250;

type Row = readonly [
  id: string,
  code: string,
  authority: Authority,
  validation: ProductInfo['validation'],
  shape: NameShape,
  title: string,
];

/**
 * Product codes of the API by certwright's names, which are those of other providers for the same product. Products whose
 * names may be wildcards beside others are left out: how their wildcard names are counted and priced is not documented.
 */
const ROWS: readonly Row[] = [
  ['positivessl', 'positivessl', 'sectigo', 'dv', 'single', 'PositiveSSL'],
  ['positivessl-wildcard', 'positivesslwildcard', 'sectigo', 'dv', 'wildcard', 'PositiveSSL Wildcard'],
  ['positivessl-multi-domain', 'positivemdcssl', 'sectigo', 'dv', 'multi', 'PositiveSSL Multi-Domain'],
  ['positivessl-ev', 'positiveevssl', 'sectigo', 'ev', 'single', 'PositiveSSL EV'],
  ['positivessl-ev-multi-domain', 'positiveevmdc', 'sectigo', 'ev', 'multi', 'PositiveSSL EV Multi-Domain'],
  ['essentialssl', 'essentialssl', 'sectigo', 'dv', 'single', 'EssentialSSL'],
  ['essentialssl-wildcard', 'essentialwildcard', 'sectigo', 'dv', 'wildcard', 'EssentialSSL Wildcard'],
  ['instantssl', 'instantssl', 'sectigo', 'ov', 'single', 'InstantSSL'],
  ['instantssl-pro', 'instantsslpro', 'sectigo', 'ov', 'single', 'InstantSSL Pro'],
  ['instantssl-premium', 'comodopremiumssl', 'sectigo', 'ov', 'single', 'InstantSSL Premium'],
  [
    'instantssl-premium-wildcard',
    'comodopremiumwildcard',
    'sectigo',
    'ov',
    'wildcard',
    'InstantSSL Premium Wildcard',
  ],
  ['sectigossl-dv', 'sectigossl', 'sectigo', 'dv', 'single', 'SectigoSSL DV'],
  ['sectigossl-dv-wildcard', 'sectigowildcard', 'sectigo', 'dv', 'wildcard', 'SectigoSSL DV Wildcard'],
  [
    'sectigossl-dv-multi-domain',
    'sectigodvucc',
    'sectigo',
    'dv',
    'multi',
    'SectigoSSL DV Multi-Domain (UCC)',
  ],
  ['sectigossl-ov', 'sectigoovssl', 'sectigo', 'ov', 'single', 'SectigoSSL OV'],
  ['sectigossl-ov-wildcard', 'sectigoovwildcard', 'sectigo', 'ov', 'wildcard', 'SectigoSSL OV Wildcard'],
  ['sectigossl-ov-multi-domain', 'sectigomdc', 'sectigo', 'ov', 'multi', 'SectigoSSL OV Multi-Domain'],
  ['sectigossl-ev', 'sectigoevssl', 'sectigo', 'ev', 'single', 'SectigoSSL EV'],
  ['sectigossl-ev-multi-domain', 'sectigoevmdc', 'sectigo', 'ev', 'multi', 'SectigoSSL EV Multi-Domain'],
  ['enterprisessl', 'enterprisessl', 'sectigo', 'ov', 'single', 'EnterpriseSSL'],
  ['enterprisessl-pro', 'enterprisepro', 'sectigo', 'ov', 'single', 'EnterpriseSSL Pro'],
  [
    'enterprisessl-pro-wildcard',
    'enterpriseprowc',
    'sectigo',
    'ov',
    'wildcard',
    'EnterpriseSSL Pro Wildcard',
  ],
  ['enterprisessl-pro-ev', 'enterpriseproev', 'sectigo', 'ev', 'single', 'EnterpriseSSL Pro EV'],
  [
    'enterprisessl-pro-ev-multi-domain',
    'enterpriseproevmdc',
    'sectigo',
    'ev',
    'multi',
    'EnterpriseSSL Pro EV Multi-Domain',
  ],
  ['rapidssl', 'digi_rapidssl', 'digicert', 'dv', 'single', 'RapidSSL'],
  ['rapidssl-wildcard', 'digi_rapidssl_wc', 'digicert', 'dv', 'wildcard', 'RapidSSL Wildcard'],
  ['geotrust-dv', 'digi_ssl_dv_geotrust_flex', 'digicert', 'dv', 'multi', 'GeoTrust DV SSL'],
  ['thawte-ssl123', 'digi_ssl123_flex', 'digicert', 'dv', 'multi', 'Thawte SSL123'],
  ['digicert-basic', 'digi_ssl_basic', 'digicert', 'ov', 'single', 'DigiCert Basic OV'],
  ['digicert-basic-ev', 'digi_ssl_ev_basic', 'digicert', 'ev', 'single', 'DigiCert Basic EV'],
  ['digicert-secure-site', 'digi_securesite_flex', 'digicert', 'ov', 'multi', 'DigiCert Secure Site'],
  [
    'digicert-secure-site-ev',
    'digi_securesite_ev_flex',
    'digicert',
    'ev',
    'multi',
    'DigiCert Secure Site EV',
  ],
  [
    'digicert-secure-site-pro',
    'digi_securesite_pro_flex',
    'digicert',
    'ov',
    'multi',
    'DigiCert Secure Site Pro',
  ],
  [
    'digicert-secure-site-pro-ev',
    'digi_securesite_pro_ev_flex',
    'digicert',
    'ev',
    'multi',
    'DigiCert Secure Site Pro EV',
  ],
  ['geotrust-truebusinessid', 'digi_truebizid_flex', 'digicert', 'ov', 'multi', 'GeoTrust True BusinessID'],
  [
    'geotrust-truebusinessid-ev',
    'digi_truebizid_ev_flex',
    'digicert',
    'ev',
    'multi',
    'GeoTrust True BusinessID EV',
  ],
  ['thawte-webserver', 'digi_sslwebserver_flex', 'digicert', 'ov', 'multi', 'Thawte Web Server'],
  ['thawte-webserver-ev', 'digi_sslwebserver_ev_flex', 'digicert', 'ev', 'multi', 'Thawte Web Server EV'],
];

/** Issuer domain names: the authorities' own, and those of brands that they say they took over. */
const CAA: Readonly<Record<Authority, CaaIdentity>> = {
  sectigo: {
    domains: ['sectigo.com'],
    perhaps: ['comodo.com', 'comodoca.com', 'usertrust.com', 'trust-provider.com'],
  },
  digicert: {
    domains: ['digicert.com'],
    perhaps: [
      'symantec.com',
      'geotrust.com',
      'rapidssl.com',
      'thawte.com',
      'digicert.ne.jp',
      'cybertrust.ne.jp',
    ],
  },
};

export const PRODUCTS: readonly StoreProduct[] = ROWS.map(
  ([id, code, authority, validation, shape, title]) => ({
    id,
    vendorCode: code,
    authority,
    validation,
    shape,
    title,
    wildcard: shape === 'wildcard',
    maxNames: shape === 'multi' ? MANY_NAMES : 1,
    terms: TERMS,
    caa: CAA[authority],
  }),
);

/** A product by certwright's name or by the store's code. */
export const findProduct = (name: string): StoreProduct | undefined =>
  PRODUCTS.find(({ id, vendorCode }) => id === name || vendorCode === name);

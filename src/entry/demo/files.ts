import { parseDocument } from 'yaml';

/** What a person adds to the configuration `init` wrote: an account that costs money, and limits for it. */
export const ADDED_CONFIGURATION = `\
providers:
  reseller:
    type: local-ca # with prices it sells terms, as a shop does
    balance: 100 USD
    prices:
      standard:
        1y: { base: 19.00 USD, names: 3, perName: 5.00 USD }
        2y: { base: 34.00 USD, names: 3, perName: 9.00 USD }
policy:
  spending: { perOrder: 50 USD, perDay: 100 USD, perMonth: 500 USD }
`;

/** The configuration with the additions in place, its own text and comments kept. */
export function withAddedConfiguration(text: string): string {
  const document = parseDocument(text);
  const added = parseDocument(ADDED_CONFIGURATION);
  for (const path of [
    ['providers', 'reseller'],
    ['policy', 'spending'],
  ]) {
    document.setIn(path, added.getIn(path));
  }
  return document.toString({ lineWidth: 0 });
}

export const MANIFESTS: Readonly<Record<string, string>> = {
  'certificates/wiki.yaml': 'domain: wiki.example.com\n',
  'certificates/apps.yaml': 'domains: [apps.example.com, "*.apps.example.com"]\n',
  'certificates/shop.yaml': `\
domains: [shop.example.com, www.shop.example.com]
provider: reseller
term: 1y
autoRenew: true
maxPrice: 25.00 USD
`,
};

/** One more name: a reissue inside the paid term. */
export const SHOP_WITH_ONE_MORE_NAME = `\
domains: [shop.example.com, www.shop.example.com, pay.example.com]
provider: reseller
term: 1y
autoRenew: true
maxPrice: 25.00 USD
`;

/** A longer term at once: a new order. */
export const SHOP_FOR_TWO_YEARS = `\
domains: [shop.example.com, www.shop.example.com, pay.example.com]
provider: reseller
term: 2y
migrate: now
autoRenew: true
maxPrice: 40.00 USD
`;

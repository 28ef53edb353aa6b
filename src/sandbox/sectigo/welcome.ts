import { PRODUCTS } from './products.js';
import type { SectigoSettings } from './settings.js';
import { ONCE, SITELOCK } from './sitelock-products.js';

/** What a person has to know before the first order. */
export function hintsOf({
  autoApprove,
  dnsServer,
  webServers,
  tlsWebServers,
}: SectigoSettings): readonly string[] {
  if (autoApprove) return ['Every name counts as proved at once (autoApprove).'];
  const hosts = (servers: Readonly<Record<string, string>>): string =>
    Object.entries(servers)
      .map(([name, server]) => `${name} at ${server}`)
      .join(', ') || 'nowhere';
  return [
    `CNAME records are looked up at ${dnsServer || 'no server'}; set dnsServer=127.0.0.1:53 or dnsServer=system.`,
    `Files are looked for ${hosts(webServers)} (http), ${hosts(tlsWebServers)} (https); set webServers={"*":"127.0.0.1:80"}.`,
    'Mails are not sent; POST orders/NUMBER/approve is the click. POST orders/NUMBER/validate proves everything.',
  ];
}

/** Terms as a configuration names them. */
const TERMS: Readonly<Record<string, string>> = {
  '365': '1y',
  '730': '2y',
  '1095': '3y',
  '1461': '4y',
  '1826': '5y',
  [ONCE]: 'once',
};

/** What is left of a terminal's 80 columns once the account has indented a row. */
const WIDTH = 74;

/** An order of several domains costs the same for however many. */
const PRICED_NAMES = 100;

/**
 * What a configuration has to say beside address and login: the wire has no price call. One year of each product, or its
 * shortest term where there is no year.
 */
export function configurationOf({ prices, currency }: SectigoSettings): readonly string[] {
  const rows = Object.entries(prices).flatMap(([code, terms]) => {
    const days = terms['365'] === undefined ? Object.keys(terms)[0] : '365';
    if (days === undefined) return [];
    const term = TERMS[days] ?? `${days}d`;
    const { multi = false } = PRODUCTS[code] ?? {};
    const { title = 'unknown' } = PRODUCTS[code] ?? SITELOCK[code] ?? {};
    const names = multi ? `, names: ${PRICED_NAMES}` : '';
    const price = `  "${code}": { ${term}: { base: ${terms[days]} ${currency}${names} } }`;
    const row = `${price} # ${title}`;
    return row.length <= WIDTH ? [row] : [`  # ${title}`, price];
  });
  return [`currency: ${currency}`, ...(rows.length === 0 ? [] : ['prices:', ...rows])];
}

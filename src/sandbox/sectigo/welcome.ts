import { PRODUCTS } from './products.js';
import type { SectigoSettings } from './settings.js';

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

/** One year of what is sold, or the shortest term where there is no year. */
export const priceRows = ({ prices, currency }: SectigoSettings) =>
  Object.entries(prices).flatMap(([code, terms]) => {
    const [days, amount] =
      terms['365'] === undefined ? (Object.entries(terms)[0] ?? []) : ['365', terms['365']];
    if (amount === undefined) return [];
    return [
      { product: `${code} ${PRODUCTS[code]?.title ?? ''}`, price: `${days} days ${amount} ${currency}` },
    ];
  });

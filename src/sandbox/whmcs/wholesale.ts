import type { Product } from './products.js';
import type { Desk, Service } from './state.js';

const YEARS: Readonly<Record<string, number>> = { annually: 1, biennially: 2, triennially: 3 };

/** What came of a call at the wholesaler: an id, or a sentence. */
type Bought = { readonly id: string } | { readonly said: string };

/** The wholesaler's API, as a module calls it: one address, its login and the command in the query. */
async function call({ settings }: Desk, command: string, parameters: Readonly<Record<string, string>>) {
  const { wholesaleUrl, wholesaleUser, wholesaleKey, wholesaleIp } = settings;
  const query = new URLSearchParams({
    ApiUser: wholesaleUser,
    UserName: wholesaleUser,
    ApiKey: wholesaleKey,
    ClientIp: wholesaleIp,
    Command: `namecheap.ssl.${command}`,
    ...parameters,
  });
  const reply = await fetch(`${wholesaleUrl.replace(/\/+$/, '')}/xml.response?${query}`);
  return reply.text();
}

const idIn = (xml: string): Bought => {
  const id = /CertificateID="([^"]+)"/i.exec(xml)?.[1];
  if (id !== undefined) return { id };
  return { said: /<Error[^>]*>([^<]+)</.exec(xml)?.[1] ?? 'The wholesaler gave no answer that can be read' };
};

/** Bought and not activated: the request is the business of whoever has the account. */
export async function buy(desk: Desk, product: Product, service: Service): Promise<Bought> {
  return idIn(
    await call(desk, 'create', {
      Type: product.wholesaleType ?? '',
      Years: String(YEARS[service.cycle] ?? 1),
      ...(service.quantity > 0 ? { SANStoADD: String(service.quantity) } : {}),
    }),
  );
}

/** The next term of what delivers the service by now. */
export async function renew(
  desk: Desk,
  product: Product,
  service: Service,
  remoteId: string,
): Promise<Bought> {
  return idIn(
    await call(desk, 'renew', {
      CertificateID: await followed(desk, remoteId),
      Years: String(YEARS[service.cycle] ?? 1),
      SSLType: product.wholesaleType ?? '',
    }),
  );
}

const LONGEST = 50;

/** A reissue gives another id; the module's sync follows it. */
export async function followed(desk: Desk, remoteId: string): Promise<string> {
  let id = remoteId;
  for (let i = 0; i < LONGEST; i += 1) {
    const next = /ReplacedBy="([^"]+)"/i.exec(await call(desk, 'getInfo', { CertificateID: id }))?.[1];
    if (next === undefined || next === '0' || next === id) return id;
    id = next;
  }
  return id;
}

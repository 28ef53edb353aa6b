import type { JsonObject } from '../../model/json.js';
import { isWildcard } from '../../model/names.js';
import type { DcvItem, OrderRequest, RequestedValidation } from '../../model/order.js';
import type { Authority } from './products.js';
import { bare } from './request.js';
import { listOf, objectOf, textOf } from './wire.js';

/** What stands for done, in any case of letters; everything else is not. */
const DONE: ReadonlySet<string> = new Set(['validated', 'complete', 'valid']);

type Method = 'email' | 'file' | 'https-file' | 'dns';

/** A mailbox as method is a mail to it. */
function methodOf(text: string | undefined): Method | undefined {
  const word = text?.toUpperCase();
  if (word === undefined) return undefined;
  if (word.includes('@') || word === 'EMAIL') return 'email';
  if (word === 'HTTPS_CSR_HASH' || word === 'HTTPS') return 'https-file';
  if (word === 'HTTP_CSR_HASH' || word === 'HTTP' || word === 'FILE') return 'file';
  // DNS_CNAME_TOKEN is none of these: what is published for it is not documented.
  return word === 'CNAME_CSR_HASH' || word === 'CNAME' || word === 'DNS' ? 'dns' : undefined;
}

const OURS: Readonly<Record<Method, DcvItem['method']>> = {
  email: 'email',
  file: 'http',
  'https-file': 'http',
  dns: 'dns',
};

/** The last part of what may be a name, a path or an address. */
const fileName = (text: string): string => text.split(/[\\/]/).at(-1) ?? text;

interface Told {
  readonly domain: string;
  readonly method: string | undefined;
  readonly status: string | undefined;
  readonly record?: NonNullable<DcvItem['record']>;
}

/** What to publish for a name: DigiCert a TXT record at the name itself, Sectigo a CNAME. Texts as they came. */
function recordOf(
  domain: string,
  entry: JsonObject,
  method: Method | undefined,
  authority: Authority,
): DcvItem['record'] {
  const owner = textOf(entry, 'DNSName');
  const value = textOf(entry, 'DNSEntry');
  const file = textOf(entry, 'FileName');
  const content = textOf(entry, 'FileContents');
  const at = domain.replace(/^\*\./, '');
  switch (method) {
    case 'dns':
      if (value === undefined) return undefined;
      if (authority === 'digicert') return { type: 'TXT', owner: owner ?? at, value };
      return owner === undefined ? undefined : { type: 'CNAME', owner, value };
    case 'file':
    case 'https-file':
      if (file === undefined || content === undefined) return undefined;
      return {
        type: 'file',
        url: `${method === 'file' ? 'http' : 'https'}://${at}/.well-known/pki-validation/${fileName(file)}`,
        content,
      };
    case 'email': {
      const address = textOf(entry, 'dcvMethod');
      return address?.includes('@') ? { type: 'email', address } : undefined;
    }
    case undefined:
      return undefined;
  }
}

/** The main domain's data stands beside the list as well, and alone where the list is missing. */
function orderLevel(order: JsonObject, authority: Authority): readonly Told[] {
  const domain = textOf(order, 'CommonName')?.toLowerCase();
  if (domain === undefined) return [];
  const entry = {
    DNSName: order.CNAMEAuthName ?? null,
    DNSEntry: order.CNAMEAuthValue ?? null,
    FileName: order.AuthFileName ?? null,
    FileContents: order.AuthFileContent ?? null,
  };
  const method: Method | undefined = textOf(entry, 'DNSEntry')
    ? 'dns'
    : textOf(entry, 'FileContents')
      ? 'file'
      : undefined;
  const record = recordOf(domain, entry, method, authority);
  return record === undefined
    ? []
    : [{ domain, method: method === 'dns' ? 'DNS' : 'FILE', status: undefined, record }];
}

function toldBy(order: JsonObject, authority: Authority): readonly Told[] {
  const rows = listOf(objectOf(order, 'OrderStatus'), 'DomainAuthVettingStatus');
  if (rows.length === 0) return orderLevel(order, authority);
  return rows.flatMap((row) => {
    const domain = textOf(row, 'domain')?.toLowerCase();
    if (domain === undefined) return [];
    const method = textOf(row, 'dcvMethod');
    const record = recordOf(domain, row, methodOf(method), authority);
    return [
      { domain, method, status: textOf(row, 'dcvStatus'), ...(record === undefined ? {} : { record }) },
    ];
  });
}

const isDone = ({ status }: Told): boolean => status !== undefined && DONE.has(status.toLowerCase());

function toldItem(told: Told): DcvItem {
  const method = methodOf(told.method);
  const strange =
    method === undefined && told.method !== undefined
      ? `The SSL Store calls the method "${told.method}"`
      : undefined;
  return {
    name: told.domain,
    method: method === undefined ? 'manual' : OURS[method],
    state: isDone(told) ? 'valid' : 'pending',
    ...(told.record === undefined ? {} : { record: told.record }),
    ...(strange === undefined ? {} : { message: strange }),
  };
}

/** State of each name with what to publish: by the names asked for where they are known, else as they are told. */
export function dcvItems(
  order: JsonObject,
  authority: Authority,
  request: OrderRequest | undefined,
): readonly DcvItem[] {
  const told = toldBy(order, authority);
  if (request === undefined) return told.map(toldItem);
  return request.validation.map((wish) => askedItem(wish, told));
}

function askedItem(wish: RequestedValidation, told: readonly Told[]): DcvItem {
  const domain =
    told.find((one) => one.domain === wish.name) ??
    told.find(
      (one) =>
        one.domain === bare(wish.name) || (isWildcard(one.domain) && bare(one.domain) === bare(wish.name)),
    );
  if (domain === undefined) {
    return {
      name: wish.name,
      method: wish.method,
      state: 'pending',
      message: 'The SSL Store does not tell yet how this name is proved',
    };
  }
  const item = toldItem(domain);
  const ways = { dns: 'dns', manual: 'dns', http: 'http', email: 'email' } as const;
  const other = item.method !== ways[wish.method] && item.state !== 'valid' && domain.method !== undefined;
  const message = other ? `The SSL Store proves this name by "${domain.method}"` : item.message;
  return {
    name: wish.name,
    method: wish.method,
    state: item.state,
    ...(item.record === undefined ? {} : { record: item.record }),
    ...(message === undefined ? {} : { message }),
  };
}

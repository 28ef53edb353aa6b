import type { HttpReply } from '../../http/message.js';
import { CertError, type Effect } from '../../model/errors.js';
import { type Money, money, plainDecimal } from '../../model/money.js';
import { type Instant, toInstant } from '../../model/time.js';
import type { WireError } from './errors.js';
import { allOf, childOf, childrenOf, type Element, fieldOf, parseXml } from './xml.js';

export type Envelope = { readonly dateMs?: number } & (
  | { readonly ok: true; readonly response: Element }
  | { readonly ok: false; readonly errors: readonly WireError[] }
);

export const unexpected = (command: string, what: string, effect: Effect): CertError =>
  new CertError('wire.unexpected', `${command} at Namecheap gave ${what}`, { effect });

/**
 * A reply, whatever HTTP says of it: failures of the application come with 200. What has no `Status` or no `Server` is
 * something else's answer, as the vendor's own module has it.
 * @param effect  what an unreadable answer may have done
 */
export function parseEnvelope(command: string, reply: HttpReply, effect: Effect): Envelope {
  if (reply.status < 200 || reply.status > 299) {
    throw unexpected(command, `HTTP status ${reply.status}`, effect);
  }
  const root = parseXml(reply.text);
  if (root === undefined) throw unexpected(command, 'something that is no XML', effect);
  const status = root.attributes.get('status')?.toUpperCase();
  if (root.name.toLowerCase() !== 'apiresponse' || status === undefined || !childOf(root, 'Server')) {
    throw unexpected(command, 'XML that is no answer of the API', effect);
  }
  const date = reply.dateMs === undefined ? {} : { dateMs: reply.dateMs };
  const errors = childrenOf(childOf(root, 'Errors'), 'Error').map((error) => ({
    number: error.attributes.get('number') ?? '',
    text: error.text,
  }));
  if (status === 'ERROR') return { ok: false, errors, ...date };
  const response = childOf(root, 'CommandResponse');
  if (status !== 'OK' || errors.length > 0 || response === undefined) {
    throw unexpected(command, `the status "${status}" with ${errors.length} errors`, effect);
  }
  return { ok: true, response, ...date };
}

/** The result element: its documented name, or the only child. */
export function resultOf(command: string, response: Element, effect: Effect): Element {
  const [only, ...more] = response.children.filter(({ name }) => /Result$/i.test(name));
  if (only === undefined || more.length > 0) throw unexpected(command, 'no result', effect);
  const success = only.attributes.get('issuccess')?.toLowerCase();
  if (success !== undefined && success !== 'true') {
    throw unexpected(command, 'a result that is no success', effect);
  }
  return only;
}

const ID = /^\d{1,20}$/;

/** A certificate id: digits, never 0. */
export function idOf(element: Element | undefined, name: string): string | undefined {
  const text = fieldOf(element, name);
  return text !== undefined && ID.test(text) && !/^0+$/.test(text) ? text : undefined;
}

/** An amount in a currency that is known from elsewhere; undefined for one below zero: no price is. */
export function amountOf(
  element: Element | undefined,
  name: string,
  currency: string | undefined,
): Money | undefined {
  const text = plainDecimal(fieldOf(element, name) ?? '');
  if (text === undefined || text.startsWith('-') || currency === undefined) return undefined;
  return money(text, currency);
}

export const countOf = (element: Element | undefined, name: string): number | undefined => {
  const text = fieldOf(element, name);
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) : undefined;
};

const DATE = /^(\d{1,2})\/(\d{1,2})\/(\d{4})(?!\d)/;

/** `M/D/YYYY` or `MM/DD/YYYY`: a day of a zone that is not told. @throws CertError `wire.unexpected` for any other text */
function dateOf(command: string, element: Element | undefined, name: string): Instant | undefined {
  const text = fieldOf(element, name);
  if (text === undefined) return undefined;
  const found = DATE.exec(text);
  const [month = 0, day = 0, year = 0] = found?.slice(1, 4).map(Number) ?? [];
  const at = new Date(Date.UTC(year, month - 1, day));
  if (found === null || at.getUTCMonth() !== month - 1 || at.getUTCDate() !== day) {
    throw unexpected(command, `the date "${text.slice(0, 40)}" as ${name}`, 'none');
  }
  return toInstant(at.getTime());
}

/** What getInfo tells of one certificate. */
export interface InfoWire {
  readonly id: string;
  readonly status: string;
  readonly statusDescription: string | undefined;
  readonly type: string;
  readonly issuedOn: Instant | undefined;
  readonly replacedBy: string | undefined;
  readonly sansCount: number | undefined;
  readonly years: number | undefined;
  readonly csrPem: string | undefined;
  readonly commonName: string | undefined;
  /** Whatever stands in the certificate elements: leaf, intermediates, maybe a root. */
  readonly certificateTexts: readonly string[];
  readonly dateMs: number | undefined;
}

const INFO = 'ssl.getInfo';

/** @throws CertError `wire.unexpected` */
export function parseInfo(id: string, response: Element, dateMs: number | undefined): InfoWire {
  const result = resultOf(INFO, response, 'none');
  const status = result.attributes.get('status')?.trim() ?? fieldOf(childOf(result, 'Status'), 'Status');
  if (status === undefined || status === '')
    throw unexpected(INFO, `no status for certificate ${id}`, 'none');
  const details = childOf(result, 'CertificateDetails') ?? result;
  return {
    id,
    status,
    statusDescription: fieldOf(result, 'StatusDescription'),
    type: result.attributes.get('type')?.trim() ?? '',
    issuedOn: dateOf(INFO, result, 'IssuedOn'),
    replacedBy: idOf(result, 'ReplacedBy'),
    sansCount: countOf(result, 'SANSCount'),
    years: countOf(result, 'Years'),
    csrPem: fieldOf(details, 'CSR'),
    commonName: fieldOf(details, 'CommonName')?.toLowerCase(),
    certificateTexts: allOf(childOf(details, 'Certificates'), 'Certificate')
      .map(({ text }) => text)
      .filter((text) => text !== ''),
    dateMs,
  };
}

/** A line of getList. */
export interface ListRow {
  readonly id: string;
  readonly hostName: string | undefined;
  readonly type: string;
  readonly purchasedAt: Instant | undefined;
  readonly status: string;
  readonly years: number | undefined;
}

export interface ListPage {
  readonly rows: readonly ListRow[];
  readonly total: number;
  readonly dateMs: number | undefined;
}

const LIST = 'ssl.getList';

/** @throws CertError `wire.unexpected` */
export function parseList(response: Element, dateMs: number | undefined): ListPage {
  const total = countOf(childOf(response, 'Paging'), 'TotalItems');
  const list = childOf(response, 'SSLListResult');
  if (total === undefined || list === undefined) throw unexpected(LIST, 'no list', 'none');
  const rows = childrenOf(list, 'SSL').map((row): ListRow => {
    const id = idOf(row, 'CertificateID');
    const status = row.attributes.get('status')?.trim();
    if (id === undefined || !status) throw unexpected(LIST, 'a line without id or status', 'none');
    return {
      id,
      status,
      hostName: row.attributes.get('hostname')?.trim().toLowerCase() || undefined,
      type: row.attributes.get('ssltype')?.trim() ?? '',
      purchasedAt: dateOf(LIST, row, 'PurchaseDate'),
      years: countOf(row, 'Years'),
    };
  });
  return { rows, total, dateMs };
}

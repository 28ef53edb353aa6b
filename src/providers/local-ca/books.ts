import stringify from 'safe-stable-stringify';
import { CertError, messageOf } from '../../model/errors.js';
import { type Money, parseMoney } from '../../model/money.js';
import type { DnsName } from '../../model/names.js';
import type { RevocationReason } from '../../model/order.js';
import type { Instant } from '../../model/time.js';
import type { AccountStore, Oid } from '../../ports/repository.js';

/*
 * The CA's database, as files:
 *   ca.json                   root and issuing certificates, newest last
 *   root.key.age              key of the newest root, sealed       issuing.key.age   of the newest issuing CA
 *   orders/<xx>/<id>.json     one order with its certificates; xx = first two hex digits of the id
 * One file per order keeps a write small whatever the size of the books (one blob and one folder of ~40 entries at
 * 10,000 orders), and Git's history readable per order; the folders keep any single tree small.
 */
export const CA_FILE = 'ca.json';
export const ROOT_KEY_FILE = 'root.key.age';
export const ISSUING_KEY_FILE = 'issuing.key.age';
const ORDERS = 'orders/';

/** Lower-case hex serial, and the certificate. */
export interface CaCertificate {
  readonly serial: string;
  readonly pem: string;
  readonly notAfter: Instant;
}

/** Public part of the CA; newest last. Replaced certificates stay, so that what they signed keeps its chain. */
export interface CaRecord {
  readonly roots: readonly CaCertificate[];
  readonly issuing: readonly CaCertificate[];
}

export interface BookCertificate {
  readonly serial: string;
  /** SHA-256 of the SubjectPublicKeyInfo, hex. */
  readonly keyHash: string;
  readonly pem: string;
  /** Serial of the issuing CA. */
  readonly issuer: string;
  /** Signed when ordered, handed out from here on: readers never have to write. */
  readonly releasedAt: Instant;
  readonly notAfter: Instant;
  readonly revoked?: { readonly at: Instant; readonly reason: RevocationReason };
}

export interface BookOrder {
  readonly id: string;
  readonly reference: string;
  readonly predecessor?: string;
  readonly product: string;
  readonly names: readonly DnsName[];
  readonly placedAt: Instant;
  readonly term?: string;
  readonly paidFrom?: Instant;
  readonly paidTill?: Instant;
  readonly carriedDays?: number;
  readonly charged?: Money;
  /** How many names the price covers; absent where nothing is charged. */
  readonly paidNames?: number;
  /** An order that ended without counting: its charge is given back. */
  readonly ended?: { readonly state: 'cancelled' | 'rejected'; readonly at: Instant };
  /** Oldest first; long expired ones are dropped. */
  readonly certificates: readonly BookCertificate[];
}

/** One reading of the database. */
export interface Books {
  readonly version: Oid | null;
  readonly files: ReadonlyMap<string, string>;
  readonly ca: CaRecord | undefined;
  readonly orders: ReadonlyMap<string, BookOrder>;
  readonly byReference: ReadonlyMap<string, readonly BookOrder[]>;
}

export const orderPath = (id: string): string => `${ORDERS}${id.replace(/^lca-/, '').slice(0, 2)}/${id}.json`;

/** Byte-stable text: sorted keys, one trailing newline. */
export const fileText = (value: CaRecord | BookOrder): string => `${stringify(value, null, 2)}\n`;

/**
 * A reader of the books that parses only what changed since its last reading.
 * @throws CertError `repository.unreadable-state` from the reader, when a file is not what we write
 */
export function booksReader(store: Pick<AccountStore, 'read'>): () => Promise<Books> {
  let known: ReadonlyMap<string, { text: string; order: BookOrder }> = new Map();
  let last: Books | undefined;
  return async () => {
    const { version, files } = await store.read();
    if (version !== null && last?.version === version) return last;
    const parsed = new Map<string, { text: string; order: BookOrder }>();
    for (const [path, text] of files) {
      if (!path.startsWith(ORDERS)) continue;
      const before = known.get(path);
      parsed.set(path, before?.text === text ? before : { text, order: parseOrder(path, text) });
    }
    known = parsed;
    const orders = [...parsed.values()].map(({ order }) => order);
    const caText = files.get(CA_FILE);
    last = {
      version,
      files,
      ca: caText === undefined ? undefined : parseCa(caText),
      orders: new Map(orders.map((order) => [order.id, order])),
      byReference: Map.groupBy(orders, (order) => order.reference),
    };
    return last;
  };
}

/**
 * Lets everybody who asks while a reading runs share the *next* one: what they get was read after they asked.
 */
export function sharedReader(read: () => Promise<Books>): () => Promise<Books> {
  let running: Promise<Books> | undefined;
  let next: Promise<Books> | undefined;
  const start = (): Promise<Books> => {
    const mine = read().finally(() => {
      if (running === mine) running = undefined;
    });
    running = mine;
    return mine;
  };
  return () => {
    if (!running) return start();
    const startNext = (): Promise<Books> => {
      next = undefined;
      return start();
    };
    next ??= running.then(startNext, startNext);
    return next;
  };
}

function parseOrder(path: string, text: string): BookOrder {
  const order = parseJson(path, text);
  const { id, names, paidTill, charged, certificates } = order;
  const whole =
    hasTexts(order, ['id', 'reference', 'product']) &&
    hasInstants(order, paidTill === undefined ? ['placedAt'] : ['placedAt', 'paidTill']) &&
    Array.isArray(names) &&
    names.every((name) => typeof name === 'string') &&
    (charged === undefined || isMoney(charged)) &&
    Array.isArray(certificates) &&
    certificates.every(isCertificate) &&
    orderPath(String(id)) === path;
  if (!whole) throw unreadable(path, 'it is no order of this CA');
  return order as unknown as BookOrder;
}

function parseCa(text: string): CaRecord {
  const ca = parseJson(CA_FILE, text);
  const lists = [ca.roots, ca.issuing];
  if (!lists.every((list) => Array.isArray(list) && list.length > 0 && list.every(isCaCertificate))) {
    throw unreadable(CA_FILE, 'it lists no root and issuing certificates');
  }
  return ca as unknown as CaRecord;
}

type Fields = Readonly<Record<string, unknown>>;

const hasTexts = (value: unknown, keys: readonly string[]): boolean =>
  typeof value === 'object' &&
  value !== null &&
  keys.every((key) => typeof (value as Fields)[key] === 'string');

const hasInstants = (value: unknown, keys: readonly string[]): boolean =>
  hasTexts(value, keys) && keys.every((key) => !Number.isNaN(Date.parse(String((value as Fields)[key]))));

const isMoney = (value: unknown): boolean =>
  hasTexts(value, ['amount', 'currency']) &&
  parseMoney(`${String((value as Fields).amount)} ${String((value as Fields).currency)}`) !== undefined;

const isCaCertificate = (value: unknown): boolean =>
  hasTexts(value, ['serial', 'pem']) && hasInstants(value, ['notAfter']);

const isCertificate = (value: unknown): boolean =>
  hasTexts(value, ['serial', 'keyHash', 'pem', 'issuer']) && hasInstants(value, ['releasedAt', 'notAfter']);

function parseJson(path: string, text: string): Fields {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Fields;
  } catch (error) {
    throw unreadable(path, messageOf(error));
  }
  throw unreadable(path, 'it is no JSON object');
}

const unreadable = (path: string, why: string): CertError =>
  new CertError(
    'repository.unreadable-state',
    `${path} in the books of the local CA cannot be read: ${why}.`,
    {
      remedy: 'Restore that file from the history of the ref that holds the CA.',
    },
  );

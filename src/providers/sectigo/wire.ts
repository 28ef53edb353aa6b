import { createRequire } from 'node:module';
import type { Ajv as AjvInstance, JSONSchemaType, ValidateFunction } from 'ajv';
import type { HttpReply } from '../../http/message.js';
import { CertError, type Effect } from '../../model/errors.js';

/** Values by key in lower case (two parties spell one key differently), each in the order of the reply. */
export type Fields = ReadonlyMap<string, readonly string[]>;

/** A reply that has a code: every outcome at this API comes with HTTP 200 and one of these. */
export interface CodedReply {
  readonly code: number;
  /** Sectigo's own text, of a refusal. */
  readonly text?: string;
  /** Name of the argument that is refused, where it is told apart. */
  readonly item?: string;
  /** Empty where the reply came in newline form. */
  readonly fields: Fields;
  /** What followed the code in newline form. */
  readonly lines: readonly string[];
  readonly dateMs?: number;
}

const CODE = /^-?\d{1,5}$/;

/** @param effect  what the call may have done */
export function unexpected(call: string, what: string, effect: Effect): CertError {
  return new CertError('wire.unexpected', `${call} at Sectigo gave ${what}`, { effect });
}

/** @param effect  what an unreadable answer to this call may have done */
export function parseCoded(call: string, reply: HttpReply, effect: Effect): CodedReply {
  const body = reply.text.trim();
  const [first = '', ...lines] = body.split(/\r?\n/);
  const date = reply.dateMs === undefined ? {} : { dateMs: reply.dateMs };
  if (CODE.test(first.trim())) {
    const code = Number(first);
    const text = code < 0 && lines[0] !== undefined ? { text: lines[0] } : {};
    return { code, ...text, fields: new Map(), lines, ...date };
  }
  const fields = parseFields(body);
  const code = single(call, fields, 'errorCode', effect) ?? single(call, fields, 'error_code', effect);
  if (code === undefined || !CODE.test(code)) {
    throw unexpected(call, `an answer without an error code (HTTP status ${reply.status})`, effect);
  }
  const text = fields.get('errormessage')?.[0] ?? fields.get('errordetail')?.[0];
  const item = fields.get('erroritem')?.[0];
  return {
    code: Number(code),
    ...(text === undefined ? {} : { text }),
    ...(item === undefined ? {} : { item }),
    fields,
    lines: [],
    ...date,
  };
}

function parseFields(body: string): Fields {
  const fields = new Map<string, string[]>();
  for (const [key, value] of new URLSearchParams(body)) {
    const name = key.trim().toLowerCase();
    fields.set(name, [...(fields.get(name) ?? []), value.trim()]);
  }
  return fields;
}

/** A value that can be there once only; undefined when it is missing or empty. */
export function single(
  call: string,
  fields: Fields,
  key: string,
  effect: Effect = 'none',
): string | undefined {
  const values = new Set(fields.get(key.toLowerCase()) ?? []);
  if (values.size > 1) throw unexpected(call, `several values of ${key}`, effect);
  const [value] = values;
  return value === '' ? undefined : value;
}

const require = createRequire(import.meta.url);

let shared: AjvInstance | undefined;

/** Loaded with the first reply: most runs get none. */
function ajv(): AjvInstance {
  // On a line of its own: the compiler drops the parentheses that `new (require(…)).Ajv` needs.
  const { Ajv } = require('ajv') as typeof import('ajv');
  shared ??= new Ajv({ allErrors: true });
  return shared;
}

/** Takes these keys out of a reply and checks them. */
function wireParser<T extends object>(schema: JSONSchemaType<T>) {
  let compiled: ValidateFunction<T> | undefined;
  const keys = Object.keys(schema.properties ?? {});
  return (call: string, fields: Fields, effect: Effect): T => {
    compiled ??= ajv().compile(schema);
    const picked: unknown = Object.fromEntries(
      keys.flatMap((key) => {
        const value = single(call, fields, key, effect);
        return value === undefined ? [] : [[key, value]];
      }),
    );
    if (compiled(picked)) return picked;
    throw unexpected(call, `an answer of unknown shape (${ajv().errorsText(compiled.errors)})`, effect);
  };
}

const NUMBER = '^[0-9]{1,30}$';
const AMOUNT = '^[0-9]{1,12}(\\.[0-9]{1,6})?$';

/** Reply of an order that was taken. */
export interface PlacedWire {
  readonly orderNumber: string;
  readonly totalCost?: string;
  readonly certificateID?: string;
  readonly uniqueValue?: string;
}

const UNIQUE = '^[A-Za-z0-9]{1,20}$';

export const parsePlaced = wireParser<PlacedWire>({
  type: 'object',
  required: ['orderNumber'],
  properties: {
    orderNumber: { type: 'string', pattern: NUMBER },
    totalCost: { type: 'string', pattern: AMOUNT, nullable: true },
    certificateID: { type: 'string', pattern: NUMBER, nullable: true },
    uniqueValue: { type: 'string', pattern: UNIQUE, nullable: true },
  },
});

/** Reply of a replacement; which of these it holds varies. */
export interface ReplacedWire {
  readonly certificateID?: string;
  readonly orderNumber?: string;
  readonly uniqueValue?: string;
}

export const parseReplaced = wireParser<ReplacedWire>({
  type: 'object',
  required: [],
  properties: {
    certificateID: { type: 'string', pattern: NUMBER, nullable: true },
    orderNumber: { type: 'string', pattern: NUMBER, nullable: true },
    uniqueValue: { type: 'string', pattern: UNIQUE, nullable: true },
  },
});

/** One domain of `!GetMDCDomainDetails`; `dcvMethod` is a description, not the keyword of a request. */
export interface DomainWire {
  readonly domainName: string;
  readonly dcvMethod: string;
  readonly dcvStatus: string;
}

/** Domains are numbered from 1; keys beside the three known ones are passed over. */
export function parseDomains(call: string, fields: Fields): readonly DomainWire[] {
  const found: DomainWire[] = [];
  for (let n = 1; ; n += 1) {
    const domainName = single(call, fields, `${n}_domainName`);
    if (domainName === undefined) return found;
    const dcvMethod = single(call, fields, `${n}_dcvMethod`) ?? '';
    const dcvStatus = single(call, fields, `${n}_dcvStatus`) ?? '';
    found.push({ domainName, dcvMethod, dcvStatus });
  }
}

/** One order of `!WebHostReport` with its certificates. Keys in lower case. */
export interface ReportRow {
  readonly orderNumber: string;
  readonly order: Fields;
  readonly items: readonly Fields[];
}

export interface ReportPage {
  readonly rows: readonly ReportRow[];
  /** Whether of the page or of all is not known: only 0 says something. */
  readonly noOfResults: number;
  readonly dateMs?: number;
}

const ROW_KEY = /^(\d{1,9})_(?:(\d{1,9})_)?([a-z]\w*)$/;

/** @throws CertError `wire.unexpected` where count and rows contradict each other */
export function parseReport(call: string, reply: CodedReply): ReportPage {
  const rows = new Map<number, { order: Map<string, string[]>; items: Map<number, Map<string, string[]>> }>();
  for (const [key, values] of reply.fields) {
    const match = ROW_KEY.exec(key);
    if (match === null) continue;
    const [, x, y, field = ''] = match;
    const row = rows.get(Number(x)) ?? { order: new Map(), items: new Map() };
    rows.set(Number(x), row);
    if (y === undefined) row.order.set(field, [...values]);
    else {
      const item = row.items.get(Number(y)) ?? new Map<string, string[]>();
      row.items.set(Number(y), item.set(field, [...values]));
    }
  }
  const count = single(call, reply.fields, 'noOfResults');
  if (count === undefined || !/^\d{1,9}$/.test(count)) throw unexpected(call, 'no number of results', 'none');
  if ((Number(count) === 0) !== (rows.size === 0)) {
    throw unexpected(call, `${rows.size} orders and says they are ${count}`, 'none');
  }
  const inOrder = <T>(map: ReadonlyMap<number, T>): readonly T[] =>
    [...map].sort(([a], [b]) => a - b).map(([, value]) => value);
  return {
    rows: inOrder(rows).map(({ order, items }) => {
      const orderNumber = single(call, order, 'orderNumber');
      if (orderNumber === undefined) throw unexpected(call, 'an order without its number', 'none');
      return { orderNumber, order, items: inOrder(items) };
    }),
    noOfResults: Number(count),
    ...(reply.dateMs === undefined ? {} : { dateMs: reply.dateMs }),
  };
}

import type { HttpReply } from '../../http/message.js';
import { CertError, type Effect } from '../../model/errors.js';
import type { Json, JsonObject } from '../../model/json.js';
import { plainDecimal } from '../../model/money.js';
import { type Instant, toInstant } from '../../model/time.js';

/** What a reply says of itself: nested, flat, or in the first element of an array. */
export interface Verdict {
  readonly isError: boolean;
  /** Texts of the reply, joined; empty on success. */
  readonly message: string;
}

/** One reply, whatever shape it came in. */
export interface StoreReply {
  /** The object that carries the data; of an array its first element, `{}` for an empty one. */
  readonly data: JsonObject;
  /** Elements where the reply is an array. */
  readonly rows?: readonly JsonObject[];
  /** Absent in an empty array, which says nothing of itself. */
  readonly verdict?: Verdict;
  readonly dateMs?: number;
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A member whose name is written in several ways. */
const member = (object: JsonObject, name: string): Json | undefined => {
  const key = Object.keys(object).find((one) => one.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : object[key];
};

/** Business errors come with 200: another status is of what stands in front of the API, or of another server. */
const STATUS_HINTS: Readonly<Record<number, string>> = {
  401: ': does the account allow the address of this machine? How a blocked one is answered is not documented',
  403: ': does the account allow the address of this machine? How a blocked one is answered is not documented',
  404: ': there is no such call at this address; check `url`',
  405: ': there is no such call at this address; check `url`',
};

function unexpected(call: string, what: string, effect: Effect): CertError {
  return new CertError('wire.unexpected', `${call} at The SSL Store gave ${what}`, { effect });
}

/** @param effect  what an unreadable answer to this call may have done */
export function parseReply(call: string, reply: HttpReply, effect: Effect): StoreReply {
  if (reply.status < 200 || reply.status > 299) {
    throw unexpected(call, `HTTP status ${reply.status}${STATUS_HINTS[reply.status] ?? ''}`, effect);
  }
  const body = parseJson(call, reply, effect);
  const date = reply.dateMs === undefined ? {} : { dateMs: reply.dateMs };
  if (Array.isArray(body)) {
    const rows = (body as readonly Json[]).filter(isObject);
    if (rows.length !== body.length) throw unexpected(call, 'a list of something else', effect);
    const [first] = rows;
    const verdict = first && verdictOf(first);
    return { data: first ?? {}, rows, ...(verdict === undefined ? {} : { verdict }), ...date };
  }
  if (!isObject(body)) throw unexpected(call, 'no object', effect);
  const verdict = verdictOf(body);
  if (verdict === undefined)
    throw unexpected(call, 'an answer that does not say whether it is an error', effect);
  return { data: body, verdict, ...date };
}

function parseJson(call: string, reply: HttpReply, effect: Effect): Json {
  try {
    return JSON.parse(reply.text) as Json;
  } catch {
    throw unexpected(call, 'something that is no JSON; check `url`', effect);
  }
}

function verdictOf(object: JsonObject): Verdict | undefined {
  const nested = member(object, 'AuthResponse');
  const holder = isObject(nested) ? nested : object;
  const isError = member(holder, 'isError');
  if (isError !== true && isError !== false && isError !== 'true' && isError !== 'false') return undefined;
  const messages = member(holder, 'Message');
  const texts = (Array.isArray(messages) ? messages : [messages]).filter((text) => typeof text === 'string');
  return { isError: String(isError) === 'true', message: texts.join(' ').trim() };
}

/** Text of a member; numbers as text; undefined for null, empty and absent. */
export function textOf(object: JsonObject, key: string): string | undefined {
  const value = object[key];
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  return text === '' ? undefined : text;
}

/** An order id: digits, never 0. */
export function idOf(object: JsonObject, key: string): string | undefined {
  const text = textOf(object, key);
  return text !== undefined && /^\d{1,20}$/.test(text) && !/^0+$/.test(text) ? text : undefined;
}

export const isTrue = (object: JsonObject, key: string): boolean =>
  object[key] === true || textOf(object, key)?.toLowerCase() === 'true';

export const objectOf = (object: JsonObject, key: string): JsonObject => {
  const value = object[key];
  return isObject(value) ? value : {};
};

/** Objects of a list; [] for null. */
export const listOf = (object: JsonObject, key: string): readonly JsonObject[] => {
  const value = object[key];
  return Array.isArray(value) ? (value as readonly Json[]).filter(isObject) : [];
};

/** A number, also one that is written as a text; undefined for anything else. */
export function numberOf(object: JsonObject, key: string): number | undefined {
  const text = textOf(object, key);
  return text !== undefined && /^-?\d{1,12}(\.\d{1,6})?$/.test(text) ? Number(text) : undefined;
}

/** An amount as text, without what separates thousands; undefined for anything that is none. */
export const amountOf = (object: JsonObject, key: string): string | undefined =>
  plainDecimal(textOf(object, key) ?? '');

/** `7/23/2026 1:50:20 AM`: the form of `en-US`, which every request of ours asks for. */
const EN_US = /^(\d{1,2})\/(\d{1,2})\/(\d{4}) (\d{1,2}):(\d{2}):(\d{2}) ([AP])M$/;
/** 1 January 1900 stands for no date, also day first, whatever form was asked for. */
const NO_DATE = 1900;
const NO_DATE_TEXT = /^0?1[-/.]0?1[-/.]1900\b/;

/**
 * A date of a `…InUTC` member. The zone of the members without that ending is not known: they are not read.
 * @throws CertError `wire.unexpected` for a text of another form
 */
export function utcOf(call: string, object: JsonObject, key: string): Instant | undefined {
  const text = textOf(object, key);
  if (text === undefined || NO_DATE_TEXT.test(text)) return undefined;
  const found = EN_US.exec(text);
  if (!found) throw unexpected(call, `the date "${text.slice(0, 40)}" as ${key}`, 'none');
  const [month = 0, day = 0, year = 0, hour = 0, minute = 0, second = 0] = found.slice(1, 7).map(Number);
  if (year <= NO_DATE) return undefined;
  const hours = (hour % 12) + (found[7] === 'P' ? 12 : 0);
  const ms = Date.UTC(year, month - 1, day, hours, minute, second);
  const at = new Date(ms);
  if (hour > 12 || at.getUTCMonth() !== month - 1 || at.getUTCDate() !== day) {
    throw unexpected(call, `the date "${text}" as ${key}`, 'none');
  }
  return toInstant(ms);
}

/** Milliseconds in the form that requests take dates in. */
export const requestDate = (ms: number): string => `/Date(${Math.floor(ms)})/`;

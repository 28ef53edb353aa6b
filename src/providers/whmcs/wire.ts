import Big from 'big.js';
import { decodeHTML } from 'entities';
import type { HttpReply } from '../../http/message.js';
import { CertError, type Effect } from '../../model/errors.js';
import type { Json, JsonObject } from '../../model/json.js';
import { plainDecimal } from '../../model/money.js';
import { type Instant, toInstant } from '../../model/time.js';

/** One answer, success or not; there are no codes. */
export interface ShopReply {
  readonly data: JsonObject;
  /** Text of an error; absent on success. */
  readonly error?: string;
  readonly status: number;
  readonly dateMs?: number;
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const unexpected = (action: string, what: string, effect: Effect, remedy?: string): CertError =>
  new CertError('wire.unexpected', `${action} at the shop gave ${what}`, {
    effect,
    ...(remedy === undefined ? {} : { remedy }),
  });

const FORBIDDEN = 403;

/**
 * Errors of business come with 200, refused access with 403; a 403 that is no JSON is not from WHMCS.
 * @param effect  what an unreadable answer to this call may have done
 */
export function parseReply(action: string, reply: HttpReply, effect: Effect): ShopReply {
  const data = jsonIn(reply.text);
  if (reply.status === FORBIDDEN && data === undefined) {
    throw unexpected(
      action,
      '403 and no answer of WHMCS: something in front of it refuses the call',
      effect,
      'Let this machine through the firewall or web application firewall of the shop, for POST to includes/api.php.',
    );
  }
  if (data === undefined) {
    const looksLikePage = /^\s*</.test(reply.text);
    throw unexpected(
      action,
      `HTTP status ${reply.status} and ${looksLikePage ? 'a web page instead of JSON' : 'something that is no JSON'}`,
      effect,
      'See whether `url:` is the address of this WHMCS, with its folder.',
    );
  }
  const result = typeof data.result === 'string' ? data.result.toLowerCase() : undefined;
  const head = {
    data,
    status: reply.status,
    ...(reply.dateMs === undefined ? {} : { dateMs: reply.dateMs }),
  };
  if (result === 'error') return { ...head, error: textOf(data, 'message') ?? 'no reason given' };
  if (result !== 'success' || reply.status !== 200) {
    throw unexpected(action, `HTTP status ${reply.status} and the result "${result ?? 'none'}"`, effect);
  }
  return head;
}

function jsonIn(text: string): JsonObject | undefined {
  try {
    const value = JSON.parse(text) as Json;
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Text of a member, entities decoded; numbers as text; undefined for null, empty and absent. */
export function textOf(object: JsonObject, key: string): string | undefined {
  const value = object[key];
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') return undefined;
  const text = decodeHTML(value).trim();
  return text === '' ? undefined : text;
}

/** A number that comes as a number or as a text; an id is never 0. */
export function idOf(object: JsonObject, key: string): number | undefined {
  const text = textOf(object, key);
  return text !== undefined && /^\d{1,9}$/.test(text) && Number(text) > 0 ? Number(text) : undefined;
}

export function countOf(object: JsonObject, key: string): number | undefined {
  const text = textOf(object, key);
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/** A decimal without currency. */
export function amountOf(object: JsonObject, key: string): Big | undefined {
  const text = plainDecimal(textOf(object, key) ?? '');
  return text === undefined ? undefined : new Big(text);
}

export const objectOf = (object: JsonObject, key: string): JsonObject => {
  const value = object[key];
  return isObject(value) ? value : {};
};

/**
 * Rows of a collection, which is nested twice; empty ones are `""`, a list without elements, an object without, or null.
 * @throws CertError `wire.unexpected` for anything else: a shape nobody knows is no empty list
 */
export function rowsOf(
  action: string,
  data: JsonObject,
  outer: string,
  inner: string,
): readonly JsonObject[] {
  const rows = listIn(data[outer], inner);
  if (rows === undefined) throw unexpected(action, `no list of ${outer}`, 'none');
  return rows;
}

function listIn(value: Json | undefined, inner: string): readonly JsonObject[] | undefined {
  if (value === '' || value === null) return [];
  if (Array.isArray(value)) {
    const rows = (value as readonly Json[]).filter(isObject);
    return rows.length === value.length ? rows : undefined;
  }
  if (!isObject(value)) return undefined;
  const nested = value[inner];
  if (nested === undefined) return Object.keys(value).length === 0 ? [] : undefined;
  return isObject(nested) ? [nested] : listIn(nested, inner);
}

/** The same for what may be left out. */
export const maybeRowsOf = (data: JsonObject, outer: string, inner: string): readonly JsonObject[] =>
  listIn(data[outer] ?? '', inner) ?? [];

const DATE = /^(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2}):(\d{2}))?$/;

/**
 * A date by the clock of the shop, whose zone is not told: taken as UTC, which is wrong by 14 hours at most. All zeros mean
 * none.
 */
export function localDateOf(object: JsonObject, key: string): Instant | undefined {
  const found = DATE.exec(textOf(object, key) ?? '');
  if (!found || found[1] === '0000') return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found.slice(1).map(Number);
  const ms = Date.UTC(year, month - 1, day, hour || 0, minute || 0, second || 0);
  return Number.isNaN(ms) ? undefined : toInstant(ms);
}

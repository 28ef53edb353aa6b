import { CertError } from '../../model/errors.js';

/**
 * Replies of Cloudflare's API, version 4, as far as they are read.
 * https://developers.cloudflare.com/fundamentals/api/how-to/make-api-calls/
 */
export interface Envelope {
  readonly success: boolean;
  readonly errors: readonly { readonly code: number; readonly message: string }[];
  readonly result: unknown;
  /** Of lists; 1 where the reply does not count pages. */
  readonly totalPages: number;
}

/** https://developers.cloudflare.com/api/resources/zones/methods/list/ */
export interface ZoneWire {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly type: string;
  readonly nameServers: readonly string[];
}

/** https://developers.cloudflare.com/api/resources/dns/subresources/records/methods/list/ */
export interface RecordWire {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly content: string;
  readonly proxied: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const unexpected = (what: string): CertError =>
  new CertError('wire.unexpected', `the reply is not what Cloudflare documents: ${what}`);

/** @throws CertError `wire.unexpected` */
export function readEnvelope(text: string): Envelope {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw unexpected('it is no JSON');
  }
  if (!isFields(body) || typeof body.success !== 'boolean') throw unexpected('it does not say "success"');
  const errors = Array.isArray(body.errors) ? body.errors.filter(isFields) : [];
  const pages = isFields(body.result_info) ? body.result_info.total_pages : undefined;
  return {
    success: body.success,
    errors: errors.map(({ code, message }) => ({
      code: typeof code === 'number' ? code : 0,
      message: typeof message === 'string' ? message : '',
    })),
    result: body.result,
    totalPages: typeof pages === 'number' ? pages : 1,
  };
}

const textIn = (fields: Fields, key: string): string => {
  const value = fields[key];
  if (typeof value !== 'string') throw unexpected(`"${key}" is no text`);
  return value;
};

function listOf(result: unknown): readonly Fields[] {
  if (!Array.isArray(result) || !result.every(isFields)) throw unexpected('"result" is no list');
  return result;
}

/** @throws CertError `wire.unexpected` */
export const readZones = (result: unknown): readonly ZoneWire[] =>
  listOf(result).map((fields) => ({
    id: textIn(fields, 'id'),
    name: textIn(fields, 'name'),
    status: textIn(fields, 'status'),
    type: typeof fields.type === 'string' ? fields.type : 'full',
    nameServers: Array.isArray(fields.name_servers) ? fields.name_servers.map(String) : [],
  }));

/** @throws CertError `wire.unexpected` */
export const readRecords = (result: unknown): readonly RecordWire[] =>
  listOf(result).map((fields) => ({
    id: textIn(fields, 'id'),
    name: textIn(fields, 'name'),
    type: textIn(fields, 'type'),
    content: typeof fields.content === 'string' ? fields.content : '',
    proxied: fields.proxied === true,
  }));

import { Secret } from '../model/secret.js';
import { secretsIn } from './redact.js';

/** A value that is either harmless or a credential; credentials are revealed only into the bytes that are sent. */
export type Value = string | Secret;

export type HttpBody =
  /** Secrets may stand anywhere in `value`. */
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'form'; readonly fields: Readonly<Record<string, Value>> }
  | { readonly kind: 'text'; readonly text: string; readonly type: string };

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the base URL, with its leading slash and without query; appears in logs. */
  readonly path: string;
  readonly query?: Readonly<Record<string, Value>>;
  readonly headers?: Readonly<Record<string, Value>>;
  readonly body?: HttpBody;
}

export interface HttpReply {
  readonly status: number;
  /** Lower-case names; repeated ones joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The reply's own `Date`, epoch ms. Absent: it showed none. */
  readonly dateMs?: number;
}

/** What goes over the wire, secrets revealed: never logged. */
export interface EncodedRequest {
  readonly method: HttpRequest['method'];
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string | null;
  /** What a log line may say of it, before redaction by value. */
  readonly label: string;
  readonly secrets: readonly Secret[];
}

const reveal = (value: Value): string => (value instanceof Secret ? value.reveal() : value);

const revealAll = (values: Readonly<Record<string, Value>>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, reveal(value)]));

function jsonText(value: unknown): string {
  return JSON.stringify(value, function replace(this: Record<string, unknown>, key, plain: unknown) {
    // `plain` has been through Secret.toJSON already; the holder still has the secret itself.
    const original = this[key];
    return original instanceof Secret ? original.reveal() : plain;
  });
}

function encodeBody(body: HttpBody): { readonly text: string; readonly type: string } {
  switch (body.kind) {
    case 'json':
      return { text: jsonText(body.value), type: 'application/json' };
    case 'form':
      return {
        text: new URLSearchParams(revealAll(body.fields)).toString(),
        type: 'application/x-www-form-urlencoded',
      };
    case 'text':
      return { text: body.text, type: body.type };
  }
}

/** @param basePath path of the base URL, without a slash at its end */
export function encodeRequest(basePath: string, request: HttpRequest): EncodedRequest {
  const query = new URLSearchParams(revealAll(request.query ?? {})).toString();
  const body = request.body === undefined ? undefined : encodeBody(request.body);
  const path = `${basePath}${request.path}`;
  return {
    method: request.method,
    path: query === '' ? path : `${path}?${query}`,
    headers: {
      'user-agent': 'certwright',
      ...(body === undefined ? {} : { 'content-type': body.type }),
      ...revealAll(request.headers ?? {}),
    },
    body: body?.text ?? null,
    label: `${request.method} ${path}`,
    secrets: secretsIn([request.query, request.headers, request.body]),
  };
}

/** Seconds or an HTTP date (RFC 9110 §10.2.3) → ms to wait, counted from the reply; undefined when it says nothing. */
export function retryAfterMs(reply: HttpReply, nowMs: number): number | undefined {
  const text = reply.headers['retry-after']?.trim();
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - (reply.dateMs ?? nowMs));
}

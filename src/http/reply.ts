import type { Dispatcher } from 'undici';
import type { EncodedRequest, HttpReply } from './message.js';

const joined = (value: string | string[]): string => (Array.isArray(value) ? value.join(', ') : value);

/** Sends, and reads the whole reply. */
export async function readReply(
  dispatcher: Dispatcher,
  request: EncodedRequest,
  signal: AbortSignal,
): Promise<HttpReply> {
  const reply = await dispatcher.request({
    method: request.method,
    path: request.path,
    headers: request.headers,
    body: request.body,
    signal,
  });
  const text = await reply.body.text();
  const headers = Object.fromEntries(
    Object.entries(reply.headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, joined(value)]],
    ),
  );
  const dateMs = Date.parse(headers.date ?? '');
  return { status: reply.statusCode, headers, text, ...(Number.isNaN(dateMs) ? {} : { dateMs }) };
}

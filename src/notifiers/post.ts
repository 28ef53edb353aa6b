import { excerpt } from '../http/failure.js';
import { retryAfterMs } from '../http/message.js';
import { redactor } from '../http/redact.js';
import { sendOnce } from '../http/send-once.js';
import { CertError, messageOf } from '../model/errors.js';
import { Secret } from '../model/secret.js';
import { SECOND_MS } from '../model/time.js';

export interface Post {
  /** The address is a password: only its host is ever shown. */
  readonly url: Secret;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly nowMs: number;
}

const CONNECT_MS = 5 * SECOND_MS;
const CALL_MS = 10 * SECOND_MS;
/** Whoever answers more has no webhook there. */
const MAX_REPLY_BYTES = 256 * 1024;
const SHOWN = 200;

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/** @throws CertError `config.invalid` */
function addressOf(url: Secret): URL {
  const address = URL.parse(url.reveal().trim());
  const wrong = (why: string) =>
    new CertError('config.invalid', `the address of the webhook ${why}`, {
      remedy: 'set its variable or file to the full https: address',
    });
  if (address === null) throw wrong('is no URL');
  if (address.username !== '' || address.password !== '') throw wrong('holds a user name or password');
  if (address.protocol === 'https:' || (address.protocol === 'http:' && LOOPBACK.has(address.hostname)))
    return address;
  throw wrong('is not encrypted: http: is for loopback only');
}

/** Shorter ones stand in words that have nothing to do with them. */
const SHORTEST_HIDDEN = 6;

/** What another side may quote of the address: an error page names the path without the query, or a key of it alone. */
function partsOf({ pathname, search, searchParams }: URL): readonly Secret[] {
  const tokens = [...pathname.split('/'), ...searchParams.values()];
  const all = [pathname + search, pathname, ...tokens.flatMap((token) => [token, decoded(token)])];
  return [
    ...new Set(all.filter((part, i) => part.length >= SHORTEST_HIDDEN || (i < 2 && part.length > 1))),
  ].map((part) => new Secret(part));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * One POST of JSON, sent once: whether it is sent again is for a later run to decide. Redirects are not followed.
 * @throws CertError `config.invalid`, `notification.failed` with `retryAtMs` where the other side said when
 */
export async function postJson({ url, body, headers = {}, nowMs }: Post): Promise<void> {
  const address = addressOf(url);
  const path = `${address.pathname}${address.search}`;
  // Without a path it is nothing but the host, which is told.
  const secrets = path === '/' ? [] : [url, ...partsOf(address)];
  const redact = redactor(secrets);
  const line = {
    origin: address.origin,
    connectMs: CONNECT_MS,
    callMs: CALL_MS,
    maxResponseBytes: MAX_REPLY_BYTES,
  };
  const request = {
    method: 'POST' as const,
    path,
    headers: { 'user-agent': 'certwright', 'content-type': 'application/json', ...headers },
    body,
    label: 'POST',
    secrets,
  };
  const failed = (message: string, cause?: unknown, retryAtMs?: number) =>
    new CertError('notification.failed', redact(message), {
      ...(cause === undefined ? {} : { cause }),
      ...(retryAtMs === undefined ? {} : { retryAtMs }),
    });
  const reply = await sendOnce(line, request, () => undefined, redact).catch((error: unknown) => {
    throw failed(messageOf(error), error);
  });
  if (reply.status >= 200 && reply.status < 300) return;
  const afterMs = retryAfterMs(reply, nowMs);
  const text = excerpt(reply.text, redact).slice(0, SHOWN);
  throw failed(
    `${address.origin} answered ${reply.status}${text === '' ? '' : `: ${text}`}`,
    undefined,
    afterMs === undefined ? undefined : nowMs + afterMs,
  );
}

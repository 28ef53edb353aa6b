import type { EncodedRequest, HttpReply } from './message.js';
import type { Redact } from './redact.js';

const STRUCK = '[redacted]';
/** A list of thousands of orders is not read in a log. */
const MOST_CHARS = 20_000;

/** A replay token is made anew for each call, to find it again in the seller's own logs. */
const SECRET_NAME =
  '(?!ReplayToken)[\\w.-]*(?:token|passw(?:or)?d|passphrase|secret|api_?key|auth_?key|hmac)[\\w.-]*';
const JSON_MEMBER = new RegExp(`("${SECRET_NAME}"\\s*:\\s*)(?:"(?:[^"\\\\]|\\\\.)*"|-?\\d[\\w.+-]*)`, 'gi');
const FORM_FIELD = new RegExp(`((?:^|[?&\\s])${SECRET_NAME}=)[^&\\s]*`, 'gi');
const XML_ELEMENT = new RegExp(`(<(${SECRET_NAME})(?:\\s[^>]*)?>)[^<]*(?=</\\2>)`, 'gi');
const XML_ATTRIBUTE = new RegExp(`(\\s${SECRET_NAME}=)"[^"]*"`, 'gi');
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/gs;

/**
 * What went over the wire as a log may show it: without the credentials in use, whatever spelling they have, and without
 * what is a secret by its name (tokens of single orders, passwords that a seller sends back) or by its form.
 */
export function shown(text: string, redact: Redact): string {
  const clean = redact(text)
    .replace(PRIVATE_KEY, STRUCK)
    .replace(JSON_MEMBER, `$1"${STRUCK}"`)
    .replace(XML_ELEMENT, `$1${STRUCK}`)
    .replace(XML_ATTRIBUTE, `$1"${STRUCK}"`)
    .replace(FORM_FIELD, `$1${STRUCK}`);
  if (clean.length <= MOST_CHARS) return clean;
  return `${clean.slice(0, MOST_CHARS)}… (${clean.length - MOST_CHARS} characters more)`;
}

/** Query and body of a call, and the body of its reply; headers hold nothing but credentials and what every call has. */
export function exchange(
  request: EncodedRequest,
  reply: HttpReply | undefined,
  redact: Redact,
): { readonly query?: string; readonly sent?: string; readonly received?: string } {
  const query = request.path.split('?').slice(1).join('?');
  return {
    ...(query === '' ? {} : { query: shown(query, redact) }),
    ...(request.body === null ? {} : { sent: shown(request.body, redact) }),
    ...(reply === undefined ? {} : { received: shown(reply.text, redact) }),
  };
}

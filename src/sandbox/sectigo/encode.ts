import type { WireReply } from '../frame/definition.js';

/** Fields in the order of the wire; a key may repeat. */
export type Fields = readonly (readonly [key: string, value: string | number])[];

export type Format = 'newline' | 'url-encoded';

/** What an endpoint says. `lines`: the newline form where it is not simply the values, one for each line. */
export interface Answer {
  readonly fields: Fields;
  readonly lines?: readonly (string | number)[];
  /** Neither form: a binary object, or the tab-separated list of mailboxes. */
  readonly raw?: { readonly type: string; readonly body: string | Buffer };
}

/** Space is `+`; `'` and `!` are escaped as well. */
const urlEncoded = (fields: Fields): string =>
  new URLSearchParams(fields.map(([key, value]): [string, string] => [key, String(value)])).toString();

export function encode({ fields, lines, raw }: Answer, format: Format): WireReply {
  if (raw !== undefined) return { status: 200, ...raw };
  if (format === 'url-encoded') {
    return { status: 200, type: 'application/x-www-form-urlencoded', body: urlEncoded(fields) };
  }
  const values = lines ?? fields.map(([, value]) => value);
  return { status: 200, type: 'text/plain', body: values.map((value) => `${value}\n`).join('') };
}

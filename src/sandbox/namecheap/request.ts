import type { WireCall } from '../frame/definition.js';
import { Refusal } from './reply.js';

/** Parameters of a call by lower-case name: from the query, a form, its parts, or a mixture. */
export type Fields = ReadonlyMap<string, string>;

const typeOf = ({ headers }: WireCall): string => {
  const type = headers['content-type'];
  return typeof type === 'string' ? type : '';
};

export async function fieldsOf(call: WireCall): Promise<Fields> {
  const pairs: (readonly [string, string])[] = [...call.query];
  const type = typeOf(call);
  if (/^multipart\/form-data/i.test(type)) {
    const form = await new Response(new Uint8Array(call.body), {
      headers: { 'content-type': type },
    }).formData();
    for (const [key, value] of form) if (typeof value === 'string') pairs.push([key, value]);
  } else if (call.body.length > 0) {
    pairs.push(...new URLSearchParams(call.body.toString('utf8')));
  }
  return new Map(pairs.map(([key, value]) => [key.toLowerCase(), value.trim()]));
}

/** Its command without the vendor's name, in lower case: enough to tell what kind of call it is. */
export function commandIn({ query, body }: Pick<WireCall, 'query' | 'body'>): string | undefined {
  const given = [...query].find(([key]) => key.toLowerCase() === 'command')?.[1];
  const text = body.toString('latin1');
  const found =
    given ?? /(?:^|&)command=([^&]*)/i.exec(text)?.[1] ?? /name="command"\r\n\r\n([^\r]*)/i.exec(text)?.[1];
  return found
    ?.trim()
    .toLowerCase()
    .replace(/^namecheap\./, '');
}

/** Where the key stands in a body or a target. */
export const withoutKey = (received: string): string =>
  received.replaceAll(/(apikey=)[^&\s]*/gi, '$1***').replaceAll(/(name="apikey"\r\n\r\n)[^\r]*/gi, '$1***');

/** @throws Refusal */
export function needed(fields: Fields, name: string, missing: number): string {
  const value = fields.get(name.toLowerCase());
  if (value !== undefined && value !== '') return value;
  throw new Refusal(missing, `Parameter ${name} is missing`);
}

export const isTrue = (fields: Fields, name: string): boolean =>
  fields.get(name.toLowerCase())?.toLowerCase() === 'true';

export const listIn = (fields: Fields, name: string): readonly string[] =>
  (fields.get(name.toLowerCase()) ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');

/** @throws Refusal */
export function countIn(
  fields: Fields,
  name: string,
  { missing, wrong, least, most }: { missing: number; wrong: number; least: number; most: number },
): number {
  const text = needed(fields, name, missing);
  const value = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new Refusal(wrong, `${name} is invalid`);
}

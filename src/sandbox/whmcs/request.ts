import { unserialize } from 'php-serialize';
import { Refusal } from './reply.js';

/** A parameter as PHP would hold it: a text, or a list by index. */
type Value = string | Map<string, string>;

export type Form = ReadonlyMap<string, Value>;

const BRACKETS = /^([^[\]]+)\[([^[\]]*)\]$/;

/** `pid[0]=12&domain[]=x`: lists by index, empty brackets count on. */
export function parseForm(body: Buffer): Form {
  const form = new Map<string, Value>();
  for (const [key, value] of new URLSearchParams(body.toString('utf8'))) {
    const [, name, index] = BRACKETS.exec(key) ?? [];
    if (name === undefined || index === undefined) {
      form.set(key, value);
      continue;
    }
    const before = form.get(name);
    const list = before instanceof Map ? before : new Map<string, string>();
    list.set(index === '' ? String(list.size) : index, value);
    form.set(name, list);
  }
  return form;
}

export function textIn(form: Form, key: string): string | undefined {
  const value = form.get(key);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

/** @throws Refusal where the parameter is no list */
export function listIn(form: Form, key: string): readonly string[] {
  const value = form.get(key);
  if (value === undefined) return [];
  if (typeof value === 'string') throw new Refusal(`Parameter "${key}" was expected to be an array`);
  return [...value.values()];
}

export function idIn(form: Form, key: string): number | undefined {
  const text = textIn(form, key);
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

export const flagIn = (form: Form, key: string): boolean =>
  ['1', 'true', 'on'].includes((textIn(form, key) ?? '').toLowerCase());

const DEFAULT_PAGE = 25;

export const limitsIn = (form: Form): { readonly start: number; readonly count: number } => ({
  start: idIn(form, 'limitstart') ?? 0,
  count: idIn(form, 'limitnum') ?? DEFAULT_PAGE,
});

/** `base64(php_serialize({id: value}))`, lengths in bytes. @throws Refusal */
export function serializedIn(text: string): ReadonlyMap<string, unknown> {
  try {
    const plain = Buffer.from(text, 'base64').toString('utf8');
    const value: unknown = unserialize(plain);
    if (typeof value === 'object' && value !== null) return new Map(Object.entries(value));
  } catch {
    // Falls through: nobody documents what is said of it.
  }
  throw new Refusal('The serialised array cannot be read');
}

import type { Json, JsonObject } from '../model/json.js';

/** Reading data whose schema may have been broken: what is not of the type asked for counts as absent. */

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Own key only: a key named like a method of objects is absent. */
export const at = (value: Json | undefined, key: string): Json | undefined =>
  isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;

export const objectAt = (value: Json | undefined, key: string): JsonObject => {
  const inner = at(value, key);
  return isObject(inner) ? inner : {};
};

export const textAt = (value: Json | undefined, key: string): string | undefined => {
  const inner = at(value, key);
  return typeof inner === 'string' ? inner : undefined;
};

export const flagAt = (value: Json | undefined, key: string): boolean | undefined => {
  const inner = at(value, key);
  return typeof inner === 'boolean' ? inner : undefined;
};

export const numberAt = (value: Json | undefined, key: string): number | undefined => {
  const inner = at(value, key);
  return typeof inner === 'number' ? inner : undefined;
};

export const listAt = (value: Json | undefined, key: string): readonly Json[] => {
  const inner = at(value, key);
  return Array.isArray(inner) ? inner : [];
};

const isText = (value: Json): value is string => typeof value === 'string';

export const textsAt = (value: Json | undefined, key: string): readonly string[] =>
  listAt(value, key).filter(isText);

/** Each value of a mapping, mapped. */
export const mapValues = <T>(value: JsonObject, map: (it: Json, key: string) => T): Record<string, T> =>
  Object.fromEntries(Object.entries(value).map(([key, it]) => [key, map(it, key)]));

/** `{ key: value }`, or nothing where there is no value: for optional fields. */
export const optional = <K extends string, T>(key: K, value: T | undefined): { readonly [P in K]?: T } =>
  (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: T };

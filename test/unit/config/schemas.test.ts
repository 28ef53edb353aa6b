import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { schemaErrors } from '../../../src/config/schemas.js';
import type { Json } from '../../../src/model/json.js';

const FOLDER = new URL('../../../schemas/', import.meta.url);
const read = (file: string): Json => JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8'));

const inside = (value: Json | undefined, key: string): Json | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, key)
    ? (value as { readonly [key: string]: Json })[key]
    : undefined;

function target(ref: string, file: string): Json | undefined {
  const [name, pointer = ''] = ref.split('#');
  return pointer
    .split('/')
    .filter((it) => it !== '')
    .reduce<Json | undefined>(
      (it, key) => inside(it, key),
      read(name === '' || name === undefined ? file : name),
    );
}

/** Keys of `properties` anywhere that give an editor nothing to show. */
function silent(schema: Json, file: string, path: string): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  if (Array.isArray(schema)) return schema.flatMap((it, i) => silent(it, file, `${path}/${i}`));
  return Object.entries(schema).flatMap(([key, value]) => {
    const here = `${path}/${key}`;
    // These only forbid, or pick a case: the key itself is described beside them.
    if (key === 'dependentSchemas' || key === 'if' || key === 'examples') return [];
    const own =
      key !== 'properties' || typeof value !== 'object' || value === null
        ? []
        : Object.entries(value).flatMap(([name, it]) => {
            const ref = inside(it, '$ref');
            const described = [it, typeof ref === 'string' ? target(ref, file) : undefined].some(
              (place) => inside(place, 'title') !== undefined && inside(place, 'description') !== undefined,
            );
            return described ? [] : [`${here}/${name}`];
          });
    return [...own, ...silent(value, file, here)];
  });
}

describe('the schemas', () => {
  it.each(['manifest', 'defaults', 'certwright', 'approval'])(
    'explain every key of %s to editors',
    (name) => {
      const file = `${name}.schema.json`;
      expect(silent(read(file), file, '')).toEqual([]);
    },
  );

  it('tell the kinds of manifests apart by themselves, as an editor has to', () => {
    const problems = (value: Json) => schemaErrors('manifest.schema.json', value).map((it) => it.keyword);
    expect(problems({ domain: 'a.example.com' })).toEqual([]);
    expect(problems({ kind: 'certificate', domains: ['a.example.com'], key: { csr: 'a.csr' } })).toEqual([]);
    expect(problems({ kind: 'sitelock', domain: 'a.example.com', product: 'sitelock-basic' })).toEqual([]);
    expect(problems({ kind: 'sitelock', domains: ['a.example.com'] })).toContain('additionalProperties');
    expect(problems({ kind: 'other', domain: 'a.example.com' })).toContain('const');
  });
});

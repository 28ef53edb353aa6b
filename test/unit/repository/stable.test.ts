import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, stableJson } from '../../../src/repository/stable.js';

describe('byte-stable JSON', () => {
  it('sorts keys at every depth, indents by two and ends with a newline', () => {
    expect(stableJson({ b: [{ z: 1, a: 2 }], a: 'ü', gone: undefined })).toBe(
      '{\n  "a": "ü",\n  "b": [\n    {\n      "a": 2,\n      "z": 1\n    }\n  ]\n}\n',
    );
  });

  it('is one line with sorted keys for digests', () => {
    expect(canonicalJson({ b: { d: 1, c: null }, a: [1, 'x'] })).toBe('{"a":[1,"x"],"b":{"c":null,"d":1}}');
  });

  it('does not depend on the order in which facts arrived, and keeps them', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (facts) => {
        const turned = Object.fromEntries(Object.entries(facts).reverse());
        expect(stableJson(turned)).toBe(stableJson(facts));
        expect(JSON.parse(stableJson(facts))).toEqual(JSON.parse(JSON.stringify(facts)));
      }),
    );
  });

  it.each([
    ['a cycle', cycle],
    ['NaN', () => ({ n: Number.NaN })],
    ['a bigint', () => ({ n: 1n })],
  ])('throws on %s instead of writing something else', (_, make) => {
    expect(() => stableJson(make())).toThrow();
  });
});

function cycle(): object {
  const self: Record<string, unknown> = {};
  self.self = self;
  return self;
}

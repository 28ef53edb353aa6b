import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readPlain } from '../../../src/config/plain-yaml.js';
import { parseAnyYaml, parseYaml } from '../../../src/config/yaml.js';

const byLibrary = (text: string) => parseAnyYaml({ path: 'certificates/a.yaml', text });
const asUsed = (text: string) => parseYaml({ path: 'certificates/a.yaml', text });

const MANIFEST = `\
# A shop.
kind: certificate
domains:
  - shop.example.com # the first is the common name
  - "*.example.com"
term: 1y
autoRenew: true
maxPrice: 40.00 USD
key:
  algorithm: ecdsa-p256
  rotate: always
formats: [pem, 'p7b']
`;

/** Value → what the small part makes of it; absent: left to the library. */
const values: Readonly<Record<string, readonly [value?: unknown]>> = {
  plain: ['plain'],
  '1y': ['1y'],
  '30d': ['30d'],
  '40.00 USD': ['40.00 USD'],
  'a b  c': ['a b  c'],
  '0': [0],
  '912345678': [912345678],
  '999999999999999': [999999999999999],
  '9999999999999999': [],
  '012': [],
  '0o7': [],
  '0x1F': [],
  '0xcafe babe': [],
  '1_000': ['1_000'],
  '1e3': [],
  '1E+3': [],
  '.5': [],
  '1.5': [],
  '-1': [],
  '+1': [],
  '1.': [],
  '2026-11-22': [],
  '2026-11-22T00:00:00Z': [],
  '12:30:45': [],
  '.inf': [],
  '.NaN': [],
  true: [true],
  True: [true],
  tRUE: ['tRUE'],
  FALSE: [false],
  yes: ['yes'],
  No: ['No'],
  on: ['on'],
  y: ['y'],
  null: [null],
  Null: [null],
  '~': [],
  '"x"': ['x'],
  '"a\\nb"': [],
  "'it''s'": [],
  "''": [''],
  '"a" b': [],
  'a#b': [],
  'a #b': ['a'],
  '"a"#b': [],
  'a: b': [],
  'a:b': [],
  'a,b': [],
  '*alias': [],
  '&anchor a': [],
  '!!str 1': [],
  '| ': [],
  '>-': [],
  '@a': [],
  '`a': [],
  '%a': [],
  '{ a: b }': [],
  '[]': [[]],
  '[a, b]': [['a', 'b']],
  '[ a , "b" ] # c': [['a', 'b']],
  '[a, b,]': [['a', 'b']],
  '[,]': [],
  '[a b, 1]': [['a b', 1]],
  '[a: b]': [],
  '[a, [b]]': [],
  '[a] b': [],
  '[a': [],
  '- a': [],
  '? a': [],
};

/** Whole texts the small part must leave alone, whatever the library makes of them. */
const others: Readonly<Record<string, string>> = {
  'nothing at all': '',
  'comments only': '# a\n\n# b\n',
  'a byte order mark': '\ufeffa: b\n',
  'carriage returns': 'a: b\r\nc: d\r\n',
  'a tab': 'a:\tb\n',
  'a letter beyond ASCII': 'a: bücher\n',
  'a character nobody sees': 'a: "b\u200b"\n',
  'a document mark': '---\na: b\n',
  'two documents': 'a: b\n---\nc: d\n',
  'a document end': 'a: b\n...\n',
  'a directive': '%YAML 1.1\n---\na: yes\n',
  'a key twice': 'a: b\na: c\n',
  'a merge key': 'a: b\n<<: c\n',
  'a key of every object': '__proto__: a\n',
  'a constructor': 'constructor: a\n',
  'a key that is a word': 'true: a\n',
  'a key that is a number': '1: a\n',
  'a quoted key': '"a": b\n',
  'a text over two lines': 'a: b\n  c\n',
  'a value below': 'a:\n  b\n',
  'a list of mappings': 'a:\n  - b: c\n',
  'a list at the top': '- a\n',
  'a list of lists': 'a:\n  - - b\n',
  'an empty item': 'a:\n  -\n  - b\n',
  'indentation at the top': '  a: b\n',
  'indentation that grows': 'a:\n  b: c\n    d: e\n',
  'indentation that fits nothing': 'a:\n    b: c\n  d: e\n',
  'a key without space': 'a:b\n',
  'a space before the colon': 'a : b\n',
  'deeper than anybody nests': Array.from({ length: 40 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
};

/** Read, although people mean something else by some of them. */
const odd: Readonly<Record<string, string>> = {
  'a key without value': 'a:\nb: c\n',
  'a last key without value': 'a:\n',
  'a list below a value': 'a: b\n  - c\n',
  'a list that is indented twice': 'a:\n  - b\n    - c\n',
};

const PIECES = [
  ...'{}[]:-?&*!|>%@`#\'",\n \t\\~<=0a_./+',
  '  ',
  ': ',
  '- ',
  ' #',
  '\n  ',
  '\n- ',
  '\na: ',
  'true',
  'null',
  '0x',
  '1e3',
  '---\n',
  '__proto__',
  '*a',
  '&a ',
  '.nan',
  '\r\n',
  '<<: ',
  'b: [a, b]\n',
];

const edited = fc
  .array(fc.tuple(fc.nat(MANIFEST.length), fc.nat(6), fc.constantFrom(...PIECES)), { maxLength: 6 })
  .map((edits) =>
    edits.reduce((it, [at, cut, piece]) => it.slice(0, at) + piece + it.slice(at + cut), MANIFEST),
  );
/** Line by line, so that indentation and lists meet in every way. */
const lined = fc
  .array(
    fc.tuple(
      fc.constantFrom('', '  ', '    ', ' '),
      fc.constantFrom('a:', 'b: ', 'c: x', '- ', '- y', 'd: [e, 1]', '# f', '', 'null: ', 'a: 1'),
      fc.constantFrom('', ...Object.keys(values)),
    ),
    { maxLength: 8 },
  )
  .map((lines) => lines.map((parts) => parts.join('')).join('\n'));
/** Good structure, every value. */
const formed = fc
  .array(fc.tuple(fc.constantFrom('', '- ', '  c: '), fc.constantFrom(...Object.keys(values))), {
    minLength: 1,
    maxLength: 4,
  })
  .map((entries) =>
    entries.map(([inner, value], i) => `k${i}:${inner === '' ? ' ' : `\n${inner}`}${value}\n`).join(''),
  );
const jumbled = fc.array(fc.constantFrom(...PIECES), { maxLength: 40 }).map((it) => it.join(''));
const numbers = fc
  .array(fc.constantFrom(...'0123456789abcdefoxEXyY.+-_ '), { minLength: 1, maxLength: 8 })
  .map((it) => `a: ${it.join('')}\nb: [${it.join('')}]\n`);

describe('the small part of YAML', () => {
  it('reads a manifest as people write it', () => {
    expect(readPlain(MANIFEST)?.line).toBe(2);
    expect(asUsed(MANIFEST)).toEqual(byLibrary(MANIFEST));
  });

  it.each(Object.entries(values))('value %j', (text, [...expected]) => {
    const plain = readPlain(`a: ${text}\n`);
    expect(plain === undefined ? [] : [plain.value.a]).toEqual(expected);
    for (const whole of [`a: ${text}\n`, `a:\n  - ${text}\n`, `a:\n- ${text}\nb: c`, `a: [${text}]\n`])
      expect(asUsed(whole)).toEqual(byLibrary(whole));
  });

  it.each(Object.entries(others))('is left for %s', (_, text) => {
    expect(readPlain(text)).toBeUndefined();
    expect(asUsed(text)).toEqual(byLibrary(text));
  });

  it.each(Object.entries(odd))('says what the library says of %s', (_, text) => {
    expect(readPlain(text)).toBeDefined();
    expect(asUsed(text)).toEqual(byLibrary(text));
  });

  it('says what the library says, for any text', () => {
    fc.assert(
      fc.property(fc.oneof(edited, formed, lined, jumbled, numbers), (text) => {
        expect(asUsed(text)).toEqual(byLibrary(text));
      }),
      { numRuns: 2500 },
    );
  });

  it('serves many of the texts that are compared', () => {
    const served = fc.sample(fc.oneof(edited, formed), 500).filter((text) => readPlain(text) !== undefined);
    expect(served.length).toBeGreaterThan(50);
  });
});

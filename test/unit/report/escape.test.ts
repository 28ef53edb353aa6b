import fc from 'fast-check';
import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';
import { describe, expect, test } from 'vitest';
import { clip, markdownCode, markdownText, shellWord, terminalText } from '../../../src/report/escape.js';
import { jsonText } from '../../../src/report/json.js';
import { HOSTILE } from './samples.js';

const render = (markdown: string): string =>
  micromark(markdown, { extensions: [gfm()], htmlExtensions: [gfmHtml()] });

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' };

/** What a reader sees of rendered HTML: tags gone, entities read, our zero-width breaks not visible. */
const seen = (html: string): string =>
  html
    .replace(/<[^>]*>/g, '')
    .replace(/&(amp|lt|gt|quot);/g, (_, name: string) => ENTITIES[name] ?? '')
    .replaceAll('\u200b', '');

/** Letters, marks, digits, punctuation and blanks only: nothing that moves, hides or reorders. */
const HARMLESS = /^[^\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]*$/u;

describe('terminal text', () => {
  test.each(HOSTILE)('has nothing a terminal acts on: %j', (text) => {
    expect(terminalText(text)).toMatch(HARMLESS);
  });

  test('shows what it took away', () => {
    expect(terminalText('a\u001b[2Jb\nc\t\u009bd\u202ee')).toBe(String.raw`a\x1b[2Jb\nc\t\x9bd\u{202e}e`);
  });

  test('leaves ordinary text of any script alone', () => {
    const text = 'Bücher & Söhne, 株式会社, Ελλάδα – 25,00 € → "done"';
    expect(terminalText(text)).toBe(text);
  });

  test('holds for every string', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => HARMLESS.test(terminalText(text))));
  });
});

describe('Markdown text', () => {
  test.each(HOSTILE)('is only text, in a paragraph, a list and a table cell: %j', (text) => {
    const escaped = markdownText(text);
    const expected = terminalText(text).trim();
    expect(render(escaped)).toMatch(/^<p>[^<]*<\/p>$/);
    expect(seen(render(escaped))).toBe(expected);
    expect(render(`- ${escaped}`)).toMatch(/^<ul>\n<li>[^<]*<\/li>\n<\/ul>$/);
    const table = render(`| a | b |\n|---|---|\n| ${escaped} | x |`);
    expect(table.match(/<td>[^<]*<\/td>/g)).toHaveLength(2);
    expect(seen(table.match(/<td>([^<]*)<\/td>/)?.[1] ?? '')).toBe(expected);
  });

  test.each([
    '@octocat',
    '@org/team',
    '#12',
    'GH-12',
    'org/repo#12',
    'org/repo@abcdef1',
    'https://a.example',
    'www.a.example',
    'me@a.example',
    ':tada:',
  ])('breaks what GitHub would link: %s', (text) => {
    expect(markdownText(`x ${text}`)).toContain('&#8203;');
  });

  test('keeps prices, dates, times and sentences readable in the source', () => {
    const text = '310.00 USD is above 250.00 USD on 2026-11-22 at 06:46:42, paid-till (1y).';
    expect(markdownText(text)).toBe(text);
  });

  test('is only text for every string', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (text) => {
        const expected = terminalText(text).trim();
        const html = render(`- ${markdownText(text)}`);
        return expected === '' || html.replace(/^<ul>\n<li>([^<]*)<\/li>\n<\/ul>$/, '$1') !== html;
      }),
    );
  });

  test('is only text for every mix of markup', () => {
    const marks = fc.constantFrom(
      '*',
      '_',
      '`',
      '|',
      '\\',
      '[',
      ']',
      '(',
      ')',
      '<',
      '>',
      '&',
      '#',
      '@',
      '~',
      '!',
      ':',
      '/',
      '-',
      '=',
      '+',
      '1.',
      '1)',
      ' ',
      '\n',
      'a',
      'www.',
      'http://a.b',
      '$',
      '^',
    );
    fc.assert(
      fc.property(fc.array(marks, { minLength: 1, maxLength: 12 }), (parts) => {
        const text = parts.join('');
        const html = render(`| ${markdownText(text)} | x |\n|---|---|`);
        const cells = html.match(/<th>([^<]*)<\/th>/g) ?? [];
        return cells.length === 2 && seen(cells[0] ?? '').trim() === terminalText(text).trim();
      }),
      { numRuns: 2000 },
    );
  });
});

describe('Markdown code', () => {
  test('is a code span for names, ids and commands', () => {
    expect(markdownCode('team-a/*.example.com')).toBe('`team-a/*.example.com`');
    expect(markdownCode('certwright apply --digest 3f')).toBe('`certwright apply --digest 3f`');
  });

  test.each(HOSTILE)('never closes its own span: %j', (text) => {
    expect(seen(render(markdownCode(text)))).toBe(terminalText(text).trim());
  });
});

describe('clipping', () => {
  test.each([
    ['short', 10, 'short'],
    ['exactly ten', 11, 'exactly ten'],
    ['one too long', 11, 'one too lo…'],
    ['👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧', 3, '👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧'],
    ['👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧', 2, '👩‍👩‍👧…'],
    ['cut at a blank', 8, 'cut at…'],
  ])('%s at %i', (text, limit, expected) => {
    expect(clip(text, limit)).toBe(expected);
  });

  test('never looks at a whole megabyte', () => {
    expect(clip('x'.repeat(2_000_000), 5)).toBe('xxxx…');
  });
});

test.each([
  ['team-a/shop', 'team-a/shop'],
  ['a b', "'a b'"],
  ["it's", String.raw`'it'\''s'`],
  ['$(rm -rf)', "'$(rm -rf)'"],
  ['', "''"],
])('a shell reads %j as one word', (text, expected) => {
  expect(shellWord(text)).toBe(expected);
});

describe('JSON', () => {
  test('has sorted keys and ends with a newline', () => {
    expect(jsonText({ b: 1, a: [{ d: 1, c: 2 }] })).toBe(
      '{\n  "a": [\n    {\n      "c": 2,\n      "d": 1\n    }\n  ],\n  "b": 1\n}\n',
    );
  });

  test.each(HOSTILE)('survives and is harmless to print: %j', (text) => {
    const json = jsonText({ text });
    expect(JSON.parse(json)).toEqual({ text });
    expect(json.replaceAll('\n', '')).toMatch(HARMLESS);
  });
});

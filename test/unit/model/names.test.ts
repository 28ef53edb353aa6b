import { domainToASCII } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isWildcard, nameSet, namesServe, parseName, sameNames } from '../../../src/model/names.js';

const long = `${'a'.repeat(63)}.`;

describe('a name as a person writes it', () => {
  it.each([
    ['shop.example.com', 'shop.example.com'],
    ['  SHOP.Example.COM. ', 'shop.example.com'],
    ['*.Shop.Example.com', '*.shop.example.com'],
    ['Bücher.Example', 'xn--bcher-kva.example'],
    ['faß.de', 'xn--fa-hia.de'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['bücher。example。', 'xn--bcher-kva.example'],
    ['ｅxample.com', 'example.com'],
    ['1and1.example.com', '1and1.example.com'],
    [`${long.repeat(3)}${'a'.repeat(61)}`, `${long.repeat(3)}${'a'.repeat(61)}`],
  ])('%s becomes %s', (raw, name) => {
    expect(parseName(raw)).toEqual({ ok: true, name });
  });

  it.each([
    ['', 'is empty'],
    [' . ', 'is empty'],
    ['localhost', 'has one label only'],
    ['*.com', 'has one label only'],
    ['*', 'that is not its whole first label'],
    ['*.', 'that is not its whole first label'],
    ['a.*.example.com', 'that is not its whole first label'],
    ['*.*.example.com', 'that is not its whole first label'],
    ['sh*p.example.com', 'that is not its whole first label'],
    ['https://example.com', 'is no bare host name'],
    ['example.com/shop', 'is no bare host name'],
    ['example.com:443', 'is no bare host name'],
    ['admin@example.com', 'is no bare host name'],
    ['shop example.com', 'is no bare host name'],
    ['a\tb.example.com', 'is no bare host name'],
    ['example.com?x=1', 'is no bare host name'],
    ['example.com#prod', 'is no bare host name'],
    ['example.com\\x', 'is no bare host name'],
    ['ex%61mple.com', 'is no bare host name'],
    ['192.0.2.1', 'is an IP address'],
    ['*.192.0.2.1', 'is an IP address'],
    ['0x7f.1', 'is an IP address'],
    ['[2001:db8::1]', 'is no bare host name'],
    ['a_b.example.com', 'has the label "a_b"'],
    ['-a.example.com', 'has the label "-a"'],
    ['a-.example.com', 'has the label "a-"'],
    ['a..example.com', 'has the label ""'],
    ['.example.com', 'has the label ""'],
    ['example.com..', 'has the label ""'],
    [`${'a'.repeat(64)}.example.com`, 'has the label "aaa'],
    [`${long.repeat(3)}${'a'.repeat(62)}`, 'is longer than 253'],
    [`*.${long.repeat(3)}${'a'.repeat(60)}`, 'is longer than 253'],
  ])('%j is refused: %s', (raw, why) => {
    const parsed = parseName(raw);
    expect(parsed.ok ? parsed.name : parsed.why).toContain(why);
  });

  it('never becomes anything that is not lower-case letters, digits, hyphens and dots, and stays what it became', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'grapheme' }), fc.domain(), fc.webUrl()), (raw) => {
        const parsed = parseName(raw);
        if (!parsed.ok) return;
        expect(parsed.name).toMatch(/^(\*\.)?([a-z0-9-]+\.)+[a-z0-9-]+$/);
        expect(parseName(parsed.name)).toEqual(parsed);
      }),
    );
  });
});

describe('names as a set', () => {
  it('do not depend on order and repeats', () => {
    expect(nameSet(['b.example', 'a.example', 'b.example'])).toEqual(['a.example', 'b.example']);
    expect(sameNames(['b.example', 'a.example'], ['a.example', 'b.example', 'a.example'])).toBe(true);
    expect(sameNames(['a.example'], ['a.example', 'b.example'])).toBe(false);
    expect(sameNames(['a.example', 'b.example'], ['a.example', 'c.example'])).toBe(false);
  });

  it.each([
    ['the very same', ['a'], ['a'], [], true],
    ['a free name more', ['a', 'www.a'], ['a'], ['www.a'], true],
    ['a name more that is not free', ['a', 'b'], ['a'], ['www.a'], false],
    ['a wanted name less', ['a'], ['a', 'b'], ['b'], false],
    ['only free names', ['www.a'], ['a'], ['www.a'], false],
  ])('%s serve: %j for %j', (_title, issued, wanted, free, serve) => {
    expect(namesServe(issued, wanted, free)).toBe(serve);
  });

  it('know a wildcard', () => {
    expect(isWildcard('*.example.com')).toBe(true);
    expect(isWildcard('example.com')).toBe(false);
  });
});

describe('a plain host name', () => {
  const label = fc.stringMatching(/^[a-z0-9-]{1,12}$/);
  const host = fc.tuple(fc.array(label, { minLength: 1, maxLength: 4 }), fc.stringMatching(/^[a-z]{1,8}$/));

  it('is what the URL standard makes of it', () => {
    fc.assert(
      fc.property(host, ([labels, last]) => {
        const name = [...labels, last].join('.');
        const parsed = parseName(name);
        if (parsed.ok) expect(domainToASCII(name)).toBe(parsed.name);
      }),
      { numRuns: 500 },
    );
  });
});

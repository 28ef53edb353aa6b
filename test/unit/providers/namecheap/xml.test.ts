import { describe, expect, it } from 'vitest';
import { allOf, childOf, fieldOf, parseXml } from '../../../../src/providers/namecheap/xml.js';

/** Ten levels that each name the one before ten times. */
const BOMB = `<?xml version="1.0"?>
<!DOCTYPE ApiResponse [
  <!ENTITY a0 "lol">
  ${Array.from({ length: 9 }, (_, i) => `<!ENTITY a${i + 1} "${`&a${i};`.repeat(10)}">`).join('\n  ')}
]>
<ApiResponse Status="OK"><Server>&a9;</Server></ApiResponse>`;

describe('XML of the API', () => {
  it.each([
    ['an entity bomb', BOMB],
    ['an entity from a file', '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'],
    ['a DTD without entities', '<!DOCTYPE a><a/>'],
    ['an error page', '<html><body><p>Bad gateway<br></body></html>'],
    ['a document that was cut off', '<ApiResponse Status="OK"><CommandResponse>'],
    ['JSON', '{"Status":"OK"}'],
    ['nothing', ''],
  ])('%s is none', (_, text) => {
    expect(parseXml(text)).toBeUndefined();
  });

  it('has local names, with a namespace, with a prefix or with none', () => {
    for (const text of [
      '<ApiResponse xmlns="http://api.namecheap.com/xml.response" Status="OK"><Server>A</Server></ApiResponse>',
      '<n:ApiResponse xmlns:n="http://api.namecheap.com/xml.response" Status="OK"><n:Server>A</n:Server></n:ApiResponse>',
      '<ApiResponse Status="OK"><Server>A</Server></ApiResponse>',
    ]) {
      const root = parseXml(text);
      expect(root?.name).toBe('ApiResponse');
      expect(childOf(root, 'server')?.text).toBe('A');
      expect(root?.attributes.get('status')).toBe('OK');
    }
  });

  it('gives text as it is: CDATA, the five entities, a doubled sign, numbers', () => {
    const root = parseXml(
      '<a><b><![CDATA[\n -----BEGIN <x> & y \n]]></b><c>1 &amp; 2 &lt;3&gt;</c><d>--5:00</d><e>9.0000</e><f x="007"/></a>',
    );
    expect(fieldOf(root, 'b')).toBe('-----BEGIN <x> & y');
    expect(fieldOf(root, 'c')).toBe('1 & 2 <3>');
    expect(fieldOf(root, 'd')).toBe('--5:00');
    expect(fieldOf(root, 'e')).toBe('9.0000');
    expect(fieldOf(childOf(root, 'f'), 'X')).toBe('007');
  });

  it('takes what is empty for absent, and finds attributes further inside', () => {
    const root = parseXml('<a ReplacedBy=""><b></b><c/><d><e Id=" 12 "/><e Id="13"/></d></a>');
    expect(fieldOf(root, 'ReplacedBy')).toBeUndefined();
    expect(fieldOf(root, 'b')).toBeUndefined();
    expect(fieldOf(root, 'c')).toBeUndefined();
    expect(fieldOf(root, 'id')).toBe('12');
    expect(allOf(root, 'E')).toHaveLength(2);
  });

  it.each(['<a><constructor>x</constructor></a>', '<a><__proto__/></a>', '<a __proto__="1"/>'])(
    '%s, whose names reach for objects of the language, is none',
    (text) => {
      expect(parseXml(text)).toBeUndefined();
    },
  );
});

import { describe, expect, test } from 'vitest';
import { comparable, serialsIn } from '../../../../src/entry/replace/serials.js';
import { isIssuedBy } from '../../../../src/entry/replace/wanted.js';

const readings = (text: string) => serialsIn(text, 'list.txt').map((one) => one.readings);

describe('a list of serials', () => {
  test.each<[string, string, readonly (readonly string[])[]]>([
    ['hex, as openssl prints it', '0A1B2C\n', [['a1b2c']]],
    ['hex with colons', '00:0a:1b:2c', [['a1b2c']]],
    ['hex with 0x', '0x0a1b2c', [['a1b2c']]],
    ['digits alone may be both', '257', [['257', '101']]],
    ['a long decimal', '1208925819614629174706175', [['1208925819614629174706175', 'ffffffffffffffffffff']]],
    ['comments and empty lines', '# revoked soon\n\n  ab  \r\ncd\n', [['ab'], ['cd']]],
    ['a CSV with a heading', 'Domain,Serial Number,Until\na.example.com,0A:0B,2027\n', [['a0b']]],
    ['quoted cells with commas', 'names;"serial"\n"a, b; c";"00ff"\n', [['ff']]],
    ['tabs', 'certificate_serial\tx\nff\t1\n', [['ff']]],
    ['JSON as crt.sh has it', '[{"id":1,"serial_number":"00ab"},{"serial_number":"cd"}]', [['ab'], ['cd']]],
    ['a JSON list of texts', '["ab", "12"]', [['ab'], ['12', 'c']]],
    ['a byte order mark', '\uFEFFab\n', [['ab']]],
  ])('%s', (_title, text, wanted) => {
    expect(readings(text)).toEqual(wanted);
  });

  test.each([
    ['an empty file', '\n# nothing\n', /list\.txt names no serial number/],
    ['a word', 'ab\nshop.example.com\n', /list\.txt:2: "shop\.example\.com" is no serial number/],
    ['a row without one', 'serial,name\nab,x\n,y\n', /list\.txt:3: "" is no serial number/],
    ['a certificate instead', '-----BEGIN CERTIFICATE-----\n', /list\.txt:1/],
    ['more than 20 octets', 'f'.repeat(41), /list\.txt:1/],
    ['half of JSON', '[{"serial', /begins like JSON and is none/],
    ['JSON without serials', '[{"id": 1}]', /list\.txt \(entry 1\)/],
  ])('%s is refused, with its line', (_title, text, words) => {
    expect(() => serialsIn(text, 'list.txt')).toThrow(words);
  });

  test('state and lists are compared in one form', () => {
    expect(comparable('00AB')).toBe('ab');
    expect(comparable('0')).toBe('0');
  });
});

describe('an issuer', () => {
  test.each([
    ['CN=Example CA 2', true],
    ['cn = example ca 2', true],
    ['O=Example, CN=Example CA 2', true],
    ['CN=Example CA', false],
    ['CN=Example CA 2, O=Other', false],
  ])('%s of "C=GB, O=Example, CN=Example CA 2": %s', (wanted, fits) => {
    expect(isIssuedBy('C=GB, O=Example, CN=Example CA 2', wanted)).toBe(fits);
  });
});

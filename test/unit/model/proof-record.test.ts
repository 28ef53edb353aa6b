import { describe, expect, it } from 'vitest';
import { whyNoProof } from '../../../src/model/proof-record.js';
import { cname, file, txt } from '../../support/solver.js';

const NAME = 'shop.example.com';
const WELL_KNOWN = `http://${NAME}/.well-known`;

describe('a record an authority asks for', () => {
  it.each([
    ['TXT of ACME', txt('_acme-challenge.shop.example.com', 'abc'), NAME],
    ['TXT of ACME for a wildcard', txt('_acme-challenge.shop.example.com.', 'abc'), '*.shop.example.com'],
    ['TXT at the name itself', txt(NAME, '_token'), NAME],
    ['TXT at its domain', txt('example.com', 'token=abc'), NAME],
    ['TXT at a label without underscore', txt('validate.Shop.example.com', 'abc'), NAME],
    ['CNAME of Sectigo', cname('_0AF3.shop.example.com', 'abc.def.sectigo.com.'), NAME],
    ['CNAME at its domain', cname('_0af3.example.com', 'abc.def.sectigo.com'), NAME],
    ['file of Sectigo', file(`${WELL_KNOWN}/pki-validation/A1.txt`, 'sha\nsectigo.com\nk7'), NAME],
    ['file by TLS', file('https://example.com/.well-known/pki-validation/A1.txt', 'x'), NAME],
    ['file of ACME', file(`${WELL_KNOWN}/acme-challenge/tok_en-1`, 'tok_en-1.abc'), NAME],
  ])('can be a proof: %s', (_title, record, name) => {
    expect(whyNoProof(record, name)).toBeUndefined();
  });

  it.each([
    ['another domain', txt('_acme-challenge.example.org', 'abc'), 'is not at shop.example.com or its domain'],
    [
      'a neighbour',
      txt('_acme-challenge.blog.example.com', 'abc'),
      'is not at shop.example.com or its domain',
    ],
    [
      'a name that only ends alike',
      txt('myshop.example.com', 'a'),
      'is not at shop.example.com or its domain',
    ],
    ['a top level', txt('_x.com', 'abc'), 'is not at shop.example.com or its domain'],
    ['nothing but underscores', txt('_a._b', 'abc'), 'is not at shop.example.com or its domain'],
    ['a label without end', txt(`_${'a'.repeat(64)}.${NAME}`, 'abc'), 'is at no name that DNS knows'],
    ['a name without end', txt(`${'_a.'.repeat(120)}${NAME}`, 'abc'), 'is at no name that DNS knows'],
    ['no name', txt(`_a b;\n.${NAME}`, 'abc'), 'is at no name that DNS knows'],
    ['a wildcard', txt(`*.${NAME}`, 'abc'), 'is at no name that DNS knows'],
    ['a host name of ours', cname(NAME, 'evil.example.net'), 'would send a host name elsewhere'],
    ['a new host name of ours', cname(`a.${NAME}`, 'evil.example.net'), 'would send a host name elsewhere'],
    ['an alias for nothing', cname(`_a.${NAME}`, 'not a name'), 'leads to no name that DNS knows'],
    ['who may send mail', txt('example.com', 'V=spf1 +all'), 'would speak for the mail of the domain'],
    [
      'how mail is signed',
      txt('k._domainkey.shop.example.com', 'p=abc'),
      'would speak for the mail of the domain',
    ],
    ['what is no text', txt(`_a.${NAME}`, 'a\u0000b'), 'is no text'],
    ['a text without end', txt(`_a.${NAME}`, 'a'.repeat(513)), 'is longer than any proof'],
    [
      'a file elsewhere',
      file('http://evil.example.net/.well-known/acme-challenge/a', 'x'),
      `is not at ${NAME} or its domain`,
    ],
    [
      'a file at a neighbour',
      file('http://blog.example.com/.well-known/acme-challenge/a', 'x'),
      `is not at ${NAME} or its domain`,
    ],
    ['a file outside', file(`http://${NAME}/index.html`, 'x'), 'is at no place for proofs'],
    [
      'a path that climbs',
      file(`${WELL_KNOWN}/acme-challenge/../../index.html`, 'x'),
      'is at an odd address',
    ],
    [
      'a path that climbs in disguise',
      file(`${WELL_KNOWN}/acme-challenge/%2e%2e%2fx`, 'x'),
      'is at no place for proofs',
    ],
    ['a query', file(`${WELL_KNOWN}/acme-challenge/a?b=c`, 'x'), 'is at no place for proofs'],
    ['a port', file(`http://${NAME}:8080/.well-known/acme-challenge/a`, 'x'), 'is at an odd address'],
    ['a program', file('javascript:alert(1)', 'x'), 'is at no address of a web server'],
    ['no address', file('--help', 'x'), 'is at no address of a web server'],
    [
      'a file without end',
      file(`${WELL_KNOWN}/acme-challenge/a`, 'x'.repeat(8_193)),
      'is longer than any proof',
    ],
    ['a file that is none', file(`${WELL_KNOWN}/acme-challenge/a`, '\u001b[2J'), 'is no text'],
  ])('is published by nobody: %s', (_title, record, why) => {
    expect(whyNoProof(record, NAME)).toBe(why);
  });
});

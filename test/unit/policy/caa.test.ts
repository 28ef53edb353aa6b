import { describe, expect, it } from 'vitest';
import type { CaaIdentity } from '../../../src/model/capabilities.js';
import type { CaaRecord } from '../../../src/model/name-facts.js';
import { type CaaQuestion, judgeCaa } from '../../../src/policy/caa.js';

const CA: CaaIdentity = { domains: ['ca1.example.net'], perhaps: ['old.example.net'] };
const ACME: CaaIdentity = {
  ...CA,
  accountUri: 'https://acme.example/acct/1',
  methods: { dns: ['dns-01'], http: ['http-01'] },
};

/** `0 issue "ca1.example.net"`, as a zone file has it. */
const record = (text: string): CaaRecord => {
  const [, flags = '', tag = '', value = ''] = /^(\d+) (\S+) "(.*)"$/s.exec(text) ?? [];
  return { flags: Number(flags), tag, value };
};

const judge = (records: readonly string[], more: Partial<CaaQuestion> = {}) => {
  const verdict = judgeCaa(records.map(record), { wildcard: false, method: 'dns', ca: CA, ...more });
  return verdict.kind === 'allowed' ? 'allowed' : `${verdict.kind}: ${verdict.why}`;
};

type Row = readonly [title: string, records: readonly string[], verdict: string, more?: Partial<CaaQuestion>];
const check = (rows: readonly Row[]) => {
  it.each(rows.map(([title, ...rest]) => [title, rest] as const))('%s', (_, [records, verdict, more]) => {
    expect(judge(records, more)).toBe(verdict);
  });
};

describe('RFC 8659 §4.2: issue', () => {
  check([
    ['an empty set forbids nothing', [], 'allowed'],
    ['the authority is named', ['0 issue "ca1.example.net"'], 'allowed'],
    ['one of several is enough', ['0 issue "ca2.example.org"', '0 issue "ca1.example.net"'], 'allowed'],
    [
      'another is named',
      ['0 issue "ca2.example.org"'],
      'forbidden: issue names ca2.example.org and nobody else',
    ],
    ['nobody is named', ['0 issue ";"'], 'forbidden: issue is empty: nobody may issue'],
    ['an empty value names nobody', ['0 issue ""'], 'forbidden: issue is empty: nobody may issue'],
    ['what is empty takes nothing away', ['0 issue ";"', '0 issue "ca1.example.net"'], 'allowed'],
    [
      'what breaks the grammar names nobody',
      ['0 issue "%%%%%"'],
      'forbidden: issue "%%%%%" cannot be read, which means that nobody may issue',
    ],
    [
      'a parameter without value breaks it, too',
      ['0 issue "ca1.example.net; account"'],
      'forbidden: issue "ca1.example.net; account" cannot be read, which means that nobody may issue',
    ],
    ['spaces and parameters', ['0 issue " \tca1.example.net ; policy=ev; account = 230123 "'], 'allowed'],
    ['a semicolon without parameters', ['0 issue "ca1.example.net;"'], 'allowed'],
    ['tags and names in any case', ['0 ISSUE "CA1.Example.NET"'], 'allowed'],
    ['iodef alone forbids nothing', ['0 iodef "mailto:security@example.com"'], 'allowed'],
    ['a property nobody knows, not critical', ['0 tbs "Unknown"'], 'allowed'],
    ['other bits of the flags mean nothing', ['1 issue "ca1.example.net"', '127 tbs "x"'], 'allowed'],
    ['issue itself may be critical', ['128 issue "ca1.example.net"'], 'allowed'],
    [
      'a critical property nobody knows (RFC 8659 §4.5)',
      ['0 issue "ca1.example.net"', '128 tbs "Unknown"'],
      'forbidden: the property "tbs" is critical, and no authority understands it',
    ],
    [
      'a critical property that some know',
      ['0 issue "ca1.example.net"', '128 contactemail "a@example.com"'],
      'unsure: the property "contactemail" is critical, and not every authority understands it',
    ],
    [
      'text that a terminal would obey',
      ['128 \u001b[31mx "y"'],
      'forbidden: the property "?[31mx" is critical, and no authority understands it',
    ],
  ]);
});

describe('RFC 8659 §4.3: issuewild', () => {
  const wildcard = { wildcard: true };
  check([
    [
      'a wildcard goes by issue where there is no issuewild',
      ['0 issue "ca1.example.net"'],
      'allowed',
      wildcard,
    ],
    [
      'issuewild wins over issue for a wildcard',
      ['0 issue "ca1.example.net"', '0 issuewild "ca2.example.org"'],
      'forbidden: issuewild names ca2.example.org and nobody else',
      wildcard,
    ],
    [
      'issuewild is enough for a wildcard',
      ['0 issue "ca2.example.org"', '0 issuewild "ca1.example.net"'],
      'allowed',
      wildcard,
    ],
    [
      'issuewild means nothing for any other name',
      ['0 issue "ca1.example.net"', '0 issuewild ";"'],
      'allowed',
    ],
    ['issuewild alone forbids no other name', ['0 issuewild ";"'], 'allowed'],
    ['no wildcard at all', ['0 issuewild ";"'], 'forbidden: issuewild is empty: nobody may issue', wildcard],
  ]);
});

describe('RFC 8657: limits', () => {
  const acme = { ca: ACME };
  check([
    ['our account', ['0 issue "ca1.example.net; accounturi=https://acme.example/acct/1"'], 'allowed', acme],
    [
      'another account',
      ['0 issue "ca1.example.net; accounturi=https://acme.example/acct/2"'],
      'forbidden: ca1.example.net is named for another account (accounturi=https://acme.example/acct/2)',
      acme,
    ],
    [
      'an address of another form, by which the authority may know the account as well',
      ['0 issue "ca1.example.net; accounturi=https://old.acme.example/reg/1"'],
      'unsure: ca1.example.net is limited by accounturi, which only the authority can compare',
      acme,
    ],
    [
      'several records, one of them for us',
      [
        '0 issue "ca1.example.net; accounturi=https://acme.example/acct/2"',
        '0 issue "ca1.example.net; accounturi=https://acme.example/acct/1"',
      ],
      'allowed',
      acme,
    ],
    ['our method', ['0 issue "ca1.example.net; validationmethods=http-01,dns-01"'], 'allowed', acme],
    [
      'another method',
      ['0 issue "ca1.example.net; validationmethods=dns-01"'],
      'forbidden: ca1.example.net is named for other methods (validationmethods=dns-01)',
      { ca: ACME, method: 'http' },
    ],
    [
      'one limit twice',
      ['0 issue "ca1.example.net; accounturi=https://acme.example/acct/1; accounturi=x:y"'],
      'forbidden: ca1.example.net is limited twice in one record, which nobody can meet',
      acme,
    ],
    [
      'an authority that does not tell its account',
      ['0 issue "ca1.example.net; accounturi=x:y; validationmethods=ca-mail"'],
      'unsure: ca1.example.net is limited by accounturi and validationmethods, which only the authority can compare',
    ],
  ]);
});

describe('an authority with several names, or none known', () => {
  check([
    [
      'a name it went by once is not counted on',
      ['0 issue "old.example.net"'],
      'unsure: only old.example.net is named, by which the authority went once; it is ca1.example.net now',
    ],
    ['the name it has now is', ['0 issue "old.example.net"', '0 issue "ca1.example.net"'], 'allowed'],
  ]);

  it('without any known name only what forbids everybody is certain', () => {
    const unknown = (text: string) => judgeCaa([record(text)], { wildcard: false, method: 'dns' });
    expect(unknown('0 issue "ca2.example.org"')).toMatchObject({ kind: 'unsure' });
    expect(unknown('0 issue ";"')).toMatchObject({ kind: 'forbidden' });
  });
});

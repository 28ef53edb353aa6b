import { describe, expect, it } from 'vitest';
import type { CaaLook, NameFacts } from '../../../src/model/name-facts.js';
import { judgeNames, type PreflightSubject } from '../../../src/policy/preflight.js';

const judge = (facts: Readonly<Record<string, NameFacts>>, more: Partial<PreflightSubject> = {}) =>
  judgeNames({
    names: Object.keys(facts),
    methodOf: () => 'dns',
    ca: { domains: ['sectigo.com'] },
    skip: [],
    facts: new Map(Object.entries(facts)),
    paid: true,
    ...more,
  });

const caa = (value: string, more: Partial<CaaLook & { kind: 'found' }> = {}): CaaLook => ({
  kind: 'found',
  at: 'customer.com',
  records: [{ flags: 0, tag: 'issue', value }],
  ...more,
});
const exists = { kind: 'exists', domain: 'customer.com' } as const;
const failure = (kind: 'dnssec' | 'servers' | 'unseen') => ({ kind, why: 'the reason' });

describe('what names say before money moves', () => {
  it('is nothing where all is well', () => {
    expect(judge({ 'shop.customer.com': { zone: exists, caa: caa('sectigo.com') } })).toEqual({
      blocked: [],
      notes: [],
    });
  });

  it('names the record to add, and the zone it belongs to, once for all names', () => {
    const facts: NameFacts = { zone: exists, caa: caa('letsencrypt.org') };
    expect(
      judge({ 'a.customer.com': facts, 'b.customer.com': facts, 'c.customer.com': facts }).blocked,
    ).toEqual([
      'a.customer.com and 2 more: CAA at customer.com: issue names letsencrypt.org and nobody else; add `customer.com. CAA 0 issue "sectigo.com"` to the zone of customer.com, or remove what forbids it there',
    ]);
  });

  it('names the end of an alias: nothing can stand beside a CNAME', () => {
    const facts: NameFacts = { caa: caa(';', { at: 'www.customer.com', alias: 'cdn.example.org' }) };
    expect(judge({ 'www.customer.com': facts }).blocked).toEqual([
      'www.customer.com: CAA at cdn.example.org, for which www.customer.com is an alias: issue is empty: nobody may issue; add `cdn.example.org. CAA 0 issue "sectigo.com"` to the zone of cdn.example.org, or remove what forbids it there',
    ]);
  });

  it.each<[string, NameFacts, string | undefined]>([
    [
      'missing',
      { zone: { kind: 'missing', domain: 'customer.com' } },
      'does not exist in public DNS; register it',
    ],
    ['dnssec', { zone: { kind: 'failed', domain: 'customer.com', failure: failure('dnssec') } }, 'DS record'],
    [
      'servers',
      { zone: { kind: 'failed', domain: 'customer.com', failure: failure('servers') } },
      'give no answer',
    ],
    ['unseen', { zone: { kind: 'failed', domain: 'customer.com', failure: failure('unseen') } }, undefined],
    ['dnssec', { caa: { kind: 'failed', at: 'shop.customer.com', failure: failure('dnssec') } }, 'DS record'],
    ['unseen', { caa: { kind: 'failed', at: 'shop.customer.com', failure: failure('unseen') } }, undefined],
  ])('a look that ended as %s', (_, facts, blocked) => {
    const { blocked: found, notes } = judge({ 'shop.customer.com': facts });
    if (blocked === undefined) {
      expect(found).toEqual([]);
      expect(notes[0]).toMatch(/could not look at .*customer\.com: the reason/);
    } else expect(found[0]).toContain(blocked);
  });

  it('what is free is tried although servers are silent, and not where it is certain to fail', () => {
    const zone = (kind: 'dnssec' | 'servers') =>
      ({ kind: 'failed', domain: 'customer.com', failure: failure(kind) }) as const;
    const free = { paid: false };
    expect(judge({ 'a.customer.com': { zone: zone('servers') } }, free)).toMatchObject({ blocked: [] });
    expect(judge({ 'a.customer.com': { zone: zone('servers') } }, free).notes).toHaveLength(1);
    expect(judge({ 'a.customer.com': { zone: zone('dnssec') } }, free).blocked).toHaveLength(1);
    expect(judge({ 'a.customer.com': { caa: caa(';') } }, free).blocked).toHaveLength(1);
  });

  it('what is left out is said and not judged', () => {
    const facts: NameFacts = { zone: { kind: 'missing', domain: 'customer.com' }, caa: caa(';') };
    expect(judge({ 'a.customer.com': facts }, { skip: ['caa', 'zone'] })).toEqual({
      blocked: [],
      notes: ['skipped: caa, zone'],
    });
    expect(judge({ 'a.customer.com': facts }, { skip: ['zone'] }).blocked[0]).toContain('CAA at');
  });

  it('a file can only be fetched where there is an address', () => {
    const facts: NameFacts = { zone: exists, address: 'no' };
    expect(judge({ 'a.customer.com': facts }, { methodOf: () => 'http' }).notes[0]).toContain(
      'A or AAAA record',
    );
    expect(judge({ 'a.customer.com': facts })).toEqual({ blocked: [], notes: [] });
  });
});

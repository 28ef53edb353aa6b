import { expect, it } from 'vitest';
import { createResolver, resolverEndpoints } from '../../../src/dns/resolver.js';
import { systemRandom } from '../../../src/entry/system/clock.js';
import type { NameFacts } from '../../../src/model/name-facts.js';
import type { NameQuestion } from '../../../src/planner/preflight.js';
import { lookAtNames } from '../../../src/reconcile/names.js';
import { startBind } from '../../support/bind.js';
import { caa, soa, startDnsServer } from '../../support/dns-server.js';
import { describeWith } from '../../support/system.js';

const NEVER = new AbortController().signal;

const look = async (
  addresses: readonly string[],
  names: readonly string[],
  more: Partial<NameQuestion> = {},
  limitMs = 3_000,
): Promise<Readonly<Record<string, NameFacts>>> => {
  const resolver = createResolver({ servers: resolverEndpoints(addresses), random: systemRandom, limitMs });
  const questions = names.map((name) => ({ name, caa: true, zone: true, address: false, ...more }));
  return Object.fromEntries(await lookAtNames(resolver, questions, NEVER));
};

const named = (value: string, tag = 'issue') => [{ flags: 0, tag, value }];

describeWith(['named'], 'names at a real resolver', () => {
  it('CAA, aliases, names that do not exist, delegations to nobody, and DNSSEC that fails', async () => {
    const signed = await startBind({ 'bogus.com': { records: ['@ CAA 0 issue "ca.example"'] } });
    // Somebody says that the zone is signed with this key, and it is not signed at all.
    const key = Buffer.alloc(64, 5).toString('base64');
    const resolver = await startBind(
      {
        com: {
          records: [
            'customer NS ns1.com.',
            'cdn NS ns1.com.',
            'lame NS ns1.lame',
            'ns1.lame A 127.0.0.1',
            'bogus NS ns1.bogus',
            'ns1.bogus A 127.0.0.1',
          ],
        },
        'customer.com': {
          records: [
            '@ CAA 0 issue "ca.example"',
            'strict CAA 0 issue ";"',
            'a.b.strict A 127.0.0.1',
            'www CNAME edge.cdn.com.',
            'plain CNAME bare.cdn.com.',
            'gone CNAME nothing.cdn.com.',
            'txt TXT "x"',
          ],
        },
        'cdn.com': { records: ['edge CAA 0 issuewild "other.example"', 'bare A 127.0.0.1'] },
      },
      {},
      `trust-anchors { bogus.com. static-key 257 3 13 "${key}"; };
       zone "bogus.com" { type forward; forward only; forwarders { 127.0.0.1 port ${signed.port}; }; };`,
    );
    const facts = await look(
      [resolver.address],
      [
        'shop.customer.com',
        '*.a.b.strict.customer.com',
        'www.customer.com',
        'plain.customer.com',
        'gone.customer.com',
        'shop.nobody.com',
        'shop.lame.com',
        'shop.bogus.com',
      ],
    );
    const zone = { kind: 'exists', domain: 'customer.com' };
    const apex = { kind: 'found', at: 'customer.com', records: named('ca.example') };
    expect(facts).toEqual({
      'shop.customer.com': { zone, caa: apex },
      '*.a.b.strict.customer.com': {
        zone,
        caa: { kind: 'found', at: 'strict.customer.com', records: named(';') },
      },
      'www.customer.com': {
        zone,
        caa: {
          kind: 'found',
          at: 'www.customer.com',
          alias: 'edge.cdn.com',
          records: named('other.example', 'issuewild'),
        },
      },
      // RFC 8659 §3 climbs from the alias, not from its target.
      'plain.customer.com': { zone, caa: apex },
      'gone.customer.com': { zone, caa: apex },
      'shop.nobody.com': { zone: { kind: 'missing', domain: 'nobody.com' }, caa: { kind: 'none' } },
      'shop.lame.com': {
        zone: { kind: 'failed', domain: 'lame.com', failure: { kind: 'servers', why: expect.anything() } },
        caa: { kind: 'failed', at: 'shop.lame.com', failure: { kind: 'servers', why: expect.anything() } },
      },
      'shop.bogus.com': {
        zone: { kind: 'failed', domain: 'bogus.com', failure: { kind: 'dnssec', why: expect.anything() } },
        caa: { kind: 'failed', at: 'shop.bogus.com', failure: { kind: 'dnssec', why: expect.anything() } },
      },
    });
    expect(
      await look([resolver.address], ['txt.customer.com', 'ns1.customer.com'], { address: true }),
    ).toMatchObject({
      'txt.customer.com': { address: 'no' },
      'ns1.customer.com': { address: 'yes' },
    });
  });
});

it('every question is put once, however many names need its answer', async () => {
  const server = await startDnsServer(({ name, type }) => (type === 'SOA' ? { answers: [soa(name)] } : {}));
  const names = Array.from({ length: 40 }, (_, i) => `host${i}.customer.com`);
  const facts = await look([server.address], names);
  expect(facts['host7.customer.com']).toEqual({
    zone: { kind: 'exists', domain: 'customer.com' },
    caa: { kind: 'none' },
  });
  expect(server.asked.filter((question) => !question.startsWith('CAA host')).sort()).toEqual([
    'CAA com',
    'CAA customer.com',
    'SOA customer.com',
  ]);
});

it('a resolver that gets nothing from anybody tells nothing about one zone', async () => {
  const offline = await startDnsServer(() => ({ rcode: 2 }));
  expect(await look([offline.address], ['shop.customer.com'])).toMatchObject({
    'shop.customer.com': { zone: { failure: { kind: 'unseen' } }, caa: { failure: { kind: 'unseen' } } },
  });
  const working = await startDnsServer(({ name }) =>
    name === 'com' ? { answers: [soa('com')] } : { rcode: 2 },
  );
  expect(await look([working.address], ['shop.customer.com'])).toMatchObject({
    'shop.customer.com': { zone: { failure: { kind: 'servers' } } },
  });
});

it('an answer that fails on the way up ends the climb: what stands above does not count', async () => {
  const server = await startDnsServer(({ name, type }) => {
    if (type === 'SOA') return { answers: [soa(name)] };
    return name === 'b.customer.com'
      ? { rcode: 2 }
      : { answers: name === 'customer.com' ? [caa(name, ';')] : [] };
  });
  expect(await look([server.address], ['a.b.customer.com'])).toMatchObject({
    'a.b.customer.com': { caa: { kind: 'failed', at: 'b.customer.com', failure: { kind: 'servers' } } },
  });
});

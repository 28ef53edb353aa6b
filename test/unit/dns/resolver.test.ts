import { describe, expect, it } from 'vitest';
import { createResolver, resolverEndpoints } from '../../../src/dns/resolver.js';
import { systemRandom } from '../../../src/entry/system/clock.js';
import type { QuestionType } from '../../../src/ports/dns.js';
import { type Asked, caa, type Handler, reply, startDnsServer } from '../../support/dns-server.js';

const NEVER = new AbortController().signal;
const NAME = 'shop.customer.com';

const resolverAt = (...addresses: readonly string[]) =>
  createResolver({ servers: resolverEndpoints(addresses), random: systemRandom, limitMs: 150 });

async function ask(handler: Handler, name = NAME, type: QuestionType = 'CAA') {
  const server = await startDnsServer(handler);
  const look = await resolverAt(server.address).look(name, type, NEVER);
  return { look, server };
}

describe('one question', () => {
  it('is answered with records, by the name at the end of the aliases', async () => {
    const { look } = await ask(() => ({
      answers: [
        { type: 'CNAME', name: 'Shop.Customer.com', data: 'cdn.example.org' },
        { type: 'CNAME', name: 'cdn.example.org', data: 'edge.example.org' },
        caa('edge.example.org', 'ca.example', 'issue', 128),
        caa('other.example.org', 'not.this'),
      ],
    }));
    expect(look).toEqual({
      kind: 'answer',
      exists: true,
      alias: 'edge.example.org',
      count: 1,
      caa: [{ flags: 128, tag: 'issue', value: 'ca.example' }],
    });
  });

  it('follows an alias itself where the server does not, and gives up on a circle', async () => {
    const { look } = await ask(({ name }) => ({
      recursive: false,
      answers:
        name === NAME
          ? [{ type: 'CNAME', name, data: 'cdn.example.org' }]
          : [caa('cdn.example.org', 'ca.example')],
    }));
    expect(look).toMatchObject({ alias: 'cdn.example.org', count: 1 });
    const circle = await ask(({ name }) => ({
      recursive: false,
      answers: [{ type: 'CNAME', name, data: name === NAME ? 'b.example.org' : NAME }],
    }));
    expect(circle.look).toMatchObject({ kind: 'answer', count: 0 });
    expect(circle.server.asked.length).toBeLessThan(12);
  });

  it('tells no such name from no such record', async () => {
    expect((await ask(() => ({ rcode: 3 }))).look).toMatchObject({ kind: 'answer', exists: false });
    expect((await ask(() => ({}))).look).toMatchObject({ kind: 'answer', exists: true, count: 0 });
  });

  it('goes by TCP where the answer was cut', async () => {
    const { look } = await ask(({ by, name }) =>
      by === 'udp' ? { cut: true } : { answers: [caa(name, 'ca.example')] },
    );
    expect(look).toMatchObject({ kind: 'answer', count: 1 });
  });

  it('tells what DNSSEC hides from what is not there', async () => {
    const bogus = await ask(({ unchecked }) => (unchecked ? {} : { rcode: 2 }));
    expect(bogus.look).toMatchObject({ kind: 'failed', failure: 'bogus' });
    expect((await ask(() => ({ rcode: 2 }))).look).toMatchObject({ kind: 'failed', failure: 'servfail' });
  });

  it('asks again without EDNS where a server does not know it', async () => {
    const { look } = await ask(({ message }) => (message.readUInt16BE(10) > 0 ? { rcode: 1 } : {}));
    expect(look).toMatchObject({ kind: 'answer' });
  });

  it('repeats what got lost on the way', async () => {
    let first = true;
    const { look } = await ask(() => {
      if (!first) return {};
      first = false;
      return undefined;
    });
    expect(look).toMatchObject({ kind: 'answer' });
  });
});

describe('a server that misbehaves', () => {
  const giant = ({ message }: Asked): Buffer => {
    const claims = reply(message, {});
    claims.writeUInt16BE(1_501, 6);
    return claims;
  };
  it.each<readonly [string, Handler, RegExp]>([
    ['is silent', () => undefined, /does not answer within 0\.15 s/],
    ['refuses', () => ({ rcode: 5 }), /answers REFUSED/],
    ['answers with another code', () => ({ rcode: 9 }), /answers with code 9/],
    ['does not look up for others', () => ({ recursive: false, rcode: 0 }), /^$/],
    [
      'sends too much',
      (asked) => (asked.by === 'udp' ? { cut: true } : giant(asked)),
      /answers with 1501 records/,
    ],
    [
      'sends rubbish',
      ({ message }) => Buffer.concat([reply(message, {}).subarray(0, 12), Buffer.alloc(9, 0xff)]),
      /cannot be read/,
    ],
    [
      'says that there is more than there is',
      ({ message }) => {
        const short = reply(message, {});
        short.writeUInt16BE(400, 6);
        return short;
      },
      /cannot be read/,
    ],
    [
      'answers another question',
      ({ message }) => {
        const other = reply(message, {});
        other[13] = 'x'.charCodeAt(0);
        return other;
      },
      /answers another question/,
    ],
    [
      'answers with another id',
      ({ message }) => {
        const other = reply(message, {});
        other.writeUInt16BE((message.readUInt16BE(0) + 1) % 65_536, 0);
        return other;
      },
      /does not answer/,
    ],
    ['sends less than a header', () => Buffer.alloc(5), /does not answer/],
    ['cuts, and cuts again by TCP', () => ({ cut: true }), /cuts its answer by TCP as well/],
  ])('%s', async (_, handler, why) => {
    const { look } = await ask(handler);
    if (why.source === '^$') expect(look).toMatchObject({ kind: 'answer', count: 0 });
    else expect(look).toMatchObject({ kind: 'failed', failure: 'silent', why: expect.stringMatching(why) });
  });

  it('is not needed where another one answers', async () => {
    const dead = await startDnsServer(() => ({ rcode: 5 }));
    const alive = await startDnsServer(({ name }) => ({ answers: [caa(name, 'ca.example')] }));
    const look = await resolverAt(dead.address, alive.address).look(NAME, 'CAA', NEVER);
    expect(look).toMatchObject({ kind: 'answer', count: 1 });
  });

  it('does not hold anybody up once the time is over', async () => {
    const server = await startDnsServer(() => undefined);
    const soon = AbortSignal.timeout(30);
    const look = await resolverAt(server.address, server.address).look(NAME, 'CAA', soon);
    expect(look).toMatchObject({ failure: 'silent', why: expect.stringMatching(/time/) });
    expect(server.asked).toHaveLength(1);
  });

  it('a name that no message can hold is asked of nobody', async () => {
    const { look, server } = await ask(() => ({}), `${'a'.repeat(64)}.com`);
    expect(look).toMatchObject({ kind: 'failed', failure: 'silent' });
    expect(server.asked).toEqual([]);
  });
});

it('without any resolver nothing is known', async () => {
  expect(await resolverAtNone()).toMatchObject({ kind: 'failed', failure: 'silent' });
});

const resolverAtNone = () => createResolver({ servers: [], random: systemRandom }).look(NAME, 'CAA', NEVER);

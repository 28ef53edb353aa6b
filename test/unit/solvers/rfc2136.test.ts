import { createServer, type Server } from 'node:net';
import { decode, encode } from 'dns-packet';
import { describe, expect, it, onTestFinished } from 'vitest';
import { plainAsk } from '../../../src/dns/ask.js';
import { openLink } from '../../../src/dns/link.js';
import { nameServersOf } from '../../../src/solvers/rfc2136/sight.js';
import { type BindServer, OTHER_SECRET, SECRET, startBind } from '../../support/bind.js';
import { type Handler, reply, startDnsServer } from '../../support/dns-server.js';
import { cname, file, type SolverOptions, said, solverOf, txt } from '../../support/solver.js';
import { describeWith } from '../../support/system.js';

const KEY = `certwright:${SECRET}`;

const solverAt = (server: string, more: Partial<SolverOptions> & { readonly key?: string } = {}) =>
  solverOf({
    type: 'rfc2136',
    zones: ['example.com', 'example.net'],
    credentials: { key: more.key ?? KEY },
    ...more,
    options: { server, visibleAt: [server], timeout: '5s', ...more.options },
  });

const openBind = (records: readonly string[] = []): Promise<BindServer> =>
  startBind({ 'example.com': { records }, 'example.net': {} });

describeWith(['named'], 'a DNS server that takes updates', () => {
  it('shows what is published, once however often, and nothing after the clean-up', async () => {
    const bind = await openBind();
    const solver = await solverAt(bind.address);
    const records = [
      txt('_dcv.shop.example.com', 'token one'),
      txt('_dcv.shop.example.com.', 'token two'),
      cname('_0AF3.www.example.net', 'abc.def.dcv.example.org.'),
    ];
    expect((await solver.visible?.(records))?.map(({ seen }) => seen)).toEqual(['no', 'no', 'no']);
    expect(said(await solver.publish(records))).toEqual(['done', 'done', 'done']);
    expect(said(await solver.publish(records))).toEqual(['done', 'done', 'done']);
    expect(await bind.texts('_dcv.shop.example.com')).toEqual(['token one', 'token two']);
    expect(await bind.alias('_0af3.www.example.net')).toBe('abc.def.dcv.example.org');
    expect((await solver.visible?.(records))?.map(({ seen }) => seen)).toEqual(['yes', 'yes', 'yes']);

    expect(said(await solver.cleanUp(records.slice(0, 1)))).toEqual(['done']);
    expect(await bind.texts('_dcv.shop.example.com')).toEqual(['token two']);
    expect(said(await solver.cleanUp(records))).toEqual(['done', 'done', 'done']);
    expect(said(await solver.cleanUp(records))).toEqual(['done', 'done', 'done']);
    expect(await bind.texts('_dcv.shop.example.com')).toEqual([]);
    expect(await bind.alias('_0af3.www.example.net')).toBeUndefined();
  });

  it('takes every name of several zones in few updates, also where an answer fills a message', async () => {
    const bind = await openBind();
    const solver = await solverAt(bind.address);
    const records = Array.from({ length: 120 }, (_, i) =>
      txt(`_dcv.h${i}.example.${i % 2 === 0 ? 'com' : 'net'}`, `token ${i} ${'x'.repeat(400)}`),
    );
    // One name with far more than a UDP answer holds.
    const crowd = Array.from({ length: 60 }, (_, i) => txt('_dcv.crowd.example.com', `${i}`.repeat(200)));
    expect(new Set(said(await solver.publish([...records, ...crowd])))).toEqual(new Set(['done']));
    expect(await bind.texts('_dcv.h119.example.net')).toEqual([`token 119 ${'x'.repeat(400)}`]);
    expect(new Set((await solver.visible?.([...records, ...crowd]))?.map(({ seen }) => seen))).toEqual(
      new Set(['yes']),
    );
    expect(new Set(said(await solver.cleanUp([...records, ...crowd])))).toEqual(new Set(['done']));
    expect(await bind.texts('_dcv.crowd.example.com')).toEqual([]);
  });

  it('keeps what others have at the same name, and says where it is in the way', async () => {
    const bind = await openBind([
      '_dcv.a TXT "of somebody else"',
      '_dcv.b CNAME elsewhere.example.org.',
      '_dcv.c TXT "beside an alias there can be nothing"',
    ]);
    const solver = await solverAt(bind.address);
    const records = [
      txt('_dcv.a.example.com', 'ours'),
      cname('_dcv.b.example.com', 'ours.example.org'),
      cname('_dcv.c.example.com', 'ours.example.org'),
      cname('_dcv.d.example.com', 'ours.example.org'),
    ];
    expect(said(await solver.publish(records))).toEqual([
      'done',
      'solver.blocked: _dcv.b.example.com is in use: a CNAME for elsewhere.example.org stands there, and it is not ours; remove it if nobody needs it, or prove this name in another way',
      'solver.blocked: _dcv.c.example.com is in use: other records stand there (of any type), and it is not ours; remove it if nobody needs it, or prove this name in another way',
      'done',
    ]);
    expect(said(await solver.cleanUp(records))).toEqual(['done', 'done', 'done', 'done']);
    expect(await bind.texts('_dcv.a.example.com')).toEqual(['of somebody else']);
    expect(await bind.alias('_dcv.b.example.com')).toBe('elsewhere.example.org');
    expect(await bind.texts('_dcv.c.example.com')).toEqual(['beside an alias there can be nothing']);
    expect(await bind.alias('_dcv.d.example.com')).toBeUndefined();
  });

  it('follows the delegation of a challenge name into another zone, and not out of our zones', async () => {
    const bind = await openBind([
      '_acme-challenge.shop CNAME shop.challenges.example.net.',
      '_acme-challenge.far CNAME far.challenges.example.org.',
      '_acme-challenge.long CNAME hop1',
      ...Array.from({ length: 9 }, (_, i) => `hop${i + 1} CNAME hop${i + 2}`),
    ]);
    const solver = await solverAt(bind.address);
    const record = txt('_acme-challenge.shop.example.com', 'token');
    const far = txt('_acme-challenge.far.example.com', 'token');
    const long = txt('_acme-challenge.long.example.com', 'token');
    const outcomes = await solver.publish([record, far, long]);
    expect(outcomes.map(({ at }) => at)).toEqual(['shop.challenges.example.net', undefined, undefined]);
    expect(said(outcomes)).toEqual([
      'done',
      'solver.zone: _acme-challenge.far.example.com is an alias for far.challenges.example.org, which lies in none of the zones of zone-a; add the zone of far.challenges.example.org to zones: of zone-a',
      'solver.blocked: _acme-challenge.long.example.com is an alias of aliases, more than 8 of them; let its CNAME record lead to the last name at once',
    ]);
    expect(await bind.texts('shop.challenges.example.net')).toEqual(['token']);
    expect((await solver.visible?.([record]))?.[0]).toMatchObject({ seen: 'yes' });
    expect(said(await solver.cleanUp([record]))).toEqual(['done']);
    expect(await bind.texts('shop.challenges.example.net')).toEqual([]);
    expect(await bind.alias('_acme-challenge.shop.example.com')).toBe('shop.challenges.example.net');
  });

  it('refuses a key it does not know, a wrong secret, another time, and what its policy forbids', async () => {
    const bind = await startBind(
      { 'example.com': { policy: ['grant certwright zonesub TXT;'] } },
      {
        certwright: { algorithm: 'hmac-sha256', secret: SECRET },
        strong: { algorithm: 'hmac-sha512', secret: SECRET },
      },
    );
    const record = txt('_dcv.shop.example.com', 'token');
    const tell = async (more: Parameters<typeof solverAt>[1], record_ = record) =>
      (said(await (await solverAt(bind.address, more)).publish([record_])) as readonly [string])[0];
    const at = bind.address;
    expect(await tell({ key: `nobody:${SECRET}` })).toBe(
      `solver.refused: ${at} does not know the key nobody (BADKEY); add a key of that name with hmac-sha256 there, or correct the name of the key here`,
    );
    expect(await tell({ key: `certwright:${OTHER_SECRET}` })).toBe(
      `solver.refused: ${at} finds the signature with certwright wrong (BADSIG); the secret differs: use the one the server has`,
    );
    expect(await tell({ nowMs: Date.now() - 4_000_000 })).toBe(
      `solver.refused: ${at} has another time than this machine (BADTIME); set the clocks of both by NTP; five minutes are the most they may differ`,
    );
    expect(await tell({}, cname('_dcv.www.example.com', 'x.example.org'))).toBe(
      `solver.refused: ${at} refuses to change example.com for the key certwright (REFUSED); allow it there: update-policy { grant certwright zonesub TXT CNAME; } in BIND, an acl with action: update in Knot`,
    );
    expect(await tell({ key: `hmac-sha512:strong:${SECRET}` })).toMatch(/REFUSED/);
    expect(
      await tell({ key: `key "certwright" {\n\talgorithm hmac-sha256;\n\tsecret "${SECRET}";\n};\n` }),
    ).toBe('done');
    expect(await bind.texts('_dcv.shop.example.com')).toEqual(['token']);
    // What is allowed is done, what is not is not, of one batch.
    const both = [cname('_dcv.www.example.com', 'x.example.org'), txt('_dcv.www2.example.com', 'token')];
    const outcomes = said(await (await solverAt(bind.address)).publish(both));
    expect(outcomes.map((text) => text.slice(0, 14))).toEqual(['solver.refused', 'done']);
  });

  it('does not touch names outside its zones, zones of others, and files', async () => {
    const bind = await openBind(['sub NS ns.elsewhere.example.org.']);
    const solver = await solverAt(bind.address, { zones: ['example.com', 'example.org'] });
    const records = [
      txt('_dcv.example.net', 'token'),
      txt('_dcv.example.org', 'token'),
      txt('_dcv.www.sub.example.com', 'token'),
      file('http://www.example.com/.well-known/pki-validation/x.txt', 'token'),
    ];
    expect(said(await solver.publish(records))).toEqual([
      'solver.zone: _dcv.example.net lies in none of the zones of zone-a; add its zone to zones: of zone-a, or name another solver in the manifest',
      `solver.zone: ${bind.address} does not answer for _dcv.example.org: REFUSED; write the address of the primary of its zone under server:`,
      `solver.zone: sub.example.com is delegated to other servers than ${bind.address}; write the address of the primary of that zone under server:, in a solver of its own if need be`,
      'solver.zone: zone-a publishes DNS records, and this proof is a file; name a solver of type http-file, http-server or exec for it',
    ]);
  });

  it('is told apart from servers that lag behind, show another value, or do not answer', async () => {
    const bind = await openBind();
    const late = await openBind(['_dcv.shop TXT "an older token"']);
    const solver = await solverAt(bind.address, {
      options: { visibleAt: [bind.address, late.address, '127.0.0.1:9'] },
    });
    const records = [txt('_dcv.shop.example.com', 'token'), txt('_dcv.www.example.com', 'token')];
    await solver.publish(records);
    expect(await solver.visible?.(records)).toEqual([
      { record: records[0], seen: 'no', why: `${late.address} shows another value there` },
      { record: records[1], seen: 'no', why: `${late.address} shows nothing there` },
    ]);
    const dead = await solverAt(bind.address, { options: { visibleAt: ['127.0.0.1:9'] } });
    expect((await dead.visible?.(records))?.[0]).toMatchObject({
      seen: 'cannot-tell',
      why: expect.stringMatching(/^127\.0\.0\.1:9 cannot be reached/),
    });
  });

  it('is not believed to show what a server beside it makes up: giants, cuts, other answers each time', async () => {
    const bind = await openBind();
    const record = txt('_dcv.shop.example.com', 'token');
    const show = ({ name, type, value = 'token' }: { name: string; type: string; value?: string }) =>
      type === 'TXT'
        ? { answers: [{ name, type: 'TXT' as const, ttl: 60, data: value.match(/.{1,250}/g) ?? [] }] }
        : {};
    let turn = 0;
    const odd: readonly (readonly [Handler, string, string])[] = [
      [
        ({ message }) => {
          const claims = reply(message, {});
          claims.writeUInt16BE(60_000, 6);
          return claims;
        },
        'cannot-tell',
        'answers with 60000 records, more than anybody needs',
      ],
      [(asked) => ({ ...show(asked), cut: true }), 'cannot-tell', 'cuts its answer by TCP as well'],
      [
        ({ message }) => {
          const other = encode({ ...decode(message), questions: [{ name: 'x.example.com', type: 'TXT' }] });
          return reply(other, show({ name: 'x.example.com', type: 'TXT' }));
        },
        'cannot-tell',
        'answers another question than it was asked',
      ],
      [(asked) => show({ ...asked, name: 'elsewhere.example.com' }), 'no', 'shows nothing there'],
      [(asked) => show({ ...asked, value: 'x'.repeat(60_000) }), 'no', 'shows another value there'],
      [(asked) => show({ ...asked, value: turn++ % 2 === 0 ? 'token' : 'other' }), 'yes', 'shows it'],
    ];
    for (const [handler, seen, why] of odd) {
      const { address } = await startDnsServer(handler);
      const solver = await solverAt(bind.address, { options: { visibleAt: [address] } });
      const [sight] = (await solver.visible?.([record])) ?? [];
      expect(sight).toMatchObject({ seen, why: `${address} ${why}` });
    }
    // Both at once: one that says no is enough.
    const changing = await startDnsServer((asked) => show({ ...asked, value: `token ${turn++}` }));
    const fine = await startDnsServer(show);
    const both = await solverAt(bind.address, { options: { visibleAt: [fine.address, changing.address] } });
    expect((await both.visible?.([record]))?.[0]).toMatchObject({
      seen: 'no',
      why: `${changing.address} shows another value there`,
    });
  });

  it('tells the name servers of a zone; those it does not know are looked up', async () => {
    const bind = await openBind(['@ NS ns2.example.net.', '@ NS ns.example.org.']);
    const link = await openLink(
      { host: '127.0.0.1', port: bind.port },
      { limitMs: 5_000, signal: new AbortController().signal, label: 'bind' },
    );
    const servers = await nameServersOf(plainAsk(link, 'bind', 1), 'example.com', async (name) =>
      name === 'ns.example.org' ? ['192.0.2.7', '2001:db8::7'] : [],
    );
    link.close();
    expect(servers).toEqual([
      { host: '192.0.2.7', port: 53, label: 'ns.example.org' },
      { host: '2001:db8::7', port: 53, label: 'ns.example.org' },
      { host: '127.0.0.1', port: 53, label: 'ns1.example.com' },
    ]);
  });
});

/** Something on a port that is no DNS server, or a bad one. */
async function listen(answer: (server: Server) => void): Promise<string> {
  const server = createServer();
  answer(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => void server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? `127.0.0.1:${address.port}` : '';
}

describe('what is no such server', () => {
  const record = txt('_dcv.shop.example.com', 'token');
  const tell = async (server: string, more = {}) =>
    (
      said(
        await (await solverAt(server, { options: { timeout: '1s' }, ...more })).publish([record]),
      ) as readonly [string]
    )[0];

  it('is named with what is wrong: nobody, silence, nonsense, a reply that nobody signed', async () => {
    expect(await tell('127.0.0.1:9')).toMatch(
      /^solver\.failed: 127\.0\.0\.1:9 cannot be reached: .*ECONNREFUSED.*; let certwright reach 127\.0\.0\.1:9 by TCP, port 9$/,
    );
    const silent = await listen((server) => server.on('connection', (socket) => socket.resume()));
    expect(await tell(silent)).toBe(
      `solver.failed: ${silent} does not answer within 1 s; let certwright reach ${silent} by TCP, port ${silent.split(':')[1]}`,
    );
    const web = await listen((server) => server.on('connection', (socket) => socket.end('\u0000\u0004HTTP')));
    expect(await tell(web)).toMatch(/answers with something that is no DNS message/);
    const parrot = await listen((server) => server.on('connection', (socket) => socket.pipe(socket)));
    expect(await tell(parrot)).toMatch(/is not signed with certwright and was not believed/);
    const cut = await listen((server) => server.on('connection', (socket) => socket.destroy()));
    expect(await tell(cut)).toMatch(/closed the connection|ECONNRESET/);
  });

  it('does not keep a run that is stopped', async () => {
    const stop = new AbortController();
    const silent = await listen((server) => server.on('connection', () => stop.abort()));
    await expect((await solverAt(silent, { signal: stop.signal })).publish([record])).rejects.toMatchObject({
      code: 'interrupted',
    });
  });

  it.each([
    ['no key at all', 'hello', 'solver zone-a: this is no TSIG key'],
    ['a short secret', 'certwright:c2hvcnQ=', 'solver zone-a: this is no TSIG key'],
    ['a secret without a name', SECRET, 'solver zone-a: the TSIG key has no name'],
    ['MD5', `hmac-md5:certwright:${SECRET}`, 'solver zone-a: a TSIG key of hmac-md5 is not supported'],
  ])('a key that is none is refused without repeating it: %s', async (_title, key, message) => {
    const error: unknown = await solverAt('127.0.0.1:9', { key }).catch((why: unknown) => why);
    expect(String(error)).toContain(message);
    expect(JSON.stringify(error) + String(error)).not.toContain(key);
  });
});

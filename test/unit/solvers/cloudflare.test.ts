import { describe, expect, it } from 'vitest';
import { type CloudflareApi, type FakeRecord, startCloudflare, TOKEN } from '../../support/cloudflare-api.js';
import { startNameServer } from '../../support/name-server.js';
import { cname, file, type SolverOptions, said, solverOf, txt } from '../../support/solver.js';

const ZONES = [
  { id: 'z1', name: 'example.com' },
  { id: 'z2', name: 'dev.example.com' },
  { id: 'z3', name: 'example.net' },
];

const solverAt = (api: CloudflareApi, more: Partial<SolverOptions> = {}) =>
  solverOf({
    type: 'cloudflare',
    id: 'cloud',
    credentials: { apiToken: TOKEN },
    ...more,
    options: { url: api.url, ...more.options },
  });

const shown = (api: CloudflareApi) =>
  api.records.map(({ name, type, content }: FakeRecord) => `${name} ${type} ${content}`).sort();

describe('zones at Cloudflare', () => {
  it('show what is published, each in the longest zone, once however often, and nothing after the clean-up', async () => {
    // Two zones a page: the third is on the second one.
    const api = await startCloudflare(ZONES, [], 2);
    const at = await startNameServer(api.served);
    const solver = await solverAt(api, { options: { visibleAt: [at] } });
    const long = `${'x'.repeat(300)} "quoted" \\ end`;
    const records = [
      txt('_dcv.shop.example.com', 'token one'),
      txt('_DCV.shop.example.com.', 'token one'),
      txt('_dcv.a.dev.example.com', 'token two'),
      cname('_0AF3.www.example.net', 'abc.dcv.example.org.'),
    ];
    expect((await solver.visible?.(records))?.map(({ seen }) => seen)).toEqual(['no', 'no', 'no', 'no']);
    expect(said(await solver.publish(records))).toEqual(['done', 'done', 'done', 'done']);
    expect(shown(api)).toEqual([
      '_0af3.www.example.net CNAME abc.dcv.example.org',
      '_dcv.a.dev.example.com TXT "token two"',
      '_dcv.shop.example.com TXT "token one"',
    ]);
    expect(api.records.find(({ name }) => name === '_dcv.a.dev.example.com')).toMatchObject({
      zone: 'dev.example.com',
      ttl: 60,
      comment: 'certwright: proof of control over a name, removed by itself',
    });
    const posted = api.calls.filter((call) => call.endsWith('/batch')).length;
    expect(posted).toBe(3);
    expect(said(await solver.publish(records))).toEqual(['done', 'done', 'done', 'done']);
    expect(api.calls.filter((call) => call.endsWith('/batch')).length).toBe(posted);
    expect((await solver.visible?.(records))?.map(({ seen }) => seen)).toEqual(['yes', 'yes', 'yes', 'yes']);
    expect(said(await solver.cleanUp(records))).toEqual(['done', 'done', 'done', 'done']);
    expect(said(await solver.cleanUp(records))).toEqual(['done', 'done', 'done', 'done']);
    expect(shown(api)).toEqual([]);
    // Longer than one string, with what has to be escaped.
    api.records.push({
      id: 'own',
      zone: 'example.com',
      name: '_dcv.example.com',
      type: 'TXT',
      content: `"${'x'.repeat(255)}" "${'x'.repeat(45)} \\"quoted\\" \\\\ end"`,
    });
    expect(said(await solver.publish([txt('_dcv.example.com', long)]))).toEqual(['done']);
    expect(said(await solver.cleanUp([txt('_dcv.example.com', long)]))).toEqual(['done']);
    expect(shown(api)).toEqual([]);
  });

  it('keep what others have, and say where it is in the way', async () => {
    const zone = 'example.com';
    const api = await startCloudflare(ZONES, [
      { zone, name: '_dcv.a.example.com', type: 'TXT', content: '"of somebody else"' },
      { zone, name: '_dcv.b.example.com', type: 'CNAME', content: 'elsewhere.example.org' },
      { zone, name: '_dcv.c.example.com', type: 'A', content: '192.0.2.1' },
      { zone, name: '_dcv.p.example.com', type: 'CNAME', content: 'ours.example.org', proxied: true },
    ]);
    const records = [
      txt('_dcv.a.example.com', 'ours'),
      cname('_dcv.b.example.com', 'ours.example.org'),
      cname('_dcv.c.example.com', 'ours.example.org'),
      cname('_dcv.p.example.com', 'ours.example.org'),
      txt('_dcv.p.example.com', 'ours'),
      cname('_dcv.d.example.com', 'ours.example.org'),
      cname('_dcv.d.example.com', 'other.example.org'),
    ];
    const before = shown(api);
    const inUse = 'and it is not ours; remove it if nobody needs it, or prove this name in another way';
    expect(said(await (await solverAt(api)).publish(records))).toEqual([
      'done',
      `solver.blocked: _dcv.b.example.com is in use: a CNAME for elsewhere.example.org stands there, ${inUse}`,
      `solver.blocked: _dcv.c.example.com is in use: other records stand there (A), ${inUse}`,
      `solver.blocked: _dcv.p.example.com is in use: a CNAME that Cloudflare proxies stands there, ${inUse}`,
      `solver.blocked: _dcv.p.example.com is in use: a CNAME that Cloudflare proxies stands there, ${inUse}`,
      'done',
      `solver.blocked: _dcv.d.example.com is in use: a CNAME for ours.example.org is to stand there, ${inUse}`,
    ]);
    const clean = [records[0], records[1], records[2], records[5], records[6]].filter(
      (one) => one !== undefined,
    );
    expect(said(await (await solverAt(api)).cleanUp(clean))).toEqual([
      'done',
      'done',
      'done',
      'done',
      'done',
    ]);
    expect(shown(api)).toEqual(before);
  });

  it('follow a delegated challenge name, also out of a zone that is kept elsewhere', async () => {
    const api = await startCloudflare(ZONES, [
      {
        zone: 'example.com',
        name: '_acme-challenge.shop.example.com',
        type: 'CNAME',
        content: 'shop.challenges.example.net',
      },
    ]);
    const at = await startNameServer(() => [
      ...api.served(),
      { name: '_acme-challenge.www.example.org', type: 'CNAME', value: 'www.challenges.example.net' },
    ]);
    const solver = await solverAt(api, { options: { visibleAt: [at] } });
    const records = [
      txt('_acme-challenge.shop.example.com', 'one'),
      txt('_acme-challenge.www.example.org', 'two'),
      txt('_acme-challenge.nowhere.example.org', 'three'),
    ];
    const outcomes = await solver.publish(records);
    expect(outcomes.map((one) => one.at)).toEqual([
      'shop.challenges.example.net',
      'www.challenges.example.net',
      undefined,
    ]);
    expect(said(outcomes)).toEqual([
      'done',
      'done',
      'solver.zone: _acme-challenge.nowhere.example.org lies in no zone that Cloudflare shows to these credentials; let the token use that zone (Zone:Read and DNS:Edit, with the zone among its resources), or prove the name in another way',
    ]);
    expect(shown(api)).toEqual([
      '_acme-challenge.shop.example.com CNAME shop.challenges.example.net',
      'shop.challenges.example.net TXT "one"',
      'www.challenges.example.net TXT "two"',
    ]);
    expect((await solver.visible?.(records))?.map(({ seen }) => seen)).toEqual(['yes', 'yes', 'cannot-tell']);
    const narrow = await solverAt(api, { zones: ['example.com'], options: { visibleAt: [at] } });
    expect(said(await narrow.cleanUp(records.slice(0, 1)))).toEqual([
      'solver.zone: _acme-challenge.shop.example.com is an alias for shop.challenges.example.net, which lies in none of the zones of cloud; add the zone of shop.challenges.example.net to zones: of cloud',
    ]);
    expect(said(await solver.cleanUp(records.slice(0, 2)))).toEqual(['done', 'done']);
    expect(shown(api)).toEqual(['_acme-challenge.shop.example.com CNAME shop.challenges.example.net']);
  });

  it('are not used where Cloudflare does not serve them to everybody', async () => {
    const api = await startCloudflare([
      { id: 'z1', name: 'example.com', status: 'pending' },
      { id: 'z2', name: 'example.net', type: 'partial' },
    ]);
    const at = await startNameServer(() => []);
    const solver = await solverAt(api, { options: { visibleAt: [at] } });
    const outcomes = await solver.publish([txt('_dcv.example.com', 'x'), txt('_dcv.example.net', 'x')]);
    expect(outcomes.map(({ error }) => error?.message)).toEqual([
      "_dcv.example.com lies in example.com, and that zone is pending at Cloudflare: its name servers are not Cloudflare's yet",
      '_dcv.example.net lies in example.net, and that zone is of type partial at Cloudflare: its records are kept elsewhere',
    ]);
  });

  it('take 450 records in three calls, and one that is not acceptable does not keep the others away', async () => {
    const api = await startCloudflare(ZONES);
    // One name with many values: one read, several batches.
    const records = Array.from({ length: 450 }, (_, i) => txt('_dcv.many.example.com', `token ${i}`));
    expect(new Set(said(await (await solverAt(api)).publish(records)))).toEqual(new Set(['done']));
    expect(api.calls.filter((call) => call.endsWith('/batch'))).toHaveLength(3);
    expect(new Set(said(await (await solverAt(api)).cleanUp(records)))).toEqual(new Set(['done']));
    const mixed = [txt('_dcv.a.example.com', 'x'), txt('_dcv.b.example.com', 'y'.repeat(3_000))];
    expect(said(await (await solverAt(api)).publish(mixed))).toEqual([
      'done',
      'solver.failed: Cloudflare did not change example.com: Content is too long (9207)',
    ]);
    expect(shown(api)).toEqual(['_dcv.a.example.com TXT "x"']);
  });

  it('bear that somebody is faster', async () => {
    const api = await startCloudflare(ZONES);
    const records = [txt('_dcv.a.example.com', 'one'), txt('_dcv.b.example.com', 'two')];
    const there = {
      id: 'fast',
      zone: 'example.com',
      name: '_dcv.a.example.com',
      type: 'TXT',
      content: '"one"',
    };
    api.beforeBatch(() => void api.records.push(there));
    expect(said(await (await solverAt(api)).publish(records))).toEqual(['done', 'done']);
    expect(shown(api)).toEqual(['_dcv.a.example.com TXT "one"', '_dcv.b.example.com TXT "two"']);
    api.beforeBatch(() => void api.records.splice(0, 1));
    expect(said(await (await solverAt(api)).cleanUp(records))).toEqual(['done', 'done']);
    expect(shown(api)).toEqual([]);
  });
});

describe('what Cloudflare refuses', () => {
  const record = txt('_dcv.a.example.com', 'x');
  const tell = async (api: CloudflareApi, more?: Partial<SolverOptions>) =>
    said(await (await solverAt(api, more)).publish([record])).join();

  it('names the permission that is missing, and never shows the token', async () => {
    const api = await startCloudflare(ZONES);
    expect(await tell(api, { credentials: { apiToken: 'wrong' } })).toBe(
      'solver.refused: Cloudflare refuses the token: Invalid API Token (1000); give the token the permission Zone:Read, or correct the token if it is mistyped or over',
    );
    api.fail(/^POST/, { status: 403, code: 10_000, message: `Authentication error` });
    expect(await tell(api)).toBe(
      'solver.refused: Cloudflare refuses the token: Authentication error (10000); give the token the permission DNS:Edit for example.com, or correct the token if it is mistyped or over',
    );
    api.fail(/^GET \/zones$/, { status: 400, code: 6003, message: 'Invalid request headers' });
    expect(await tell(api)).toMatch(
      /Invalid request headers \(6003\); give the token the permission Zone:Read/,
    );
    api.fail(/^GET \/zones$/, { status: 200, text: `<html>${TOKEN}</html>` });
    const told = await tell(api);
    expect(told).toBe(
      'solver.failed: Cloudflare cannot be used: the reply is not what Cloudflare documents: it is no JSON',
    );
    expect(told).not.toContain(TOKEN);
  });

  it('is tried again when it asks for a pause, and left for later when the pause is long', async () => {
    const api = await startCloudflare(ZONES);
    api.fail(/^POST/, { status: 429, code: 971, message: 'slow down', headers: { 'retry-after': '0' } });
    expect(await tell(api)).toBe('done');
    api.fail(/^GET/, { status: 429, code: 971, message: 'slow down', headers: { 'retry-after': '300' } });
    const [outcome] = await (await solverAt(api, { nowMs: 1_000_000 })).cleanUp([record]);
    expect(outcome?.error).toMatchObject({ code: 'solver.failed', retryAtMs: 1_300_000 });
    expect(outcome?.error?.message).toMatch(/wants fewer calls \(429\)/);
    expect(shown(api)).toEqual(['_dcv.a.example.com TXT "x"']);
  });

  it('is no business of files, and Ctrl-C ends a call', async () => {
    const api = await startCloudflare(ZONES);
    expect(said(await (await solverAt(api)).publish([file('http://a.example.com/x', 'x')]))).toEqual([
      'solver.zone: cloud publishes DNS records, and this proof is a file; name a solver of type http-file, http-server or exec for it',
    ]);
    expect(api.calls).toEqual([]);
    const stopped = AbortSignal.abort();
    await expect((await solverAt(api, { signal: stopped })).publish([record])).rejects.toMatchObject({
      code: 'interrupted',
    });
  });
});

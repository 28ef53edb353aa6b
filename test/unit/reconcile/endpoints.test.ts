import { beforeAll, describe, expect, it } from 'vitest';
import { allConditions } from '../../../src/entry/health.js';
import type { RunMemory } from '../../../src/model/run-memory.js';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../src/model/time.js';
import type { Condition } from '../../../src/policy/conditions.js';
import type { Deps } from '../../../src/reconcile/deps.js';
import { type ApplyOptions, sync } from '../../../src/reconcile/engine.js';
import { createDialer } from '../../../src/tls/dial.js';
import {
  applyOnce,
  type Ended,
  manifest,
  openPlace,
  openRunner,
  type Place,
  type PlaceOptions,
  publishedPair,
  runUntilQuiet,
} from '../../support/engine.js';
import { fuse } from '../../support/fuse.js';
import {
  closedPort,
  hierarchy,
  type Issued,
  issue,
  type TlsServer,
  tcpServer,
  tlsServer,
} from '../../support/tls-server.js';

const NAME = 'shop.example.com';
const CACHE = 'refs/certwright/cache';

let old: Issued;
let chain: readonly Issued[];

beforeAll(async () => {
  const ca = await hierarchy();
  old = await ca.leaf([NAME]);
  chain = [ca.lower, ca.upper];
});

interface Stage {
  readonly place: Place;
  readonly server: TlsServer;
  run(options?: Partial<ApplyOptions>): Promise<Ended>;
  /** The certificate is put on its server, as a team does it. */
  deploy(to?: TlsServer): Promise<void>;
  conditions(ended: Ended): readonly Condition[];
}

/** A certificate that is published just now, and a server that serves another one. */
async function stage(
  over: Partial<PlaceOptions> = {},
  wrap: (deps: Deps) => Deps = (deps) => deps,
  endpointOf: (server: TlsServer) => string = ({ endpoint }) => endpoint,
): Promise<Stage> {
  const server = await tlsServer(old, chain);
  const place = await openPlace({
    kind: 'local-ca',
    manifests: { shop: `domains: [${NAME}]\nendpoints: ["${endpointOf(server)}"]\n` },
    ...over,
  });
  const run: Stage['run'] = async (options) =>
    applyOnce(place, await openRunner(place, { wrap }), 0, options);
  // This seller issues at once.
  await run();
  expect((await place.status('shop')).current).toBeDefined();
  return {
    place,
    server,
    run,
    async deploy(to = server) {
      const { chainPem, ...pair } = await publishedPair(place, 'shop');
      to.serves(pair, chainPem === '' ? [] : [{ pem: chainPem }]);
    },
    conditions({ applied }) {
      if (!applied) throw new Error('the run failed');
      const { view, specs, providers } = applied;
      const nowMs = place.clock.now();
      return [
        ...allConditions(view.statuses.values(), specs, providers, nowMs, undefined, applied).values(),
      ].flat();
    },
  };
}

const words = (all: readonly Condition[]) => all.map(({ reason, level }) => `${reason}/${level}`);

async function memoryOf(place: Place): Promise<RunMemory> {
  const { 'cache.json': text } = await place.store.files(CACHE);
  return JSON.parse(text ?? '') as RunMemory;
}

describe('a certificate that was published', () => {
  it('is looked for after a while, is an alarm when it is not served in time, and none when it is', async () => {
    const { place, server, run, deploy, conditions } = await stage();
    expect(server.asked).toEqual([]);
    const pushes = await place.pushes();
    await place.advance(20 * MINUTE_MS);
    const early = await run();
    expect(server.asked).toEqual([NAME]);
    expect(early.exit).toBe(0);
    expect(words(conditions(early))).toEqual(['CertificateValid/info', 'NotServedYet/info']);
    await place.advance(23 * HOUR_MS);
    expect((await run()).exit).toBe(0);
    await place.advance(HOUR_MS);
    const late = await run();
    expect(late.exit).toBe(4);
    const [, alarm] = conditions(late);
    expect(alarm).toMatchObject({ type: 'Attention', reason: 'NotServed', level: 'attention' });
    expect(alarm?.message).toMatch(
      /^certificate [0-9a-f]+ was published 24 hours ago and is not served: 127\.0\.0\.1:\d+ serves another certificate, [0-9a-f]+ of CN=Lower CA, valid until [\d-]+ \(seen 2026-11-23T12:20:00Z\)$/,
    );
    await deploy();
    await place.advance(HOUR_MS);
    const served = await run();
    expect(served.exit).toBe(0);
    expect(words(conditions(served))).toEqual(['CertificateValid/info']);
    // Nothing of it is a fact of the certificate.
    expect(await place.pushes()).toBe(pushes);
  });

  it('and is served is left alone by runs, and looked at by a sync', async () => {
    const { place, server, run, deploy } = await stage();
    await deploy();
    await place.advance(20 * MINUTE_MS);
    await run();
    const { length } = server.asked;
    const cache = (await place.store.refs())[CACHE];
    for (let i = 0; i < 3; i++) {
      await place.advance(7 * HOUR_MS);
      expect((await run()).exit).toBe(0);
    }
    expect(server.asked).toHaveLength(length);
    expect((await place.store.refs())[CACHE]).toBe(cache);
    await run({ syncOlderMs: 20 * HOUR_MS });
    expect(server.asked).toHaveLength(length + 1);
    await run({ syncOlderMs: 20 * HOUR_MS });
    expect(server.asked).toHaveLength(length + 1);
    const pushes = await place.pushes();
    const synced = await sync((await openRunner(place)).deps);
    expect(server.asked).toHaveLength(length + 2);
    expect(synced.endpoints).toMatchObject([{ name: 'shop', memory: { findings: [] } }]);
    expect(await place.pushes()).toBe(pushes);
  });

  it('and was served is a warning when it is taken away, and an alarm a day later', async () => {
    const { place, server, run, deploy, conditions } = await stage();
    await deploy();
    await place.advance(5 * DAY_MS);
    await run();
    server.serves(old, chain);
    await place.advance(DAY_MS);
    const taken = await run({ syncOlderMs: 0 });
    expect(taken.exit).toBe(0);
    expect(words(conditions(taken))).toEqual(['CertificateValid/info', 'NotServed/warning']);
    expect(conditions(taken)[1]?.message).toContain(
      'was served last 24 hours ago and is not served: 127.0.0.1',
    );
    await place.advance(23 * HOUR_MS);
    expect((await run()).exit).toBe(0);
    await place.advance(HOUR_MS);
    expect((await run()).exit).toBe(4);
  });

  it('is an alarm at once where nobody remembers, since its date tells how long it was there', async () => {
    const { place, run } = await stage();
    await place.advance(2 * DAY_MS);
    expect((await run()).exit).toBe(4);
    await place.store.setRef(CACHE, null);
    expect((await run()).exit).toBe(4);
  });

  it('may stay unserved for as long as the configuration says', async () => {
    const { place, run } = await stage({ endpoints: '{ servedWithin: 5d }' });
    await place.advance(4 * DAY_MS);
    expect((await run()).exit).toBe(0);
    await place.advance(DAY_MS);
    expect((await run()).exit).toBe(4);
  });

  it('is not looked for where nothing is to be dialled, nor in a rehearsal', async () => {
    const off = await stage({ endpoints: '{ off: true }' });
    await off.place.advance(2 * DAY_MS);
    expect((await off.run({ syncOlderMs: 0 })).exit).toBe(0);
    expect(off.server.asked).toEqual([]);
    const server = await tlsServer(old, chain);
    const place = await openPlace({
      kind: 'unique',
      manifests: { shop: manifest('shop', `endpoints: ["${server.endpoint}"]\n`) },
    });
    await runUntilQuiet(place, await openRunner(place));
    await place.advance(2 * DAY_MS);
    expect((await applyOnce(place, await openRunner(place), 0, { syncOlderMs: 0 })).exit).toBe(0);
    expect(server.asked).toEqual([]);
  });

  it('is not looked for any more where its manifest is gone', async () => {
    const { place, server, run, conditions } = await stage();
    await place.merge({ 'certificates/shop.yaml': null });
    await place.advance(2 * DAY_MS);
    expect(words(conditions(await run({ syncOlderMs: 0 })))).toEqual(['CertificateValid/info']);
    expect(server.asked).toEqual([]);
  });
});

describe('a run that dies', () => {
  it.each([
    { call: 'dial', when: 'before' },
    { call: 'dial', when: 'after' },
    { call: 'cache.replace', when: 'before' },
    { call: 'cache.replace', when: 'after' },
  ] as const)('$when $call leaves nothing behind but a look', async (point) => {
    const { place, server, run, conditions } = await stage();
    await place.advance(2 * DAY_MS);
    const pushes = await place.pushes();
    const burning = fuse(point);
    const dying = applyOnce(place, await openRunner(place, { fuse: burning }));
    expect(await Promise.race([dying, burning.blown])).toBe('crashed');
    await burning.settled();
    expect(await place.pushes()).toBe(pushes);
    const next = await run();
    expect([next.exit, words(conditions(next))[1]]).toEqual([4, 'NotServed/attention']);
    // A look that was remembered need not be taken again.
    const remembered = point.call === 'cache.replace' && point.when === 'after';
    expect(server.asked).toHaveLength(
      point.when === 'before' && point.call === 'dial' ? 1 : remembered ? 1 : 2,
    );
  });

  it('or is stopped in the middle of a look remembers none', async () => {
    const port = await tcpServer(() => stopping.abort());
    const stopping = new AbortController();
    const { place } = await stage({}, undefined, () => `127.0.0.1:${port}`);
    await place.advance(DAY_MS);
    const runner = await openRunner(place, { signal: stopping.signal });
    expect((await applyOnce(place, runner)).exit).toBe(130);
    expect((await memoryOf(place).catch(() => undefined))?.endpoints ?? {}).toEqual({});
  });
});

describe('what is wrong is named', () => {
  it('the certificate before: a reissue that was not deployed', async () => {
    const { place, server, run, deploy, conditions } = await stage();
    await deploy();
    const { current } = await place.status('shop');
    await place.merge({
      'certificates/shop.yaml': `domains: [${NAME}]\nendpoints: ["${server.endpoint}"]\nreissue: again\n`,
    });
    await run();
    expect((await place.status('shop')).current?.serial).not.toBe(current?.serial);
    await place.advance(20 * MINUTE_MS);
    expect(conditions(await run())[1]).toMatchObject({
      reason: 'NotServedYet',
      message: expect.stringContaining(`serves the previous certificate ${current?.serial}, valid until`),
    });
  });

  it('a chain without its intermediate, which is an alarm after a day', async () => {
    const { place, server, run, deploy, conditions } = await stage();
    const { chainPem, ...pair } = await publishedPair(place, 'shop');
    expect(chainPem).toContain('BEGIN CERTIFICATE');
    server.serves(pair);
    await place.advance(3 * DAY_MS);
    const first = await run();
    expect(first.exit).toBe(0);
    expect(conditions(first)[1]).toMatchObject({
      reason: 'ChainFault',
      level: 'warning',
      message: expect.stringMatching(
        /serves it without an intermediate, the certificate of CN=.*; serve fullchain.pem/,
      ),
    });
    await place.advance(DAY_MS);
    expect((await run()).exit).toBe(4);
    await deploy();
    await place.advance(HOUR_MS);
    expect((await run()).exit).toBe(0);
  });

  it.each<[string, Partial<Parameters<typeof issue>[0]>, RegExp]>([
    ['one that issued itself', {}, /serves a self-signed certificate, CN=box, valid until/],
    [
      'one for other names',
      { names: ['default.example.net'] },
      /for default\.example\.net to those who ask for shop\.example\.com/,
    ],
    ['one that ended', { names: [NAME], from: -90, till: -30 }, /serves another certificate, .* which ended/],
  ])('another certificate: %s', async (_title, wish, words) => {
    const ca = await issue({ subject: 'CN=Somebody', ca: true });
    const { place, server, run, conditions } = await stage();
    server.serves(await issue({ subject: 'CN=box', ...(wish.names ? { issuer: ca } : {}), ...wish }));
    await place.advance(20 * MINUTE_MS);
    expect(conditions(await run())[1]?.message).toMatch(words);
  });

  it('a port where nobody is, which may be served for others', async () => {
    const port = await closedPort();
    const { place, run, conditions } = await stage({}, undefined, () => `127.0.0.1:${port}`);
    await place.advance(3 * DAY_MS);
    const ended = await run();
    expect(ended.exit).toBe(0);
    expect(conditions(ended)[1]).toMatchObject({
      reason: 'EndpointUnseen',
      level: 'warning',
      message: expect.stringContaining(
        `127.0.0.1:${port} cannot be reached at 127.0.0.1:${port} (ECONNREFUSED)`,
      ),
    });
  });

  it('a server that speaks no TLS', async () => {
    const port = await tcpServer((socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const { place, run, conditions } = await stage({}, undefined, () => `127.0.0.1:${port}`);
    await place.advance(3 * DAY_MS);
    const ended = await run();
    expect(ended.exit).toBe(4);
    expect(conditions(ended)[1]?.message).toContain('speaks HTTP without TLS');
  });

  it('one of two servers behind a name', async () => {
    const wrap = (deps: Deps): Deps => ({
      ...deps,
      openDialer: async () => createDialer({ lookup: async () => ['127.0.0.1', '::1'] }),
    });
    const { place, server, run, deploy, conditions } = await stage({}, wrap, ({ port }) => `${NAME}:${port}`);
    const second = await tlsServer(old, chain, { host: '::1', port: server.port });
    await deploy();
    await place.advance(2 * DAY_MS);
    const ended = await run();
    expect(ended.exit).toBe(4);
    expect(conditions(ended)[1]?.message).toMatch(/serves another certificate, .* \(::1\) \(seen/);
    await deploy(second);
    await place.advance(HOUR_MS);
    expect((await run()).exit).toBe(0);
    expect((await memoryOf(place)).endpoints[`shop ${NAME}:${server.port}`]).toMatchObject({ findings: [] });
  });
});

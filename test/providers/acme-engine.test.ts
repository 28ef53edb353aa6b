import { describe, expect, it, onTestFinished } from 'vitest';
import type { RequestRecord } from '../../src/model/status.js';
import { DAY_MS, HOUR_MS, MINUTE_MS, toInstant, toMs } from '../../src/model/time.js';
import { land, observeState } from '../../src/reconcile/land.js';
import { statusFile } from '../../src/reconcile/run.js';
import { type AcmeServerOptions, problem, startAcmeServer } from '../support/acme-server.js';
import { caa, type Handler, soa, startDnsServer } from '../support/dns-server.js';
import { applyOnce, openPlace, openRunner, type Place, runUntilQuiet } from '../support/engine.js';
import { manualClock } from '../support/manual-clock.js';

/** The whole engine at an ACME server of ours, which believes every proof, on one clock that is moved by hand. */
async function shop(
  options: Partial<AcmeServerOptions> = {},
  manifests?: Readonly<Record<string, string>>,
  resolver?: string,
) {
  let place: Place | undefined;
  const startMs = manualClock().now();
  const now = (): number => place?.clock.now() ?? startMs;
  const server = await startAcmeServer({ now, ...options });
  onTestFinished(server.close);
  server.validateAll();
  place = await openPlace({
    kind: 'acme',
    acme: {
      directory: server.directory,
      issued: async () => server.orders.filter((o) => o.certificate).length,
    },
    manifests: manifests ?? { shop: 'domains: [shop.example.com]\n' },
    ...(resolver === undefined ? {} : { preflight: `{ resolvers: ["${resolver}"] }` }),
  });
  const opened = place;
  return {
    server,
    place: opened,
    run: async () => applyOnce(opened, await openRunner(opened)),
    settle: async () => runUntilQuiet(opened, await openRunner(opened)),
    status: () => opened.status('shop'),
  };
}

describe('a CA that says when it wants certificates replaced', () => {
  const window = (fromMs: number, days = 2) => ({
    start: new Date(fromMs).toISOString(),
    end: new Date(fromMs + days * DAY_MS).toISOString(),
  });

  it('gets them replaced in its window, by an order that says what it replaces', async () => {
    let renewal = { start: '', end: '' };
    const { place, server, settle, run, status } = await shop({ renewal: () => renewal });
    renewal = window(place.clock.now() + 20 * DAY_MS);
    await settle();
    await run();
    const first = await status();
    expect(first.current?.advice?.startAt).toBe(toInstant(Date.parse(renewal.start)));
    await place.advance(19 * DAY_MS);
    expect((await run()).applied?.plan.items).toEqual([]);
    await place.advance(3 * DAY_MS + HOUR_MS);
    const ended = await settle();
    expect(ended.exit).toBe(0);
    const second = await status();
    expect(second.current?.serial).not.toBe(first.current?.serial);
    expect(second.current?.reason).toBe('CertificateEnding');
    expect(server.ordered.at(-1)?.replaces).toMatch(/\./);
  });

  it('that moves its window into the past gets the next one at once', async () => {
    let renewal = { start: '', end: '' };
    const { place, settle, run, status } = await shop({ renewal: () => renewal });
    renewal = window(place.clock.now() + 60 * DAY_MS);
    await settle();
    await run();
    const first = await status();
    await place.advance(DAY_MS);
    renewal = { ...window(place.clock.now() - 3 * DAY_MS, 1) };
    await settle();
    const second = await status();
    expect(second.current?.serial).not.toBe(first.current?.serial);
  });

  it('far too late is not waited for: the certificate is replaced before it is overdue', async () => {
    let renewal = { start: '', end: '' };
    const { place, settle, run, status } = await shop({ renewal: () => renewal });
    renewal = window(place.clock.now() + 89 * DAY_MS, 300);
    await settle();
    await run();
    const first = await status();
    await place.advance(76 * DAY_MS);
    await settle();
    expect((await status()).current?.serial).not.toBe(first.current?.serial);
  });

  it('is asked as often as it wants, and not by runs in between; one that does not answer changes nothing', async () => {
    const { place, server, settle, run, status } = await shop({
      renewal: () => ({ start: '2027-01-20T00:00:00Z', end: '2027-01-22T00:00:00Z' }),
    });
    await settle();
    await run();
    const asked = () => server.calls.filter((call) => call === 'renewal-info').length;
    const before = asked();
    await run();
    await run();
    expect(asked()).toBe(before);
    const known = (await status()).current?.advice;
    server.tamper('renewal-info', () => ({ status: 500, body: 'down' }));
    await place.advance(7 * HOUR_MS);
    const pushes = await place.pushes();
    expect((await run()).exit).toBe(0);
    expect((await status()).current?.advice).toEqual(known);
    expect(await place.pushes()).toBe(pushes);
  });
});

describe('CAA records, before an ACME CA is asked', () => {
  const caaAt =
    (...values: readonly string[]): Handler =>
    ({ name, type }) => {
      if (type === 'SOA') return { answers: [soa(name)] };
      const found = type === 'CAA' && name === 'example.com';
      return { answers: found ? values.map((value) => caa(name, value)) : [] };
    };

  it('are compared with what its directory says, and mended by the name it says', async () => {
    const dns = await startDnsServer(caaAt('other.example.net'));
    const { server, run, settle, status } = await shop(
      { caaIdentities: ['ca.example.net'] },
      undefined,
      dns.address,
    );
    const held = await run();
    expect(held.applied?.events).toMatchObject([
      {
        outcome: 'held',
        message: expect.stringContaining(
          'CAA at example.com: issue names other.example.net and nobody else; add `example.com. CAA 0 issue "ca.example.net"`',
        ),
      },
    ]);
    expect(server.calls).not.toContain('new-order');
    dns.says(caaAt('ca.example.net; validationmethods=dns-01'));
    await settle();
    expect((await status()).current?.names).toEqual(['shop.example.com']);
  });

  it('that name another account hold the next certificate, and those that name ours do not', async () => {
    const dns = await startDnsServer(caaAt('ca.example.net'));
    const { place, server, run, settle, status } = await shop(
      { caaIdentities: ['ca.example.net'] },
      undefined,
      dns.address,
    );
    await settle();
    const first = (await status()).current?.serial;
    dns.says(caaAt(`ca.example.net; accounturi=${server.url}/account/somebody-else`));
    await place.merge({ 'certificates/shop.yaml': 'domains: [shop.example.com]\nreissue: again\n' });
    const held = await run();
    expect(held.applied?.events).toMatchObject([
      { outcome: 'held', message: expect.stringContaining('is named for another account') },
    ]);
    expect((await status()).current?.serial).toBe(first);
    dns.says(caaAt(`ca.example.net; accounturi=${server.accountUrls[0]}`));
    await settle();
    expect((await status()).current?.serial).not.toBe(first);
  });

  it('of a CA that does not say who it is are noted, and stop nothing', async () => {
    const dns = await startDnsServer(caaAt('ca.example.net'));
    const { settle, status } = await shop({}, undefined, dns.address);
    const { applied } = await settle();
    expect(applied?.plan).toBeDefined();
    expect((await status()).current?.names).toEqual(['shop.example.com']);
  });
});

describe('a CA that refuses', () => {
  it('for a while is left alone for that while, by every run', async () => {
    const { place, server, run, status } = await shop();
    server.tamper('new-order', () => ({
      ...problem('rateLimited', 429, 'slow down'),
      headers: { 'retry-after': '2400' },
    }));
    expect((await run()).exit).toBe(1);
    const calls = server.calls.length;
    await place.advance(15 * MINUTE_MS);
    await run();
    expect(server.calls).toHaveLength(calls);
    server.tamper('new-order', undefined);
    await place.advance(30 * MINUTE_MS);
    await run();
    expect((await status()).current?.names).toEqual(['shop.example.com']);
  });

  it('one certificate for days makes only that one wait, and its status says until when', async () => {
    const { place, server, run } = await shop(
      {},
      { shop: 'domains: [shop.example.com]\n', other: 'domains: [other.example.com]\n' },
    );
    server.tamper('new-order', (reply, { identifiers }) =>
      JSON.stringify(identifiers).includes('shop')
        ? { ...problem('rateLimited', 429, 'five certificates a week'), headers: { 'retry-after': '200000' } }
        : reply,
    );
    await run();
    const { failures } = await place.status('shop');
    expect(toMs(failures.purchase?.retryAt ?? '')).toBe(toMs(failures.purchase?.lastAt ?? '') + 200_000_000);
    expect((await place.status('other')).current?.names).toEqual(['other.example.com']);
    server.tamper('new-order', undefined);
    const ordered = server.ordered.length;
    await place.advance(2 * DAY_MS);
    await run();
    expect(server.ordered).toHaveLength(ordered);
    await place.advance(DAY_MS);
    await run();
    expect((await place.status('shop')).current?.names).toEqual(['shop.example.com']);
  });

  it('a proof has the order placed again by itself, more slowly each time', async () => {
    const { place, server, run, status } = await shop();
    server.rejectNext();
    await run();
    expect((await status()).failures.purchase).toMatchObject({ code: 'order.rejected', count: 1 });
    await run();
    expect(server.orders).toHaveLength(1);
    server.rejectNext();
    await place.advance(11 * MINUTE_MS);
    await run();
    expect((await status()).failures.purchase).toMatchObject({ count: 2 });
    await place.advance(30 * MINUTE_MS);
    await run();
    expect(server.orders).toHaveLength(2);
    await place.advance(31 * MINUTE_MS);
    const ended = await run();
    expect(ended.exit).toBe(0);
    expect((await status()).current?.names).toEqual(['shop.example.com']);
    expect((await status()).failures).toEqual({});
  });

  it('day after day leaves a status that does not grow', async () => {
    const { place, server, run, status } = await shop();
    for (let attempt = 0; attempt < 9; attempt += 1) {
      server.rejectNext();
      await run();
      await place.advance(25 * HOUR_MS);
    }
    expect(server.orders).toHaveLength(9);
    expect((await status()).orders).toHaveLength(5);
    expect((await run()).exit).toBe(0);
    expect((await status()).current?.names).toEqual(['shop.example.com']);
  });

  it('the proof of a reissue leaves the certificate that serves, and the next try is another reissue', async () => {
    const { place, server, settle, run, status } = await shop();
    await settle();
    const first = await status();
    server.rejectNext();
    await place.merge({ 'certificates/shop.yaml': 'domains: [shop.example.com]\nreissue: again\n' });
    await run();
    const failed = await status();
    expect(failed.current?.serial).toBe(first.current?.serial);
    expect(failed.failures.free).toMatchObject({ code: 'order.rejected' });
    await place.advance(11 * MINUTE_MS);
    await settle();
    expect((await status()).current?.serial).not.toBe(first.current?.serial);
  });
});

it('a certificate is revoked with its reason, by another machine than the one that ordered it', async () => {
  const { place, server, settle, run, status } = await shop();
  await settle();
  await ask(place, { action: 'revoke', revocationReason: 'keyCompromise' });
  await run();
  expect([...server.revoked.values()]).toEqual([1]);
  expect((await status()).previous[0]?.revoked ?? (await status()).current?.revoked).toMatchObject({
    reason: 'keyCompromise',
  });
});

async function ask(
  place: Place,
  request: Omit<RequestRecord, 'id' | 'requestedAt' | 'reason'>,
): Promise<void> {
  const { deps } = await openRunner(place);
  await land({ deps }, await observeState(deps), (view) => {
    const status = view.statuses.get('shop');
    if (!status) throw new Error('nothing is recorded for shop');
    const requests = [{ id: 'r1', requestedAt: toInstant(place.clock.now()), reason: 'leaked', ...request }];
    return { files: [statusFile({ ...status, requests })], message: `ask for ${request.action}\n` };
  });
}

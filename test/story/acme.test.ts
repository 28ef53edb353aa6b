import { execFileSync } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { expect, it, vi } from 'vitest';
import { SECRET, startBind } from '../support/bind.js';
import { serveFolder } from '../support/checked-dcv.js';
import { sweepCrashes } from '../support/crash-sweep.js';
import {
  applyOnce,
  expectKeyFits,
  openPlace,
  openRunner,
  type PlaceOptions,
  STATE_REF,
} from '../support/engine.js';
import { tempFolder } from '../support/git.js';
import { type PebbleOptions, startPebble } from '../support/pebble.js';
import { runningClock } from '../support/running-clock.js';
import { solverOf, txt } from '../support/solver.js';
import { describeWith } from '../support/system.js';
import { teamOf } from './stage.js';

vi.setConfig({ testTimeout: 60_000 });

const WAIT_MS = 10_000;

/** A team at a real CA that looks into a real DNS server and at a real web server. */
async function validated(manifests: Readonly<Record<string, string>>) {
  const dns = await startBind({ 'example.com': { records: ['web A 127.0.0.1'] }, 'example.net': {} });
  const root = await tempFolder();
  const webPort = await serveFolder(root);
  const pebble = await startPebble({ dns: dns.address, httpPort: webPort });
  const place = await openPlace({
    kind: 'acme',
    acme: pebble,
    clock: runningClock(),
    manifests,
    solvers: `{ zones: { type: rfc2136, zones: [example.com, example.net], server: "${dns.address}", visibleAt: ["${dns.address}"], key: "\${TSIG_KEY}" }, web: { type: http-file, root: "${root}", visibleAt: "127.0.0.1:${webPort}" } }`,
    env: { TSIG_KEY: `certwright:${SECRET}` },
  });
  return { dns, root, pebble, place };
}

/** A team at a real CA that believes every proof. */
async function believed(options: PebbleOptions, place: Partial<PlaceOptions>) {
  const pebble = await startPebble(options);
  const opened = await openPlace({ kind: 'acme', acme: pebble, clock: runningClock(), ...place });
  return { pebble, place: opened };
}

describeWith(['pebble', 'named', 'openssl'], 'certificates of a real ACME server', () => {
  it('come by DNS and by file, for several zones and a wildcard, in one run that cleans up', async () => {
    const { dns, root, pebble, place } = await validated({
      shop: 'domains: [shop.example.com, "*.example.net", example.net, web.example.com]\nvalidation: { method: dns, per: { web.example.com: http } }\n',
    });
    const ended = await applyOnce(place, await openRunner(place), WAIT_MS);
    expect(ended).toMatchObject({ exit: 0 });
    expect(ended.applied?.events.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual([
      'order done',
    ]);
    const { current, orders } = await place.status('shop');
    expect(current?.names).toEqual(['*.example.net', 'example.net', 'shop.example.com', 'web.example.com']);
    expect(orders).toMatchObject([{ id: expect.stringMatching(/^https:\/\/localhost:\d+\/my-order\//) }]);
    await expectKeyFits(place, 'shop');
    expect(await pebble.issued()).toBe(1);
    await applyOnce(place, await openRunner(place));
    expect(await dns.texts('_acme-challenge.shop.example.com')).toEqual([]);
    expect(await dns.texts('_acme-challenge.example.net')).toEqual([]);
    expect(await readdir(root)).toEqual([]);
    const files = await place.store.files(STATE_REF);
    const text = execFileSync('openssl', ['x509', '-noout', '-issuer', '-ext', 'subjectAltName'], {
      input: files['issued/shop/certificate.pem'] ?? '',
      encoding: 'utf8',
    });
    expect(text).toMatch(/issuer=CN = Pebble Intermediate CA/);
    expect(text).toContain('DNS:*.example.net');
    expect(Object.values(await place.store.files('refs/certwright/accounts/shop')).join()).not.toContain(
      'PRIVATE',
    );
  });

  it('of a process that died anywhere, the same order goes on', { timeout: 120_000 }, async () => {
    const { dns, pebble, place } = await validated({ shop: 'domains: [shop.example.com]\n' });
    const owner = '_acme-challenge.shop.example.com';
    let before = 0;
    Object.assign(place, { purchases: async () => (await pebble.issued()) - before });
    const unknown = await sweepCrashes(place, {
      purchases: 1,
      name: 'shop',
      points: 'after-writes',
      runsVary: true,
      extraPushes: 6,
      async reset() {
        before = await pebble.issued();
        const zones = await solverOf({
          type: 'rfc2136',
          zones: ['example.com'],
          credentials: { key: `certwright:${SECRET}` },
          options: { server: dns.address },
        });
        await zones.cleanUp((await dns.texts(owner)).map((value) => txt(owner, value)));
      },
      outside: async (context) => expect(await dns.texts(owner), context).toEqual([]),
    });
    expect(unknown).toEqual([]);
  });

  it('come twenty at a time on one account, from a server that refuses every second nonce', async () => {
    const names = Array.from({ length: 20 }, (_, n) => `site-${n}`);
    const { pebble, place } = await believed(
      { badNonces: 50 },
      {
        manifests: Object.fromEntries(names.map((name) => [name, `domains: [${name}.example.com]\n`])),
      },
    );
    const ended = await applyOnce(place, await openRunner(place), WAIT_MS);
    expect(ended).toMatchObject({ exit: 0 });
    expect([...(await place.statuses()).values()].filter(({ current }) => current)).toHaveLength(20);
    expect(await pebble.issued()).toBe(20);
    expect(await place.pushes()).toBeLessThan(10);
  });

  it('come from an account that is bound to one at the CA, with the chain that is preferred', async () => {
    const hmac = Buffer.alloc(32, 5).toString('base64url');
    const options = { eab: { 'kid-1': hmac }, alternateRoots: 2 };
    const bound = `credentials: { eabKeyId: "\${EAB_KID}", eabHmacKey: "\${EAB_HMAC}" }`;
    const pebble = await startPebble(options);
    const preferred = await pebble.rootName(2);
    const make = (account: string) =>
      openPlace({
        kind: 'acme',
        acme: pebble,
        clock: runningClock(),
        account,
        manifests: { shop: 'domains: [shop.example.com]\n' },
        env: { EAB_KID: 'kid-1', EAB_HMAC: hmac },
      });
    const unbound = await make('priority: 5');
    const refused = await applyOnce(unbound, await openRunner(unbound));
    expect(refused.applied?.events[0]?.message).toContain('eabKeyId and eabHmacKey');
    expect((await unbound.store.refs())['refs/certwright/accounts/shop']).toBeUndefined();

    const place = await make(`${bound}, preferredChain: "${preferred}"`);
    expect(await applyOnce(place, await openRunner(place), WAIT_MS)).toMatchObject({ exit: 0 });
    const { 'issued/shop/chain.pem': chain } = await place.store.files(STATE_REF);
    const issuer = execFileSync('openssl', ['x509', '-noout', '-issuer'], {
      input: chain ?? '',
      encoding: 'utf8',
    });
    expect(issuer).toContain(preferred);
  });

  it('can be reissued; a name the CA refuses waits, and says why', async () => {
    const { pebble, place } = await believed(
      { blocked: ['blocked.example.org'] },
      {
        manifests: {
          shop: 'domains: [shop.example.com]\n',
          bad: 'domains: [blocked.example.org]\n',
        },
      },
    );
    const ended = await applyOnce(place, await openRunner(place), WAIT_MS);
    expect(ended.exit).toBe(1);
    const bad = await place.status('bad');
    expect(bad.failures.purchase).toMatchObject({ code: 'provider.refused', count: 1 });
    expect(bad.failures.purchase?.message).toMatch(/rejectedIdentifier/);
    const first = await place.status('shop');

    await place.merge({ 'certificates/shop.yaml': 'domains: [shop.example.com]\nreissue: "again"\n' });
    await applyOnce(place, await openRunner(place), WAIT_MS);
    const second = await place.status('shop');
    expect(second.current?.serial).not.toBe(first.current?.serial);
    expect(second.orders).toHaveLength(1);
    expect(second.orders[0]?.ids).toEqual([first.orders[0]?.id, second.current?.order]);
    expect(await pebble.issued()).toBe(2);
  });

  it('come to a team by the command alone, which revokes them as well', async () => {
    const pebble = await startPebble();
    const team = await teamOf({
      providers: [
        `providers: { internal: { type: acme, environment: rehearsal, url: "${pebble.directory}", termsAgreed: true } }`,
        'policy: { approval: { revoke: auto } }',
        '',
      ].join('\n'),
      env: { NODE_EXTRA_CA_CERTS: pebble.caFile },
      files: { 'certificates/shop.yaml': 'domains: [shop.example.com, "*.shop.example.com"]\n' },
    });
    expect(await team.certwright(['apply', '--yes'])).toMatchObject({ code: 0 });
    const before = await team.status('shop');
    expect(before.current?.names).toEqual(['*.shop.example.com', 'shop.example.com']);
    const asked = ['revoke', 'shop', '--reason', 'moved', '--code', 'superseded', '--yes'];
    expect(await team.certwright(asked)).toMatchObject({ code: 0 });
    expect(await team.certwright(['apply', '--yes'])).toMatchObject({ code: 0 });
    const after = await team.status('shop');
    expect(after.previous[0]?.serial).toBe(before.current?.serial);
    expect(after.current?.serial).not.toBe(before.current?.serial);
    expect(await pebble.issued()).toBe(2);
    expect(Object.values(await team.state()).join()).not.toContain('PRIVATE KEY');
  });
});

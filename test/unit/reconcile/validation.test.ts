import { execFileSync } from 'node:child_process';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { allConditions } from '../../../src/entry/health.js';
import type { SolvableRecord } from '../../../src/model/order.js';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../src/model/time.js';
import type { Solver } from '../../../src/ports/solver.js';
import type { Deps, ProviderSet } from '../../../src/reconcile/deps.js';
import { planOnly } from '../../../src/reconcile/plan-only.js';
import { type BindServer, OTHER_SECRET, SECRET, startBind } from '../../support/bind.js';
import { type CheckedDcv, checkedDcv, serveFolder } from '../../support/checked-dcv.js';
import {
  applyOnce,
  manifest,
  openPlace,
  openRunner,
  type Place,
  type PlaceOptions,
  runUntilQuiet,
  STATE_REF,
} from '../../support/engine.js';
import { tempFolder } from '../../support/git.js';
import { cname, file, solverOf } from '../../support/solver.js';
import { describeWith } from '../../support/system.js';

interface Shop {
  readonly place: Place;
  readonly dns: BindServer;
  readonly web: string;
}

const FULL =
  'domains: [shop.example.com, www.example.net, web.example.com]\nterm: 1y\nmaxPrice: 25.00 USD\n' +
  'validation: { method: dns, per: { web.example.com: http } }\n';

/** A seller that checks for real, a DNS server for two zones, a folder that a web server serves. */
async function openShop(
  options: Partial<PlaceOptions> & { readonly checks?: Partial<CheckedDcv>; readonly key?: string } = {},
): Promise<Shop> {
  const dns = await startBind({ 'example.com': {}, 'example.net': {} });
  const web = await tempFolder();
  const webPort = await serveFolder(web);
  const place = await openPlace({
    kind: 'unique',
    seller: { dcv: 'wait', pollsUntilIssued: 0 },
    manifests: { shop: FULL },
    definitions: [checkedDcv({ dns, webPort, ...options.checks })],
    solvers: `{ zones: { type: rfc2136, zones: [example.com, example.net], server: "${dns.address}", visibleAt: ["${dns.address}"], key: "\${TSIG_KEY}" }, web: { type: http-file, root: "${web}", visibleAt: "127.0.0.1:${webPort}" } }`,
    env: { TSIG_KEY: options.key ?? `certwright:${SECRET}` },
    ...options,
  });
  return { place, dns, web };
}

const names = ['shop.example.com', 'www.example.net', 'web.example.com'];
const owner = (name: string): string => `_paid-test.${name}`;

async function nothingLeft({ dns, web }: Shop): Promise<void> {
  for (const name of names) {
    expect(await dns.alias(owner(name)), name).toBeUndefined();
    expect(await dns.texts(owner(name)), name).toEqual([]);
  }
  expect(await readdir(web)).toEqual([]);
}

/** The same ports with something around every solver. */
const around = (change: (solver: Solver) => Solver) => (deps: Deps) => ({
  ...deps,
  openSolver: async (config: Parameters<Deps['openSolver']>[0]) => change(await deps.openSolver(config)),
});

/** Accounts whose seller is never asked to check. */
const withoutChecks = (set: ProviderSet): ProviderSet => ({
  ...set,
  all: new Map([...set.all].map(([id, { validator: _none, ...provider }]) => [id, provider])),
});

/** Every call a solver gets, by name and number of records. */
function counting() {
  const calls: string[] = [];
  const wrap = around((solver) => ({
    config: solver.config,
    publish: (records) => {
      calls.push(`${solver.config.id} publish ${records.length}`);
      return solver.publish(records);
    },
    cleanUp: (records) => {
      calls.push(`${solver.config.id} cleanUp ${records.length}`);
      return solver.cleanUp(records);
    },
    ...(solver.visible && {
      visible: (records) => {
        calls.push(`${solver.config.id} visible ${records.length}`);
        return solver.visible?.(records) ?? Promise.resolve([]);
      },
    }),
  }));
  return { calls, wrap };
}

async function conditions(place: Place): Promise<readonly string[]> {
  const statuses = (await place.statuses()).values();
  const all = allConditions(statuses, new Map(), new Map(), place.clock.now());
  return [...all.values()]
    .flat()
    .map(({ type, level, reason, message }) => `${type} ${level} ${reason}: ${message}`);
}

describeWith(['named', 'openssl'], 'an order that waits for proof of control', () => {
  it('is proven in two zones and on a web server, issued, and leaves nothing behind', async () => {
    const shop = await openShop();
    const { place } = shop;
    const { calls, wrap } = counting();
    const runner = await openRunner(place, { wrap });
    const ended = await applyOnce(place, runner);
    expect(ended.exit).toBe(0);
    const status = await place.status('shop');
    expect(status.current?.names).toEqual([...names].sort());
    expect(status.published).toBeUndefined();
    await nothingLeft(shop);
    expect(await place.purchases()).toBe(1);
    expect(runner.illegal).toEqual([]);
    // In one batch each: two records of two zones, one file.
    expect(calls.sort()).toEqual([
      'web cleanUp 1',
      'web publish 1',
      'web visible 1',
      'zones cleanUp 2',
      'zones publish 2',
      'zones visible 2',
    ]);

    const folder = await tempFolder();
    const files = await place.store.files(STATE_REF);
    const path = (name: string) => join(folder, name);
    await writeFile(path('root.pem'), (await place.seller?.control.rootPem()) ?? '');
    await writeFile(path('certificate.pem'), files['issued/shop/certificate.pem'] ?? '');
    await writeFile(path('chain.pem'), files['issued/shop/chain.pem'] ?? '');
    const at = String(Math.floor(place.clock.now() / 1000) + 60);
    expect(
      execFileSync(
        'openssl',
        [
          'verify',
          '-attime',
          at,
          '-CAfile',
          path('root.pem'),
          '-untrusted',
          path('chain.pem'),
          path('certificate.pem'),
        ],
        { encoding: 'utf8' },
      ),
    ).toMatch(/: OK$/m);

    calls.length = 0;
    const pushes = await place.pushes();
    await applyOnce(place, runner);
    expect(calls).toEqual([]);
    expect(await place.pushes()).toBe(pushes);
  });

  it('is proven by TXT records too', async () => {
    const shop = await openShop({ checks: { type: 'TXT' } });
    await applyOnce(shop.place, await openRunner(shop.place));
    expect((await shop.place.status('shop')).current).toBeDefined();
    await nothingLeft(shop);
  });

  it('goes on by itself once the key is right, is not hammered meanwhile, and buys nothing twice', async () => {
    const shop = await openShop({ key: `certwright:${OTHER_SECRET}` });
    const { place, dns } = shop;
    const { calls, wrap } = counting();
    const ended = await applyOnce(place, await openRunner(place, { wrap }));
    expect(ended.exit).toBe(1);
    const refusal = `${dns.address} finds the signature with certwright wrong (BADSIG); the secret differs: use the one the server has`;
    expect(ended.applied?.events.map(({ outcome, message }) => `${outcome}: ${message}`)).toEqual([
      'waiting: order S-1001 waits for the proof of control over the names',
      `failed: shop.example.com and 1 more: zones failed: ${refusal}`,
    ]);
    expect((await planOnly((await openRunner(place)).deps)).plan.items.map(({ message }) => message)).toEqual(
      [expect.stringContaining(`shop.example.com and 1 more: zones failed: ${refusal}`)],
    );
    expect(await conditions(place)).toContainEqual(
      expect.stringMatching(
        /^Attention warning SolverFailing: the proof for shop\.example\.com is not published: /,
      ),
    );

    calls.length = 0;
    await place.advance(5 * MINUTE_MS);
    const quiet = await applyOnce(place, await openRunner(place, { wrap }));
    expect(quiet.exit).toBe(0);
    expect(calls.filter((call) => call.startsWith('zones'))).toEqual([]);
    await place.advance(6 * MINUTE_MS);
    await applyOnce(place, await openRunner(place, { wrap }));
    expect(calls.filter((call) => call.startsWith('zones'))).toEqual(['zones publish 2']);
    await place.advance(DAY_MS);
    expect((await applyOnce(place, await openRunner(place))).exit).toBe(4);

    await place.advance(2 * HOUR_MS);
    const mended = { ...place, env: { ...place.env, TSIG_KEY: `certwright:${SECRET}` } };
    expect((await applyOnce(mended, await openRunner(mended))).exit).toBe(0);
    expect((await place.status('shop')).current).toBeDefined();
    expect(await place.purchases()).toBe(1);
    await nothingLeft(shop);
  });

  it('is not told to the provider before every server shows it', async () => {
    const late = await startBind({ 'example.com': {}, 'example.net': {} });
    const shop = await openShop();
    const { place, dns } = shop;
    const solvers = `{ zones: { type: rfc2136, zones: [example.com, example.net], server: "${dns.address}", visibleAt: ["${dns.address}", "${late.address}"], key: "\${TSIG_KEY}" }, web: { type: http-file, root: "${shop.web}" } }`;
    const text = (await place.store.files('refs/heads/main'))['certwright.yaml'] ?? '';
    await place.merge({ 'certwright.yaml': text.replace(/^solvers: .*$/m, `solvers: ${solvers}`) });
    const ended = await applyOnce(place, await openRunner(place));
    expect(ended.exit).toBe(0);
    expect(ended.applied?.events.map(({ message }) => message)).toEqual([
      'order S-1001 waits for the proof of control over the names',
      `shop.example.com and 1 more: published by zones, not visible everywhere yet: ${late.address} shows nothing there`,
    ]);
    const [order] = (await place.seller?.control.orders()) ?? [];
    expect(order?.validation.map(({ state }) => state)).toEqual(['pending', 'pending', 'pending']);
    await place.advance(2 * HOUR_MS);
    expect(await conditions(place)).toContainEqual(
      expect.stringMatching(
        /^Attention warning ProofNotVisible: the proof for shop\.example\.com, published by zones at /,
      ),
    );
    // Somebody takes our record away meanwhile; the other server gets both.
    const { validation } = await place.status('shop');
    const records = validation.flatMap(({ record }) => (record?.type === 'CNAME' ? [record] : []));
    const { deps } = await openRunner(place);
    const config = {
      id: 'x',
      type: 'rfc2136',
      proves: ['dns' as const],
      acts: true,
      zones: ['example.com', 'example.net'],
    };
    const credentials = { key: { kind: 'variable' as const, name: 'TSIG_KEY' } };
    const at = (server: string) => deps.openSolver({ ...config, credentials, options: { server } });
    await (await at(dns.address)).cleanUp(records.slice(0, 1));
    await (await at(late.address)).publish(records);
    expect((await applyOnce(place, await openRunner(place))).exit).toBe(0);
    expect((await place.status('shop')).current).toBeDefined();
    await nothingLeft(shop);
  });

  it('is left to a person where no solver has the name, with the very record, and is finished then', async () => {
    const shop = await openShop({
      manifests: {
        shop: manifest('shop'),
        mine: `domains: [mine.example.com]\nterm: 1y\nmaxPrice: 25.00 USD\nvalidation: manual\n`,
      },
      solvers: '{ zones: { type: manual, zones: [example.com] } }',
    });
    const { place, dns } = shop;
    const { calls, wrap } = counting();
    const ended = await applyOnce(place, await openRunner(place, { wrap }));
    expect(ended.exit).toBe(0);
    expect(calls).toEqual([]);
    const { validation, published } = await place.status('shop');
    expect(published).toBeUndefined();
    const [record] = validation.flatMap((item) => (item.record?.type === 'CNAME' ? [item.record] : []));
    const words = `publish ${record?.owner} CNAME ${record?.value} by hand; \`certwright show shop\` has every text to copy`;
    expect(
      ended.applied?.events.find(({ name, action }) => name === 'shop' && action === 'prove'),
    ).toMatchObject({ message: words });
    const { plan } = await planOnly((await openRunner(place)).deps);
    expect(plan.items.find(({ name }) => name === 'shop')?.message).toContain(words);
    expect((await conditions(place)).filter((text) => text.includes(words))).toHaveLength(1);
    expect(await dns.alias(owner('shop.example.com'))).toBeUndefined();
  });

  it('that asks for what is no proof gets none of it, and the other names theirs', async () => {
    const evil: Readonly<Record<string, SolvableRecord>> = {
      'shop.example.com': cname('shop.example.com', 'evil.example.org'),
      'web.example.com': file('http://web.example.com/index.html', 'hacked'),
    };
    const shop = await openShop({ checks: { asks: (record, name) => evil[name] ?? record } });
    const { place, dns, web } = shop;
    const { calls, wrap } = counting();
    const ended = await applyOnce(place, await openRunner(place, { wrap }));
    expect(ended.exit).toBe(1);
    const [event] = ended.applied?.events.filter(({ outcome }) => outcome === 'failed') ?? [];
    expect(event?.message).toContain(
      'zones failed: shop asks for a CNAME record for shop.example.com that would send a host name elsewhere, and nothing is published',
    );
    expect(event?.message).toContain(
      'web failed: shop asks for the file for web.example.com that is at no place for proofs, and nothing is published',
    );
    const changes = () => calls.filter((call) => !call.includes('visible'));
    expect(changes()).toEqual(['zones publish 1']);
    expect(await dns.alias('shop.example.com')).toBeUndefined();
    expect(await dns.alias(owner('www.example.net'))).toBeDefined();
    expect(await readdir(web)).toEqual([]);

    // Nobody wants it any more: what was never published is not taken away by a solver either.
    await place.merge({ 'certificates/shop.yaml': FULL.replace(/validation:.*\n/, 'validation: manual\n') });
    await place.advance(HOUR_MS);
    await applyOnce(place, await openRunner(place, { wrap }));
    expect(changes().slice(1)).toEqual(['zones cleanUp 1']);
    expect((await place.status('shop')).published).toBeUndefined();
  });

  it('is taken away where it was put, wherever its alias leads by then', async () => {
    const shop = await openShop({ checks: { type: 'TXT' }, manifests: { shop: manifest('shop') } });
    const { place, dns } = shop;
    const zones = await solverOf({
      type: 'rfc2136',
      zones: ['example.com', 'example.net'],
      credentials: { key: `certwright:${SECRET}` },
      options: { server: dns.address },
    });
    const alias = (to: string) => cname(owner('shop.example.com'), to);
    await zones.publish([alias('one.example.net')]);
    // The seller does not look yet: it would find the proof.
    const blind = await openRunner(place, {
      wrap: (deps) => ({
        ...deps,
        connect: async (configuration) => withoutChecks(await deps.connect(configuration)),
      }),
    });
    await applyOnce(place, blind);
    expect(await dns.texts('one.example.net')).toHaveLength(1);
    expect((await place.status('shop')).published).toMatchObject([{ places: ['one.example.net'] }]);

    await zones.cleanUp([alias('one.example.net')]);
    await zones.publish([alias('two.example.net')]);
    await place.advance(HOUR_MS);
    await applyOnce(place, blind);
    expect(await dns.texts('two.example.net')).toHaveLength(1);
    expect((await place.status('shop')).published).toMatchObject([
      { places: ['one.example.net', 'two.example.net'] },
    ]);

    // Out of our zones: nothing can be published there, and nothing of ours is.
    await zones.cleanUp([alias('two.example.net')]);
    await zones.publish([alias('three.example.org')]);
    await place.merge({ 'certificates/shop.yaml': `${manifest('shop')}validation: manual\n` });
    await place.advance(HOUR_MS);
    await applyOnce(place, blind);
    expect((await place.status('shop')).published).toBeUndefined();
    for (const name of ['one', 'two']) expect(await dns.texts(`${name}.example.net`)).toEqual([]);
  });

  it('is cleaned up when it dies, when a person takes over, and from another machine', async () => {
    const shop = await openShop({
      manifests: { shop: manifest('shop'), other: manifest('other') },
      checks: { webPort: 1, dns: await startBind({ 'example.com': {} }) },
    });
    const { place, dns } = shop;
    await applyOnce(place, await openRunner(place));
    expect(await dns.alias(owner('shop.example.com'))).toBeDefined();
    expect(await dns.alias(owner('other.example.com'))).toBeDefined();
    const status = await place.status('shop');
    expect(status.published).toMatchObject([
      { name: 'shop.example.com', solver: 'zones', order: status.orders[0]?.id },
    ]);

    await place.seller?.control.reject();
    const id = status.orders[0]?.id ?? '';
    const url = place.seller?.server.url ?? '';
    await fetch(`${url}/orders/${id}/cancel`, {
      method: 'POST',
      headers: { authorization: `Bearer ${place.seller?.server.token}` },
      body: '{}',
    });
    await place.merge({ 'certificates/other.yaml': manifest('other', 'validation: manual\n') });
    await place.advance(HOUR_MS);
    await applyOnce(place, await openRunner(place));
    expect(await dns.alias(owner('shop.example.com'))).toBeUndefined();
    expect(await dns.alias(owner('other.example.com'))).toBeUndefined();
    expect((await place.status('shop')).published).toBeUndefined();
    expect((await place.status('other')).published).toBeUndefined();
  });

  it('stays clean where its solver gets another name, or is gone', async () => {
    const blind = await startBind({ 'example.com': {} });
    const shop = await openShop({ manifests: { shop: manifest('shop') }, checks: { dns: blind } });
    const { place, dns } = shop;
    await applyOnce(place, await openRunner(place));
    const text = (await place.store.files('refs/heads/main'))['certwright.yaml'] ?? '';
    await place.merge({ 'certwright.yaml': text.replace('{ zones: { type', '{ renamed: { type') });
    await applyOnce(place, await openRunner(place));
    expect((await place.status('shop')).published).toMatchObject([{ solver: 'renamed' }]);
    expect(await dns.alias(owner('shop.example.com'))).toBeDefined();
    await place.merge({ 'certwright.yaml': text.replace(/^solvers: .*\n/m, '') });
    const ended = await applyOnce(place, await openRunner(place));
    expect(ended.applied?.events.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(
        /^the solver renamed is not configured any more; remove _paid-test\.shop\.example\.com CNAME \S+ by hand$/,
      ),
    );
    expect((await place.status('shop')).published).toBeUndefined();
  });

  it('names a missing variable, and a webroot that is gone', async () => {
    const shop = await openShop();
    const { place } = shop;
    await rm(shop.web, { recursive: true });
    const runner = await openRunner({ ...place, env: { ...place.env, TSIG_KEY: '' } });
    const ended = await applyOnce(place, runner);
    expect(ended.exit).toBe(1);
    const event = ended.applied?.events.find(({ outcome }) => outcome === 'failed');
    expect(event?.message).toContain(
      'zones failed: the variable TSIG_KEY is not set (credential key of solver zones)',
    );
    expect(event?.message).toContain(`web failed: there is no webroot ${shop.web}`);
  });

  it('is not touched by a copy of the repository', async () => {
    const blind = await startBind({ 'example.com': {} });
    const shop = await openShop({ manifests: { shop: manifest('shop') }, checks: { dns: blind } });
    const { place, dns } = shop;
    await applyOnce(place, await openRunner(place));
    const published = (await place.status('shop')).published;
    expect(published).toHaveLength(1);
    const elsewhere = (deps: Deps): Deps => ({
      ...deps,
      repository: {
        ...deps.repository,
        observe: async () => ({ ...(await deps.repository.observe()), remote: 'example.org/a-copy' }),
      },
    });
    // To the copy the manifest leaves nothing to a solver any more: the original would clean up.
    await place.merge({ 'certificates/shop.yaml': manifest('shop', 'validation: manual\n') });
    const { calls, wrap } = counting();
    await applyOnce(place, await openRunner(place, { wrap: (deps) => elsewhere(wrap(deps)) }));
    expect(calls).toEqual([]);
    expect(await dns.alias(owner('shop.example.com'))).toBeDefined();
    expect((await place.status('shop')).published).toEqual(published);
    await applyOnce(place, await openRunner(place, { wrap }));
    expect(calls).toEqual(['zones cleanUp 1']);
  });

  it('waits in one run too', async () => {
    const shop = await openShop({ seller: { dcv: 'wait', pollsUntilIssued: 3 } });
    await applyOnce(shop.place, await openRunner(shop.place), 10 * MINUTE_MS);
    expect((await shop.place.status('shop')).current).toBeDefined();
    await nothingLeft(shop);
    expect(await runUntilQuiet(shop.place, await openRunner(shop.place))).toMatchObject({ exit: 0 });
  });
});

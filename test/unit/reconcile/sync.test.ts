import { describe, expect, it, vi } from 'vitest';
import type { RunMemory } from '../../../src/model/run-memory.js';
import type { Status } from '../../../src/model/status.js';
import { DAY_MS, HOUR_MS, MINUTE_MS, toInstant } from '../../../src/model/time.js';
import type { Provider } from '../../../src/ports/provider.js';
import { type Synced, sync } from '../../../src/reconcile/engine.js';
import { stableJson } from '../../../src/repository/stable.js';
import {
  applyOnce,
  aroundProviders,
  expectKeyFits,
  manifest,
  openPlace,
  openRunner,
  type Place,
  type PlaceOptions,
  type Runner,
  runUntilQuiet,
} from '../../support/engine.js';
import { fuse } from '../../support/fuse.js';

// Real git and crash sweeps, on a machine that may be busy.
vi.setConfig({ testTimeout: 180_000 });

/** A shop with its certificate, and the machine that bought it. */
async function served(options: Partial<PlaceOptions> = {}): Promise<[Place, Runner]> {
  const place = await openPlace({ kind: 'unique', ...options });
  const runner = await openRunner(place);
  await runUntilQuiet(place, runner);
  expect((await place.status('shop')).current).toBeDefined();
  return [place, runner];
}

async function controlOf(place: Place) {
  const { seller } = place;
  if (!seller) throw new Error('this place has no seller');
  return seller.control;
}

const panel = async (place: Place, act: 'revoke' | 'reissue' | 'reissue-other-key' | 'auto-renew') =>
  (await controlOf(place)).panel('S-1001', act);

const syncAll = (runner: Runner): Promise<Synced> => sync(runner.deps);

/** Calls at the seller's while something runs, as `METHOD path`. */
async function callsIn(place: Place, run: () => Promise<unknown>): Promise<readonly string[]> {
  const control = await controlOf(place);
  const before = (await control.ledger()).length;
  await run();
  return (await control.ledger()).slice(before).map(({ method, path }) => `${method} ${path}`);
}

async function pushesIn(place: Place, run: () => Promise<unknown>): Promise<number> {
  const before = await place.pushes();
  await run();
  return (await place.pushes()) - before;
}

async function memoryOf(place: Place): Promise<RunMemory> {
  const { 'cache.json': text } = await place.store.files('refs/certwright/cache');
  return JSON.parse(text ?? '') as RunMemory;
}

describe.each(['memory', 'git'] as const)('a sync, with the state in %s', (where) => {
  const git = where === 'git';

  it('commits nothing where nothing changed', async () => {
    const [place, runner] = await served({ git });
    let synced: Synced | undefined;
    expect(
      await pushesIn(place, async () => {
        synced = await syncAll(runner);
      }),
    ).toBe(0);
    expect(synced).toMatchObject({ accounts: [{ provider: 'shop', kind: 'listed', orders: 1 }], events: [] });
  });

  it('takes over a revocation in the panel; the next apply asks for a new certificate', async () => {
    const [place, runner] = await served({ git });
    await panel(place, 'revoke');
    expect(await pushesIn(place, () => syncAll(runner))).toBe(1);
    const status = await place.status('shop');
    expect(status.orders[0]?.state).toBe('revoked');
    expect(status.current?.revoked?.reason).toBe('unspecified');
    expect(await pushesIn(place, () => syncAll(runner))).toBe(0);
    const { applied } = await applyOnce(place, runner);
    expect(applied?.plan.items).toMatchObject([{ action: 'reissue', reason: 'Revoked' }]);
    expect(await place.purchases()).toBe(1);
  });

  it('publishes a certificate reissued in the panel with our key', async () => {
    const [place, runner] = await served({ git });
    const before = (await place.status('shop')).current;
    await place.advance(DAY_MS);
    await panel(place, 'reissue');
    expect(await pushesIn(place, () => syncAll(runner))).toBe(1);
    const status = await place.status('shop');
    expect(status.current?.serial).not.toBe(before?.serial);
    expect(status.current).toMatchObject({ ownKey: true, reason: 'ReplacedAtProvider' });
    expect(status.previous.map(({ serial }) => serial)).toEqual([before?.serial]);
    await expectKeyFits(place, 'shop');
    expect(runner.illegal).toEqual([]);
  });
});

describe('a certificate reissued in the panel', () => {
  it('with another key does not take the place of ours, and is followed by a reissue', async () => {
    const [place, runner] = await served();
    const before = (await place.status('shop')).current;
    await place.advance(DAY_MS);
    await panel(place, 'reissue-other-key');
    await syncAll(runner);
    const after = await place.status('shop');
    expect(after.current?.serial).toBe(before?.serial);
    expect(after.current?.replacedBy).toMatch(/^[0-9a-f]+$/);
    await expectKeyFits(place, 'shop');
    expect(await pushesIn(place, () => syncAll(runner))).toBe(0);

    const { applied } = await applyOnce(place, runner);
    expect(applied?.plan.items).toMatchObject([{ action: 'reissue', reason: 'ReplacedAtProvider' }]);
    await runUntilQuiet(place, runner);
    const end = await place.status('shop');
    expect(end.current?.replacedBy).toBeUndefined();
    expect(end.current?.reason).toBe('ReplacedAtProvider');
    await expectKeyFits(place, 'shop');
    expect(await place.purchases()).toBe(1);
    expect(runner.illegal).toEqual([]);
  });

  it('is followed by our own chain of ids where a reissue changes the id', async () => {
    const [place, runner] = await served({
      account: 'reissueChangesId: true',
      seller: { reissueChangesId: true },
    });
    const before = (await place.status('shop')).current;
    await place.advance(DAY_MS);
    await panel(place, 'reissue');
    const { events } = await syncAll(runner);
    expect(events.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
    const status = await place.status('shop');
    expect(status.orders.map(({ ids }) => ids)).toEqual([['S-1001', 'S-1002']]);
    expect(status.current).toMatchObject({ order: 'S-1002', ownKey: true });
    expect(status.current?.serial).not.toBe(before?.serial);
    expect(runner.illegal).toEqual([]);
  });

  it('and is seen only after a reissue of ours keeps the ids in their order', async () => {
    const [place, runner] = await served({
      account: 'reissueChangesId: true',
      seller: { reissueChangesId: true },
    });
    await place.advance(DAY_MS);
    await panel(place, 'reissue');
    await place.merge({ 'certificates/shop.yaml': manifest('shop', 'reissue: "key seen in a log"\n') });
    await runUntilQuiet(place, runner);
    const { orders, current } = await place.status('shop');
    expect(orders.map(({ ids }) => ids)).toEqual([['S-1001', 'S-1002', 'S-1003']]);
    expect(current).toMatchObject({ order: 'S-1003', reason: 'ReissueRequested' });
    expect(runner.illegal).toEqual([]);
  });

  it('does not answer a reissue that was asked for', async () => {
    const [place, runner] = await served();
    await place.advance(DAY_MS);
    await place.merge({ 'certificates/shop.yaml': manifest('shop', 'reissue: "key seen in a log"\n') });
    await panel(place, 'reissue');
    await syncAll(runner);
    const { applied } = await applyOnce(place, runner);
    expect(applied?.plan.items).toMatchObject([{ action: 'reissue', reason: 'ReissueRequested' }]);
  });
});

it('an auto-renew flag set in the panel is seen, and switched off by the next apply', async () => {
  const [place, runner] = await served();
  await panel(place, 'auto-renew');
  expect((await syncAll(runner)).events).toMatchObject([
    { name: 'shop', message: 'order S-1001 is renewed by the provider itself' },
  ]);
  const { applied } = await applyOnce(place, runner);
  expect(applied?.plan.items).toMatchObject([{ action: 'set-auto-renew' }]);
  expect((await (await controlOf(place)).orders())[0]?.autoRenew).toBe(false);
});

describe('orders nobody declared', () => {
  it('are told and left alone', async () => {
    const [place, runner] = await served();
    await (await controlOf(place)).foreignSlot({ product: 'paid-multi', term: '1y' });
    const calls = await callsIn(place, async () => {
      const { accounts, events, warnings } = await syncAll(runner);
      expect(accounts).toMatchObject([
        { orders: 2, listing: { undeclaredCount: 1, undeclared: [{ id: 'S-1002', product: 'paid-multi' }] } },
      ]);
      expect([events, warnings]).toEqual([[], []]);
    });
    expect(calls.every((call) => call.startsWith('GET /orders?'))).toBe(true);
    expect((await memoryOf(place)).accounts['shop rehearsal']?.listing?.undeclaredCount).toBe(1);
    expect((await applyOnce(place, runner)).exit).toBe(0);
  });

  it('that a manifest says to ignore are not told', async () => {
    const [place, runner] = await served();
    await (await controlOf(place)).foreignSlot({ product: 'paid-multi', term: '1y' });
    await place.merge({ 'certificates/shop.yaml': manifest('shop', 'adopt: { ignore: ["S-1002"] }\n') });
    expect((await syncAll(runner)).accounts).toMatchObject([{ listing: { undeclaredCount: 0 } }]);
  });

  it('under a reference of ours ask for attention until they are explained', async () => {
    const [place, runner] = await served({ kind: 'findable' });
    const { reference } = (await place.status('shop')).orders[0] ?? { reference: '' };
    await (await controlOf(place)).foreignSlot({ product: 'paid-multi', term: '1y', reference });
    expect((await syncAll(runner)).warnings).toMatchObject([
      { name: 'shop', code: 'order-doubled', level: 'attention' },
    ]);
    expect((await applyOnce(place, runner)).exit).toBe(4);
    await (await controlOf(place)).set({ hidden: ['S-1002'] });
    expect((await syncAll(runner)).warnings).toEqual([]);
    expect((await applyOnce(place, runner)).exit).toBe(0);
  });
});

describe('what a list lacks', () => {
  it('is nothing, where it holds none of our orders: that is another account', async () => {
    const [place, runner] = await served();
    const before = await place.status('shop');
    await (await controlOf(place)).set({ hidden: ['*'] });
    const { accounts, events } = await syncAll(runner);
    expect(accounts).toMatchObject([{ kind: 'failed', why: expect.stringMatching(/none of the 1 orders/) }]);
    expect(events).toMatchObject([{ outcome: 'failed' }]);
    expect(await place.status('shop')).toEqual(before);
    expect((await memoryOf(place)).accounts['shop rehearsal']?.listing).toBeUndefined();
  });

  it('is not gone: it is told, and asks for attention after three lists over two days', async () => {
    const [place, runner] = await served({
      manifests: { shop: manifest('shop'), other: manifest('other') },
    });
    const shop = (await place.status('shop')).orders[0]?.id ?? '';
    await (await controlOf(place)).set({ hidden: [shop] });
    const attention: boolean[] = [];
    for (let day = 0; day < 4; day++) {
      const { accounts, warnings } = await syncAll(runner);
      expect(Object.keys(accounts[0]?.listing?.missing ?? {})).toEqual([shop]);
      attention.push(warnings.length > 0);
      await place.advance(DAY_MS);
    }
    expect(attention).toEqual([false, false, true, true]);
    expect((await applyOnce(place, runner)).exit).toBe(4);
    expect((await place.status('shop')).orders[0]?.state).toBe('issued');
    await (await controlOf(place)).set({ hidden: [] });
    expect((await syncAll(runner)).warnings).toEqual([]);
    expect(await place.purchases()).toBe(2);
  });

  it('because a page fails concludes nothing, not even from the pages that came', async () => {
    const [place, runner] = await served({
      manifests: { shop: manifest('shop'), b: manifest('b'), c: manifest('c') },
      seller: { pageSize: 1 },
    });
    await panel(place, 'revoke');
    const control = await controlOf(place);
    const list = { method: 'GET', path: '^/orders$' };
    await control.fault({ ...list, fault: { kind: 'slow', ms: 0 } });
    await control.fault({ ...list, times: 99, fault: { kind: 'status', status: 500, acts: false } });
    expect(await pushesIn(place, () => syncAll(runner))).toBe(0);
    await control.clearFaults();
    expect(await pushesIn(place, () => syncAll(runner))).toBe(1);
  });

  it('under a token nobody knows is a failure, not an empty account', async () => {
    const [place] = await served();
    const stranger = await openRunner({ ...place, env: { PAID_TOKEN: 'wrong' } });
    const before = await place.status('shop');
    const { accounts, events } = await syncAll(stranger);
    expect(accounts).toMatchObject([{ kind: 'failed' }]);
    expect(events).toMatchObject([{ outcome: 'failed' }]);
    expect(await place.status('shop')).toEqual(before);
  });
});

describe('when', () => {
  const isList = (call: string): boolean => call.startsWith('GET /orders?page');
  const listsIn = async (place: Place, runner: Runner, options: Parameters<typeof applyOnce>[3]) =>
    (await callsIn(place, () => applyOnce(place, runner, 0, options))).filter(isList).length;

  it('an apply lists: when told, when the last list is old enough, and never otherwise', async () => {
    const [place, runner] = await served();
    const older = { syncOlderMs: 20 * HOUR_MS };
    expect(await listsIn(place, runner, {})).toBe(0);
    expect(await listsIn(place, runner, older)).toBe(1);
    await place.advance(20 * HOUR_MS - MINUTE_MS);
    expect(await listsIn(place, runner, older)).toBe(0);
    await place.advance(MINUTE_MS);
    expect(await listsIn(place, await openRunner(place), older)).toBe(1);
    expect(await listsIn(place, runner, { syncOlderMs: 0 })).toBe(1);
    expect(await listsIn(place, runner, {})).toBe(0);
  });

  it('a scheduled list fails the run is fine, and the next try is half an hour away', async () => {
    const [place, runner] = await served();
    const older = { syncOlderMs: 20 * HOUR_MS };
    const control = await controlOf(place);
    await control.fault({ method: 'GET', times: 99, fault: { kind: 'status', status: 500, acts: false } });
    expect((await applyOnce(place, runner, 0, older)).exit).toBe(0);
    await control.clearFaults();
    expect(await listsIn(place, runner, older)).toBe(0);
    await place.advance(30 * MINUTE_MS);
    expect(await listsIn(place, runner, older)).toBe(1);
  });

  it('an apply acts at once on what its list showed', async () => {
    const [place, runner] = await served();
    await panel(place, 'auto-renew');
    await applyOnce(place, runner, 0, { syncOlderMs: 0 });
    expect((await (await controlOf(place)).orders())[0]?.autoRenew).toBe(false);
  });
});

it('an order that waits is looked at when the list shows that it moved, however slow its pace', async () => {
  const place = await openPlace({
    kind: 'unique',
    account: `pollEveryMs: ${3 * HOUR_MS}`,
    seller: { pollsUntilIssued: null },
  });
  const runner = await openRunner(place);
  await applyOnce(place, runner);
  expect(await callsIn(place, () => syncAll(runner))).toEqual(['GET /orders?page=1']);
  const control = await controlOf(place);
  await control.issue();
  // The seller signs when it is looked at by somebody.
  await control.panel('S-1001', 'reissue');
  await syncAll(runner);
  expect((await place.status('shop')).current).toBeDefined();
});

it('a sync of single certificates asks for their orders one by one', async () => {
  const [place, runner] = await served({ manifests: { shop: manifest('shop'), other: manifest('other') } });
  const id = (await place.status('shop')).orders[0]?.id;
  await panel(place, 'revoke');
  const calls = await callsIn(place, () => sync(runner.deps, () => ['shop']));
  expect(calls).toEqual([`GET /orders/${id}`]);
});

it('two machines that sync at once record the difference once', async () => {
  const [place] = await served();
  await panel(place, 'revoke');
  const machines = await Promise.all([openRunner(place), openRunner(place)]);
  expect(await pushesIn(place, () => Promise.all(machines.map(syncAll)))).toBe(1);
  expect((await place.status('shop')).orders[0]?.state).toBe('revoked');
});

it('a crash anywhere in a sync leaves nothing half done: the next one has the same end', async () => {
  const [place] = await served();
  await place.advance(DAY_MS);
  await panel(place, 'reissue');
  const restore = await place.snapshot();
  const probe = fuse();
  await sync((await openRunner(place, { fuse: probe })).deps);
  const wanted = (await place.status('shop')).current?.serial;
  expect(probe.calls).toContain('list');
  for (let call = 1; call <= probe.calls.length; call++) {
    for (const when of ['before', 'after'] as const) {
      await restore();
      const through = fuse({ call, when });
      const { deps } = await openRunner(place, { fuse: through });
      expect(await Promise.race([through.blown, sync(deps)])).toBe('crashed');
      await sync((await openRunner(place)).deps);
      expect((await place.status('shop')).current?.serial, `${when} ${probe.calls[call - 1]}`).toBe(wanted);
      await expectKeyFits(place, 'shop');
    }
  }
});

it('a reissue of a revoked certificate is waited for, although the order shows as revoked until it is there', async () => {
  const place = await openPlace({ kind: 'local-ca', account: 'issueAfter: 10m' });
  const runner = await openRunner(place);
  await runUntilQuiet(place, runner);
  const status = await place.status('shop');
  const asked: Status = {
    ...status,
    requests: [
      {
        id: 'r1',
        action: 'revoke',
        requestedAt: toInstant(place.clock.now()),
        reason: 'key seen in a log',
        revocationReason: 'keyCompromise',
      },
    ],
  };
  const { repository } = runner.deps;
  const file = { path: 'issued/shop/status.json', content: stableJson(asked) };
  await repository.commit(await repository.observe(), [file], 'ask');
  for (let times = 0; times < 3; times++) await applyOnce(place, runner);
  const { intents, current } = await place.status('shop');
  expect(current?.revoked).toBeDefined();
  expect(intents.filter(({ action }) => action === 'reissue').map(({ phase }) => phase)).toEqual(['placed']);
  await place.advance(10 * MINUTE_MS);
  await applyOnce(place, runner);
  const end = await place.status('shop');
  expect(end.current?.serial).not.toBe(current?.serial);
  expect(end.current?.revoked).toBeUndefined();
});

it('3,000 orders cost the pages of one list and one commit', async () => {
  const [place, template] = await served();
  const status = await place.status('shop');
  const statuses = Array.from({ length: 3_000 }, (_, i) => renamed(status, i));
  const { repository } = template.deps;
  await repository.commit(
    await repository.observe(),
    statuses.map((one) => ({ path: `issued/${one.name}/status.json`, content: stableJson(one) })),
    'many',
  );
  const calls: string[] = [];
  const { deps } = await openRunner(place, {
    wrap: (original) => aroundProviders(original, (provider) => listing(provider, statuses, calls)),
  });
  let synced: Synced | undefined;
  expect(
    await pushesIn(place, async () => {
      synced = await sync(deps);
    }),
  ).toBe(1);
  expect(synced?.events).toHaveLength(1_000);
  expect(calls).toEqual(Array.from({ length: 30 }, () => 'page'));
  expect((await place.status('many-2999')).orders[0]?.state).toBe('issued');
  expect((await place.status('many-2997')).orders[0]?.state).toBe('revoked');
});

/** One more certificate like this one, with an order of its own. */
function renamed(status: Status, i: number): Status {
  const id = `M-${i}`;
  return {
    ...status,
    name: `many-${i}`,
    intents: [],
    orders: status.orders.map((order) => ({ ...order, id, ids: [id], reference: `many-${i}` })),
    ...(status.current === undefined ? {} : { current: { ...status.current, order: id } }),
  };
}

/** The account, with these orders in its list and a third of them revoked in the panel. */
function listing(provider: Provider, statuses: readonly Status[], calls: string[]): Provider {
  const refused = async (): Promise<never> => {
    calls.push('single');
    throw new Error('no single calls');
  };
  return {
    ...provider,
    getOrder: refused,
    collect: refused,
    async *list() {
      for (const [i, { orders, current }] of statuses.entries()) {
        if (i % 100 === 0) calls.push('page');
        const [order] = orders;
        if (!order || !current) continue;
        const { id, ids, product, names } = order;
        const state = i % 3 === 0 ? ('revoked' as const) : ('issued' as const);
        yield { id, ids, product, names, state, serial: current.serial, validation: [] };
      }
    },
  };
}

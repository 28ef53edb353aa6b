import { describe, expect, it, vi } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../src/model/time.js';
import {
  applyOnce,
  manifest,
  openPlace,
  openRunner,
  type Place,
  type PlaceOptions,
  type Runner,
} from '../../support/engine.js';

// Real git and crash sweeps, on a machine that may be busy.
vi.setConfig({ testTimeout: 180_000 });

const CACHE = 'refs/certwright/cache';

/** An order that stays pending until it is told, and the machine that placed it. */
async function placed(options: Partial<PlaceOptions> = {}): Promise<[Place, Runner]> {
  const place = await openPlace({
    kind: 'unique',
    manifests: { shop: manifest('shop') },
    ...options,
    seller: { pollsUntilIssued: null, ...options.seller },
  });
  const runner = await openRunner(place);
  await applyOnce(place, runner);
  return [place, runner];
}

/** Looks at the order at the seller's, control calls aside. */
async function looks(place: Place): Promise<number> {
  const ledger = (await place.seller?.control.ledger()) ?? [];
  return ledger.filter(({ method, path }) => method === 'GET' && /^\/orders\/[^/]+$/.test(path)).length;
}

async function looksIn(place: Place, run: () => Promise<unknown>): Promise<number> {
  const before = await looks(place);
  await run();
  return (await looks(place)) - before;
}

const SLOW = `pollEveryMs: ${3 * HOUR_MS}`;

describe('an order at a provider that wants three hours between two looks', () => {
  it('is looked at once right after it was placed, then not before the three hours are over', async () => {
    const [place, runner] = await placed({ account: SLOW });
    expect(await looks(place)).toBe(1);
    await place.advance(3 * HOUR_MS - MINUTE_MS);
    expect(await looksIn(place, () => applyOnce(place, runner))).toBe(0);
    await place.advance(MINUTE_MS);
    expect(await looksIn(place, () => applyOnce(place, runner))).toBe(1);
  });

  it('costs nothing between two looks: one fetch, no call, no push', async () => {
    const [place] = await placed({ account: SLOW });
    let fetches = 0;
    const runner = await openRunner(place, {
      wrap: (deps) => ({
        ...deps,
        repository: {
          ...deps.repository,
          observe: () => {
            fetches += 1;
            return deps.repository.observe();
          },
        },
      }),
    });
    await place.advance(HOUR_MS);
    const before = [await place.seller?.control.ledger(), await place.store.refs()];
    const { exit, applied } = await applyOnce(place, runner);
    expect(exit).toBe(0);
    expect(fetches).toBe(1);
    expect([await place.seller?.control.ledger(), await place.store.refs()]).toEqual(before);
    expect(applied?.plan.items).toMatchObject([
      {
        action: 'collect',
        reason: 'AwaitingIssuance',
        waitingFor: 'ca',
        dueAt: '2026-11-22T15:00:00Z',
        message: 'order S-1001 is placed, not issued yet; next look 2026-11-22T15:00:00Z',
      },
    ]);
  });

  it('does not keep somebody who would wait half a minute for it', async () => {
    const [place, runner] = await placed({ account: SLOW });
    await place.advance(HOUR_MS);
    const sleptBefore = place.clock.slept.length;
    expect(await looksIn(place, () => applyOnce(place, runner, 30_000))).toBe(0);
    expect(place.clock.slept.length).toBe(sleptBefore);
  });

  it('is looked at when a person says so', async () => {
    const [place, runner] = await placed({ account: SLOW });
    await place.seller?.control.issue();
    await place.advance(HOUR_MS);
    expect((await applyOnce(place, runner, 0, { lookNow: new Set(['other']) })).exit).toBe(0);
    expect((await place.status('shop')).current).toBeUndefined();
    await applyOnce(place, runner, 0, { lookNow: new Set(['shop']) });
    expect((await place.status('shop')).current).toBeDefined();
  });

  it('is looked at when its provider tells of it, and no other is', async () => {
    const [place, runner] = await placed({ account: SLOW });
    await place.seller?.control.issue();
    await place.advance(HOUR_MS);
    const orderId = (await place.status('shop')).orders[0]?.id ?? '';
    const told = (provider: string, id: string) => ({ lookAt: [{ provider, orderId: id }] });
    expect(await looksIn(place, () => applyOnce(place, runner, 0, told('other', orderId)))).toBe(0);
    expect(await looksIn(place, () => applyOnce(place, runner, 0, told('shop', 'S-9999')))).toBe(0);
    await applyOnce(place, runner, 0, told('shop', orderId));
    expect((await place.status('shop')).current).toBeDefined();
  });

  it('is looked at by another machine at the same pace, on a real remote too', async () => {
    const [place] = await placed({ account: SLOW, git: true });
    expect(await place.store.count(CACHE)).toBe(1);
    await place.advance(HOUR_MS);
    expect(await looksIn(place, async () => applyOnce(place, await openRunner(place)))).toBe(0);
    await place.advance(2 * HOUR_MS);
    expect(await looksIn(place, async () => applyOnce(place, await openRunner(place)))).toBe(1);
    expect(await place.store.count(CACHE)).toBe(1);
  });

  it('is looked at right after a reissue was placed, however recent the last look is', async () => {
    const [place, runner] = await placed({ account: SLOW });
    await place.seller?.control.issue();
    await applyOnce(place, runner, 0, { lookNow: 'all' });
    await place.advance(MINUTE_MS);
    await place.merge({ 'certificates/shop.yaml': manifest('shop', 'reissue: "key seen in a log"\n') });
    expect(await looksIn(place, () => applyOnce(place, runner))).toBeGreaterThan(0);
    expect((await place.status('shop')).intents.at(-1)).toMatchObject({ action: 'reissue', phase: 'placed' });
    expect(await looksIn(place, () => applyOnce(place, runner))).toBe(0);
  });
});

describe('where the memory', () => {
  it.each<[string, (place: Place) => Promise<unknown>]>([
    ['is gone', (place) => place.store.setRef(CACHE, null)],
    ['is damaged', (place) => rewritten(place, () => '{"version":1,')],
    ['is not of the known shape', (place) => rewritten(place, () => '{"version":1}')],
    [
      'was written by a newer version',
      (place) => rewritten(place, (text) => text.replace('"version":1', '"version":2')),
    ],
    ['is of another repository', (place) => rewritten(place, (text) => text.replace('k3v9x2', 'zzzzzz'))],
  ])('%s, it costs a look and nothing else', async (_title, harm) => {
    const [place, runner] = await placed({ account: SLOW });
    await harm(place);
    expect(await looksIn(place, () => applyOnce(place, runner))).toBe(1);
    expect(await place.purchases()).toBe(1);
    await place.advance(HOUR_MS);
    expect(await looksIn(place, () => applyOnce(place, runner))).toBe(0);
  });

  it('cannot be written, the run is fine all the same', async () => {
    const place = await openPlace({ kind: 'unique', seller: { pollsUntilIssued: null } });
    const runner = await openRunner(place, {
      wrap: (deps) => ({
        ...deps,
        runCache: { ...deps.runCache, replace: async () => 'no refs outside branches' },
      }),
    });
    expect((await applyOnce(place, runner)).exit).toBe(0);
    expect(await looksIn(place, () => applyOnce(place, runner))).toBeGreaterThan(0);
  });
});

/** The cache with another text in it, as anybody with push rights can leave it. */
async function rewritten(place: Place, change: (text: string) => string): Promise<void> {
  const { 'cache.json': text } = await place.store.files(CACHE);
  await place.store.setRef(CACHE, null);
  const branch = `scratch-${(await place.store.count('refs/heads/main')).toString()}`;
  await place.store.push(branch, { 'cache.json': change(text ?? '') });
  await place.store.setRef(CACHE, (await place.store.refs())[`refs/heads/${branch}`] ?? null);
}

describe('an order that waits for long', () => {
  it('is looked at less and less, and at every run again once something moved', async () => {
    const [place, runner] = await placed({ seller: { dcv: 'wait' } });
    await applyOnce(place, runner);
    await place.advance(DAY_MS);
    await applyOnce(place, runner);
    await place.advance(10 * MINUTE_MS);
    expect(await looksIn(place, () => applyOnce(place, runner))).toBe(0);
    await place.advance(HOUR_MS);
    await place.seller?.control.validate();
    await applyOnce(place, runner);
    await place.advance(10 * MINUTE_MS);
    expect(await looksIn(place, () => applyOnce(place, runner))).toBe(1);
  });
});

describe('a provider that says it is called too often', () => {
  it('is left alone by every run until the pause is over', async () => {
    const [place, runner] = await placed();
    await place.seller?.control.fault({
      method: 'GET',
      path: '^/orders/',
      times: 9,
      fault: { kind: 'status', status: 429, acts: false },
    });
    await applyOnce(place, runner);
    await place.seller?.control.clearFaults();
    await place.advance(MINUTE_MS);
    const calls = async () => (await place.seller?.control.ledger())?.length;
    const before = await calls();
    await place.merge({ 'certificates/other.yaml': manifest('other') });
    const { applied } = await applyOnce(place, await openRunner(place));
    expect(await calls()).toBe(before);
    expect(applied?.plan.items.find(({ name }) => name === 'other')?.hold?.message).toMatch(
      /asked not to be called before/,
    );
    await place.advance(HOUR_MS);
    await applyOnce(place, runner);
    expect(await place.purchases()).toBe(2);
  });
});

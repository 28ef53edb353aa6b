/** A reissue that the provider takes and then rejects, while its order and the certificate served live on. */
import { describe, expect, it } from 'vitest';
import { isOpen } from '../../src/model/intent.js';
import { money } from '../../src/model/money.js';
import type { Status } from '../../src/model/status.js';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/model/time.js';
import type { Deps } from '../../src/reconcile/deps.js';
import { sweepCrashes } from '../support/crash-sweep.js';
import {
  applyOnce,
  aroundProviders,
  expectKeyFits,
  type Kind,
  manifest,
  openPlace,
  openRunner,
  type Place,
  runUntilQuiet,
  STATE_REF,
} from '../support/engine.js';

const KINDS: readonly Kind[] = ['unique', 'none', 'sectigo'];
const SWEEP = { timeout: 300_000 };

async function issued(kind: Kind): Promise<Place> {
  const place = await openPlace({ kind });
  await runUntilQuiet(place, await openRunner(place));
  expect((await place.status('shop')).current).toBeDefined();
  await place.advance(DAY_MS);
  return place;
}

const askForOne = (place: Place) =>
  place.merge({ 'certificates/shop.yaml': manifest('shop', 'reissue: "new key"\n') });

async function rejectReissues(place: Place, times: number): Promise<void> {
  await place.seller?.control.reject(times);
  await place.sandbox?.control('POST', 'faults', { fault: `reject@AutoReplaceSSL*${times}` });
}

const waitingKeys = async (place: Place): Promise<readonly string[]> =>
  Object.keys(await place.store.files(STATE_REF)).filter((path) => path.startsWith('issued/shop/keys/'));

/** The same accounts, where each reissue costs. */
const sellingReissues = (deps: Deps): Deps =>
  aroundProviders(deps, (provider) => ({
    ...provider,
    capabilities: { ...provider.capabilities, reissue: 'paid' },
    quote: async (subject) =>
      subject.action === 'reissue'
        ? { price: { kind: 'known', amount: money('5', 'USD'), source: 'price call' } }
        : provider.quote(subject),
  }));

describe('a reissue that is taken and then rejected', () => {
  it.each(KINDS)('is over, its key is gone, and what serves stays (%s)', async (kind) => {
    const place = await issued(kind);
    const before = await place.status('shop');
    const keys = await waitingKeys(place);
    await askForOne(place);
    await rejectReissues(place, 1);
    const runner = await openRunner(place);
    const ended = await applyOnce(place, runner);

    const status = await place.status('shop');
    expect(status.intents.filter(isOpen)).toEqual([]);
    expect(status.intents.at(-1)).toMatchObject({ action: 'reissue', phase: 'closed', outcome: 'refused' });
    expect(status.failures).toMatchObject({ free: { count: 1, code: 'order.rejected' } });
    expect(status.current).toEqual({ ...before.current, order: status.orders[0]?.id });
    expect(status.orders).toMatchObject([{ state: 'issued' }]);
    expect(status.validation).toEqual([]);
    expect(await waitingKeys(place)).toEqual(keys);
    await expectKeyFits(place, 'shop');
    expect(ended.exit).toBe(1);
    expect((await applyOnce(place, runner)).exit).toBe(0);
    expect(runner.illegal).toEqual([]);
  });

  it.each(KINDS)('is tried again with another key when the ladder says so (%s)', async (kind) => {
    const place = await issued(kind);
    await askForOne(place);
    await rejectReissues(place, 4);
    const runner = await openRunner(place);
    const attempts: { readonly atMs: number; readonly keyHash: string | undefined }[] = [];
    const startMs = place.clock.now();
    while (place.clock.now() < startMs + 2 * DAY_MS + HOUR_MS) {
      await applyOnce(place, runner);
      const newest = (await place.status('shop')).intents.at(-1);
      const known = attempts.some(({ keyHash }) => keyHash === newest?.keyHash);
      if (newest?.action === 'reissue' && !known)
        attempts.push({ atMs: place.clock.now(), keyHash: newest.keyHash });
      await place.advance(10 * MINUTE_MS);
    }
    const gaps = attempts.slice(1).map(({ atMs }, i) => atMs - (attempts[i]?.atMs ?? 0));
    const ladder = [10 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, DAY_MS];
    expect(gaps).toHaveLength(ladder.length);
    // From the look that saw the rejection, which may come one run after the request.
    for (const [i, gap] of gaps.entries()) {
      expect(gap).toBeGreaterThanOrEqual(ladder[i] ?? 0);
      expect(gap).toBeLessThanOrEqual((ladder[i] ?? 0) + 30 * MINUTE_MS);
    }
    const status = await place.status('shop');
    expect(status.failures).toEqual({});
    expect(status).toMatchObject({ reissueText: 'new key', current: { keyHash: attempts.at(-1)?.keyHash } });
    expect(await place.purchases()).toBe(1);
    await expectKeyFits(place, 'shop');
  });

  it.each(KINDS)('is found and forgotten once, wherever a run is stopped (%s)', SWEEP, async (kind) => {
    const place = await issued(kind);
    await askForOne(place);
    await rejectReissues(place, 1);
    const ended = (status: Status) => expect(status.reissueText).toBe('new key');
    expect(await sweepCrashes(place, { purchases: 1, name: 'shop', extraPushes: 6, ended })).toEqual([]);
  });

  it('that was paid for is not asked for again: it says so in every run, and buys nothing more', async () => {
    const place = await issued('unique');
    await askForOne(place);
    await rejectReissues(place, 1);
    const runner = await openRunner(place, { wrap: sellingReissues });
    for (let day = 0; day < 4; day += 1) {
      const { applied } = await applyOnce(place, runner);
      if (day > 0) expect(applied?.events.map(({ message }) => message).join()).toContain('was rejected');
      await place.advance(DAY_MS);
    }
    const status = await place.status('shop');
    expect(status.intents.filter(isOpen)).toMatchObject([{ action: 'reissue', quoted: { amount: '5.00' } }]);
    expect(status.failures).toEqual({});
    const asked = (await place.seller?.control.ledger())?.filter(({ path }) => path.endsWith('/reissue'));
    expect(asked).toHaveLength(1);
  });

  it.each(KINDS)('raises attention as the certificate nears its end (%s)', async (kind) => {
    const place = await issued(kind);
    const endMs = Date.parse((await place.status('shop')).current?.notAfter ?? '');
    await rejectReissues(place, 1000);
    const runner = await openRunner(place);
    const exits: number[] = [];
    while (place.clock.now() < endMs - 2 * DAY_MS) {
      const early = place.clock.now() < endMs - 40 * DAY_MS;
      exits.push((await applyOnce(place, runner)).exit);
      await place.advance(early ? 10 * DAY_MS : DAY_MS);
    }
    expect(exits[0]).toBe(0);
    expect(exits.at(-1)).toBe(4);
    expect((await place.status('shop')).failures.free?.count).toBeGreaterThan(4);
    expect(await place.purchases()).toBe(1);
  });
});

import { describe, expect, it } from 'vitest';
import { CertError } from '../../src/model/errors.js';
import { isOpen } from '../../src/model/intent.js';
import type { Status } from '../../src/model/status.js';
import { DAY_MS, HOUR_MS, toMs } from '../../src/model/time.js';
import { sweepCrashes } from '../support/crash-sweep.js';
import {
  applyOnce,
  aroundStep,
  manifest,
  openPlace,
  openRunner,
  type Place,
  type PlaceOptions,
  runUntilQuiet,
  twoAtOnce,
} from '../support/engine.js';

const SWEEP = { timeout: 300_000 };

const place = (over: Partial<PlaceOptions> = {}): Promise<Place> =>
  openPlace({ kind: 'thesslstore', ...over });

async function issued(over: Partial<PlaceOptions> = {}): Promise<Place> {
  const made = await place(over);
  await runUntilQuiet(made, await openRunner(made));
  expect((await made.status('shop')).current).toBeDefined();
  return made;
}

/** Ten days before the paid term ends; everything free was done on the way. */
async function renewalDue(): Promise<Place> {
  const text = 'domains: [shop.example.com]\nterm: 1y\nmaxPrice: 25.00 USD\nautoRenew: true\n';
  const made = await issued({ manifests: { shop: text } });
  for (let month = 0; month < 12; month += 1) {
    await made.advance(30 * DAY_MS);
    if (month < 11) await runUntilQuiet(made, await openRunner(made));
  }
  return made;
}

describe('at The SSL Store, stopped around every writing call', () => {
  it(
    'a first order is bought once; where its reply may be lost before it was sent, a person is asked',
    SWEEP,
    async () => {
      const unknown = await sweepCrashes(await place(), { purchases: 1, name: 'shop', extraPushes: 6 });
      // Whether an order that does not show is there cannot be told: stopped before the call, it is not.
      expect(unknown.length).toBeGreaterThan(0);
    },
  );

  it('a renewal is bought once', SWEEP, async () => {
    const made = await renewalDue();
    const ended = (status: Status) => expect(status.orders).toHaveLength(2);
    await sweepCrashes(made, { purchases: 2, name: 'shop', extraPushes: 6, ended });
  });

  it('a reissue happens once and costs nothing', SWEEP, async () => {
    const made = await issued();
    await made.advance(DAY_MS);
    await made.merge({ 'certificates/shop.yaml': manifest('shop', 'reissue: "new key"\n') });
    const ended = (status: Status) => expect(status.reissueText).toBe('new key');
    await sweepCrashes(made, { purchases: 1, name: 'shop', extraPushes: 6, ended });
  });
});

describe('a reply of The SSL Store that is lost', () => {
  it('of an order: it is found by our reference, and nothing is bought again', async () => {
    const made = await place();
    const runner = await openRunner(made);
    await made.sandbox?.control('POST', 'faults', { fault: 'drop-after@NewOrder' });
    await applyOnce(made, runner);
    await runUntilQuiet(made, runner);
    expect(await made.purchases()).toBe(1);
    expect((await made.status('shop')).current).toBeDefined();
  });

  it('of an order that is found only weeks later: what is paid runs from the day it was sent', async () => {
    const made = await place();
    const stop = new AbortController();
    const killed = await openRunner(made, {
      signal: stop.signal,
      wrap: (deps) =>
        aroundStep(deps, 'place', async (run) => {
          await run();
          stop.abort();
          throw new CertError('interrupted', 'killed', { effect: 'unknown' });
        }),
    });
    expect((await applyOnce(made, killed)).exit).toBe(130);
    const [sent] = (await made.status('shop')).intents;
    await made.advance(40 * DAY_MS);
    await runUntilQuiet(made, await openRunner(made));
    const [order] = (await made.status('shop')).orders;
    const days = (toMs(order?.paidTill ?? '') - toMs(sent?.createdAt ?? '')) / DAY_MS;
    expect(Math.floor(days)).toBe(365);
    expect(order?.charges[0]?.at.slice(0, 10)).toBe(sent?.createdAt.slice(0, 10));
  });

  it('of a renewal: it is found by its own reference, and nothing is bought again', async () => {
    const made = await renewalDue();
    await made.sandbox?.control('POST', 'faults', { fault: 'drop-after@NewOrder' });
    await runUntilQuiet(made, await openRunner(made));
    const { orders } = await made.status('shop');
    expect(orders).toHaveLength(2);
    expect(orders[1]?.predecessor).toBe(orders[0]?.id);
    expect(await made.purchases()).toBe(2);
  });

  it('of a reissue: one is under way, and is followed', async () => {
    const made = await issued();
    const runner = await openRunner(made);
    const before = (await made.status('shop')).current?.serial;
    await made.merge({ 'certificates/shop.yaml': manifest('shop', 'reissue: "new key"\n') });
    await made.sandbox?.control('POST', 'faults', { fault: 'drop-after@Reissue' });
    await applyOnce(made, runner);
    await runUntilQuiet(made, runner);
    const status = await made.status('shop');
    expect(status.current?.serial).not.toBe(before);
    expect(status.intents.filter(isOpen)).toEqual([]);
    expect(made.sandbox?.ledger('Reissue')).toHaveLength(1);
    expect(await made.purchases()).toBe(1);
  });

  it('of an order the seller never got: a person is asked, however long it does not show', async () => {
    const made = await issued({ manifests: { shop: manifest('shop') } });
    await made.merge({ 'certificates/wiki.yaml': manifest('wiki') });
    await made.sandbox?.control('POST', 'faults', { fault: 'drop-before@NewOrder' });
    const runner = await openRunner(made);
    await applyOnce(made, runner);
    await made.advance(26 * HOUR_MS);
    const ended = await applyOnce(made, runner);
    expect(ended.exit).toBe(4);
    expect((await made.status('wiki')).intents[0]).toMatchObject({ phase: 'unknown' });
    expect(await made.purchases()).toBe(1);
  });

  it('booked twice by the seller: both are candidates, and nothing more is bought', async () => {
    const made = await place();
    await made.sandbox?.control('POST', 'faults', { fault: 'duplicate@NewOrder' });
    await made.sandbox?.control('POST', 'faults', { fault: 'drop-after@NewOrder' });
    const runner = await openRunner(made);
    await applyOnce(made, runner);
    await made.advance(26 * HOUR_MS);
    await applyOnce(made, runner);
    const [intent] = (await made.status('shop')).intents;
    expect(intent).toMatchObject({ phase: 'unknown', candidates: [expect.any(String), expect.any(String)] });
    expect(await made.purchases()).toBe(2);
  });
});

it('two runners at once buy once', async () => {
  const made = await place();
  await twoAtOnce(made);
  expect(await made.purchases()).toBe(1);
  expect((await made.status('shop')).current).toBeDefined();
});

it('two runners at once renew once', async () => {
  const made = await renewalDue();
  await twoAtOnce(made);
  expect(await made.purchases()).toBe(2);
  expect((await made.status('shop')).orders).toHaveLength(2);
});

it('two runners at once reissue once', async () => {
  const made = await issued();
  await made.merge({ 'certificates/shop.yaml': manifest('shop', 'reissue: "new key"\n') });
  await twoAtOnce(made);
  expect(made.sandbox?.ledger('Reissue')).toHaveLength(1);
  expect((await made.status('shop')).reissueText).toBe('new key');
  expect(await made.purchases()).toBe(1);
});

it('a subscription of two years: free reissues by the calendar, one paid renewal at its end', async () => {
  const text = 'domains: [shop.example.com]\nterm: 2y\nmaxPrice: 25.00 USD\nautoRenew: true\n';
  const made = await issued({ manifests: { shop: text } });
  const runner = await openRunner(made);
  for (let month = 0; month < 25; month += 1) {
    await made.advance(30 * DAY_MS);
    await runUntilQuiet(made, runner);
  }
  const status = await made.status('shop');
  expect(status.orders).toHaveLength(2);
  expect(await made.purchases()).toBe(2);
  expect(status.orders[0]?.charges.map(({ action }) => action)).toEqual(['order']);
  expect(status.previous.length).toBeGreaterThanOrEqual(7);
});

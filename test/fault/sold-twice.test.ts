import { describe, expect, it } from 'vitest';
import { resolveOrder } from '../../src/entry/cli/resolve-order.js';
import { CertError } from '../../src/model/errors.js';
import { DAY_MS, HOUR_MS } from '../../src/model/time.js';
import { openRun } from '../../src/reconcile/open-run.js';
import { planOnly } from '../../src/reconcile/plan-only.js';
import {
  applyOnce,
  aroundStep,
  expectKeyFits,
  manifest,
  openPlace,
  openRunner,
  type Place,
  runUntilQuiet,
  SEEN_REF,
  STATE_REF,
} from '../support/engine.js';

const BUYING = { method: 'POST', path: '^/slots$' };

/** Bought with a lost reply and found again: the state in which a second sale would go unnoticed. */
async function foundAgain(kind: 'unique' | 'findable'): Promise<Place> {
  const place = await openPlace({ kind });
  await place.seller?.control.fault({ ...BUYING, fault: { kind: 'drop-reply' } });
  expect((await runUntilQuiet(place, await openRunner(place))).exit).toBe(0);
  expect(await place.purchases()).toBe(1);
  return place;
}

/** The seller delivers a second order for the one request, some time later. */
async function sellsAgain(place: Place): Promise<void> {
  const [order] = await (place.seller?.control.orders() ?? []);
  // A seller that refuses a repeated reference can still double an order by itself.
  await place.seller?.control.set({ search: 'findable' });
  await place.seller?.control.foreignSlot({
    product: 'paid-multi',
    term: '1y',
    reference: order?.reference ?? '',
  });
}

const searches = async (place: Place): Promise<number> =>
  ((await place.seller?.control.ledger()) ?? []).filter(({ path }) => path.includes('reference=')).length;

const aDayLater = async (place: Place) => {
  await place.advance(DAY_MS);
  return applyOnce(place, await openRunner(place));
};

describe('the provider sells more than once under our reference', () => {
  it.each(['unique', 'findable'] as const)(
    'days after a lost reply: it is found, reported with price and remedy, and never taken over (%s)',
    async (kind) => {
      const place = await foundAgain(kind);
      expect((await aDayLater(place)).exit).toBe(0);
      await sellsAgain(place);
      const ended = await aDayLater(place);
      expect(ended.exit).toBe(4);
      const status = await place.status('shop');
      expect(status.doubts).toMatchObject([{ extra: [{ id: 'S-1002', charged: { amount: '10.00' } }] }]);
      expect(status.orders.map(({ id }) => id)).toEqual(['S-1001']);
      const { plan } = await planOnly((await openRunner(place)).deps);
      expect(plan.warnings).toMatchObject([{ code: 'second-order', level: 'attention' }]);
      expect(plan.warnings[0]?.message).toContain('order S-1002 for 10.00 USD');

      await fetch(`${place.seller?.server.url}/orders/S-1002/cancel`, {
        method: 'POST',
        headers: { authorization: `Bearer ${place.seller?.server.token}`, connection: 'close' },
      });
      expect((await aDayLater(place)).exit).toBe(0);
      await expectKeyFits(place, 'shop');
    },
  );

  it('what a person ignores in the manifest is quiet', async () => {
    const place = await foundAgain('findable');
    await sellsAgain(place);
    expect((await aDayLater(place)).exit).toBe(4);
    await place.merge({ 'certificates/shop.yaml': manifest('shop', 'adopt: { ignore: ["S-1002"] }\n') });
    expect((await aDayLater(place)).exit).toBe(0);
  });

  it('is looked for once a day for 30 days, and only where a reply was lost', async () => {
    const place = await foundAgain('findable');
    const quiet = await openPlace({ kind: 'findable' });
    await runUntilQuiet(quiet, await openRunner(quiet));
    const [before, quietBefore] = [await searches(place), await searches(quiet)];
    for (let half = 0; half < 2 * 33; half++) {
      await place.advance(DAY_MS / 2);
      await applyOnce(place, await openRunner(place));
    }
    expect((await searches(place)) - before).toBe(30);
    expect(await place.status('shop')).not.toHaveProperty('doubts');
    for (let day = 0; day < 3; day++) await aDayLater(quiet);
    expect(await searches(quiet)).toBe(quietBefore);
    expect(await quiet.status('shop')).not.toHaveProperty('doubts');
  });

  it('at once, while the reply is lost: a person says which is ours, and the other one is reported', async () => {
    const place = await openPlace({ kind: 'findable' });
    await place.seller?.control.fault({ ...BUYING, fault: { kind: 'duplicate-order' } });
    const lossy = await openRunner(place, {
      wrap: (deps) =>
        aroundStep(deps, 'buy', async (run) => {
          await run();
          throw new CertError('provider.timeout', 'the reply was lost', { effect: 'unknown' });
        }),
    });
    expect((await runUntilQuiet(place, lossy)).exit).toBe(4);
    const run = await openRun(lossy.deps);
    await resolveOrder(run, {}, 'shop', 'S-1001');
    await run.providers.close();
    await runUntilQuiet(place, await openRunner(place));
    await aDayLater(place);
    const status = await place.status('shop');
    expect(status.orders.map(({ id }) => id)).toEqual(['S-1001']);
    expect(status.doubts).toMatchObject([{ extra: [{ id: 'S-1002' }] }]);
    expect(await place.purchases()).toBe(2);
    await expectKeyFits(place, 'shop');
  });

  it('and the record of ours is lost: neither is taken, attention until a person chooses', async () => {
    const place = await openPlace({ kind: 'findable' });
    const before = await place.store.refs();
    await runUntilQuiet(place, await openRunner(place));
    await sellsAgain(place);
    for (const ref of [STATE_REF, SEEN_REF]) await place.store.setRef(ref, before[ref] ?? null);
    const ended = await applyOnce(place, await openRunner(place));
    expect(ended.exit).toBe(4);
    expect(ended.applied?.plan.items).toMatchObject([{ action: 'hold', reason: 'OrderAtProvider' }]);
    expect(ended.applied?.plan.warnings[0]?.message).toContain('S-1001, S-1002');
    expect(await place.statuses()).toEqual(new Map());
    expect(await place.purchases()).toBe(2);
  });

  it('a look that the provider does not answer is made by the next run', async () => {
    const place = await foundAgain('findable');
    await sellsAgain(place);
    await place.advance(DAY_MS);
    await place.seller?.control.fault({
      fault: { kind: 'status', status: 500, acts: false },
      method: 'GET',
      path: '^/orders$',
    });
    expect((await applyOnce(place, await openRunner(place))).exit).toBe(0);
    await place.advance(HOUR_MS);
    expect((await applyOnce(place, await openRunner(place))).exit).toBe(4);
  });
});

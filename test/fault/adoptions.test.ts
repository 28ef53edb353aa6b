/** Taking over what an account has: thousands of orders by few calls, and nothing changed at the provider. */
import { describe, expect, test } from 'vitest';
import { planOnly } from '../../src/reconcile/plan-only.js';
import { applyOnce, openPlace, openRunner, type Place } from '../support/engine.js';
import type { SeededOrder } from '../support/paid-provider/wire.js';

/** More than a page; CERTWRIGHT_ADOPTIONS=3000 is the size this is made for. */
const MANY = Number(process.env.CERTWRIGHT_ADOPTIONS ?? '120');
const PAGE = 100;

const order = (n: number): SeededOrder => ({ id: `S-${n}`, names: [`shop-${n}.example.com`] });

const adopting = (n: number, id = `S-${n}`): string =>
  `domain: shop-${n}.example.com\nproduct: paid-multi\nterm: 1y\nkey: external\nadopt: { order: "${id}" }\n`;

async function accountOf(count: number, more: readonly SeededOrder[] = []): Promise<Place> {
  const numbers = Array.from({ length: count }, (_, i) => i + 1);
  const place = await openPlace({
    kind: 'unique',
    seller: { pageSize: PAGE },
    manifests: Object.fromEntries(numbers.map((n) => [`shop-${n}`, adopting(n)])),
  });
  await place.seller?.control.seed([...numbers.map(order), ...more]);
  return place;
}

/** Calls the seller received: those that change something, lists, and looks at single orders. */
async function calls(place: Place) {
  const ledger = (await place.seller?.control.ledger()) ?? [];
  const reads = ledger.filter(({ method }) => method === 'GET');
  return {
    changing: ledger.length - reads.length,
    pages: reads.filter(({ path }) => path.startsWith('/orders?')).length,
    looks: reads.filter(({ path }) => /^\/orders\/[^/]+$/.test(path)).length,
    certificates: reads.filter(({ path }) => path.endsWith('/certificate')).length,
  };
}

describe('taking over many orders', () => {
  test('reads the list once, changes nothing there, lands in few commits, and leaves an empty plan', {
    timeout: 600_000,
  }, async () => {
    const place = await accountOf(MANY);
    const runner = await openRunner(place);

    const { plan } = await planOnly(runner.deps);
    expect(plan.items.filter(({ action, hold }) => action === 'adopt' && !hold)).toHaveLength(MANY);
    expect(plan.totals).toEqual([]);
    expect(plan.unsafe).toBeUndefined();
    const pages = Math.ceil(MANY / PAGE);
    expect(await calls(place)).toEqual({ changing: 0, pages, looks: 0, certificates: 0 });

    const before = await place.pushes();
    const { exit, applied } = await applyOnce(place, runner);
    expect(exit).toBe(0);
    expect(applied?.events.filter(({ outcome }) => outcome !== 'done')).toEqual([]);
    const after = await calls(place);
    expect(after.changing).toBe(0);
    expect(after.pages).toBe(2 * pages);
    expect(after.certificates).toBe(MANY);
    // The adapter of the tests looks at an order to tell the two meanings of its 404 apart; the engine asks for none.
    expect(after.looks).toBe(MANY);
    expect((await place.pushes()) - before).toBe(1 + Math.ceil(MANY / 500));
    const statuses = [...(await place.statuses()).values()];
    expect(statuses.filter(({ current, orders }) => current && orders[0]?.adopted)).toHaveLength(MANY);
    expect(statuses.some(({ current }) => current?.ownKey)).toBe(false);
    expect(await place.purchases()).toBe(0);

    expect((await planOnly(runner.deps)).plan.items).toEqual([]);
    expect(await calls(place)).toEqual(after);
  });

  test('looks at each where there are few', async () => {
    const place = await accountOf(3);
    const runner = await openRunner(place);
    await planOnly(runner.deps);
    expect(await calls(place)).toMatchObject({ pages: 0, looks: 3 });
  });

  test('an id that is wrong holds its own manifest, and no other', async () => {
    const place = await accountOf(2);
    await place.merge({ 'certificates/shop-2.yaml': adopting(2, 'S-typo') });
    const runner = await openRunner(place);
    const { applied } = await applyOnce(place, runner);
    expect(applied?.events.filter(({ outcome }) => outcome === 'held')).toEqual([
      expect.objectContaining({
        name: 'shop-2',
        message: 'shop knows no order S-typo; correct the id under `adopt:`',
      }),
    ]);
    expect((await place.status('shop-1')).current).toBeDefined();
    expect((await place.statuses()).has('shop-2')).toBe(false);
  });

  test('an account that does not answer is asked once, not once for each order', async () => {
    const place = await accountOf(20);
    await place.seller?.control.fault({
      fault: { kind: 'status', status: 500, acts: false },
      method: 'GET',
      times: 1000,
    });
    const runner = await openRunner(place);
    const { exit } = await applyOnce(place, runner);
    expect(exit).toBe(1);
    const { pages, looks } = await calls(place);
    expect(looks).toBe(0);
    expect(pages).toBeLessThan(10);
    expect([...(await place.statuses())]).toEqual([]);
  });
});

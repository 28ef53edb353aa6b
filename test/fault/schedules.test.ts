import { describe, expect, it } from 'vitest';
import { isOpen } from '../../src/model/intent.js';
import { DAY_MS, HOUR_MS } from '../../src/model/time.js';
import {
  applyOnce,
  aroundCommit,
  expectKeyFits,
  type Kind,
  machines,
  manifest,
  many,
  openPlace,
  openRunner,
  type Place,
  type Runner,
  runUntilQuiet,
  STATE_REF,
} from '../support/engine.js';

/** A real git remote: seconds on an idle machine. */
const GIT = { timeout: 120_000 };
const BUYING = { method: 'POST', path: '^/slots$' };

async function eachServedOnce(place: Place, count: number): Promise<void> {
  await runUntilQuiet(place, await openRunner(place));
  expect(await place.purchases()).toBe(count);
  const statuses = [...(await place.statuses()).values()];
  expect(statuses).toHaveLength(count);
  for (const status of statuses) {
    expect(status.orders).toHaveLength(1);
    expect(status.intents.filter(isOpen)).toEqual([]);
  }
  await expectKeyFits(place, ...statuses.map(({ name }) => name));
}

const hours = async (place: Place, count: number, runner?: Runner) => {
  const machine = runner ?? (await openRunner(place));
  let ended = await applyOnce(place, machine);
  for (let hour = 0; hour < count; hour++) {
    await place.advance(HOUR_MS);
    ended = await applyOnce(place, machine);
  }
  return ended;
};

describe('the state branch', () => {
  it.each([true, false])(
    'is rewound between the look and the push: nothing is sent (git %s)',
    async (git) => {
      const place = await openPlace({ kind: 'none', git });
      const first = (await place.store.refs())[STATE_REF] ?? '';
      await runUntilQuiet(place, await openRunner(place));
      await place.merge({ 'certificates/other.yaml': manifest('other') });
      const runner = await openRunner(place, {
        wrap: (deps) =>
          aroundCommit(deps, async (commit) => {
            await place.store.setRef(STATE_REF, first);
            return commit();
          }),
      });
      expect(await applyOnce(place, runner)).toMatchObject({
        exit: 4,
        error: { code: 'repository.lost-state' },
      });
      expect((await place.store.refs())[STATE_REF]).toBe(first);
      expect(await place.purchases()).toBe(1);
    },
  );

  it.each([true, false])(
    'loses the whole folder issued/ to a person: it counts, and comes back (git %s)',
    GIT,
    async (git) => {
      const place = await openPlace({ kind: 'none', git });
      await runUntilQuiet(place, await openRunner(place));
      const { orders } = await place.status('shop');
      const files = Object.keys(await place.store.files(STATE_REF));
      await place.store.push('certwright/state', Object.fromEntries(files.map((path) => [path, null])));
      await place.merge({ 'certificates/other.yaml': manifest('other') });
      await runUntilQuiet(place, await openRunner(place));
      expect((await place.status('shop')).orders).toEqual(orders);
      await eachServedOnce(place, 2);
    },
  );

  const twins: readonly Kind[] = ['unique', 'findable', 'none', 'local-ca-priced'];
  it.each(twins)('gets twin intents in the same second: one of them is sent (%s)', async (kind) => {
    const place = await openPlace({ kind });
    const { promise: bothThere, resolve } = Promise.withResolvers<void>();
    let arrived = 0;
    const twin = () =>
      openRunner(place, {
        wrap: (deps) =>
          aroundCommit(deps, async (commit) => {
            arrived += 1;
            if (arrived === 2) resolve();
            if (arrived <= 2) await bothThere;
            return commit();
          }),
      });
    const [one, other] = [await twin(), await twin()];
    await Promise.all([applyOnce(place, one), applyOnce(place, other)]);
    expect(arrived).toBeGreaterThanOrEqual(2);
    await eachServedOnce(place, 1);
  });
});

describe('an old job is run again', () => {
  it.each(['unique', 'none'] as const)(
    'from a checkout of before the purchase, after rename and removal: it buys nothing (%s)',
    GIT,
    async (kind) => {
      const place = await openPlace({
        kind,
        git: true,
        manifests: { shop: manifest('shop'), old: manifest('old') },
      });
      const old = await openRunner(place);
      await runUntilQuiet(place, await openRunner(place));
      expect(await place.purchases()).toBe(2);
      await place.merge({
        'certificates/shop.yaml': null,
        'certificates/store.yaml': manifest('shop'),
        'certificates/old.yaml': null,
      });
      await runUntilQuiet(place, await openRunner(place));
      await hours(place, 2, old);
      expect(await place.purchases()).toBe(2);
      await expectKeyFits(place, 'store');
    },
  );
});

describe('the provider shows an order later than it says', () => {
  const late = { visibilityLagMs: 3 * HOUR_MS };

  it('and refuses a repeated reference: the second sending is refused, one purchase', async () => {
    const place = await openPlace({ kind: 'unique', seller: late });
    await place.seller?.control.fault({ ...BUYING, fault: { kind: 'drop-reply' } });
    await hours(place, 6);
    await eachServedOnce(place, 1);
    const sent = (await place.seller?.control.ledger())?.filter(
      ({ path, method }) => path === '/slots' && method === 'POST',
    );
    expect(sent?.map(({ status }) => status)).toContain(409);
  });

  it('and stores it: an account that looks empty and has less money proves nothing, a person is asked', async () => {
    const place = await openPlace({ kind: 'findable', seller: late });
    await place.seller?.control.fault({ ...BUYING, fault: { kind: 'drop-reply' } });
    expect((await hours(place, 2)).exit).toBe(4);
    expect((await place.status('shop')).intents).toMatchObject([{ phase: 'unknown' }]);
    expect(await place.purchases()).toBe(1);
  });

  it('and stores it, while other orders show at once: the second sale is not prevented, but found and reported', async () => {
    const place = await openPlace({ kind: 'findable', manifests: { known: manifest('known') } });
    await runUntilQuiet(place, await openRunner(place));
    await place.seller?.control.set(late);
    await place.advance(DAY_MS);
    await place.merge({ 'certificates/shop.yaml': manifest('shop') });
    await place.seller?.control.fault({ ...BUYING, fault: { kind: 'drop-reply' } });
    await hours(place, 2);
    await place.seller?.control.issue();
    expect((await hours(place, 26)).exit).toBe(4);
    const status = await place.status('shop');
    expect(await place.purchases()).toBe(3);
    expect(status.orders).toHaveLength(1);
    expect(status.doubts).toMatchObject([{ extra: [{ charged: { amount: '10.00' } }] }]);
  });
});

describe('a token that is not known is told that the account is new and empty', () => {
  const stranger = (place: Place): Promise<Runner> =>
    openRunner({ ...place, env: { ...place.env, PAID_TOKEN: 'revoked' } });

  it.each(['unique', 'findable'] as const)(
    'after a lost reply: the emptiness buys nothing, and the right token finds the order (%s)',
    async (kind) => {
      const place = await openPlace({ kind, seller: { unknownToken: 'empty-account' } });
      await place.seller?.control.fault({ ...BUYING, fault: { kind: 'drop-reply' } });
      await applyOnce(place, await openRunner(place));
      const wrong = await stranger(place);
      for (let look = 0; look < 4; look++) {
        await place.advance(HOUR_MS / 4);
        await applyOnce(place, wrong);
      }
      expect(await place.purchases()).toBe(1);
      await place.advance(DAY_MS);
      expect((await runUntilQuiet(place, await openRunner(place))).exit).toBe(0);
      expect(await place.purchases()).toBe(1);
      await expectKeyFits(place, 'shop');
    },
  );

  it.each(['unique', 'findable', 'none'] as const)('from the start: nothing is bought (%s)', async (kind) => {
    const place = await openPlace({ kind, seller: { unknownToken: 'empty-account' } });
    await hours(place, 3, await stranger(place));
    expect(await place.purchases()).toBe(0);
  });
});

describe('anonymous slots', () => {
  it('two runners, two certificates and a slot of somebody else: it is left alone, each buys its own', async () => {
    const place = await openPlace({ kind: 'none', manifests: many(2) });
    await place.seller?.control.foreignSlot({ product: 'paid-multi', term: '1y' });
    const runners = await machines(place, 2);
    await Promise.all(runners.map((runner) => applyOnce(place, runner)));
    await runUntilQuiet(place, await openRunner(place));
    expect(await place.purchases()).toBe(3);
    const ids = [...(await place.statuses()).values()].flatMap(({ orders }) => orders.map(({ id }) => id));
    expect(ids.sort()).toEqual(['S-1002', 'S-1003']);
    expect((await place.seller?.control.account())?.unclaimed).toEqual(['S-1001']);
  });

  it('two runners and one slot in doubt: neither claims it, and the other certificate waits', async () => {
    const place = await openPlace({ kind: 'none', manifests: many(2) });
    await place.seller?.control.fault({ ...BUYING, fault: { kind: 'drop-reply' } });
    const runners = await machines(place, 2);
    await Promise.all(runners.map((runner) => applyOnce(place, runner)));
    expect((await hours(place, 2)).exit).toBe(4);
    expect(await place.purchases()).toBe(1);
    const statuses = [...(await place.statuses()).values()];
    expect(statuses.flatMap(({ orders }) => orders)).toEqual([]);
    expect(statuses.flatMap(({ intents }) => intents)).toMatchObject([
      { phase: 'unknown', candidates: ['S-1001'] },
    ]);
  });
});

describe('a storm', () => {
  it.each(['unique', 'findable', 'none'] as const)(
    'of 429 over every call of two runners: it passes, and everything is bought once (%s)',
    async (kind) => {
      const place = await openPlace({ kind, manifests: many(6), spending: 'perOrder: 100 USD' });
      await place.seller?.control.fault({
        fault: { kind: 'rate-limited', retryAfterS: 5 },
        method: '*',
        times: 10_000,
      });
      for (let round = 0; round < 3; round++) {
        await Promise.all((await machines(place, 2)).map((runner) => applyOnce(place, runner)));
        await place.advance(DAY_MS);
      }
      expect(await place.purchases()).toBe(0);
      await place.seller?.control.clearFaults();
      await place.advance(DAY_MS);
      await eachServedOnce(place, 6);
    },
  );
});

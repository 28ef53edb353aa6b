import { describe, expect, it } from 'vitest';
import { isOpen } from '../../src/model/intent.js';
import { DAY_MS } from '../../src/model/time.js';
import { land, observeState } from '../../src/reconcile/land.js';
import { statusFile } from '../../src/reconcile/run.js';
import { withAbsenceSaid } from '../../src/reconcile/step-undone.js';
import { approvalText } from '../support/approval.js';
import {
  applyOnce,
  aroundCommit,
  aroundStep,
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
  SEEN_REF,
  STATE_REF,
} from '../support/engine.js';
import { fuse } from '../support/fuse.js';

async function allServed(place: Place, count: number): Promise<void> {
  const last = await openRunner(place);
  await runUntilQuiet(place, last);
  expect(await place.purchases()).toBe(count);
  const statuses = [...(await place.statuses()).values()];
  expect(statuses).toHaveLength(count);
  for (const status of statuses) {
    expect(status.orders).toHaveLength(1);
    expect(status.previous).toEqual([]);
    expect(status.intents.filter(isOpen)).toEqual([]);
    await expectKeyFits(place, status.name);
  }
  expect(await last.spool.list()).toEqual([]);
}

describe('several runners at once', () => {
  const kinds: readonly Kind[] = ['local-ca-priced', 'unique', 'findable'];
  it.each(kinds)(
    'five runners and forty certificates: forty purchases (%s)',
    { timeout: 240_000 },
    async (kind) => {
      const place = await openPlace({
        kind,
        manifests: many(40),
        balance: '5000.00',
        spending: 'perOrder: 100 USD',
      });
      const runners = await machines(place, 5);
      const ended = await Promise.all(runners.map((runner) => applyOnce(place, runner)));
      expect(
        ended.map(({ error }) => error?.code).filter((code) => code !== 'repository.moved'),
      ).not.toContain('internal');
      expect(runners.flatMap(({ illegal }) => illegal)).toEqual([]);
      await allServed(place, 40);
    },
  );

  it('two runners on a real remote: every certificate once', { timeout: 60_000 }, async () => {
    const place = await openPlace({ kind: 'unique', git: true, manifests: many(6) });
    const runners = await machines(place, 2);
    await Promise.all(runners.map((runner) => applyOnce(place, runner)));
    expect(runners.flatMap(({ illegal }) => illegal)).toEqual([]);
    await allServed(place, 6);
  });

  it('two runners that take over one order publish its certificate once', async () => {
    const place = await openPlace({ kind: 'unique' });
    const before = await place.store.refs();
    await runUntilQuiet(place, await openRunner(place));
    const order = (await place.status('shop')).orders[0]?.id ?? '';
    for (const ref of [STATE_REF, SEEN_REF]) await place.store.setRef(ref, before[ref] ?? null);
    await place.merge({
      'certificates/shop.yaml': manifest('shop', `adopt: { order: "${order}" }\nkey: external\n`),
    });
    const runners = await machines(place, 3);
    await Promise.all(runners.map((runner) => applyOnce(place, runner)));
    expect(runners.flatMap(({ illegal }) => illegal)).toEqual([]);
    expect(await place.status('shop')).toMatchObject({ previous: [], current: { order } });
    expect(await place.purchases()).toBe(1);
  });
});

/** What a run does that planned the move before the purchase was announced, and pushed it after. */
async function moveAway(place: Place, from: string, to: string): Promise<void> {
  const { deps } = await openRunner(place);
  await land({ deps }, await observeState(deps), (view) => {
    const status = view.statuses.get(from);
    if (!status) throw new Error(`nothing is recorded for ${from}`);
    const files = [...view.files].filter(([path]) => path.startsWith(`issued/${from}/`));
    return {
      files: [
        ...files.map(([path]) => ({ path, content: null })),
        ...files
          .filter(([path]) => !path.endsWith('/status.json'))
          .map(([path, blob]) => ({ path: path.replace(`/${from}/`, `/${to}/`), content: { blob } })),
        statusFile({ ...status, name: to }),
      ],
      message: 'move\n',
    };
  });
}

describe('something happens between the call and its record', () => {
  /** A runner in whose purchase something else happens before its reply is looked at. */
  const interrupted = (place: Place, meanwhile: () => Promise<void>): Promise<Runner> =>
    openRunner(place, {
      wrap: (deps) =>
        aroundStep(deps, 'buy', async (run) => {
          const outcome = await run();
          await meanwhile();
          return outcome;
        }),
    });

  it('another run moves the certificate to another name: the order is recorded there', async () => {
    const place = await openPlace({ kind: 'none' });
    const runner = await interrupted(place, async () => {
      await place.merge({ 'certificates/shop.yaml': null, 'certificates/store.yaml': manifest('shop') });
      await moveAway(place, 'shop', 'store');
    });
    await applyOnce(place, runner);
    expect([...(await place.statuses()).keys()]).toEqual(['store']);
    expect((await place.status('store')).orders).toMatchObject([{ id: 'S-1001' }]);
    expect((await runUntilQuiet(place, await openRunner(place))).exit).toBe(0);
    expect(await place.purchases()).toBe(1);
    await expectKeyFits(place, 'store');
    expect(runner.illegal).toEqual([]);
  });

  it('a person writes it off too early: the purchase that went through is followed all the same', async () => {
    const place = await openPlace({ kind: 'none', policy: 'order: pull-request, free: auto' });
    await place.merge({ 'approvals/shop-order.yaml': approvalText(place, { action: 'order' }) });
    const runner = await interrupted(place, async () => {
      const { deps } = await openRunner(place);
      await land({ deps }, await observeState(deps), (view) => ({
        files: [...view.statuses.values()].map((status) =>
          statusFile(withAbsenceSaid(status, status.intents[0]?.id ?? '', place.clock.now())),
        ),
        message: 'resolve\n',
      }));
    });
    await applyOnce(place, runner);
    expect(await place.status('shop')).toMatchObject({
      orders: [{ id: 'S-1001' }],
      consumedApprovals: [expect.any(String)],
    });
    expect((await runUntilQuiet(place, await openRunner(place))).exit).toBe(0);
    expect(await place.purchases()).toBe(1);
    await expectKeyFits(place, 'shop');
    expect(runner.illegal).toEqual([]);
  });

  it('another run of the same machine does not throw away what it cannot place yet', async () => {
    const place = await openPlace({ kind: 'none' });
    const struck = fuse({ call: 12, when: 'after' });
    const buyer = await openRunner(place, { fuse: struck });
    let behind = true;
    const other = await openRunner(place, {
      home: buyer.home,
      wrap: (deps) => ({
        ...deps,
        spool: {
          ...deps.spool,
          list: async () => {
            // It has looked at the state already; only now the first run buys, and dies.
            if (behind) await Promise.race([applyOnce(place, buyer), struck.blown]);
            behind = false;
            return deps.spool.list();
          },
        },
      }),
    });
    await applyOnce(place, other);
    expect(struck.calls.at(-1)).toBe('spool.write');
    expect((await runUntilQuiet(place, other)).exit).toBe(0);
    expect(await place.purchases()).toBe(1);
    await expectKeyFits(place, 'shop');
  });

  it('one of several outcomes cannot be recorded: the run waits for the others and records them', async () => {
    const place = await openPlace({ kind: 'findable', manifests: many(3) });
    const { promise: failed, resolve } = Promise.withResolvers<void>();
    let sent = 0;
    let refused = false;
    const runner = await openRunner(place, {
      wrap: (deps) =>
        aroundCommit(
          aroundStep(deps, 'buy', async (run) => {
            const first = ++sent === 1;
            const outcome = await run();
            if (!first) await failed;
            return outcome;
          }),
          async (commit, message) => {
            if (refused || !message.includes('placed')) return commit();
            refused = true;
            resolve();
            return { kind: 'refused', text: 'hook declined' };
          },
        ),
    });
    expect((await applyOnce(place, runner)).error?.code).toBe('repository.refused');
    const recorded = [...(await place.statuses()).values()].filter(({ orders }) => orders.length > 0);
    expect(recorded).toHaveLength(2);
    expect(await runner.spool.list()).toHaveLength(1);
    await allServed(place, 3);
  });
});

describe('a reissue of the old order that is still under way when the renewal is issued', () => {
  it.each([
    ['after the renewal', ['S-1002', 'S-1001']],
    ['together with it', [undefined]],
    ['before it', ['S-1001', 'S-1002']],
  ])('issued %s, it does not take its place', async (_when, issued) => {
    const place = await openPlace({
      kind: 'unique',
      manifests: { shop: manifest('shop', 'autoRenew: true\n') },
      seller: { pollsUntilIssued: 0, validityDays: 400 },
    });
    await applyOnce(place, await openRunner(place));
    await place.seller?.control.set({ pollsUntilIssued: null });
    await place.merge({ 'certificates/shop.yaml': manifest('shop', 'autoRenew: true\nreissue: again\n') });
    await applyOnce(place, await openRunner(place));
    await place.advance(360 * DAY_MS);
    await applyOnce(place, await openRunner(place));
    expect(await place.purchases()).toBe(2);
    for (const order of issued) {
      await place.seller?.control.issue(order);
      await place.advance(DAY_MS);
      await applyOnce(place, await openRunner(place));
    }
    await place.advance(DAY_MS);
    await applyOnce(place, await openRunner(place));
    const status = await place.status('shop');
    expect(status.current?.order).toBe('S-1002');
    expect(status.intents.filter(isOpen)).toEqual([]);
    expect(Object.keys(await place.store.files(STATE_REF)).filter((path) => path.includes('/keys/'))).toEqual(
      [],
    );
    await expectKeyFits(place, 'shop');
  });
});

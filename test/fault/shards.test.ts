import { describe, expect, it } from 'vitest';
import { isOpen } from '../../src/model/intent.js';
import { actsFor, parseShard } from '../../src/model/shard.js';
import { DAY_MS, HOUR_MS } from '../../src/model/time.js';
import {
  applyOnce,
  expectKeyFits,
  many,
  openPlace,
  openRunner,
  type Place,
  type PlaceOptions,
  type Runner,
  runUntilQuiet,
} from '../support/engine.js';
import { type ManualClock, manualClock } from '../support/manual-clock.js';
import { type Process, startApply } from '../support/processes.js';

const SLOW = { timeout: 600_000 };
const COUNT = 20;

const shop = (options: Partial<PlaceOptions> = {}): Promise<Place> =>
  openPlace({
    kind: 'unique',
    manifests: many(COUNT),
    balance: '5000.00',
    spending: 'perOrder: 100 USD',
    ...options,
    seller: { pollsUntilIssued: 0, ...options.seller },
  });

/** All of them end with 0; one that does not shows what it said. */
async function expectFine(processes: readonly Process[]): Promise<void> {
  const codes = await Promise.all(processes.map(({ ended }) => ended));
  for (const [i, code] of codes.entries())
    expect(code, `${processes[i]?.out()}\n${processes[i]?.log()}`).toBe(0);
}

async function expectServedOnce(place: Place, count = COUNT): Promise<void> {
  expect(await place.purchases()).toBe(count);
  const statuses = [...(await place.statuses()).values()];
  expect(statuses).toHaveLength(count);
  for (const { name, orders, current, previous, intents } of statuses) {
    expect(orders, name).toHaveLength(1);
    expect(current?.order, name).toBe(orders[0]?.id);
    expect(previous, name).toEqual([]);
    expect(intents.filter(isOpen), name).toEqual([]);
  }
  await expectKeyFits(place, ...statuses.slice(0, 5).map(({ name }) => name));
}

const startShards = (place: Place, shards: readonly string[]): Promise<readonly Process[]> =>
  Promise.all(shards.map((shard) => startApply(place, shard)));

describe('five processes that share the work, on a real remote', () => {
  it('buy each certificate once and record it, in a bounded number of pushes', SLOW, async () => {
    const place = await shop({ git: true, runs: true });
    const before = await place.pushes();
    await expectFine(await startShards(place, ['1/5', '2/5', '3/5', '4/5', '5/5']));
    await expectServedOnce(place);
    // Each alone: announce, announce the second step, record it, publish; the number of certificates does not matter.
    expect((await place.pushes()) - before).toBeLessThanOrEqual(5 * 4);
    // Whoever runs without shards finds nothing left.
    const last = await openRunner(place, { clock: manualClock(Date.now()) });
    expect((await applyOnce(place, last)).applied?.plan.items).toEqual([]);
  });

  it(
    'cut wrongly (one twice, one missing, one of another number), beside a stranger who pushes',
    SLOW,
    async () => {
      const place = await shop({ git: true, runs: true });
      const running = await startShards(place, ['1/5', '1/5', '3/5', '1/2']);
      let over = false;
      const ended = Promise.all(running.map(({ ended }) => ended)).finally(() => {
        over = true;
      });
      for (let i = 0; !over; i++) {
        await place.store.push('certwright/state', { [`notes/${i}.txt`]: 'a stranger was here\n' });
        await place.store.push('main', { [`docs/${i}.md`]: 'an unrelated merge\n' });
      }
      await ended;
      const covered = Object.keys(many(COUNT)).filter((name) =>
        ['1/5', '3/5', '1/2'].some((text) => actsFor(parseShard(text), name)),
      );
      expect(covered.length).toBeLessThan(COUNT);
      // A head that never stands still may leave something to the next run, never sell it twice.
      expect(await place.purchases()).toBeLessThanOrEqual(covered.length);
      const last = await openRunner(place, { clock: manualClock(Date.now()) });
      expect((await applyOnce(place, last)).exit).toBe(0);
      await expectServedOnce(place);
    },
  );
});

interface Sharded extends Runner {
  readonly clock: ManualClock;
}

/** Machines that act for their share; their clocks go with the place's only by `later`. */
const sharded = (place: Place, shards: readonly string[]): Promise<readonly Sharded[]> =>
  Promise.all(
    shards.map(async (text) => {
      const clock = manualClock(place.clock.now());
      const runner = await openRunner(place, { clock });
      const shard = parseShard(text);
      return { ...runner, clock, deps: shard === undefined ? runner.deps : { ...runner.deps, shard } };
    }),
  );

async function later(place: Place, runners: readonly Sharded[], ms: number): Promise<void> {
  await place.advance(ms);
  for (const { clock } of runners) clock.advance(place.clock.now() - clock.now());
}

const holds = (shard: string) => Object.keys(many(COUNT)).filter((name) => actsFor(parseShard(shard), name));

describe('shards, one after the other', () => {
  it('of any number: each acts for its own, what one began another number finishes', async () => {
    const place = await shop({ seller: { pollsUntilIssued: 2 } });
    const [first] = await sharded(place, ['1/3']);
    if (!first) throw new Error('no runner');
    await applyOnce(place, first);
    expect([...(await place.statuses()).keys()].sort()).toEqual([...holds('1/3')].sort());
    for (let round = 0; round < 4; round++) {
      for (const runner of await sharded(place, ['1/2', '2/2'])) await applyOnce(place, runner);
      await place.advance(HOUR_MS);
    }
    await expectServedOnce(place);
  });

  it('a renamed manifest keeps its order, whichever shard the old name was of', async () => {
    const place = await shop({ manifests: many(6) });
    await runUntilQuiet(place, await openRunner(place));
    const before = await place.statuses();
    await place.merge(
      Object.fromEntries(
        Object.entries(many(6)).flatMap(([name, text]) => [
          [`certificates/${name}.yaml`, null],
          [`certificates/moved/${name}.yaml`, text],
        ]),
      ),
    );
    for (const runner of await sharded(place, ['1/3', '2/3', '3/3'])) await applyOnce(place, runner);
    const after = await place.statuses();
    expect([...after.keys()].sort()).toEqual([...before.keys()].map((name) => `moved/${name}`).sort());
    for (const [name, { orders }] of before) expect(after.get(`moved/${name}`)?.orders).toEqual(orders);
    expect(await place.purchases()).toBe(6);
  });

  it('each archives what was removed of its own', async () => {
    const place = await shop({ manifests: many(12) });
    await runUntilQuiet(place, await openRunner(place));
    await place.merge({ 'certificates/s0.yaml': null, 'certificates/s1.yaml': null });
    const [first, ...others] = await sharded(place, ['1/3', '2/3', '3/3']);
    if (!first) throw new Error('no runner');
    await applyOnce(place, first);
    const archived = async () =>
      [...(await place.statuses()).values()].filter((status) => status.archived).map(({ name }) => name);
    expect(await archived()).toEqual(['s0', 's1'].filter((name) => actsFor(parseShard('1/3'), name)));
    for (const runner of others) await applyOnce(place, runner);
    expect(await archived()).toEqual(['s0', 's1']);
  });

  it('a limit of a day holds for all of them together', async () => {
    const place = await shop({ spending: 'perOrder: 100 USD, perDay: 100 USD' });
    const runners = await sharded(place, ['1/5', '2/5', '3/5', '4/5', '5/5']);
    await Promise.all(runners.map((runner) => applyOnce(place, runner)));
    for (const runner of runners) await applyOnce(place, runner);
    expect(await place.purchases()).toBe(10);
  });

  it('a balance that has to stay is kept by all of them together', async () => {
    const place = await shop({ account: 'minimumBalance: 4900.00 USD' });
    const runners = await sharded(place, ['1/5', '2/5', '3/5', '4/5', '5/5']);
    await Promise.all(runners.map((runner) => applyOnce(place, runner)));
    for (const runner of runners) await applyOnce(place, runner);
    expect(await place.purchases()).toBe(10);
  });

  it('an account that cannot be searched sells one at a time to all of them', async () => {
    const place = await shop({ kind: 'none', manifests: many(8) });
    const runners = await sharded(place, ['1/3', '2/3', '3/3']);
    for (let round = 0; round < 6; round++) {
      await Promise.all(runners.map((runner) => applyOnce(place, runner)));
      await later(place, runners, HOUR_MS);
    }
    expect(runners.flatMap(({ illegal }) => illegal)).toEqual([]);
    await expectServedOnce(place, 8);
  });

  it('an account is listed by the shard that keeps it, and by others when that one is missing for a day', async () => {
    const place = await shop();
    await runUntilQuiet(place, await openRunner(place));
    const runners = await sharded(place, ['1/2', '2/2']);
    const listed = async (syncOlderMs: number) => {
      const lists: number[] = [];
      for (const runner of runners) {
        const { applied } = await applyOnce(place, runner, 0, { syncOlderMs });
        lists.push(applied?.accounts.length ?? -1);
      }
      return lists;
    };
    const once = await listed(20 * HOUR_MS);
    expect(once.toSorted()).toEqual([0, 1]);
    const [other] = runners.filter((_runner, i) => once[i] === 0);
    if (!other) throw new Error('no runner');
    const alone = async () =>
      (await applyOnce(place, other, 0, { syncOlderMs: 20 * HOUR_MS })).applied?.accounts.length;
    await later(place, runners, 20 * HOUR_MS);
    expect(await alone()).toBe(0);
    await later(place, runners, DAY_MS);
    expect(await alone()).toBe(1);
  });
});

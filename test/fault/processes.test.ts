import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { isOpen } from '../../src/model/intent.js';
import type { RequestRecord, Status } from '../../src/model/status.js';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/model/time.js';
import { land, observeState } from '../../src/reconcile/land.js';
import { statusFile } from '../../src/reconcile/run.js';
import { approvalText } from '../support/approval.js';
import {
  applyOnce,
  expectKeyFits,
  manifest,
  many,
  openPlace,
  openRunner,
  type Place,
  type PlaceOptions,
  runUntilQuiet,
  SEEN_REF,
  STATE_REF,
} from '../support/engine.js';
import type { CrashPoint } from '../support/fuse.js';
import { manualClock } from '../support/manual-clock.js';
import { isStopped, type Process, startApply, startStruck } from '../support/processes.js';

/** Seconds each on an idle machine; many processes, so on a busy one minutes. */
const SLOW = { timeout: 600_000 };
const at = (call: string, when: CrashPoint['when']): CrashPoint => ({ call, when });

const onGit = (options: Partial<PlaceOptions> = {}): Promise<Place> =>
  openPlace({ kind: 'unique', git: true, ...options, seller: { pollsUntilIssued: 0, ...options.seller } });

async function issued(options: Partial<PlaceOptions> = {}): Promise<Place> {
  const place = await onGit(options);
  await runUntilQuiet(place, await openRunner(place));
  await place.advance(DAY_MS);
  return place;
}

async function ask(
  place: Place,
  request: Omit<RequestRecord, 'id' | 'requestedAt' | 'reason'>,
): Promise<void> {
  const { deps } = await openRunner(place);
  await land({ deps }, await observeState(deps), (view) => {
    const status = view.statuses.get('shop');
    if (!status) throw new Error('nothing is recorded for shop');
    const requests = [{ id: 'r1', requestedAt: '2026-11-22T12:00:00Z', reason: 'asked for', ...request }];
    return { files: [statusFile({ ...status, requests })], message: `ask for ${request.action}\n` };
  });
}

interface Case {
  open(): Promise<Place>;
  readonly points: readonly CrashPoint[];
  readonly purchases: number;
  readonly name?: string;
  /** Exit code at the end; default 0. */
  readonly exit?: number;
  readonly ended: (status: Status) => void;
}

const YEARLY_RENEWED = {
  shop: 'domains: [shop.example.com]\nterm: 90d\nmaxPrice: 25.00 USD\nautoRenew: true\n',
};

const cases: Readonly<Record<string, Case>> = {
  'an order': {
    open: () => onGit(),
    points: [
      at('git.commit', 'before'),
      at('git.commit', 'after'),
      at('buy.run', 'before'),
      at('buy.run', 'after'),
      at('spool.write', 'after'),
      at('activate.run', 'after'),
    ],
    purchases: 1,
    ended: (status) => expect(status.orders).toHaveLength(1),
  },
  'an order under an approval file': {
    async open() {
      const place = await onGit({ policy: 'order: pull-request, free: auto' });
      await place.merge({ 'approvals/shop-order.yaml': approvalText(place, { action: 'order' }) });
      return place;
    },
    points: [at('git.commit', 'after'), at('buy.run', 'after')],
    purchases: 1,
    ended: (status) => expect(status.consumedApprovals).toHaveLength(1),
  },
  'a renewal under an approval file': {
    async open() {
      const policy = 'order: merge, renew: pull-request, free: auto';
      const place = await issued({ policy, manifests: YEARLY_RENEWED });
      await place.advance(81 * DAY_MS);
      const predecessor = (await place.status('shop')).orders[0]?.id;
      const text = approvalText(place, { action: 'renew', predecessor, term: '90d' });
      await place.merge({ 'approvals/shop-renew.yaml': text });
      return place;
    },
    points: [at('git.commit', 'after'), at('buy.run', 'after')],
    purchases: 2,
    ended: (status) => expect([status.orders.length, status.consumedApprovals.length]).toEqual([2, 1]),
  },
  'a reissue': {
    async open() {
      const place = await issued();
      await place.merge({ 'certificates/shop.yaml': manifest('shop', 'reissue: "new key"\n') });
      return place;
    },
    points: [at('git.commit', 'after'), at('reissue.run', 'after')],
    purchases: 1,
    ended: (status) => expect(status.previous).toHaveLength(1),
  },
  'an order that is taken over': {
    async open() {
      const place = await onGit();
      const before = await place.store.refs();
      await runUntilQuiet(place, await openRunner(place));
      const order = (await place.status('shop')).orders[0]?.id ?? '';
      for (const ref of [STATE_REF, SEEN_REF]) await place.store.setRef(ref, before[ref] ?? null);
      await place.merge({ 'certificates/shop.yaml': manifest('shop', `adopt: { order: "${order}" }\n`) });
      return place;
    },
    points: [at('git.commit', 'after')],
    purchases: 1,
    ended: (status) => expect(status.current).toMatchObject({ reason: 'KeyLost', ownKey: true }),
  },
  'a rename': {
    async open() {
      const place = await issued();
      await place.merge({ 'certificates/shop.yaml': null, 'certificates/store.yaml': manifest('shop') });
      return place;
    },
    points: [at('git.commit', 'after')],
    purchases: 1,
    name: 'store',
    ended: (status) => expect(status.previous).toEqual([]),
  },
  'a revocation': {
    async open() {
      const place = await issued();
      const serial = (await place.status('shop')).current?.serial ?? '';
      await ask(place, { action: 'revoke', revocationReason: 'cessationOfOperation', serial });
      return place;
    },
    points: [at('revoke.run', 'after')],
    purchases: 1,
    exit: 4,
    ended: (status) => expect(status.current?.revoked?.reason).toBe('cessationOfOperation'),
  },
  'an order that is given up': {
    async open() {
      const place = await onGit({ seller: { pollsUntilIssued: null } });
      await applyOnce(place, await openRunner(place));
      await ask(place, { action: 'abandon', order: (await place.status('shop')).orders[0]?.id ?? '' });
      return place;
    },
    points: [at('cancel.run', 'before'), at('cancel.run', 'after')],
    purchases: 1,
    ended: (status) => expect(status.orders).toMatchObject([{ state: 'cancelled', abandoned: {} }]),
  },
};

/** Lines in which an engine says what it sent. */
const told = (log: string): number =>
  log.split('\n').filter((line) => /"msg":"(sent|not sent as hoped)"/.test(line)).length;

/** Calls that change something, counted from the bytes the seller received. */
const writes = async (place: Place): Promise<number> =>
  ((await place.seller?.control.wire()) ?? [])
    .flatMap(({ text }) => text.match(/^POST \S+/gm) ?? [])
    .filter((call) => !call.endsWith('/recheck')).length;

describe('a real process on a real remote is killed at a numbered port call, and a fresh clone goes on', () => {
  it.each(Object.entries(cases))('%s happens once', SLOW, async (_title, { open, points, ...wanted }) => {
    const place = await open();
    const restore = await place.snapshot();
    for (const [i, point] of points.entries()) {
      await restore();
      const before = await writes(place);
      const killed = await startStruck(place, point);
      expect(await killed.ended, killed.log()).toBeNull();
      const where = killed.out().trim();
      expect(where).toContain(`${point.when} call`);
      // Nobody else knows of a call that was out when the process died; everything else was told.
      const silent = point.when === 'after' && String(point.call).endsWith('.run') ? 1 : 0;
      expect((await writes(place)) - before, where).toBe(told(killed.log()) + silent);

      // Another machine, and every other time the one that was killed: with what lies in its spool.
      await place.advance(HOUR_MS);
      const home = i % 2 === 0 ? { home: killed.stateHome } : {};
      const runner = await openRunner(place, home);
      expect((await runUntilQuiet(place, runner)).exit, where).toBe(wanted.exit ?? 0);
      expect(await place.purchases(), where).toBe(wanted.purchases);
      expect(await runner.spool.list(), where).toEqual([]);
      const name = wanted.name ?? 'shop';
      const status = await place.status(name);
      wanted.ended(status);
      if (status.current) await expectKeyFits(place, name);
    }
  });
});

describe('real processes', () => {
  it('five at once on one remote: a hundred certificates, a hundred purchases', SLOW, async () => {
    const place = await onGit({
      runs: true,
      manifests: many(100),
      balance: '5000.00',
      spending: 'perOrder: 100 USD',
    });
    const five = await Promise.all(Array.from({ length: 5 }, () => startApply(place)));
    const codes = await Promise.all(five.map(({ ended }) => ended));
    // A run that found the branch moving all the time says so; what it bought is there all the same.
    expect(codes.every((code) => code === 0 || code === 1)).toBe(true);
    expect(codes).toContain(0);
    place.clock = manualClock(Date.now() + HOUR_MS);
    await place.advance(0);
    await runUntilQuiet(place, await openRunner(place));
    expect(await place.purchases()).toBe(100);
    const statuses = [...(await place.statuses()).values()];
    expect(statuses).toHaveLength(100);
    for (const status of statuses) {
      expect(status.orders).toHaveLength(1);
      expect(status.previous).toEqual([]);
      expect(status.intents.filter(isOpen)).toEqual([]);
    }
    await expectKeyFits(place, ...statuses.map(({ name }) => name));
  });

  it.each(['unique', 'none'] as const)(
    'one is stopped between its intent and its call and goes on after sendBy: it sends nothing (%s)',
    SLOW,
    async (kind) => {
      const place = await onGit({ kind });
      const frozen = await startStruck(place, at('buy.run', 'before'), 'SIGSTOP');
      await isStopped(frozen);
      expect((await place.status('shop')).intents).toMatchObject([{ phase: 'intended' }]);
      await place.advance(MINUTE_MS + 1000);
      await writeFile(frozen.aheadFile, String(MINUTE_MS + 1000));
      process.kill(frozen.pid, 'SIGCONT');
      expect(await frozen.ended, frozen.log()).toBe(0);
      expect(await writes(place)).toBe(0);
      expect((await place.status('shop')).intents).toMatchObject([{ outcome: 'not-sent' }]);
      await place.advance(HOUR_MS);
      expect((await runUntilQuiet(place, await openRunner(place))).exit).toBe(0);
      expect(await place.purchases()).toBe(1);
    },
  );

  it(
    'one is stopped there while another one finds out and buys: it sends nothing when it goes on',
    SLOW,
    async () => {
      const place = await onGit();
      const frozen: Process & { readonly aheadFile: string } = await startStruck(
        place,
        at('buy.run', 'before'),
        'SIGSTOP',
      );
      await isStopped(frozen);
      await place.advance(HOUR_MS);
      await runUntilQuiet(place, await openRunner(place));
      expect(await place.purchases()).toBe(1);
      await writeFile(frozen.aheadFile, String(HOUR_MS));
      process.kill(frozen.pid, 'SIGCONT');
      await frozen.ended;
      expect(await place.purchases()).toBe(1);
      expect((await place.status('shop')).orders).toHaveLength(1);
      await expectKeyFits(place, 'shop');
    },
  );
});

import { describe, expect, it } from 'vitest';
import { isOpen } from '../../src/model/intent.js';
import { DAY_MS, HOUR_MS } from '../../src/model/time.js';
import { localCa } from '../../src/providers/local-ca/index.js';
import { approvalText } from '../support/approval.js';
import {
  applyOnce,
  aroundCommit,
  expectKeyFits,
  type Kind,
  manifest,
  openPlace,
  openRunner,
  type Place,
  runUntilQuiet,
  SEEN_REF,
  STATE_REF,
} from '../support/engine.js';
import { createFaultyLocalCa } from '../support/faulty-local-ca.js';
import { type CrashPoint, fuse } from '../support/fuse.js';
import { MemoryRemote } from '../support/memory-remote.js';

/** Ends a first apply at a call of this name. */
async function crashAt(place: Place, name: string, when: CrashPoint['when']): Promise<void> {
  const refs = await place.snapshot();
  const whole = fuse();
  await applyOnce(place, await openRunner(place, { fuse: whole }));
  await refs();
  const struck = fuse({ call: whole.calls.indexOf(name) + 1, when });
  const ended = await Promise.race([
    applyOnce(place, await openRunner(place, { fuse: struck })),
    struck.blown,
  ]);
  expect(ended).toBe('crashed');
}

const rounds = async (place: Place, times: number, stepMs = HOUR_MS) => {
  const runner = await openRunner(place);
  let ended = await applyOnce(place, runner);
  for (let round = 1; round < times; round++) {
    await place.advance(stepMs);
    ended = await applyOnce(place, runner);
  }
  expect(runner.illegal).toEqual([]);
  return ended;
};

describe('the state branch is not what we wrote last', () => {
  const damages: Readonly<Record<string, (place: Place, first: string) => Promise<void>>> = {
    'rewound to its first commit': (place, first) => place.store.setRef(STATE_REF, first),
    deleted: (place) => place.store.setRef(STATE_REF, null),
    'without the branch that remembers it': (place) => place.store.setRef(SEEN_REF, null),
    'written anew without its history': async (place) => void (await place.store.rewrite(STATE_REF)),
  };
  const cases = Object.entries(damages).flatMap(([title, damage]) =>
    [true, false].map((git) => ({ title, damage, git, where: git ? 'git' : 'memory' })),
  );
  it.each(cases)('$title: nothing is bought or written, attention ($where)', async ({ damage, git }) => {
    const place = await openPlace({ kind: 'none', git });
    const first = (await place.store.refs())[STATE_REF] ?? '';
    await applyOnce(place, await openRunner(place));
    await place.merge({ 'certificates/other.yaml': manifest('other') });
    await damage(place, first);
    const refs = await place.store.refs();
    expect((await rounds(place, 3)).exit).toBe(4);
    expect(await place.store.refs()).toEqual(refs);
    expect(await place.purchases()).toBe(1);
  });

  it.each([true, false])(
    'a person takes an order back: it still counts and is restored (git %s)',
    async (git) => {
      const place = await openPlace({ kind: 'none', git });
      await applyOnce(place, await openRunner(place));
      expect((await place.status('shop')).intents.some(isOpen)).toBe(true);
      await place.store.push('certwright/state', { 'issued/shop/status.json': null });
      expect((await runUntilQuiet(place, await openRunner(place))).exit).toBe(0);
      expect(await place.purchases()).toBe(1);
      await expectKeyFits(place, 'shop');
    },
  );

  it.each([true, false])(
    'rewound between the push of an intent and the look at it: not sent (git %s)',
    async (git) => {
      const place = await openPlace({ kind: 'none', git });
      const first = (await place.store.refs())[STATE_REF] ?? '';
      const runner = await openRunner(place, {
        wrap: (deps) =>
          aroundCommit(deps, async (commit) => {
            const outcome = await commit();
            await place.store.setRef(STATE_REF, first);
            return outcome;
          }),
      });
      expect(await applyOnce(place, runner)).toMatchObject({
        exit: 4,
        error: { code: 'repository.lost-state' },
      });
      expect((await place.store.refs())[STATE_REF]).toBe(first);
      expect(await place.purchases()).toBe(0);
    },
  );

  it('a person takes an unsent intent back: it still counts', async () => {
    const place = await openPlace({ kind: 'none' });
    await crashAt(place, 'buy.run', 'after');
    await place.store.push('certwright/state', { 'issued/shop/status.json': null });
    expect((await rounds(place, 4)).exit).toBe(4);
    expect((await place.status('shop')).intents).toMatchObject([{ phase: 'unknown' }]);
    expect(await place.purchases()).toBe(1);
  });
});

describe('an open intent in a place that must not spend', () => {
  it.each(['unique', 'findable'] as const)(
    'a copy of the repository does not send it again (%s)',
    async (kind) => {
      const memory = new MemoryRemote();
      const place = await openPlace({ kind, memory });
      await crashAt(place, 'buy.run', 'before');
      memory.identity = 'git.example.com/somebody/fork';
      expect((await rounds(place, 4)).exit).toBe(3);
      expect(await place.purchases()).toBe(0);
    },
  );

  it.each(['local-ca', 'unique'] as const)(
    'nor does it touch what the original has: no free reissue, planned or announced (%s)',
    async (kind) => {
      const memory = new MemoryRemote();
      const place = await openPlace({ kind, memory });
      await runUntilQuiet(place, await openRunner(place));
      const { serial } = (await place.status('shop')).current ?? {};
      await place.merge({ 'certificates/shop.yaml': manifest('shop', 'reissue: "new key"\n') });
      await crashAt(place, 'reissue.run', 'before');
      memory.identity = 'git.example.com/somebody/fork';
      expect((await rounds(place, 4)).exit).toBe(3);
      expect((await place.status('shop')).current?.serial).toBe(serial);
      memory.identity = 'git.example.com/team/certificates';
      await rounds(place, 4);
      expect((await place.status('shop')).current?.serial).not.toBe(serial);
    },
  );

  it('manifests that were taken back do not send it again', async () => {
    const place = await openPlace({ kind: 'findable' });
    await crashAt(place, 'buy.run', 'before');
    await place.store.rewrite('refs/heads/main');
    expect((await rounds(place, 4)).exit).toBe(4);
    expect(await place.purchases()).toBe(0);
  });
});

describe('orders that are there and not recorded', () => {
  it('two under our reference: neither is taken over, nothing is bought', async () => {
    const faults = { duplicateOnce: true };
    const place = await openPlace({
      kind: 'local-ca-priced',
      definitions: [{ ...localCa, create: async (deps) => createFaultyLocalCa(deps, faults) }],
    });
    const before = await place.store.refs();
    await runUntilQuiet(place, await openRunner(place));
    for (const ref of [STATE_REF, SEEN_REF]) await place.store.setRef(ref, before[ref] ?? null);
    const ended = await rounds(place, 3);
    expect(ended.applied?.plan.items).toMatchObject([{ action: 'hold', hold: { code: 'foreign-order' } }]);
    expect(await place.statuses()).toEqual(new Map());
    expect(await place.purchases()).toBe(2);
  });

  it('an absence that cannot be proven, because others buy there too, ends with a person', async () => {
    const place = await openPlace({ kind: 'findable' });
    await crashAt(place, 'buy.run', 'before');
    await place.seller?.control.foreignSlot({ product: 'paid-multi', term: '1y' });
    expect((await rounds(place, 4)).exit).toBe(4);
    expect((await place.status('shop')).intents).toMatchObject([{ phase: 'unknown' }]);
    expect(await place.purchases()).toBe(1);
  });
});

describe('a manifest changes while its order is under way', () => {
  const phases: Readonly<Record<string, (place: Place) => Promise<void>>> = {
    'announced, never sent': (place) => crashAt(place, 'buy.run', 'before'),
    'sent, outcome not recorded': (place) => crashAt(place, 'buy.run', 'after'),
    'bought, not activated': (place) => crashAt(place, 'activate.run', 'before'),
    'placed, not issued': async (place) => {
      await place.seller?.control.set({ pollsUntilIssued: null });
      await applyOnce(place, await openRunner(place));
      await place.seller?.control.set({ pollsUntilIssued: 0 });
      await place.seller?.control.issue();
    },
    published: async (place) => void (await runUntilQuiet(place, await openRunner(place))),
  };
  const FILE = 'certificates/shop.yaml';
  const edits: Readonly<Record<string, Readonly<Record<string, string | null>>>> = {
    edited: { [FILE]: manifest('shop', 'reissueBefore: 20d\n') },
    renamed: { [FILE]: null, 'certificates/store.yaml': manifest('shop') },
    'renamed with another name': {
      [FILE]: null,
      'certificates/store.yaml': manifest('shop').replace(
        'shop.example.com',
        'shop.example.com, www.example.com',
      ),
    },
    removed: { [FILE]: null, 'certificates/other.yaml': `${manifest('other')}suspend: true\n` },
    suspended: { [FILE]: manifest('shop', 'suspend: true\n') },
  };
  const kinds: readonly Kind[] = ['unique', 'findable', 'none'];
  const cases = Object.keys(phases).flatMap((phase) =>
    Object.keys(edits).flatMap((edit) => kinds.map((kind) => ({ phase, edit, kind }))),
  );
  it.each(cases)('$edit while $phase, and back: one purchase ($kind)', async ({ phase, edit, kind }) => {
    const place = await openPlace({ kind });
    await phases[phase]?.(place);
    await place.merge(edits[edit] ?? {});
    await rounds(place, 5);
    const sold = await place.purchases();
    expect(sold).toBeLessThanOrEqual(1);
    const renamed = edit.startsWith('renamed');
    if (!renamed) await place.merge({ [FILE]: manifest('shop') });
    await rounds(place, 4, DAY_MS);
    const name = renamed ? 'store' : 'shop';
    const status = await place.status(name);
    const asks = status.intents.some((intent) => intent.phase === 'unknown');
    // Only an account without search may leave a person to tell, and then it has not sold twice either.
    expect(asks).toBe(kind === 'none' && (phase.startsWith('announced') || phase.startsWith('sent')));
    if (asks) return expect(await place.purchases()).toBe(sold);
    expect(await place.purchases()).toBe(1);
    await expectKeyFits(place, name);
  });
});

it.each(['local-ca-priced', 'unique', 'findable', 'none'] as const)(
  'a new manifest under a name that moved on is bought an order of its own (%s)',
  async (kind) => {
    const place = await openPlace({ kind });
    const runner = await openRunner(place);
    await runUntilQuiet(place, runner);
    await place.merge({ 'certificates/shop.yaml': null, 'certificates/store.yaml': manifest('shop') });
    await runUntilQuiet(place, runner);
    await place.merge({ 'certificates/shop.yaml': manifest('other') });
    await runUntilQuiet(place, runner);
    expect(await place.purchases()).toBe(2);
    const [store, shop] = [await place.status('store'), await place.status('shop')];
    expect(store.current?.names).toEqual(['shop.example.com']);
    expect(shop.current?.names).toEqual(['other.example.com']);
    expect(shop.orders[0]?.reference).not.toBe(store.orders[0]?.reference);
    await expectKeyFits(place, 'store');
    await expectKeyFits(place, 'shop');
  },
);

describe('an approval file', () => {
  const approval = (place: Place, predecessor?: string) =>
    approvalText(place, { action: 'order', predecessor });

  it('lets one order through; taking the state back and writing it differently buys nothing', async () => {
    const place = await openPlace({ kind: 'none', policy: 'order: pull-request, free: auto' });
    const before = (await place.store.files(STATE_REF))['issued/_certwright.json'] ?? '';
    expect((await rounds(place, 2)).exit).toBe(0);
    expect(await place.purchases()).toBe(0);
    const text = approval(place);
    await place.merge({ 'approvals/shop-order.yaml': text });
    await rounds(place, 6);
    expect(await place.purchases()).toBe(1);
    const files = await place.store.files(STATE_REF);
    const gone = Object.fromEntries(Object.keys(files).map((path) => [path, null]));
    await place.store.push('certwright/state', { ...gone, 'issued/_certwright.json': before });
    await place.merge({
      'approvals/shop-order.yaml': null,
      'approvals/again.yaml': text.replace('25.00', '25').split('\n').reverse().join('\n'),
    });
    const { applied } = await rounds(place, 4);
    expect(await place.purchases()).toBe(1);
    expect(applied?.view.statuses.get('shop')?.consumedApprovals).toHaveLength(1);
  });

  it('is used up for its name, also where the certificate goes on under another one', async () => {
    const place = await openPlace({ kind: 'unique', policy: 'order: pull-request, free: auto' });
    await place.merge({ 'approvals/shop-order.yaml': approval(place) });
    await rounds(place, 6);
    await place.merge({ 'certificates/shop.yaml': null, 'certificates/store.yaml': manifest('shop') });
    await rounds(place, 2);
    await place.merge({ 'certificates/shop.yaml': manifest('shop', 'distinct: second\n') });
    const { applied } = await rounds(place, 4);
    expect(applied?.plan.items).toMatchObject([{ name: 'shop', hold: { code: 'approval-missing' } }]);
    expect(await place.purchases()).toBe(1);
  });

  it('is still good after an attempt that the seller refused', async () => {
    const place = await openPlace({ kind: 'unique', policy: 'order: pull-request, free: auto' });
    await place.merge({ 'approvals/shop-order.yaml': approval(place) });
    await place.seller?.control.fault({ method: 'POST', path: '^/slots$', fault: { kind: 'out-of-credit' } });
    await rounds(place, 5);
    expect(await place.purchases()).toBe(1);
    expect((await place.status('shop')).consumedApprovals).toHaveLength(1);
  });

  it('naming a rejected order lets exactly one more be bought', async () => {
    const place = await openPlace({ kind: 'unique' });
    await place.seller?.control.reject(2);
    await rounds(place, 8, DAY_MS);
    expect(await place.purchases()).toBe(1);
    const dead = (await place.status('shop')).orders[0]?.id;
    await place.merge({ 'approvals/shop-order.yaml': approval(place, dead) });
    await rounds(place, 8, DAY_MS);
    expect(await place.purchases()).toBe(2);
    const [, second] = (await place.status('shop')).orders;
    expect(second).toMatchObject({ predecessor: dead, state: 'rejected' });
    await place.merge({
      'approvals/shop-order.yaml': approval(place, second?.id).replace('r4nd0m-1', 'r4nd0m-2'),
    });
    await runUntilQuiet(place, await openRunner(place));
    expect(await place.purchases()).toBe(3);
    await expectKeyFits(place, 'shop');
  });
});

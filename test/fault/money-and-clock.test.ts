import { describe, expect, it } from 'vitest';
import { acceptPrice } from '../../src/entry/cli/resolve-stops.js';
import { openState } from '../../src/entry/cli/state.js';
import { CertError } from '../../src/model/errors.js';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../src/model/time.js';
import { legalStatus } from '../../src/policy/legal.js';
import type { Provider, ProviderDeps } from '../../src/ports/provider.js';
import { localCa } from '../../src/providers/local-ca/index.js';
import { planOnly } from '../../src/reconcile/plan-only.js';
import {
  applyOnce,
  aroundCommit,
  aroundProviders,
  aroundStep,
  expectKeyFits,
  manifest,
  openPlace,
  openRunner,
  type Place,
  type PlaceOptions,
  runUntilQuiet,
  STATE_REF,
} from '../support/engine.js';
import { createFaultyLocalCa, type LocalCaFaults } from '../support/faulty-local-ca.js';
import { type ManualClock, manualClock } from '../support/manual-clock.js';

const holdsOf = async (place: Place, name = 'shop') => {
  const ended = await applyOnce(place, await openRunner(place));
  const item = ended.applied?.plan.items.find((one) => one.name === name);
  return { exit: ended.exit, hold: item?.hold?.code };
};

const prices = (price: string) => ({ prices: { 'paid-multi': { '1y': price } } });

describe('clocks of several machines', () => {
  it('a renewal published by the clock of a slower machine still comes after what it replaces', async () => {
    const place = await openPlace({ kind: 'unique', seller: { pollsUntilIssued: 0 } });
    await applyOnce(place, await openRunner(place));
    await place.merge({ 'certificates/shop.yaml': manifest('shop', 'reissue: again\n') });
    const slow = manualClock(place.clock.now() - 100 * SECOND_MS);
    const applied = await applyOnce(place, await openRunner(place, { clock: slow }));
    expect(applied.exit).toBe(0);
    const { current, previous } = await place.status('shop');
    expect(previous).toHaveLength(1);
    expect(legalStatus(await place.status('shop'))).toEqual([]);
    expect(current?.publishedAt).toBe(previous[0]?.publishedAt);
  });
});

describe('money', () => {
  it('a price that rose above the ceiling between plan and apply is held', async () => {
    const place = await openPlace({ kind: 'unique' });
    const { plan } = await planOnly((await openRunner(place)).deps);
    expect(plan.items).toMatchObject([{ action: 'order', price: { amount: { amount: '10.00' } } }]);
    expect(plan.items[0]?.hold).toBeUndefined();
    await place.seller?.control.set(prices('30.00'));
    expect(await holdsOf(place)).toEqual({ exit: 3, hold: 'price-above-ceiling' });
    expect(await place.purchases()).toBe(0);
  });

  it('a price in euro against limits in dollars is held', async () => {
    const place = await openPlace({ kind: 'unique', seller: { currency: 'EUR' } });
    expect(await holdsOf(place)).toEqual({ exit: 3, hold: 'currency-differs' });
    expect(await place.purchases()).toBe(0);
  });

  it.each(['told at once', 'found after a lost reply'])(
    'tax above the quote stops the product (%s)',
    async (how) => {
      const place = await openPlace({ kind: 'unique', seller: { taxPercent: '20' } });
      if (how !== 'told at once') await place.seller?.control.loseNextReply('^/slots$');
      await runUntilQuiet(place, await openRunner(place));
      expect((await place.status('shop')).priceStop).toMatchObject({
        quoted: { amount: '10.00' },
        charged: { amount: '12.00' },
      });
      await place.merge({ 'certificates/other.yaml': manifest('other') });
      expect(await holdsOf(place, 'other')).toEqual({ exit: 3, hold: 'product-stopped' });
      expect(await place.purchases()).toBe(1);
    },
  );

  it('a charge that a person accepted stays accepted, however late another run tells of it', async () => {
    const place = await openPlace({ kind: 'unique', seller: { taxPercent: '20', pollsUntilIssued: null } });
    await place.seller?.control.loseNextReply('^/slots$');
    const cut = await openRunner(place, {
      wrap: (deps) =>
        aroundCommit(deps, async (commit, message) => {
          if (message.includes('found')) throw new CertError('interrupted', 'killed');
          return commit();
        }),
    });
    expect((await applyOnce(place, cut)).exit).toBe(130);
    let told = false;
    const late = await openRunner(place, {
      wrap: (deps) =>
        aroundCommit(deps, async (commit, message) => {
          if (message.includes('found') && !told) {
            told = true;
            const other = await openRunner(place);
            await applyOnce(place, other);
            await acceptPrice(other.deps, await openState(other.deps), 'shop');
          }
          return commit();
        }),
    });
    await applyOnce(place, late);
    expect(told).toBe(true);
    expect((await place.status('shop')).priceStop).toBeUndefined();
  });

  describe.each(['unique', 'findable'] as const)('a purchase that never arrived (%s)', (kind) => {
    const lost = async () => {
      const place = await openPlace({ kind });
      await place.seller?.control.fault({ method: 'POST', path: '^/slots$', fault: { kind: 'drop-call' } });
      await applyOnce(place, await openRunner(place));
      return place;
    };

    it('is not sent again where it costs more by now, but planned anew at the new price', async () => {
      const place = await lost();
      await place.seller?.control.set(prices('12.00'));
      expect((await runUntilQuiet(place, await openRunner(place))).exit).toBe(0);
      const { orders, intents, priceStop } = await place.status('shop');
      expect(priceStop).toBeUndefined();
      expect(orders.flatMap(({ charges }) => charges)).toMatchObject([
        { quoted: { amount: '12.00' }, charged: { amount: '12.00' } },
      ]);
      expect(intents.map(({ phase, ...rest }) => [phase, 'outcome' in rest ? rest.outcome : ''])).toEqual([
        ['closed', 'not-placed'],
        ['closed', 'published'],
      ]);
      expect(await place.purchases()).toBe(1);
    });

    it('is not sent again where it went above the ceiling', async () => {
      const place = await lost();
      await place.seller?.control.set(prices('30.00'));
      await runUntilQuiet(place, await openRunner(place));
      expect(await holdsOf(place)).toEqual({ exit: 3, hold: 'price-above-ceiling' });
      expect(await place.purchases()).toBe(0);
    });

    it('is sent again as it was where it costs less', async () => {
      const place = await lost();
      await place.seller?.control.set(prices('9.00'));
      expect((await runUntilQuiet(place, await openRunner(place))).exit).toBe(0);
      expect((await place.status('shop')).intents).toMatchObject([{ outcome: 'published', resends: 1 }]);
      expect(await place.purchases()).toBe(1);
    });

    it('waits where the price cannot be asked', async () => {
      const place = await lost();
      const shut = {
        method: 'GET',
        path: '^/price$',
        fault: { kind: 'status', status: 503, acts: false },
      } as const;
      await place.seller?.control.fault({ ...shut, times: 100 });
      await place.advance(HOUR_MS);
      await applyOnce(place, await openRunner(place));
      expect(await place.purchases()).toBe(0);
      expect((await place.status('shop')).intents).toMatchObject([{ phase: 'intended' }]);
    });
  });

  it('names that nobody can price are held, and the certificate is reissued without them in time', async () => {
    const place = await openPlace({ kind: 'unique', seller: { pollsUntilIssued: 0 } });
    await applyOnce(place, await openRunner(place));
    const { current } = await place.status('shop');
    await place.merge({
      'certificates/shop.yaml': manifest('shop').replace('[', '[new.example.com, '),
    });
    expect(await holdsOf(place)).toMatchObject({ hold: 'price-unknown' });
    await place.advance(80 * DAY_MS);
    await applyOnce(place, await openRunner(place));
    const after = await place.status('shop');
    expect(after.current?.serial).not.toBe(current?.serial);
    expect(after.current?.names).toEqual(['shop.example.com']);
    await expectKeyFits(place, 'shop');
    expect(await holdsOf(place)).toMatchObject({ hold: 'price-unknown' });
    expect(await place.purchases()).toBe(1);
  });

  it('a budget is counted on the state an intent is pushed onto, whatever the plan saw', async () => {
    const place = await openPlace({
      kind: 'unique',
      spending: 'perOrder: 100 USD, perDay: 15 USD',
      manifests: { a: manifest('a'), b: manifest('b') },
    });
    const shard = await openRunner(place, {
      wrap: (deps) => ({
        ...deps,
        readFiles: async (tree) => {
          const reading = await deps.readFiles(tree);
          if (!reading.desired) return reading;
          const specs = reading.desired.specs.filter(({ name }) => name === 'b');
          return { ...reading, desired: { ...reading.desired, specs } };
        },
      }),
    });
    let overtaken = false;
    const slow = await openRunner(place, {
      wrap: (deps) =>
        aroundCommit(deps, async (commit) => {
          if (!overtaken) {
            overtaken = true;
            await applyOnce(place, shard);
          }
          return commit();
        }),
    });
    const ended = await applyOnce(place, slow);
    expect(ended.applied?.plan.items.find(({ name }) => name === 'a')?.hold).toBeUndefined();
    expect(await place.purchases()).toBe(1);
    expect((await place.statuses()).get('a')?.orders ?? []).toEqual([]);
  });

  /** A purchase that never arrived, and nothing tells so before an hour is over. */
  const lostFor = async (options: Partial<PlaceOptions> = {}) => {
    const place = await openPlace({ kind: 'unique', account: 'visibilityLagMs: 3600000', ...options });
    await place.advance(DAY_MS - 10 * MINUTE_MS - (place.clock.now() % DAY_MS));
    await place.seller?.control.fault({ method: 'POST', path: '^/slots$', fault: { kind: 'drop-call' } });
    await applyOnce(place, await openRunner(place));
    expect((await place.status('shop')).intents).toMatchObject([{ phase: 'intended' }]);
    return place;
  };

  it('what was spent meanwhile counts against a purchase of yesterday that is sent again', async () => {
    const place = await lostFor({ spending: 'perOrder: 100 USD, perDay: 15 USD' });
    await place.advance(11 * MINUTE_MS);
    await place.merge({ 'certificates/other.yaml': manifest('other') });
    await applyOnce(place, await openRunner(place));
    expect(await place.purchases()).toBe(1);
    await place.advance(2 * HOUR_MS);
    const again = await openRunner(place);
    expect((await applyOnce(place, again)).applied?.events).toContainEqual(
      expect.objectContaining({ name: 'shop', message: expect.stringContaining('above perDay') }),
    );
    expect(await holdsOf(place)).toEqual({ exit: 3, hold: 'limit-day' });
    expect(await place.purchases()).toBe(1);
    await place.advance(DAY_MS);
    expect((await runUntilQuiet(place, again)).exit).toBe(0);
    expect(await place.purchases()).toBe(2);
    expect(again.illegal).toEqual([]);
  });

  const edited = (before: string, after: string) => async (place: Place) => {
    const text = (await place.store.files('refs/heads/main'))['certwright.yaml'] ?? '';
    await place.merge({ 'certwright.yaml': text.replace(before, after) });
  };
  const overcharged = async (place: Place) => {
    await place.seller?.control.set({ taxPercent: '20' });
    await place.merge({ 'certificates/other.yaml': manifest('other') });
    await applyOnce(place, await openRunner(place));
    expect(await place.purchases()).toBe(1);
  };
  it.each([
    ['a limit that was lowered', 'limit-day', edited('perDay: 1000', 'perDay: 5')],
    ['a policy that asks for a file now', 'approval-missing', edited('order: merge', 'order: pull-request')],
    ['a balance that has to stay', 'balance', edited('search:', 'minimumBalance: 495.00 USD, search:')],
    ['a charge nobody agreed to', 'product-stopped', overcharged],
  ])('%s holds a purchase that never arrived', async (_what, hold, meanwhile) => {
    const place = await lostFor();
    await meanwhile(place);
    const purchases = await place.purchases();
    await place.advance(2 * HOUR_MS);
    await applyOnce(place, await openRunner(place));
    expect(await holdsOf(place)).toMatchObject({ hold });
    expect(await place.purchases()).toBe(purchases);
    expect((await place.status('shop')).intents).toMatchObject([{ phase: 'closed', outcome: 'not-placed' }]);
  });

  it('an intent whose outcome is unknown still counts against the budget', async () => {
    const place = await openPlace({ kind: 'none', spending: 'perOrder: 100 USD, perMonth: 15 USD' });
    await place.seller?.control.loseNextReply('^/slots$');
    await runUntilQuiet(place, await openRunner(place));
    await place.merge({ 'certificates/other.yaml': manifest('other') });
    expect(await holdsOf(place, 'other')).toEqual({ exit: 4, hold: 'limit-month' });
    expect(await place.purchases()).toBe(1);
  });
});

/** A wall clock that can be set, over clocks that run on. */
const settable = (clock: ManualClock): ManualClock & { stepMs: number } => ({
  ...clock,
  stepMs: 0,
  now() {
    return clock.now() + this.stepMs;
  },
});

describe('clocks', () => {
  it.each(['unique', 'none'] as const)(
    'a clock that is off by an hour sends nothing and says so (%s)',
    async (kind) => {
      const place = await openPlace({ kind });
      await place.seller?.control.setTime(place.clock.now() + HOUR_MS);
      const ended = await applyOnce(place, await openRunner(place));
      expect(ended.exit).toBe(1);
      expect(ended.applied?.clockProblem).toContain('3600 s');
      expect(await place.purchases()).toBe(0);
      await place.seller?.control.setTime(place.clock.now());
      expect((await runUntilQuiet(place, await openRunner(place))).exit).toBe(0);
      expect(await place.purchases()).toBe(1);
    },
  );

  it.each([
    { how: 'the wall clock is set back', stepMs: -30_000, passMs: 0 },
    { how: 'the wall clock is set forward', stepMs: 20_000, passMs: 0 },
    { how: 'the process was frozen for a minute', stepMs: 0, passMs: MINUTE_MS },
    { how: 'the process was frozen and the wall clock set back', stepMs: -MINUTE_MS, passMs: MINUTE_MS },
  ])(
    'between announcing and sending $how: not sent, and bought by the next run',
    async ({ stepMs, passMs }) => {
      const place = await openPlace({ kind: 'none' });
      const clock = settable(place.clock);
      const runner = await openRunner(place, {
        clock,
        wrap: (deps) =>
          aroundStep(deps, 'buy', async (run) => {
            clock.stepMs = stepMs;
            place.clock.advance(passMs);
            return run();
          }),
      });
      await applyOnce(place, runner);
      expect(await place.purchases()).toBe(0);
      expect((await place.status('shop')).intents).toMatchObject([{ phase: 'closed', outcome: 'not-sent' }]);
      await place.advance(MINUTE_MS);
      expect((await runUntilQuiet(place, await openRunner(place))).exit).toBe(0);
      expect(await place.purchases()).toBe(1);
    },
  );

  it('the clock of a seller that went ahead makes nothing absent that is not there yet', async () => {
    const place = await openPlace({ kind: 'findable', account: 'visibilityLagMs: 3600000' });
    await applyOnce(place, await openRunner(place));
    await runUntilQuiet(place, await openRunner(place));
    await place.advance(DAY_MS);
    // An hour, by a clock that will be two hours ahead.
    await place.seller?.control.set({ visibilityLagMs: 3 * HOUR_MS });
    await place.seller?.control.fault({ method: 'POST', path: '^/slots$', fault: { kind: 'drop-reply' } });
    await place.merge({ 'certificates/other.yaml': manifest('other') });
    await applyOnce(place, await openRunner(place));
    await place.advance(20 * MINUTE_MS);
    await place.seller?.control.setTime(place.clock.now() + 2 * HOUR_MS);
    await applyOnce(place, await openRunner(place));
    expect((await place.status('other')).intents).toMatchObject([{ phase: 'intended', resends: 0 }]);
    await place.advance(MINUTE_MS);
    await applyOnce(place, await openRunner(place));
    await place.seller?.control.set({ visibilityLagMs: HOUR_MS });
    await place.advance(2 * HOUR_MS);
    expect((await runUntilQuiet(place, await openRunner(place))).exit).toBe(0);
    expect(await place.purchases()).toBe(2);
  });

  it('an account that shows its clock only after a call is asked something first', async () => {
    const place = await openPlace({ kind: 'local-ca' });
    const asked = new Set<Provider>();
    const runner = await openRunner(place, {
      wrap: (deps) =>
        aroundProviders(deps, (provider) => ({
          ...provider,
          check: () => {
            asked.add(provider);
            return provider.check();
          },
          serverTime: async () => (asked.has(provider) ? provider.serverTime() : undefined),
        })),
    });
    expect((await applyOnce(place, runner)).exit).toBe(0);
    await expectKeyFits(place, 'shop');
  });

  it('the failure ladder goes on across machines: 10 minutes, an hour, six hours', async () => {
    const place = await openPlace({ kind: 'unique' });
    const { control } = place.seller ?? {};
    await control?.fault({ method: 'POST', path: '^/slots$', fault: { kind: 'out-of-credit' }, times: 9 });
    const tries = async () =>
      (await control?.ledger())?.filter(({ path, method }) => path === '/slots' && method === 'POST').length;
    const triesAfter = async (ms: number) => {
      await place.advance(ms);
      await applyOnce(place, await openRunner(place));
      return tries();
    };
    expect(await triesAfter(0)).toBe(1);
    expect(await triesAfter(9 * MINUTE_MS)).toBe(1);
    expect(await triesAfter(2 * MINUTE_MS)).toBe(2);
    expect(await triesAfter(50 * MINUTE_MS)).toBe(2);
    expect(await triesAfter(11 * MINUTE_MS)).toBe(3);
    expect(await triesAfter(5 * HOUR_MS)).toBe(3);
    expect(await triesAfter(2 * HOUR_MS)).toBe(4);
    expect(await place.purchases()).toBe(0);
  });
});

describe('what the provider delivers', () => {
  const faulty = (faults: LocalCaFaults) => [
    { ...localCa, create: async (deps: ProviderDeps) => createFaultyLocalCa(deps, faults) },
  ];

  it('a certificate for another key is kept aside, and the right one published when it comes', async () => {
    const place = await openPlace({
      kind: 'local-ca-priced',
      definitions: faulty({ wrongCertificateOnce: true }),
    });
    const runner = await openRunner(place);
    await applyOnce(place, runner);
    const aside = Object.keys(await place.store.files(STATE_REF)).filter((path) =>
      path.includes('/rejected/'),
    );
    expect(aside).toHaveLength(1);
    await runUntilQuiet(place, runner);
    expect(await place.purchases()).toBe(1);
    await expectKeyFits(place, 'shop');
    expect(runner.illegal).toEqual([]);
  });

  it('an order rejected after placing is held, not bought again', async () => {
    const place = await openPlace({ kind: 'local-ca-priced', definitions: faulty({ rejectOnce: true }) });
    const runner = await openRunner(place);
    for (let run = 0; run < 4; run++) {
      await applyOnce(place, runner);
      await place.advance(24 * HOUR_MS);
    }
    expect(await place.purchases()).toBe(1);
    expect(await holdsOf(place)).toEqual({ exit: 0, hold: 'approval-missing' });
  });

  it('a second order of the provider under our reference is not taken over, and nothing is bought beside it', async () => {
    const text = 'domains: [shop.example.com]\nterm: 90d\nmaxPrice: 25.00 USD\nautoRenew: true\n';
    const place = await openPlace({
      kind: 'local-ca-priced',
      manifests: { shop: text },
      definitions: faulty({ duplicateOnce: true }),
    });
    await runUntilQuiet(place, await openRunner(place));
    await place.advance(82 * 24 * HOUR_MS);
    expect(await holdsOf(place)).toEqual({ exit: 4, hold: 'foreign-order' });
    expect((await place.status('shop')).orders).toHaveLength(1);
  });

  it('three issuances within a day trip the breaker', async () => {
    const place = await openPlace({ kind: 'local-ca-priced' });
    const runner = await openRunner(place);
    for (const text of ['', 'one', 'two', 'three']) {
      await place.merge({
        'certificates/shop.yaml': manifest('shop', text === '' ? '# first\n' : `reissue: ${text}\n`),
      });
      await applyOnce(place, runner);
      await place.advance(HOUR_MS);
    }
    expect((await place.status('shop')).reissueText).toBe('two');
    expect(await holdsOf(place)).toEqual({ exit: 4, hold: 'breaker' });
    expect(runner.illegal).toEqual([]);
  });
});

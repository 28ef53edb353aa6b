import { describe, expect, it } from 'vitest';
import { CertError } from '../../src/model/errors.js';
import { MINUTE_MS } from '../../src/model/time.js';
import { answer } from '../support/crash-sweep.js';
import {
  applyOnce,
  aroundCommit,
  aroundStep,
  expectKeyFits,
  type Kind,
  openPlace,
  openRunner,
  type Place,
  runUntilQuiet,
} from '../support/engine.js';
import type { Fault } from '../support/paid-provider/wire.js';

const SEARCHABLE: readonly Kind[] = ['unique', 'findable'];
const ONLY_BUYING = { method: 'POST', path: '^/slots$' };

async function boughtOnce(place: Place): Promise<void> {
  expect(await place.purchases()).toBe(1);
  expect((await place.status('shop')).current).toMatchObject({ ownKey: true });
  await expectKeyFits(place, 'shop');
}

describe('the reply to a purchase is lost', () => {
  const faults: Readonly<Record<string, Fault>> = {
    'the seller acts and the line drops': { kind: 'drop-reply' },
    'the line drops before the seller sees it': { kind: 'drop-call' },
    'the seller acts and answers 503': { kind: 'status', status: 503, acts: true },
    'the seller answers 500 and did nothing': { kind: 'status', status: 500, acts: false },
    'the seller says there is no credit': { kind: 'out-of-credit' },
  };
  const cases = Object.entries(faults).flatMap(([title, fault]) =>
    SEARCHABLE.map((kind) => ({ title, kind, fault })),
  );
  it.each(cases)('$title: one purchase ($kind)', async ({ kind, fault }) => {
    const place = await openPlace({ kind });
    await place.seller?.control.fault({ ...ONLY_BUYING, fault });
    const ended = await runUntilQuiet(place, await openRunner(place));
    expect(ended.exit).toBe(0);
    await boughtOnce(place);
  });

  it.each(Object.entries(faults).filter(([, fault]) => fault.kind !== 'out-of-credit'))(
    '%s: an account without search stops and asks, and buys no second time',
    async (_, fault) => {
      const place = await openPlace({ kind: 'none' });
      await place.seller?.control.fault({ ...ONLY_BUYING, fault });
      const runner = await openRunner(place);
      const acts = fault.kind === 'drop-reply' || (fault.kind === 'status' && fault.acts);
      expect((await runUntilQuiet(place, runner)).exit).toBe(4);
      const status = await place.status('shop');
      expect(status.intents).toMatchObject([{ phase: 'unknown', candidates: acts ? ['S-1001'] : [] }]);
      for (let run = 0; run < 3; run++) {
        await place.advance(24 * 60 * MINUTE_MS);
        expect((await applyOnce(place, runner)).exit).toBe(4);
      }
      expect(await place.purchases()).toBe(acts ? 1 : 0);
      await answer(place, runner, status);
      expect((await runUntilQuiet(place, runner)).exit).toBe(0);
      await boughtOnce(place);
    },
  );

  it.each(SEARCHABLE)('twice in a row: still one purchase (%s)', async (kind) => {
    const place = await openPlace({ kind });
    await place.seller?.control.fault({ ...ONLY_BUYING, fault: { kind: 'drop-call' }, times: 2 });
    await runUntilQuiet(place, await openRunner(place));
    await boughtOnce(place);
  });

  it('and the order shows only later: it is waited for, not bought again', async () => {
    const place = await openPlace({
      kind: 'findable',
      account: 'visibilityLagMs: 7200000',
      seller: { visibilityLagMs: 7_200_000 },
    });
    await place.seller?.control.fault({ ...ONLY_BUYING, fault: { kind: 'drop-reply' } });
    await runUntilQuiet(place, await openRunner(place));
    await boughtOnce(place);
  });

  it('and the seller sold twice: nothing is taken, a person is asked which', async () => {
    const place = await openPlace({ kind: 'findable' });
    const { control } = place.seller ?? {};
    await control?.fault({ ...ONLY_BUYING, fault: { kind: 'duplicate-order' } });
    const lossy = await openRunner(place, {
      wrap: (deps) =>
        aroundStep(deps, 'buy', async (run) => {
          await run();
          throw new CertError('provider.timeout', 'the reply was lost', { effect: 'unknown' });
        }),
    });
    expect((await runUntilQuiet(place, lossy)).exit).toBe(4);
    const status = await place.status('shop');
    expect(status.intents).toMatchObject([{ phase: 'unknown', candidates: ['S-1001', 'S-1002'] }]);
    expect(status.orders).toEqual([]);
    expect(await place.purchases()).toBe(2);
  });
});

describe('what came of a purchase is known here and hard to put on the branch', () => {
  it('a spool that cannot be written does not keep it off the branch', async () => {
    const place = await openPlace({ kind: 'none' });
    const runner = await openRunner(place, {
      wrap: (deps) => ({
        ...deps,
        spool: { ...deps.spool, write: async () => Promise.reject(new Error('read-only file system')) },
      }),
    });
    expect((await runUntilQuiet(place, runner)).exit).toBe(0);
    await boughtOnce(place);
  });

  it('a spool that cannot be tidied any more keeps no later run from its work', async () => {
    const place = await openPlace({ kind: 'none' });
    const cut = await openRunner(place, {
      wrap: (deps) =>
        aroundCommit(deps, async (commit, message) => {
          if (message.includes('placed')) throw new CertError('interrupted', 'killed');
          return commit();
        }),
    });
    expect((await applyOnce(place, cut)).exit).toBe(130);
    const readOnly = await openRunner(place, {
      home: cut.home,
      wrap: (deps) => ({
        ...deps,
        spool: { ...deps.spool, remove: async () => Promise.reject(new Error('read-only file system')) },
      }),
    });
    expect((await runUntilQuiet(place, readOnly)).exit).toBe(0);
    await boughtOnce(place);
  });

  it('a remote that cannot be reached for a minute gets it afterwards, from the same run', async () => {
    const place = await openPlace({ kind: 'none' });
    let brokenUntilMs = 0;
    const offline = () => place.clock.now() < brokenUntilMs;
    const runner = await openRunner(place, {
      wrap: (deps) => ({
        ...aroundStep(deps, 'buy', async (run) => {
          const outcome = await run();
          brokenUntilMs = place.clock.now() + MINUTE_MS;
          return outcome;
        }),
        repository: {
          ...deps.repository,
          commit: async (...args) =>
            offline() ? { kind: 'moved', text: 'no route' } : deps.repository.commit(...args),
          observe: async () => {
            if (offline()) throw new CertError('repository.unavailable', 'no route');
            return deps.repository.observe();
          },
        },
      }),
    });
    const ended = await applyOnce(place, runner);
    expect(ended.error).toBeUndefined();
    expect((await place.status('shop')).orders).toMatchObject([{ id: 'S-1001' }]);
    await runUntilQuiet(place, runner);
    await boughtOnce(place);
  });

  it('a refusal of a later step whose push was answered too late leaves what is paid open', async () => {
    const place = await openPlace({ kind: 'unique' });
    let lost = false;
    const runner = await openRunner(place, {
      wrap: (deps) =>
        aroundCommit(
          aroundStep(deps, 'activate', async (run, guard) => {
            if (lost) return run();
            guard();
            throw new CertError('provider.refused', 'come back later');
          }),
          async (commit, message) => {
            const outcome = await commit();
            if (lost || !message.includes('refused')) return outcome;
            lost = true;
            return { kind: 'moved', text: 'the remote end hung up' };
          },
        ),
    });
    await applyOnce(place, runner);
    expect(lost).toBe(true);
    const status = await place.status('shop');
    expect(status.failures.purchase?.count).toBe(1);
    expect(status.intents).toMatchObject([
      { phase: 'placed', steps: [{ phase: 'done' }, { phase: 'planned' }] },
    ]);
    await runUntilQuiet(place, runner);
    await boughtOnce(place);
  });

  it('a push that lands after the next look is still the attempt that is sent', async () => {
    const place = await openPlace({ kind: 'none' });
    let late: (() => Promise<unknown>) | undefined;
    const runner = await openRunner(place, {
      wrap: (deps) =>
        aroundCommit(deps, async (commit) => {
          if (late === undefined) {
            late = commit;
            return { kind: 'moved', text: 'timeout' };
          }
          await late();
          late = async () => undefined;
          return commit();
        }),
    });
    await applyOnce(place, runner);
    expect(await place.purchases()).toBe(1);
    expect((await runUntilQuiet(place, runner)).exit).toBe(0);
    await boughtOnce(place);
  });

  it('an intent that somebody reverts before it is seen is closed as never sent, and ordered by the next run', async () => {
    const place = await openPlace({ kind: 'none' });
    let reverted = false;
    const runner = await openRunner(place, {
      wrap: (deps) =>
        aroundCommit(deps, async (commit) => {
          const outcome = await commit();
          if (!reverted) {
            reverted = true;
            await place.store.push('certwright/state', { 'issued/shop/status.json': null });
          }
          return outcome;
        }),
    });
    await applyOnce(place, runner);
    expect(await place.purchases()).toBe(0);
    expect((await place.status('shop')).intents).toMatchObject([{ phase: 'closed', outcome: 'not-sent' }]);
    expect((await runUntilQuiet(place, runner)).exit).toBe(0);
    await boughtOnce(place);
  });

  it('Ctrl-C between the announcement and the call leaves no doubt behind', async () => {
    const place = await openPlace({ kind: 'none' });
    const stop = new AbortController();
    const interrupted = await openRunner(place, {
      signal: stop.signal,
      wrap: (deps) => ({
        ...deps,
        repository: {
          ...deps.repository,
          commit: async (...args) => {
            if (stop.signal.aborted) throw new CertError('interrupted', 'stopped before git push');
            const outcome = await deps.repository.commit(...args);
            stop.abort();
            return outcome;
          },
        },
      }),
    });
    expect((await applyOnce(place, interrupted)).exit).toBe(130);
    expect(await place.purchases()).toBe(0);
    const again = await openRunner(place, { home: interrupted.home });
    expect((await runUntilQuiet(place, again)).exit).toBe(0);
    await boughtOnce(place);
  });

  it('what another machine could not find out is told by the spool of the one that knows', async () => {
    const place = await openPlace({ kind: 'none' });
    const cut = await openRunner(place, {
      wrap: (deps) =>
        aroundCommit(deps, async (commit, message) => {
          if (message.includes('placed')) throw new CertError('interrupted', 'killed');
          return commit();
        }),
    });
    expect((await applyOnce(place, cut)).exit).toBe(130);
    expect((await runUntilQuiet(place, await openRunner(place))).exit).toBe(4);
    expect((await place.status('shop')).intents).toMatchObject([{ phase: 'unknown' }]);
    const back = await openRunner(place, { home: cut.home });
    expect((await runUntilQuiet(place, back)).exit).toBe(0);
    expect(await back.spool.list()).toEqual([]);
    await boughtOnce(place);
  });
});

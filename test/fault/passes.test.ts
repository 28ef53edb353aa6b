import { describe, expect, it } from 'vitest';
import { CertError } from '../../src/model/errors.js';
import { MINUTE_MS } from '../../src/model/time.js';
import type { Step } from '../../src/ports/provider.js';
import { planOnly } from '../../src/reconcile/plan-only.js';
import {
  applyOnce,
  aroundProviders,
  aroundStep,
  manifest,
  openPlace,
  openRunner,
  type Place,
  type Runner,
  runUntilQuiet,
  STATE_REF,
} from '../support/engine.js';
import { PRODUCTS } from '../support/whmcs-account.js';

/** A runner of whose accounts each step of a purchase is changed. */
const withSteps = (made: Place, change: Partial<Step>): Promise<Runner> =>
  openRunner(made, {
    wrap: (deps) =>
      aroundProviders(deps, (provider) => ({
        ...provider,
        place: provider.place.map((step) => ({ ...step, ...change })),
      })),
  });

const keysOf = async (made: Place): Promise<readonly string[]> =>
  Object.keys(await made.store.files(STATE_REF)).filter((path) => path.includes('/keys/'));

describe('the passes of one run', () => {
  it('try a step that is not ready once, and again when the failure ladder says so', async () => {
    const made = await openPlace({
      kind: 'whmcs',
      account: `products: ${JSON.stringify({ dv: PRODUCTS.dv })}`,
    });
    let tries = 0;
    const runner = await openRunner(made, {
      wrap: (deps) =>
        aroundStep(deps, 'pay', async () => {
          tries += 1;
          throw new CertError('provider.not-ready', 'the credit does not reach any more');
        }),
    });
    await applyOnce(made, runner);
    expect(tries).toBe(1);
    expect((await made.status('shop')).failures.purchase).toMatchObject({ code: 'provider.not-ready' });
    await applyOnce(made, runner);
    expect(tries).toBe(1);
    await made.advance(11 * MINUTE_MS);
    await applyOnce(made, runner);
    expect(tries).toBe(2);
    await made.advance(2 * 60 * MINUTE_MS);
    await runUntilQuiet(made, await openRunner(made));
    expect((await made.status('shop')).failures).toEqual({});
    expect(await made.purchases()).toBe(1);
  });

  it('take no free slot that the plan with the agreed digest did not show', async () => {
    const made = await openPlace({
      kind: 'namecheap',
      account: 'slots: exclusive, useFreeSlots: true',
      manifests: { a: manifest('a') },
    });
    await made.sandbox?.control('POST', 'slots', { type: 'Standard SSL', years: 2 });
    await made.sandbox?.control('POST', 'faults', { fault: 'drop-after@create' });
    const blind = await withSteps(made, {
      lookUp: async () => ({ kind: 'cannot-tell', why: 'not yet', candidates: [] }),
    });
    await applyOnce(made, blind);
    const runner = await openRunner(made);
    // Until the outcome of that purchase is recorded no slot is taken; buying another one is above the ceiling.
    await made.merge({
      'certificates/b.yaml': 'domains: [b.example.com]\nterm: 2y\nmaxPrice: 1.00 USD\n',
    });
    const { plan } = await planOnly(runner.deps);
    const { applied, error } = await applyOnce(made, runner, 0, { digest: plan.digest });
    expect(error).toBeUndefined();
    expect(applied?.events.map(({ name }) => name)).toContain('a');
    expect((await made.statuses()).get('b')?.orders ?? []).toEqual([]);
  });

  it('end where somebody stopped them, and call that no failure', async () => {
    const made = await openPlace({ kind: 'local-ca' });
    const runner = await withSteps(made, {
      before: async () => {
        throw new CertError('interrupted', 'stopped');
      },
    });
    const { error, exit } = await applyOnce(made, runner);
    expect(error?.code).toBe('interrupted');
    expect(exit).toBe(130);
  });
});

describe('a request that costs nothing and came to nothing', () => {
  it('leaves no key behind where it is refused', async () => {
    const made = await openPlace({ kind: 'local-ca' });
    const runner = await withSteps(made, {
      run: async () => {
        throw new CertError('provider.refused', 'not for these names');
      },
    });
    await applyOnce(made, runner);
    expect((await made.status('shop')).failures.purchase).toMatchObject({ code: 'provider.refused' });
    expect(await keysOf(made)).toEqual([]);
  });

  it('nor where the order is rejected later', async () => {
    const made = await openPlace({ kind: 'local-ca' });
    const runner = await openRunner(made, {
      wrap: (deps) =>
        aroundProviders(deps, (provider) => ({
          ...provider,
          getOrder: async (id, recorded) => ({
            ...(await provider.getOrder(id, recorded)),
            state: 'rejected',
          }),
        })),
    });
    await applyOnce(made, runner);
    expect((await made.status('shop')).intents).toMatchObject([{ phase: 'closed', outcome: 'refused' }]);
    expect(await keysOf(made)).toEqual([]);
  });
});

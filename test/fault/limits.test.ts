import { describe, expect, it } from 'vitest';
import { MINUTE_MS } from '../../src/model/time.js';
import {
  applyOnce,
  aroundStep,
  manifest,
  many,
  openPlace,
  openRunner,
  runUntilQuiet,
} from '../support/engine.js';

const ISSUED_AT_ONCE = { pollsUntilIssued: 0 };

describe('a run that may begin so much and no more', () => {
  it('leaves the rest to the next ones, and says whether that can go on at once', async () => {
    const place = await openPlace({ kind: 'unique', manifests: many(7), seller: ISSUED_AT_ONCE });
    const runner = await openRunner(place);
    const limits = { sends: 3, ms: 10 * MINUTE_MS };
    const seen = [];
    for (let run = 0; run < 4; run++) {
      const { applied, exit } = await applyOnce(place, runner, 0, { limits });
      seen.push([await place.purchases(), applied?.goesOn, exit]);
    }
    expect(seen).toEqual([
      [3, true, 0],
      [6, true, 0],
      [7, false, 0],
      [7, false, 0],
    ]);
    for (const [name, { current }] of await place.statuses()) expect(current, name).toBeDefined();
  });

  it('does not go on at once where it got nowhere', async () => {
    const place = await openPlace({ kind: 'unique', manifests: many(3) });
    const runner = await openRunner(place, {
      // A key that cannot be made: nothing of it gets onto the branch.
      wrap: (deps) => ({
        ...deps,
        keyMaker: () => ({
          generate: async () => {
            throw new Error('the machine is out of memory');
          },
        }),
      }),
    });
    const { applied } = await applyOnce(place, runner, 0, { limits: { sends: 1, ms: MINUTE_MS } });
    expect([await place.purchases(), applied?.goesOn]).toEqual([0, false]);
  });

  it('is not kept from the others by lines that cannot be prepared', async () => {
    const place = await openPlace({
      kind: 'unique',
      manifests: { a: manifest('a'), b: manifest('b'), c: manifest('c') },
      seller: ISSUED_AT_ONCE,
    });
    const runner = await openRunner(place, {
      wrap: (deps) => ({
        ...deps,
        keyMaker: (configuration) => ({
          generate: async (subject, algorithm) => {
            if (JSON.stringify(subject).includes('a.example.com')) throw new Error('no key for this one');
            return deps.keyMaker(configuration).generate(subject, algorithm);
          },
        }),
      }),
    });
    const limits = { sends: 1, ms: MINUTE_MS };
    for (let run = 0; run < 2; run++) await applyOnce(place, runner, 0, { limits });
    expect(await place.purchases()).toBe(2);
    expect((await place.statuses()).get('c')?.current).toBeDefined();
  });

  it('begins nothing more when its time is over, and finishes what is on its way', async () => {
    // Without references one is bought after the other.
    const place = await openPlace({ kind: 'none', manifests: many(5), seller: ISSUED_AT_ONCE });
    const slow = await openRunner(place, {
      wrap: (deps) =>
        aroundStep(deps, 'buy', async (run) => {
          const outcome = await run();
          await place.advance(6 * MINUTE_MS);
          return outcome;
        }),
    });
    const limits = { sends: 100, ms: 10 * MINUTE_MS };
    const { applied } = await applyOnce(place, slow, 0, { limits });
    expect([await place.purchases(), applied?.goesOn]).toEqual([2, true]);
    const intents = [...(await place.statuses()).values()].flatMap((status) => status.intents);
    expect(intents.filter(({ phase }) => phase === 'intended')).toEqual([]);
    await runUntilQuiet(place, await openRunner(place));
    expect(await place.purchases()).toBe(5);
  });
});

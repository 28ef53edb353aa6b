import { expect, it } from 'vitest';
import { isOpen } from '../../src/model/intent.js';
import { HOUR_MS } from '../../src/model/time.js';
import type { PushOutcome } from '../../src/ports/repository.js';
import {
  applyOnce,
  aroundCommit,
  expectKeyFits,
  manifest,
  openPlace,
  openRunner,
  runUntilQuiet,
} from '../support/engine.js';

const COUNT = 100;

const CASES = { 'one step': 'local-ca-priced', 'two steps': 'unique' } as const;

it.each(Object.entries(CASES))(
  'a hundred orders of %s at an account with unique references, and their certificates, take at most six pushes',
  {
    timeout: 300_000,
  },
  async (_steps, kind) => {
    const names = Array.from({ length: COUNT }, (_, i) => `s${i}`);
    const place = await openPlace({
      kind,
      // Where it takes longer, that it does is one more commit.
      seller: { pollsUntilIssued: 0 },
      manifests: Object.fromEntries(names.map((name) => [name, manifest(name)])),
      spending: 'perOrder: 100 USD',
      balance: '2000.00',
    });
    const before = await place.pushes();
    await applyOnce(place, await openRunner(place));
    expect(await place.purchases()).toBe(COUNT);
    await place.advance(HOUR_MS);
    await applyOnce(place, await openRunner(place));

    const statuses = [...(await place.statuses()).values()];
    expect(statuses.filter(({ current, intents }) => current && !intents.some(isOpen))).toHaveLength(COUNT);
    expect(await place.purchases()).toBe(COUNT);
    expect((await place.pushes()) - before).toBeLessThanOrEqual(6);
  },
);

const answers: Readonly<Record<string, PushOutcome>> = {
  refused: { kind: 'refused', text: 'the hook declined' },
  'too late': { kind: 'moved', text: 'the branch moved' },
};

it.each(Object.entries(answers))(
  'the commit that records a purchase and announces the next call is %s: the purchase is recorded all the same',
  async (_title, answer) => {
    const place = await openPlace({ kind: 'unique' });
    let commits = 0;
    const runner = await openRunner(place, {
      wrap: (deps) =>
        aroundCommit(deps, async (commit, message) => {
          commits += 1;
          if (commits === 2) {
            expect(message).toMatch(/\(buy\) shop: placed as S-1001[\s\S]*\(activate\): NoOrder/);
            // What people merged meanwhile stops the announcement, and not the record.
            await place.merge({ 'certificates/shop.yaml': `${manifest('shop')}suspend: true\n` });
            return answer;
          }
          return commit();
        }),
    });
    await applyOnce(place, runner);
    expect((await place.status('shop')).orders).toMatchObject([{ id: 'S-1001' }]);
    await runUntilQuiet(place, await openRunner(place));
    expect(await place.purchases()).toBe(1);
    await expectKeyFits(place, 'shop');
  },
);

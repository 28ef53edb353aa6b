import { expect, it } from 'vitest';
import { isOpen } from '../../src/model/intent.js';
import { HOUR_MS } from '../../src/model/time.js';
import { applyOnce, manifest, openPlace, openRunner } from '../support/engine.js';

const COUNT = 100;

it('a hundred orders at an account with unique references, and their certificates, take at most six pushes', {
  timeout: 300_000,
}, async () => {
  const names = Array.from({ length: COUNT }, (_, i) => `s${i}`);
  // One step for each order; an account that takes two (buy, then activate) has each of them recorded.
  const place = await openPlace({
    kind: 'local-ca-priced',
    manifests: Object.fromEntries(names.map((name) => [name, manifest(name)])),
    spending: 'perOrder: 100 USD',
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
});

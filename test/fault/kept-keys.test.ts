import { describe, expect, it } from 'vitest';
import { CertError } from '../../src/model/errors.js';
import { isOpen } from '../../src/model/intent.js';
import { DAY_MS } from '../../src/model/time.js';
import {
  applyOnce,
  aroundStep,
  expectKeyFits,
  openPlace,
  openRunner,
  type Place,
  runUntilQuiet,
  STATE_REF,
} from '../support/engine.js';

interface Wish {
  readonly names?: readonly string[];
  readonly algorithm?: string;
  readonly more?: string;
}

const keeps = (algorithm: string): string => `key: { algorithm: ${algorithm}, rotate: never }`;
const KEEPS = keeps('ecdsa-p256');

const kept = ({ names = ['shop', 'www'], algorithm = 'ecdsa-p256', more = '' }: Wish = {}): string =>
  [
    `domains: [${names.map((name) => `${name}.example.com`).join(', ')}]`,
    'term: 1y',
    'maxPrice: 25.00 USD',
    'autoRenew: true',
    keeps(algorithm),
    more,
  ].join('\n');

const wish = (place: Place, wanted: Wish) => place.merge({ 'certificates/shop.yaml': kept(wanted) });

const later = async (place: Place, days: number) => {
  await place.advance(days * DAY_MS);
  return applyOnce(place, await openRunner(place));
};

/** A shop whose certificate was published with the key that is kept, good for longer than its paid term. */
async function served(): Promise<Place> {
  const place = await openPlace({
    kind: 'unique',
    manifests: { shop: kept() },
    seller: { pollsUntilIssued: 0, validityDays: 400 },
  });
  await later(place, 0);
  await expectKeyFits(place, 'shop');
  return place;
}

const keyHashOf = async (place: Place) => (await place.status('shop')).current?.keyHash;

describe('a key that is kept', () => {
  it('serves the next certificates: a reissue that somebody asks for, and the renewal', async () => {
    const place = await served();
    const first = await keyHashOf(place);
    await wish(place, { more: 'reissue: again' });
    await later(place, 1);
    await later(place, 360);
    expect(await place.status('shop')).toMatchObject({
      current: { keyHash: first, order: 'S-1002' },
      previous: [{ keyHash: first }, { keyHash: first }],
    });
    await expectKeyFits(place, 'shop');
  });

  it('is not kept where another algorithm is wanted: one reissue, and the new one is kept', async () => {
    const place = await served();
    await wish(place, { algorithm: 'ecdsa-p384' });
    for (let run = 0; run < 4; run++) expect((await later(place, 0)).exit).toBe(0);
    const { current, previous } = await place.status('shop');
    expect(current?.keyAlgorithm).toBe('ecdsa-p384');
    expect(previous).toHaveLength(1);
    await expectKeyFits(place, 'shop');
  });

  it('is there for a renewal that was placed for it, although names that changed brought another one', async () => {
    const place = await served();
    const first = await keyHashOf(place);
    await place.seller?.control.set({ pollsUntilIssued: null });
    await later(place, 360);
    expect((await place.status('shop')).intents.filter(isOpen)).toMatchObject([{ keyHash: first }]);
    await wish(place, { names: ['shop'] });
    await later(place, 0);
    await place.seller?.control.issue('S-1001');
    await later(place, 1);
    expect(await place.status('shop')).toMatchObject({ current: { order: 'S-1001' } });
    expect(await keyHashOf(place)).not.toBe(first);
    await expectKeyFits(place, 'shop');
    await place.seller?.control.issue('S-1002');
    await later(place, 1);
    expect((await place.status('shop')).previous.length).toBeGreaterThanOrEqual(2);
    await expectKeyFits(place, 'shop');
    await place.seller?.control.set({ pollsUntilIssued: 0 });
    await place.seller?.control.issue('S-1002');
    await later(place, 1);
    const { current, intents } = await place.status('shop');
    expect(current).toMatchObject({ order: 'S-1002', names: ['shop.example.com'], ownKey: true });
    expect(intents.filter(isOpen)).toEqual([]);
    await expectKeyFits(place, 'shop');
    const files = Object.keys(await place.store.files(STATE_REF));
    expect(files.filter((path) => path.includes('/keys/'))).toEqual([]);
  });

  it.each(['unique', 'sectigo', 'thesslstore'] as const)(
    'is no sign that a request for it arrived which never left (%s)',
    async (kind) => {
      const place = await openPlace({
        kind,
        manifests: { shop: `domains: [shop.example.com]\nterm: 1y\nmaxPrice: 25.00 USD\n${KEEPS}\n` },
      });
      await runUntilQuiet(place, await openRunner(place));
      const first = (await place.status('shop')).current?.serial;
      await place.merge({
        'certificates/shop.yaml': `domains: [shop.example.com]\nterm: 1y\nmaxPrice: 25.00 USD\n${KEEPS}\nreissue: again\n`,
      });
      const stop = new AbortController();
      const killed = await openRunner(place, {
        signal: stop.signal,
        wrap: (deps) =>
          aroundStep(deps, 'reissue', async () => {
            stop.abort();
            throw new CertError('interrupted', 'killed', { effect: 'unknown' });
          }),
      });
      expect((await applyOnce(place, killed)).exit).toBe(130);
      await runUntilQuiet(place, await openRunner(place));
      const { current, intents } = await place.status('shop');
      // Where a reissue need not show, a person is asked.
      if (kind === 'thesslstore') expect(intents.filter(isOpen)).toMatchObject([{ phase: 'unknown' }]);
      else expect([current?.serial === first, intents.filter(isOpen)]).toEqual([false, []]);
      await expectKeyFits(place, 'shop');
    },
  );
});

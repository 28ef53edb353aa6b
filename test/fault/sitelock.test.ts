import { describe, expect, it } from 'vitest';
import { isOpen } from '../../src/model/intent.js';
import type { JsonObject } from '../../src/model/json.js';
import {
  applyOnce,
  openPlace,
  openRunner,
  type Place,
  type PlaceOptions,
  runUntilQuiet,
} from '../support/engine.js';

const SITE = `kind: sitelock
domain: shop.example.com
product: sitelock-basic
term: 1y
maxPrice: 60.00 USD
autoRenew: true
customer: { email: owner@example.com, firstName: Ann, lastName: Lee }
`;
const BOTH = `${SITE}addOns: [trueshield, backup-10gb]\n`;

const place = (over: Partial<PlaceOptions> = {}): Promise<Place> =>
  openPlace({ kind: 'sectigo', manifests: { shop: BOTH }, ...over });

const licences = async (made: Place) =>
  (await made.sandbox?.control('GET', 'sitelock')) as readonly JsonObject[];

describe('website protection', () => {
  it('is bought with its add-ons in one run, as the plan showed', async () => {
    const made = await place();
    const runner = await openRunner(made);
    const { applied, exit } = await applyOnce(made, runner);
    expect(exit).toBe(0);
    expect(
      applied?.plan.items.map(({ action, product, price, queued, hold }) => [
        action,
        product,
        price,
        queued,
        hold,
      ]),
    ).toEqual([
      [
        'order',
        'sitelock-basic',
        expect.objectContaining({ amount: { amount: '49.00', currency: 'USD' } }),
        undefined,
        undefined,
      ],
      ['order', 'backup-10gb', expect.objectContaining({ kind: 'known' }), 'sitelock-basic', undefined],
      ['order', 'trueshield', expect.objectContaining({ kind: 'known' }), 'backup-10gb', undefined],
    ]);
    expect(applied?.plan.totals).toEqual([{ amount: '117.00', currency: 'USD' }]);
    expect(await licences(made)).toMatchObject([
      { product: '1060', domain: 'shop.example.com', email: 'owner@example.com', autoRenew: false },
      { product: '1069', joins: '912345678', autoRenew: false },
      { product: '1071', joins: '912345678', autoRenew: false },
    ]);
    const status = await made.status('shop');
    expect(status.kind).toBe('sitelock');
    expect(status.intents.filter(isOpen)).toEqual([]);
    expect(runner.illegal).toEqual([]);
    expect(status.orders.map(({ product, state, addOn }) => [product, state, addOn])).toEqual([
      ['sitelock-basic', 'issued', undefined],
      ['backup-10gb', 'issued', true],
      ['trueshield', 'issued', true],
    ]);
    const again = await runUntilQuiet(made, await openRunner(made));
    expect(again.applied?.plan.items).toEqual([]);
    expect(await made.purchases()).toBe(3);
  });
});

import { describe, expect, test } from 'vitest';
import { DAY_MS, dayOf } from '../../../src/model/time.js';
import { fundsNeeded, upcomingPurchases, upcomingQuestions } from '../../../src/planner/forecast.js';
import {
  facts,
  planInput,
  prices,
  provider,
  RENEWAL_TIME,
  type Scene,
  spec,
  usd,
} from '../../support/planner.js';
import { certificate, order, status } from '../../support/state.js';

const held = (name: string, paidTill: string) =>
  status(name, {
    orders: [order(`o-${name}`, { paidTill, names: [`${name}.example.com`] })],
    current: certificate(`o-${name}`, { names: [`${name}.example.com`], notAfter: paidTill }),
  });
const one = (name: string, parts: Parameters<typeof spec>[1] = {}) =>
  spec(name, { names: [`${name}.example.com`], commonName: `${name}.example.com`, ...parts });

function needed(scene: Scene, days: number) {
  const input = planInput(scene);
  const untilMs = input.nowMs + days * DAY_MS;
  const purchases = upcomingPurchases(input, untilMs);
  const { amounts, unknown } = fundsNeeded(input, purchases, 'shop', untilMs);
  return {
    dues: purchases.map(({ name, action, dueMs }) => `${name} ${action} ${dayOf(dueMs)}`),
    amounts: amounts.map(({ amount }) => amount),
    unknown,
  };
}

describe('what the next days need', () => {
  test('a first order is due today, a renewal on its day', () => {
    const scene: Scene = {
      specs: [one('a'), one('b')],
      statuses: [held('a', '2026-12-20T10:00:00Z')],
    };
    expect(needed(scene, 90)).toEqual({
      dues: ['a renew 2026-12-10', 'b order 2026-11-22'],
      amounts: ['10.00', '10.00'],
      unknown: 0,
    });
    const input = planInput(scene);
    expect(upcomingQuestions(input, input.nowMs + 90 * DAY_MS).map(({ action }) => action)).toEqual([
      'renew',
      'order',
    ]);
    expect(needed(scene, 10).dues).toEqual(['b order 2026-11-22']);
  });

  test('a price that is not known is counted, and never is 0', () => {
    const scene: Scene = { specs: [one('a')], facts: { a: { prices: {} } } };
    expect(needed(scene, 30)).toEqual({ dues: ['a order 2026-11-22'], amounts: [], unknown: 1 });
  });

  test('what waits for money or an approval counts', () => {
    const scene: Scene = {
      specs: [one('a', { maxPrice: usd('1') }), one('b')],
      policy: { approval: { order: 'pull-request', renew: 'auto', free: 'auto', revoke: 'auto' } },
    };
    expect(needed(scene, 30).amounts).toEqual(['10.00', '10.00']);
  });

  test('what nobody may buy does not', () => {
    const scene: Scene = {
      specs: [
        one('external', { key: { kind: 'external' } }),
        one('manual', { autoRenew: false }),
        one('suspended', { suspend: true }),
      ],
      statuses: [held('external', RENEWAL_TIME), held('manual', '2026-11-25T10:00:00Z')],
      now: '2027-10-20T10:00:00Z',
    };
    expect(needed(scene, 30).dues).toEqual([]);
  });

  test('a term shorter than the time looked at falls due again', () => {
    const scene: Scene = {
      specs: [one('a', { term: { unit: 'day', count: 30 } })],
      statuses: [held('a', '2026-12-01T10:00:00Z')],
      facts: { a: { prices: prices({ 'shop renew': '4' }, 'private-server', '30d') } },
    };
    // Overdue since the 21st of November, and from then on ten days before the end of each.
    expect(needed(scene, 60)).toEqual({
      dues: ['2026-11-22', '2026-12-12', '2027-01-01', '2027-01-21'].map((day) => `a renew ${day}`),
      amounts: ['4.00', '4.00', '4.00', '4.00'],
      unknown: 0,
    });
  });

  test('the tax of invoices is on top, and another account has its own sum', () => {
    const shop = provider('shop', { config: { tax: '20' } });
    const scene: Scene = { specs: [one('a')], providers: [shop], facts: { a: facts() } };
    expect(needed(scene, 30).amounts).toEqual(['12.00']);
    const input = planInput(scene);
    expect(fundsNeeded(input, upcomingPurchases(input, input.nowMs), 'other', input.nowMs).purchases).toBe(0);
  });
});

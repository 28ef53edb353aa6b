import { describe, expect, test } from 'vitest';
import type { SitelockSpec } from '../../../src/model/manifest.js';
import type { OrderRecord, Status } from '../../../src/model/status.js';
import { emptyStatus } from '../../../src/model/status.js';
import { DAY_MS, dayOf } from '../../../src/model/time.js';
import { fundsNeeded, upcomingPurchases, upcomingQuestions } from '../../../src/planner/forecast.js';
import { quietUntilMs } from '../../../src/planner/quiet.js';
import { LICENCE_OFFER } from '../../../src/providers/sectigo/licence-products.js';
import {
  linesOf,
  planInput,
  planOf,
  prices,
  provider,
  type Scene,
  spec,
  usd,
} from '../../support/planner.js';
import { order } from '../../support/state.js';

const seller = provider('shop', {
  licences: LICENCE_OFFER,
  capabilities: { licences: true, termCounting: 'days', search: 'findable' },
});

const site = (name: string, parts: Partial<SitelockSpec> = {}): SitelockSpec => ({
  kind: 'sitelock',
  name,
  position: { file: `certificates/${name}.yaml`, line: 1, column: 1 },
  digest: `d-${name}`,
  domain: `${name}.example.com`,
  providers: ['shop'],
  product: 'sitelock-basic',
  addOns: [],
  term: { unit: 'year', count: 1 },
  autoRenew: true,
  renewedBy: 'certwright',
  maxPrice: usd('60'),
  owner: 'platform-team',
  customer: { email: `${name}@example.com` },
  suspend: false,
  ...parts,
});

const licence = (id: string, parts: Partial<OrderRecord> = {}): OrderRecord =>
  order(id, { product: 'sitelock-basic', names: ['a.example.com'], autoRenew: false, ...parts });

const protectedSite = (name: string, ...orders: readonly OrderRecord[]): Status => ({
  ...emptyStatus(name, 'sitelock'),
  manifestDigest: `d-${name}`,
  orders,
});

const PRICES = {
  ...prices({ 'shop order': '49', 'shop renew': '49' }, 'sitelock-basic'),
  ...prices({ 'shop order': '39', 'shop renew': '39' }, 'trueshield'),
  ...prices({ 'shop order': '29', 'shop renew': '29' }, 'backup-10gb'),
  ...prices({ 'shop order': '4.99', 'shop renew': '4.99' }, 'sitelock-basic', '30d'),
};

const scene = (parts: Scene): Scene => ({
  providers: [seller],
  facts: Object.fromEntries((parts.specs ?? []).map(({ name }) => [name, { prices: PRICES }])),
  ...parts,
});
const lines = (parts: Scene) => linesOf(planOf(scene(parts)));
const items = (parts: Scene) => planOf(scene(parts)).items;

describe('what a site lacks', () => {
  test('the licence first, then its add-ons, one after the other', () => {
    const found = items({ specs: [site('a', { addOns: ['backup-10gb', 'trueshield'] })] });
    expect(found.map(({ product, queued }) => [product, queued])).toEqual([
      ['sitelock-basic', undefined],
      ['backup-10gb', 'sitelock-basic'],
      ['trueshield', 'backup-10gb'],
    ]);
    expect(planOf(scene({ specs: [site('a', { addOns: ['trueshield'] })] })).totals).toEqual([usd('88')]);
  });

  test('an add-on alone, where the licence is there', () => {
    const found = items({
      specs: [site('a', { addOns: ['trueshield'] })],
      statuses: [protectedSite('a', licence('1'))],
    });
    expect(found).toMatchObject([
      { action: 'order', product: 'trueshield', licence: { role: 'add-on', previousOrder: '1' } },
    ]);
  });

  test('one that costs too much does not keep the next one back, but the licence does', () => {
    const addOns = ['backup-10gb', 'trueshield'];
    const there = [protectedSite('a', licence('1'))];
    const poor = site('a', { addOns, maxPrice: usd('30') });
    const dear = site('a', { addOns, maxPrice: usd('35') });
    expect(lines({ specs: [dear], statuses: there })).toEqual([
      'a purchase order NoOrder',
      'a purchase order NoOrder !price-above-ceiling',
    ]);
    expect(lines({ specs: [poor] })).toEqual([
      'a purchase order NoOrder !price-above-ceiling',
      'a purchase order NoOrder !price-above-ceiling',
      'a purchase order NoOrder !price-above-ceiling',
    ]);
    expect(items({ specs: [poor] })[1]?.hold?.message).toContain('it waits for the main licence');
  });

  test('budgets count what is queued', () => {
    const policy = { spending: { perDay: usd('80') } };
    expect(lines({ specs: [site('a', { addOns: ['backup-10gb', 'trueshield'] })], policy })).toEqual([
      'a purchase order NoOrder',
      'a purchase order NoOrder',
      'a purchase order NoOrder !limit-day',
    ]);
  });

  test('a second site of a customer follows the first, wherever its name sorts', () => {
    const { customer: _own, ...rest } = site('a');
    const second: SitelockSpec = { ...rest, customerOf: 'z' };
    expect(items({ specs: [second, site('z')] })).toMatchObject([
      { name: 'a', queued: 'the first licence of z', licence: { role: 'main' } },
      { name: 'z', licence: { role: 'main' } },
    ]);
    expect(items({ specs: [second, site('z')], statuses: [protectedSite('z', licence('9'))] })).toMatchObject(
      [{ name: 'a', licence: { role: 'main', previousOrder: '9' } }],
    );
    expect(lines({ specs: [second, site('z', { suspend: true })] })).toEqual([
      'a purchase order NoOrder !account-busy',
    ]);
  });

  test('what is sold once is never bought again, and has no term', () => {
    const { term: _term, ...once } = site('a', { product: 'sitelock-911' });
    const price = { 'shop|order|sitelock-911|': PRICES['shop|order|sitelock-basic|1y'] } as typeof PRICES;
    const facts = { a: { prices: price } };
    expect(items({ specs: [once], facts })[0]).not.toHaveProperty('term');
    const { term: _t, paidTill: _till, ...bought } = licence('1', { product: 'sitelock-911' });
    expect(
      lines({ specs: [once], statuses: [protectedSite('a', bought)], now: '2036-01-01T00:00:00Z' }),
    ).toEqual([]);
  });

  test('nothing while it is suspended, and nothing beside a certificate of the same name', () => {
    expect(lines({ specs: [site('a', { suspend: true })] })).toEqual([]);
    const other: Status = { ...emptyStatus('a'), orders: [order('1')] };
    expect(lines({ specs: [site('a')], statuses: [other] })).toEqual([
      'a purchase hold NoOrder !unsupported',
    ]);
    expect(lines({ specs: [spec('a')], statuses: [protectedSite('a', licence('1'))] })).toEqual([
      'a purchase hold NoOrder !unsupported',
    ]);
  });
});

describe('what a site has', () => {
  const ending = '2027-10-25T10:00:00Z';
  const there = (parts: Partial<OrderRecord> = {}) => [protectedSite('a', licence('1', parts))];

  test('is renewed ten days before its end, by an approval where the provider may do it as well', () => {
    const specs = [site('a')];
    expect(lines({ specs, statuses: there(), now: '2027-10-20T10:00:00Z' })).toEqual([]);
    expect(lines({ specs, statuses: there(), now: ending })).toEqual(['a purchase renew PaidTermEnding']);
    const doubled = items({ specs, statuses: there({ autoRenew: true }), now: ending });
    expect(doubled[0]?.hold?.message).toContain('order 1 was placed with automatic renewal');
  });

  test('and not without autoRenew, or by whoever does not own it: then it is said', () => {
    const warned = (parts: Partial<SitelockSpec>, parts2: Partial<OrderRecord> = {}) => {
      const plan = planOf(scene({ specs: [site('a', parts)], statuses: there(parts2), now: ending }));
      expect(plan.items).toEqual([]);
      return plan.warnings.map(({ code, level }) => `${code} ${level}`);
    };
    expect(warned({ autoRenew: false })).toEqual(['paid-term-ending warning']);
    expect(warned({ renewedBy: 'provider' }, { autoRenew: true })).toEqual(['renewed-by-provider warning']);
    expect(warned({ renewedBy: 'provider' })).toEqual([
      'auto-renew-differs warning',
      'paid-term-ending warning',
    ]);
  });

  test('came to nothing: another one wants an approval that names it', () => {
    const [line] = items({ specs: [site('a')], statuses: there({ state: 'cancelled' }) });
    expect(line).toMatchObject({
      reason: 'OrderDied',
      predecessor: '1',
      licence: { role: 'main', previousOrder: '1' },
      hold: { code: 'approval-missing' },
    });
  });

  test('and nobody declares any more: an add-on is cancelled by policy or file, a site is only let go', () => {
    const addOn = licence('2', { product: 'trueshield', addOn: true, placedAt: '2026-11-02T10:00:00Z' });
    const statuses = [protectedSite('a', licence('1'), addOn)];
    expect(lines({ specs: [site('a')], statuses })).toEqual(['a free cancel AddOnRemoved !approval-missing']);
    const policy = { approval: { order: 'merge', renew: 'auto', free: 'auto', revoke: 'auto' } } as const;
    expect(lines({ specs: [site('a')], statuses, policy })).toEqual(['a free cancel AddOnRemoved']);
    expect(lines({ specs: [site('b', { suspend: true })], statuses })).toEqual([
      'a free archive ManifestGone',
    ]);
  });

  test('goes along with a manifest that is renamed, whatever plan it wants', () => {
    const renamed = site('b', { domain: 'a.example.com', product: 'sitelock-pro' });
    expect(lines({ specs: [renamed], statuses: there() })).toEqual(['b purchase move NeedMoved']);
  });
});

describe('what the next days need', () => {
  const needed = (specs: readonly SitelockSpec[], statuses: readonly Status[]) => {
    const input = planInput(scene({ specs, statuses }));
    const untilMs = input.nowMs + 90 * DAY_MS;
    const purchases = upcomingPurchases(input, untilMs);
    return {
      dues: purchases.map(({ action, product, dueMs }) => `${action} ${product} ${dayOf(dueMs)}`),
      amounts: fundsNeeded(input, purchases, 'shop', untilMs).amounts.map(({ amount }) => amount),
      questions: upcomingQuestions(input, untilMs).length,
    };
  };
  const month: Partial<SitelockSpec> = { term: { unit: 'day', count: 30 } };

  test('a month falls due again and again', () => {
    expect(needed([site('a', month)], [])).toEqual({
      dues: [
        'order sitelock-basic 2026-11-22',
        'renew sitelock-basic 2026-12-19',
        'renew sitelock-basic 2027-01-15',
        'renew sitelock-basic 2027-02-11',
      ].map((due) => due.replace('renew', 'order')),
      amounts: ['4.99', '4.99', '4.99', '4.99'],
      questions: 1,
    });
  });

  test('what the provider charges by itself counts as well', () => {
    const monthly = licence('1', { term: '30d', paidTill: '2026-12-01T10:00:00Z', autoRenew: true });
    expect(needed([site('a', { ...month, renewedBy: 'provider' })], [protectedSite('a', monthly)])).toEqual({
      dues: [
        'renew sitelock-basic 2026-12-01',
        'renew sitelock-basic 2026-12-31',
        'renew sitelock-basic 2027-01-30',
      ],
      amounts: ['4.99', '4.99', '4.99'],
      questions: 1,
    });
  });
});

test('a quiet run may last until a licence falls due', () => {
  const input = planInput(scene({ specs: [site('a')], statuses: [protectedSite('a', licence('1'))] }));
  expect(dayOf(quietUntilMs({ ...input, nowMs: Date.parse('2027-10-10T00:00:00Z') }))).toBe('2027-10-22');
});

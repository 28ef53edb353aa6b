import { describe, expect, test } from 'vitest';
import type { PlanItem } from '../../../src/model/plan.js';
import { priceKey } from '../../../src/planner/input.js';
import { priceQuestions } from '../../../src/planner/plan.js';
import {
  LAST_CERTIFICATE,
  linesOf,
  planInput,
  planOf,
  prices,
  provider,
  RENEWAL_TIME,
  type Scene,
  spec,
  usd,
} from '../../support/planner.js';
import { certificate, intended, order, ready, status, unknown } from '../../support/state.js';

const NAME = 'shop';
const both = spec(NAME, { providers: ['first', 'second'] });
const accounts = (
  first: Parameters<typeof provider>[1] = {},
  second: Parameters<typeof provider>[1] = {},
) => [provider('first', first), provider('second', second)];
const asked = { [NAME]: { prices: prices({ 'first order': '10', 'second order': '12' }) } };

const only = (scene: Scene): PlanItem => {
  const [item, ...more] = planOf(scene).items;
  if (!item || more.length > 0) throw new Error('one line was expected');
  return item;
};

interface Row extends Scene {
  readonly at: string;
  readonly held?: string;
  readonly says: string;
}

const NEW = 'declared, and no order exists';

const notSoldAt = (id: string, why: string) => ({
  [priceKey({ provider: id, action: 'order', product: 'private-server', term: '1y' })]: {
    kind: 'unknown',
    why,
    sold: false,
  } as const,
});

const rows: Readonly<Record<string, Row>> = {
  'the preferred provider serves': { facts: asked, at: 'first', says: NEW },
  'a product by its code is the product by its name': {
    providers: accounts({
      products: provider('x').products.map((one) => ({ ...one, vendorCode: '287' })),
    }),
    specs: [spec(NAME, { providers: ['first', 'second'], product: '287' })],
    facts: { [NAME]: { prices: prices({ 'first order': '10' }) } },
    at: 'first',
    says: NEW,
  },
  'a provider that is down is passed over': {
    providers: accounts({ down: 'no answer within 30 s' }),
    facts: asked,
    at: 'second',
    says: `${NEW}; not at first: no answer within 30 s`,
  },
  'a provider that does not sell it is passed over, with all its reasons': {
    facts: {
      [NAME]: {
        ...asked[NAME],
        violations: {
          first: [
            { code: 'term', message: 'private-server is not sold for 1y' },
            { code: 'names', message: 'it has at most 1 name' },
          ],
        },
      },
    },
    at: 'second',
    says: `${NEW}; not at first: private-server is not sold for 1y, it has at most 1 name`,
  },
  'a provider whose price list does not have it is passed over': {
    facts: {
      [NAME]: {
        prices: {
          ...prices({ 'second order': '12' }),
          ...notSoldAt('first', 'months on sale: 12, 24'),
        },
      },
    },
    at: 'second',
    says: `${NEW}; not at first: months on sale: 12, 24`,
  },
  'what no price list has takes an edit': {
    facts: { [NAME]: { prices: { ...notSoldAt('first', 'not here'), ...notSoldAt('second', 'nor here') } } },
    at: 'first',
    held: 'not-served',
    says: NEW,
  },
  'a provider without credit is passed over': {
    providers: accounts({ balance: usd('9') }),
    facts: asked,
    at: 'second',
    says: `${NEW}; not at first: 10.00 USD from 9.00 USD at first would leave less than 0.00 USD`,
  },
  'credit has to suffice for the tax as well': {
    providers: accounts({ balance: usd('11'), config: { tax: '20' } }),
    facts: asked,
    at: 'second',
    says: `${NEW}; not at first: 12.00 USD from 11.00 USD at first would leave less than 0.00 USD`,
  },
  'credit below the minimum is left alone': {
    providers: accounts({ balance: usd('55'), config: { minimumBalance: usd('50') } }),
    facts: asked,
    at: 'second',
    says: `${NEW}; not at first: 10.00 USD from 55.00 USD at first would leave less than 50.00 USD`,
  },
  'a provider above the ceiling is passed over': {
    facts: { [NAME]: { prices: prices({ 'first order': '51', 'second order': '12' }) } },
    at: 'second',
    says: `${NEW}; not at first: 51.00 USD is above maxPrice 50.00 USD`,
  },
  'a provider that names no price is passed over': {
    facts: { [NAME]: { prices: prices({ 'first order': 'unknown', 'second order': '12' }) } },
    at: 'second',
    says: `${NEW}; not at first: the price is not known: the provider names no price`,
  },
  'a provider in another currency than the ceiling is passed over': {
    facts: { [NAME]: { prices: prices({ 'first order': '10 EUR', 'second order': '12' }) } },
    at: 'second',
    says: `${NEW}; not at first: 10.00 EUR cannot be compared with maxPrice 50.00 USD`,
  },
  'a budget that is used up is a matter of time, not of the provider': {
    facts: asked,
    policy: { spending: { perDay: usd('5') } },
    at: 'first',
    held: 'limit-day',
    says: NEW,
  },
  'when no price may be paid, the preferred provider says why': {
    facts: { [NAME]: { prices: prices({ 'first order': '51', 'second order': '52' }) } },
    at: 'first',
    held: 'price-above-ceiling',
    says: NEW,
  },
  'when nobody serves, everybody says why': {
    providers: accounts({ down: 'no answer' }, { down: 'maintenance' }),
    facts: asked,
    at: 'first',
    held: 'provider-down',
    says: NEW,
  },
  'what nobody sells takes an edit': {
    facts: {
      [NAME]: {
        violations: Object.fromEntries(
          ['first', 'second'].map((id) => [id, [{ code: 'term', message: 'it is not sold for 1y' }]]),
        ),
      },
    },
    at: 'first',
    held: 'not-served',
    says: NEW,
  },
};

describe('which provider', () => {
  test.each(Object.entries(rows))('%s', (_sentence, { at, held, says, ...scene }) => {
    const item = only({ specs: [both], providers: accounts(), ...scene });
    expect(item.provider).toBe(at);
    expect(item.hold?.code).toBe(held);
    expect(item.message).toBe(says);
  });

  test('everybody who cannot serve is named in the hold', () => {
    const item = only({ specs: [both], ...rows['when nobody serves, everybody says why'] });
    expect(item.hold?.message).toBe('first: no answer; second: maintenance; the next run tries again');
  });

  test('alternatives come with their prices; what cannot serve, or may not be paid, is none', () => {
    const providers = [
      provider('first'),
      provider('second'),
      provider('third', { down: 'gone' }),
      provider('fourth', { balance: usd('1') }),
    ];
    const item = only({
      specs: [spec(NAME, { providers: ['fourth', 'first', 'second', 'third'] })],
      providers,
      facts: {
        [NAME]: { prices: prices({ 'first order': '10', 'second order': '12', 'fourth order': '9' }) },
      },
    });
    expect(item.provider).toBe('first');
    expect(item.alternatives).toEqual([
      {
        provider: 'second',
        price: { kind: 'known', amount: usd('12'), source: 'price list of the account' },
      },
    ]);
  });

  test('credit promised to one certificate is not promised to the next', () => {
    const plan = planOf({
      specs: ['a', 'b'].map((name) => spec(name, { providers: ['first', 'second'], distinct: name })),
      providers: accounts({ balance: usd('15') }),
      facts: {
        a: { prices: prices({ 'first order': '10', 'second order': '12' }) },
        b: { prices: prices({ 'first order': '10', 'second order': '12' }) },
      },
    });
    expect(plan.items.map((item) => [item.name, item.provider])).toEqual([
      ['a', 'first'],
      ['b', 'second'],
    ]);
  });

  test('a provider that is not configured is passed over in silence while another serves', () => {
    expect(only({ specs: [both], providers: [provider('second')], facts: asked }).provider).toBe('second');
  });

  test.each([
    [
      'none of the providers is configured',
      ['first', 'second'],
      'the configuration has no provider "first", "second"',
    ],
    ['the manifest names none', [], 'the manifest names no provider'],
  ])('%s', (_sentence, providers, message) => {
    const item = only({ specs: [spec(NAME, { providers })], providers: [provider('other')] });
    expect(item.hold).toEqual({ code: 'no-provider', message });
    expect(item.price.kind).toBe('unknown');
  });

  test('a provider without a default sells nothing unnamed', () => {
    const { product: _product, ...unnamed } = spec(NAME);
    const { defaultProduct: _default, ...shop } = provider('shop');
    const item = only({ specs: [unnamed], providers: [shop] });
    expect(item.hold).toEqual({
      code: 'not-served',
      message: 'shop: no product is named, and it has no default',
    });
  });
});

describe('an attempt that is not settled', () => {
  test.each([
    ['its account is down', accounts({ down: 'no answer' })],
    ['its account is without credit', accounts({ balance: usd('0') })],
    ['the manifest names another account by now', accounts()],
  ])('is never tried at another provider, even where %s', (why, providers) => {
    const names = why.startsWith('the manifest') ? ['second'] : ['first', 'second'];
    const attempts = [
      { ...intended('order'), provider: 'first' },
      { ...unknown('order'), provider: 'first' },
    ];
    for (const intent of attempts) {
      const scene: Scene = {
        specs: [spec(NAME, { providers: names })],
        providers,
        statuses: [status(NAME, { intents: [intent] })],
        facts: asked,
      };
      expect(only(scene)).toMatchObject({ action: 'resolve', provider: 'first', alternatives: [] });
      expect(priceQuestions(planInput(scene))).toEqual([]);
    }
  });
});

describe('an order that exists', () => {
  test.each([
    ['another is preferred by now', ['first', 'shop']],
    ['another is preferred by now, and `migrate: now`', ['first', 'shop']],
  ])('is not placed again where %s', (why, providers) => {
    const plan = planOf({
      specs: [spec(NAME, { providers, ...(why.includes('migrate') ? { migrate: 'now' } : {}) })],
      providers: [provider('first'), provider('shop')],
      statuses: [ready(NAME)],
      facts: { [NAME]: { prices: prices({ 'first order': '1', 'shop order': '10' }) } },
    });
    expect(plan.items).toEqual([]);
  });

  test('stays where it is', () => {
    const item = only({
      specs: [spec(NAME, { providers: ['first', 'shop'], reissue: 'once more' })],
      providers: [provider('first'), provider('shop')],
      statuses: [ready(NAME)],
    });
    expect(item).toMatchObject({ action: 'reissue', provider: 'shop', alternatives: [] });
  });

  test('is renewed where the manifest prefers it', () => {
    const item = only({
      specs: [spec(NAME, { providers: ['first', 'shop'] })],
      providers: [provider('first'), provider('shop')],
      statuses: [status(NAME, { orders: [order('o1')], current: certificate('o1', LAST_CERTIFICATE) })],
      facts: { [NAME]: { prices: prices({ 'first order': '12', 'shop renew': '10' }) } },
      now: RENEWAL_TIME,
    });
    expect(item).toMatchObject({ action: 'renew', provider: 'first', predecessor: 'o1' });
    expect(item.alternatives.map((other) => other.provider)).toEqual(['shop']);
  });
});

describe('what is asked', () => {
  test('is one price per candidate, with what the look before a purchase needs', () => {
    expect(priceQuestions(planInput({ specs: [both], providers: accounts() }))).toEqual(
      ['first', 'second'].map((id) => ({
        name: NAME,
        provider: id,
        environment: 'live',
        action: 'order',
        product: 'private-server',
        term: '1y',
        names: ['shop.example.com'],
      })),
    );
  });

  test('is nothing while nothing is due', () => {
    expect(priceQuestions(planInput({ specs: [spec(NAME)], statuses: [ready(NAME)] }))).toEqual([]);
  });

  test('is nothing while nothing may be sent', () => {
    const scene: Scene = { specs: [spec(NAME, { suspend: true }), spec('failing')], statuses: [failing()] };
    expect(linesOf(planOf(scene))).toEqual(['failing purchase wait Failing']);
    expect(priceQuestions(planInput(scene))).toEqual([]);
  });
});

const failing = () =>
  status('failing', {
    manifestDigest: spec('failing').digest,
    failures: { purchase: { count: 1, lastAt: '2026-11-22T06:46:00Z', code: 'x', message: 'no' } },
  });

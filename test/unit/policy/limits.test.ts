import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PolicyConfig } from '../../../src/model/configuration.js';
import { formatMoney } from '../../../src/model/money.js';
import type { Status } from '../../../src/model/status.js';
import { toMs } from '../../../src/model/time.js';
import { ceilingOf, checkSpending, type SpendingSubject } from '../../../src/policy/limits.js';
import { effectivePolicy, nameMatcher } from '../../../src/policy/rules.js';
import {
  addSpending,
  chargedTooMuch,
  dearerThanAgreed,
  openLedger,
  periodsOf,
} from '../../../src/policy/spending.js';
import { intended, order, placed, policy, status, unknown, usd } from './builders.js';

const NOW = toMs('2026-11-22T12:00:00Z');
const amounts = (totals: Readonly<Record<string, { amount: string; currency: string }>>) =>
  Object.values(totals).map(formatMoney).sort();

describe('globs over certificate names', () => {
  it.each([
    ['team-a/**', 'team-a/shop', true],
    ['team-a/**', 'team-a/x/y', true],
    ['team-a/**', 'team-ab/shop', false],
    ['team-a/*', 'team-a/x/y', false],
    ['*', 'shop', true],
    ['*', 'team/shop', false],
    ['**', 'team/.hidden', true],
    ['{a,b}/shop', 'b/shop', true],
    ['a\\b', 'a/b', false],
  ])('%s over %s: %s', (glob, name, matches) => {
    expect(nameMatcher(glob)(name)).toBe(matches);
  });
});

describe('the policy for one certificate', () => {
  const config = policy({
    spending: { perOrder: usd('100'), perMonth: usd('2000') },
    rules: [
      { match: 'team-a/**', perOrder: usd('50'), approval: { renew: 'pull-request' } },
      { match: 'team-a/shop', perOrder: usd('70'), approval: { order: 'never' } },
      { match: 'team-b/**', approval: { order: 'auto', renew: 'never' } },
    ],
  });

  it.each([
    ['other', '100.00 USD', 'merge', 'auto'],
    ['team-a/x', '50.00 USD', 'merge', 'pull-request'],
    ['team-a/shop', '70.00 USD', 'never', 'pull-request'],
    ['team-b/x', '100.00 USD', 'auto', 'never'],
  ])('%s: perOrder %s, order %s, renew %s', (name, perOrder, orderMode, renewMode) => {
    const effective = effectivePolicy(config, name);
    expect(effective.perOrder && formatMoney(effective.perOrder)).toBe(perOrder);
    expect(effective.approval).toEqual({
      order: orderMode,
      renew: renewMode,
      free: 'auto',
      revoke: 'pull-request',
    });
    expect(effective.limited).toBe(true);
  });

  it('is unlimited where nothing that matches has a limit', () => {
    const rules = [{ match: 'team-a/**', perDay: usd('1'), approval: {} }];
    expect(effectivePolicy(policy({ rules }), 'team-a/x').limited).toBe(true);
    expect(effectivePolicy(policy({ rules }), 'team-b/x').limited).toBe(false);
  });
});

describe('the ceiling of an order', () => {
  it.each([
    ['the manifest', '25', undefined, '25.00 USD'],
    ['the policy', undefined, '100', '100.00 USD'],
    ['the lower one', '25', '20', '20.00 USD'],
    ['the lower one, whichever it is', '25', '100', '25.00 USD'],
    ["the manifest's in unlike currencies", '25 EUR', '20', '25.00 EUR'],
  ])('comes from %s', (_title, maxPrice, perOrder, ceiling) => {
    const effective = effectivePolicy(policy({ spending: perOrder ? { perOrder: usd(perOrder) } : {} }), 'x');
    const found = ceilingOf(maxPrice === undefined ? undefined : usd(maxPrice), effective);
    expect(found && formatMoney(found)).toBe(ceiling);
  });

  it('is missing where nobody gave one', () => {
    expect(ceilingOf(undefined, effectivePolicy(policy(), 'x'))).toBeUndefined();
  });
});

describe('money spent', () => {
  const charge = (at: string, quoted: string | null, charged?: string) => ({
    at,
    action: 'order',
    quoted: quoted === null ? null : usd(quoted),
    ...(charged === undefined ? {} : { charged: usd(charged) }),
  });
  it('knows the UTC day and month, also at their ends', () => {
    expect(periodsOf(toMs('2028-02-29T23:59:59Z'))).toEqual({
      day: [toMs('2028-02-29T00:00:00Z'), toMs('2028-03-01T00:00:00Z')],
      month: [toMs('2028-02-01T00:00:00Z'), toMs('2028-03-01T00:00:00Z')],
    });
    expect(periodsOf(toMs('2026-12-31T23:59:59Z')).month[1]).toBe(toMs('2027-01-01T00:00:00Z'));
  });

  const cases: Readonly<Record<string, readonly [Status, readonly string[], readonly string[]]>> = {
    'a charge counts as charged': [
      status('a', { orders: [order('1', { charges: [charge('2026-11-22T00:00:00Z', '10', '12')] })] }),
      ['12.00 USD'],
      ['12.00 USD'],
    ],
    'a charge counts as quoted until it is known': [
      status('a', { orders: [order('1', { charges: [charge('2026-11-01T00:00:00Z', '10')] })] }),
      [],
      ['10.00 USD'],
    ],
    'the last second of last month does not count': [
      status('a', { orders: [order('1', { charges: [charge('2026-10-31T23:59:59Z', '10')] })] }),
      [],
      [],
    ],
    'the first second of tomorrow does not count today': [
      status('a', { orders: [order('1', { charges: [charge('2026-11-23T00:00:00Z', '10')] })] }),
      [],
      ['10.00 USD'],
    ],
    'archived certificates count': [
      status('a', {
        archived: { at: '2026-11-22T11:00:00Z' },
        orders: [order('1', { state: 'refunded', charges: [charge('2026-11-22T10:00:00Z', '10')] })],
      }),
      ['10.00 USD'],
      ['10.00 USD'],
    ],
    'free actions do not count': [
      status('a', { orders: [order('1', { charges: [charge('2026-11-22T10:00:00Z', null)] })] }),
      [],
      [],
    ],
    'currencies stay apart': [
      status('a', {
        orders: [
          order('1', {
            charges: [charge('2026-11-22T10:00:00Z', '10'), charge('2026-11-22T10:00:00Z', '3 EUR')],
          }),
        ],
      }),
      ['10.00 USD', '3.00 EUR'],
      ['10.00 USD', '3.00 EUR'],
    ],
    'an intent counts from when it was made to its last sending': [
      status('a', { intents: [intended('i', 'order', '5', { sendBy: '2026-11-22T09:00:00Z' })] }),
      ['5.00 USD'],
      ['5.00 USD'],
    ],
    'an intent of another day counts on that day': [
      status('a', { intents: [intended('i', 'order', '5')] }),
      [],
      ['5.00 USD'],
    ],
    'an unknown outcome counts on all days on which it may have been sent': [
      status('a', { intents: [unknown('i', 'renew', '7', { since: '2026-11-24T00:00:00Z' })] }),
      ['7.00 USD'],
      ['7.00 USD'],
    ],
    'a paid reissue counts as well': [
      status('a', { intents: [intended('i', 'reissue', '4', { sendBy: '2026-11-22T09:00:00Z' })] }),
      ['4.00 USD'],
      ['4.00 USD'],
    ],
    'a free reissue does not': [status('a', { intents: [intended('i', 'reissue', null)] }), [], []],
    'a placed intent counts where its order tells no charge': [
      status('a', { orders: [order('1')], intents: [placed('i', 'order', '5', '1')] }),
      [],
      ['5.00 USD'],
    ],
    'a placed intent counts once where its order tells the charge': [
      status('a', {
        orders: [order('2', { ids: ['1', '2'], charges: [charge('2026-11-20T10:00:30Z', '5', '6')] })],
        intents: [placed('i', 'order', '5', '1')],
      }),
      [],
      ['6.00 USD'],
    ],
    'an older charge of the same order explains nothing': [
      status('a', {
        orders: [order('1', { charges: [{ ...charge('2026-11-02T00:00:00Z', '5'), action: 'reissue' }] })],
        intents: [placed('i', 'reissue', '5', '1')],
      }),
      [],
      ['10.00 USD'],
    ],
    'a later charge for something else explains nothing either': [
      status('a', {
        orders: [order('1', { charges: [{ ...charge('2026-11-20T10:05:00Z', '3'), action: 'add-names' }] })],
        intents: [placed('i', 'reissue', '5', '1')],
      }),
      [],
      ['8.00 USD'],
    ],
    'a closed intent does not count': [
      status('a', {
        intents: [
          {
            ...intended('i', 'order', '5'),
            phase: 'closed',
            outcome: 'not-sent',
            closedAt: '2026-11-20T10:02:00Z',
          },
        ],
      }),
      [],
      [],
    ],
  };
  it.each(Object.entries(cases))('%s', (_title, [one, today, thisMonth]) => {
    const [general] = openLedger(policy(), [one], NOW).budgets;
    expect(general && [amounts(general.day), amounts(general.month)]).toEqual([
      [...today].sort(),
      [...thisMonth].sort(),
    ]);
  });

  it('is asked for some certificates only, and with the tax that will come', () => {
    const statuses = ['a/x', 'b/x'].map((name) =>
      status(name, { orders: [order('1', { charges: [charge('2026-11-22T10:00:00Z', '10')] })] }),
    );
    const rules = [{ match: 'a/**', perDay: usd('5'), approval: {} }];
    const ledger = openLedger(policy({ rules }), statuses, NOW, () => '20');
    expect(ledger.budgets.map((budget) => amounts(budget.day))).toEqual([['24.00 USD'], ['12.00 USD']]);
  });
});

describe('a purchase', () => {
  const generous: PolicyConfig = policy({ spending: { perOrder: usd('100'), perDay: usd('500') } });
  const check = (
    parts: Partial<Omit<SpendingSubject, 'policy' | 'price'>> & { readonly price?: string },
    config: PolicyConfig = generous,
    statuses: readonly Status[] = [],
  ) => {
    const { price, ...rest } = parts;
    return checkSpending(
      {
        name: 'team-a/shop',
        provider: 'shop',
        price: { kind: 'known', amount: usd(price ?? '25'), source: 'test' },
        policy: effectivePolicy(config, parts.name ?? 'team-a/shop'),
        ...rest,
      },
      openLedger(config, statuses, NOW),
    );
  };
  const spent = (name: string, amount: string, at = '2026-11-22T10:00:00Z') =>
    status(name, { orders: [order('1', { charges: [{ at, action: 'order', quoted: usd(amount) }] })] });

  const limit = (spending: PolicyConfig['spending']) =>
    policy({ spending: { perOrder: usd('100'), ...spending } });

  it.each([
    ['is allowed within every limit', () => check({ maxPrice: usd('25') }), undefined],
    ['is held above maxPrice', () => check({ maxPrice: usd('24.99') }), 'price-above-ceiling'],
    [
      'is held when tax lifts it above maxPrice',
      () => check({ maxPrice: usd('25'), tax: '20' }),
      'price-above-ceiling',
    ],
    [
      'is held for a ceiling in another currency',
      () => check({ maxPrice: usd('25 EUR') }),
      'currency-differs',
    ],
    [
      'is held without a ceiling',
      () => check({}, policy({ spending: { perDay: usd('500') } })),
      'no-ceiling',
    ],
    ['is held without any limit', () => check({ maxPrice: usd('25') }, policy()), 'no-spending-limit'],
    ['is held above perOrder', () => check({ price: '100.01', maxPrice: usd('200') }), 'limit-order'],
    ['is allowed at perOrder', () => check({ price: '100' }), undefined],
    [
      'is held by perOrder in another currency',
      () => check({ price: '5 EUR', maxPrice: usd('5 EUR') }),
      'currency-differs',
    ],
    ['is allowed up to perDay', () => check({}, limit({ perDay: usd('40') }), [spent('x', '15')]), undefined],
    [
      'is held above perDay',
      () => check({}, limit({ perDay: usd('40') }), [spent('x', '15.01')]),
      'limit-day',
    ],
    [
      'is not held by what was spent yesterday',
      () => check({}, limit({ perDay: usd('40') }), [spent('x', '15.01', '2026-11-21T23:59:59Z')]),
      undefined,
    ],
    [
      'is held above perMonth',
      () => check({}, limit({ perMonth: usd('40') }), [spent('x', '15.01', '2026-11-01T00:00:00Z')]),
      'limit-month',
    ],
    [
      'is held where money of another currency was spent',
      () => check({}, limit({ perDay: usd('40') }), [spent('x', '1 EUR')]),
      'currency-differs',
    ],
    ['is held at a balance that does not suffice', () => check({ balance: usd('24.99') }), 'balance'],
    ['is allowed at a balance that just suffices', () => check({ balance: usd('25') }), undefined],
    [
      'is held below the minimum balance',
      () => check({ balance: usd('74.99'), minimumBalance: usd('50') }),
      'balance',
    ],
    [
      'is allowed at the minimum balance',
      () => check({ balance: usd('75'), minimumBalance: usd('50') }),
      undefined,
    ],
    ['is held when a minimum cannot be checked', () => check({ minimumBalance: usd('50') }), 'balance'],
    [
      'is held at a balance in another currency',
      () => check({ balance: usd('100 EUR') }),
      'currency-differs',
    ],
    [
      'is held for a minimum in another currency',
      () => check({ balance: usd('100'), minimumBalance: usd('1 EUR') }),
      'currency-differs',
    ],
  ])('%s', (_title, run, code) => {
    expect(run()?.code).toBe(code);
  });

  it('is held where the price is not known, however generous the limits', () => {
    const hold = checkSpending(
      {
        name: 'x',
        provider: 'shop',
        price: { kind: 'unknown', why: 'no answer' },
        policy: effectivePolicy(generous, 'x'),
      },
      openLedger(generous, [], NOW),
    );
    expect(hold).toEqual({ code: 'price-unknown', message: 'the price is not known: no answer' });
  });

  it.each([{ kind: 'free' as const }, { kind: 'known' as const, amount: usd('0'), source: 'test' }])(
    'of nothing is never held: %j',
    (price) => {
      const config = policy();
      const subject = { name: 'x', provider: 'shop', price, policy: effectivePolicy(config, 'x') };
      expect(checkSpending(subject, openLedger(config, [], NOW))).toBeUndefined();
    },
  );

  it("counts a rule's budget over the certificates it matches, and the general one over all", () => {
    const config = policy({
      spending: { perOrder: usd('100'), perMonth: usd('1000') },
      rules: [
        { match: 'team-a/**', perMonth: usd('60'), approval: {} },
        { match: 'team-a/shop', perMonth: usd('900'), approval: {} },
      ],
    });
    const statuses = [spent('team-a/y', '40'), spent('team-b/z', '800')];
    expect(check({ name: 'team-a/shop' }, config, statuses)?.message).toBe(
      '25.00 USD more than the 40.00 USD spent is above perMonth of team-a/** 60.00 USD',
    );
    expect(check({ name: 'team-b/z' }, config, statuses)).toBeUndefined();
    expect(check({ name: 'team-b/z', price: '100' }, config, [...statuses, spent('c', '100')])?.code).toBe(
      'limit-month',
    );
  });

  it('of a batch counts the ones before it, in day, month and balance', () => {
    const config = limit({ perDay: usd('60') });
    const subject = {
      name: 'x',
      provider: 'shop',
      price: { kind: 'known' as const, amount: usd('25'), source: 'test' },
      policy: effectivePolicy(config, 'x'),
    };
    const first = openLedger(config, [], NOW);
    const second = addSpending(first, { name: 'x', provider: 'shop', cost: usd('25') });
    const third = addSpending(second, { name: 'y', provider: 'shop', cost: usd('25') });
    expect([first, second, third].map((ledger) => checkSpending(subject, ledger)?.code)).toEqual([
      undefined,
      undefined,
      'limit-day',
    ]);
    const rich = { ...subject, balance: usd('49') };
    expect([first, second].map((ledger) => checkSpending(rich, ledger)?.code)).toEqual([
      undefined,
      'balance',
    ]);
    const elsewhere = addSpending(first, { name: 'x', provider: 'other', cost: usd('25') });
    expect(checkSpending(rich, elsewhere)).toBeUndefined();
  });

  it('finds a balance less what is just being sent', () => {
    const open = status('y', { intents: [intended('i', 'order', '10')] });
    expect(check({ balance: usd('34.99') }, generous, [open])?.code).toBe('balance');
    expect(check({ balance: usd('35') }, generous, [open])).toBeUndefined();
  });

  it('never spends more than the limits in any order of any batch', () => {
    const config = policy({
      spending: { perOrder: usd('60'), perDay: usd('200') },
      rules: [{ match: 'a/**', perMonth: usd('90'), approval: {} }],
    });
    const purchases = fc.array(
      fc.record({ name: fc.constantFrom('a/x', 'a/y', 'b/x'), cents: fc.integer({ min: 1, max: 7000 }) }),
    );
    fc.assert(
      fc.property(purchases, (batch) => {
        let ledger = openLedger(config, [], NOW);
        const bought = { a: 0, all: 0 };
        for (const { name, cents } of batch) {
          const cost = usd((cents / 100).toFixed(2));
          const price = { kind: 'known' as const, amount: cost, source: 'test' };
          if (checkSpending({ name, provider: 's', price, policy: effectivePolicy(config, name) }, ledger))
            continue;
          ledger = addSpending(ledger, { name, provider: 's', cost });
          bought.all += cents;
          if (name.startsWith('a/')) bought.a += cents;
        }
        expect(bought.all).toBeLessThanOrEqual(20_000);
        expect(bought.a).toBeLessThanOrEqual(9_000);
      }),
    );
  });
});

describe('a charge', () => {
  it.each([
    ['exactly as quoted', '100', '100', undefined, undefined, false],
    ['less than quoted', '100', '90', undefined, undefined, false],
    ['a percent more', '100', '101', undefined, undefined, false],
    ['more than a percent more', '100', '101.01', undefined, undefined, true],
    ['five cents more on a small price', '1', '1.05', undefined, undefined, false],
    ['six cents more on a small price', '1', '1.06', undefined, undefined, true],
    ['with the configured tax', '100', '120', '20', undefined, false],
    ['with more than the configured tax', '100', '121.21', '20', undefined, true],
    ['with a tax nobody configured', '100', '120', undefined, undefined, true],
    ['above the ceiling', '100', '100.5', undefined, '100', true],
    ['at the ceiling', '100', '100', undefined, '100', false],
    ['in another currency', '100', '90 EUR', undefined, undefined, true],
    ['under a ceiling of another currency', '100', '100', undefined, '200 EUR', true],
    ['for what was said to be free', null, '5', undefined, undefined, true],
    ['of nothing for what is free', null, '0', undefined, undefined, false],
    ['of nothing, whatever the ceiling', null, '0', undefined, '5 EUR', false],
  ])(
    '%s: quoted %s, charged %s, tax %s, ceiling %s, too much %s',
    (_title, quoted, charged, tax, ceiling, tooMuch) => {
      const why = chargedTooMuch(
        quoted === null ? null : usd(quoted),
        usd(charged),
        tax,
        ceiling === undefined ? undefined : usd(ceiling),
      );
      expect(why !== undefined).toBe(tooMuch);
    },
  );
});

describe('a purchase agreed at 10.00 USD that was never placed', () => {
  const known = (amount: string, currency = 'USD') =>
    ({ kind: 'known', amount: { amount, currency }, source: 'price call' }) as const;
  it.each([
    ['is sent at the same price', known('10.00'), undefined, '10.00', undefined],
    ['is sent at a lower one', known('9.00'), '10', '10.00', undefined],
    ['is not sent at a higher one', known('10.01'), undefined, '50.00', 'it costs 10.01 USD now, agreed was'],
    [
      'is not sent where the ceiling came down',
      known('9.00'),
      '20',
      '10.00',
      'it costs 10.80 USD, the ceiling',
    ],
    ['is not sent in another currency', known('1.00', 'EUR'), undefined, undefined, 'it costs 1.00 EUR now'],
    ['is not sent at an unknown price', { kind: 'unknown', why: 'no list' }, undefined, undefined, 'no list'],
    ['is sent where it became free', { kind: 'free' }, undefined, '10.00', undefined],
  ] as const)('%s', (_title, now, tax, ceiling, why) => {
    const said = dearerThanAgreed(usd('10.00'), now, tax, ceiling === undefined ? undefined : usd(ceiling));
    if (why === undefined) expect(said).toBeUndefined();
    else expect(said).toContain(why);
  });
});

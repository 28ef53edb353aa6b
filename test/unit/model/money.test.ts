import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addMoney,
  addPercent,
  compareMoney,
  formatMoney,
  isZero,
  type Money,
  money,
  parseMoney,
  subtractMoney,
} from '../../../src/model/money.js';

const usd = (amount: string): Money => money(amount, 'USD');

describe('an amount as a person writes it', () => {
  it.each([
    ['25 USD', '25.00 USD'],
    ['25.5USD', '25.50 USD'],
    [' 25.123 EUR ', '25.123 EUR'],
    ['0.000001 USD', '0.000001 USD'],
    ['007 USD', '7.00 USD'],
    ['25.10 USD', '25.10 USD'],
    ['999999999999.999999 JPY', '999999999999.999999 JPY'],
  ])('%s is %s', (text, formatted) => {
    const value = parseMoney(text);
    expect(value && formatMoney(value)).toBe(formatted);
  });

  it.each([
    '',
    '25',
    'USD',
    '-5 USD',
    '+5 USD',
    '25 usd',
    '25  USD',
    '1,000 USD',
    '.5 USD',
    '5. USD',
    '1e3 USD',
    '25 USDX',
    '0.0000001 USD',
    'NaN USD',
    '$25',
  ])('%j is none', (text) => {
    expect(parseMoney(text)).toBeUndefined();
  });
});

describe('exact money', () => {
  it('adds where floating point does not', () => {
    expect(addMoney(usd('0.1'), usd('0.2'))).toEqual(usd('0.30'));
    expect(subtractMoney(usd('0.3'), usd('0.1'))).toEqual(usd('0.2'));
    expect(subtractMoney(usd('1'), usd('2.5'))?.amount).toBe('-1.50');
  });

  it('never compares, adds or subtracts unlike currencies', () => {
    const eur = money('1', 'EUR');
    expect([compareMoney(usd('1'), eur), addMoney(usd('1'), eur), subtractMoney(usd('1'), eur)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it.each([
    ['9', '10', -1],
    ['10', '10.00', 0],
    ['10.01', '10', 1],
    ['-1', '0', -1],
  ] as const)('compares %s with %s as numbers: %i', (a, b, order) => {
    expect(compareMoney(usd(a), usd(b))).toBe(order);
  });

  it.each([
    ['100', '20', '120.00'],
    ['25', '7.7', '26.925'],
    ['0.01', '19', '0.0119'],
    ['0.000001', '19', '0.000002'],
    ['10', '0', '10.00'],
  ])('%s with %s percent on top is %s, rounded up', (amount, percent, sum) => {
    expect(addPercent(usd(amount), percent).amount).toBe(sum);
  });

  it('knows nothing from something', () => {
    expect([isZero(usd('0')), isZero(usd('0.000')), isZero(usd('0.000001'))]).toEqual([true, true, false]);
  });

  it('writes equal amounts as equal texts, and reads back what it wrote', () => {
    const cents = fc.integer({ min: 0, max: 1e9 });
    fc.assert(
      fc.property(cents, cents, (a, b) => {
        const sum = addMoney(usd((a / 100).toFixed(2)), usd((b / 100).toFixed(2)));
        expect(sum).toEqual(usd(((a + b) / 100).toFixed(2)));
        expect(sum && parseMoney(formatMoney(sum))).toEqual(sum);
        expect(sum && subtractMoney(sum, usd((b / 100).toFixed(2)))).toEqual(usd((a / 100).toFixed(2)));
      }),
    );
  });
});

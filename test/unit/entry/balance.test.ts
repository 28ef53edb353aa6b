import { describe, expect, test } from 'vitest';
import * as balance from '../../../src/entry/cli/balance.js';
import * as products from '../../../src/entry/cli/products.js';
import { openShop } from './shop.js';

const two = {
  'certificates/two.yaml': 'domain: two.example.com\nterm: 2y\n',
  'certificates/watched.yaml': 'domain: watched.example.com\nkey: external\n',
};

describe('balance', () => {
  test('tells what is there and what falls due', async () => {
    const shop = await openShop({ files: two });
    const { code, out } = await shop.call(balance, {}, []);
    expect(out).toBe(
      'ACCOUNT  ENVIRONMENT     BALANCE  NEXT 30 DAYS  NEXT 90 DAYS\n' +
        'paid     REHEARSAL    500.00 USD     28.00 USD     28.00 USD\n',
    );
    expect(code).toBe(0);
    expect((await shop.control.ledger()).filter(({ method }) => method !== 'GET')).toEqual([]);
  });

  test('says what does not reach', async () => {
    const shop = await openShop({ files: two }, { balance: '20.00' });
    const { code, out } = await shop.call(balance, {}, []);
    expect(out).toContain(
      'paid: 8.00 USD short of what the next 30 days need; purchases are held from there on',
    );
    expect(code).toBe(0);
    const told = JSON.parse((await shop.call(balance, {}, [], true)).out);
    expect(told.accounts[0].needs[0]).toEqual({
      days: 30,
      purchases: 2,
      known: [{ amount: '28.00', currency: 'USD' }],
      unknown: 0,
      short: { amount: '8.00', currency: 'USD' },
    });
  });

  test('an account that cannot be asked is one row, and its prices are unknown', async () => {
    const shop = await openShop({ files: two });
    const context = shop.context({ env: { ...shop.context().env, PAID_TOKEN: '' } });
    const code = await balance.run(context, { json: false, identity: [] }, {}, []);
    expect(context.out()).toMatch(/^paid +REHEARSAL +unknown +2 unknown +2 unknown$/m);
    expect(context.out()).toContain('paid: not set: PAID_TOKEN');
    expect(context.out()).toContain('paid: 2 purchases without a known price come on top');
    expect(code).toBe(1);
  });
});

describe('products', () => {
  test('lists every product and term with its price', async () => {
    const shop = await openShop();
    const { code, out } = await shop.call(products, {}, []);
    expect(out).toBe(
      'PRODUCT        CHECKS  WILDCARD  NAMES  TERM      PRICE\n' +
        'paid-multi     DV      no            5  90d    4.00 USD\n' +
        'paid-multi     DV      no            5  1y    10.00 USD\n' +
        'paid-multi     DV      no            5  2y    18.00 USD\n' +
        'paid-wildcard  DV      yes           2  1y    40.00 USD\n' +
        'paid-wildcard  DV      yes           2  2y    75.00 USD\n',
    );
    expect(code).toBe(0);
  });

  test('without credentials tells what it knows, and that prices are unknown', async () => {
    const shop = await openShop();
    const context = shop.context({ env: { ...shop.context().env, PAID_TOKEN: '' } });
    const code = await products.run(context, { json: false, identity: [] }, { match: 'WILD' }, ['paid']);
    expect(context.out()).toBe(
      'PRODUCT        CHECKS  WILDCARD  NAMES  TERM    PRICE\n' +
        'paid-wildcard  DV      yes           2  1y    unknown\n' +
        'paid-wildcard  DV      yes           2  2y    unknown\n' +
        '\npaid: price unknown: not set: PAID_TOKEN\n',
    );
    expect(code).toBe(0);
  });

  test('is JSON where that is wanted, and says when nothing fits', async () => {
    const shop = await openShop();
    const told = JSON.parse((await shop.call(products, { match: 'multi' }, [], true)).out);
    expect(told.products[0]).toEqual({
      account: 'paid',
      product: 'paid-multi',
      vendorCode: 'paid-multi',
      title: 'Paid multi-domain',
      validation: 'dv',
      wildcard: false,
      maxNames: 5,
      term: '90d',
      price: { kind: 'known', amount: { amount: '4.00', currency: 'USD' }, source: 'price call' },
    });
    expect((await shop.call(products, { match: 'gold' }, [])).out).toBe('No product matches.\n');
  });
});

import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/model/json.js';
import {
  type Account,
  account,
  csrOf,
  DAY_MS,
  type Params,
  START_MS,
} from '../../support/sandbox/sectigo.js';
import { describeWith } from '../../support/system.js';

const OWNER = 'owner@shop.example';
const basic: Params = {
  product: '1060',
  days: '365',
  domainName: 'shop.example',
  appRepEmailAddress: OWNER,
  responseFormat: '1',
};
const addOn = (product: string, number: string): Params => ({
  ...basic,
  product,
  previousOrderNumber: number,
});

const code = async (shop: Account, params: Params): Promise<string | undefined> =>
  (await shop.call('AutoApplyOrder', params)).get('errorCode');
const licences = async (shop: Account) => (await shop.control('GET', 'sitelock')) as readonly JsonObject[];

/** A shop that sold SiteLock Basic, and the number of that order. */
async function sold(settings: JsonObject = {}, order: Params = basic) {
  let nowMs = START_MS;
  const shop = await account({ settings, now: () => nowMs });
  const number = (await shop.call('AutoApplyOrder', order)).get('orderNumber') ?? '';
  return {
    shop,
    number,
    pass(days: number) {
      nowMs += days * DAY_MS;
    },
  };
}

describe('website protection is sold', () => {
  it('to a new customer, as the sample of the reference', async () => {
    const shop = await account();
    const placed = await shop.call('AutoApplyOrder', {
      ...basic,
      product: '1059',
      organizationName: 'Shop',
      countryName: 'US',
      appRepForename: 'Ann',
      appRepSurname: 'Lee',
      appRepLoginName: 'ann',
      appRepLoginPassword: 'first secret',
    });
    expect(placed.body).toMatch(
      /^errorCode=0&orderNumber=912345678&totalCost=0\.00&expectedDeliveryTime=1&uniqueValue=\w{8}$/,
    );
    expect(await licences(shop)).toMatchObject([
      { orderNumber: '912345678', domain: 'shop.example', email: OWNER, login: 'ann', autoRenew: true },
    ]);
    expect(JSON.stringify(await licences(shop))).not.toContain('first secret');
    expect(JSON.stringify(shop.ledger())).not.toContain('first');
  });

  it('for a further site, an add-on and a renewal of the customer of an earlier order', async () => {
    const { shop, number, pass } = await sold();
    expect(await code(shop, { ...addOn('1060', number), domainName: 'second.example' })).toBe('0');
    expect(await code(shop, addOn('1071', number))).toBe('0');
    pass(340);
    expect(await code(shop, addOn('1060', number))).toBe('0');
    expect(shop.purchases().map(({ product, amount }) => [product, amount])).toEqual([
      ['1060/365', '49.00'],
      ['1060/365', '49.00'],
      ['1071/365', '39.00'],
      ['1060/365', '49.00'],
    ]);
    expect((await shop.call('getAccountBalance')).body).toContain('\n814.00\n');
  });

  it('once, without days', async () => {
    const shop = await account();
    const { days: _days, ...rest } = basic;
    const once: Params = { ...rest, product: '1082' };
    expect(await code(shop, { ...once, days: '365' })).toBe('-4');
    expect(await code(shop, once)).toBe('0');
    expect(await licences(shop)).toMatchObject([{ days: null, end: null, cost: '149.00' }]);
  });
});

describe('an order for website protection is refused', () => {
  const cases: Readonly<Record<string, { order: Params; code: string; settings?: JsonObject }>> = {
    'with a reference of the buyer': { order: { ...basic, foreignOrderNumber: 'cw-1' }, code: '-2' },
    'with a certificate request': { order: { ...basic, csr: 'x' }, code: '-2' },
    'without an e-mail': { order: { ...basic, appRepEmailAddress: '' }, code: '-3' },
    'without days': { order: { ...basic, days: '' }, code: '-3' },
    'for an e-mail that is none': { order: { ...basic, appRepEmailAddress: 'owner' }, code: '-4' },
    'for several products at once': { order: { ...basic, product: '1060,1071' }, code: '-4' },
    'for the bundle alone': { order: { ...basic, product: '1072' }, code: '-124' },
    'for days that are not sold': { order: { ...basic, days: '90' }, code: '-115' },
    'for an account that is not activated': {
      order: basic,
      code: '-76',
      settings: { siteLockActive: false },
    },
    'for an add-on without a licence': { order: { ...basic, product: '1071' }, code: '-3' },
    'without credit': { order: basic, code: '-15', settings: { openingBalance: '1.00' } },
  };
  it.each(Object.entries(cases))('%s', async (_title, { order, code: wanted, settings }) => {
    const shop = await account(settings === undefined ? {} : { settings });
    expect(await code(shop, order)).toBe(wanted);
    expect(shop.purchases()).toEqual([]);
  });

  const second: Readonly<Record<string, { order: (number: string) => Params; code: string }>> = {
    'for a domain that is known': {
      order: () => ({ ...basic, appRepEmailAddress: 'other@shop.example' }),
      code: '-122',
    },
    'for a customer who is known': { order: () => ({ ...basic, domainName: 'b.example' }), code: '-122' },
    'for another plan of a site that has one': { order: (n) => addOn('1061', n), code: '-122' },
    'for an add-on that is there': { order: (n) => addOn('1078', n), code: '-122' },
    'for a renewal before the last thirty days': { order: (n) => addOn('1060', n), code: '-121' },
    'for an add-on of another site': {
      order: (n) => ({ ...addOn('1071', n), domainName: 'b.example' }),
      code: '-4',
    },
    'for the customer of another e-mail': {
      order: (n) => ({ ...addOn('1071', n), appRepEmailAddress: 'x@shop.example' }),
      code: '-4',
    },
    'for the customer of an order nobody placed': { order: () => addOn('1071', '1'), code: '-4' },
  };
  it.each(Object.entries(second))('%s', async (_title, { order, code: wanted }) => {
    const { shop, number } = await sold();
    await shop.call('AutoApplyOrder', addOn('1078', number));
    expect(await code(shop, order(number))).toBe(wanted);
    expect(shop.purchases()).toHaveLength(2);
  });

  it('for an add-on below the plan', async () => {
    const { shop, number } = await sold({}, { ...basic, product: '1061' });
    expect(await code(shop, addOn('1068', number))).toBe('-121');
    expect(await code(shop, addOn('1069', number))).toBe('0');
  });

  it('for a known customer by the other code that is documented', async () => {
    const { shop } = await sold({ siteLockKnownCode: -4 });
    expect(await code(shop, basic)).toBe('-4');
  });
});

describe('a licence ends', () => {
  const cancel = (orderNumber: string, product = '1060'): Params => ({
    orderNumber,
    product,
    action: 'CANCELLICENCE',
  });

  it('when it is cancelled, with its add-ons and its money, inside the period', async () => {
    const { shop, number } = await sold();
    await shop.call('AutoApplyOrder', addOn('1071', number));
    expect((await shop.call('modifyThirdPartyDetails', cancel(number))).body).toBe('errorCode=0');
    expect((await licences(shop)).map(({ state }) => state)).toEqual(['refunded', 'cancelled']);
    expect((await shop.call('getAccountBalance')).body).toContain('\n961.00\n');
    expect((await shop.call('modifyThirdPartyDetails', cancel(number))).get('errorCode')).toBe('-18');
  });

  it('without its money after the period, and of an add-on always', async () => {
    const { shop, number, pass } = await sold();
    const added = (await shop.call('AutoApplyOrder', addOn('1071', number))).get('orderNumber') ?? '';
    expect((await shop.call('modifyThirdPartyDetails', cancel(added, '1071'))).get('errorCode')).toBe('0');
    expect((await shop.call('modifyThirdPartyDetails', cancel(added, '1071'))).get('errorCode')).toBe('-20');
    pass(15);
    const refund = { orderNumber: number, refundReasonCode: '11' };
    expect((await shop.call('AutoRefund', refund)).body).toMatch(/^-4\n/);
    expect((await shop.call('modifyThirdPartyDetails', cancel(number))).get('errorCode')).toBe('0');
    expect((await shop.call('getAccountBalance')).body).toContain('\n912.00\n');
  });

  it('by a refund, inside the period', async () => {
    const { shop, number } = await sold();
    const refund = { orderNumber: number, refundReasonCode: '11' };
    expect((await shop.call('AutoRefund', refund)).body).toBe('0\n');
    expect((await shop.call('getAccountBalance')).body).toContain('\n1000.00\n');
  });

  it('not, where it renews itself, as long as there is money', async () => {
    const { shop, pass } = await sold({ openingBalance: '10.00' }, { ...basic, days: '30' });
    pass(65);
    await shop.call('getAccountBalance');
    expect(shop.purchases()).toHaveLength(2);
    expect((await shop.call('getAccountBalance')).body).toContain('\n0.02\n');
    const quiet = await sold({}, { ...basic, days: '30', enableAutoRenew: 'N' });
    quiet.pass(65);
    await quiet.shop.call('getAccountBalance');
    expect(quiet.shop.purchases()).toHaveLength(1);
  });
});

describeWith(['openssl'], 'the bundle of a certificate', () => {
  const order = async (params: Params = {}): Promise<Params> => ({
    product: '287',
    days: '365',
    isCustomerValidated: 'N',
    serverSoftware: '-1',
    csr: (await csrOf('/CN=shop.example')).pem,
    dcvMethod: 'CNAME_CSR_HASH',
    appRepEmailAddress: OWNER,
    responseFormat: '1',
    ...params,
  });

  it('comes silently, makes the site known, and goes with a refund', async () => {
    const shop = await account();
    expect(await code(shop, await order())).toBe('0');
    expect(await licences(shop)).toMatchObject([{ product: '1072', domain: 'shop.example', email: OWNER }]);
    expect(await code(shop, basic)).toBe('-122');
    await shop.call('AutoRefund', { orderNumber: '912345678', refundReasonCode: '11' });
    expect(await licences(shop)).toMatchObject([{ state: 'cancelled' }]);
  });

  it('stays out where it is declined, and refuses the certificate of a customer who is known', async () => {
    const { shop } = await sold();
    expect(await code(shop, await order({ disableSiteLock: 'Y' }))).toBe('0');
    expect(await code(shop, await order())).toBe('-122');
    await shop.control('POST', 'settings', { bundleForKnown: 'join' });
    expect(await code(shop, await order())).toBe('0');
    expect(await licences(shop)).toHaveLength(1);
  });
});

describe('the report of orders', () => {
  it('shows licences only where it is told to, and what they are only with its words', async () => {
    const { shop, number } = await sold();
    const look = { fqdn: 'shop.example', showCost: 'Y' };
    const report = async () => (await shop.call('WebHostReport', look)).body;
    expect(await report()).toBe('error_code=0&noOfResults=0');
    await shop.control('POST', 'settings', { reportShowsSiteLock: true });
    expect(await report()).toBe(
      `error_code=0&noOfResults=1&1_orderNumber=${number}&1_dateTime=1781105400&1_cost=49.00&1_1_domain=shop.example`,
    );
    await shop.control('POST', 'settings', { statusTexts: true, productTermDates: 'date' });
    expect(await report()).toContain(
      '&1_1_type=1060&1_1_domain=shop.example&1_1_status=Issued&1_1_productTermStartDate=2026-06-10',
    );
  });
});

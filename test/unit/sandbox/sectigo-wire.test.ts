import { request } from 'undici';
import { describe, expect, it } from 'vitest';
import {
  type Account,
  account,
  digestsOf,
  EXAMPLE,
  LOGIN,
  orderOf,
  type Params,
  post,
} from '../../support/sandbox/sectigo.js';

const form = (params: Params): string => new URLSearchParams(params).toString();
const WRONG_LOGIN =
  'Incorrect login details, account is locked, password has expired or your source IP is blocked.';

describe('the transport', () => {
  it('knows the worked example', () => {
    expect(digestsOf(EXAMPLE.pem)).toEqual({ md5: EXAMPLE.md5, sha256: EXAMPLE.sha256 });
  });

  it.each([
    ['/products/!getAccountBalance', 'the documented path'],
    ['/products/%21getAccountBalance', 'an escaped exclamation mark'],
    ['/products/getAccountBalance', 'no exclamation mark'],
    ['/products/!GETACCOUNTBALANCE', 'another case'],
    ['/products/!getAccountBalance?', 'an empty query'],
  ])('takes %s: %s', async (path) => {
    const shop = await account();
    const reply = await post(shop.url + path, form(LOGIN));
    expect([reply.status, reply.type, reply.body]).toEqual([
      200,
      'text/plain',
      '0\n100001\nUSD\n1000.00\n0.00\n',
    ]);
  });

  it('takes names of parameters in any case', async () => {
    const shop = await account();
    const body = form({
      LOGINNAME: LOGIN.loginName,
      loginpassword: LOGIN.loginPassword,
      RESPONSEFORMAT: '1',
    });
    const reply = await post(`${shop.url}/products/!getAccountBalance`, body);
    expect([reply.type, reply.body]).toEqual([
      'application/x-www-form-urlencoded',
      'errorCode=0&accountID=100001&currency=USD&availableCredit=1000.00&hardCreditLimit=0.00',
    ]);
  });

  it('answers GET with -17 and HTTP 200', async () => {
    const shop = await account();
    const reply = await request(`${shop.url}/products/!getAccountBalance`);
    expect([reply.statusCode, await reply.body.text()]).toEqual([
      200,
      '-17\nRequest used GET rather than POST!\n',
    ]);
  });

  it('does not read parameters from the address', async () => {
    const shop = await account();
    const reply = await post(`${shop.url}/products/!getAccountBalance?responseFormat=1`, form(LOGIN));
    expect(reply.body).toBe("-2\n'responseFormat' is an unrecognised argument!\n");
  });

  it('finds no parameters in a body that is no form', async () => {
    const shop = await account();
    const reply = await post(`${shop.url}/products/!getAccountBalance`, form(LOGIN), {
      'content-type': 'application/json',
    });
    expect(reply.body).toBe("-3\nThe 'loginName' argument is missing!\n");
  });

  it.each([
    '/',
    '/products/!GetDetailedOrderStatus',
    '/products/!CollectSSL',
    '/products/download/!CollectSSL',
  ])('has nothing at %s', async (path) => {
    const shop = await account();
    expect((await post(shop.url + path, form(LOGIN))).status).toBe(404);
  });

  it('dates its replies by its own clock', async () => {
    const shop = await account();
    shop.clock.set(Date.UTC(2031, 0, 2, 3, 4, 5));
    expect((await shop.call('getAccountBalance')).date).toBe('Thu, 02 Jan 2031 03:04:05 GMT');
  });
});

const order = orderOf(EXAMPLE);
const without = (params: Params, ...names: readonly string[]): Params =>
  Object.fromEntries(Object.entries(params).filter(([name]) => !names.includes(name)));

describe('the order of the checks', () => {
  const steps: readonly (readonly [string, Params, string])[] = [
    [
      'an unknown argument before a missing one',
      { ...without(order, 'days'), loginName: 'x', spam: '1' },
      '-2',
    ],
    [
      'a missing argument before a wrong login',
      { ...without(order, 'days'), loginName: 'x', dcvMethod: 'X' },
      '-3',
    ],
    ['a wrong login before a wrong value', { ...order, loginName: 'x', dcvMethod: 'X' }, '-16'],
    ['a wrong value before a wrong request', { ...order, dcvMethod: 'X', csr: '?' }, '-4'],
    ['a wrong country before a wrong request', { ...order, countryName: 'ZY', csr: '?' }, '-7'],
    ['a wrong request before a missing price', { ...order, csr: '?', days: '366' }, '-9'],
    ['a missing price before missing credit', { ...order, days: '366' }, '-115'],
    ['missing credit last', order, '-15'],
  ];
  it.each(steps)('puts %s', async (_title, params, code) => {
    const shop = await account({ settings: { openingBalance: '1.00' } });
    const reply = await shop.call('AutoApplyOrder', { ...params, responseFormat: '1' });
    expect(reply.get('errorCode')).toBe(code);
    expect(shop.purchases()).toEqual([]);
  });
});

/** Operation, parameters beside the login, exact body. */
const refusals: Readonly<Record<string, readonly [operation: string, params: Params, body: string]>> = {
  'a missing CSR, in the form of the documentation': [
    'AutoApplyOrder',
    { ...without(order, 'csr'), responseFormat: '1' },
    'errorCode=-3&errorMessage=The+%27csr%27+argument+is+missing%21',
  ],
  'an unknown argument of an order': [
    'AutoApplyOrder',
    { ...order, years: '1' },
    "-2\n'years' is an unrecognised argument!\n",
  ],
  'a responseFormat where there is none': [
    'AutoUpdateDCV',
    { orderNumber: '1', newMethod: 'EMAIL', responseFormat: '1' },
    'errorCode=-2&errorMessage=%27responseFormat%27+is+an+unrecognised+argument%21',
  ],
  'test=Y where there is none': [
    'AutoUpdateDCV',
    { orderNumber: '1', newMethod: 'EMAIL', test: 'Y' },
    'errorCode=-2&errorMessage=%27test%27+is+an+unrecognised+argument%21',
  ],
  'showCertificateID on CollectSSL': [
    'CollectSSL',
    { orderNumber: '1', queryType: '0', showCertificateID: 'Y' },
    "-2\n'showCertificateID' is an unrecognised argument!\n",
  ],
  'a responseFormat of AutoReject': [
    'AutoReject',
    { orderNumber: '1', responseFormat: '1' },
    "-2\n'responseFormat' is an unrecognised argument!\n",
  ],
  'a responseFormat of a report, whose error has no text': [
    'WebHostReport',
    { responseFormat: '1' },
    'error_code=-2',
  ],
  'a login in another case': [
    'getAccountBalance',
    { loginPassword: LOGIN.loginPassword.toLowerCase() },
    `-16\n${WRONG_LOGIN}\n`,
  ],
  'a report with a wrong login': ['WebHostReport', { loginName: 'nobody' }, 'error_code=-16'],
  'an empty required argument': [
    'AutoReject',
    { orderNumber: '' },
    "-3\nThe 'orderNumber' argument is missing!\n",
  ],
  'no order number at all': [
    'CollectSSL',
    { queryType: '0' },
    "-3\nThe 'orderNumber' argument is missing!\n",
  ],
  'an order nobody placed': [
    'CollectSSL',
    { orderNumber: '1', queryType: '0' },
    "-4\nThe value of the 'orderNumber' argument is invalid!\n",
  ],
  'a certificate nobody ordered': [
    'CollectSSL',
    { certificateID: '1', queryType: '0' },
    "-4\nThe value of the 'certificateID' argument is invalid!\n",
  ],
  'a query type that is none': [
    'CollectSSL',
    { orderNumber: '1', queryType: '4', responseFormat: '1' },
    'errorCode=-4&errorMessage=The+value+of+the+%27queryType%27+argument+is+invalid%21',
  ],
  'a ZIP archive, which is not made here': [
    'CollectSSL',
    { orderNumber: '1', queryType: '1', responseType: '0' },
    "-4\nThe value of the 'responseType' argument is invalid!\n",
  ],
  'a reissue of nothing': [
    'AutoReplaceSSL',
    { orderNumber: '1', isCustomerValidated: 'N', responseFormat: '1' },
    'errorCode=-4&errorMessage=The+value+of+the+%27orderNumber%27+argument+is+invalid%21',
  ],
  'a refund without a reason': [
    'AutoRefund',
    { orderNumber: '1' },
    "-3\nThe 'refundReasonCode' argument is missing!\n",
  ],
  'a refund for a reason that is none': [
    'AutoRefund',
    { orderNumber: '1', refundReasonCode: '12' },
    "-4\nThe value of the 'refundReasonCode' argument is invalid!\n",
  ],
  'the JSON form of the balance, whose layout nobody knows': [
    'getAccountBalance',
    { responseFormat: '2' },
    "-4\nThe value of the 'responseFormat' argument is invalid!\n",
  ],
  'a country that is none': [
    'AutoApplyOrder',
    { ...order, countryName: 'XX' },
    "-7\n'XX' is not a valid ISO-3166 country!\n",
  ],
  'a second main product': [
    'AutoApplyOrder',
    { ...order, product: '287,289' },
    "-4\nThe value of the 'product' argument is invalid!\n",
  ],
  'a product nobody sells': [
    'AutoApplyOrder',
    { ...order, product: '99999' },
    '-115\nNo price found! Contact Support!\n',
  ],
  'a SiteLock add-on': [
    'AutoApplyOrder',
    { ...order, product: '287,1071' },
    '-115\nNo price found! Contact Support!\n',
  ],
  'a term that is not sold': [
    'AutoApplyOrder',
    { ...order, days: '199' },
    '-115\nNo price found! Contact Support!\n',
  ],
  'a token with a sign in it': [
    'AutoApplyOrder',
    { ...order, uniqueValue: 'a-b' },
    "-4\nThe value of the 'uniqueValue' argument is invalid!\n",
  ],
  'a token that is too long': [
    'AutoApplyOrder',
    { ...order, uniqueValue: 'a'.repeat(21) },
    "-4\nThe value of the 'uniqueValue' argument is invalid!\n",
  ],
  'a test order where the account has none': [
    'AutoApplyOrder',
    { ...order, test: 'Y' },
    `-16\n${WRONG_LOGIN}\n`,
  ],
};

describe('a refusal', () => {
  it.each(Object.entries(refusals))('of %s', async (_title, [operation, params, body]) => {
    const shop = await account();
    const reply = await shop.call(operation, params);
    expect([reply.status, reply.body]).toEqual([200, body]);
    expect(shop.purchases()).toEqual([]);
  });

  it('of an argument that came twice', async () => {
    const shop = await account();
    const reply = await post(`${shop.url}/products/!getAccountBalance`, `${form(LOGIN)}&loginname=acme`);
    expect(reply.body).toBe("-4\nThe value of the 'loginName' argument is invalid!\n");
  });

  it('of everything while the account is locked', async () => {
    const shop: Account = await account({ settings: { accountLocked: true } });
    expect((await shop.call('getAccountBalance')).body).toBe(`-16\n${WRONG_LOGIN}\n`);
  });
});

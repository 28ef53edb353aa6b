import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../../src/model/json.js';
import { money } from '../../../../src/model/money.js';
import type { LicenceRequest, OrderRequest } from '../../../../src/model/order.js';
import { Secret } from '../../../../src/model/secret.js';
import { licenceParameters } from '../../../../src/providers/sectigo/licence-request.js';
import { failureOf } from '../../../conformance/failure.js';
import { scriptedAccount } from './account.js';

const licenceRequest = (over: Partial<OrderRequest> & { licence: LicenceRequest }): OrderRequest => {
  const names = over.names ?? ['shop.example'];
  return {
    action: 'order',
    reference: 'cwk3v9x2-local',
    product: 'sitelock-basic',
    term: '1y',
    names,
    commonName: names[0] ?? '',
    validation: [],
    options: {},
    unique: {},
    autoRenew: false,
    ...over,
  };
};
const sentFor = (request: OrderRequest, customer: JsonObject, password?: Secret) =>
  Object.fromEntries(
    Object.entries(licenceParameters(request, customer, password)).filter(([, value]) => value !== undefined),
  );
const main: LicenceRequest = { role: 'main' };
const OWNER = { email: 'owner@shop.example' };

/** The samples of the vendor's page, credentials left out and the masked e-mail put back. */
const SAMPLES = {
  1: 'product=1059&days=365&domainName=shop.example&appRepEmailAddress=owner%40shop.example&organizationName=Shop&countryName=US&appRepForename=Ann&appRepSurname=Lee&responseFormat=1',
  3: 'product=1060&days=365&domainName=second.example&appRepEmailAddress=owner%40shop.example&previousOrderNumber=3055120&responseFormat=1',
  4: 'product=1071&days=365&domainName=shop.example&appRepEmailAddress=owner%40shop.example&previousOrderNumber=3055120&responseFormat=1',
  5: 'product=1060&days=30&domainName=third.example&appRepEmailAddress=owner%40third.example&enableAutoRenew=N&responseFormat=1',
} as const;
const sample = (flow: keyof typeof SAMPLES) => Object.fromEntries(new URLSearchParams(SAMPLES[flow]));
/** Said with every order of ours: an account's own setting would renew what nobody approved. */
const NO_RENEWAL = { enableAutoRenew: 'N' };

describe('the flows are sent as the samples of the reference', () => {
  const previousOrder = '3055120';
  it('1: a new customer', () => {
    const customer = { ...OWNER, organization: 'Shop', country: 'US', firstName: 'Ann', lastName: 'Lee' };
    const request = licenceRequest({ product: 'sitelock-monitor', licence: main });
    expect(sentFor(request, customer)).toEqual({ ...sample(1), ...NO_RENEWAL });
  });

  it('3: another site of a customer', () => {
    const request = licenceRequest({ names: ['second.example'], licence: { ...main, previousOrder } });
    expect(sentFor(request, OWNER)).toEqual({ ...sample(3), ...NO_RENEWAL });
  });

  it('4: an add-on', () => {
    const request = licenceRequest({ product: 'trueshield', licence: { role: 'add-on', previousOrder } });
    expect(sentFor(request, OWNER)).toEqual({ ...sample(4), ...NO_RENEWAL });
  });

  it('5: who renews is said, and by whom', () => {
    const request = licenceRequest({ names: ['third.example'], term: '30d', licence: main });
    const customer = { email: 'owner@third.example' };
    expect(sentFor(request, customer)).toEqual(sample(5));
    expect(sentFor({ ...request, autoRenew: true }, customer)).toEqual({
      ...sample(5),
      enableAutoRenew: 'Y',
    });
  });

  it('6: a renewal names the order it continues, and describes nobody', () => {
    const request = licenceRequest({ action: 'renew', licence: { ...main, previousOrder } });
    const customer = { ...OWNER, lastName: 'Lee', organization: 'Shop' };
    const { domainName: _other, ...third } = sample(3);
    const wanted = { ...third, ...NO_RENEWAL, domainName: 'shop.example' };
    expect(sentFor(request, customer, new Secret('first'))).toEqual(wanted);
  });
});

it('every part of a new customer has its parameter, and the password stays a secret until it is sent', () => {
  const customer = {
    ...OWNER,
    firstName: 'Ann',
    lastName: 'Lee',
    organization: 'Shop',
    street: '1 High St',
    state: 'Oregon',
    postalCode: '97477',
    country: 'US',
    login: 'ann',
  };
  const sent = sentFor(licenceRequest({ licence: main }), customer, new Secret('first secret'));
  expect(sent).toMatchObject({
    organizationName: 'Shop',
    streetAddress1: '1 High St',
    stateOrProvinceName: 'Oregon',
    postalCode: '97477',
    countryName: 'US',
    appRepForename: 'Ann',
    appRepSurname: 'Lee',
    appRepLoginName: 'ann',
  });
  expect(sent.appRepLoginPassword).toBeInstanceOf(Secret);
});

it('what is sold once is ordered without days', () => {
  const { term: _term, ...once } = licenceRequest({ product: 'sitelock-911', licence: main });
  expect(sentFor(once, OWNER)).not.toHaveProperty('days');
});

it('without an e-mail nothing is sent', () => {
  const request = licenceRequest({ licence: main });
  expect(() => sentFor(request, { email: ' ' })).toThrow('no e-mail of the customer of shop.example');
});

async function seller() {
  const account = await scriptedAccount({
    prices: {
      'sitelock-basic': { '1y': { base: money('49', 'USD'), names: 1 } },
      'sitelock-911': { once: { base: money('149', 'USD'), names: 1 } },
    },
  });
  const { licenser } = account.provider;
  const [place] = licenser?.place ?? [];
  const [cancel] = licenser?.cancel ?? [];
  if (!licenser || !place || !cancel) throw new Error('it sells none');
  const request = licenceRequest({ licence: main });
  const context = { request, before: {}, results: {}, contacts: OWNER };
  return { ...account, licenser, place, cancel, request, context };
}

describe('an order', () => {
  it('is there with its reply; a password comes back in no error and no log line', async () => {
    const { place, context, on, sent, log } = await seller();
    on(
      '!AutoApplyOrder',
      'errorCode=0&orderNumber=3055120&totalCost=149.00&expectedDeliveryTime=1&uniqueValue=Qx81LmTa',
    );
    const password = new Secret('first canary');
    const outcome = await place.run({ ...context, password }, () => undefined);
    expect(outcome).toMatchObject({ orderId: '3055120', charged: money('149.00', 'USD') });
    expect(sent('!AutoApplyOrder')[0]).toMatchObject({ appRepLoginPassword: 'first canary' });
    on('!AutoApplyOrder', 'errorCode=-4&errorMessage=The+value+first+canary+is+invalid%21');
    const error = await failureOf(place.run({ ...context, password }, () => undefined));
    expect(JSON.stringify([error.message, error.providerText, log.lines])).not.toContain('first canary');
  });

  it('that is answered with the number of an earlier one is in doubt: the next run would order it again', async () => {
    const { place, context, on } = await seller();
    on('!AutoApplyOrder', 'errorCode=0&orderNumber=3055120&totalCost=39.00');
    const licence: LicenceRequest = { role: 'add-on', previousOrder: '3055120' };
    const request = licenceRequest({ product: 'trueshield', licence });
    const doubt = { code: 'wire.unexpected', effect: 'unknown' };
    expect(await failureOf(place.run({ ...context, request }, () => undefined))).toMatchObject(doubt);
    const before = { orders: ['3055120'] };
    expect(await failureOf(place.run({ ...context, before }, () => undefined))).toMatchObject(doubt);
  });

  const refusals: Readonly<Record<string, string>> = {
    '-76': 'has not activated SiteLock for this account',
    '-115': 'has no price for this product and term in the account',
    '-121': 'takes no add-on below the plan, and no renewal before the last 30 days',
    '-122': 'knows this site or this customer already',
    '-124': 'sells the bundle with a certificate only',
    '-4': 'or knows the site or the customer already',
  };
  it.each(Object.entries(refusals))('is refused for certain by %s', async (code, says) => {
    const { place, context, on } = await seller();
    on('!AutoApplyOrder', `errorCode=${code}&errorMessage=no`);
    const error = await failureOf(place.run(context, () => undefined));
    expect(error).toMatchObject({ code: 'provider.refused', effect: 'none' });
    expect(error.message).toContain(says);
    if (code === '-122' || code === '-4') expect(error.remedy).toContain('adopt: { order: … }');
  });

  it('whose answer nobody documents may have bought', async () => {
    const { place, context, on } = await seller();
    on('!AutoApplyOrder', 'errorCode=-777');
    expect(await failureOf(place.run(context, () => undefined))).toMatchObject({ effect: 'unknown' });
  });

  it('costs what the configuration says, once or by the term', async () => {
    const { provider } = await seller();
    const subject = { action: 'order', names: ['shop.example'] } as const;
    const basic = { ...subject, product: 'sitelock-basic', term: { unit: 'year', count: 1 } } as const;
    expect((await provider.quote(basic)).price).toMatchObject({ amount: money('49', 'USD') });
    const once = await provider.quote({ ...subject, product: 'sitelock-911' });
    expect(once.price).toMatchObject({ amount: money('149', 'USD') });
    const unpriced = await provider.quote({ ...subject, product: 'trueshield', term: basic.term });
    expect(unpriced.price.kind).toBe('unknown');
  });
});

const report = (...rows: readonly string[]): string =>
  [`error_code=0&noOfResults=${rows.length}`, ...rows].join('&');
const at = (seconds: number) => `dateTime=${seconds}`;

describe('after a lost reply', () => {
  const sentAtMs = 1_780_000_000_000;
  const cases: Readonly<Record<string, { rows: readonly string[]; found?: string; candidates?: string[] }>> =
    {
      'the one new order of this product is found': {
        rows: ['1_orderNumber=1&1_1_type=1060', '2_orderNumber=2&2_cost=49.00&2_1_type=1060'],
        found: '2',
      },
      'an order that was there before is none': {
        rows: ['1_orderNumber=1&1_1_type=1060'],
        candidates: [],
      },
      'an order from before the call is none': {
        rows: [`1_orderNumber=2&1_${at(1_779_000_000)}&1_1_type=1060`],
        candidates: [],
      },
      'another product and a certificate are none': {
        rows: [
          '1_orderNumber=2&1_1_type=1071',
          '2_orderNumber=3&2_1_type=287',
          '3_orderNumber=4&3_1_certificateID=9',
        ],
        candidates: [],
      },
      'an order whose product is not told is for a person to judge': {
        rows: [`1_orderNumber=2&1_${at(1_780_000_000)}&1_1_domain=shop.example`],
        candidates: ['2'],
      },
      'two new ones are for a person to judge': {
        rows: ['1_orderNumber=2&1_1_type=1060', '2_orderNumber=3&2_1_type=1060'],
        candidates: ['2', '3'],
      },
      'an empty report proves nothing': { rows: [], candidates: [] },
    };
  it.each(Object.entries(cases))('%s', async (_title, { rows, found, candidates }) => {
    const { place, context, on, sent } = await seller();
    on('!WebHostReport', report('1_orderNumber=1&1_1_type=1060'));
    const before = (await place.before?.(context.request)) ?? {};
    expect(before).toEqual({ orders: ['1'] });
    on('!WebHostReport', report(...rows));
    const looked = await place.lookUp({ ...context, before, sentAtMs });
    expect(sent('!WebHostReport')[0]).toMatchObject({ fqdn: 'shop.example' });
    if (found === undefined) expect(looked).toMatchObject({ kind: 'cannot-tell', candidates });
    else
      expect(looked).toMatchObject({
        kind: 'found',
        outcome: { orderId: found, charged: money('49', 'USD') },
      });
  });
});

describe('a cancellation', () => {
  const predecessor = { orderId: '3055120', ids: ['3055120'] };
  const cancelled = licenceRequest({
    action: 'cancel',
    product: 'trueshield',
    predecessor,
    licence: { role: 'add-on' },
  });
  const context = { request: cancelled, before: {}, results: {} };

  it.each(['0', '-18', '-20'])('that is answered %s is done', async (code) => {
    const { cancel, on, sent } = await seller();
    on('!modifyThirdPartyDetails', `errorCode=${code}`);
    expect(await cancel.run(context, () => undefined)).toMatchObject({ orderId: '3055120' });
    expect(sent('!modifyThirdPartyDetails')[0]).toMatchObject({
      orderNumber: '3055120',
      product: '1071',
      action: 'CANCELLICENCE',
    });
  });

  it('that is in doubt may be made again, and costs nothing', async () => {
    const { cancel, on } = await seller();
    expect(cancel).toMatchObject({ paid: false, repeatable: true });
    on('!WebHostReport', report('1_orderNumber=3055120&1_1_type=1071'));
    expect(await cancel.lookUp({ ...context, sentAtMs: 0 })).toMatchObject({ kind: 'cannot-tell' });
  });
});

describe('what the account shows', () => {
  it('of a site is what is of the product, or may be', async () => {
    const { licenser, on } = await seller();
    on(
      '!WebHostReport',
      report(
        '1_orderNumber=1&1_1_type=1060&1_1_domain=shop.example&1_1_productTermEndDate=2027-06-10',
        '2_orderNumber=2&2_1_domain=shop.example',
        '3_orderNumber=3&3_1_type=1071',
        '4_orderNumber=4&4_1_certificateID=7',
      ),
    );
    const orders = await licenser.ordersOf('shop.example', 'sitelock-basic');
    expect(orders).toMatchObject([
      { id: '1', product: 'sitelock-basic', state: 'issued', paidTill: '2027-06-10T23:59:59Z' },
      { id: '2', product: 'sitelock-basic', state: 'issued' },
    ]);
    expect(await licenser.getOrder('2', 'sitelock-pro')).toMatchObject({ product: 'sitelock-pro' });
    expect(await failureOf(licenser.getOrder('4', 'sitelock-pro'))).toMatchObject({
      code: 'order.ambiguous',
    });
    expect(await failureOf(licenser.getOrder('9', 'sitelock-pro'))).toMatchObject({
      code: 'order.not-found',
    });
  });

  it('in a list is told apart from certificates, also where no call for these knows it', async () => {
    const { provider, on } = await seller();
    on(
      '!WebHostReport',
      report('1_orderNumber=1&1_1_type=1060&1_1_domain=a.example', '2_orderNumber=2&2_1_domain=b.example'),
    );
    on('!GetMDCDomainDetails', 'errorCode=-4&errorMessage=no');
    on('download/CollectSSL', 'errorCode=-4&errorMessage=no');
    const all = [];
    for await (const { id, product, names, stateTold } of provider.list?.({}) ?? []) {
      all.push({ id, product, names, stateTold });
    }
    expect(all).toEqual([
      { id: '1', product: 'sitelock-basic', names: ['a.example'], stateTold: false },
      { id: '2', product: 'unknown', names: ['b.example'], stateTold: false },
    ]);
    const forOne = [];
    for await (const { id } of provider.list?.({
      product: 'positivessl',
      names: ['a.example', 'b.example'],
    }) ?? [])
      forOne.push(id);
    expect(forOne, 'what is not told may be a certificate').toEqual(['2']);
  });
});

it('in test mode none is sold, and none comes with a certificate: such orders would be real', async () => {
  const { provider } = await scriptedAccount({ environment: 'test' });
  expect(provider).not.toHaveProperty('licenser');
  expect(provider).not.toHaveProperty('licences');
  expect(provider.capabilities.licences).toBeUndefined();
});

import { describe, expect, it } from 'vitest';
import type { OrderRequest } from '../../../../src/model/order.js';
import { PRODUCTS } from '../../../../src/providers/sectigo/products.js';
import { orderParameters, replaceParameters } from '../../../../src/providers/sectigo/request.js';
import { CSR, request } from './samples.js';

const sentFor = (over: Partial<OrderRequest>, contacts = {}, testMode = false) =>
  Object.fromEntries(
    Object.entries(orderParameters(request(over), contacts, testMode)).filter(([, v]) => v !== undefined),
  );

const ACME = {
  organization: {
    name: 'Acme Inc',
    street: '1 High St',
    city: 'Springfield',
    state: 'Oregon',
    postalCode: '97477',
    country: 'US',
    registration: '123456',
    duns: '987654321',
  },
  admin: { firstName: 'Ann', lastName: 'Lee', email: 'ann@example.com', phone: '+1 555 0100', title: 'CIO' },
};

const MANY = ['example.com', 'a.example.com', 'b.example.com'];

/** Documented for `!AutoApplyOrder`; anything else is refused with -2. */
const ORDER_PARAMETERS = new Set(
  `product days isCustomerValidated serverSoftware csr dcvMethod dcvEmailAddress dcvEmailAddresses uniqueValue domainNames
  primaryDomainName prioritiseCSRValues organizationName streetAddress1 localityName stateOrProvinceName postalCode
  countryName companyNumber dunsNumber joiLocalityName joiStateOrProvinceName joiCountryName appRepForename appRepSurname
  appRepEmailAddress appRepTelephone foreignOrderNumber checkFONIsUnique responseFormat showCertificateID test
  disableSiteLock domainName`.split(/\s+/),
);
const REPLACE_PARAMETERS = new Set(
  `orderNumber csr serverSoftware domainNames primaryDomainName prioritiseCSRValues isCustomerValidated dcvMethod
  dcvEmailAddress dcvEmailAddresses uniqueValue responseFormat showCertificateID`.split(/\s+/),
);

it('a DV order is sent as the sample of the reference, and says no to what is sold beside it', () => {
  expect(sentFor({})).toEqual({
    product: '287',
    days: '365',
    serverSoftware: '-1',
    isCustomerValidated: 'N',
    csr: CSR,
    dcvMethod: 'CNAME_CSR_HASH',
    uniqueValue: 'k7qm2zp9',
    foreignOrderNumber: 'cwk3v9x2-abcdefghijkla',
    checkFONIsUnique: 'Y',
    showCertificateID: 'Y',
    disableSiteLock: 'Y',
    responseFormat: '1',
  });
});

describe('one thing at a time', () => {
  const cases: Readonly<
    Record<string, { over: Partial<OrderRequest>; sends: Record<string, string | undefined> }>
  > = {
    'five years are 1826 days': { over: { term: '5y' }, sends: { days: '1826' } },
    'four years are 1461 days': { over: { term: '4y' }, sends: { days: '1461' } },
    '90 days are 90': { over: { term: '90d' }, sends: { days: '90' } },
    'a code instead of a name': {
      over: { product: '289', names: ['*.example.com'] },
      sends: { product: '289' },
    },
    'a mailbox for one name': {
      over: { validation: [{ name: 'www.example.com', method: 'email', approver: 'admin@example.com' }] },
      sends: { dcvMethod: 'EMAIL', dcvEmailAddress: 'admin@example.com' },
    },
    'a file over http': {
      over: { validation: [{ name: 'www.example.com', method: 'http' }] },
      sends: { dcvMethod: 'HTTP_CSR_HASH', dcvEmailAddress: undefined },
    },
    'a file over https': {
      over: {
        validation: [{ name: 'www.example.com', method: 'http' }],
        options: { fileScheme: 'https' },
      },
      sends: { dcvMethod: 'HTTPS_CSR_HASH' },
    },
    'options of the manifest': {
      over: { options: { serverSoftware: 36, isCustomerValidated: true, prioritiseCSRValues: 'P' } },
      sends: { serverSoftware: '36', isCustomerValidated: 'Y', prioritiseCSRValues: 'P' },
    },
    'several names, the common name first, keywords without underscores': {
      over: { product: 'positivessl-multi-domain', names: MANY, commonName: 'b.example.com' },
      sends: {
        domainNames: 'b.example.com,example.com,a.example.com',
        primaryDomainName: 'b.example.com',
        dcvMethod: 'CNAME_CSR_HASH',
        dcvEmailAddresses: 'CNAMECSRHASH,CNAMECSRHASH,CNAMECSRHASH',
      },
    },
    'several methods: the list alone': {
      over: {
        product: 'positivessl-multi-domain',
        names: MANY,
        validation: [
          { name: 'example.com', method: 'email', approver: 'admin@example.com' },
          { name: 'a.example.com', method: 'http' },
          { name: 'b.example.com', method: 'dns' },
        ],
      },
      sends: {
        domainNames: 'example.com,a.example.com,b.example.com',
        dcvMethod: undefined,
        dcvEmailAddress: undefined,
        dcvEmailAddresses: 'admin@example.com,HTTPCSRHASH,CNAMECSRHASH',
      },
    },
  };
  it.each(Object.entries(cases))('%s', (_, { over, sends }) => {
    const sent = sentFor(over);
    for (const [key, value] of Object.entries(sends)) expect(sent[key], key).toBe(value);
  });
});

it('organisation and representative go with OV, the registers and the jurisdiction with EV only, nothing with DV', () => {
  expect(sentFor({}, ACME)).not.toHaveProperty('organizationName');
  const ov = sentFor({ product: 'instantssl' }, ACME);
  expect(ov).toMatchObject({
    product: '7',
    organizationName: 'Acme Inc',
    streetAddress1: '1 High St',
    localityName: 'Springfield',
    stateOrProvinceName: 'Oregon',
    postalCode: '97477',
    countryName: 'US',
    appRepForename: 'Ann',
    appRepSurname: 'Lee',
    appRepEmailAddress: 'ann@example.com',
    appRepTelephone: '+1 555 0100',
    disableSiteLock: 'Y',
  });
  expect(ov).not.toHaveProperty('companyNumber');
  const options = { joiCountryName: 'US', joiStateOrProvinceName: 'Delaware' };
  expect(sentFor({ product: 'positivessl-ev', options }, ACME)).toMatchObject({
    companyNumber: '123456',
    dunsNumber: '987654321',
    joiCountryName: 'US',
    joiStateOrProvinceName: 'Delaware',
  });
});

/** The second of the five flows, as the vendor's page has it; the CSR and the days of this test. */
const BUNDLE_SAMPLE = {
  product: '287',
  days: '365',
  domainName: 'shop.example',
  appRepEmailAddress: 'owner@shop.example',
  serverSoftware: '-1',
  isCustomerValidated: 'N',
  csr: CSR,
  prioritiseCSRValues: 'Y',
  responseFormat: '1',
};
const BUNDLE = {
  names: ['shop.example'],
  options: { sitelockBundle: true },
  contacts: { name: 'owner', digest: '' },
};
const OWNER = { admin: { email: 'owner@shop.example' } };

describe('the free SiteLock bundle', () => {
  it('is ordered as the sample of the reference, with what every order of ours carries besides', () => {
    const { disableSiteLock: _no, ...every } = sentFor({ names: ['shop.example'] });
    expect(sentFor(BUNDLE, OWNER)).toEqual({ ...every, ...BUNDLE_SAMPLE });
  });

  it('goes with an OV order to whoever is called back, and covers the domain below a wildcard', () => {
    const order = { ...BUNDLE, product: 'instantssl-wildcard', names: ['*.shop.example'] };
    expect(sentFor(order, { ...ACME, ...OWNER })).toMatchObject({
      domainName: 'shop.example',
      appRepEmailAddress: 'owner@shop.example',
      organizationName: 'Acme Inc',
    });
  });

  it('is not lost silently: without an e-mail nothing is sent', () => {
    expect(() => sentFor(BUNDLE, { admin: { email: ' ' } })).toThrow('the SiteLock bundle would be lost');
  });

  it('stays out of a test order, where it would be real', () => {
    expect(sentFor(BUNDLE, OWNER, true)).toMatchObject({ test: 'Y', disableSiteLock: 'Y' });
    expect(sentFor(BUNDLE, OWNER, true)).not.toHaveProperty('appRepEmailAddress');
  });

  it('stays out of a reissue', () => {
    const predecessor = { orderId: '912345678', ids: ['912345678'] };
    const sent = replaceParameters(request({ ...BUNDLE, action: 'reissue', predecessor }));
    expect(Object.keys(sent).filter((key) => !REPLACE_PARAMETERS.has(key))).toEqual([]);
  });
});

it('a contact longer than Sectigo takes is refused before anything is sent', () => {
  const contacts = { organization: { ...ACME.organization, name: 'x'.repeat(65) } };
  expect(() => sentFor({ product: 'instantssl', contacts: { name: 'acme', digest: '' } }, contacts)).toThrow(
    'organization.name of contacts "acme" is longer than the 64 characters',
  );
});

it('test mode is said with each order, and with nothing that does not know it', () => {
  expect(sentFor({}, {}, true)).toHaveProperty('test', 'Y');
  const reissue = request({ action: 'reissue', predecessor: { orderId: '912345678', ids: ['912345678'] } });
  expect(replaceParameters(reissue)).not.toHaveProperty('test');
});

it('a reissue is sent with a CSR and a token of its own, and without reference', () => {
  const reissue = request({ action: 'reissue', predecessor: { orderId: '912345678', ids: ['912345678'] } });
  expect(replaceParameters(reissue)).toEqual({
    orderNumber: '912345678',
    serverSoftware: '-1',
    isCustomerValidated: 'N',
    csr: CSR,
    dcvMethod: 'CNAME_CSR_HASH',
    uniqueValue: 'k7qm2zp9',
    showCertificateID: 'Y',
    responseFormat: '1',
  });
});

describe('whatever is ordered, no parameter is sent that is not documented', () => {
  it.each(PRODUCTS.map((product) => [product.id, product] as const))('%s', (id, product) => {
    const names =
      product.shape === 'multi' ? MANY : [product.shape === 'wildcard' ? '*.example.com' : 'www.example.com'];
    const options = { joiCountryName: 'US', joiLocalityName: 'Dover', prioritiseCSRValues: 'Y' };
    for (const method of ['dns', 'http', 'email'] as const) {
      const validation = names.map((name) => ({ name, method, approver: 'admin@example.com' }));
      const over = { product: id, names, validation, options };
      const predecessor = { orderId: '1', ids: ['1'] };
      const order = Object.keys(orderParameters(request(over), ACME, true));
      const replace = Object.keys(replaceParameters(request({ ...over, predecessor })));
      expect(order.filter((key) => !ORDER_PARAMETERS.has(key))).toEqual([]);
      expect(replace.filter((key) => !REPLACE_PARAMETERS.has(key))).toEqual([]);
    }
  });
});

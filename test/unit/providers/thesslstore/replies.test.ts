import { describe, expect, it, onTestFinished } from 'vitest';
import type { ProviderConfig } from '../../../../src/model/configuration.js';
import type { Json, JsonObject } from '../../../../src/model/json.js';
import { Secret } from '../../../../src/model/secret.js';
import type { Provider } from '../../../../src/ports/provider.js';
import { parseError, refusalOf } from '../../../../src/providers/thesslstore/errors.js';
import { theSslStore } from '../../../../src/providers/thesslstore/index.js';
import { certificateSpec, newKey, orderRequest } from '../../../conformance/builders.js';
import { failureOf } from '../../../conformance/failure.js';
import { providerDeps } from '../../../support/provider-deps.js';
import { httpServer } from '../../http/servers.js';
import { caFor } from '../sectigo/certificates.js';

/** The store answers each path with this JSON. */
async function storeThat(answer: (path: string, body: JsonObject) => Json): Promise<Provider> {
  const { url } = await httpServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const path = (request.url ?? '').replace(/^\/rest\/|\/$/g, '');
      const said = answer(path, JSON.parse(Buffer.concat(chunks).toString()) as JsonObject);
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(said));
    });
  });
  const config: ProviderConfig = {
    id: 'store',
    type: 'thesslstore',
    environment: 'rehearsal',
    credentials: {},
    url,
    priority: 1,
    prices: {},
    options: {},
  };
  const provider = await theSslStore.create(
    providerDeps({
      config,
      credentials: { partnerCode: new Secret('10000001'), authToken: new Secret('canary') },
    }),
  );
  onTestFinished(() => provider.close());
  return provider;
}

const OK = { isError: false, Message: [] };
const good = (body: JsonObject): JsonObject => ({ ...body, AuthResponse: OK });
const ACTIVE = { OrderStatus: { MajorStatus: 'Active', MinorStatus: '' } };

describe('a refusal of a purchase', () => {
  const purchase = (message: string) =>
    refusalOf('order/neworder', 'positivessl', { isError: true, message }, 'unknown', (text) => text);

  it.each([
    'ErrorCode:-9009|Message:Vendor returns error:The CSR is for another domain.',
    ' ErrorCode:-9009|Message:Vendor returns error:Country is invalid',
    'ErrorCode:-9008|Message:Token/Authentication Failure',
    'csr_invalid',
  ])('did nothing: %s', (message) => {
    expect(purchase(message).effect).toBe('none');
  });

  it.each([
    // The authority did not answer, or knows the order by now: no refusal of it.
    'ErrorCode:-9009|Message:Vendor returns error:The operation has timed out',
    'ErrorCode:-9009|Message:Vendor returns error:Internal server error, please try again later',
    'ErrorCode:-9009|Message:Vendor returns error:The remote server is unavailable (503)',
    'ErrorCode:-9009|Message:Vendor returns error:An order for this CSR already exists',
    'ErrorCode:-9009|Message:Vendor returns error:',
    'ErrorCode:-9009|Message:',
    // Of a refund, and of no purchase.
    'ErrorCode:-9032|Message:Certificate cannot cancel after 30 days of activation.',
    // A number that nobody lists, whatever text follows.
    'ErrorCode:-7001|Message:Order 700123 was placed, csr_invalid',
  ])('leaves open what it did: %s', (message) => {
    expect(purchase(message)).toMatchObject({ code: 'wire.unexpected', effect: 'unknown' });
  });

  it('of a refund says why', () => {
    const message = 'ErrorCode:-9032|Message:Certificate cannot cancel after 30 days of activation.';
    const error = refusalOf('order/refundrequest', 'order 1', { isError: true, message }, 'unknown', String);
    expect(error).toMatchObject({ code: 'provider.refused', effect: 'none' });
    expect(parseError(message).code).toBe(-9032);
  });
});

describe('a price', () => {
  const names = ['a.example.com', 'b.example.com'];
  const quoteOf = async (rows: readonly JsonObject[], product = 'positivessl-multi-domain') => {
    const provider = await storeThat(() => [
      good({
        ProductCode: product === 'positivessl' ? 'positivessl' : 'positivemdcssl',
        CurrencyCode: 'USD',
        PricingInfo: [...rows],
      }),
    ]);
    const term = { unit: 'year', count: 1 } as const;
    const wanted = product === 'positivessl' ? names.slice(0, 1) : names;
    return (await provider.quote({ action: 'order', product, term, names: wanted })).price;
  };

  it('of names that the list does not tell is unknown, not nothing', async () => {
    const price = await quoteOf([{ NumberOfMonths: 12, NumberOfServer: 1, Price: 19 }]);
    expect(price).toMatchObject({ kind: 'unknown', why: expect.stringContaining('name') });
  });

  it('is that of the one server that is ordered', async () => {
    const rows = [
      { NumberOfMonths: 12, NumberOfServer: -1, Price: 5 },
      { NumberOfMonths: 12, NumberOfServer: 1, Price: 7 },
      { NumberOfMonths: 12, NumberOfServer: 5, Price: 30 },
    ];
    expect(await quoteOf(rows, 'positivessl')).toMatchObject({ kind: 'known', amount: { amount: '7.00' } });
  });

  it.each([-1, '7,00', null])('of %j is none', async (Price) => {
    const price = await quoteOf([{ NumberOfMonths: 12, NumberOfServer: 1, Price }], 'positivessl');
    expect(price.kind).toBe('unknown');
  });
});

describe('an order found by our reference', () => {
  const spec = certificateSpec({
    name: 'shop',
    names: ['shop.example.com'],
    providers: ['store'],
    product: 'positivessl',
    term: { unit: 'year', count: 1 },
  });

  it.each([
    ['that tells it', { CustomOrderID: 'REF', CommonName: 'shop.example.com' }, 'found'],
    ['that does not tell it, for our names', { CommonName: 'shop.example.com' }, 'found'],
    ['that does not tell it, for other names', { CommonName: 'another.example.com' }, 'cannot-tell'],
    [
      'that does not tell it, of another product',
      { CommonName: 'shop.example.com', ProductCode: 'essentialssl' },
      'cannot-tell',
    ],
  ])('%s', async (_title, told, kind) => {
    const { csrPem } = await newKey(spec.commonName, spec.names);
    let reference = '';
    const provider = await storeThat((path) => {
      if (path === 'order/query') return [];
      const own = 'CustomOrderID' in told ? { CustomOrderID: reference } : {};
      return good({ TheSSLStoreOrderID: '700200', ProductCode: 'positivessl', ...ACTIVE, ...told, ...own });
    });
    const request = orderRequest(provider, spec, 'order', { csrPem });
    reference = request.reference;
    const context = { request, before: {}, results: {}, sentAtMs: 0 };
    expect(await provider.place[0]?.lookUp(context)).toMatchObject({ kind });
  });
});

it('a PKCS#7 file in the armour of a certificate does not hide the certificate beside it', async () => {
  const names = ['shop.example.com'];
  const { leaf: leafPem, issuing: issuerPem, csr: csrPem } = await caFor('shop.example.com');
  const bundle = `-----BEGIN CERTIFICATE-----\n${Buffer.from('no certificate').toString('base64')}\n-----END CERTIFICATE-----\n`;
  const provider = await storeThat((path) => {
    if (path !== 'order/download') {
      return good({
        TheSSLStoreOrderID: '700200',
        ProductCode: 'positivessl',
        CommonName: names[0] ?? '',
        ...ACTIVE,
      });
    }
    const files = [bundle, issuerPem, leafPem].map((FileContent, i) => ({
      FileName: `${i}.crt`,
      FileContent,
    }));
    return good({ CertificateStatus: 'Active', Certificates: files });
  });
  const spec = certificateSpec({ name: 'shop', names, providers: ['store'], product: 'positivessl' });
  const request = orderRequest(provider, spec, 'order', { csrPem });
  const collected = await provider.collect('700200', { request, results: {} });
  expect(collected?.certificatePem).toBe(leafPem);
  expect(collected?.chainPem).toEqual([issuerPem]);
});

it('a token that DigiCert calls a CNAME is not published as a text record', async () => {
  const { csrPem } = await newKey('shop.example.com', ['shop.example.com']);
  const provider = await storeThat(() =>
    good({
      TheSSLStoreOrderID: '700200',
      ProductCode: 'digi_rapidssl',
      CommonName: 'shop.example.com',
      OrderStatus: {
        MajorStatus: 'Pending',
        DomainAuthVettingStatus: [
          {
            domain: 'shop.example.com',
            dcvMethod: 'dns_cname_token',
            DNSName: '_tok',
            DNSEntry: 'dcv.digicert.com',
          },
        ],
      },
    }),
  );
  const spec = certificateSpec({
    name: 'shop',
    names: ['shop.example.com'],
    providers: ['store'],
    product: 'rapidssl',
  });
  const request = orderRequest(provider, spec, 'order', { csrPem });
  const [item] = (await provider.getOrder('700200', { request, results: {} })).validation;
  expect(item?.record).toBeUndefined();
  expect(item?.message).toContain('dns_cname_token');
});

it('an amount with a comma for the point is no balance', async () => {
  const provider = await storeThat((path) =>
    path === 'product/query' ? [] : good({ PartnerCode: '10000001', AccountBalance: '250,00' }),
  );
  expect(await failureOf(provider.balance?.() ?? Promise.resolve())).toMatchObject({
    code: 'wire.unexpected',
  });
});

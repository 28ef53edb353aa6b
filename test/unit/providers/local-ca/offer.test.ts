import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import type { PriceTable } from '../../../../src/model/configuration.js';
import type { Json } from '../../../../src/model/json.js';
import { money } from '../../../../src/model/money.js';
import type { QuoteSubject } from '../../../../src/ports/provider.js';
import { localCa } from '../../../../src/providers/local-ca/index.js';
import { certificateSpec } from '../../../conformance/builders.js';
import { localCaAccount, samplePrices } from '../../../support/local-ca-account.js';
import { place } from './journey.js';

const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `s${i}.example.com`);
const year = { unit: 'year', count: 1 } as const;

describe('what an account offers', () => {
  it('is one free product without prices', async () => {
    const { provider } = await localCaAccount();
    expect(provider.capabilities).toMatchObject({ terms: false, quote: false, balance: false });
    expect(provider.defaultProduct).toBe('private-server');
    expect(provider.products).toMatchObject([
      { id: 'private-server', terms: [], wildcard: true, validation: 'dv' },
    ]);
    expect(provider.balance).toBeUndefined();
  });

  it('is what the price table names, its terms in order', async () => {
    const { provider } = await localCaAccount({ prices: samplePrices, options: { balance: '100 USD' } });
    expect(provider.capabilities).toMatchObject({ terms: true, quote: true, balance: true });
    expect(provider.products.map(({ id, maxNames }) => [id, maxNames])).toEqual([
      ['private-server', 100],
      ['single-name', 1],
    ]);
    expect(provider.products[0]?.terms).toEqual([
      { unit: 'day', count: 90 },
      { unit: 'year', count: 1 },
      { unit: 'year', count: 5 },
    ]);
  });

  it('takes the first product of the table where private-server is not sold', async () => {
    const { provider } = await localCaAccount({ prices: { gold: samplePrices['single-name'] ?? {} } });
    expect(provider.defaultProduct).toBe('gold');
  });

  it.each<[string, PriceTable, Record<string, Json>]>([
    ['providers.internal.prices.p.1x is no term', { p: { '1x': { base: money('1', 'USD'), names: 1 } } }, {}],
    [
      'providers.internal.prices.p.1y mixes currencies',
      { p: { '1y': { base: money('1', 'USD'), names: 1, perName: money('1', 'EUR') } } },
      {},
    ],
    [
      'providers.internal.prices.private-server.90d is in USD but balance in EUR',
      samplePrices,
      { balance: '9 EUR' },
    ],
    ['providers.internal.balance needs `prices`', {}, { balance: '9 EUR' }],
    ['providers.internal.balance is no amount', samplePrices, { balance: 'much' }],
    ['providers.internal.issueAfter is no duration', {}, { issueAfter: 'soon' }],
    ['providers.internal.validityDays is no whole number', {}, { validityDays: 1.5 }],
  ])('is refused when %s', async (message, prices, options) => {
    await expect(localCaAccount({ prices, options })).rejects.toMatchObject({
      code: 'config.invalid',
      message: expect.stringContaining(message),
    });
  });

  it('has a schema that knows its own options and nothing else', () => {
    const valid = new Ajv2020().compile(localCa.optionsSchema);
    expect(valid({ validityDays: 47, issueAfter: '10m', balance: '100 USD' })).toBe(true);
    for (const wrong of [
      { validity: 1 },
      { validityDays: '47' },
      { issueAfter: '10 minutes' },
      { balance: 100 },
    ]) {
      expect(valid(wrong), JSON.stringify(wrong)).toBe(false);
    }
  });
});

describe('a quote', () => {
  const ask = (over: Partial<QuoteSubject>): QuoteSubject => ({
    action: 'order',
    product: 'private-server',
    term: year,
    names: names(2),
    ...over,
  });

  it.each<[string, Partial<QuoteSubject>, string]>([
    ['the base for the names it includes', {}, '10.00'],
    ['more for each further name', { names: names(5) }, '17.50'],
    ['the same for a renewal', { action: 'renew' }, '10.00'],
  ])('is %s', async (_title, over, amount) => {
    const { provider } = await localCaAccount({ prices: samplePrices });
    expect(await provider.quote(ask(over))).toEqual({
      price: { kind: 'known', amount: { amount, currency: 'USD' }, source: 'prices in certwright.yaml' },
    });
  });

  it.each<[string, Partial<QuoteSubject>]>([
    ['a term that is not sold', { term: { unit: 'year', count: 2 } }],
    ['a product that is not sold', { product: 'toString' }],
    ['too many names', { product: 'single-name' }],
    [
      'the reissue of an order nobody knows',
      { action: 'reissue', predecessorOrderId: 'lca-0000000000000000' },
    ],
  ])('is unknown for %s, never 0', async (_title, over) => {
    const { provider } = await localCaAccount({ prices: samplePrices });
    expect((await provider.quote(ask(over))).price.kind).toBe('unknown');
  });

  it('of a reissue is 0 within the names paid for and unknown beyond', async () => {
    const { provider } = await localCaAccount({ prices: samplePrices });
    const { orderId } = await place(provider, names(1), { term: '1y' });
    const quote = async (count: number) =>
      (await provider.quote(ask({ action: 'reissue', names: names(count), predecessorOrderId: orderId })))
        .price;
    expect(await quote(2)).toMatchObject({ kind: 'known', amount: { amount: '0.00' } });
    expect(await quote(3)).toMatchObject({ kind: 'unknown' });
  });

  it('of a free account is 0', async () => {
    const { provider } = await localCaAccount();
    expect((await provider.quote(ask({}))).price).toMatchObject({
      kind: 'known',
      amount: { amount: '0.00' },
    });
  });
});

describe('the audit', () => {
  const codes = async (prices: PriceTable, over: Parameters<typeof certificateSpec>[0]) => {
    const { provider } = await localCaAccount({ prices });
    return provider.audit(certificateSpec(over)).map(({ code }) => code);
  };

  it.each<[string, PriceTable, Parameters<typeof certificateSpec>[0], readonly string[]]>([
    ['nothing against a plain certificate', {}, { names: names(2) }, []],
    ['nothing against a term a free account does not need', {}, { names: names(2), term: year }, []],
    ['too many names', {}, { names: names(101) }, ['names.too-many']],
    ['an unknown product', {}, { names: names(1), product: 'gold' }, ['product.unknown']],
    ['a missing term', samplePrices, { names: names(1) }, ['term.missing']],
    [
      'every reason at once',
      samplePrices,
      { names: names(3), product: 'single-name', term: { unit: 'day', count: 90 } },
      ['term.not-sold', 'names.too-many'],
    ],
    ['nothing against extra names that are sold', samplePrices, { names: names(60), term: year }, []],
  ])('says %s', async (_title, prices, over, expected) => {
    expect(await codes(prices, over)).toEqual(expected);
  });
});

describe('a check', () => {
  it('tells whether the CA exists, and the balance', async () => {
    const { provider } = await localCaAccount({ prices: samplePrices, options: { balance: '100 USD' } });
    expect((await provider.check()).findings).toHaveLength(1);
    await place(provider, names(1), { term: '1y' });
    expect(await provider.check()).toEqual({
      ok: true,
      environment: 'live',
      findings: [],
      balance: { amount: '90.00', currency: 'USD' },
    });
  });
});

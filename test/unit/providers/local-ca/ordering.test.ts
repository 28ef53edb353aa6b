import { describe, expect, it } from 'vitest';
import { CertError } from '../../../../src/model/errors.js';
import { DAY_MS, MINUTE_MS } from '../../../../src/model/time.js';
import { newKey } from '../../../conformance/builders.js';
import { ageSealer, localCaAccount, samplePrices } from '../../../support/local-ca-account.js';
import { contextOf, leafOf, onlyStep, open, place, requestFor, runStep, sanOf } from './journey.js';

const SHOP = ['shop.example.com', 'www.shop.example.com'];
const NOW = Date.UTC(2026, 10, 22, 12);

describe('an order without prices', () => {
  it('is free, issued at once and has no paid term', async () => {
    const { provider } = await localCaAccount();
    const { orderId, outcome, request } = await place(provider, SHOP);
    expect(onlyStep(provider.place)).toMatchObject({ name: 'place', paid: false });
    expect(outcome).toEqual({ orderId, result: { orderId } });
    const order = await provider.getOrder(orderId);
    expect(order).toMatchObject({
      id: orderId,
      ids: [orderId],
      reference: request.reference,
      state: 'issued',
    });
    expect(order).not.toHaveProperty('paidTill');
    expect(order).not.toHaveProperty('term');
    expect(orderId).toMatch(/^lca-[0-9a-f]{16}$/);
  });

  it('ignores a term, which the account does not sell', async () => {
    const { provider } = await localCaAccount();
    const { orderId } = await place(provider, SHOP, { term: '1y' });
    expect(await provider.getOrder(orderId)).not.toHaveProperty('term');
  });

  it('gives certificates of 199 days that name what was ordered and carry the key of the CSR', async () => {
    const { provider } = await localCaAccount();
    const { orderId } = await place(provider, SHOP);
    const leaf = await leafOf(provider, orderId);
    expect(sanOf(leaf)).toEqual(SHOP);
    expect(leaf.subject).toBe('CN=shop.example.com');
    expect(leaf.validToDate.getTime()).toBe(NOW + 199 * DAY_MS - 1000);
    expect(leaf.validFromDate.getTime()).toBe(NOW - 5 * MINUTE_MS);
    expect(leaf.serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/);
    expect((await provider.getOrder(orderId)).serial).toBe(leaf.serialNumber.toLowerCase());
    expect((await provider.getOrder(orderId)).notAfter).toBe('2027-06-09T11:59:59Z');
  });

  it('lives as long as the configuration says', async () => {
    const { provider } = await localCaAccount({ options: { validityDays: 47 } });
    const { orderId } = await place(provider, SHOP);
    expect((await leafOf(provider, orderId)).validToDate.getTime()).toBe(NOW + 47 * DAY_MS - 1000);
  });

  it('stands under a reference that is taken only once', async () => {
    const account = await localCaAccount();
    const { request, orderId } = await place(account.provider, SHOP);
    for (const provider of [account.provider, await account.another()]) {
      await expect(runStep(provider.place, request)).rejects.toMatchObject({
        code: 'order.reference-used',
        effect: 'none',
      });
    }
    expect((await account.provider.findByReference?.(request.reference))?.map(({ id }) => id)).toEqual([
      orderId,
    ]);
  });

  it('is refused the second of two with the same reference in one batch', async () => {
    const { provider, store } = await localCaAccount();
    const request = await requestFor(provider, SHOP);
    const outcomes = await Promise.allSettled([
      runStep(provider.place, request),
      runStep(provider.place, request),
    ]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect([...store.files().keys()].filter((path) => path.startsWith('orders/'))).toHaveLength(1);
  });

  it('puts a name longer than a subject may hold into the alternative names alone', async () => {
    const { provider } = await localCaAccount();
    const long = `${'a'.repeat(60)}.${'b'.repeat(20)}.example.com`;
    const leaf = await leafOf(provider, (await place(provider, [long])).orderId);
    expect(sanOf(leaf)).toEqual([long]);
    expect(leaf.subject ?? '').toBe('');
  });
});

describe('a CSR', () => {
  const refused = { code: 'provider.refused', effect: 'none' };

  it('may name less than is ordered', async () => {
    const { provider } = await localCaAccount();
    const { csrPem } = await newKey('shop.example.com', ['shop.example.com']);
    const { orderId } = await place(provider, SHOP, { csrPem });
    expect(sanOf(await leafOf(provider, orderId))).toEqual(SHOP);
  });

  it.each([
    ['names something that is not ordered', () => newKey('shop.example.com', ['evil.example.com'])],
    ['has a common name that is not ordered', () => newKey('evil.example.com', SHOP)],
    [
      'has a broken signature',
      async () => ({ csrPem: tampered((await newKey(SHOP[0] ?? '', SHOP)).csrPem) }),
    ],
    ['is no PEM', async () => ({ csrPem: 'hello' })],
  ])('that %s is refused before anything is read or written', async (_title, make) => {
    const { provider, store } = await localCaAccount();
    const { csrPem } = await make();
    await expect(place(provider, SHOP, { csrPem })).rejects.toMatchObject(refused);
    expect([store.reads(), store.pushes()]).toEqual([0, 0]);
  });

  it('that is missing is refused', async () => {
    const { provider } = await localCaAccount();
    const { csrPem, ...request } = await requestFor(provider, SHOP);
    expect(csrPem).toBeDefined();
    await expect(runStep(provider.place, request)).rejects.toMatchObject(refused);
  });
});

/** Flips the last byte of the signature. */
function tampered(pem: string): string {
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  der.writeUInt8(der.readUInt8(der.length - 1) ^ 1, der.length - 1);
  return `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
}

describe('an order with prices', () => {
  it('is charged by names and paid for whole calendar months', async () => {
    const { provider } = await localCaAccount({ prices: samplePrices });
    expect(onlyStep(provider.place).paid).toBe(true);
    const names = [...SHOP, 'img.shop.example.com'];
    const { orderId, outcome } = await place(provider, names, { term: '1y' });
    expect(outcome.charged).toEqual({ amount: '12.50', currency: 'USD' });
    expect(await provider.getOrder(orderId)).toMatchObject({
      term: '1y',
      paidFrom: '2026-11-22T12:00:00Z',
      paidTill: '2027-11-22T12:00:00Z',
      charged: { amount: '12.50', currency: 'USD' },
    });
  });

  it('never outlives its paid term', async () => {
    const { provider } = await localCaAccount({ prices: samplePrices });
    const { orderId } = await place(provider, SHOP, { term: '90d' });
    expect((await leafOf(provider, orderId)).validToDate.getTime()).toBe(NOW + 90 * DAY_MS - 1000);
  });

  it.each([
    ['a product that is not sold', { product: 'gold', term: '1y' }],
    ['a term that is not sold', { term: '2y' }],
    ['no term at all', {}],
    ['more names than the product takes', { product: 'single-name', term: '1y' }],
  ])('is refused for %s', async (_title, over) => {
    const { provider, store } = await localCaAccount({ prices: samplePrices });
    await expect(place(provider, SHOP, over)).rejects.toMatchObject({
      code: 'provider.refused',
      effect: 'none',
    });
    expect(store.pushes()).toBe(0);
  });

  it('is refused when the credit does not reach, in a batch as well', async () => {
    const { provider } = await localCaAccount({ prices: samplePrices, options: { balance: '25 USD' } });
    const requests = await Promise.all(
      Array.from({ length: 8 }, (_, i) => requestFor(provider, [`s${i}.example.com`], { term: '1y' })),
    );
    const outcomes = await Promise.allSettled(requests.map((request) => runStep(provider.place, request)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect(await provider.balance?.()).toEqual({ amount: '5.00', currency: 'USD' });
    const [refusal] = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refusal?.reason).toMatchObject({
      code: 'provider.refused',
      effect: 'none',
      message: 'The credit of 5.00 USD does not pay for 10.00 USD.',
    });
  });
});

describe('a renewal', () => {
  it('is a new order that carries the remaining days of the old one', async () => {
    const { provider, clock } = await localCaAccount({ prices: samplePrices });
    const { orderId } = await place(provider, SHOP, { term: '1y' });
    clock.advance(345 * DAY_MS + 1);
    const request = await requestFor(provider, SHOP, {
      action: 'renew',
      term: '1y',
      predecessor: { orderId, ids: [orderId] },
    });
    const outcome = await runStep(provider.renew, request);
    expect(await provider.getOrder(outcome.orderId ?? '')).toMatchObject({
      paidFrom: '2027-11-02T12:00:00Z',
      carriedDays: 19,
      paidTill: '2028-11-21T12:00:00Z',
    });
    expect(await provider.getOrder(orderId)).toMatchObject({
      state: 'issued',
      paidTill: '2027-11-22T12:00:00Z',
    });
  });

  it('carries the days of one order only once', async () => {
    const { provider, clock } = await localCaAccount({ prices: samplePrices });
    const { orderId } = await place(provider, SHOP, { term: '1y' });
    clock.advance(345 * DAY_MS);
    const renew = async () => {
      const predecessor = { orderId, ids: [orderId] };
      const request = await requestFor(provider, SHOP, { action: 'renew', term: '1y', predecessor });
      return provider.getOrder((await runStep(provider.renew, request)).orderId ?? '');
    };
    expect([(await renew()).carriedDays, (await renew()).carriedDays]).toEqual([20, undefined]);
  });

  it('long before the old term ends loses nothing of it', async () => {
    const { provider, clock } = await localCaAccount({ prices: samplePrices });
    const { orderId } = await place(provider, SHOP, { term: '1y' });
    clock.advance(100 * DAY_MS);
    const predecessor = { orderId, ids: [orderId] };
    const request = await requestFor(provider, SHOP, { action: 'renew', term: '1y', predecessor });
    const outcome = await runStep(provider.renew, request);
    expect(await provider.getOrder(outcome.orderId ?? '')).toMatchObject({
      carriedDays: 265,
      paidTill: '2028-11-22T12:00:00Z',
    });
  });

  it('of an order that is not in the books is refused', async () => {
    const { provider } = await localCaAccount({ prices: samplePrices });
    const predecessor = { orderId: 'lca-0000000000000000', ids: [] };
    const request = await requestFor(provider, SHOP, { action: 'renew', term: '1y', predecessor });
    await expect(runStep(provider.renew, request)).rejects.toMatchObject({
      code: 'provider.refused',
      effect: 'none',
    });
  });
});

describe('an order that is issued later', () => {
  it('waits for the CA until its time has come, and nobody writes meanwhile', async () => {
    const { provider, clock, store } = await localCaAccount({ options: { issueAfter: '10m' } });
    const { orderId } = await place(provider, SHOP);
    expect(await provider.getOrder(orderId)).toMatchObject({ state: 'pending', waitingFor: 'ca' });
    expect(await provider.getOrder(orderId)).not.toHaveProperty('serial');
    expect(await provider.collect(orderId)).toBeUndefined();
    clock.advance(10 * MINUTE_MS - 1);
    expect(await provider.collect(orderId)).toBeUndefined();
    clock.advance(1);
    expect((await provider.getOrder(orderId)).state).toBe('issued');
    expect((await leafOf(provider, orderId)).validToDate.getTime()).toBe(clock.now() + 199 * DAY_MS - 1000);
    expect(store.pushes()).toBe(1);
  });

  it('can be cancelled while it waits, and is paid back', async () => {
    const { provider, clock } = await localCaAccount({
      prices: samplePrices,
      options: { issueAfter: '10m', balance: '20 USD' },
    });
    const { orderId } = await place(provider, SHOP, { term: '1y' });
    const request = await requestFor(provider, SHOP, {
      action: 'cancel',
      predecessor: { orderId, ids: [orderId] },
    });
    await runStep(provider.canceller?.operation, request);
    await runStep(provider.canceller?.operation, request);
    clock.advance(60 * MINUTE_MS);
    expect((await provider.getOrder(orderId)).state).toBe('cancelled');
    expect(await provider.collect(orderId)).toBeUndefined();
    expect(await provider.balance?.()).toEqual({ amount: '20.00', currency: 'USD' });
  });

  it('cannot be cancelled once it is issued', async () => {
    const { provider } = await localCaAccount();
    const { orderId } = await place(provider, SHOP);
    const request = await requestFor(provider, SHOP, {
      action: 'cancel',
      predecessor: { orderId, ids: [orderId] },
    });
    await expect(runStep(provider.canceller?.operation, request)).rejects.toMatchObject({
      code: 'provider.refused',
      effect: 'none',
    });
  });

  it('shows the certificate that is valid while the next one is pending', async () => {
    const account = await localCaAccount();
    const { orderId } = await place(account.provider, SHOP);
    const first = await leafOf(account.provider, orderId);
    const slow = await account.another({ options: { issueAfter: '10m' } });
    const request = await requestFor(slow, SHOP, {
      action: 'reissue',
      predecessor: { orderId, ids: [orderId] },
    });
    await runStep(slow.reissuer?.operation, request);
    expect(await slow.getOrder(orderId)).toMatchObject({
      state: 'issued',
      reissuePending: true,
      serial: first.serialNumber.toLowerCase(),
    });
    account.clock.advance(10 * MINUTE_MS);
    expect(await slow.getOrder(orderId)).not.toHaveProperty('reissuePending');
    expect((await leafOf(slow, orderId)).serialNumber).not.toBe(first.serialNumber);
  });
});

describe('the CA', () => {
  it('needs an identity to sign, and says which', async () => {
    const sealer = (await ageSealer()).withoutIdentity();
    const { provider, store } = await localCaAccount({ sealer });
    const error = await place(provider, SHOP).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CertError);
    expect(error).toMatchObject({ code: 'key.no-identity', effect: 'none' });
    expect((error as CertError).remedy).toContain('keys.runnerRecipients');
    expect(store.pushes()).toBe(0);
  });

  it('answers without an identity what needs no key', async () => {
    const sealer = await ageSealer();
    const account = await localCaAccount({ sealer });
    const { orderId, request } = await place(account.provider, SHOP);
    const opened = sealer.opened();
    const reader = await account.another({ sealer: sealer.withoutIdentity() });
    expect((await reader.getOrder(orderId)).state).toBe('issued');
    expect(await reader.collect(orderId)).toBeDefined();
    const found = await onlyStep(reader.place).lookUp({ ...contextOf(request), sentAtMs: NOW });
    expect(found.kind).toBe('found');
    expect(sealer.opened()).toBe(opened);
  });

  it('keeps its keys sealed and nothing else secret', async () => {
    const { provider, store } = await localCaAccount();
    await place(provider, SHOP);
    const paths = [...store.files().keys()].sort();
    expect(paths).toEqual(['ca.json', 'issuing.key.age', expect.stringMatching(/^orders\//), 'root.key.age']);
    for (const [path, text] of store.files()) {
      expect(text).not.toContain('PRIVATE KEY');
      expect(text.startsWith('-----BEGIN AGE ENCRYPTED FILE-----')).toBe(path.endsWith('.age'));
    }
  });

  it('signs nothing and keeps nothing when the guard says no', async () => {
    const { provider, store } = await localCaAccount();
    const request = await requestFor(provider, SHOP);
    const tooLate = new CertError('send.too-late', 'too late');
    await expect(
      runStep(provider.place, request, () => {
        throw tooLate;
      }),
    ).rejects.toBe(tooLate);
    expect(store.pushes()).toBe(0);
    expect((await runStep(provider.place, request, open)).orderId).toBeDefined();
  });
});

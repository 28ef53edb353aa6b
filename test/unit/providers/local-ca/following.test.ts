import { describe, expect, it } from 'vitest';
import { DAY_MS } from '../../../../src/model/time.js';
import { newKey } from '../../../conformance/builders.js';
import { localCaAccount, samplePrices } from '../../../support/local-ca-account.js';
import { contextOf, leafOf, onlyStep, place, requestFor, runStep, sanOf } from './journey.js';

const SHOP = ['shop.example.com'];
const TWO = ['shop.example.com', 'www.shop.example.com'];
const follow = (action: 'reissue' | 'revoke', orderId: string) => ({
  action,
  predecessor: { orderId, ids: [orderId] },
});

describe('a reissue', () => {
  it('gives the same order another certificate on the new key', async () => {
    const { provider, clock } = await localCaAccount({
      prices: samplePrices,
      options: { validityDays: 199 },
    });
    const { orderId } = await place(provider, SHOP, { term: '1y' });
    const first = await leafOf(provider, orderId);
    clock.advance(180 * DAY_MS);
    const key = await newKey('shop.example.com', SHOP);
    const request = await requestFor(provider, SHOP, { ...follow('reissue', orderId), csrPem: key.csrPem });
    const outcome = await runStep(provider.reissuer?.operation, request);
    const second = await leafOf(provider, orderId);
    expect(onlyStep(provider.reissuer?.operation)).toMatchObject({ name: 'reissue', paid: false });
    expect(outcome).toEqual({ orderId, result: { orderId, serial: second.serialNumber.toLowerCase() } });
    expect(second.serialNumber).not.toBe(first.serialNumber);
    expect(second.publicKey.equals(key.publicKey)).toBe(true);
    // 185 days of the paid year are left, fewer than a certificate may live.
    expect(second.validToDate.toISOString()).toBe('2027-11-22T11:59:59.000Z');
    expect(await provider.getOrder(orderId)).toMatchObject({
      state: 'issued',
      paidTill: '2027-11-22T12:00:00Z',
    });
  });

  it('may change the names within what was paid for', async () => {
    const { provider } = await localCaAccount({ prices: samplePrices });
    const { orderId } = await place(provider, SHOP, { term: '1y' });
    await runStep(provider.reissuer?.operation, await requestFor(provider, TWO, follow('reissue', orderId)));
    expect(sanOf(await leafOf(provider, orderId))).toEqual(TWO);
    expect((await provider.getOrder(orderId)).names).toEqual(TWO);
    const three = [...TWO, 'img.shop.example.com'];
    const more = await requestFor(provider, three, follow('reissue', orderId));
    await expect(runStep(provider.reissuer?.operation, more)).rejects.toMatchObject({
      code: 'provider.refused',
      effect: 'none',
    });
  });

  it.each([
    ['after the paid term', { prices: samplePrices }, 365 * DAY_MS],
    ['while the first certificate is pending', { options: { issueAfter: '10m' } }, 0],
  ])('is refused %s', async (_title, settings, afterMs) => {
    const { provider, clock } = await localCaAccount(settings);
    const { orderId } = await place(provider, SHOP, { term: '1y' });
    clock.advance(afterMs);
    const request = await requestFor(provider, SHOP, follow('reissue', orderId));
    await expect(runStep(provider.reissuer?.operation, request)).rejects.toMatchObject({
      code: 'provider.refused',
      effect: 'none',
    });
  });

  it('of an unlimited order keeps its file small', async () => {
    const { provider, clock, store } = await localCaAccount({ options: { validityDays: 10 } });
    const { orderId } = await place(provider, SHOP);
    for (let i = 0; i < 30; i += 1) {
      clock.advance(9 * DAY_MS);
      await runStep(
        provider.reissuer?.operation,
        await requestFor(provider, SHOP, follow('reissue', orderId)),
      );
    }
    const text = [...store.files()].find(([path]) => path.endsWith(`${orderId}.json`))?.[1] ?? '';
    expect(JSON.parse(text).certificates).toHaveLength(12);
    expect((await leafOf(provider, orderId)).validToDate.getTime()).toBe(clock.now() + 10 * DAY_MS - 1000);
  });

  it('is found again by its key among the certificates that came after', async () => {
    const { provider, clock } = await localCaAccount();
    const { orderId } = await place(provider, SHOP);
    const step = onlyStep(provider.reissuer?.operation);
    const request = await requestFor(provider, SHOP, follow('reissue', orderId));
    const before = (await step.before?.(request)) ?? {};
    const context = { ...contextOf(request, before), sentAtMs: clock.now() };
    expect(await step.lookUp(context)).toMatchObject({ kind: 'absent' });
    const outcome = await step.run(context, () => {});
    // Another run was quicker afterwards: ours is not the newest any more.
    await runStep(provider.reissuer?.operation, await requestFor(provider, SHOP, follow('reissue', orderId)));
    expect(await step.lookUp(context)).toEqual({ kind: 'found', outcome });
  });

  it('on a kept CSR is not mistaken for the certificate before it', async () => {
    const { provider, clock } = await localCaAccount();
    const { orderId, request: placed } = await place(provider, SHOP);
    const step = onlyStep(provider.reissuer?.operation);
    const request = { ...placed, ...follow('reissue', orderId) };
    const before = (await step.before?.(request)) ?? {};
    const context = { ...contextOf(request, before), sentAtMs: clock.now() };
    expect(await step.lookUp(context)).toMatchObject({ kind: 'absent' });
    await step.run(context, () => {});
    expect(await step.lookUp(context)).toMatchObject({ kind: 'found' });
  });
});

describe('a revocation', () => {
  it('marks the certificate with its reason, and a later reissue heals the order', async () => {
    const { provider, clock, store } = await localCaAccount();
    const { orderId } = await place(provider, SHOP);
    const serial = (await provider.getOrder(orderId)).serial ?? '';
    const step = onlyStep(provider.revoker?.operation);
    const request = await requestFor(provider, SHOP, {
      ...follow('revoke', orderId),
      revocation: { serial, reason: 'keyCompromise' },
    });
    const context = { ...contextOf(request), sentAtMs: clock.now() };
    expect((await step.lookUp(context)).kind).toBe('absent');
    await step.run(context, () => {});
    expect((await step.lookUp(context)).kind).toBe('found');
    expect((await provider.getOrder(orderId)).state).toBe('revoked');
    const pushes = store.pushes();
    await step.run(context, () => {});
    expect(store.pushes()).toBe(pushes);
    await runStep(provider.reissuer?.operation, await requestFor(provider, SHOP, follow('reissue', orderId)));
    expect((await provider.getOrder(orderId)).state).toBe('issued');
  });

  it('of a certificate the order never had is refused', async () => {
    const { provider } = await localCaAccount();
    const { orderId } = await place(provider, SHOP);
    const request = await requestFor(provider, SHOP, {
      ...follow('revoke', orderId),
      revocation: { serial: 'ab', reason: 'superseded' },
    });
    await expect(runStep(provider.revoker?.operation, request)).rejects.toMatchObject({
      code: 'provider.refused',
    });
  });
});

describe('an order that is not in the books', () => {
  it('is an error wherever it is asked for', async () => {
    const { provider } = await localCaAccount();
    const orderId = 'lca-0000000000000000';
    const missing = { code: 'order.not-found', effect: 'none' };
    await expect(provider.getOrder(orderId)).rejects.toMatchObject(missing);
    await expect(provider.collect(orderId)).rejects.toMatchObject(missing);
    const request = await requestFor(provider, SHOP, follow('reissue', orderId));
    await expect(
      onlyStep(provider.reissuer?.operation).run(contextOf(request), () => {}),
    ).rejects.toMatchObject(missing);
  });
});

describe('the list', () => {
  it('filters by names as a set and by product', async () => {
    const { provider } = await localCaAccount({ prices: samplePrices });
    const shop = await place(provider, TWO, { term: '1y' });
    const single = await place(provider, SHOP, { term: '1y', product: 'single-name' });
    const ids = async (
      filter: Parameters<NonNullable<typeof provider.list>>[0],
    ): Promise<readonly string[]> => {
      const found: string[] = [];
      for await (const order of provider.list?.(filter) ?? []) found.push(order.id);
      return found.sort();
    };
    expect(await ids({})).toEqual([shop.orderId, single.orderId].sort());
    expect(await ids({ names: [...TWO].reverse() })).toEqual([shop.orderId]);
    expect(await ids({ names: SHOP, product: 'private-server' })).toEqual([]);
    expect(await ids({ product: 'single-name' })).toEqual([single.orderId]);
  });
});

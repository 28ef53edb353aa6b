import { describe, expect, it } from 'vitest';
import type { AccountStore } from '../../../../src/ports/repository.js';
import {
  type BookOrder,
  booksReader,
  fileText,
  orderPath,
} from '../../../../src/providers/local-ca/books.js';
import { localCaAccount, samplePrices } from '../../../support/local-ca-account.js';
import { place, requestFor, runStep } from './journey.js';

describe('the books', () => {
  it('keep each order in a file of its own, in one of 256 folders', async () => {
    const { provider, store } = await localCaAccount();
    const { orderId } = await place(provider, ['shop.example.com']);
    const path = `orders/${orderId.slice(4, 6)}/${orderId}.json`;
    expect(orderPath(orderId)).toBe(path);
    expect(store.files().get(path)).toMatch(/^\{\n {2}"certificates": \[[\s\S]*\n\}\n$/);
  });

  it('leave the bytes of every other file alone', async () => {
    const { provider, store } = await localCaAccount();
    await place(provider, ['a.example.com']);
    const before = store.files();
    await place(provider, ['b.example.com']);
    for (const [path, text] of before) expect(store.files().get(path)).toBe(text);
    expect(store.files().size).toBe(before.size + 1);
  });

  it('carry on where a file of somebody else lies beside them', async () => {
    const { provider, store } = await localCaAccount();
    await store.replace(null, new Map([['README.md', 'hands off']]), 'a person');
    await place(provider, ['a.example.com']);
    expect(store.files().get('README.md')).toBe('hands off');
  });

  it.each([
    ['orders/00/lca-0000000000000000.json', '{'],
    ['orders/00/lca-0000000000000000.json', '[]'],
    ['orders/00/lca-0000000000000000.json', 'null'],
    ['orders/00/lca-0000000000000000.json', '{"id":"lca-1111111111111111"}'],
    ['orders/misplaced.json', '{}'],
    ['ca.json', '{"roots":[],"issuing":[]}'],
  ])('say which file cannot be read (%s: %s)', async (path, text) => {
    const { provider, store } = await localCaAccount();
    await store.replace(null, new Map([[path, text]]), 'damage');
    await expect(provider.getOrder('lca-0000000000000000')).rejects.toMatchObject({
      code: 'repository.unreadable-state',
      message: expect.stringContaining(path),
    });
    await expect(place(provider, ['a.example.com'])).rejects.toMatchObject({ effect: 'none' });
    expect(store.pushes()).toBe(1);
  });

  it.each([
    ['placedAt', 'soon'],
    ['paidTill', 'never'],
    ['charged', { amount: 'much', currency: 'USD' }],
    ['names', [1]],
    ['certificates', [{ serial: 'ab' }]],
  ])('say that an order cannot be read when its %s is %j', async (key, value) => {
    const { provider, store } = await localCaAccount({ prices: samplePrices });
    const { orderId } = await place(provider, ['a.example.com'], { term: '1y' });
    const { version, files } = await store.read();
    const path = orderPath(orderId);
    const damaged = JSON.stringify({ ...JSON.parse(files.get(path) ?? ''), [key]: value });
    await store.replace(version, new Map(files).set(path, damaged), 'damage');
    await expect(provider.getOrder(orderId)).rejects.toMatchObject({ code: 'repository.unreadable-state' });
  });

  it('say that a key is gone instead of starting a second CA', async () => {
    const { provider, store } = await localCaAccount();
    await place(provider, ['a.example.com']);
    const { version, files } = await store.read();
    const without = new Map([...files].filter(([path]) => path !== 'issuing.key.age'));
    await store.replace(version, without, 'damage');
    await expect(place(provider, ['b.example.com'])).rejects.toMatchObject({
      code: 'key.unreadable',
      effect: 'none',
    });
    expect(await provider.trustAnchors?.()).toHaveLength(1);
  });

  it('parse again only what changed', async () => {
    const { provider, store } = await localCaAccount();
    const { orderId } = await place(provider, ['a.example.com']);
    const read = booksReader(store);
    const first = await read();
    await place(provider, ['b.example.com']);
    const second = await read();
    expect(second.orders.get(orderId)).toBe(first.orders.get(orderId));
    expect([first.orders.size, second.orders.size]).toEqual([1, 2]);
  });

  it('of 10,000 orders take a batch of fifty in one push of fifty files', async () => {
    const { provider, store } = await localCaAccount();
    await place(provider, ['first.example.com']);
    await fill(store, 10_000);
    const before = store.files();
    const requests = await Promise.all(
      Array.from({ length: 50 }, (_, i) => requestFor(provider, [`new${i}.example.com`])),
    );
    const pushes = store.pushes();
    await Promise.all(requests.map((request) => runStep(provider.place, request)));
    expect(store.pushes() - pushes).toBeLessThanOrEqual(4);
    const changed = [...store.files()].filter(([path, text]) => before.get(path) !== text);
    expect(changed).toHaveLength(50);
    let listed = 0;
    for await (const _order of provider.list?.({}) ?? []) listed += 1;
    expect(listed).toBe(10_051);
  });
});

/** Copies of the one order there is, under other ids and references. */
async function fill(store: AccountStore, count: number): Promise<void> {
  const { version, files, orders } = await booksReader(store)();
  const [sample] = orders.values();
  if (!sample) throw new Error('no order to copy');
  const next = new Map(files);
  for (let i = 0; i < count; i += 1) {
    const number = (i * 2_654_435_761) % 2 ** 32;
    const id = `lca-${number.toString(16).padStart(8, '0')}${'0'.repeat(8)}`;
    const copy: BookOrder = { ...sample, id, reference: `cwk3v9x2-copy${i}` };
    next.set(orderPath(id), fileText(copy));
  }
  await store.replace(version, next, 'filled');
}

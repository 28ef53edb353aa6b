import { describe, expect, it, onTestFinished } from 'vitest';
import type { Json, JsonObject } from '../../../../src/model/json.js';
import type { OrderRequest } from '../../../../src/model/order.js';
import { DAY_MS } from '../../../../src/model/time.js';
import type { Provider, Step } from '../../../../src/ports/provider.js';
import { certificateSpec, newKey, orderRequest } from '../../../conformance/builders.js';
import { failureOf } from '../../../conformance/failure.js';
import { PRODUCTS, type SandboxAccount, whmcsAccount } from '../../../support/whmcs-account.js';
import { shopOf, shopThat } from './shop-that.js';

const SPEC = certificateSpec({
  name: 'shop',
  names: ['shop.example.com'],
  providers: ['whmcs'],
  product: 'dv',
  term: { unit: 'year', count: 1 },
});

const named = (steps: readonly Step[], name: string): Step => {
  const step = steps.find((one) => one.name === name);
  if (step === undefined) throw new Error(`there is no step ${name}`);
  return step;
};

async function renewalOf(provider: Provider): Promise<OrderRequest> {
  const { csrPem } = await newKey(SPEC.commonName, SPEC.names);
  return orderRequest(provider, SPEC, 'renew', {
    term: '1y',
    csrPem,
    predecessor: { orderId: '903', ids: ['903'] },
  });
}

/** A service whose first term is paid. */
async function soldService(): Promise<SandboxAccount> {
  const account = await whmcsAccount({ dv: PRODUCTS.dv });
  onTestFinished(account.close);
  const { provider, sandbox } = account;
  onTestFinished(() => provider.close());
  const { csrPem } = await newKey(SPEC.commonName, SPEC.names);
  const request = orderRequest(provider, SPEC, 'order', { term: '1y', csrPem });
  const before = (await named(provider.place, 'order').before?.(request)) ?? {};
  await named(provider.place, 'order').run({ request, before, results: {} }, () => undefined);
  await sandbox.control('POST', 'invoices/1207/pay');
  await sandbox.control('POST', 'services/903/setup');
  return account;
}

describe('the invoice of the next term', () => {
  it('is none of a domain or an add-on that happens to have the number of the service', async () => {
    const { provider, sandbox } = await soldService();
    await sandbox.control('POST', 'invoices', { type: 'Domain', relid: 903, amount: '9.00' });
    await sandbox.control('POST', 'invoices', { type: 'Addon', relid: 903, amount: '10.00' });
    const request = await renewalOf(provider);
    const renew = named(provider.renew, 'renew');
    const before = (await renew.before?.(request)) ?? {};
    expect(before.invoiceId).toBeUndefined();
    const outcome = await renew.run({ request, before, results: {} }, () => undefined);
    expect(outcome.orderId).toBe('903-1210');
    expect(sandbox.ledger('AddOrder')).toHaveLength(2);
  });

  it('is none that paid a term gone by, of a service that was taken over in a later one', async () => {
    const { provider, sandbox, clock } = await soldService();
    for (const invoiceId of [1208, 1209]) {
      clock.advance(360 * DAY_MS);
      await sandbox.control('POST', 'cron');
      await sandbox.control('POST', `invoices/${invoiceId}/pay`);
    }
    clock.advance(330 * DAY_MS);
    const request = await renewalOf(provider);
    const renew = named(provider.renew, 'renew');
    const error = await failureOf(renew.before?.(request) ?? Promise.resolve());
    expect(error).toMatchObject({ code: 'order.ambiguous', effect: 'none' });
    expect(error.remedy).toContain('adopt: { order: "903-1209" }');
    // Taken over as what it is, its next term is bought.
    const predecessor = { orderId: '903-1209', ids: ['903-1209'] };
    const right = { ...request, predecessor };
    const before = (await renew.before?.(right)) ?? {};
    const outcome = await renew.run({ request: right, before, results: {} }, () => undefined);
    expect(outcome.orderId).toBe('903-1210');
    expect(sandbox.ledger('AddOrder')).toHaveLength(2);
  });

  it('is one that somebody paid early', async () => {
    const { provider, sandbox, clock } = await soldService();
    clock.advance(360 * DAY_MS);
    await sandbox.control('POST', 'cron');
    await sandbox.control('POST', 'invoices/1208/pay');
    const request = await renewalOf(provider);
    const before = await named(provider.renew, 'renew').before?.(request);
    expect(before).toMatchObject({ invoiceId: 1208 });
  });

  it('is not made beside one that a page of the list may hold', async () => {
    const seen: string[] = [];
    const provider = await shopThat(
      shopOf((action) => {
        seen.push(action);
        if (action === 'GetClientsProducts') return services([service(903)]);
        if (action === 'GetOrders') return orders;
        // Three are told, one comes: the others may be the invoice of the next term.
        if (action === 'GetInvoices')
          return {
            totalresults: '3',
            invoices: { invoice: seen.at(-2) === 'GetInvoices' ? [] : [{ id: 1207 }] },
          };
        if (action === 'GetInvoice') return invoice(1207, 'Paid');
        if (action === 'GetClientsDetails') return client;
        return { orderid: 482, serviceids: '', invoiceid: 1300 };
      }),
    );
    const request = await renewalOf(provider);
    const renew = named(provider.renew, 'renew');
    const error = await failureOf(renew.run({ request, before: {}, results: {} }, () => undefined));
    expect(error).toMatchObject({ code: 'wire.unexpected', effect: 'none' });
    expect(error.message).toContain('invoices');
    expect(seen).not.toContain('AddOrder');
  });
});

describe('the services of a client', () => {
  it('are no list where pages end before their total, or come again and again', async () => {
    const half = await shopThat(
      shopOf((action, form) => {
        if (action !== 'GetClientsProducts') return client;
        const start = Number(form.get('limitstart'));
        return { totalresults: '150', products: { product: start === 0 ? many(100) : '' } };
      }),
    );
    const again = await shopThat(
      shopOf((action) => {
        if (action !== 'GetClientsProducts') return client;
        // Whatever page is asked for, it is the first one.
        return { totalresults: '200', products: { product: many(100) } };
      }),
    );
    for (const provider of [half, again]) {
      const error = await failureOf(listOf(provider));
      expect(error).toMatchObject({ code: 'wire.unexpected', effect: 'none' });
    }
  });
});

it('credit that did not pay the whole invoice is no payment: a person is asked', async () => {
  let credit = '0.00';
  const provider = await shopThat(
    shopOf((action) => {
      if (action === 'GetInvoice') return { ...invoice(1207, 'Unpaid'), credit };
      if (action === 'GetClientsDetails') return client;
      if (action === 'GetClientsProducts') return services([service(903)]);
      credit = '10.00';
      return { invoiceid: '1207', amount: '10.00', invoicepaid: 'false' };
    }),
  );
  const { csrPem } = await newKey(SPEC.commonName, SPEC.names);
  const request = orderRequest(provider, SPEC, 'order', { term: '1y', csrPem });
  const pay = named(provider.place, 'pay');
  const results = { order: { serviceId: 903, orderId: 481, invoiceId: 1207 } };
  const before = (await pay.before?.(request, { request, results, tooMuch: () => undefined })) ?? {};
  const error = await failureOf(pay.run({ request, before, results }, () => undefined));
  expect(error).toMatchObject({ code: 'wire.unexpected', effect: 'unknown' });
  expect(await pay.lookUp({ request, before, results, sentAtMs: 0 })).toMatchObject({
    kind: 'cannot-tell',
    candidates: ['1207'],
  });
});

it.each([
  ['15,95', 'a comma for the point'],
  ['1.234,56', 'points for thousands'],
  ['1,23,456.00', 'thousands elsewhere'],
])('a credit of "%s" (%s) is not read as another amount', async (credit) => {
  const provider = await shopThat(shopOf(() => ({ client: { ...clientRow, credit } })));
  expect(await failureOf(provider.balance?.() ?? Promise.resolve())).toMatchObject({
    code: 'wire.unexpected',
  });
});

it('a credit with thousands is', async () => {
  const provider = await shopThat(shopOf(() => ({ client: { ...clientRow, credit: '1,234.56' } })));
  expect(await provider.balance?.()).toEqual({ amount: '1234.56', currency: 'USD' });
});

async function listOf(provider: Provider): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  for await (const order of provider.list?.({}) ?? []) found.push(order);
  return found;
}

const clientRow: JsonObject = { id: 77, credit: '50.00', currency_code: 'USD' };
const client: JsonObject = { client: clientRow };
const orders: JsonObject = {
  totalresults: '1',
  orders: { order: [{ id: 481, invoiceid: 1207, status: 'Active' }] },
};

const service = (id: number): JsonObject => ({
  id,
  clientid: 77,
  orderid: 481,
  pid: 12,
  domain: 'shop.example.com',
  billingcycle: 'Annually',
  status: 'Active',
  customfields: { customfield: Array.from({ length: 9 }, (_, i) => ({ id: 31 + i, value: '' })) },
});

const many = (count: number): Json[] => Array.from({ length: count }, (_, i) => service(1000 + i));

const services = (rows: readonly JsonObject[]): JsonObject => ({
  totalresults: String(rows.length),
  products: { product: [...rows] },
});

const invoice = (id: number, status: string): JsonObject => ({
  invoiceid: String(id),
  status,
  date: '2026-03-02',
  subtotal: '10.00',
  credit: '0.00',
  tax: '0.00',
  tax2: '0.00',
  balance: '10.00',
  items: { item: [{ id: 1, type: 'Hosting', relid: 903, amount: '10.00' }] },
});

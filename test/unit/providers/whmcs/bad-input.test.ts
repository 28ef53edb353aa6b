import { describe, expect, it, onTestFinished } from 'vitest';
import type { JsonObject } from '../../../../src/model/json.js';
import { serialized } from '../../../../src/providers/whmcs/php.js';
import { certificateSpec, newKey, orderRequest } from '../../../conformance/builders.js';
import { failureOf } from '../../../conformance/failure.js';
import { PRODUCTS, whmcsAccount } from '../../../support/whmcs-account.js';
import { json, saying, shopOf, shopThat } from './shop-that.js';

describe('what a WHMCS shop may answer', () => {
  it('a web page instead of JSON is no answer, and says where to look', async () => {
    const provider = await shopThat(saying('<html>Oops</html>', 200, 'text/html'));
    const error = await failureOf(provider.getOrder('903'));
    expect(error).toMatchObject({ code: 'wire.unexpected', effect: 'none' });
    expect(error.message).toContain('a web page instead of JSON');
    expect(error.remedy).toContain('url:');
  });

  it.each([
    ['Authentication Failed', 'provider.credentials', 'identifier and secret'],
    ['Invalid or missing credentials', 'provider.credentials', 'identifier and secret'],
    ['Invalid IP 203.0.113.9', 'provider.credentials', 'API IP Access Restriction'],
    ['Your IP has been banned', 'provider.credentials', 'API IP Access Restriction'],
    [
      'Invalid Permissions: API action "getclientsproducts" is not allowed',
      'provider.refused',
      'Allow GetClientsProducts',
    ],
  ])('403 of WHMCS, %s', async (message, code, remedy) => {
    const provider = await shopThat(saying(JSON.stringify({ result: 'error', message }), 403));
    const error = await failureOf(provider.getOrder('903'));
    expect(error).toMatchObject({ code, effect: 'none' });
    expect(error.remedy).toContain(remedy);
  });

  it('403 of a firewall is told apart from those', async () => {
    const provider = await shopThat(saying('<h1>Forbidden</h1>', 403, 'text/html'));
    const error = await failureOf(provider.getOrder('903'));
    expect(error.code).toBe('wire.unexpected');
    expect(error.remedy).toContain('firewall');
  });

  it('an admin is missing behind the credential', async () => {
    const provider = await shopThat(
      json({ result: 'error', message: 'To perform this action an admin user is required' }),
    );
    expect(await failureOf(provider.getOrder('903'))).toMatchObject({ code: 'provider.credentials' });
  });

  it.each([
    ['an empty text', { products: '' }],
    ['an empty list', { products: [] }],
    ['an object with an empty list', { products: { product: [] } }],
    ['an object with an empty text', { products: { product: '' } }],
    ['nothing inside', { products: {} }],
    ['null', { products: null }],
  ])('%s is an empty collection', async (_title, body) => {
    const provider = await shopThat(json({ result: 'success', totalresults: '0', ...body }));
    expect(await failureOf(provider.getOrder('903'))).toMatchObject({ code: 'order.not-found' });
  });

  it.each([
    ['another text', { products: 'none' }],
    ['a number', { products: 0 }],
    ['nothing at all', {}],
  ])('%s is none: it is never taken for one', async (_title, body) => {
    const provider = await shopThat(json({ result: 'success', totalresults: '0', ...body }));
    expect(await failureOf(provider.getOrder('903'))).toMatchObject({ code: 'wire.unexpected' });
  });

  it('numbers as texts, entities and zero dates are read', async () => {
    const row = {
      id: '903',
      clientid: '77',
      orderid: '481',
      pid: '12',
      regdate: '0000-00-00',
      domain: 'SHOP.example.com',
      billingcycle: 'Annually',
      status: 'Active',
      customfields: {
        customfield: Array.from({ length: 9 }, (_, i) => ({
          id: String(31 + i),
          value: i === 4 ? 'Waiting &amp; seeing &#039;soon&#039;' : '',
        })),
      },
    };
    const provider = await shopThat(
      json({ result: 'success', totalresults: '1', products: { product: [row] } }),
    );
    const order = await provider.getOrder('903');
    expect(order).toMatchObject({ id: '903', product: 'dv', names: ['shop.example.com'], term: '1y' });
    expect(order.placedAt).toBeUndefined();
    expect(order.message).toContain(`"Waiting & seeing 'soon'", which certwright does not know`);
    expect(order.waitingFor).toBe('person');
  });

  it('a service of another client is not ours', async () => {
    const row = { id: 903, clientid: 78, pid: 12, status: 'Active', domain: 'shop.example.com' };
    const provider = await shopThat(
      json({ result: 'success', totalresults: 1, products: { product: [row] } }),
    );
    expect(await failureOf(provider.getOrder('903'))).toMatchObject({ code: 'order.not-found' });
  });

  it('an order id of another kind is not looked for', async () => {
    const provider = await shopThat(json({ result: 'success' }));
    for (const id of ['', 'cw-1', '903-', '0', '903-1-2']) {
      expect(await failureOf(provider.getOrder(id))).toMatchObject({ code: 'order.not-found' });
    }
  });
});

describe('words of a refused login in the answer of a writing call', () => {
  const spec = certificateSpec({
    name: 'shop',
    names: ['shop.example.com'],
    providers: ['whmcs'],
    product: 'dv',
    term: { unit: 'year', count: 1 },
  });

  it.each([
    [403, 'Authentication Failed', 'provider.credentials', 'none'],
    [200, 'Authentication Failed', 'provider.credentials', 'none'],
    [403, 'Your IP has been banned', 'provider.credentials', 'none'],
    // Documented with 403 alone; said with 200 it may be of the client, and whatever was made is still there.
    [200, 'The order was placed, and the client banned for it', 'wire.unexpected', 'unknown'],
  ])('%d %s', async (status, message, code, effect) => {
    const provider = await shopThat(saying(JSON.stringify({ result: 'error', message }), status));
    const { csrPem } = await newKey(spec.commonName, spec.names);
    const request = orderRequest(provider, spec, 'order', { term: '1y', csrPem });
    const placing = provider.place[0]?.run({ request, before: {}, results: {} }, () => undefined);
    expect(await failureOf(placing ?? Promise.resolve())).toMatchObject({ code, effect });
  });

  it('a function of a module is run once, although the shop is overloaded', async () => {
    const calls: string[] = [];
    const product = { ...PRODUCTS.dv, functions: { ...PRODUCTS.dv.functions, resend: 'resend' } };
    const row = { id: 903, clientid: 77, pid: 12, status: 'Active', domain: 'shop.example.com' };
    const answers = shopOf((action) => {
      calls.push(action);
      return action === 'ModuleCustom' ? 503 : { products: { product: [row] } };
    });
    const provider = await shopThat(answers, { dv: product });
    const wish = { name: 'shop.example.com', method: 'email', approver: 'admin@example.com' } as const;
    await failureOf(provider.validator?.resend?.('903', [wish]) ?? Promise.resolve());
    expect(calls).toEqual(['GetClientsProducts', 'ModuleCustom']);
  });
});

describe('what the configuration maps, and the shop has not', () => {
  const spec = certificateSpec({
    name: 'shop',
    names: ['shop.example.com'],
    providers: ['whmcs'],
    product: 'dv',
    term: { unit: 'year', count: 1 },
  });

  async function beforeOrdering(product: JsonObject, more: JsonObject = {}) {
    const account = await whmcsAccount({ dv: product }, {}, more);
    onTestFinished(async () => {
      await account.provider.close();
      await account.close();
    });
    const { provider } = account;
    const key = await newKey(spec.commonName, spec.names);
    const request = orderRequest(provider, spec, 'order', { csrPem: key.csrPem });
    const error = await failureOf(provider.place[0]?.before?.(request) ?? Promise.resolve());
    return { account, error, check: await provider.check() };
  }

  it('a field of the order form that is gone is found before money moves, by its id', async () => {
    const fields = { ...PRODUCTS.dv.fields, reference: 99 };
    const { account, error, check } = await beforeOrdering({ ...PRODUCTS.dv, fields });
    expect(error).toMatchObject({ code: 'config.invalid', effect: 'none' });
    expect(error.message).toContain('no custom field 99 on its order form');
    expect(check.ok).toBe(false);
    expect(check.findings).toContainEqual(expect.stringContaining('99'));
    expect(account.sandbox.purchases()).toEqual([]);
  });

  it('a field that only admins see is missed as soon as there is a service', async () => {
    const account = await whmcsAccount({
      dv: { ...PRODUCTS.dv, fields: { ...PRODUCTS.dv.fields, state: 98 } },
    });
    onTestFinished(async () => {
      await account.provider.close();
      await account.close();
    });
    const { provider } = account;
    const key = await newKey(spec.commonName, spec.names);
    const request = orderRequest(provider, spec, 'order', { csrPem: key.csrPem });
    const [order] = provider.place;
    const before = (await order?.before?.(request)) ?? {};
    await order?.run({ request, before, results: {} }, () => undefined);
    expect((await provider.check()).findings).toContainEqual(expect.stringContaining('custom field 98'));
  });

  it('a payment method that the shop has not', async () => {
    const { error } = await beforeOrdering(PRODUCTS.dv, { paymentMethod: 'paypal' });
    expect(error).toMatchObject({ code: 'config.invalid' });
    expect(error.message).toContain('banktransfer');
  });

  it('a product that the shop has not', async () => {
    const { error } = await beforeOrdering({ ...PRODUCTS.dv, pid: 4711 });
    expect(error).toMatchObject({ code: 'config.invalid' });
    expect(error.message).toContain('4711');
  });
});

describe('serialised PHP', () => {
  const plain = (values: ReadonlyMap<number, string | number>) =>
    Buffer.from(serialized(values), 'base64').toString('utf8');

  it.each([
    ['the sample of the reference', new Map([[12, 'hello']]), 'a:1:{i:12;s:5:"hello";}'],
    [
      'a number',
      new Map<number, string | number>([
        [12, 'hello'],
        [14, 3],
      ]),
      'a:2:{i:12;s:5:"hello";i:14;i:3;}',
    ],
    ['bytes, not letters', new Map([[1, 'Zürich €']]), 'a:1:{i:1;s:11:"Zürich €";}'],
    ['line ends count', new Map([[1, 'a\nb\n']]), 'a:1:{i:1;s:4:"a\nb\n";}'],
  ])('%s', (_title, values, expected) => {
    expect(plain(values)).toBe(expected);
  });
});

describe('secrets', () => {
  it('that the shop repeats in its words stand in no error, and in nothing that is recorded', async () => {
    const message = 'Access denied for id with s3cret%21 and s3cret!';
    const provider = await shopThat(json({ result: 'error', message }));
    const spec = certificateSpec({ names: ['shop.example.com'], providers: ['shop'], product: 'dv' });
    const request = orderRequest(provider, spec, 'order', { term: '1y' });
    const errors = [
      await failureOf(provider.getOrder('903')),
      await failureOf(
        provider.place[0]?.run({ request, before: {}, results: {} }, () => undefined) ?? Promise.resolve(),
      ),
    ];
    for (const error of errors) {
      expect(error.message).toContain('Access denied');
      expect(`${error.message} ${error.providerText}`).not.toContain('s3cret');
    }
  });

  it('stand in no log, outcome or ledger; refused credentials are not tried again', async () => {
    const account = await whmcsAccount({ dv: PRODUCTS.dv });
    onTestFinished(async () => {
      await account.provider.close();
      await account.close();
    });
    const wrong = await account.another('wrong s3cret');
    onTestFinished(() => wrong.close());
    expect((await wrong.check()).ok).toBe(false);
    const calls = account.sandbox.ledger().length;
    expect(await failureOf(wrong.getOrder('903'))).toMatchObject({ code: 'provider.credentials' });
    expect(account.sandbox.ledger().length).toBe(calls);
    await account.provider.check();
    expect(JSON.stringify(account.log)).not.toMatch(/s3cret/i);
    expect(JSON.stringify(account.sandbox.ledger().map(({ body }) => body))).not.toMatch(/s3cret/i);
  });
});

import { expect, it, onTestFinished } from 'vitest';
import type { JsonObject } from '../../../../src/model/json.js';
import type { Provider } from '../../../../src/ports/provider.js';
import { certificateSpec, newKey, orderRequest } from '../../../conformance/builders.js';
import { PRODUCTS, whmcsAccount } from '../../../support/whmcs-account.js';

const CONTACTS: JsonObject = {
  organization: { name: 'Müller & Söhne "GmbH"', city: 'Köln' },
  admin: { firstName: 'Änn', email: 'ann@example.com' },
  technical: { phone: '+49 221 1' },
};

/** Custom fields of the one AddOrder, as PHP would read them. */
function fieldsIn(body: string): Readonly<Record<string, string>> {
  const form = new URLSearchParams(Buffer.from(body, 'latin1').toString('utf8'));
  const text = Buffer.from(form.get('customfields[0]') ?? '', 'base64').toString('utf8');
  return Object.fromEntries(
    [...text.matchAll(/i:(\d+);s:(\d+):"([\s\S]*?)";(?=i:|\})/g)].map(([, id, length, value = '']) => {
      expect(Buffer.byteLength(value), `length of field ${id}`).toBe(Number(length));
      return [id, value];
    }),
  );
}

async function placed(provider: Provider): Promise<void> {
  const { csrPem } = await newKey('shop.example.com', ['shop.example.com']);
  const spec = certificateSpec({
    name: 'shop',
    names: ['shop.example.com'],
    providers: [provider.config.id],
    product: 'product',
    term: { unit: 'year', count: 1 },
  });
  const request = orderRequest(provider, spec, 'order', { term: '1y', csrPem });
  const [order] = provider.place;
  const before = (await order?.before?.(request)) ?? {};
  await order?.run({ request, before, results: {}, contacts: CONTACTS }, () => undefined);
}

it('contacts stand in the fields that the configuration names, byte for byte', async () => {
  const product = {
    ...PRODUCTS['rvssl-ov'],
    fields: { reference: 101, csr: 102 },
    contactFields: {
      'organization.name': 103,
      'admin.firstName': 104,
      'technical.email': 105,
      'technical.phone': 106,
    },
  };
  const settings = {
    products: {
      '16': {
        name: 'OV',
        module: 'fields',
        level: 'OV',
        autosetup: 'off',
        paytype: 'recurring',
        prices: { annually: '40.00' },
        setupFee: '0.00',
        fields: [101, 102, 103, 104, 105, 106].map((id) => ({
          id,
          name: `Field ${id}`,
          role: 'none',
          orderForm: true,
        })),
      },
    },
  };
  const { provider, sandbox, close } = await whmcsAccount({ product }, { settings });
  onTestFinished(close);
  onTestFinished(() => provider.close());
  await placed(provider);
  const sent = fieldsIn(sandbox.ledger('AddOrder')[0]?.body ?? '');
  expect(sent).toMatchObject({
    '103': 'Müller & Söhne "GmbH"',
    '104': 'Änn',
    // Whoever is not named besides is the admin.
    '105': 'ann@example.com',
    '106': '+49 221 1',
  });
  expect(sent['102']).toMatch(/^-----BEGIN CERTIFICATE REQUEST-----/);
  expect(Object.keys(sent).sort()).toEqual(['101', '102', '103', '104', '105', '106']);
});

it('no credential, and no password of a service, is in the log of any level', async () => {
  const { provider, sandbox, log, another, close } = await whmcsAccount(
    { product: PRODUCTS.dv },
    { settings: { openingCredit: '50.00' } },
  );
  onTestFinished(close);
  onTestFinished(() => provider.close());
  await placed(provider);
  expect((await provider.check()).ok).toBe(true);
  const orders = [];
  for await (const one of provider.list?.({}) ?? []) orders.push(one);
  expect(orders).toHaveLength(1);
  await provider.getOrder('903');
  const wrong = await another('canary-wrong-5d1');
  onTestFinished(() => wrong.close());
  expect((await wrong.check()).ok).toBe(false);
  const text = JSON.stringify(log.lines);
  expect(log.lines.some(({ level }) => level === 'debug')).toBe(true);
  for (const secret of ['S3cret+ secret', 'S3cret%2B+secret', 'S3cret%2B%20secret', 'canary-wrong-5d1']) {
    expect(text).not.toContain(secret);
  }
  // The shop tells it in clear with every service.
  const body = await rawServices(sandbox.url);
  const password = /"password":"([^"]+)"/.exec(body)?.[1] ?? '';
  expect(password.length).toBeGreaterThan(6);
  expect(text).not.toContain(password);
});

async function rawServices(url: string): Promise<string> {
  const reply = await fetch(`${url}/includes/api.php`, {
    method: 'POST',
    body: new URLSearchParams({
      action: 'GetClientsProducts',
      responsetype: 'json',
      identifier: 'api-identifier',
      secret: 'S3cret+ secret',
      clientid: '77',
    }),
  });
  return reply.text();
}

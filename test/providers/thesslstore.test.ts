import { describe, expect, it, onTestFinished } from 'vitest';
import type { JsonObject } from '../../src/model/json.js';
import { DAY_MS, toMs } from '../../src/model/time.js';
import { theSslStore } from '../../src/providers/thesslstore/index.js';
import { certificateSpec, newKey, orderRequest, predecessorOf } from '../conformance/builders.js';
import { failureOf } from '../conformance/failure.js';
import { type ConformanceSubject, providerConformance } from '../conformance/provider.js';
import { issueAll, type SandboxAccountOptions, storeAccount } from '../support/thesslstore-account.js';

const year = { unit: 'year', count: 1 } as const;

async function subject(
  settings: JsonObject,
  product = 'positivessl-multi-domain',
): Promise<ConformanceSubject> {
  const account = await storeAccount({ settings });
  const { provider, sandbox, clock } = account;
  return {
    definition: theSslStore,
    provider,
    clock,
    unknownOrderId: '999999999',
    roots: [sandbox.rootPem],
    newSpec: (label) =>
      certificateSpec({
        name: `team/${label}`,
        names: [`${label}.example.com`, `shop.${label}.example.com`],
        providers: [provider.config.id],
        product,
        term: year,
      }),
    advance: async (ms) => clock.advance(ms),
    issue: () => issueAll(sandbox),
    purchases: async () => sandbox.purchases().length,
    loseNextReply: async () => {
      await account.fault('drop-after@NewOrder');
      await account.fault('drop-after@Reissue');
    },
    bookNextTwice: () => account.fault('duplicate@NewOrder'),
    requestsSeen: async () => sandbox.ledger().length,
    withWrongCredentials: () => account.another('wrong'),
    dispose: account.close,
  };
}

/** The default is the poorest documented account; the others are what the reference leaves open, one way and the other. */
const PERSONALITIES: Readonly<Record<string, JsonObject>> = {
  'the poorest account': {},
  'an account that answers in the other ways': {
    unknownOrder: 'empty',
    accountDetailError: false,
    balanceAs: 'number',
    messageAs: 'list-of-null',
    csrForms: 'url',
    listShowsReference: true,
    listOrder: 'oldest',
    paidTillShown: false,
    maximumPageSize: 2,
    codesAs: 'number',
    reissueNames: 'pairs',
    notIssued: 'error',
    noDateAs: 'day-first',
  },
  'an account whose refusals say no code, and whose data come late': {
    codesAs: 'text',
    dataDelaySeconds: 20,
  },
};

for (const [title, settings] of Object.entries(PERSONALITIES)) {
  providerConformance(`thesslstore: ${title}`, () => subject(settings));
}
providerConformance('thesslstore: a DigiCert product', () => subject({}, 'geotrust-dv'));

async function open(options: SandboxAccountOptions = {}) {
  const account = await storeAccount(options);
  onTestFinished(async () => {
    await account.provider.close();
    await account.close();
  });
  return account;
}

const spec = (names: readonly string[], product: string) =>
  certificateSpec({ name: 'shop', names, providers: ['thesslstore'], product, term: year });

describe('thesslstore: what the reference warns of', () => {
  it('a list under a wrong token is empty, and never taken for an account without orders', async () => {
    const account = await open();
    const wrong = await account.another('wrong');
    onTestFinished(() => wrong.close());
    const list = async () => {
      for await (const order of wrong.list?.({}) ?? []) return order;
      return undefined;
    };
    expect(await failureOf(list())).toMatchObject({ code: 'provider.credentials' });
  });

  it.each(['framed', 'number', 'text'])(
    'a refused login is one, also where its code comes as %s',
    async (codesAs) => {
      const account = await open({ settings: { codesAs } });
      const wrong = await account.another('wrong');
      onTestFinished(() => wrong.close());
      expect(await failureOf(wrong.findByReference?.('cw000000-any') ?? Promise.resolve())).toMatchObject({
        code: 'provider.credentials',
      });
    },
  );

  it('prices of DigiCert products are asked for with their codes of today', async () => {
    const { provider } = await open();
    const quote = await provider.quote({
      action: 'order',
      product: 'rapidssl',
      term: year,
      names: ['a.example.com'],
    });
    expect(quote.price).toMatchObject({ kind: 'known', amount: { amount: '10.00' } });
  });

  it('an account that may go below zero has no balance that holds orders, unless a minimum is asked for', async () => {
    const settings = { allowCredit: true };
    const { provider, sandbox } = await open({ settings });
    await sandbox.control('POST', 'account', { balance: '-20.00' });
    expect(await failureOf(provider.balance?.() ?? Promise.resolve())).toMatchObject({
      code: 'provider.unsupported',
      message: expect.stringContaining('-20.00 USD'),
    });
    expect(await provider.check()).toMatchObject({ ok: true, balance: { amount: '-20.00' } });
    const careful = await open({ settings, config: { minimumBalance: { amount: '0.00', currency: 'USD' } } });
    await careful.sandbox.control('POST', 'account', { balance: '-20.00' });
    expect(await careful.provider.balance?.()).toEqual({ amount: '-20.00', currency: 'USD' });
  });

  const ORGANIZATION = {
    name: 'Acme',
    street: '1 Main St',
    city: 'Springfield',
    state: 'IL',
    postalCode: '62701',
  };
  const ADMIN = { firstName: 'Ann', lastName: 'Lee', email: 'ann@example.com', phone: '+1.5550100' };

  it.each<[string, string, JsonObject, string | undefined]>([
    ['instantssl', 'all that is wanted', { organization: ORGANIZATION, admin: ADMIN }, undefined],
    [
      'instantssl',
      'no state',
      { organization: { ...ORGANIZATION, state: ' ' }, admin: ADMIN },
      'organization.state',
    ],
    [
      'instantssl',
      'nobody',
      { organization: ORGANIZATION },
      'admin.firstName, admin.lastName, admin.phone, admin.email',
    ],
    [
      'digicert-basic',
      'no phone of the organisation',
      { organization: { ...ORGANIZATION, country: 'US' }, admin: ADMIN },
      'organization.phone',
    ],
    [
      'digicert-basic',
      'all that is wanted',
      { organization: { ...ORGANIZATION, country: 'US', phone: '+1.5550100' }, admin: ADMIN },
      undefined,
    ],
    ['positivessl', 'a person without phone', { admin: { ...ADMIN, phone: '' } }, 'admin.phone'],
  ])('contacts of %s with %s', async (product, _what, contacts, missing) => {
    const { provider, sandbox } = await open();
    const wanted = certificateSpec({ ...spec(['shop.example.com'], product), contacts: 'acme' });
    expect(provider.audit(wanted)).toEqual([]);
    const key = await newKey(wanted.commonName, wanted.names);
    const request = orderRequest(provider, wanted, 'order', { csrPem: key.csrPem });
    const [place] = provider.place;
    const before = (await place?.before?.(request)) ?? {};
    const run = () =>
      place?.run({ request, before, results: {}, contacts }, () => undefined) ?? Promise.resolve();
    if (missing === undefined) await run();
    else {
      expect(await failureOf(run())).toMatchObject({
        code: 'provider.refused',
        effect: 'none',
        message: `The SSL Store takes no order of ${product} without ${missing}`,
      });
    }
    expect(sandbox.purchases()).toHaveLength(missing === undefined ? 1 : 0);
    expect(sandbox.ledger('NewOrder')).toHaveLength(missing === undefined ? 1 : 0);
  });

  it.each<[string, JsonObject, readonly string[]]>([
    ['positivessl-ev', {}, ['options.jurisdiction']],
    ['positivessl-ev', { joiCountryName: 'DE' }, []],
    ['instantssl', { organizationId: 7 }, ['options.organization', 'contacts.missing']],
    ['digicert-basic', { organizationId: 7 }, []],
  ])('%s with the options %j', async (product, options, codes) => {
    const { provider } = await open();
    const base = spec(['shop.example.com'], product);
    const wanted = certificateSpec({
      ...base,
      ...(product === 'positivessl-ev' ? { contacts: 'acme' } : {}),
      providerOptions: { [provider.config.id]: options },
    });
    expect(
      provider
        .audit(wanted)
        .map(({ code }) => code)
        .sort(),
    ).toEqual([...codes].sort());
  });

  it('a credential that is refused is not tried again', async () => {
    const account = await open();
    const wrong = await account.another('wrong');
    onTestFinished(() => wrong.close());
    expect((await wrong.check()).ok).toBe(false);
    const calls = account.sandbox.ledger().length;
    expect(await failureOf(wrong.getOrder('1'))).toMatchObject({ code: 'provider.credentials' });
    expect(account.sandbox.ledger().length).toBe(calls);
  });

  it('tells end date and paid-till date apart', async () => {
    const { provider, sandbox, clock } = await open();
    const wanted = spec(['shop.example.com'], 'positivessl');
    const key = await newKey(wanted.commonName, wanted.names);
    const request = orderRequest(provider, wanted, 'order', { csrPem: key.csrPem });
    const [place] = provider.place;
    const before = await place?.before?.(request);
    const done = await place?.run({ request, before: before ?? {}, results: {} }, () => undefined);
    const id = done?.orderId ?? '';
    expect(done?.charged).toEqual({ amount: '7.00', currency: 'USD' });
    const pending = await provider.getOrder(id, { request, results: {} });
    expect(pending).toMatchObject({ state: 'pending', waitingFor: 'dcv' });
    expect(pending.notAfter).toBeUndefined();
    expect(pending.validation[0]?.record).toMatchObject({
      type: 'CNAME',
      owner: expect.stringMatching(/^_[0-9a-f]{32}\.shop/),
    });
    await issueAll(sandbox);
    const issued = await provider.getOrder(id);
    const boughtMs = clock.now();
    expect(Math.round((toMs(issued.paidTill ?? '') - boughtMs) / DAY_MS)).toBe(365);
    expect(Math.round((toMs(issued.notAfter ?? '') - boughtMs) / DAY_MS)).toBeLessThan(200);
  });

  it('quotes what the account is sold, and never less than it charges', async () => {
    const { provider, sandbox } = await open();
    const names = ['a.example.com', 'b.example.com', 'c.example.com', 'd.example.com'];
    const ask = (product: string, count = 1, list: readonly string[] = names) =>
      provider.quote({ action: 'order', product, term: { unit: 'year', count }, names: list });
    expect((await ask('positivessl', 1, names.slice(0, 1))).price).toMatchObject({
      kind: 'known',
      amount: { amount: '7.00' },
    });
    const { price } = await ask('positivessl-multi-domain');
    expect(price).toMatchObject({
      kind: 'known',
      amount: { amount: '37.00' },
      source: expect.stringContaining('at most'),
    });
    expect((await ask('positivessl', 5)).price).toMatchObject({
      kind: 'unknown',
      why: expect.stringContaining('months on sale: 12, 24, 36'),
    });
    expect((await ask('enterprisessl')).price).toMatchObject({
      kind: 'unknown',
      why: expect.stringContaining('not sold'),
    });
    const wanted = spec(names, 'positivessl-multi-domain');
    const key = await newKey(wanted.commonName, wanted.names);
    const request = orderRequest(provider, wanted, 'order', { csrPem: key.csrPem });
    const [place] = provider.place;
    await place?.run(
      { request, before: (await place.before?.(request)) ?? {}, results: {} },
      () => undefined,
    );
    // Two of the three names beside the common one are included here.
    expect(sandbox.purchases()[0]?.amount).toBe('25.00');
  });

  it('names the currency of the account, also where nobody asked for a price before', async () => {
    const { provider } = await open({ settings: { currency: 'EUR' } });
    expect(await provider.balance?.()).toEqual({ amount: '1000.00', currency: 'EUR' });
    const other = await open({ settings: { currency: 'EUR' } });
    const wanted = spec(['shop.example.com'], 'positivessl');
    const key = await newKey(wanted.commonName, wanted.names);
    const request = orderRequest(other.provider, wanted, 'order', { csrPem: key.csrPem });
    const [place] = other.provider.place;
    const before = (await place?.before?.(request)) ?? {};
    const done = await place?.run({ request, before, results: {} }, () => undefined);
    expect(done?.charged).toEqual({ amount: '7.00', currency: 'EUR' });
    // Another process looks later, and has read no price list.
    const later = await other.another('S3cret+ token');
    onTestFinished(() => later.close());
    const found = await later.place[0]?.lookUp({ request, before, results: {}, sentAtMs: other.clock.now() });
    expect(found).toMatchObject({ kind: 'found', outcome: { charged: { currency: 'EUR' } } });
  });

  it('a cancellation is a request: the order goes on until it is granted', async () => {
    const { provider, sandbox } = await open();
    const wanted = spec(['shop.example.com'], 'positivessl');
    const key = await newKey(wanted.commonName, wanted.names);
    const request = orderRequest(provider, wanted, 'order', { csrPem: key.csrPem });
    const [place] = provider.place;
    const done = await place?.run(
      { request, before: (await place.before?.(request)) ?? {}, results: {} },
      () => undefined,
    );
    const id = done?.orderId ?? '';
    const order = await provider.getOrder(id);
    const [cancel] = provider.canceller?.operation ?? [];
    const asked = orderRequest(provider, wanted, 'cancel', { predecessor: predecessorOf(order) });
    expect(await cancel?.run({ request: asked, before: {}, results: {} }, () => undefined)).toMatchObject({
      undecided: true,
    });
    expect((await provider.getOrder(id)).state).toBe('pending');
    expect(await cancel?.lookUp({ request: asked, before: {}, results: {}, sentAtMs: 0 })).toMatchObject({
      kind: 'found',
    });
    await sandbox.control('POST', `orders/${id}/refund`);
    expect((await provider.getOrder(id)).state).toBe('cancelled');
  });

  it('an approver that is on no list is refused before anything is paid', async () => {
    const { provider, sandbox } = await open();
    const wanted = certificateSpec({
      name: 'shop',
      names: ['shop.example.com'],
      providers: ['thesslstore'],
      product: 'positivessl',
      term: year,
      validation: { method: 'email', approver: 'support_preprod@geotrust.com', per: {} },
    });
    const key = await newKey(wanted.commonName, wanted.names);
    const request = orderRequest(provider, wanted, 'order', { csrPem: key.csrPem });
    const error = await failureOf(provider.place[0]?.before?.(request) ?? Promise.resolve());
    expect(error).toMatchObject({ code: 'provider.refused', effect: 'none' });
    expect(error.remedy).toContain('admin@example.com');
    expect(sandbox.purchases()).toEqual([]);
  });

  it('an order in a state that nobody documents counts for its own names, and keeps no other from being bought', async () => {
    const { provider, sandbox } = await open();
    for (const name of ['shop.example.com', 'other.example.com']) {
      const wanted = spec([name], 'positivessl');
      const key = await newKey(wanted.commonName, wanted.names);
      const request = orderRequest(provider, wanted, 'order', { csrPem: key.csrPem });
      const before = (await provider.place[0]?.before?.(request)) ?? {};
      await provider.place[0]?.run({ request, before, results: {} }, () => undefined);
    }
    await sandbox.control('POST', 'orders/700123/word', { word: 'Refunded' });
    const listed = async (names?: readonly string[]) => {
      const found = [];
      for await (const order of provider.list?.(names === undefined ? {} : { names }) ?? [])
        found.push(order);
      return found.sort((a, b) => (a.id < b.id ? -1 : 1));
    };
    expect(await listed(['other.example.com'])).toMatchObject([{ id: '700124', state: 'pending' }]);
    // Whether it is over nobody knows: it is there.
    expect(await listed(['shop.example.com'])).toMatchObject([{ id: '700123', stateTold: false }]);
    expect((await listed()).map(({ id }) => id)).toEqual(['700123', '700124']);
    const error = await failureOf(provider.getOrder('700123'));
    expect(error.message).toContain('"Refunded"');
  });

  it('an answer nobody documents leaves open what happened', async () => {
    const account = await open();
    const { provider } = account;
    const wanted = spec(['shop.example.com'], 'positivessl');
    const key = await newKey(wanted.commonName, wanted.names);
    const request = orderRequest(provider, wanted, 'order', { csrPem: key.csrPem });
    const [place] = provider.place;
    const before = (await place?.before?.(request)) ?? {};
    const run = () => place?.run({ request, before, results: {} }, () => undefined) ?? Promise.resolve();
    await account.fault('answer:-12345@NewOrder');
    expect(await failureOf(run())).toMatchObject({ code: 'wire.unexpected', effect: 'unknown' });
    await account.fault('answer:-9009@NewOrder');
    expect(await failureOf(run())).toMatchObject({ code: 'provider.refused', effect: 'none' });
  });

  it('no credential and no order token stands in a log, an outcome or an error', async () => {
    const { provider, log, sandbox } = await open();
    const wanted = spec(['shop.example.com'], 'positivessl');
    const key = await newKey(wanted.commonName, wanted.names);
    const request = orderRequest(provider, wanted, 'order', { csrPem: key.csrPem });
    const [place] = provider.place;
    const done = await place?.run(
      { request, before: (await place.before?.(request)) ?? {}, results: {} },
      () => undefined,
    );
    expect(JSON.stringify([done, log])).not.toMatch(/S3cret|#!/);
    expect(JSON.stringify(sandbox.ledger())).not.toContain('S3cret');
  });

  it.each([
    ['rehearsal', undefined],
    ['rehearsal', 'https://api.thesslstore.com'],
    ['live', 'https://sandbox-wbapi.thesslstore.com'],
    ['test', 'https://api.thesslstore.com/rest'],
  ] as const)('environment %s at %s is refused', (environment, url) => {
    const config = {
      id: 's',
      type: 'thesslstore',
      environment,
      credentials: {},
      priority: 1,
      prices: {},
      options: {},
    };
    expect(() => theSslStore.describe({ ...config, ...(url === undefined ? {} : { url }) })).toThrow(
      /environment|rehearsal/,
    );
  });
});

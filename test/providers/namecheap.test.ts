import { describe, expect, it, onTestFinished } from 'vitest';
import type { ProviderConfig } from '../../src/model/configuration.js';
import type { JsonObject } from '../../src/model/json.js';
import type { CertificateSpec } from '../../src/model/manifest.js';
import { DAY_MS } from '../../src/model/time.js';
import { wishedValidation } from '../../src/planner/validation.js';
import { namecheap } from '../../src/providers/namecheap/index.js';
import { certificateSpec, newKey, orderRequest } from '../conformance/builders.js';
import { failureOf } from '../conformance/failure.js';
import { type ConformanceSubject, providerConformance } from '../conformance/provider.js';
import { beginning, orderIdOf, recordedOf, runSteps } from '../conformance/trial.js';
import { issueAll, namecheapAccount } from '../support/namecheap-account.js';
import type { SandboxAccountOptions } from '../support/sandbox-account.js';

const year = { unit: 'year', count: 1 } as const;

interface Trial {
  readonly settings: JsonObject;
  readonly options?: JsonObject;
  readonly product?: string;
}

async function subject({
  settings,
  options = {},
  product = 'san-certificate',
}: Trial): Promise<ConformanceSubject> {
  const account = await namecheapAccount({ settings, config: { options } });
  const { provider, sandbox, clock } = account;
  const names = (label: string) =>
    product === 'san-certificate'
      ? [`${label}.example.com`, `shop.${label}.example.com`]
      : [`${label}.example.com`];
  return {
    definition: namecheap,
    provider,
    clock,
    unknownOrderId: '999999999',
    roots: [sandbox.rootPem],
    reissueChangesId: true,
    newSpec: (label) =>
      certificateSpec({
        name: `team/${label}`,
        names: names(label),
        providers: [provider.config.id],
        product,
        term: year,
      }),
    advance: async (ms) => clock.advance(ms),
    issue: () => issueAll(sandbox),
    purchases: async () => sandbox.purchases().length,
    loseNextReply: () => account.fault('drop-after@writes'),
    requestsSeen: async () => sandbox.ledger().length,
    withWrongCredentials: () => account.another('wrong'),
    dispose: account.close,
  };
}

/** The default is the poorest documented account; the others are what the reference leaves open, one way and the other. */
const PERSONALITIES: Readonly<Record<string, Trial>> = {
  'the poorest account': { settings: {} },
  'an account that answers in the other ways': {
    settings: {
      pricedAs: 'retired',
      replacedAt: 'call',
      reissueDates: 'purchase',
      expires: 'term',
      sansCount: 'allowed',
      deliveryEmail: 'required',
      statusCase: 'upper',
      reissueElement: 'SSLActivateResult',
      namespace: false,
      emptyResponse: true,
      invalidStatusNumber: '2011331',
      maximumPageSize: 2,
      companionNames: true,
    },
    options: { deliveryEmail: 'ops@example.com' },
  },
  'an account of its own, one name': {
    settings: {},
    options: { slots: 'exclusive' },
    product: 'standard-ssl',
  },
};

for (const [title, trial] of Object.entries(PERSONALITIES)) {
  providerConformance(`namecheap: ${title}`, () => subject(trial));
}

async function open(options: SandboxAccountOptions = {}) {
  const account = await namecheapAccount(options);
  onTestFinished(async () => {
    await account.provider.close();
    await account.close();
  });
  return account;
}

type Account = Awaited<ReturnType<typeof open>>;

const spec = (names: readonly string[], product = 'standard-ssl', over: Partial<CertificateSpec> = {}) =>
  certificateSpec({ name: 'shop', names, providers: ['namecheap'], product, term: year, ...over });

const pass = (): void => {};

async function requestFor({ provider }: Account, wanted: CertificateSpec) {
  const key = await newKey(wanted.commonName, wanted.names);
  return orderRequest(provider, wanted, 'order', {
    csrPem: key.csrPem,
    validation: wanted.names.map((name) => wishedValidation(wanted, name)),
  });
}

async function bought(account: Account, wanted: CertificateSpec) {
  const request = await requestFor(account, wanted);
  const done = await runSteps(account.provider.place, beginning(request));
  return { request, recorded: recordedOf(done), orderId: orderIdOf(done) };
}

describe('namecheap: what the reference warns of', () => {
  it('sends the operator’s product name, and keeps the type that comes back', async () => {
    const account = await open({ config: { options: { productNames: { 'standard-ssl': 'PositiveSSL' } } } });
    const { recorded, orderId } = await bought(account, spec(['shop.example.com']));
    expect(account.sandbox.ledger('create')[0]?.body).toContain('Type=PositiveSSL');
    expect(recorded.results.create).toMatchObject({ type: 'Standard SSL', orderId });
    expect((await account.provider.getOrder(orderId)).product).toBe('standard-ssl');
  });

  it('says what became of a retired name before anything is bought', async () => {
    const { provider } = await open();
    const [violation] = provider.audit(spec(['shop.example.com'], 'PositiveSSL Wildcard'));
    expect(violation?.message).toContain('write standard-ssl-wildcard');
  });

  it('tells each name’s proof, and the new one after another way was chosen', async () => {
    const account = await open();
    const names = ['a.example.com', 'b.example.com', 'c.example.com'];
    const per = { 'b.example.com': { method: 'http' as const } };
    const wanted = spec(names, 'san-certificate', { validation: { method: 'dns', per } });
    const { request, recorded, orderId } = await bought(account, wanted);
    const typesOf = async (of: typeof recorded) =>
      (await account.provider.getOrder(orderId, of)).validation.map(({ name, record }) => [
        name,
        record?.type,
      ]);
    expect(await typesOf(recorded)).toEqual([
      ['a.example.com', 'CNAME'],
      ['b.example.com', 'file'],
      ['c.example.com', 'CNAME'],
    ]);
    expect(account.sandbox.ledger('editDcv')).toEqual([]);
    const change = [{ name: 'c.example.com', method: 'http' as const }];
    await account.provider.validator?.change?.(orderId, change, recorded);
    const validation = request.validation.map(
      (wish) => change.find(({ name }) => name === wish.name) ?? wish,
    );
    const changed = { ...recorded, request: { ...request, validation } };
    expect(await typesOf(changed)).toEqual([
      ['a.example.com', 'CNAME'],
      ['b.example.com', 'file'],
      ['c.example.com', 'file'],
    ]);
    const facts = (await account.sandbox.control('GET', `certificates/${orderId}`)) as JsonObject;
    expect(facts.names).toMatchObject([{ method: 'CNAME' }, { method: 'HTTP' }, { method: 'HTTP' }]);
  });

  it('an approver that is on no list is refused before anything is paid', async () => {
    const account = await open();
    const validation = { method: 'email', approver: 'me@elsewhere.example', per: {} } as const;
    const request = await requestFor(account, spec(['shop.example.com'], 'standard-ssl', { validation }));
    const error = await failureOf(account.provider.place[0]?.before?.(request) ?? Promise.resolve());
    expect(error).toMatchObject({ code: 'provider.refused', effect: 'none' });
    expect(error.remedy).toContain('admin@shop.example.com');
    expect(account.sandbox.purchases()).toEqual([]);
  });

  it('a request that the authority does not take is refused before anything is paid', async () => {
    const account = await open();
    const request = await requestFor(account, spec(['shop.example.com']));
    const broken = { ...request, csrPem: request.csrPem?.replace(/.{60}/, 'A'.repeat(60)) ?? '' };
    const error = await failureOf(account.provider.place[0]?.before?.(broken) ?? Promise.resolve());
    expect(error).toMatchObject({ code: 'provider.refused', effect: 'none' });
    expect(account.sandbox.purchases()).toEqual([]);
  });

  it('mails wait for their approver, and are sent again', async () => {
    const account = await open();
    const validation = { method: 'email', approver: 'admin@shop.example.com', per: {} } as const;
    const { recorded, orderId, request } = await bought(
      account,
      spec(['shop.example.com'], 'standard-ssl', { validation }),
    );
    expect(await account.provider.getOrder(orderId, recorded)).toMatchObject({
      waitingFor: 'approver-mail',
      validation: [{ record: { type: 'email', address: 'admin@shop.example.com' } }],
    });
    await account.provider.validator?.recheck(orderId, request.validation, recorded);
    expect(account.sandbox.ledger('resendApproverEmail')).toEqual([]);
    await account.provider.validator?.resend?.(orderId, request.validation);
    expect(account.sandbox.ledger('resendApproverEmail')).toHaveLength(1);
  });

  it('OV names its organisation, and is never issued in the vendor’s sandbox', async () => {
    const account = await open({ settings: { personality: 'sandbox', autoApprove: true } });
    const request = await requestFor(account, spec(['shop.example.com'], 'high-assurance-ssl'));
    const contacts = {
      organization: {
        name: 'Acme Inc',
        street: '1 Main St',
        city: 'Springfield',
        state: 'IL',
        postalCode: '62701',
        country: 'US',
        phone: '+1 (217) 555-0100',
      },
      admin: {
        firstName: 'Ann',
        lastName: 'Lee',
        title: 'CTO',
        email: 'ann@example.com',
        phone: '+1.2175550100',
      },
    };
    const [create, activate] = account.provider.place;
    if (!create || !activate) throw new Error('two steps');
    const before = (await create.before?.(request)) ?? {};
    const slot = await create.run({ request, before, results: {}, contacts }, pass);
    const results = { create: slot.result };
    await activate.run({ request, before: {}, results, contacts }, pass);
    account.clock.advance(30 * DAY_MS);
    expect((await account.provider.getOrder(slot.orderId ?? '')).state).toBe('pending');
    expect(account.sandbox.ledger('activate')[0]?.body).toContain('AdminPhone=%2B1.2175550100');
  });

  it('a name beyond the three is priced by the configuration, or not at all', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'].map((label) => `${label}.example.com`);
    const ask = { action: 'order', product: 'san-certificate', term: year, names } as const;
    const { provider: bare } = await open();
    expect((await bare.quote(ask)).price).toMatchObject({
      kind: 'unknown',
      why: expect.stringContaining('perName'),
    });
    const usd = (amount: string) => ({ amount, currency: 'USD' });
    const prices = { 'san-certificate': { '1y': { base: usd('1.00'), names: 3, perName: usd('7.00') } } };
    const account = await open({ config: { prices } });
    expect((await account.provider.quote(ask)).price).toMatchObject({ amount: usd('39.00') });
    await bought(account, spec(names, 'san-certificate'));
    expect(account.sandbox.purchases()[0]?.amount).toBe('39.00');
  });

  it('an account whose address is not on the list is told how to mend it', async () => {
    const { provider } = await open({ settings: { refuseAddress: true } });
    const report = await provider.check();
    expect(report.ok).toBe(false);
    expect(report.findings.join(' ')).toContain('Put the IPv4 address of this machine on the account’s list');
  });

  it('a full list of several pages is read, each certificate once', async () => {
    const account = await open({ settings: { maximumPageSize: 3 } });
    for (let slot = 0; slot < 7; slot += 1) await account.sandbox.control('POST', 'slots', {});
    const ids: string[] = [];
    for await (const order of account.provider.list?.({}) ?? []) ids.push(order.id);
    expect(new Set(ids).size).toBe(7);
  });

  it('no credential stands in a log, an outcome or an error', async () => {
    const account = await open();
    const { recorded } = await bought(account, spec(['shop.example.com']));
    expect(JSON.stringify([recorded, account.log])).not.toContain('S3cret');
    expect(JSON.stringify(account.sandbox.ledger())).not.toContain('S3cret');
  });
});

describe('namecheap: configurations', () => {
  const describeWith = (over: Partial<ProviderConfig>) =>
    namecheap.describe({
      id: 'nc',
      type: 'namecheap',
      environment: 'live',
      credentials: {},
      priority: 1,
      prices: {},
      options: {},
      ...over,
    });

  it.each<[string, Partial<ProviderConfig>, RegExp]>([
    ['a rehearsal without a sandbox', { environment: 'rehearsal' }, /needs a sandbox/],
    [
      'a rehearsal at the vendor',
      { environment: 'rehearsal', url: 'https://api.namecheap.com' },
      /needs a sandbox/,
    ],
    ['live at the vendor’s sandbox', { url: 'https://api.sandbox.namecheap.com' }, /does not fit/],
    ['test at the live host', { environment: 'test', url: 'https://api.namecheap.com' }, /does not fit/],
    ['free slots of a shared account', { options: { useFreeSlots: true } }, /slots: exclusive/],
    ['wvphost without an address', { options: { profile: 'wvphost' } }, /needs the address/],
    [
      'wvphost at Namecheap itself',
      { options: { profile: 'wvphost' }, url: 'https://api.namecheap.com/xml.response' },
      /needs the address/,
    ],
  ])('%s is refused', (_, over, message) => {
    expect(() => describeWith(over)).toThrow(message);
  });

  it.each<[string, Partial<ProviderConfig>]>([
    ['the vendor', {}],
    ['the vendor’s sandbox', { environment: 'test' }],
    [
      'wvphost at the operator’s own address',
      { options: { profile: 'wvphost' }, url: 'https://gateway.example.net/xml.response' },
    ],
  ])('%s is taken', (_, over) => {
    expect(describeWith(over).capabilities.slots).toBe('shared');
  });

  it('announces no more together than can leave in time', () => {
    expect(describeWith({}).capabilities.batch).toBe(10);
    expect(describeWith({ options: { callsPerMinute: 100 } }).capabilities.batch).toBe(50);
  });
});

providerConformance('namecheap: profile wvphost', () =>
  subject({ settings: {}, options: { profile: 'wvphost', renewalOwner: 'self' }, product: 'standard-ssl' }),
);

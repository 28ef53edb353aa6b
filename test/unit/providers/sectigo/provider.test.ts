import { describe, expect, it } from 'vitest';
import { CertError } from '../../../../src/model/errors.js';
import type { OrderRequest } from '../../../../src/model/order.js';
import { HOUR_MS, MINUTE_MS } from '../../../../src/model/time.js';
import type { LookUpContext, Operation, Provider, Step } from '../../../../src/ports/provider.js';
import { failureOf } from '../../../conformance/failure.js';
import { LOGIN, PASSWORD, type ScriptedAccount, scriptedAccount } from './account.js';
import { caFor } from './certificates.js';
import { CSR, MD5, request, spec } from './samples.js';

const pass = (): void => {};
const only = (operation: Operation | undefined): Step => {
  const [step, ...more] = operation ?? [];
  if (step === undefined || more.length > 0) throw new Error('one step');
  return step;
};
const place = (provider: Provider, over: Partial<OrderRequest> = {}) =>
  only(provider.place).run({ request: request(over), before: {}, results: {} }, pass);

const PLACED =
  'errorCode=0&orderNumber=912345678&totalCost=9.99&expectedDeliveryTime=1&certificateID=87654321';
const BALANCE = 'errorCode=0&accountID=7&currency=USD&availableCredit=100.00&hardCreditLimit=0.00';
const NOTHING = 'error_code=0&noOfResults=0';
const refused = (code: number, text = 'no'): string =>
  `errorCode=${code}&errorMessage=${encodeURIComponent(text)}`;

const recorded = (over: Partial<OrderRequest> = {}, result = {}) => ({
  request: request(over),
  results: { place: { orderId: '912345678', ...result } },
});

describe('every call', () => {
  it('is a form with the credentials, which appear in no log line', async () => {
    const account = await scriptedAccount();
    account.on('!AutoApplyOrder', PLACED);
    await place(account.provider);
    expect(account.sent('!AutoApplyOrder')).toMatchObject([
      {
        loginName: LOGIN,
        loginPassword: PASSWORD,
        product: '287',
        foreignOrderNumber: 'cwk3v9x2-abcdefghijkla',
      },
    ]);
    expect(JSON.stringify(account.log.lines)).not.toContain(PASSWORD);
  });

  it('is the last one after a refused login', async () => {
    const account = await scriptedAccount();
    account.on('!getAccountBalance', refused(-16));
    expect(await account.provider.check()).toMatchObject({
      ok: false,
      findings: [expect.stringContaining('refuses the login'), expect.stringContaining('locked')],
    });
    const made = account.calls.length;
    for (const call of [place(account.provider), account.provider.getOrder('912345678')]) {
      const error = await failureOf(call);
      expect(error).toMatchObject({ code: 'provider.credentials', effect: 'none' });
      expect(error.message).toContain('no call was made');
    }
    expect(account.calls).toHaveLength(made);
  });

  it('shows no credential in an error, though the other side repeats it', async () => {
    const account = await scriptedAccount();
    account.on('!AutoApplyOrder', refused(-999, `login ${LOGIN} with ${PASSWORD}`));
    const error = await failureOf(place(account.provider));
    expect(`${error.message} ${error.providerText} ${error.remedy}`).not.toContain(PASSWORD);
  });

  it('to CollectSSL waits for the one before, whoever asks', async () => {
    const account = await scriptedAccount();
    let open = 0;
    let most = 0;
    account.on('download/CollectSSL', async () => {
      open += 1;
      most = Math.max(most, open);
      await new Promise((done) => setImmediate(done));
      open -= 1;
      return 'errorCode=0';
    });
    account.on('!GetMDCDomainDetails', 'errorCode=0');
    const { provider } = account;
    await Promise.all(['1', '2', '3', '4', '5'].map((id) => provider.getOrder(id, recorded())));
    expect([most, account.sent('download/CollectSSL').length]).toEqual([1, 5]);
  });
});

describe('a purchase', () => {
  it('whose line broke leaves open what became of it', async () => {
    const account = await scriptedAccount();
    account.on('!AutoApplyOrder', () => 'hang-up');
    expect(await failureOf(place(account.provider))).toMatchObject({ effect: 'unknown' });
    expect(account.sent('!AutoApplyOrder')).toHaveLength(1);
  });

  it('with an approver who is on no list fails before it is announced, naming who would do', async () => {
    const account = await scriptedAccount();
    account.on(
      '!GetDCVEmailAddressList',
      '0\ndomain_name\twww.example.com\nwhois_email\tnone\nlevel2_email\tadmin@example.com\nlevel3_email\t  webmaster@www.example.com\n',
    );
    account.on('!getAccountBalance', BALANCE);
    const prepare = (approver: string) =>
      only(account.provider.place).before?.(
        request({ validation: [{ name: 'www.example.com', method: 'email', approver }] }),
      ) ?? Promise.resolve({});
    const error = await failureOf(prepare('ceo@example.com'));
    expect(error).toMatchObject({ code: 'provider.refused', effect: 'none' });
    expect(error.remedy).toContain('admin@example.com, webmaster@www.example.com');
    expect(await prepare('Admin@example.com')).toEqual({ balance: '100.00 USD' });
    expect(account.sent('!AutoApplyOrder')).toEqual([]);
  });
});

describe('what became of a purchase', () => {
  const context = (over: Partial<LookUpContext> = {}): LookUpContext => ({
    request: request(),
    before: { balance: '100.00 USD' },
    results: {},
    sentAtMs: 0,
    ...over,
  });
  const row = (n: number, id: string): string => `&${n}_orderNumber=${id}&${n}_1_domain=www.example.com`;

  /** Orders by their reference; anything else is not there. */
  function sells(account: ScriptedAccount, orders: Readonly<Record<string, readonly string[]>>): void {
    account.on('!getAccountBalance', BALANCE);
    account.on('!WebHostReport', ({ parameters }) => {
      const { foreignOrderNumber } = parameters;
      const found =
        foreignOrderNumber === undefined ? Object.values(orders).flat() : (orders[foreignOrderNumber] ?? []);
      return `error_code=0&noOfResults=${found.length}${found.map((id, i) => row(i + 1, id)).join('')}`;
    });
  }
  const OURS = request().reference;

  const cases: Readonly<
    Record<string, { orders: Record<string, string[]>; over?: Partial<LookUpContext>; look: object }>
  > = {
    'is found under our reference': {
      orders: { [OURS]: ['77'], other: ['78'] },
      look: { kind: 'found', outcome: { orderId: '77' } },
    },
    'cannot be told from two orders under it': {
      orders: { [OURS]: ['77', '79'] },
      look: { kind: 'cannot-tell', candidates: ['77', '79'] },
    },
    'is an absence proved by an order of ours that the same filter finds': {
      orders: { known: ['70'] },
      over: { knownOrderId: '70', knownReference: 'known' },
      look: { kind: 'absent', evidence: { complete: true, negativeControl: true, positiveControl: true } },
    },
    'is an absence without proof where that filter misses the known order': {
      orders: { other: ['70'] },
      over: { knownOrderId: '70', knownReference: 'known' },
      look: { kind: 'absent', evidence: { positiveControl: false } },
    },
    'is an absence without proof where the known order has no reference': {
      orders: { other: ['70'] },
      over: { knownOrderId: '70' },
      look: { kind: 'absent', evidence: { positiveControl: false } },
    },
    'is an absence proved by an empty account whose money is all there': {
      orders: {},
      look: { kind: 'absent', evidence: { complete: true, negativeControl: true, positiveControl: true } },
    },
    'is an absence without proof where money is missing': {
      orders: {},
      over: { before: { balance: '120.00 USD' } },
      look: { kind: 'absent', evidence: { positiveControl: false } },
    },
    'is an absence without proof where the balance was never read': {
      orders: {},
      over: { before: {} },
      look: { kind: 'absent', evidence: { positiveControl: false } },
    },
    'is an absence without proof in an account that is not empty, without an order of ours': {
      orders: { other: ['70'] },
      look: { kind: 'absent', evidence: { positiveControl: false } },
    },
  };
  it.each(Object.entries(cases))('%s', async (_, { orders, over, look }) => {
    const account = await scriptedAccount();
    sells(account, orders);
    const found = await only(account.provider.place).lookUp(context(over));
    expect(found).toMatchObject(look);
    if (found.kind === 'absent') expect(found.evidence.replyAtMs).toBe(account.clock.now());
  });

  it('cannot be told by a filter that shows orders for a reference never used', async () => {
    const account = await scriptedAccount();
    account.on('!WebHostReport', `error_code=0&noOfResults=1${row(1, '70')}`);
    expect(await only(account.provider.place).lookUp(context())).toMatchObject({
      kind: 'cannot-tell',
      candidates: [],
    });
  });

  it('cannot be told by an order for other names, whatever the filter makes of our reference', async () => {
    const account = await scriptedAccount();
    account.on('!WebHostReport', ({ parameters }) =>
      parameters.foreignOrderNumber === OURS
        ? 'error_code=0&noOfResults=1&1_orderNumber=77&1_1_domain=another.example.net'
        : 'error_code=0&noOfResults=0',
    );
    expect(await only(account.provider.place).lookUp(context())).toMatchObject({
      kind: 'cannot-tell',
      why: expect.stringContaining('another.example.net'),
      candidates: ['77'],
    });
  });

  it('is not read out of an answer nobody documents', async () => {
    const account = await scriptedAccount();
    account.on('!WebHostReport', refused(-999));
    await expect(only(account.provider.place).lookUp(context())).rejects.toBeInstanceOf(CertError);
  });
});

describe('the list of orders is read to its end', () => {
  /** Numbers from 0 or 1, and gives no more than so many at once. */
  function pages(
    account: ScriptedAccount,
    total: number,
    base: 0 | 1,
    most: number,
    counts: 'page' | 'total' = 'page',
  ): void {
    account.on('!WebHostReport', ({ parameters }) => {
      const first = Number(parameters.firstResultNo ?? base) - base;
      const last = Math.min(Number(parameters.lastResultNo) - base, first + most - 1, total - 1);
      const rows = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
      const text = rows.map(
        (n, i) =>
          `&${i + 1}_orderNumber=${1000 + n}&${i + 1}_1_type=287&${i + 1}_1_domain=n${n}.example.com&${i + 1}_1_status=issued`,
      );
      return `error_code=0&noOfResults=${counts === 'page' ? rows.length : total}${text.join('')}`;
    });
  }
  const ids = async ({ provider }: ScriptedAccount): Promise<readonly string[]> => {
    const found: string[] = [];
    for await (const order of provider.list?.({}) ?? []) found.push(order.id);
    return found;
  };
  it.each([
    [0, 1, 100],
    [1, 0, 100],
    [1, 1, 100],
    [9, 1, 100],
    [10, 0, 100],
    [100, 1, 100],
    [101, 0, 100],
    [250, 1, 100],
    [250, 0, 25],
    [250, 1, 10],
  ] as const)('%i orders, counted from %i, at most %i a page', async (total, base, most) => {
    const account = await scriptedAccount();
    pages(account, total, base, most);
    expect(await ids(account)).toEqual(Array.from({ length: total }, (_, n) => String(1000 + n)));
  });

  it.each([
    [12, 1, 5],
    [9, 0, 2],
    [250, 1, 100],
  ] as const)('%i orders in all, counted from %i, at most %i a page', async (total, base, most) => {
    const account = await scriptedAccount();
    pages(account, total, base, most, 'total');
    expect(await ids(account)).toEqual(Array.from({ length: total }, (_, n) => String(1000 + n)));
  });

  it('many certificates that look before buying read it once; a purchase makes it old', async () => {
    const account = await scriptedAccount();
    pages(account, 3, 1, 100);
    account.on('!AutoApplyOrder', PLACED);
    await Promise.all([ids(account), ids(account), ids(account)]);
    expect(account.sent('!WebHostReport')).toHaveLength(1);
    await place(account.provider);
    await ids(account);
    account.clock.advance(5 * MINUTE_MS);
    await ids(account);
    expect(account.sent('!WebHostReport')).toHaveLength(3);
  });

  it('orders that moved between two pages are no list', async () => {
    const account = await scriptedAccount();
    let calls = 0;
    account.on('!WebHostReport', () => {
      calls += 1;
      const rows = Array.from(
        { length: 20 },
        (_, i) => `&${i + 1}_orderNumber=${calls * 100 + i}&${i + 1}_1_type=287`,
      );
      return `error_code=0&noOfResults=20${rows.join('')}`;
    });
    await expect(ids(account)).rejects.toMatchObject({ code: 'wire.unexpected' });
  });
});

describe('an order somebody else bought', () => {
  const found = async (account: ScriptedAccount, names: readonly string[], product = 'positivessl') => {
    const orders = [];
    for await (const order of account.provider.list?.({ names, product }) ?? []) orders.push(order);
    return orders;
  };
  const listing = (item: string): string => `error_code=0&noOfResults=1&1_orderNumber=70${item}`;

  it('counts by the code of CollectSSL where the report says its state in words nobody documents', async () => {
    const account = await scriptedAccount();
    account.on('!WebHostReport', listing('&1_1_type=287&1_1_domain=www.example.com&1_1_status=Sleeping'));
    account.on('download/CollectSSL', 'errorCode=0');
    expect(await found(account, ['www.example.com'])).toMatchObject([{ id: '70', state: 'pending' }]);
  });

  it('counts where the report does not tell its product', async () => {
    const account = await scriptedAccount();
    account.on('!WebHostReport', listing('&1_1_domain=www.example.com&1_1_status=Issued'));
    account.on(
      '!GetMDCDomainDetails',
      'errorCode=0&1_domainName=www.example.com&1_dcvMethod=EMAIL&1_dcvStatus=Validated',
    );
    expect(await found(account, ['www.example.com'])).toMatchObject([
      { id: '70', state: 'issued', product: 'positivessl', names: ['www.example.com'] },
    ]);
  });

  it('has the names its validation tells, where the report tells one of several', async () => {
    const account = await scriptedAccount();
    account.on('!WebHostReport', listing('&1_1_type=279&1_1_domain=a.example.com&1_1_status=Issued'));
    account.on(
      '!GetMDCDomainDetails',
      'errorCode=0&1_domainName=a.example.com&1_dcvStatus=Validated&2_domainName=B.example.com&2_dcvStatus=Validated',
    );
    const names = ['a.example.com', 'b.example.com'];
    expect(await found(account, names, 'positivessl-multi-domain')).toMatchObject([{ names }]);
    expect(await found(account, names, 'positivessl-multi-domain')).toHaveLength(1);
    expect(account.sent('!GetMDCDomainDetails'), 'asked once').toHaveLength(1);
    expect(await found(account, ['c.example.com'], 'positivessl-multi-domain')).toEqual([]);
  });

  it('of another product does not', async () => {
    const account = await scriptedAccount();
    account.on('!WebHostReport', listing('&1_1_type=289&1_1_domain=www.example.com&1_1_status=Issued'));
    expect(await found(account, ['www.example.com'])).toEqual([]);
  });

  it('whose code nobody documents is no answer, and stops what would be bought', async () => {
    const account = await scriptedAccount();
    account.on('!WebHostReport', listing('&1_1_type=287&1_1_domain=www.example.com&1_1_status=Sleeping'));
    account.on('download/CollectSSL', refused(-22));
    await expect(found(account, ['www.example.com'])).rejects.toMatchObject({ code: 'wire.unexpected' });
  });

  it('whose code nobody documents does not hide the others from a look at the whole account', async () => {
    const account = await scriptedAccount();
    const row = (n: number, id: string, status: string): string =>
      `&${n}_orderNumber=${id}&${n}_1_type=287&${n}_1_domain=n${id}.example.com&${n}_1_status=${status}`;
    account.on(
      '!WebHostReport',
      `error_code=0&noOfResults=2${row(1, '70', 'Sleeping')}${row(2, '71', 'Issued')}`,
    );
    account.on('download/CollectSSL', refused(-22));
    const orders = [];
    for await (const order of account.provider.list?.({}) ?? []) orders.push(order);
    expect(orders).toMatchObject([
      { id: '70', stateTold: false, names: ['n70.example.com'] },
      { id: '71', state: 'issued' },
    ]);
  });
});

describe('an order that is looked at', () => {
  const DOMAINS = (status: string): string =>
    `errorCode=0&1_domainName=www.example.com&1_dcvMethod=CNAME+CSR+Hash&1_dcvStatus=${status}`;

  const waits: Readonly<
    Record<string, { collect: string; domains: string; result?: object; waitingFor: string }>
  > = {
    dcv: { collect: 'errorCode=0', domains: DOMAINS('Not+Validated'), waitingFor: 'dcv' },
    'dcv, while it is being issued': {
      collect: refused(-26),
      domains: DOMAINS('Not+Validated'),
      waitingFor: 'dcv',
    },
    'the approver': {
      collect: 'errorCode=0',
      domains: 'errorCode=0&1_domainName=www.example.com&1_dcvMethod=EMAIL&1_dcvStatus=Not+Validated',
      waitingFor: 'approver-mail',
    },
    documents: {
      collect: 'errorCode=0&organizationValidationStatus=2&ovCallBackStatus=0',
      domains: DOMAINS('Validated'),
      waitingFor: 'documents',
    },
    'the call': {
      collect: 'errorCode=0&organizationValidationStatus=1&ovCallbackStatus=0',
      domains: DOMAINS('Validated'),
      waitingFor: 'call-back',
    },
    'the agreement of an EV order': {
      collect: 'errorCode=0&organizationValidationStatus=1&ovCallBackStatus=1&evClickThroughStatus=0',
      domains: DOMAINS('Validated'),
      waitingFor: 'person',
    },
    'the payment that Sectigo takes itself': {
      collect: 'errorCode=0',
      domains: DOMAINS('Validated'),
      result: { paymentDue: '9.99' },
      waitingFor: 'payment',
    },
    'the CA': {
      collect: 'errorCode=0&organizationValidationStatus=-1&ovCallBackStatus=-1',
      domains: DOMAINS('Validated'),
      waitingFor: 'ca',
    },
  };
  it.each(Object.entries(waits))('waits for %s', async (_, { collect, domains, result, waitingFor }) => {
    const account = await scriptedAccount();
    account.on('download/CollectSSL', collect);
    account.on('!GetMDCDomainDetails', domains);
    expect(await account.provider.getOrder('912345678', recorded({}, result))).toMatchObject({
      state: 'pending',
      waitingFor,
      product: 'positivessl',
      term: '1y',
    });
  });

  it('shows the record with the unique value Sectigo gave, else with ours', async () => {
    const account = await scriptedAccount();
    account.on('download/CollectSSL', 'errorCode=0');
    account.on('!GetMDCDomainDetails', DOMAINS('Not+Validated'));
    const record = async (result: object) => {
      const { validation } = await account.provider.getOrder('912345678', recorded({}, result));
      return validation[0]?.record;
    };
    expect(await record({})).toMatchObject({
      owner: `_${MD5}.www.example.com`,
      value: expect.stringMatching(/\.k7qm2zp9\.sectigo\.com$/),
    });
    expect(await record({ uniqueValue: 'Qx81LmTa' })).toMatchObject({
      value: expect.stringMatching(/\.Qx81LmTa\.sectigo\.com$/),
    });
  });

  it.each([
    [-20, 'rejected'],
    [-21, 'revoked'],
  ] as const)('with code %i is %s', async (code, state) => {
    const account = await scriptedAccount();
    account.on('download/CollectSSL', refused(code, 'its words'));
    expect(await account.provider.getOrder('912345678', recorded())).toMatchObject({
      state,
      message: 'its words',
    });
    expect(await account.provider.collect('912345678', recorded())).toBeUndefined();
  });

  it.each([-22, -90, -999, 5])('with code %i is no answer, and the code is quoted', async (code) => {
    const account = await scriptedAccount();
    account.on('download/CollectSSL', refused(code));
    await expect(account.provider.getOrder('912345678', recorded())).rejects.toMatchObject({
      code: 'wire.unexpected',
      effect: 'none',
      message: expect.stringContaining(`code ${code}`),
    });
  });

  it('a flag with a value nobody documents is no answer', async () => {
    const account = await scriptedAccount();
    account.on('download/CollectSSL', 'errorCode=0&ovCallBackStatus=7');
    account.on('!GetMDCDomainDetails', DOMAINS('Validated'));
    await expect(account.provider.getOrder('912345678', recorded({ product: 'instantssl' }))).rejects.toThrow(
      'ovCallBackStatus the unknown value "7"',
    );
  });

  it('is not found where the report has none of its number', async () => {
    const account = await scriptedAccount();
    account.on('!WebHostReport', NOTHING);
    account.on('download/CollectSSL', refused(-4, "The value of the 'orderNumber' argument is invalid!"));
    await expect(account.provider.getOrder('1')).rejects.toMatchObject({ code: 'order.not-found' });
  });
});

describe('a certificate is collected in every encoding clients have met', async () => {
  const { leaf, issuing, root, csr } = await caFor('www.example.com');
  const bare = (pem: string): string => pem.replace(/-----[^-]+-----|\s/g, '');
  const encoded = (values: readonly [string, ...string[]], packed: (pem: string) => string): string =>
    new URLSearchParams([
      ['errorCode', '2'],
      ['certificate', packed(values[0])],
      ...values.slice(1).map((pem): [string, string] => ['caCertificate', packed(pem)]),
    ]).toString();
  const pems = [leaf, root, issuing] as const;
  const bodies: Readonly<Record<string, string>> = {
    'base64 without headers': encoded(pems, bare),
    'armoured PEM': encoded(pems, (pem) => pem),
    'base64 of armoured PEM': encoded(pems, (pem) => Buffer.from(pem).toString('base64')),
    'base64 in lines': encoded(pems, (pem) => bare(pem).replace(/(.{64})/g, '$1\r\n')),
    'newline form, CA first and leaf last': `2\n${root}${issuing}${leaf}`,
    'newline form with CRLF': `2\r\n${[root, issuing, leaf].join('').replaceAll('\n', '\r\n')}`,
  };
  const ROW =
    'error_code=0&noOfResults=1&1_orderNumber=912345678&1_dateTime=1780272000&1_1_productTermStartDate=1780272000&1_1_productTermEndDate=1811807999';

  it.each(Object.entries(bodies))('%s', async (_, body) => {
    const account = await scriptedAccount();
    account.on('download/CollectSSL', body);
    account.on('!WebHostReport', ROW);
    const order = await account.provider.getOrder('912345678', recorded({ csrPem: csr }));
    expect(order).toMatchObject({
      state: 'issued',
      serial: expect.stringMatching(/^[0-9a-f]+$/),
      placedAt: '2026-06-01T00:00:00Z',
      paidTill: '2027-05-31T23:59:59Z',
    });
    expect(await account.provider.collect('912345678', recorded({ csrPem: csr }))).toEqual({
      certificatePem: leaf,
      chainPem: [issuing],
    });
    // Both in one call: polls are counted.
    expect(account.sent('download/CollectSSL')).toHaveLength(1);
  });

  it.each(['errorCode=2', 'errorCode=2&certificate=%3F%3F', '2\n', 'errorCode=1'])(
    'a certificate that is said to be there and cannot be read is an error: %j',
    async (body) => {
      const account = await scriptedAccount();
      account.on('download/CollectSSL', body);
      await expect(account.provider.getOrder('912345678', recorded())).rejects.toMatchObject({
        code: 'wire.unexpected',
      });
    },
  );

  describe('a reissue', () => {
    const asked = { action: 'reissue', predecessor: { orderId: '912345678', ids: ['912345678'] } } as const;
    const reissue = (result: object, over: Partial<OrderRequest> = {}) => ({
      request: request({ ...asked, csrPem: csr, ...over }),
      results: { reissue: { orderId: '912345678', ...result } },
    });

    it('is asked for by its certificate id, and leaves the order issued meanwhile', async () => {
      const account = await scriptedAccount();
      account.on('download/CollectSSL', 'errorCode=0');
      account.on(
        '!GetMDCDomainDetails',
        'errorCode=0&1_domainName=www.example.com&1_dcvMethod=CNAME+CSR+Hash&1_dcvStatus=Not+Validated',
      );
      const record = reissue({ certificateId: '99' });
      expect(await account.provider.getOrder('912345678', record)).toMatchObject({
        state: 'issued',
        reissuePending: true,
        waitingFor: 'dcv',
        validation: [{ record: { type: 'CNAME' } }],
      });
      expect(await account.provider.collect('912345678', record)).toBeUndefined();
      expect(account.sent('download/CollectSSL')[0]).toMatchObject({ certificateID: '99' });
      expect(account.sent('download/CollectSSL')[0]).not.toHaveProperty('orderNumber');
    });

    it('without an id is told by its key', async () => {
      const account = await scriptedAccount();
      account.on('download/CollectSSL', bodies['armoured PEM'] ?? '');
      account.on('!WebHostReport', ROW);
      account.on('!GetMDCDomainDetails', 'errorCode=0');
      const mine = await account.provider.getOrder('912345678', reissue({}));
      expect([mine.state, mine.reissuePending]).toEqual(['issued', undefined]);
      const other = await account.provider.getOrder('912345678', reissue({}, { csrPem: CSR }));
      expect(other).toMatchObject({ state: 'issued', reissuePending: true });
    });

    it.each([
      [-20, 'rejected'],
      [-21, 'revoked'],
    ])('that was given up (%i) has ended, and the order is not called dead', async (code, word) => {
      const account = await scriptedAccount();
      account.on('download/CollectSSL', refused(code));
      const order = await account.provider.getOrder('912345678', reissue({ certificateId: '99' }));
      expect(order).toMatchObject({ state: 'issued', reissueEnded: true });
      expect(order.message).toContain(`certificate 99 was ${word}`);
      expect(order.reissuePending).toBeUndefined();
    });

    it('without an id that was rejected may be the order as well: neither is called dead', async () => {
      const account = await scriptedAccount();
      account.on('download/CollectSSL', refused(-20));
      await expect(account.provider.getOrder('912345678', reissue({}))).rejects.toThrow(
        'rejected order 912345678 or its reissue',
      );
    });

    it('may give the order a second number', async () => {
      const account = await scriptedAccount();
      account.on(
        '!AutoReplaceSSL',
        'errorCode=0&orderNumber=912345999&certificateID=99&expectedDeliveryTime=0&uniqueValue=Ab12',
      );
      const step = only(account.provider.reissuer?.operation);
      const outcome = await step.run({ ...reissue({}), before: {}, results: {} }, pass);
      expect(outcome).toEqual({
        orderId: '912345999',
        result: { orderId: '912345999', certificateId: '99', uniqueValue: 'Ab12' },
      });
      account.on('download/CollectSSL', 'errorCode=0');
      account.on('!GetMDCDomainDetails', 'errorCode=0');
      const order = await account.provider.getOrder('912345999', {
        ...reissue({}),
        results: { reissue: outcome.result },
      });
      expect(order.ids).toEqual(['912345678', '912345999']);
    });

    const looks: Readonly<Record<string, { ids: string[]; collect: string; look: object }>> = {
      'is found by a certificate id that is new': {
        ids: ['87654321', '99'],
        collect: 'errorCode=0',
        look: { kind: 'found', outcome: { result: { certificateId: '99' } } },
      },
      'is found by its key where it is issued': {
        ids: ['87654321'],
        collect: encoded(pems, bare),
        look: { kind: 'found' },
      },
      'is absent where the order shows the certificates it had': {
        ids: ['87654321'],
        collect: 'errorCode=0',
        look: { kind: 'absent', evidence: { complete: true, negativeControl: true, positiveControl: true } },
      },
      'is an absence without proof where certificates have gone': {
        ids: [],
        collect: 'errorCode=0',
        look: { kind: 'absent', evidence: { positiveControl: false } },
      },
      'cannot be told from two that are new': {
        ids: ['87654321', '98', '99'],
        collect: 'errorCode=0',
        look: { kind: 'cannot-tell', candidates: ['98', '99'] },
      },
    };
    it.each(Object.entries(looks))('%s', async (_, { ids, collect, look }) => {
      const account = await scriptedAccount();
      account.on('download/CollectSSL', collect);
      account.on('!WebHostReport', ({ parameters }) => {
        if (parameters.orderNumber !== '912345678') return NOTHING;
        const items = ids.map((id, i) => `&1_${i + 1}_certificateID=${id}`);
        return `error_code=0&noOfResults=1&1_orderNumber=912345678${items.join('')}`;
      });
      const { request: sent } = reissue({});
      const before = { certificateIds: ['87654321'] };
      const step = only(account.provider.reissuer?.operation);
      expect(await step.lookUp({ request: sent, before, results: {}, sentAtMs: 0 })).toMatchObject(look);
    });
  });
});

it.each([
  ['errorCode=2&orderNumber=77&totalCost=9.99', '!AutoApplyOrder'],
  ['errorCode=502', '!AutoReplaceSSL'],
  ['3\n', '!AutoRevokeSSL'],
])('"%s" of %s is a success that nobody documents: what it did is open', async (body, call) => {
  const account = await scriptedAccount();
  account.on(call, body);
  const { place, reissuer, revoker } = account.provider;
  const old = { orderId: '912345678', ids: ['912345678'] };
  const revocation = { serial: '0a', reason: 'superseded' } as const;
  const [step, asked] =
    call === '!AutoApplyOrder'
      ? [only(place), request()]
      : call === '!AutoReplaceSSL'
        ? [only(reissuer?.operation), request({ action: 'reissue', predecessor: old })]
        : [only(revoker?.operation), request({ action: 'revoke', predecessor: old, revocation })];
  const error = await failureOf(step.run({ request: asked, before: {}, results: {} }, pass));
  expect(error).toMatchObject({ code: 'wire.unexpected', effect: 'unknown' });
});

describe('revoking and taking back', () => {
  const predecessor = { orderId: '912345678', ids: ['912345678'] };
  const revocation = { serial: '0a1b', reason: 'keyCompromise' } as const;

  it('names the certificate by its serial, and takes "revoked already" for done', async () => {
    const account = await scriptedAccount();
    const revoke = only(account.provider.revoker?.operation);
    const run = () =>
      revoke.run(
        { request: request({ action: 'revoke', predecessor, revocation }), before: {}, results: {} },
        pass,
      );
    account.on('!AutoRevokeSSL', 'errorCode=0');
    await run();
    account.on('!AutoRevokeSSL', refused(-21));
    expect(await run()).toMatchObject({ orderId: '912345678' });
    expect(account.sent('!AutoRevokeSSL')[0]).toEqual({
      loginName: LOGIN,
      loginPassword: PASSWORD,
      serialNumber: '0A1B',
      revocationReason: 'keyCompromise',
      codeReason: '1',
      responseFormat: '1',
    });
    account.on('!AutoRevokeSSL', refused(-26));
    expect(await failureOf(run())).toMatchObject({ code: 'provider.refused', effect: 'none' });
  });

  const cancels: Readonly<Record<string, { collect: string; call: string; sent: object }>> = {
    'rejects what is not issued': {
      collect: 'errorCode=0',
      call: '!AutoReject',
      sent: { orderNumber: '912345678' },
    },
    'refunds what is': {
      collect: 'errorCode=1',
      call: '!AutoRefund',
      sent: { orderNumber: '912345678', refundReasonCode: '11' },
    },
  };
  it.each(Object.entries(cancels))('%s', async (_, { collect, call, sent }) => {
    const account = await scriptedAccount();
    account.on('download/CollectSSL', collect);
    account.on(call, '0\n');
    const step = only(account.provider.canceller?.operation);
    const cancel = request({ action: 'cancel', predecessor });
    const before = (await step.before?.(cancel)) ?? {};
    await step.run({ request: cancel, before, results: {} }, pass);
    expect(account.sent(call)).toEqual([{ loginName: LOGIN, loginPassword: PASSWORD, ...sent }]);
  });

  it('says that several domains, once issued, take a support ticket', async () => {
    const account = await scriptedAccount();
    account.on('download/CollectSSL', 'errorCode=1');
    const cancel = request({ action: 'cancel', predecessor, product: 'positivessl-multi-domain' });
    const step = only(account.provider.canceller?.operation);
    const error = await failureOf(step.before?.(cancel) ?? Promise.resolve());
    expect(error).toMatchObject({
      code: 'provider.unsupported',
      remedy: expect.stringContaining('support ticket'),
    });
  });
});

describe('validation after placing', () => {
  const DOMAINS =
    'errorCode=0&1_domainName=a.example.com&1_dcvMethod=CNAME+CSR+Hash&1_dcvStatus=Not+Validated&2_domainName=b.example.com&2_dcvMethod=EMAIL&2_dcvStatus=Not+Validated&3_domainName=c.example.com&3_dcvMethod=HTTPS+CSR+Hash&3_dcvStatus=Validated';
  const items = ['a', 'b', 'c'].map((n) => ({ name: `${n}.example.com`, method: 'dns' as const }));

  it('asks again by the method that is set, for what is not proved, and writes no mail', async () => {
    const account = await scriptedAccount();
    account.on('!GetMDCDomainDetails', DOMAINS);
    account.on('!AutoUpdateDCV', 'errorCode=0');
    await account.provider.validator?.recheck('912345678', items);
    expect(account.sent('!AutoUpdateDCV')).toEqual([
      {
        loginName: LOGIN,
        loginPassword: PASSWORD,
        orderNumber: '912345678',
        domainName: 'a.example.com',
        newMethod: 'CNAME_CSR_HASH',
      },
    ]);
  });

  it('changes a method, of one name without naming it', async () => {
    const account = await scriptedAccount();
    account.on(
      '!GetMDCDomainDetails',
      'errorCode=0&1_domainName=a.example.com&1_dcvMethod=EMAIL&1_dcvStatus=Not+Validated',
    );
    account.on('!GetDCVEmailAddressList', '0\nlevel2_email\tadmin@example.com');
    account.on('!AutoUpdateDCV', 'errorCode=0');
    await account.provider.validator?.change?.('1', [
      { name: 'a.example.com', method: 'email', approver: 'admin@example.com' },
    ]);
    const [sent] = account.sent('!AutoUpdateDCV');
    expect(sent).toMatchObject({ newMethod: 'EMAIL', newDCVEmailAddress: 'admin@example.com' });
    expect(sent).not.toHaveProperty('domainName');
    expect(sent).not.toHaveProperty('responseFormat');
  });

  it('sends the mails again where there are any', async () => {
    const account = await scriptedAccount();
    account.on('!ResendDCVEmail', 'errorCode=0');
    await account.provider.validator?.resend?.('1', items);
    expect(account.calls).toEqual([]);
    await account.provider.validator?.resend?.('1', [{ name: 'a.example.com', method: 'email' }]);
    expect(account.sent('!ResendDCVEmail')).toMatchObject([{ orderNumber: '1' }]);
  });
});

describe('the balance', () => {
  const cases: Readonly<Record<string, { body: string; amount?: string }>> = {
    'is read by names that say what they are': { body: BALANCE, amount: '100.00' },
    'in other spellings': { body: 'errorCode=0&CURRENCY=EUR&AVAILABLE_CREDIT=5', amount: '5.00' },
    'is not guessed from a name that does not': { body: 'errorCode=0&currency=USD&balance=100.00' },
    'is never the limit': { body: 'errorCode=0&currency=USD&hardCreditLimit=100.00' },
    'is not taken from lines': { body: '0\n7\nUSD\n100.00\n0.00' },
    'is not taken from two': { body: 'errorCode=0&currency=USD&availableCredit=1&available_credit=2' },
  };
  it.each(Object.entries(cases))('%s', async (_, { body, amount }) => {
    const account = await scriptedAccount();
    account.on('!getAccountBalance', body);
    const asked = account.provider.balance?.() ?? Promise.reject(new Error('no balance'));
    if (amount !== undefined) expect((await asked).amount).toBe(amount);
    else await expect(asked).rejects.toMatchObject({ code: 'provider.unsupported', effect: 'none' });
    expect((await account.provider.check()).ok).toBe(true);
  });
});

describe('what is not served is found offline, all of it', () => {
  const fields = async (over: Parameters<typeof spec>[0]) =>
    (await scriptedAccount()).provider.audit(spec(over)).map(({ code }) => code);
  const email = (approver?: string) =>
    ({ method: 'email', per: {}, ...(approver === undefined ? {} : { approver }) }) as const;
  it.each([
    ['nothing wrong', {}, []],
    ['a code for a name', { product: '287' }, []],
    ['no such product', { product: 'essentialssl' }, ['product.unknown']],
    ['a term nobody sells', { term: { unit: 'day', count: 199 } }, ['term.not-sold']],
    ['two names for one', { names: ['a.example.com', 'b.example.com'] }, ['names.too-many']],
    ['a wildcard for one name', { names: ['*.example.com'] }, ['names.wildcard']],
    ['one name for a wildcard', { product: 'positivessl-wildcard' }, ['names.no-wildcard']],
    [
      'a wildcard over http',
      { product: 'positivessl-wildcard', names: ['*.example.com'], validation: { method: 'http', per: {} } },
      ['validation.wildcard'],
    ],
    ['a mail to nobody', { validation: email() }, ['validation.approver']],
    ['a mail to somebody', { validation: email('admin@example.com') }, []],
    ['an organisation without contacts', { product: 'instantssl' }, ['contacts.missing']],
    [
      'several at once',
      { product: 'instantssl', term: { unit: 'year', count: 9 }, names: ['*.a.example', 'b.example'] },
      ['term.not-sold', 'names.too-many', 'names.wildcard', 'contacts.missing'],
    ],
  ] as const)('%s', async (_, over, codes) => {
    expect(await fields(over)).toEqual(codes);
  });
});

it('a rehearsal never goes to a real host, and needs a place to go', async () => {
  for (const url of [
    'https://secure.trust-provider.com',
    'https://secure.sectigo.com/x',
    'https://secure.comodo.net',
  ]) {
    await expect(scriptedAccount({ url })).rejects.toMatchObject({ code: 'config.invalid' });
  }
});

it('the clock of the other side is asked for when no answer is young enough', async () => {
  const account = await scriptedAccount();
  account.on('!getAccountBalance', BALANCE);
  expect(await account.provider.serverTime()).toBe(account.clock.now());
  account.clock.advance(HOUR_MS);
  expect(await account.provider.serverTime()).toBe(account.clock.now());
  expect(account.calls).toHaveLength(2);
});

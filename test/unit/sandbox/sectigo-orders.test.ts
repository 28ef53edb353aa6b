import { describe, expect, it } from 'vitest';
import {
  type Account,
  account,
  csrOf,
  DAY_MS,
  EXAMPLE,
  issuedOrder,
  orderOf,
  type Params,
} from '../../support/sandbox/sectigo.js';
import { describeWith } from '../../support/system.js';

const URL_FORM = { responseFormat: '1' } as const;

/** Subject, alternative names, arguments of openssl for the key, product and code. */
const requests: Readonly<
  Record<
    string,
    readonly [subject: string, names: readonly string[], key: readonly string[], more: Params, code: string]
  >
> = {
  'P-384': ['/CN=a.example.com', [], ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384'], {}, '0'],
  'a curve that is not taken': [
    '/CN=a.example.com',
    [],
    ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp256k1'],
    {},
    '-11',
  ],
  Ed25519: ['/CN=a.example.com', [], ['-newkey', 'ed25519'], {}, '-11'],
  'a short RSA key': ['/CN=a.example.com', [], ['-newkey', 'rsa:1024'], {}, '-13'],
  'no common name': [
    '/O=Acme',
    [],
    ['-newkey', 'ed25519', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
    {},
    '-8',
  ],
  'a wildcard for a single name': [
    '/CN=*.example.com',
    [],
    ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
    {},
    '-5',
  ],
  'a plain name for a wildcard': [
    '/CN=example.com',
    [],
    ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
    { product: '289' },
    '-6',
  ],
  'an address': ['/CN=192.0.2.7', [], ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'], {}, '-35'],
  'a name that is not ordered': [
    '/CN=a.example.com',
    ['DNS:a.example.com', 'DNS:c.example.com'],
    ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
    { product: '279', domainNames: 'a.example.com,b.example.com' },
    '-162',
  ],
  'a wildcard proved by file': [
    '/CN=*.example.com',
    [],
    ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
    { product: '289', dcvMethod: 'HTTP_CSR_HASH' },
    '-4',
  ],
};

describeWith(['openssl'], 'an order with', () => {
  it.each(Object.entries(requests))('%s', async (_title, [subject, names, key, more, code]) => {
    const shop = await account();
    const reply = await shop.call(
      'AutoApplyOrder',
      orderOf(await csrOf(subject, names, key), { ...more, ...URL_FORM }),
    );
    expect(reply.get('errorCode')).toBe(code);
  });

  it('bytes that are no request, and a signature of another', async () => {
    const shop = await account();
    const order = (csr: string) => shop.call('AutoApplyOrder', orderOf({ ...EXAMPLE, pem: csr }, URL_FORM));
    expect((await order('no base64!')).get('errorCode')).toBe('-9');
    expect((await order(Buffer.from('no request').toString('base64'))).get('errorCode')).toBe('-10');
    const lines = EXAMPLE.pem.split('\n');
    const bare = lines.slice(1, -2).join('\n');
    expect((await order(bare)).get('errorCode')).toBe('0');
    expect((await order(bare.replace('cGND', 'cGNE'))).get('errorCode')).toBe('-12');
  });
});

describe('the money of an order', () => {
  it('is debited with each order, however it is named', async () => {
    const shop = await account();
    await shop.call('AutoApplyOrder', orderOf(EXAMPLE, { uniqueValue: 'one' }));
    await shop.call('AutoApplySSL', orderOf(EXAMPLE, { uniqueValue: 'two', days: '90' }));
    expect((await shop.call('getAccountBalance')).body).toContain('\n985.51\n');
    expect(shop.purchases().map(({ product, amount }) => [product, amount])).toEqual([
      ['287/365', '9.99'],
      ['287/90', '4.50'],
    ]);
  });

  it('is required instead, and the order waits for it', async () => {
    const shop = await account({
      settings: { payment: 'required', autoApprove: true, processingPolls: 0, issuingPolls: 0 },
    });
    const placed = await shop.call('AutoApplyOrder', orderOf(EXAMPLE));
    expect(placed.body).toBe('1\n912345678\n9.99\n1\n');
    const look = { orderNumber: '912345678', queryType: '0' };
    expect((await shop.call('CollectSSL', look)).body).toBe('0\n');
    await shop.control('POST', 'orders/912345678/pay');
    expect((await shop.call('CollectSSL', look)).body).toBe('1\n');
    expect((await shop.call('getAccountBalance')).body).toContain('\n1000.00\n');
  });

  it('is not touched by a test order, whose CA nobody trusts', async () => {
    const shop = await issuedOrder({ settings: { testOrders: true } }, { test: 'Y' });
    expect(shop.purchases()).toEqual([]);
    const reply = await shop.call('CollectSSL', { orderNumber: '912345678', queryType: '1' });
    expect(reply.body.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  });

  it('is refused for a second order with the same reference, with a code nobody can rely on', async () => {
    const shop = await account();
    const order = orderOf(EXAMPLE, { foreignOrderNumber: 'ref', checkFONIsUnique: 'Y', ...URL_FORM });
    expect((await shop.call('AutoApplyOrder', order)).get('errorCode')).toBe('0');
    expect((await shop.call('AutoApplyOrder', order)).get('errorCode')).toBe('-990');
    await shop.control('POST', 'settings', { repeatedReferenceCode: -47 });
    expect((await shop.call('AutoApplyOrder', order)).get('errorCode')).toBe('-47');
    const unguarded = { ...order, checkFONIsUnique: 'N' };
    expect((await shop.call('AutoApplyOrder', unguarded)).get('errorCode')).toBe('0');
    expect(shop.purchases()).toHaveLength(2);
  });
});

describe('the unique value', () => {
  it('is made up when the key was used before, and stands last', async () => {
    const shop = await account();
    await shop.call('AutoApplyOrder', orderOf(EXAMPLE));
    const second = await shop.call('AutoApplyOrder', orderOf(EXAMPLE, URL_FORM));
    expect(second.keys()).toEqual([
      'errorCode',
      'orderNumber',
      'totalCost',
      'expectedDeliveryTime',
      'uniqueValue',
    ]);
    expect(second.get('uniqueValue')).toMatch(/^[a-z0-9]{8}$/);
  });

  it('that was sent comes back only where the account does so', async () => {
    const shop = await account();
    const order = (uniqueValue: string) =>
      orderOf(EXAMPLE, { uniqueValue, showCertificateID: 'Y', ...URL_FORM });
    expect((await shop.call('AutoApplyOrder', order('k7Qm2Zp9'))).get('uniqueValue')).toBeUndefined();
    await shop.control('POST', 'settings', { echoUniqueValue: true });
    expect((await shop.call('AutoApplyOrder', order('k7Qm2Zp8'))).body).toBe(
      'errorCode=0&orderNumber=912345679&totalCost=9.99&expectedDeliveryTime=1&certificateID=87654322&uniqueValue=k7Qm2Zp8',
    );
  });

  it('used again with the same request makes the earlier order fail', async () => {
    const shop = await account();
    const order = orderOf(EXAMPLE, { uniqueValue: 'same' });
    await shop.call('AutoApplyOrder', order);
    await shop.call('AutoApplyOrder', order);
    const look = (orderNumber: string) => shop.call('CollectSSL', { orderNumber, queryType: '0' });
    expect((await look('912345678')).body).toBe('-20\nThe certificate request has already been rejected!\n');
    expect((await look('912345679')).body).toBe('0\n');
  });
});

describeWith(['openssl'], 'an order for an organisation', () => {
  const papers: Params = {
    product: '316',
    organizationName: 'Acme Inc',
    streetAddress1: 'Main Street 1',
    localityName: 'Springfield',
    postalCode: '12345',
    countryName: 'US',
  };

  it('needs its papers, from the arguments or from the request', async () => {
    const shop = await account();
    const { localityName: _left, ...less } = papers;
    expect((await shop.call('AutoApplyOrder', orderOf(EXAMPLE, less))).body).toBe(
      "-3\nThe 'localityName' argument is missing!\n",
    );
    const csr = await csrOf('/CN=www.example.com/L=Springfield');
    expect((await shop.call('AutoApplyOrder', orderOf(csr, less))).body).toMatch(/^0\n/);
  });

  it('is checked in steps over days', async () => {
    const shop = await account({ settings: { autoApprove: true, processingPolls: 0, issuingPolls: 0 } });
    await shop.call('AutoApplyOrder', orderOf(EXAMPLE, papers));
    const flags = async () => {
      const look = { orderNumber: '912345678', queryType: '0', showStatusDetails: 'Y', ...URL_FORM };
      return (await shop.call('CollectSSL', look)).body;
    };
    const line = (code: number, callback: number, organization: number) =>
      `errorCode=${code}&csrStatus=1&dcvStatus=1&ovCallBackStatus=${callback}&organizationValidationStatus=${organization}`;
    expect(await flags()).toBe(line(0, 0, 2));
    await shop.control('POST', 'clock', { advance: '1d' });
    expect(await flags()).toBe(line(0, 2, 1));
    await shop.control('POST', 'clock', { advance: '24h' });
    expect(await flags()).toBe(line(1, 1, 1));
  });

  it('is EV with more papers, and a step more', async () => {
    const shop = await account({ settings: { autoApprove: true } });
    const ev = { ...papers, product: '337' };
    expect((await shop.call('AutoApplyOrder', orderOf(EXAMPLE, ev))).body).toBe(
      "-3\nThe 'companyNumber' argument is missing!\n",
    );
    const person = {
      appRepForename: 'Ann',
      appRepSurname: 'Lee',
      appRepEmailAddress: 'ann@example.com',
      appRepTelephone: '+1',
    };
    const whole = {
      ...ev,
      ...person,
      companyNumber: '1',
      joiCountryName: 'US',
      disableSiteLock: 'Y',
      enableAutoRenew: 'N',
    };
    expect((await shop.call('AutoApplyOrder', orderOf(EXAMPLE, whole))).body).toBe(
      '0\n912345678\n129.00\n240\n',
    );
    const look = { orderNumber: '912345678', queryType: '0', showStatusDetails: 'Y', ...URL_FORM };
    expect((await shop.call('CollectSSL', look)).body).toContain('&evClickThroughStatus=0&brandValStatus=-1');
    await shop.control('POST', 'orders/912345678/vet', { step: 'organization' });
    expect((await shop.call('CollectSSL', look)).get('organizationValidationStatus')).toBe('1');
    expect(await shop.control('GET', 'orders/912345678')).toMatchObject({ siteLockBundle: false });
  });

  it('names the bundle that an address buys silently', async () => {
    const shop = await account();
    await shop.call('AutoApplyOrder', orderOf(EXAMPLE, { appRepEmailAddress: 'ann@example.com' }));
    expect(await shop.control('GET', 'orders/912345678')).toMatchObject({ siteLockBundle: true });
  });
});

describeWith(['openssl'], 'a reissue', () => {
  const reissue = { orderNumber: '912345678', isCustomerValidated: 'N', ...URL_FORM } as const;

  it('with the same request and token keeps its proof; another token does not', async () => {
    const shop = await issuedOrder({}, { uniqueValue: 'one' });
    const again = await shop.call('AutoReplaceSSL', reissue);
    expect(again.body).toBe('errorCode=0&certificateID=87654322&expectedDeliveryTime=0&uniqueValue=one');
    const details = await shop.call('GetMDCDomainDetails', { orderNumber: '912345678' });
    expect(details.get('1_dcvMethod')).toBe('Pre-Validated (CNAME CSR Hash)');
    await shop.control('POST', 'orders/912345678/issue');
    await shop.call('CollectSSL', { orderNumber: '912345678', queryType: '0' });
    await shop.call('AutoReplaceSSL', { ...reissue, uniqueValue: 'two' });
    const anew = await shop.call('GetMDCDomainDetails', { orderNumber: '912345678' });
    expect(anew.get('1_dcvStatus')).toBe('Not Validated');
  });

  it('replaces, and does not revoke', async () => {
    const shop = await issuedOrder();
    const first = await shop.call('CollectSSL', { certificateID: '87654321', queryType: '2', ...URL_FORM });
    await shop.call('AutoReplaceSSL', { ...reissue, uniqueValue: 'two' });
    await shop.control('POST', 'orders/912345678/issue');
    const newest = await shop.call('CollectSSL', { orderNumber: '912345678', queryType: '2', ...URL_FORM });
    const old = await shop.call('CollectSSL', { certificateID: '87654321', queryType: '2', ...URL_FORM });
    expect(newest.get('certificate')).not.toBe(first.get('certificate'));
    expect(old.get('certificate')).toBe(first.get('certificate'));
    expect(await shop.control('GET', 'orders/912345678')).toMatchObject({
      certificates: [{ state: 'replaced' }, { state: 'issued' }],
    });
    const history = await shop.call('WebHostReport', { showOldItems: 'Y', showCertificateID: 'Y' });
    expect([history.get('1_1_certificateID'), history.get('1_2_certificateID')]).toEqual([
      '87654322',
      '87654321',
    ]);
  });

  it('can have an order number of its own; the first one and the new one mean the same', async () => {
    const shop = await issuedOrder({ settings: { reissueChangesOrderNumber: true } });
    const reply = await shop.call('AutoReplaceSSL', { ...reissue, uniqueValue: 'two' });
    expect(reply.body).toBe(
      'errorCode=0&orderNumber=912345679&certificateID=87654322&expectedDeliveryTime=0',
    );
    for (const by of [
      { orderNumber: '912345679' },
      { baseOrderNumber: '912345678' },
      { orderNumber: '912345678' },
    ]) {
      expect((await shop.call('CollectSSL', { ...by, queryType: '0' })).body).toBe('0\n');
    }
    await shop.control('POST', 'settings', { pendingReissue: 'issued' });
    expect((await shop.call('CollectSSL', { orderNumber: '912345678', queryType: '0' })).body).toBe('1\n');
  });

  const refused: Readonly<Record<string, readonly [prepare: () => Promise<Account>, code: string]>> = {
    'before there is a certificate': [
      async () => {
        const shop = await account();
        await shop.call('AutoApplyOrder', orderOf(EXAMPLE));
        return shop;
      },
      '-4',
    ],
    'twice at once': [
      async () => {
        const shop = await issuedOrder();
        await shop.call('AutoReplaceSSL', { ...reissue, uniqueValue: 'b' });
        return shop;
      },
      '-4',
    ],
    'after the term': [
      async () => {
        const shop = await issuedOrder();
        shop.clock.advance(366 * DAY_MS);
        return shop;
      },
      '-4',
    ],
    'of a revoked certificate': [
      async () => {
        const shop = await issuedOrder();
        await shop.control('POST', 'orders/912345678/revoke');
        return shop;
      },
      '-21',
    ],
  };
  it.each(Object.entries(refused))('is refused %s', async (_title, [prepare, code]) => {
    const shop = await prepare();
    expect((await shop.call('AutoReplaceSSL', { ...reissue, uniqueValue: 'c' })).get('errorCode')).toBe(code);
  });

  it('is refused for another name', async () => {
    const shop = await issuedOrder();
    const { pem } = await csrOf('/CN=other.example.com');
    expect(
      (await shop.call('AutoReplaceSSL', { ...reissue, csr: pem, dcvMethod: 'CNAME_CSR_HASH' })).get(
        'errorCode',
      ),
    ).toBe('-4');
  });
});

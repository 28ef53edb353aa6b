import { describe, expect, it } from 'vitest';
import {
  type Account,
  account,
  EXAMPLE,
  issuedOrder,
  orderOf,
  type Params,
  START_MS,
} from '../../support/sandbox/sectigo.js';

/** Five orders, an hour apart. */
async function five(settings: NonNullable<Parameters<typeof account>[0]>['settings'] = {}): Promise<Account> {
  const shop = await account({ settings });
  for (let i = 1; i <= 5; i += 1) {
    await shop.call(
      'AutoApplyOrder',
      orderOf(EXAMPLE, { uniqueValue: `v${i}`, foreignOrderNumber: `ref-${i}` }),
    );
    shop.clock.advance(3600_000);
  }
  return shop;
}

async function numbersOf(shop: Account, params: Params = {}): Promise<readonly string[]> {
  const reply = await shop.call('WebHostReport', params);
  return reply
    .keys()
    .filter((key) => key.endsWith('_orderNumber'))
    .map((key) => `${key.split('_')[0]}:${reply.get(key)?.slice(-1)}`);
}

describe('a report', () => {
  const seconds = START_MS / 1000;
  it.each<[string, Params, readonly string[]]>([
    ['everything, newest first', {}, ['1:2', '2:1', '3:0', '4:9', '5:8']],
    ['a page', { firstResultNo: '2', lastResultNo: '3' }, ['1:1', '2:0']],
    ['a page past the end', { firstResultNo: '6', lastResultNo: '10' }, []],
    ['some order numbers', { orderNumber: '912345678,912345681' }, ['1:1', '2:8']],
    ['some references', { foreignOrderNumber: 'ref-1,ref-9' }, ['1:8']],
    ['no part of a reference', { foreignOrderNumber: 'ref' }, []],
    ['a certificate', { certificateID: '87654322' }, ['1:9']],
    [
      'a stretch of time',
      { notBefore: String(seconds + 3600), notAfter: String(seconds + 7200) },
      ['1:0', '2:9'],
    ],
    ['a name', { fqdn: 'WWW.example.com' }, ['1:2', '2:1', '3:0', '4:9', '5:8']],
    ['a pattern', { fqdn: '___.%.com' }, ['1:2', '2:1', '3:0', '4:9', '5:8']],
    ['a pattern of another name', { fqdn: '%.org' }, []],
    ['what is issued', { certificateStatusCode: '6,9' }, []],
    ['what ends some day', { expireNotBefore: '0' }, []],
  ])('of %s', async (_title, params, rows) => {
    expect(await numbersOf(await five(), params)).toEqual(rows);
  });

  it('counts, numbers and sorts as the account does', async () => {
    const shop = await five({
      reportCount: 'total',
      reportNumbering: 'continue',
      reportOrder: 'oldest',
      reportFirst: 0,
    });
    const page = { firstResultNo: '2', lastResultNo: '3' };
    expect(await numbersOf(shop, page)).toEqual(['3:0', '4:1']);
    expect((await shop.call('WebHostReport', page)).get('noOfResults')).toBe('5');
  });

  it('has pages of a default and of a largest size', async () => {
    const shop = await five({ reportPageSize: 2, reportMaximum: 3 });
    expect(await numbersOf(shop)).toEqual(['1:2', '2:1']);
    const whole = await shop.call('WebHostReport', { firstResultNo: '1', lastResultNo: '1000' });
    expect(whole.get('noOfResults')).toBe('3');
  });

  it('lags behind, where it does', async () => {
    const shop = await five({ visibilityLagSeconds: 2 * 3600 });
    expect(await numbersOf(shop)).toEqual(['1:1', '2:0', '3:9', '4:8']);
    expect((await shop.call('WebHostReport', { foreignOrderNumber: 'ref-5' })).body).toBe(
      'error_code=0&noOfResults=0',
    );
  });

  it('shows cost, flags and serial when asked, and no reference', async () => {
    const shop = await issuedOrder({}, { foreignOrderNumber: 'ref' });
    const reply = await shop.call('WebHostReport', {
      showCost: 'Y',
      showStatusDetails: 'Y',
      showAdditionalDomains: 'Y',
    });
    const keys = reply.keys().filter((key) => key !== '1_1_serialNumber');
    expect(keys).toEqual([
      'error_code',
      'noOfResults',
      '1_orderNumber',
      '1_dateTime',
      '1_cost',
      '1_1_domain',
      '1_1_notBefore',
      '1_1_notAfter',
      '1_1_csrStatus',
      '1_1_dcvStatus',
      '1_1_ovCallBackStatus',
      '1_1_organizationValidationStatus',
    ]);
    expect(reply.get('1_1_serialNumber')).toMatch(/^[0-9A-F]{32}$/);
    expect(await numbersOf(shop, { certificateStatusDesc: 'issued' })).toEqual(['1:8']);
  });

  it('is richer where the account is told to be', async () => {
    const shop = await issuedOrder(
      {
        settings: {
          reportShowsReference: true,
          reportAdditionalNames: 'comma',
          statusTexts: true,
          reportErrorKey: 'errorCode',
        },
      },
      { foreignOrderNumber: 'ref', product: '279', domainNames: 'www.example.com example.com' },
    );
    const reply = await shop.call('WebHostReport', { showAdditionalDomains: 'Y' });
    expect([
      reply.get('errorCode'),
      reply.get('1_foreignOrderNumber'),
      reply.get('1_1_mdcDomainNames'),
      reply.get('1_1_status'),
    ]).toEqual(['0', 'ref', 'www.example.com,example.com', 'Issued']);
  });

  it('is empty under a wrong login, where a fault says so', async () => {
    const shop = await five();
    await shop.control('POST', 'faults', { fault: 'empty-report' });
    const asked = { loginPassword: 'wrong' };
    expect((await shop.call('WebHostReport', asked)).body).toBe('error_code=0&noOfResults=0');
    expect((await shop.call('WebHostReport', asked)).body).toBe('error_code=-16');
  });
});

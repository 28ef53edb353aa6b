import { describe, expect, it } from 'vitest';
import {
  type Account,
  account,
  DAY_MS,
  EXAMPLE,
  issuedOrder,
  orderOf,
  type Params,
} from '../../support/sandbox/sectigo.js';

const ORDER = { orderNumber: '912345678' } as const;
const REVOKE = { ...ORDER, revocationReason: 'gone', codeReason: '5', responseFormat: '1' } as const;
const REJECTED = 'errorCode=-20&errorMessage=The+certificate+request+has+already+been+rejected%21';
const REVOKED = 'errorCode=-21&errorMessage=The+certificate+has+already+been+revoked%21';
const INVALID_ORDER = "-4\nThe value of the 'orderNumber' argument is invalid!\n";

async function pending(): Promise<Account> {
  const shop = await account();
  await shop.call('AutoApplyOrder', orderOf(EXAMPLE));
  return shop;
}
const look = async (shop: Account, more: Params = ORDER): Promise<string> =>
  (await shop.call('CollectSSL', { ...more, queryType: '0', responseFormat: '1' })).body;

describe('a revocation', () => {
  it.each(['AutoRevokeSSL', 'autoRevokeCertificate'])(
    'by %s rejects an order that is not issued',
    async (operation) => {
      const shop = await pending();
      expect((await shop.call(operation, REVOKE)).body).toBe('errorCode=0');
      expect(await look(shop)).toBe(REJECTED);
      expect((await shop.call(operation, REVOKE)).body).toBe(REJECTED);
      expect((await shop.call('getAccountBalance')).body).toContain('\n990.01\n');
    },
  );

  it('revokes what is issued, once', async () => {
    const shop = await issuedOrder();
    expect((await shop.call('AutoRevokeSSL', REVOKE)).body).toBe('errorCode=0');
    expect((await shop.call('AutoRevokeSSL', REVOKE)).body).toBe(REVOKED);
    expect(await look(shop)).toBe(REVOKED);
  });

  it('by certificate or serial leaves the other one alone', async () => {
    const shop = await issuedOrder();
    await shop.call('AutoReplaceSSL', { ...ORDER, isCustomerValidated: 'N' });
    await shop.control('POST', 'orders/912345678/issue');
    expect(await look(shop)).toBe('errorCode=1');
    const report = await shop.call('WebHostReport', { showOldItems: 'Y' });
    const serialNumber = report.get('1_2_serialNumber')?.toLowerCase() ?? '';
    const { orderNumber: _number, ...by } = REVOKE;
    expect((await shop.call('AutoRevokeSSL', { ...by, serialNumber })).body).toBe('errorCode=0');
    expect(await look(shop, { certificateID: '87654321' })).toBe(REVOKED);
    expect(await look(shop)).toBe('errorCode=1');
    expect((await shop.call('AutoRevokeSSL', { ...by, certificateID: '87654322' })).body).toBe('errorCode=0');
    expect(await look(shop)).toBe(REVOKED);
  });

  it.each([
    ['all', REVOKED],
    ['newest', 'errorCode=1'],
  ])('by order number hits %s of its certificates', async (revokeByOrderNumber, old) => {
    const shop = await issuedOrder({ settings: { revokeByOrderNumber } });
    await shop.call('AutoReplaceSSL', { ...ORDER, isCustomerValidated: 'N' });
    await shop.control('POST', 'orders/912345678/issue');
    await look(shop);
    await shop.call('AutoRevokeSSL', REVOKE);
    expect(await look(shop, { certificateID: '87654321' })).toBe(old);
  });

  it('is only tried with test=Y', async () => {
    const shop = await issuedOrder();
    expect((await shop.call('AutoRevokeSSL', { ...REVOKE, test: 'Y' })).body).toBe('errorCode=0');
    expect(await look(shop)).toBe('errorCode=1');
  });

  it('comes too late for what has expired', async () => {
    const shop = await issuedOrder();
    shop.clock.advance(200 * DAY_MS);
    expect((await shop.call('AutoRevokeSSL', { ...ORDER, revocationReason: 'x' })).body).toBe(
      '-35\nThe certificate has expired!\n',
    );
  });

  it('meets an order that is being issued: -26, or -23 without a reason', async () => {
    const shop = await pending();
    await shop.control('POST', 'orders/912345678/validate');
    await look(shop);
    await look(shop);
    expect((await shop.call('AutoRevokeSSL', ORDER)).body).toMatch(/^-23\n/);
    expect((await shop.call('AutoRevokeSSL', { ...ORDER, revocationReason: 'x' })).body).toMatch(/^-26\n/);
  });

  it('that is not to be in the CRL marks as replaced', async () => {
    const shop = await issuedOrder();
    const quiet = { ...REVOKE, includeInCRL: 'N' };
    expect((await shop.call('autoRevokeCertificate', quiet)).body).toBe('errorCode=0');
    expect(await look(shop)).toBe('errorCode=1');
    expect(await shop.control('GET', 'orders/912345678')).toMatchObject({
      certificates: [{ state: 'replaced' }],
    });
    expect((await shop.call('autoRevokeCertificate', REVOKE)).body).toBe('errorCode=0');
    expect(await look(shop)).toBe(REVOKED);
  });

  it('of a reissue that waits leaves the certificate there is', async () => {
    const shop = await issuedOrder();
    await shop.call('AutoReplaceSSL', { ...ORDER, isCustomerValidated: 'N', uniqueValue: 'two' });
    expect(await look(shop)).toBe('errorCode=0');
    await shop.call('AutoRevokeSSL', REVOKE);
    expect(await look(shop)).toBe('errorCode=1');
    expect(await look(shop, { certificateID: '87654322' })).toBe(REJECTED);
  });
});

describe('AutoReject', () => {
  it('gives up what is not issued, and only that', async () => {
    const shop = await pending();
    expect((await shop.call('AutoReject', { ...ORDER, test: 'Y' })).body).toBe('0\n');
    expect(await look(shop)).toBe('errorCode=0');
    expect((await shop.call('AutoReject', ORDER)).body).toBe('0\n');
    expect((await shop.call('AutoReject', ORDER)).body).toMatch(/^-20\n/);
    expect((await (await issuedOrder()).call('AutoReject', ORDER)).body).toBe(INVALID_ORDER);
  });

  it('gives the money back where the account does so', async () => {
    const shop = await account({ settings: { rejectRefunds: true } });
    await shop.call('AutoApplyOrder', orderOf(EXAMPLE));
    await shop.call('AutoReject', ORDER);
    expect((await shop.call('getAccountBalance')).body).toContain('\n1000.00\n');
  });
});

describe('a refund', () => {
  const refund = { ...ORDER, refundReasonCode: '11' } as const;

  it('gives the money back once, in newline form', async () => {
    const shop = await issuedOrder();
    expect((await shop.call('AutoRefund', refund)).body).toBe('0\n');
    expect((await shop.call('getAccountBalance')).body).toContain('\n1000.00\n');
    expect((await shop.call('AutoRefund', refund)).body).toMatch(/^-18\n/);
    expect(await look(shop)).toBe(REJECTED);
  });

  it('has nothing to give for a rejected order', async () => {
    const shop = await pending();
    await shop.call('AutoReject', ORDER);
    expect((await shop.call('AutoRefund', refund)).body).toMatch(/^-20\n/);
  });

  it('is refused for several names and after its time', async () => {
    const multi = await issuedOrder({}, { product: '279', domainNames: 'www.example.com' });
    expect((await multi.call('AutoRefund', refund)).body).toBe(INVALID_ORDER);
    const late = await issuedOrder();
    late.clock.advance(31 * DAY_MS);
    expect((await late.call('AutoRefund', refund)).body).toBe(INVALID_ORDER);
  });

  it('can answer in the other form', async () => {
    const shop = await issuedOrder({ settings: { refundReply: 'url-encoded' } });
    expect((await shop.call('AutoRefund', refund)).body).toBe('errorCode=0');
  });
});

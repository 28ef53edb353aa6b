import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import {
  account,
  armoured,
  collected,
  csrOf,
  DAY_MS,
  openssl,
  orderOf,
  START_MS,
} from '../../support/sandbox/sectigo.js';
import { dnsServer, webServer } from '../../support/sandbox/surroundings.js';
import { describeWith } from '../../support/system.js';

/** openssl builds the chain: root, issuing CA, leaf. */
async function verified(rootPem: string, issuingPem: string, leafPem: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'certwright-sandbox-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, pem] of Object.entries({ root: rootPem, issuing: issuingPem, leaf: leafPem })) {
    writeFileSync(join(folder, name), pem);
  }
  const at = (name: string): string => join(folder, name);
  const time = ['-attime', String(START_MS / 1000)];
  return openssl(['verify', ...time, '-CAfile', at('root'), '-untrusted', at('issuing'), at('leaf')], '');
}

describeWith(['openssl'], 'a certificate of the Sectigo sandbox', () => {
  it('is ordered, proved by CNAME, collected and charged', async () => {
    const csr = await csrOf('/CN=www.example.com');
    const target = `${csr.sha256.slice(0, 32)}.${csr.sha256.slice(32)}.k7qm2zp9.sectigo.com`;
    const dns = await dnsServer({ [`_${csr.md5}.example.com`]: target });
    const shop = await account({ settings: { dnsServer: dns.address } });
    const order = await shop.call(
      'AutoApplyOrder',
      orderOf(csr, {
        uniqueValue: 'k7qm2zp9',
        responseFormat: '1',
        showCertificateID: 'Y',
        foreignOrderNumber: 'ref-1',
      }),
    );
    expect(order.body).toBe(
      'errorCode=0&orderNumber=912345678&totalCost=9.99&expectedDeliveryTime=1&certificateID=87654321',
    );
    const { polls, reply } = await collected(shop, { orderNumber: '912345678' });
    expect(polls).toBe(3);
    expect(reply.keys()).toEqual(['errorCode', 'certificate', 'caCertificate', 'caCertificate']);
    const [root = '', issuing = ''] = reply.all('caCertificate').map(armoured);
    const leaf = armoured(reply.get('certificate') ?? '');
    expect(await verified(root, issuing, leaf)).toContain('OK');
    expect(root.trim()).toBe(shop.rootPem.trim());
    expect(await openssl(['x509', '-noout', '-dates', '-subject', '-ext', 'subjectAltName'], leaf)).toBe(
      [
        'notBefore=Jun 10 00:00:00 2026 GMT',
        'notAfter=Dec 25 23:59:59 2026 GMT',
        'subject=CN = www.example.com',
        'X509v3 Subject Alternative Name: ',
        '    DNS:www.example.com, DNS:example.com',
        '',
      ].join('\n'),
    );
    expect((await shop.call('getAccountBalance')).body).toBe('0\n100001\nUSD\n990.01\n0.00\n');
    expect(shop.purchases()).toEqual([
      {
        at: '2026-06-10T15:30:00.000Z',
        order: '912345678',
        product: '287/365',
        amount: '9.99',
        currency: 'USD',
        reference: 'ref-1',
      },
    ]);
  });

  it('is proved by a file, and carries an RSA key', async () => {
    const csr = await csrOf('/CN=shop.example.com', [], ['-newkey', 'rsa:2048']);
    const web = await webServer({
      [`/.well-known/pki-validation/${csr.md5.toUpperCase()}.txt`]: `${csr.sha256.toUpperCase()}\r\nsectigo.com\r\nabc1\r\n`,
    });
    const shop = await account({ settings: { webServers: { 'shop.example.com': web.address } } });
    const order = orderOf(csr, { dcvMethod: 'HTTP_CSR_HASH', uniqueValue: 'abc1' });
    expect((await shop.call('AutoApplyOrder', order)).body).toBe('0\n912345678\n9.99\n1\n');
    const { reply } = await collected(shop, { orderNumber: '912345678' });
    expect(await openssl(['x509', '-noout', '-text'], armoured(reply.get('certificate') ?? ''))).toContain(
      'Public-Key: (2048 bit)',
    );
    expect(web.hosts).toContain('shop.example.com');
  });

  it('is reissued inside the term until the term ends', async () => {
    const shop = await account({ settings: { autoApprove: true } });
    await shop.call('AutoApplyOrder', orderOf(await csrOf('/CN=www.example.com')));
    await collected(shop, { orderNumber: '912345678' });
    shop.clock.advance(170 * DAY_MS);
    const reissue = await shop.call('AutoReplaceSSL', {
      orderNumber: '912345678',
      csr: (await csrOf('/CN=www.example.com')).pem,
      isCustomerValidated: 'N',
      dcvMethod: 'CNAME_CSR_HASH',
      uniqueValue: 'second',
      responseFormat: '1',
    });
    expect(reissue.body).toBe('errorCode=0&certificateID=87654322&expectedDeliveryTime=0');
    const { reply } = await collected(shop, {
      certificateID: '87654322',
      showValidityPeriod: 'Y',
      showExtStatus: 'Y',
    });
    const days = (key: string) => (Number(reply.get(key)) * 1000 - Date.UTC(2026, 5, 10)) / DAY_MS;
    expect([days('notBefore'), days('notAfter')]).toEqual([170, 365 - 1 / 86_400]);
    expect(reply.get('certificateStatus')).toBe('Issued');
    expect((await shop.call('getAccountBalance')).body).toContain('\n990.01\n');
  });

  it('is found by reference, and by nothing that is unknown', async () => {
    const shop = await account();
    const order = orderOf(await csrOf('/CN=www.example.com'), { foreignOrderNumber: 'cwk3v9x2-abc' });
    await shop.call('AutoApplyOrder', order);
    const found = await shop.call('WebHostReport', {
      foreignOrderNumber: 'cwk3v9x2-abc',
      showCertificateID: 'Y',
    });
    expect(found.body).toBe(
      `error_code=0&noOfResults=1&1_orderNumber=912345678&1_dateTime=${START_MS / 1000}&1_1_domain=www.example.com&1_1_certificateID=87654321`,
    );
    expect((await shop.call('WebHostReport', { foreignOrderNumber: 'cwk3v9x2-abd' })).body).toBe(
      'error_code=0&noOfResults=0',
    );
  });
});

import { X509Certificate } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import {
  type Account,
  account,
  armoured,
  DAY_MS,
  EXAMPLE,
  issuedOrder,
  openssl,
  orderOf,
  type Params,
} from '../../support/sandbox/sectigo.js';
import { describeWith } from '../../support/system.js';

const ORDER = { orderNumber: '912345678' } as const;
const URL_FORM = { responseFormat: '1' } as const;
const look = (shop: Account, more: Params = {}) =>
  shop.call('CollectSSL', { ...ORDER, queryType: '0', ...more });

describe('a look at an order', () => {
  it('goes from 0 over -26 to 1, or 2 with the certificate', async () => {
    const shop = await account();
    await shop.call('AutoApplyOrder', orderOf(EXAMPLE));
    expect((await look(shop)).body).toBe('0\n');
    await shop.control('POST', 'orders/912345678/validate');
    const bodies = [];
    for (let i = 0; i < 3; i += 1) bodies.push((await look(shop, URL_FORM)).body);
    expect(bodies).toEqual([
      'errorCode=0',
      'errorCode=-26&errorMessage=The+certificate+is+currently+being+issued%21',
      'errorCode=1',
    ]);
    expect((await look(shop, { queryType: '1', ...URL_FORM })).get('errorCode')).toBe('2');
  });

  it('is not what makes a certificate: time alone does, on the day it was due', async () => {
    const shop = await account();
    await shop.call('AutoApplyOrder', orderOf(EXAMPLE));
    await shop.control('POST', 'orders/912345678/validate');
    await shop.call('WebHostReport');
    shop.clock.advance(10 * DAY_MS);
    const row = await shop.call('WebHostReport');
    expect(row.get('1_1_notBefore')).toBe(String(Date.UTC(2026, 5, 10) / 1000));
  });

  it('shows what it is asked for, in the form of the reference', async () => {
    const shop = await issuedOrder();
    const flags = { showFQDN: 'Y', showValidityPeriod: 'Y', showExtStatus: 'Y' };
    expect((await look(shop, { ...flags, ...URL_FORM })).body).toBe(
      `errorCode=1&fqdn=www.example.com&notBefore=${Date.UTC(2026, 5, 10) / 1000}&notAfter=${Date.UTC(2026, 11, 26) / 1000 - 1}&certificateStatus=Issued`,
    );
    expect((await look(shop, flags)).body).toBe(
      `1\nwww.example.com\n${Date.UTC(2026, 5, 10) / 1000}\n${Date.UTC(2026, 11, 26) / 1000 - 1}\nIssued\n`,
    );
  });

  it('has no word that nobody knows, unless told to have placeholders', async () => {
    const shop = await account();
    await shop.call('AutoApplyOrder', orderOf(EXAMPLE));
    expect((await look(shop, { showExtStatus: 'Y', ...URL_FORM })).body).toBe('errorCode=0');
    await shop.control('POST', 'settings', { statusTexts: true });
    expect((await look(shop, { showExtStatus: 'Y', ...URL_FORM })).body).toBe(
      'errorCode=0&certificateStatus=Awaiting+Validation&validationStatus=Awaiting+DCV',
    );
  });

  it('tells the term apart from the certificate, where its form was chosen', async () => {
    const shop = await issuedOrder({ settings: { productTermDates: 'date' } });
    const reply = await look(shop, { showValidityPeriod: 'Y', ...URL_FORM });
    expect(reply.body).toContain(
      '&certificateDuration=199&productTermStartDate=2026-06-10&productTermEndDate=2027-06-09&productTermDuration=365',
    );
  });

  it('is refused beside another one, and counted', async () => {
    const shop = await issuedOrder();
    await shop.control('POST', 'faults', { fault: 'slow:600000@CollectSSL' });
    // Never answered: the sandbox stops first.
    const slow = expect(look(shop)).rejects.toThrow();
    await vi.waitFor(async () => expect(await shop.control('GET', 'faults')).toEqual([]));
    expect((await look(shop)).body).toBe('-42\nCall limit reached, try again later!\n');
    expect(await shop.control('GET', '')).toMatchObject({ parallelCollects: 1 });
    await shop.close();
    await slow;
  });

  it('is refused when it comes too early, where there is a limit', async () => {
    const shop = await issuedOrder({ settings: { collectSeconds: 3600 } });
    expect((await look(shop)).body).toMatch(/^-42\n/);
    shop.clock.advance(3600_000);
    expect((await look(shop)).body).toBe('1\n');
  });
});

describe('a certificate', () => {
  const collected = (shop: Account, more: Params) =>
    shop.call('CollectSSL', { ...ORDER, queryType: '1', ...more });

  it('follows its CA certificates in newline form, roots first', async () => {
    const shop = await issuedOrder();
    const { body } = await collected(shop, {});
    expect(body.startsWith('2\n-----BEGIN CERTIFICATE-----\n')).toBe(true);
    expect(Math.max(...body.split('\n').map((line) => line.length))).toBe(64);
    const blocks = body.match(/-----BEGIN[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
    const [root, issuing, leaf] = blocks.map((pem) => new X509Certificate(pem));
    expect(blocks).toHaveLength(3);
    expect(root?.checkIssued(root) && issuing?.checkIssued(root)).toBe(true);
    expect(issuing && leaf?.checkIssued(issuing)).toBe(true);
    expect((await collected(shop, { queryType: '2' })).body).toBe(`2\n${blocks[2]}\n`);
    expect((await collected(shop, { queryType: '3' })).body).toBe(`2\n${blocks[0]}\n${blocks[1]}\n`);
  });

  it('comes in each of the encodings that clients cope with', async () => {
    const shop = await issuedOrder();
    const forms: string[] = [];
    for (const certificateEncoding of ['bare', 'pem', 'pem-base64']) {
      await shop.control('POST', 'settings', { certificateEncoding });
      forms.push((await collected(shop, { queryType: '2', ...URL_FORM })).get('certificate') ?? '');
    }
    const [bare = '', pem = '', inBase64 = ''] = forms;
    expect(armoured(bare)).toBe(pem);
    expect(Buffer.from(inBase64, 'base64').toString()).toBe(pem);
  });

  it('can be followed by its issuer first', async () => {
    const shop = await issuedOrder();
    const rootFirst = (await collected(shop, URL_FORM)).all('caCertificate');
    await shop.control('POST', 'settings', { caOrder: 'issuer-first' });
    expect((await collected(shop, URL_FORM)).all('caCertificate')).toEqual(rootFirst.toReversed());
  });

  it('is for another key, for other names or over, where a fault says so', async () => {
    const sold = async (fault: string) => {
      const shop = await issuedOrder({ faults: [fault] });
      return new X509Certificate(armoured((await collected(shop, URL_FORM)).get('certificate') ?? ''));
    };
    const right = await sold('slow:1@CollectSSL');
    expect(right.subjectAltName).toBe('DNS:www.example.com, DNS:example.com');
    expect((await sold('wrong-names')).subjectAltName).toBe('DNS:somebody-else.example');
    const wrongKey = await sold('wrong-key');
    expect(wrongKey.subjectAltName).toBe(right.subjectAltName);
    expect(wrongKey.publicKey.equals(right.publicKey)).toBe(false);
    expect(new Date((await sold('expired')).validTo).getTime()).toBeLessThan(Date.UTC(2026, 5, 10));
  });

  it.each([
    ['2026-03-11', 365],
    ['2026-03-12', 199],
    ['2027-03-13', 199],
    ['2027-03-14', 99],
    ['2029-03-14', 46],
  ])('issued on %s lasts %i days', async (day, days) => {
    const shop = await issuedOrder({ now: () => Date.parse(`${day}T23:59:00Z`) });
    const reply = await look(shop, { showValidityPeriod: 'Y', ...URL_FORM });
    const lasts = Number(reply.get('notAfter')) + 1 - Number(reply.get('notBefore'));
    expect(lasts / 86_400).toBe(days);
    expect(Number(reply.get('notBefore')) * 1000).toBe(Date.parse(day));
  });
});

describeWith(['openssl'], 'a PKCS#7 object', () => {
  it('holds the chain, as text and as bytes', async () => {
    const shop = await issuedOrder();
    const pkcs7 = { ...ORDER, queryType: '1', responseType: '2' };
    const text = await shop.call('CollectSSL', pkcs7);
    const listed = await openssl(['pkcs7', '-print_certs', '-noout'], text.body.slice(2));
    expect(listed.match(/subject=/g)).toHaveLength(3);
    const binary = await shop.call('CollectSSL', { ...pkcs7, responseEncoding: '1' });
    const bare = text.body.slice(2).replaceAll(/-----[^-]+-----|\s/g, '');
    expect(binary.bytes.toString('base64')).toBe(bare);
    expect((await shop.call('CollectSSL', { ...pkcs7, ...URL_FORM })).get('pkcs7')).toBe(bare);
  });
});

import { request } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { JsonObject } from '../../../src/model/json.js';
import { DAY_MS } from '../../../src/model/time.js';
import { startSandbox } from '../../../src/sandbox/index.js';
import { newKey } from '../../conformance/builders.js';
import { manualClock } from '../../support/manual-clock.js';

const LOGIN = { apiUser: 'acme', apiKey: 'S3cret', clientIp: '198.51.100.7' } as const;
const GLOBAL = {
  ApiUser: LOGIN.apiUser,
  ApiKey: LOGIN.apiKey,
  UserName: LOGIN.apiUser,
  ClientIp: LOGIN.clientIp,
};

type Params = Readonly<Record<string, string>>;

async function shopWith(settings: JsonObject = {}) {
  const clock = manualClock();
  const sandbox = await startSandbox('namecheap', { now: () => clock.now(), login: LOGIN, settings });
  onTestFinished(() => sandbox.close());
  const send = async (
    query: Params,
    body?: { readonly type: string; readonly text: string },
  ): Promise<{ readonly status: number; readonly text: string }> => {
    const reply = await request(`${sandbox.url}/xml.response?${new URLSearchParams(query)}`, {
      method: body ? 'POST' : 'GET',
      ...(body ? { body: body.text, headers: { 'content-type': body.type } } : {}),
    });
    return { status: reply.statusCode, text: await reply.body.text() };
  };
  const form = (params: Params) =>
    send({}, { type: 'application/x-www-form-urlencoded', text: new URLSearchParams(params).toString() });
  const call = async (command: string, params: Params = {}) =>
    (await form({ ...GLOBAL, Command: `namecheap.ssl.${command}`, ...params })).text;
  return { sandbox, clock, send, form, call };
}

const errorsIn = (text: string): readonly string[] =>
  [...text.matchAll(/<Error Number="(\d+)"/g)].map((match) => match[1] ?? '');
const idIn = (text: string): string => /(?:CertificateID|ID)="(\d+)"/.exec(text)?.[1] ?? '';

const STANDARD = { Type: 'Standard SSL', Years: '1' } as const;

/** A certificate that is issued. */
async function issued(shop: Awaited<ReturnType<typeof shopWith>>, name = 'shop.example.com') {
  const id = idIn(await shop.call('create', STANDARD));
  const { csrPem } = await newKey(name, [name]);
  await shop.call('activate', { CertificateID: id, CSR: csrPem, DNSDCValidation: 'true' });
  await shop.sandbox.control('POST', `certificates/${id}/issue`);
  return { id, csrPem };
}

describe('the sandbox of Namecheap', () => {
  it('takes parameters in any letters, from query, form, parts and mixtures', async () => {
    const shop = await shopWith();
    const wanted = { ...GLOBAL, Command: 'namecheap.users.getbalances' };
    const parts = Object.entries(wanted)
      .map(([key, value]) => `--x\r\nContent-Disposition: form-data; name="${key}"\r\n\r\n${value}\r\n`)
      .join('');
    const { Command, ...login } = wanted;
    const replies = [
      await shop.send(Object.fromEntries(Object.entries(wanted).map(([k, v]) => [k.toUpperCase(), v]))),
      await shop.form(wanted),
      await shop.send(
        { SourceOfCall: 'WHMCS' },
        { type: 'multipart/form-data; boundary=x', text: `${parts}--x--\r\n` },
      ),
      await shop.send(
        { Command },
        { type: 'application/x-www-form-urlencoded', text: new URLSearchParams(login).toString() },
      ),
    ];
    for (const { status, text } of replies) {
      expect(status).toBe(200);
      expect(text).toContain('AvailableBalance="1000.00"');
    }
    expect(JSON.stringify(shop.sandbox.ledger())).not.toContain('S3cret');
  });

  it('answers every failure with 200 and Status ERROR, throttling with 405 or its older form', async () => {
    const shop = await shopWith({ callsPerMinute: 2 });
    const unknown = await shop.form({ ...GLOBAL, Command: 'namecheap.ssl.getInfo', CertificateID: '1' });
    expect(unknown).toMatchObject({ status: 200 });
    expect(unknown.text).toContain('<GMTTimeDifference>--5:00</GMTTimeDifference>');
    expect(errorsIn(unknown.text)).toEqual(['2011294']);
    await shop.call('getList');
    expect((await shop.form({ ...GLOBAL, Command: 'namecheap.ssl.getList' })).status).toBe(405);
    await shop.sandbox.control('POST', 'settings', { throttleAs: '500000' });
    expect(errorsIn(await shop.call('getList'))).toEqual(['500000']);
    shop.clock.advance(61_000);
    expect(errorsIn(await shop.call('getList'))).toEqual([]);
  });

  it('checks the login, then parameters, then the id, then the state, then the money', async () => {
    const shop = await shopWith({ openingBalance: '9.00' });
    const call = async (params: Params) => errorsIn((await shop.form(params)).text);
    const create = { ...GLOBAL, Command: 'namecheap.ssl.create' };
    expect(await call({ ...create, ApiKey: 'wrong', Type: 'nothing' })).toEqual(['1011102']);
    expect(await call({ ...create, ClientIp: 'fe80::1' })).toEqual(['1011105']);
    expect(await call({ ...create, Colour: 'red' })).toEqual(['9999999']);
    expect(await call({ ...create, Years: '1' })).toEqual(['2010298']);
    expect(await call({ ...create, ...STANDARD, Years: '9' })).toEqual(['2011167']);
    expect(await call({ ...create, Type: 'RapidSSL', Years: '1' })).toEqual(['2011301']);
    expect(await call({ ...create, ...STANDARD })).toEqual([]);
    expect(await call({ ...create, ...STANDARD })).toEqual(['2528166']);
    const activate = { ...GLOBAL, Command: 'namecheap.ssl.reissue', CertificateID: '950001' };
    expect(await call(activate)).toEqual(['4011331']);
  });

  it('sells a retired name as the present product', async () => {
    const shop = await shopWith();
    const text = await shop.call('create', { Type: 'positivessl', Years: '1' });
    expect(text).toContain('SSLType="Standard SSL"');
    expect(text).toContain('ChargedAmount="9.0000"');
  });

  it('replaces the old record when the new certificate is issued, or at the call', async () => {
    for (const replacedAt of ['issuance', 'call']) {
      const shop = await shopWith({ replacedAt });
      const { id } = await issued(shop);
      await shop.call('getInfo', { CertificateID: id });
      const { csrPem } = await newKey('shop.example.com', ['shop.example.com']);
      const params = { CertificateID: id, CSR: csrPem, DNSDCValidation: 'true' };
      const next = idIn(await shop.call('reissue', params));
      expect(next).not.toBe(id);
      expect(errorsIn(await shop.call('reissue', params))).toEqual(['4011331']);
      const meanwhile = await shop.call('getInfo', { CertificateID: id });
      expect(meanwhile).toContain(replacedAt === 'call' ? 'Status="replaced"' : 'Status="active"');
      await shop.sandbox.control('POST', `certificates/${next}/issue`);
      expect(await shop.call('getInfo', { CertificateID: id })).toContain(`ReplacedBy="${next}"`);
    }
  });

  it('renews inside its window, once, and adds the days that are left', async () => {
    const shop = await shopWith();
    const { id } = await issued(shop);
    await shop.call('getInfo', { CertificateID: id });
    const renew = () => shop.call('renew', { CertificateID: id, Years: '1', SSLType: 'Standard SSL' });
    expect(errorsIn(await renew())).toEqual(['4011294']);
    shop.clock.advance(345 * DAY_MS);
    expect(errorsIn(await shop.call('renew', { CertificateID: id, Years: '1', SSLType: 'EV SSL' }))).toEqual([
      '2012301',
    ]);
    const next = idIn(await renew());
    expect(errorsIn(await renew())).toEqual(['4028294']);
    const other = await newKey('other.example.com', ['other.example.com']);
    const activate = (csr: string) =>
      shop.call('activate', { CertificateID: next, CSR: csr, DNSDCValidation: 'true' });
    expect(errorsIn(await activate(other.csrPem))).toEqual(['2011166']);
    const { csrPem } = await newKey('shop.example.com', ['shop.example.com']);
    await activate(csrPem);
    const facts = (await shop.sandbox.control('GET', `certificates/${next}`)) as {
      readonly paidTill: string;
    };
    const days = (Date.parse(facts.paidTill) - shop.clock.now()) / DAY_MS;
    // To November 2028, a leap year, and the twenty that were left.
    expect(Math.round(days)).toBe(366 + 20);
  });

  it('gives the certificate with its chain, or as one PKCS#7', async () => {
    const shop = await shopWith();
    const { id } = await issued(shop);
    const single = await shop.call('getInfo', { CertificateID: id, Returncertificate: 'true' });
    expect(single.match(/BEGIN CERTIFICATE-----/g)).toHaveLength(3);
    const bundle = await shop.call('getInfo', {
      CertificateID: id,
      Returncertificate: 'true',
      Returntype: 'PKCS7',
    });
    expect(bundle).toContain('-----BEGIN PKCS7-----');
    expect(bundle).not.toContain('CaCertificates');
  });

  it('revokes what was superseded, and nothing else', async () => {
    const shop = await shopWith({ replacedAt: 'call' });
    const { id } = await issued(shop);
    await shop.call('getInfo', { CertificateID: id });
    const revoke = () =>
      shop.call('revokecertificate', { CertificateID: id, CertificateType: 'Standard SSL' });
    expect(errorsIn(await revoke())).toEqual(['4011331']);
    const { csrPem } = await newKey('shop.example.com', ['shop.example.com']);
    await shop.call('reissue', { CertificateID: id, CSR: csrPem, DNSDCValidation: 'true' });
    expect(await revoke()).toContain(`<RevokeCertificateResult IsSuccess="true" ID="${id}"`);
  });

  it('shows values of proofs in the words of each call', async () => {
    const shop = await shopWith();
    const id = idIn(await shop.call('create', STANDARD));
    const { csrPem } = await newKey('shop.example.com', ['shop.example.com']);
    const request = { CertificateID: id, CSR: csrPem };
    expect(errorsIn(await shop.call('activate', request))).toEqual(['2010295']);
    expect(
      errorsIn(
        await shop.call('activate', { ...request, HTTPDCValidation: 'true', DNSDCValidation: 'true' }),
      ),
    ).toEqual(['2011784']);
    const activated = await shop.call('activate', { ...request, DNSDCValidation: 'true' });
    expect(activated).toContain('<DNS domain="shop.example.com"><HostName>');
    const again = await shop.call('editDCVMethod', { CertificateID: id, DCVMethod: 'CNAME_CSR_HASH' });
    const target = /<Target><!\[CDATA\[(.*?)\]\]>/.exec(activated)?.[1];
    expect(again).toContain(target);
    expect(again).not.toContain('<DNS ');
    const changed = await shop.call('editDCVMethod', { CertificateID: id, DCVMethod: 'HTTP_CSR_HASH' });
    expect(changed).toContain('<HttpDCValidation ValueAvailable="true"><FileName>');
  });
});

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
import { dnsServer, webServer } from '../../support/sandbox/surroundings.js';

const ORDER = { orderNumber: '912345678' } as const;
const TOKEN = 'k7Qm2Zp9';
const FILE = `/.well-known/pki-validation/${EXAMPLE.md5.toUpperCase()}.txt`;
const TARGET = '75414e468bfcd9a7a0350e4dc2fbfea2.8761bec5b59ff464858fbe2e82a49d13.k7qm2zp9.sectigo.com';
const HASH = EXAMPLE.sha256.toUpperCase();

const statusOf = async (shop: Account): Promise<string | undefined> =>
  (await shop.call('GetMDCDomainDetails', ORDER)).get('1_dcvStatus');

async function reasonOf(shop: Account): Promise<unknown> {
  const facts = await shop.control('GET', 'orders/912345678');
  return JSON.parse(JSON.stringify(facts)).certificates[0].names[0].lastLook;
}

describe('a CNAME', () => {
  it.each([
    ['at the name itself', `_${EXAMPLE.md5}.www.example.com`, TARGET, 'Validated'],
    ['at its parent, as in the worked example', `_${EXAMPLE.md5}.example.com`, TARGET, 'Validated'],
    ['at a name beside it', `_${EXAMPLE.md5}.shop.example.com`, TARGET, 'Not Validated'],
    ['without the token', `_${EXAMPLE.md5}.example.com`, TARGET.replace('k7qm2zp9.', ''), 'Not Validated'],
    [
      'with another ending',
      `_${EXAMPLE.md5}.example.com`,
      TARGET.replace('sectigo', 'comodoca'),
      'Not Validated',
    ],
  ])('%s', async (_title, owner, target, status) => {
    const dns = await dnsServer({ [owner]: target });
    const shop = await account({ settings: { dnsServer: dns.address } });
    await shop.call('AutoApplyOrder', orderOf(EXAMPLE, { uniqueValue: TOKEN }));
    const { body } = await shop.call('GetMDCDomainDetails', { ...ORDER, showStatusDetails: 'Y' });
    expect(body).toBe(
      `errorCode=0&1_domainName=www.example.com&1_dcvMethod=CNAME+CSR+Hash&1_dcvStatus=${status.replace(' ', '+')}`,
    );
    expect(dns.asked[0]).toBe(`_${EXAMPLE.md5}.www.example.com`);
  });

  it('may be told to accept another ending, and says what it found', async () => {
    const owner = `_${EXAMPLE.md5}.www.example.com`;
    const dns = await dnsServer({ [owner]: TARGET.replace('sectigo', 'comodoca') });
    const shop = await account({ settings: { dnsServer: dns.address } });
    await shop.call('AutoApplyOrder', orderOf(EXAMPLE, { uniqueValue: TOKEN }));
    expect(await statusOf(shop)).toBe('Not Validated');
    expect(await reasonOf(shop)).toBe(`${owner} points to ${TARGET.replace('sectigo', 'comodoca')}`);
    await shop.control('POST', 'settings', { dcvSuffixes: ['sectigo.com', 'comodoca.com'] });
    expect(await statusOf(shop)).toBe('Validated');
  });

  it('is not looked for where nobody said where', async () => {
    const shop = await account();
    await shop.call('AutoApplyOrder', orderOf(EXAMPLE));
    expect(await statusOf(shop)).toBe('Not Validated');
    expect(await reasonOf(shop)).toBe('no DNS server is set');
  });
});

describe('a file', () => {
  it.each([
    ['as in the worked example', `${HASH}\nsectigo.com\n${TOKEN}\n`, 'Validated'],
    ['with CRLF', `${HASH}\r\nsectigo.com\r\n${TOKEN}`, 'Validated'],
    ['on one line, in lower case', `${EXAMPLE.sha256} sectigo.com ${TOKEN}`, 'Validated'],
    ['with the token in another case', `${HASH}\nsectigo.com\n${TOKEN.toLowerCase()}`, 'Not Validated'],
    ['without the token', `${HASH}\nsectigo.com\n`, 'Not Validated'],
    ['with more', `${HASH}\nsectigo.com\n${TOKEN}\nmore`, 'Not Validated'],
  ])('%s', async (_title, text, status) => {
    const web = await webServer({ [FILE]: text });
    const shop = await account({ settings: { webServers: { '*': web.address } } });
    await shop.call('AutoApplyOrder', orderOf(EXAMPLE, { uniqueValue: TOKEN, dcvMethod: 'HTTP_CSR_HASH' }));
    expect(await statusOf(shop)).toBe(status);
    expect(web.hosts).toEqual(['www.example.com']);
  });

  it('that is not there gives the reason', async () => {
    const web = await webServer({});
    const shop = await account({ settings: { webServers: { '*': web.address } } });
    await shop.call('AutoApplyOrder', orderOf(EXAMPLE, { dcvMethod: 'HTTP_CSR_HASH' }));
    expect(await statusOf(shop)).toBe('Not Validated');
    expect(await reasonOf(shop)).toBe(`HTTP 404 at ${FILE}`);
  });
});

describe('a mailbox', () => {
  const mail = orderOf(EXAMPLE, { dcvMethod: 'EMAIL', dcvEmailAddress: 'admin@example.com' });
  const REFUSED = "-4\nThe value of the 'dcvEmailAddress' argument is invalid!\n";

  it('comes from a list in the form of the reference', async () => {
    const shop = await account();
    const { type, body } = await shop.call('GetDCVEmailAddressList', { domainName: 'www.example.com' });
    expect(type).toBe('text/plain');
    expect(body.split('\n').slice(0, 5)).toEqual([
      '0',
      'domain_name\twww.example.com',
      'whois_email\tnone',
      'level2_email\tadmin@example.com',
      'level2_email\tadministrator@example.com',
    ]);
    expect(body).toContain('\nlevel3_email\twebmaster@www.example.com\n');
  });

  it('counts only for a day after that', async () => {
    const shop = await account();
    expect((await shop.call('AutoApplyOrder', mail)).body).toBe(REFUSED);
    await shop.call('GetDCVEmailAddressList', { domainName: 'www.example.com' });
    shop.clock.advance(DAY_MS + 1000);
    expect((await shop.call('AutoApplyOrder', mail)).body).toBe(REFUSED);
    await shop.call('GetDCVEmailAddressList', { domainName: 'www.example.com' });
    expect((await shop.call('AutoApplyOrder', { ...mail, dcvEmailAddress: 'me@example.com' })).body).toBe(
      REFUSED,
    );
    expect((await shop.call('AutoApplyOrder', mail)).body).toBe('0\n912345678\n9.99\n1\n');
  });

  it('is missing where the method is e-mail, which it is by default', async () => {
    const shop = await account();
    const { dcvMethod: _method, ...silent } = orderOf(EXAMPLE);
    expect((await shop.call('AutoApplyOrder', silent)).body).toBe(
      "-3\nThe 'dcvEmailAddress' argument is missing!\n",
    );
  });

  it('proves when its owner clicks', async () => {
    const shop = await account();
    await shop.call('GetDCVEmailAddressList', { domainName: 'www.example.com' });
    await shop.call('AutoApplyOrder', mail);
    expect(
      (await shop.call('ResendDCVEmail', { ...ORDER, dcvEmailAddress: 'webmaster@www.example.com' })).body,
    ).toBe('errorCode=0');
    expect(await statusOf(shop)).toBe('Not Validated');
    await shop.control('POST', 'orders/912345678/approve');
    expect(await statusOf(shop)).toBe('Validated');
    expect((await shop.call('ResendDCVEmail', ORDER)).get('errorCode')).toBe('-4');
  });
});

describe('several names', () => {
  const names = 'www.example.com,example.com shop.example.com';
  const multi = (more: Params): Params => {
    const { dcvMethod: _method, ...order } = orderOf(EXAMPLE, { product: '279', domainNames: names });
    return { ...order, ...more };
  };

  it('each have a method of their own', async () => {
    const shop = await account();
    await shop.call('GetDCVEmailAddressList', { domainName: 'example.com' });
    const dcvEmailAddresses = 'HTTPCSRHASH,admin@example.com,CNAMECSRHASH';
    expect((await shop.call('AutoApplyOrder', multi({ dcvEmailAddresses }))).body).toBe(
      '0\n912345678\n29.00\n1\n',
    );
    await shop.control('POST', 'orders/912345678/approve', { name: 'example.com' });
    expect((await shop.call('GetMDCDomainDetails', ORDER)).body).toBe(
      [
        'errorCode=0',
        '1_domainName=www.example.com&1_dcvMethod=HTTP+CSR+Hash&1_dcvStatus=Not+Validated',
        '2_domainName=example.com&2_dcvMethod=EMAIL&2_dcvStatus=Validated',
        '3_domainName=shop.example.com&3_dcvMethod=CNAME+CSR+Hash&3_dcvStatus=Not+Validated',
      ].join('&'),
    );
  });

  it.each<[string, Params, string]>([
    ['a list of another length', { dcvEmailAddresses: 'CNAMECSRHASH' }, '-4'],
    [
      'keywords with underscores',
      { dcvEmailAddresses: 'CNAME_CSR_HASH,CNAME_CSR_HASH,CNAME_CSR_HASH' },
      '-4',
    ],
    ['one method for all', { dcvMethod: 'CNAME_CSR_HASH' }, '0'],
    ['the argument of a single name', { dcvEmailAddress: 'admin@example.com' }, '-4'],
    ['a name twice', { dcvMethod: 'CNAME_CSR_HASH', domainNames: 'www.example.com,www.example.com' }, '-4'],
    ['a wildcard', { dcvMethod: 'CNAME_CSR_HASH', domainNames: 'www.example.com,*.example.com' }, '-4'],
    [
      'an address that is to have a CNAME',
      { dcvMethod: 'CNAME_CSR_HASH', domainNames: 'www.example.com,192.0.2.1' },
      '-4',
    ],
    [
      'a primary name that is none of them',
      { dcvMethod: 'CNAME_CSR_HASH', primaryDomainName: 'a.example' },
      '-4',
    ],
    ['a primary name', { dcvMethod: 'CNAME_CSR_HASH', primaryDomainName: 'example.com' }, '0'],
  ])('with %s', async (_title, more, code) => {
    const shop = await account();
    const reply = await shop.call('AutoApplyOrder', { ...multi(more), responseFormat: '1' });
    expect(reply.get('errorCode')).toBe(code);
  });

  it('can be given up one by one, as long as they are not proved', async () => {
    const shop = await account();
    await shop.call('AutoApplyOrder', multi({ dcvMethod: 'CNAME_CSR_HASH' }));
    await shop.control('POST', 'orders/912345678/validate', { name: 'example.com' });
    const remove = async (domainName: string) =>
      (await shop.call('AutoRemoveMDCDomain', { ...ORDER, domainName })).body;
    const refused = 'errorCode=-4&errorMessage=The+value+of+the+%27domainName%27+argument+is+invalid%21';
    expect(await remove('example.com')).toBe(refused);
    expect(await remove('shop.example.com')).toBe('errorCode=0');
    expect(await remove('shop.example.com')).toBe(refused);
  });
});

describe('another method', () => {
  it.each<[string, Params, string]>([
    ['for the only name', { newMethod: 'HTTP_CSR_HASH' }, '0'],
    ['that is the same, for another look', { newMethod: 'CNAME_CSR_HASH' }, '0'],
    ['that is missing', {}, '-3'],
    ['by e-mail without a mailbox', { newMethod: 'EMAIL' }, '-3'],
    [
      'by e-mail to a mailbox whose list was not fetched',
      { newMethod: 'EMAIL', newDCVEmailAddress: 'admin@example.com' },
      '-4',
    ],
    ['for a name of another order', { newMethod: 'HTTP_CSR_HASH', domainName: 'other.example' }, '-4'],
    ['as a list', { domainNames: 'www.example.com', newMethods: 'HTTP_CSR_HASH' }, '0'],
    [
      'as lists of different length',
      { domainNames: 'www.example.com', newMethods: 'HTTP_CSR_HASH,EMAIL' },
      '-4',
    ],
  ])('%s', async (_title, params, code) => {
    const shop = await account();
    await shop.call('AutoApplyOrder', orderOf(EXAMPLE));
    expect((await shop.call('AutoUpdateDCV', { ...ORDER, ...params })).get('errorCode')).toBe(code);
  });

  it('is looked at at once', async () => {
    const web = await webServer({ [FILE]: `${HASH}\nsectigo.com\n` });
    const shop = await account({ settings: { webServers: { '*': web.address } } });
    await shop.call('AutoApplyOrder', orderOf(EXAMPLE));
    expect((await shop.call('AutoUpdateDCV', { ...ORDER, newMethod: 'HTTP_CSR_HASH' })).body).toBe(
      'errorCode=0',
    );
    expect(web.hosts).toHaveLength(1);
  });

  it('comes too late for what is issued', async () => {
    const shop = await issuedOrder();
    expect(
      (await shop.call('AutoUpdateDCV', { ...ORDER, newMethod: 'HTTP_CSR_HASH' })).get('errorCode'),
    ).toBe('-4');
  });
});

it('a proof is used again by a later order, where the account does so', async () => {
  const shop = await issuedOrder({ settings: { reuseDays: 199 } });
  await shop.call('AutoApplyOrder', orderOf(EXAMPLE, { uniqueValue: 'other' }));
  const details = await shop.call('GetMDCDomainDetails', { orderNumber: '912345679' });
  expect(details.get('1_dcvMethod')).toBe('Pre-Validated (CNAME CSR Hash)');
  shop.clock.advance(200 * DAY_MS);
  await shop.call('AutoApplyOrder', orderOf(EXAMPLE, { uniqueValue: 'third' }));
  expect((await shop.call('GetMDCDomainDetails', { orderNumber: '912345680' })).get('1_dcvStatus')).toBe(
    'Not Validated',
  );
});

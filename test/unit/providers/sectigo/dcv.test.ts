import { describe, expect, it } from 'vitest';
import type { RequestedValidation } from '../../../../src/model/order.js';
import { dcvItems, dcvRecord, dcvToken } from '../../../../src/providers/sectigo/dcv.js';
import { parseDomains } from '../../../../src/providers/sectigo/wire.js';
import { CSR, MD5, request, SHA256 } from './samples.js';

const TOKEN = dcvToken(CSR, 'k7Qm2Zp9', 'sectigo.com');

it('hashes are those of the worked example, over the DER', () => {
  expect(TOKEN).toMatchObject({ md5: MD5, sha256: SHA256 });
  expect(dcvToken(CSR.replaceAll('\n', '\r\n'), undefined, 'sectigo.com')).toMatchObject({ md5: MD5 });
});

describe('records are published as the worked example shows them', () => {
  const [first, second] = [SHA256.slice(0, 32), SHA256.slice(32)];
  const cases: Readonly<Record<string, { wish: RequestedValidation; options?: object; record: object }>> = {
    CNAME: {
      wish: { name: 'example.com', method: 'dns' },
      record: {
        type: 'CNAME',
        owner: `_${MD5}.example.com`,
        value: `${first}.${second}.k7Qm2Zp9.sectigo.com`,
      },
    },
    'by hand, the same': {
      wish: { name: 'example.com', method: 'manual' },
      record: {
        type: 'CNAME',
        owner: `_${MD5}.example.com`,
        value: `${first}.${second}.k7Qm2Zp9.sectigo.com`,
      },
    },
    'a wildcard at its domain': {
      wish: { name: '*.example.com', method: 'dns' },
      record: {
        type: 'CNAME',
        owner: `_${MD5}.example.com`,
        value: `${first}.${second}.k7Qm2Zp9.sectigo.com`,
      },
    },
    file: {
      wish: { name: 'www.example.com', method: 'http' },
      record: {
        type: 'file',
        url: `http://www.example.com/.well-known/pki-validation/${MD5}.txt`,
        content: `${SHA256}\nsectigo.com\nk7Qm2Zp9`,
      },
    },
    'file over https': {
      wish: { name: 'www.example.com', method: 'http' },
      options: { fileScheme: 'https' },
      record: {
        type: 'file',
        url: `https://www.example.com/.well-known/pki-validation/${MD5}.txt`,
        content: `${SHA256}\nsectigo.com\nk7Qm2Zp9`,
      },
    },
    mail: {
      wish: { name: 'www.example.com', method: 'email', approver: 'admin@example.com' },
      record: { type: 'email', address: 'admin@example.com' },
    },
  };
  it.each(Object.entries(cases))('%s', (_, { wish, options, record }) => {
    expect(dcvRecord(wish, TOKEN, { ...options })).toEqual(record);
  });

  it('without a unique value the token is shorter', () => {
    const token = dcvToken(CSR, undefined, 'comodoca.com');
    expect(dcvRecord({ name: 'example.com', method: 'dns' }, token, {})).toMatchObject({
      value: `${first}.${second}.comodoca.com`,
    });
  });
});

describe('the state of a name', () => {
  const told = (method: string, status: string) => [
    { domainName: 'www.example.com', dcvMethod: method, dcvStatus: status },
  ];
  const cases: Readonly<Record<string, { method: string; status: string; item: object }>> = {
    'is valid by the whole word': {
      method: 'CNAME CSR Hash',
      status: 'Validated',
      item: { method: 'dns', state: 'valid' },
    },
    'is pending though the word holds the other': {
      method: 'CNAME CSR Hash',
      status: 'Not Validated',
      item: { method: 'dns', state: 'pending' },
    },
    'unwraps what was validated before': {
      method: 'Pre-Validated (HTTP CSR Hash)',
      status: 'Validated',
      item: { method: 'http', state: 'valid' },
    },
    'knows a mailbox as a method': {
      method: 'admin@example.com',
      status: 'Not Validated',
      item: { method: 'email', state: 'pending' },
    },
    'is no proof in a word nobody documents, which is quoted': {
      method: 'EMAIL',
      status: 'Awaiting Brand',
      item: { method: 'email', state: 'pending', message: 'Sectigo says "Awaiting Brand"' },
    },
    'quotes a method nobody documents': {
      method: 'Carrier Pigeon',
      status: 'Not Validated',
      item: { method: 'manual', state: 'pending', message: 'Sectigo calls the method "Carrier Pigeon"' },
    },
    'has no other case': { method: 'EMAIL', status: 'validated', item: { state: 'pending' } },
  };
  it.each(Object.entries(cases))('%s', (_, { method, status, item }) => {
    expect(dcvItems(told(method, status), undefined)).toMatchObject([item]);
  });

  it('comes with what to publish where the request is known', () => {
    const asked = { request: request(), token: TOKEN };
    const [item] = dcvItems(told('CNAME CSR Hash', 'Not Validated'), asked);
    expect(item).toMatchObject({ method: 'dns', state: 'pending', record: { type: 'CNAME' } });
    expect(item).not.toHaveProperty('message');
  });

  it('says where Sectigo checks by another method than was asked for', () => {
    const asked = { request: request(), token: TOKEN };
    expect(dcvItems(told('EMAIL', 'Not Validated'), asked)).toMatchObject([
      { message: 'Sectigo proves this name by "EMAIL"' },
    ]);
  });

  it('is pending for a name that is not listed', () => {
    const asked = { request: request({ names: ['a.example.com'] }), token: TOKEN };
    expect(dcvItems([], asked)).toMatchObject([{ name: 'a.example.com', state: 'pending' }]);
  });
});

it('domains are read by their numbers; keys beside the three are passed over', () => {
  const fields = new Map(
    [
      ...new URLSearchParams(
        '1_domainname=a.example&1_dcvmethod=EMAIL&1_dcvstatus=Validated&1_extra=x&2_domainname=b.example',
      ),
    ].map(([key, value]) => [key, [value]] as const),
  );
  expect(parseDomains('x', fields)).toEqual([
    { domainName: 'a.example', dcvMethod: 'EMAIL', dcvStatus: 'Validated' },
    { domainName: 'b.example', dcvMethod: '', dcvStatus: '' },
  ]);
});

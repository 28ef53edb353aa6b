import { describe, expect, it } from 'vitest';
import { exchange, shown } from '../../../src/http/exchange.js';
import { encodeRequest } from '../../../src/http/message.js';
import { redactor } from '../../../src/http/redact.js';
import { Secret } from '../../../src/model/secret.js';

const token = new Secret('S3cret+ token');
const redact = redactor([token]);

describe('what a log shows of a call', () => {
  it.each([
    [
      'a token of an order',
      '{"Token":"101#!X9","TokenID" : "101", "TokenCode":"X9\\"Y","a":1}',
      ['101', 'X9'],
    ],
    ['a number', '{"apiKey":4711,"id":4712}', ['4711']],
    ['a password sent back', '{"CustomerPassword":"pa\\\\ss"}', ['pa']],
    ['a form', 'loginName=acme&loginPassword=p%2Bw&x=1', ['p%2Bw']],
    ['XML', '<r><ApiKey type="x">k1</ApiKey><b Password="p1" c="d"/></r>', ['k1', 'p1']],
    ['a private key', 'x -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- y', ['MIIE']],
    ['half of a private key', 'x -----BEGIN PRIVATE KEY-----\nMIIE', ['MIIE']],
    ['a credential in use, whatever its name', 'q=S3cret%2B+token&p=S3cret%2B%20token', ['S3cret']],
  ])('has no %s', (_what, text, secrets) => {
    const clean = shown(text, redact);
    for (const secret of secrets) expect(clean).not.toContain(secret);
    expect(clean).toContain('[redacted]');
  });

  it('keeps everything else, to the letter', () => {
    const text =
      '{"TheSSLStoreOrderID":"700123","OrderStatus":{"MajorStatus":"Active"},"Certificates":[{"FileContent":"-----BEGIN CERTIFICATE-----"}]}';
    expect(shown(text, redact)).toBe(text);
    expect(shown('a=1&tokens_left=no', (one) => one)).toContain('a=1');
  });

  it('ends before a list of thousands', () => {
    expect(shown('x'.repeat(25_000), redact)).toMatch(/^x{20000}… \(5000 characters more\)$/);
  });

  it('is query, body and reply, and no header', () => {
    const request = encodeRequest('/rest', {
      method: 'POST',
      path: '/order/status/',
      query: { a: '1', key: token },
      headers: { authorization: token },
      body: { kind: 'json', value: { AuthRequest: { AuthToken: token }, TheSSLStoreOrderID: '7' } },
    });
    expect(exchange(request, { status: 200, headers: {}, text: '{"isError":false}' }, redact)).toEqual({
      query: 'a=1&key=[redacted]',
      sent: '{"AuthRequest":{"AuthToken":"[redacted]"},"TheSSLStoreOrderID":"7"}',
      received: '{"isError":false}',
    });
    expect(exchange(encodeRequest('', { method: 'GET', path: '/' }), undefined, redact)).toEqual({});
  });
});

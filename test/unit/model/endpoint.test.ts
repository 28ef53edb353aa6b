import { describe, expect, it } from 'vitest';
import { placeOf } from '../../../src/model/endpoint.js';

describe('where an endpoint lies, and by which name it is asked', () => {
  const names = ['*.shop.example.com', 'shop.example.com', 'xn--bcher-kva.example'];
  it.each([
    ['a name of the certificate', 'shop.example.com:443', 'shop.example.com', 443, 'shop.example.com'],
    [
      'a name below its wildcard',
      'api.shop.example.com:8443',
      'api.shop.example.com',
      8443,
      'api.shop.example.com',
    ],
    ['a name two labels below', 'a.b.shop.example.com:443', 'a.b.shop.example.com', 443, 'shop.example.com'],
    [
      'one machine behind the name',
      'web1.internal.example:443',
      'web1.internal.example',
      443,
      'shop.example.com',
    ],
    ['an address', '192.0.2.1:443', '192.0.2.1', 443, 'shop.example.com'],
    ['an IPv6 address', '[2001:db8::1]:443', '2001:db8::1', 443, 'shop.example.com'],
    ['a host without dots', 'localhost:443', 'localhost', 443, 'shop.example.com'],
    ['a name in its own script', 'bücher.example:443', 'xn--bcher-kva.example', 443, 'xn--bcher-kva.example'],
  ])('%s', (_title, text, host, port, serverName) => {
    expect(placeOf(text, names)).toEqual({ host, port, serverName });
  });

  it('asks by the host where the certificate has wildcards only, and by nothing at an address', () => {
    expect(placeOf('web1.example.net:443', ['*.example.com'])).toMatchObject({
      serverName: 'web1.example.net',
    });
    expect(placeOf('192.0.2.1:443', ['*.example.com'])).toEqual({ host: '192.0.2.1', port: 443 });
    expect(placeOf('no port at all:x', names)).toBeUndefined();
  });
});

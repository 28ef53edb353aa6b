import dgram from 'node:dgram';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import net from 'node:net';
import tls from 'node:tls';
import { Agent, Client, request, fetch as undiciFetch } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const PUBLIC = 'https://example.com/';

/** The error a socket ends with. */
const socketError = (socket: net.Socket): Promise<Error> =>
  new Promise((resolve, reject) => {
    socket.once('error', resolve);
    socket.once('connect', () => reject(new Error('connected')));
  });

/** Messages of an error and its cause: fetch hides the reason in the cause. */
const reasonsOf = (error: unknown): string =>
  error instanceof Error ? `${error.message} ${reasonsOf(error.cause)}` : '';

describe('the network in tests', () => {
  const server = createServer((_request, response) => response.end('here'));
  let url = '';

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterAll(() => {
    server.close();
  });

  const attempts: Readonly<Record<string, () => Promise<unknown>>> = {
    "Node's own fetch": () => fetch(PUBLIC),
    "undici's fetch": () => undiciFetch(PUBLIC),
    'a raw undici request': () => request(PUBLIC),
    'undici with an agent of its own': () => request(PUBLIC, { dispatcher: new Agent() }),
    'an undici client of its own': () => new Client(PUBLIC).request({ method: 'GET', path: '/' }),
  };
  for (const [name, attempt] of Object.entries(attempts)) {
    it(`refuses a public host to ${name}`, async () => {
      const error = await attempt().then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(reasonsOf(error)).toMatch(/net\.connect is not enabled|the network is shut in tests/);
    });
  }

  it('refuses a public host and a public address to plain sockets', async () => {
    const message = /^the network is shut in tests/;
    expect((await socketError(net.connect(443, 'example.com'))).message).toMatch(message);
    expect((await socketError(net.connect({ port: 53, host: '192.0.2.1' }))).message).toMatch(message);
    expect((await socketError(tls.connect({ port: 443, host: 'example.com' }))).message).toMatch(message);
  });

  it('refuses a public address to datagrams', async () => {
    const socket = dgram.createSocket('udp4');
    const refused = new Promise<Error>((resolve) => socket.once('error', resolve));
    socket.connect(53, '192.0.2.1');
    expect((await refused).message).toMatch(/^the network is shut in tests/);
    socket.close();
  });

  it('lets loopback through to fetch, undici and sockets', async () => {
    expect(await (await fetch(url)).text()).toBe('here');
    expect(await (await request(url)).body.text()).toBe('here');
    const client = new Client(url);
    expect(await (await client.request({ method: 'GET', path: '/' })).body.text()).toBe('here');
    await client.close();
  });
});

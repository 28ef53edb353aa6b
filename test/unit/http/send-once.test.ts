import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createHttpClient, type HttpClient, type HttpClientOptions } from '../../../src/http/client.js';
import { CertError } from '../../../src/model/errors.js';
import { manualClock } from '../../support/manual-clock.js';
import { memoryLog } from '../../support/memory-log.js';
import { closedPort, httpServer, rawServer, selfSigned } from './servers.js';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nDate: Sun, 22 Nov 2026 12:00:00 GMT\r\n\r\nok';
const PURCHASE = { method: 'POST', path: '/orders', body: { kind: 'json', value: { n: 1 } } } as const;

/** A promise to be kept from outside. */
function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve: () => resolve() };
}
const pass = (): void => {};

function client(baseUrl: string, over: Partial<HttpClientOptions> = {}): HttpClient {
  const made = createHttpClient({
    baseUrl,
    log: memoryLog(),
    clock: manualClock(),
    timeouts: { connectMs: 2000, callMs: 2000, totalMs: 5000 },
    maxResponseBytes: 10_000,
    redact: [],
    ...over,
  });
  onTestFinished(() => made.close());
  return made;
}

async function failureOf(call: Promise<unknown>): Promise<CertError> {
  const outcome = await call.then(
    () => new Error('the call went through'),
    (error: unknown) => error,
  );
  if (!(outcome instanceof CertError)) throw outcome;
  return outcome;
}

describe('a paid call that works', () => {
  it('gives the reply and its Date', async () => {
    const server = await rawServer(
      () => {},
      (socket) => socket.end(OK),
    );
    const reply = await client(server.url).sendOnce(PURCHASE, pass);
    expect(reply).toMatchObject({ status: 200, text: 'ok', dateMs: Date.UTC(2026, 10, 22, 12) });
    expect(server.received().toString()).toMatch(/^POST \/orders HTTP\/1\.1\r\n[\s\S]*\{"n":1\}$/);
  });

  it('gives every status back as it is, an overloaded server’s too, and is not repeated', async () => {
    let calls = 0;
    const { url } = await httpServer((_, reply) => {
      calls += 1;
      reply.writeHead(503, { 'retry-after': '1' }).end('later');
    });
    expect(await client(url).sendOnce(PURCHASE, pass)).toMatchObject({ status: 503, text: 'later' });
    expect(calls).toBe(1);
  });

  it('has a connection of its own: neither a read’s nor another paid call’s', async () => {
    const lines: { readonly path: string | undefined; readonly port: number | undefined }[] = [];
    const { url } = await httpServer((request, reply) => {
      lines.push({ path: request.url, port: request.socket.remotePort });
      reply.end('ok');
    });
    const http = client(url, { concurrency: 1 });
    await http.read({ method: 'GET', path: '/' });
    await http.sendOnce(PURCHASE, pass);
    await http.sendOnce(PURCHASE, pass);
    await http.read({ method: 'GET', path: '/' });
    const [first, ...later] = lines;
    expect(lines.map(({ path }) => path)).toEqual(['/', '/orders', '/orders', '/']);
    expect(later.at(-1)?.port).toBe(first?.port);
    expect(new Set(lines.map(({ port }) => port)).size).toBe(3);
  });

  it('opens the connection before it asks the guard, and asks it once', async () => {
    let guarded = 0;
    let connectedBefore = false;
    const server = await rawServer(
      () => {},
      (socket) => socket.end(OK),
    );
    await client(server.url).sendOnce(PURCHASE, () => {
      guarded += 1;
      connectedBefore = server.received().length === 0;
    });
    expect([guarded, connectedBefore]).toEqual([1, true]);
  });

  it('works over verified TLS, where the handshake does not count as sent', async () => {
    const tls = selfSigned();
    const server = await rawServer(
      () => {},
      (socket) => socket.end(OK),
      tls,
    );
    const http = client(server.url, { ca: [tls.cert] });
    expect((await http.sendOnce(PURCHASE, pass)).text).toBe('ok');
    const late = await failureOf(
      http.sendOnce(PURCHASE, () => {
        throw new CertError('send.too-late', 'too late');
      }),
    );
    expect(late).toMatchObject({ code: 'send.too-late', effect: 'none' });
    expect(server.received().toString().split('POST').length - 1).toBe(1);
  });
});

describe('a paid call of which no byte left has effect none', () => {
  it('when the guard refuses at the last moment: the server was connected and received nothing', async () => {
    const accepted = deferred();
    const ended = deferred();
    const server = await rawServer((socket) => {
      accepted.resolve();
      socket.on('close', () => ended.resolve());
    });
    const error = await failureOf(
      client(server.url).sendOnce(PURCHASE, () => {
        throw new CertError('send.clock', 'the clocks disagree');
      }),
    );
    await Promise.all([accepted.promise, ended.promise]);
    expect(error).toMatchObject({ code: 'send.clock', effect: 'none', message: 'the clocks disagree' });
    expect(server.received().length).toBe(0);
    expect(server.connections()).toBe(1);
  });

  it('when the guard itself is broken', async () => {
    const server = await rawServer(() => {});
    const error = await failureOf(
      client(server.url).sendOnce(PURCHASE, () => {
        throw new TypeError('boom');
      }),
    );
    expect(error).toMatchObject({ code: 'internal', effect: 'none' });
    expect(server.received().length).toBe(0);
  });

  it('when the connection is refused, and the guard is not even asked', async () => {
    let guarded = 0;
    const call = client(`http://127.0.0.1:${await closedPort()}`).sendOnce(PURCHASE, () => {
      guarded += 1;
    });
    expect(await failureOf(call)).toMatchObject({ code: 'provider.unreachable', effect: 'none' });
    expect(guarded).toBe(0);
  });

  it('when the other side cannot prove who it is, whatever NODE_TLS_REJECT_UNAUTHORIZED says', async () => {
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    onTestFinished(() => {
      if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
    });
    const server = await rawServer(
      () => {},
      () => {},
      selfSigned(),
    );
    const error = await failureOf(client(server.url).sendOnce(PURCHASE, pass));
    expect(error).toMatchObject({ code: 'provider.unreachable', effect: 'none' });
    expect(error.message).toContain('could not prove who it is');
    expect(server.received().length).toBe(0);
  });

  it('when the certificate is for another name', async () => {
    const tls = selfSigned('DNS:elsewhere.example');
    const server = await rawServer(
      () => {},
      () => {},
      tls,
    );
    const error = await failureOf(client(server.url, { ca: [tls.cert] }).sendOnce(PURCHASE, pass));
    expect(error).toMatchObject({ code: 'provider.unreachable', effect: 'none' });
    expect(server.received().length).toBe(0);
  });

  it('when the fresh connection dies before undici writes, and undici may not open a second one', async () => {
    const server = await rawServer(
      () => {},
      (socket) => socket.end(OK),
    );
    const kill = (message: unknown): void => {
      if (typeof message !== 'object' || message === null || !('socket' in message)) return;
      if (message.socket instanceof Socket) message.socket.destroy();
    };
    subscribe('undici:client:connected', kill);
    onTestFinished(() => {
      unsubscribe('undici:client:connected', kill);
    });
    const error = await failureOf(client(server.url).sendOnce(PURCHASE, pass));
    expect(error).toMatchObject({ code: 'provider.unreachable', effect: 'none' });
    expect(server.connections()).toBe(1);
    expect(server.received().length).toBe(0);
  });

  it('when TLS never completes within the time of the call', async () => {
    const server = await rawServer(() => {});
    const http = client(server.url.replace('http:', 'https:'), {
      timeouts: { connectMs: 100, callMs: 5000, totalMs: 5000 },
    });
    expect(await failureOf(http.sendOnce(PURCHASE, pass))).toMatchObject({
      code: 'provider.timeout',
      effect: 'none',
    });
  });
});

describe('a paid call of which bytes left has effect unknown', () => {
  it.each([
    ['the line drops after the request', (socket: { destroy(): void }) => socket.destroy()],
    [
      'the line is reset after the request',
      (socket: { resetAndDestroy(): void }) => socket.resetAndDestroy(),
    ],
    ['the line drops within the reply', (socket: { end(text: string): void }) => socket.end(OK.slice(0, -1))],
    [
      'the line drops within the header',
      (socket: { end(text: string): void }) => socket.end(OK.slice(0, 20)),
    ],
  ])('when %s', async (_, act) => {
    const server = await rawServer(() => {}, act);
    const error = await failureOf(client(server.url).sendOnce(PURCHASE, pass));
    expect(error).toMatchObject({ code: 'provider.unreachable', effect: 'unknown' });
    expect(server.connections()).toBe(1);
  });

  it('exactly if the guard was passed, when the line is reset as soon as it stands', async () => {
    let guarded = 0;
    const server = await rawServer((socket) => socket.resetAndDestroy());
    const error = await failureOf(
      client(server.url).sendOnce(PURCHASE, () => {
        guarded += 1;
      }),
    );
    expect(error.code).toBe('provider.unreachable');
    expect(error.effect).toBe(guarded === 1 ? 'unknown' : 'none');
    expect(server.connections()).toBe(1);
  });

  it('when no reply comes in time', async () => {
    const server = await rawServer(() => {});
    const http = client(server.url, { timeouts: { connectMs: 100, callMs: 150, totalMs: 5000 } });
    expect(await failureOf(http.sendOnce(PURCHASE, pass))).toMatchObject({
      code: 'provider.timeout',
      effect: 'unknown',
    });
    expect(server.connections()).toBe(1);
  });

  it('when the reply is larger than any should be', async () => {
    const { url } = await httpServer((_, reply) => reply.end('x'.repeat(50_000)));
    const error = await failureOf(client(url).sendOnce(PURCHASE, pass));
    expect(error).toMatchObject({ code: 'wire.unexpected', effect: 'unknown' });
  });

  it('when the reply is a redirect, which is not followed', async () => {
    const paths: string[] = [];
    const { url } = await httpServer((request, reply) => {
      paths.push(request.url ?? '');
      reply.writeHead(307, { location: '/elsewhere' }).end();
    });
    const error = await failureOf(client(url).sendOnce(PURCHASE, pass));
    expect(error).toMatchObject({ code: 'wire.unexpected', effect: 'unknown' });
    expect(paths).toEqual(['/orders']);
  });

  it('when what comes back is no HTTP', async () => {
    const server = await rawServer(
      () => {},
      (socket) => socket.end('SSH-2.0-none\r\n'),
    );
    const error = await failureOf(client(server.url).sendOnce(PURCHASE, pass));
    expect(error).toMatchObject({ code: 'wire.unexpected', effect: 'unknown' });
  });
});

it('close waits for a paid call that is out', async () => {
  const release = deferred();
  const arrived = deferred();
  const { url } = await httpServer(async (_, reply) => {
    arrived.resolve();
    await release.promise;
    reply.end('bought');
  });
  const http = client(url);
  const call = http.sendOnce(PURCHASE, pass);
  await arrived.promise;
  const closed = http.close();
  release.resolve();
  await closed;
  expect((await call).text).toBe('bought');
});

import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createHttpClient, type HttpClient, type HttpClientOptions } from '../../../src/http/client.js';
import { CertError } from '../../../src/model/errors.js';
import { Secret } from '../../../src/model/secret.js';
import { manualClock } from '../../support/manual-clock.js';
import { memoryLog } from '../../support/memory-log.js';
import { closedPort, httpServer, rawServer } from './servers.js';

const LIST = { method: 'GET', path: '/orders' } as const;
const DATE = 'Sun, 22 Nov 2026 12:00:00 GMT';
const NOON = Date.UTC(2026, 10, 22, 12);

function trial(baseUrl: string, over: Partial<HttpClientOptions> = {}) {
  const clock = manualClock(NOON);
  const log = memoryLog();
  const http: HttpClient = createHttpClient({
    baseUrl,
    log,
    clock,
    timeouts: { connectMs: 2000, callMs: 2000, totalMs: 60_000 },
    maxResponseBytes: 10_000,
    redact: [],
    jitter: () => 0,
    ...over,
  });
  onTestFinished(() => http.close());
  return { http, clock, log };
}

async function failureOf(call: Promise<unknown>): Promise<CertError> {
  const outcome = await call.then(
    () => new Error('the call went through'),
    (error: unknown) => error,
  );
  if (!(outcome instanceof CertError)) throw outcome;
  return outcome;
}

/** Answers with these in turn, the last one for ever. */
async function replies(
  ...answers: readonly { status: number; headers?: Record<string, string>; text?: string }[]
) {
  let calls = 0;
  const server = await httpServer((_, reply) => {
    const answer = answers[Math.min(calls, answers.length - 1)];
    calls += 1;
    reply.writeHead(answer?.status ?? 500, { date: DATE, ...answer?.headers }).end(answer?.text ?? '');
  });
  return { url: server.url, calls: () => calls };
}

it('an observer is told of every request, repeated, failed or paid', async () => {
  const server = await replies({ status: 503 }, { status: 200 }, { status: 402 });
  const calls: unknown[] = [];
  const { http } = trial(server.url, { observe: (call) => calls.push(call) });
  await http.read(LIST);
  await http.sendOnce({ method: 'POST', path: '/buy' }, () => {});
  const silent = trial(`http://127.0.0.1:${await closedPort()}`, { observe: (call) => calls.push(call) });
  await failureOf(silent.http.sendOnce({ method: 'POST', path: '/buy' }, () => {}));
  const ms = expect.any(Number);
  expect(calls).toEqual([
    { paid: false, status: 503, ms },
    { paid: false, status: 200, ms },
    { paid: true, status: 402, ms },
    { paid: true, ms },
  ]);
});

describe('a read', () => {
  it.each([429, 502, 503, 504])('is repeated with growing pauses after %i', async (status) => {
    const server = await replies({ status }, { status }, { status: 200, text: 'at last' });
    const { http, clock } = trial(server.url);
    expect((await http.read(LIST)).text).toBe('at last');
    expect(clock.slept).toEqual([250, 500]);
  });

  it.each([200, 204, 400, 401, 404, 405, 409, 500])('gives %i back at once', async (status) => {
    const server = await replies({ status });
    expect((await trial(server.url).http.read(LIST)).status).toBe(status);
    expect(server.calls()).toBe(1);
  });

  it('waits as long as Retry-After says, in seconds or as a date by the server’s clock', async () => {
    const server = await replies(
      { status: 429, headers: { 'retry-after': '7' } },
      { status: 503, headers: { 'retry-after': 'Sun, 22 Nov 2026 12:00:20 GMT' } },
      { status: 200 },
    );
    const { http, clock } = trial(server.url);
    await http.read(LIST);
    expect(clock.slept).toEqual([7000, 20_000]);
  });

  it('does not wait beyond its time, but says when to come back', async () => {
    const server = await replies({ status: 429, headers: { 'retry-after': '3600' }, text: 'slow down' });
    const { http, clock } = trial(server.url);
    expect(await failureOf(http.read(LIST))).toMatchObject({
      code: 'provider.rate-limited',
      effect: 'none',
      retryAtMs: NOON + 3_600_000,
      providerText: 'slow down',
    });
    expect(clock.slept).toEqual([]);
  });

  it('is given up after four attempts, loudly', async () => {
    const server = await replies({ status: 503, text: 'maintenance' });
    const error = await failureOf(trial(server.url).http.read(LIST));
    expect(error).toMatchObject({
      code: 'provider.unreachable',
      effect: 'none',
      providerText: 'maintenance',
    });
    expect(server.calls()).toBe(4);
  });

  it('is repeated when the line breaks, before or after its bytes', async () => {
    let connections = 0;
    const server = await rawServer(
      (socket) => {
        connections += 1;
        if (connections === 1) socket.resetAndDestroy();
      },
      (socket) => {
        if (connections === 2) socket.destroy();
        else socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      },
    );
    expect((await trial(server.url).http.read(LIST)).text).toBe('ok');
    expect(connections).toBe(3);
  });

  it('is given up with effect none when nobody listens', async () => {
    const { http, clock } = trial(`http://127.0.0.1:${await closedPort()}`);
    expect(await failureOf(http.read(LIST))).toMatchObject({ code: 'provider.unreachable', effect: 'none' });
    expect(clock.slept).toHaveLength(3);
  });

  it('ends in time when the other side is slow', async () => {
    const server = await rawServer(() => {});
    const { http } = trial(server.url, { timeouts: { connectMs: 50, callMs: 60, totalMs: 10 } });
    expect(await failureOf(http.read(LIST))).toMatchObject({ code: 'provider.timeout', effect: 'none' });
  });

  it('ends in time when the reply comes in drops', async () => {
    const server = await rawServer(
      () => {},
      (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ndrop'),
    );
    const { http } = trial(server.url, { timeouts: { connectMs: 50, callMs: 60, totalMs: 10 } });
    expect(await failureOf(http.read(LIST))).toMatchObject({ code: 'provider.timeout' });
  });

  it('refuses a huge body at once, whether its length is announced or not', async () => {
    for (const headers of [{ 'content-length': '50000' }, {}]) {
      let calls = 0;
      const { url } = await httpServer((_, reply) => {
        calls += 1;
        reply.writeHead(200, headers).end('x'.repeat(50_000));
      });
      expect(await failureOf(trial(url).http.read(LIST))).toMatchObject({ code: 'wire.unexpected' });
      expect(calls).toBe(1);
    }
  });

  it('does not follow a redirect', async () => {
    const server = await replies({ status: 302, headers: { location: 'https://elsewhere.example/' } });
    const error = await failureOf(trial(server.url).http.read(LIST));
    expect(error.code).toBe('wire.unexpected');
    expect(error.message).toContain('redirect to https://elsewhere.example/');
    expect(server.calls()).toBe(1);
  });

  it('refuses a body in an encoding it did not ask for', async () => {
    const server = await replies({ status: 200, headers: { 'content-encoding': 'gzip' }, text: '??' });
    expect(await failureOf(trial(server.url).http.read(LIST))).toMatchObject({ code: 'wire.unexpected' });
  });

  it('runs no more calls at a time than it may', async () => {
    let open = 0;
    let most = 0;
    const { url } = await httpServer((_, reply) => {
      open += 1;
      most = Math.max(most, open);
      setTimeout(() => {
        open -= 1;
        reply.end();
      }, 20);
    });
    const { http } = trial(url, { concurrency: 2 });
    await Promise.all(Array.from({ length: 10 }, () => http.read(LIST)));
    expect(most).toBe(2);
  });

  it('is broken off by close, and refused after it', async () => {
    const server = await rawServer(() => {});
    const { http } = trial(server.url);
    const call = failureOf(http.read(LIST));
    await http.close();
    expect(await call).toMatchObject({ code: 'interrupted' });
    expect(await failureOf(http.read(LIST))).toMatchObject({ code: 'interrupted' });
  });

  it.each([
    ['a form', { kind: 'form', fields: { 'a b': 'ü&=', c: new Secret('s p') } }, 'a+b=%C3%BC%26%3D&c=s+p'],
    ['JSON', { kind: 'json', value: { a: [new Secret('s"p')], d: 1 } }, '{"a":["s\\"p"],"d":1}'],
    ['text', { kind: 'text', text: '<a/>', type: 'application/xml' }, '<a/>'],
  ] as const)('sends %s with its secrets revealed', async (_, body, sent) => {
    const seen: string[] = [];
    const { url } = await httpServer((request, reply) => {
      request.setEncoding('utf8').on('data', (text: string) => seen.push(text));
      request.on('end', () => reply.end());
    });
    await trial(`${url}/api/`).http.read({ method: 'POST', path: '/find', body });
    expect(seen.join('')).toBe(sent);
  });
});

describe('the other side’s clock', () => {
  it('is the Date of the newest reply and what passed since, for a minute', async () => {
    const server = await replies({ status: 200 });
    const { http, clock } = trial(server.url);
    expect(http.serverTime()).toBeUndefined();
    await http.read(LIST);
    clock.advance(60_000);
    expect(http.lastServerTime()).toEqual({ dateMs: NOON, ageMs: 60_000 });
    expect(http.serverTime()).toBe(NOON + 60_000);
    clock.advance(1);
    expect(http.serverTime()).toBeUndefined();
  });

  it('is unknown when replies show none', async () => {
    const { url } = await httpServer((_, reply) => {
      reply.sendDate = false;
      reply.end();
    });
    const { http } = trial(url);
    expect(await http.read(LIST)).not.toHaveProperty('dateMs');
    expect(http.serverTime()).toBeUndefined();
  });
});

describe('the address of a provider', () => {
  it.each([
    ['http://api.example.com'],
    ['http://127.0.0.1.example.com'],
    ['http://10.0.0.1'],
    ['ftp://127.0.0.1'],
    ['https://user:canary@api.example.com'],
    ['https://api.example.com/?key=canary'],
    ['no address'],
  ])('%s is refused', (baseUrl) => {
    const make = () => trial(baseUrl);
    expect(make).toThrow(CertError);
    expect(make).not.toThrow(/canary/);
  });

  it.each([
    ['https://api.example.com/v1'],
    ['http://localhost:1'],
    ['http://127.0.0.1:1'],
    ['http://[::1]:1'],
  ])('%s is taken', (baseUrl) => {
    expect(() => trial(baseUrl)).not.toThrow();
  });
});

describe('a credential', () => {
  const CANARY = 'c@nary/"<&+ 7 é';
  const spellings = [
    CANARY,
    encodeURIComponent(CANARY),
    new URLSearchParams({ v: CANARY }).toString().slice(2),
    JSON.stringify(CANARY).slice(1, -1),
    Buffer.from(CANARY).toString('base64'),
    'c@nary/&quot;&lt;&amp;+ 7 é',
  ];
  const request = {
    method: 'POST',
    path: '/login',
    query: { key: new Secret(CANARY) },
    headers: { 'x-key': new Secret(Buffer.from(CANARY).toString('base64')) },
    body: { kind: 'form', fields: { password: new Secret(CANARY) } },
  } as const;

  it.each([
    [
      'an overloaded server repeats it',
      async () => (await replies({ status: 503, text: spellings.join(' | ') })).url,
    ],
    [
      'a redirect repeats it',
      async () =>
        (await replies({ status: 302, headers: { location: `/?k=${encodeURIComponent(CANARY)}` } })).url,
    ],
    [
      'the line breaks',
      async () =>
        (
          await rawServer(
            () => {},
            (socket) => socket.destroy(),
          )
        ).url,
    ],
    [
      'the reply is no HTTP and repeats it',
      async () =>
        (
          await rawServer(
            () => {},
            (socket, data) => socket.end(data),
          )
        ).url,
    ],
    ['nobody listens', async () => `http://127.0.0.1:${await closedPort()}`],
  ])('appears in no error and no log line when %s', async (_, start) => {
    const { http, log } = trial(await start());
    const errors = [
      await failureOf(http.read(request)),
      await http.sendOnce(request, () => {}).catch((error: unknown) => error),
    ];
    const shown = inspect({ errors, lines: log.lines }, { depth: 20, showHidden: true });
    expect(log.lines.length).toBeGreaterThan(0);
    for (const spelling of spellings) {
      // A 503 comes back from a paid call as it is: the adapter reads it, nobody shows it.
      if (errors[1] instanceof Error) expect(shown).not.toContain(spelling);
      else expect(inspect({ error: errors[0], lines: log.lines }, { depth: 20 })).not.toContain(spelling);
    }
  });

  it('given only by value is taken out of a path as well', async () => {
    const server = await replies({ status: 200 });
    const { http, log } = trial(server.url, { redact: [new Secret('tok-123')] });
    await http.read({ method: 'GET', path: '/accounts/tok-123/orders' });
    expect(log.lines.map(({ fields }) => fields.call)).toEqual(['GET /accounts/[redacted]/orders']);
  });
});

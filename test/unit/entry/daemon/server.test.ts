import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { MOST_CONNECTIONS } from '../../../../src/entry/daemon/connections.js';
import { MAX_BODY_BYTES, type ServerOptions, startServer } from '../../../../src/entry/daemon/server.js';
import { Secret } from '../../../../src/model/secret.js';
import { manualClock } from '../../../support/manual-clock.js';
import { memoryLog } from '../../../support/memory-log.js';

const SECRET = 'a secret of the webhook';
const signed = (body: string): string => `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`;

async function serve(more: Partial<ServerOptions> = {}, hasWebhook = true) {
  const calls = { pushes: 0 };
  const log = memoryLog();
  const server = await startServer({
    host: '127.0.0.1',
    port: 0,
    ...(hasWebhook ? { secrets: () => [new Secret(SECRET)] } : {}),
    log,
    clock: manualClock(),
    branch: () => 'main',
    unready: () => undefined,
    stuck: () => undefined,
    onPush: () => {
      calls.pushes += 1;
    },
    ...more,
  });
  onTestFinished(() => server.close());
  const ask = async (path: string, init?: RequestInit) => {
    const response = await fetch(`${server.url}${path}`, init);
    return [response.status, (await response.text()).trim()] as const;
  };
  const post = (body: string, headers: Readonly<Record<string, string>> = {}) =>
    ask('/webhook', {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        'x-github-event': 'push',
        'x-hub-signature-256': signed(body),
        ...headers,
      },
    });
  /** A connection that says this and then nothing more. */
  const open = async (said: string): Promise<{ readonly socket: Socket; text(): string }> => {
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    onTestFinished(() => void socket.destroy());
    let text = '';
    socket.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(said);
    return { socket, text: () => text };
  };
  return { server, calls, log, ask, post, open };
}

const PUSH = '{"ref":"refs/heads/main"}';
const pushOf = (after: string): string => JSON.stringify({ ref: 'refs/heads/main', after });

const REFUSED = { kind: 'refused', status: 401, why: 'no valid password' } as const;

describe('the server of the daemon', () => {
  it('wakes it for a signed push, and for nothing else', async () => {
    const { calls, post, ask, log } = await serve();
    expect(await post(PUSH)).toEqual([202, 'looking']);
    expect(await post(pushOf('1'))).toEqual([202, 'looking']);
    expect(calls.pushes).toBe(2);
    expect((await post(PUSH, { 'x-hub-signature-256': 'sha256=00' }))[0]).toBe(401);
    expect((await post(PUSH, { 'x-github-event': '<b>x</b>' }))[1]).toBe('ignored: event <b>x</b>');
    expect((await ask('/webhook'))[0]).toBe(405);
    expect((await ask('/'))[0]).toBe(404);
    expect(calls.pushes).toBe(2);
    expect(JSON.stringify(log.lines)).not.toContain(SECRET);
  });

  it('wakes it once for one delivery, however often it comes', async () => {
    const { calls, post } = await serve();
    expect(await post(PUSH)).toEqual([202, 'looking']);
    expect(await post(PUSH)).toEqual([200, 'ignored: told before']);
    expect(calls.pushes).toBe(1);
  });

  it('reads nothing of a form whose sender does not prove himself', async () => {
    const { open } = await serve({ judgeNotification: () => REFUSED });
    const { socket, text } = await open(
      'POST /notify/main HTTP/1.1\r\nhost: x\r\ncontent-length: 2000000\r\n\r\na&a&a',
    );
    await once(socket, 'close');
    expect(text()).toMatch(/^HTTP\/1.1 401 [\s\S]*no valid password/);
  });

  it('takes no form that no provider sends', async () => {
    const { ask } = await serve({ judgeNotification: () => ({ ...REFUSED, status: 400 }) });
    const body = 'a&'.repeat(40_000);
    expect(await ask('/notify/main', { method: 'POST', body })).toEqual([413, 'more than 65536 bytes']);
  });

  it('takes what a provider tells by address or form, once', async () => {
    const orders: unknown[] = [];
    const { ask } = await serve({
      judgeNotification: (account, { authorization }, fields) =>
        authorization === undefined
          ? { kind: 'refused', status: 401, why: 'no valid password' }
          : {
              kind: 'order',
              order: { provider: account, orderId: fields.getAll('n').join('+') },
              once: fields.toString(),
            },
      onOrder: (order) => orders.push(order),
    });
    const headers = { authorization: 'Basic eA==' };
    const form = { method: 'POST', body: new URLSearchParams({ n: '2' }), headers };
    expect(await ask('/notify/main?n=1', { headers })).toEqual([200, 'looking']);
    expect(await ask('/notify/main?n=1', { headers })).toEqual([200, 'told before']);
    expect(await ask('/notify/main?n=1', form)).toEqual([200, 'looking']);
    expect(orders.map((order) => Reflect.get(Object(order), 'orderId'))).toEqual(['1', '1+2']);
    const refused = await fetch(`${(await serve({ judgeNotification: () => REFUSED })).server.url}/notify/x`);
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([
      401,
      'Basic realm="certwright"',
    ]);
    expect((await ask('/notify/main', { method: 'DELETE', headers }))[0]).toBe(405);
    expect((await (await serve()).ask('/notify/main'))[0]).toBe(404);
  });

  it('reads no more of a body than it has to', async () => {
    const { calls, post, open } = await serve();
    const large = `{"ref":"refs/heads/main","x":"${'x'.repeat(MAX_BODY_BYTES)}"}`;
    const [status] = await post(large).catch(() => [413]);
    expect(status).toBe(413);
    // Without its length it is found out on the way.
    const chunked = await open('POST /webhook HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
    chunked.socket.write(`${(MAX_BODY_BYTES + 1).toString(16)}\r\n${'x'.repeat(MAX_BODY_BYTES + 1)}\r\n`);
    await once(chunked.socket, 'close');
    expect(chunked.text()).toMatch(/^(HTTP\/1.1 413|$)/);
    expect((await post(PUSH))[0]).toBe(202);
    expect(calls.pushes).toBe(1);
  });

  it('cuts off who is slow with headers or body', async () => {
    const { open, ask } = await serve({ slowestRequestMs: 100 });
    const slow = await Promise.all([
      open('POST /webhook HTTP/1.1\r\nHost: x\r\nX-Slow'),
      open('POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"ref"'),
      open(''),
    ]);
    await Promise.all(slow.map(({ socket }) => once(socket, 'close')));
    expect(slow[0]?.text()).toContain('408');
    expect(await ask('/healthz')).toEqual([200, 'alive']);
  });

  it('answers while somebody holds more connections than there may be', async () => {
    const { open, ask, post, calls } = await serve();
    const held = [];
    for (let i = 0; i < MOST_CONNECTIONS + 20; i++) held.push(await open('POST /webhook HTTP/1.1\r\nHost:'));
    await Promise.all(held.slice(0, 20).map(({ socket }) => socket.closed || once(socket, 'close')));
    expect(await ask('/healthz')).toEqual([200, 'alive']);
    expect((await post(PUSH))[0]).toBe(202);
    expect(calls.pushes).toBe(1);
    expect(held.at(-1)?.socket.closed).toBe(false);
  });

  it('has no webhook without a secret', async () => {
    const { ask } = await serve({}, false);
    expect((await ask('/webhook', { method: 'POST', body: PUSH }))[0]).toBe(404);
  });

  it('tells whether it lives and whether it is ready', async () => {
    let why: string | undefined = 'no run has ended yet';
    let stuck: string | undefined;
    const { ask } = await serve({ unready: () => why, stuck: () => stuck });
    expect(await ask('/healthz')).toEqual([200, 'alive']);
    expect(await ask('/readyz')).toEqual([503, 'no run has ended yet']);
    why = undefined;
    expect(await ask('/readyz')).toEqual([200, 'ready']);
    stuck = 'start it anew';
    expect(await ask('/healthz')).toEqual([503, 'start it anew']);
  });

  it('says which port is taken', async () => {
    const { server } = await serve();
    const { port } = new URL(server.url);
    await expect(serve({ port: Number(port) })).rejects.toMatchObject({
      code: 'usage',
      message: `cannot listen on 127.0.0.1, port ${port}: it is in use`,
    });
  });
});

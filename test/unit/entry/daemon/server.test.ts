import { createHmac } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { MAX_BODY_BYTES, type ServerOptions, startServer } from '../../../../src/entry/daemon/server.js';
import { Secret } from '../../../../src/model/secret.js';
import { memoryLog } from '../../../support/memory-log.js';

const SECRET = 'a secret of the webhook';

async function serve(more: Partial<ServerOptions> = {}) {
  const calls = { pushes: 0 };
  const log = memoryLog();
  const server = await startServer({
    host: '127.0.0.1',
    port: 0,
    secret: new Secret(SECRET),
    log,
    branch: () => 'main',
    unready: () => undefined,
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
        'x-hub-signature-256': `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`,
        ...headers,
      },
    });
  return { server, calls, log, ask, post };
}

const PUSH = '{"ref":"refs/heads/main"}';

describe('the server of the daemon', () => {
  it('wakes it for a signed push, and for nothing else', async () => {
    const { calls, post, ask, log } = await serve();
    expect(await post(PUSH)).toEqual([202, 'looking']);
    expect(await post(PUSH)).toEqual([202, 'looking']);
    expect(calls.pushes).toBe(2);
    expect((await post(PUSH, { 'x-hub-signature-256': 'sha256=00' }))[0]).toBe(401);
    expect((await post(PUSH, { 'x-github-event': '<b>x</b>' }))[1]).toBe('ignored: event <b>x</b>');
    expect((await ask('/webhook'))[0]).toBe(405);
    expect((await ask('/'))[0]).toBe(404);
    expect(calls.pushes).toBe(2);
    expect(JSON.stringify(log.lines)).not.toContain(SECRET);
  });

  it('reads no more of a body than it has to', async () => {
    const { calls, post } = await serve();
    const large = `{"ref":"refs/heads/main","x":"${'x'.repeat(MAX_BODY_BYTES)}"}`;
    const [status] = await post(large).catch(() => [413]);
    expect(status).toBe(413);
    expect((await post(PUSH))[0]).toBe(202);
    expect(calls.pushes).toBe(1);
  });

  it('has no webhook without a secret', async () => {
    const server = await startServer({
      host: '127.0.0.1',
      port: 0,
      log: memoryLog(),
      branch: () => undefined,
      unready: () => undefined,
      onPush: () => undefined,
    });
    onTestFinished(() => server.close());
    expect((await fetch(`${server.url}/webhook`, { method: 'POST', body: PUSH })).status).toBe(404);
  });

  it('tells whether it lives and whether it is ready', async () => {
    let why: string | undefined = 'no run has ended yet';
    const { ask } = await serve({ unready: () => why });
    expect(await ask('/healthz')).toEqual([200, 'alive']);
    expect(await ask('/readyz')).toEqual([503, 'no run has ended yet']);
    why = undefined;
    expect(await ask('/readyz')).toEqual([200, 'ready']);
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

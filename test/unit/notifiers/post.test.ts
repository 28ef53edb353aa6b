import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { CertError } from '../../../src/model/errors.js';
import { Secret } from '../../../src/model/secret.js';
import { postJson } from '../../../src/notifiers/post.js';
import { signatureHeaders } from '../../../src/notifiers/signature.js';
import { HOOK_PATH, hookServer } from '../../support/hook-server.js';

const NOW = Date.UTC(2026, 10, 22, 12);

async function failure(work: Promise<unknown>): Promise<CertError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof CertError)) throw new Error(`no CertError: ${String(error)}`);
  return error;
}

const post = (url: string) => postJson({ url: new Secret(url), body: '{"text":"hello"}', nowMs: NOW });

describe('a post', () => {
  it('is sent once, with its query, as JSON', async () => {
    const hook = await hookServer();
    await post(`${hook.url}?key=a%20b`);
    expect(hook.posts).toMatchObject([
      {
        path: `${HOOK_PATH}?key=a%20b`,
        json: { text: 'hello' },
        headers: { 'content-type': 'application/json' },
      },
    ]);
  });

  it.each([500, 503, 404, 302])('that is answered with %s is not sent again here', async (status) => {
    const hook = await hookServer();
    hook.answer(status, `no such ${HOOK_PATH}`, { location: 'http://127.0.0.1/elsewhere' });
    const error = await failure(post(hook.url));
    expect(error.code).toBe('notification.failed');
    expect(error.message).not.toContain(HOOK_PATH);
    expect(hook.posts).toHaveLength(1);
  });

  it.each([
    [
      'the path without the query',
      `Not Found: The requested URL ${HOOK_PATH} was not found`,
      '?format=slack',
    ],
    ['a key of the query', 'the signature canary-sig-51ab= is out of date', '?v=1&sig=canary-sig-51ab%3D'],
    [
      'the address as HTML',
      `Cannot POST ${HOOK_PATH}?v=1&amp;sig=canary-sig-51ab`,
      '?v=1&sig=canary-sig-51ab',
    ],
    ['a part of the path', 'no webhook canary-hook-9f3c in T0', ''],
  ])('does not tell what the other side says of its address: %s', async (_title, text, query) => {
    const hook = await hookServer();
    hook.answer(404, text);
    const error = await failure(post(`${hook.url}${query}`));
    expect(error.message).toContain('answered 404: ');
    expect(error.message).not.toMatch(/canary/);
  });

  it('hears when to come back', async () => {
    const hook = await hookServer();
    hook.answer(429, 'slow down', { 'retry-after': '120' });
    expect((await failure(post(hook.url))).retryAtMs).toBe(NOW + 120_000);
  });

  it.each([
    ['no address', 'hooks.example.com'],
    ['one in clear', 'http://hooks.example.com/T0/canary-hook-9f3c'],
    ['one with a password', 'https://ann:canary-hook-9f3c@hooks.example.com/'],
    ['another scheme', 'file:///etc/canary-hook-9f3c'],
  ])('goes nowhere with %s, which is not repeated', async (_title, url) => {
    const error = await failure(post(url));
    expect([error.code, error.message.includes('canary-hook')]).toEqual(['config.invalid', false]);
  });

  it('to nobody fails without the address', async () => {
    const error = await failure(post(`http://127.0.0.1:1${HOOK_PATH}`));
    expect(error.message).toMatch(
      /^http:\/\/127.0.0.1:1 could not be reached: port 1 refused the connection/,
    );
    expect((await failure(post('http://127.0.0.1:1'))).message).toBe(error.message);
    expect(JSON.stringify([error.message, String(error.cause)])).not.toContain(HOOK_PATH);
  });
});

describe('the signature', () => {
  const BODY = '{"version":1}';
  it.each([
    ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64')],
    ['any other text', Buffer.from('any other text')],
  ])('is the one of Standard Webhooks for %s', (secret, key) => {
    const headers = signatureHeaders('msg_1', BODY, NOW, new Secret(secret));
    const seconds = String(NOW / 1000);
    expect(headers).toEqual({
      'webhook-id': 'msg_1',
      'webhook-timestamp': seconds,
      'webhook-signature': `v1,${createHmac('sha256', key).update(`msg_1.${seconds}.${BODY}`).digest('base64')}`,
    });
  });

  it('is the one of its specification', () => {
    const headers = signatureHeaders(
      'msg_p5jXN8AQM9LWM0D4loKWxJek',
      '{"test": 2432232314}',
      1_614_265_330_000,
      new Secret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'),
    );
    expect(headers['webhook-signature']).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  it('is left out where there is no secret', () => {
    expect(Object.keys(signatureHeaders('msg_1', BODY, NOW, undefined))).toEqual([
      'webhook-id',
      'webhook-timestamp',
    ]);
  });
});

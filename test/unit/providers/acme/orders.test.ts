import { describe, expect, it, onTestFinished } from 'vitest';
import type { JsonObject } from '../../../../src/model/json.js';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../../src/model/time.js';
import type { StepOutcome } from '../../../../src/ports/provider.js';
import { certificateSpec, newKey, orderRequest, predecessorOf } from '../../../conformance/builders.js';
import { failureOf } from '../../../conformance/failure.js';
import { type AcmeAccountOptions, acmeAccount } from '../../../support/acme-account.js';
import { problem, type Reply } from '../../../support/acme-server.js';

/** One account with one order that waits for its proof. */
async function ordered(settings: AcmeAccountOptions = {}, options: JsonObject = {}) {
  const account = await acmeAccount(settings);
  const { provider, server } = account;
  onTestFinished(async () => {
    await provider.close();
    await server.close();
  });
  const spec = certificateSpec({ names: ['shop.example.com'] });
  const key = await newKey(spec.commonName, spec.names);
  const request = { ...orderRequest(provider, spec, 'order', { csrPem: key.csrPem }), options };
  const place = (): Promise<StepOutcome> =>
    provider.place[0]?.run({ request, before: {}, results: {} }, () => {}) ?? Promise.reject(new Error());
  const { orderId = '' } = await place();
  const recorded = { request, results: {} };
  return {
    ...account,
    spec,
    request,
    place,
    orderId,
    recorded,
    look: () => provider.getOrder(orderId, recorded),
  };
}

/** The body of a reply, changed. */
const but =
  (change: (body: Record<string, never>) => object) =>
  (reply: Reply): Reply => ({
    ...reply,
    body: change(reply.body as Record<string, never>),
  });

const LONG = 'x'.repeat(5000);

describe('a CA that asks for what no CA may ask for', () => {
  it.each([
    ['a path in the token', '../../../../etc/cron.d/evil-evil-evil'],
    ['control characters in the token', 'aaaaaaaaaaaaaaaaaaaaaaaa\r\nSet-Cookie: a'],
    ['a token anybody could guess', 'abc'],
    ['a token without end', LONG],
    ['no token', undefined],
  ])('is told no: %s', async (_what, token) => {
    const { server, look } = await ordered();
    server.tamper(
      'authz',
      but((body) => ({
        ...body,
        challenges: (body.challenges as unknown as object[]).map((one) => ({ ...one, token })),
      })),
    );
    expect(await failureOf(look())).toMatchObject({ code: 'wire.unexpected', effect: 'none' });
  });

  it('gets no proof for a name nobody ordered', async () => {
    const { server, look } = await ordered();
    server.tamper(
      'authz',
      but((body) => ({ ...body, identifier: { type: 'dns', value: 'bank.example.net' } })),
    );
    const error = await failureOf(look());
    expect(error.message).toContain('wants a proof for bank.example.net, which the order does not ask for');
  });

  it('gets nothing for an order whose names are others than ordered', async () => {
    const { server, look } = await ordered();
    server.tamper(
      'order',
      but((body) => ({ ...body, identifiers: [{ type: 'dns', value: 'other.example.net' }] })),
    );
    expect(await failureOf(look())).toMatchObject({ code: 'wire.unexpected' });
  });

  it.each([
    ['another host', 'https://evil.example/authz/1'],
    ['a file', 'file:///etc/passwd'],
    ['another port', 'http://127.0.0.1:1/authz'],
    ['a password in the address', 'http://a:b@127.0.0.1/authz'],
    ['control characters', 'http://127.0.0.1/\u0000a'],
    ['an address without end', `http://127.0.0.1/${LONG}`],
  ])('is not followed to %s', async (_what, url) => {
    const { server, look } = await ordered();
    server.tamper(
      'order',
      but((body) => ({ ...body, authorizations: [url] })),
    );
    expect(await failureOf(look())).toMatchObject({ code: 'wire.unexpected', effect: 'none' });
  });

  it('is not followed by redirects', async () => {
    const { server, look } = await ordered();
    server.tamper('order', () => ({ status: 302, headers: { location: 'http://127.0.0.1:1/' } }));
    expect(await failureOf(look())).toMatchObject({ code: 'wire.unexpected' });
  });

  it('is cut off where its reply has no end', async () => {
    const { server, look } = await ordered();
    server.tamper('order', () => ({ status: 200, body: 'x'.repeat(2_000_000) }));
    expect(await failureOf(look())).toMatchObject({ code: 'wire.unexpected' });
  });

  it('has its unknown words quoted', async () => {
    const { server, look } = await ordered();
    server.tamper(
      'order',
      but((body) => ({ ...body, status: 'mostly-done' })),
    );
    expect((await failureOf(look())).message).toContain('"mostly-done"');
  });

  it('may write a novel into an error, in colours: one short line of it is shown', async () => {
    const { server, place } = await ordered();
    const detail = `\u001b[31mno\u202e\n${LONG}`;
    const subproblems = Array.from({ length: 50 }, (_, n) => ({
      detail: LONG,
      identifier: { value: `n${n}` },
    }));
    server.tamper('new-order', () => problem('rejectedIdentifier', 400, detail, { subproblems }));
    const { message } = await failureOf(place());
    expect(message.length).toBeLessThan(2000);
    expect(message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(message).toContain('and 47 more');
  });
});

describe('a CA that limits', () => {
  const limited = (seconds: number) => (): Reply => ({
    ...problem('rateLimited', 429, 'too many certificates'),
    headers: { 'retry-after': String(seconds) },
  });

  it('calls for a pause of the account, until the instant it names', async () => {
    const { server, place, clock } = await ordered();
    server.tamper('new-order', limited(90));
    const before = server.calls.length;
    expect(await failureOf(place())).toMatchObject({
      code: 'provider.rate-limited',
      effect: 'none',
      retryAtMs: clock.now() + 90 * SECOND_MS,
    });
    expect(server.calls.slice(before)).toEqual(['new-order']);
  });

  it('for days holds the certificate whose names it is about, and not the account', async () => {
    const { server, place, clock } = await ordered();
    server.tamper('new-order', limited(40 * 3600));
    expect(await failureOf(place())).toMatchObject({
      code: 'provider.refused',
      retryAtMs: clock.now() + 40 * HOUR_MS,
    });
  });

  it('its looks is not asked again before it wants to be', async () => {
    const { server, look, clock } = await ordered();
    server.tamper('order', (reply) => ({
      ...but((body) => ({ ...body, status: 'processing' }))(reply),
      headers: { 'retry-after': '20' },
    }));
    expect(await look()).toMatchObject({ state: 'pending', waitingFor: 'ca' });
    const before = server.calls.length;
    await look();
    expect(server.calls).toHaveLength(before);
    clock.advance(MINUTE_MS);
    await look();
    expect(server.calls).toHaveLength(before + 1);
  });

  it('nonces to none is given up after a while', async () => {
    const { server, place } = await ordered();
    server.tamper('new-order', () => problem('badNonce', 400, 'never'));
    const before = server.calls.length;
    expect(await failureOf(place())).toMatchObject({ effect: 'none' });
    expect(server.calls.length - before).toBeLessThan(60);
  });
});

describe('profiles', () => {
  const profiles = { classic: 'as ever', shortlived: 'six days' };

  it('go with the order: the one of the manifest before the one of the account', async () => {
    const { server } = await ordered({ server: { profiles }, options: { profile: 'classic' } });
    expect(server.ordered.at(-1)?.profile).toBe('classic');
    const own = await ordered(
      { server: { profiles }, options: { profile: 'classic' } },
      { profile: 'shortlived' },
    );
    expect(own.server.ordered.at(-1)?.profile).toBe('shortlived');
  });

  it('that the CA does not offer are refused with those it does', async () => {
    const error = await failureOf(ordered({ server: { profiles } }, { profile: 'tlsserver' }));
    expect(error).toMatchObject({ code: 'provider.refused', effect: 'none' });
    expect(error.remedy).toContain('classic, shortlived');
  });
});

describe('a reissue', () => {
  const renewal = () => ({ start: '2027-01-20T00:00:00Z', end: '2027-01-22T00:00:00Z' });

  async function reissued(over: Parameters<typeof ordered>[0] = {}) {
    const account = await ordered({ server: { renewal }, ...over });
    const { provider, server, look, spec } = account;
    server.validateAll();
    await look();
    const order = await look();
    const step = provider.reissuer?.operation[0];
    const key = await newKey(spec.commonName, spec.names);
    const request = orderRequest(provider, spec, 'reissue', {
      csrPem: key.csrPem,
      predecessor: predecessorOf(order),
    });
    const before = (await step?.before?.(request)) ?? {};
    return { ...account, order, run: () => step?.run({ request, before, results: {} }, () => {}), before };
  }

  it('says which certificate it replaces', async () => {
    const { server, run, before } = await reissued();
    await run();
    expect(before.replaces).toMatch(/^[\w-]{20,}\.[\w-]{10,}$/);
    expect(server.ordered.at(-1)).toMatchObject({ replaces: before.replaces });
  });

  it.each(['alreadyReplaced', 'malformed'])(
    'is a plain order where the CA answers %s, once',
    async (kind) => {
      const { server, run } = await reissued();
      server.tamper('new-order', (reply, { replaces }) =>
        replaces === undefined ? reply : problem(kind, 409, 'no'),
      );
      await run();
      expect(server.ordered.slice(-2).map(({ replaces }) => replaces !== undefined)).toEqual([true, false]);
    },
  );

  it('replaces nothing where the CA has no renewal information', async () => {
    const { run, before, server } = await reissued({ server: {} });
    await run();
    expect(before).toEqual({});
    expect(server.ordered.at(-1)).not.toHaveProperty('replaces');
  });
});

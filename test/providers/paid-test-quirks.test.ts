import { X509Certificate } from 'node:crypto';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { DAY_MS } from '../../src/model/time.js';
import { certificateSpec, newKey, orderRequest } from '../conformance/builders.js';
import { failureOf } from '../conformance/failure.js';
import { type PaidAccount, paidAccount } from '../support/paid-provider/account.js';
import { PaidProviderControl } from '../support/paid-provider/control.js';
import { spawnPaidProvider } from '../support/paid-provider/process.js';
import type { PaidProviderOptions } from '../support/paid-provider/server.js';
import type { Fault } from '../support/paid-provider/wire.js';

const pass = (): void => {};

async function account(options: PaidProviderOptions = {}): Promise<PaidAccount> {
  const made = await paidAccount(options);
  onTestFinished(async () => {
    await made.provider.close();
    await made.close();
  });
  return made;
}

const SPEC = certificateSpec({
  names: ['shop.example.com'],
  product: 'paid-multi',
  term: { unit: 'year', count: 1 },
});

/** The two steps of a purchase, with their request. */
async function purchase({ provider }: PaidAccount) {
  const { csrPem } = await newKey(SPEC.commonName, SPEC.names);
  const request = orderRequest(provider, SPEC, 'order', { csrPem });
  const [buy, activate] = provider.place;
  if (buy?.before === undefined || activate === undefined)
    throw new Error('two steps, the first with a before');
  return { request, buy, activate, before: await buy.before(request) };
}

describe('the seller misbehaves on demand', () => {
  const cases: Readonly<Record<string, { fault: Fault; code: string; effect: string; sold: number }>> = {
    'accepts and drops the line': {
      fault: { kind: 'drop-reply' },
      code: 'provider.unreachable',
      effect: 'unknown',
      sold: 1,
    },
    'drops the line without acting': {
      fault: { kind: 'drop-call' },
      code: 'provider.unreachable',
      effect: 'unknown',
      sold: 0,
    },
    'fails before acting': {
      fault: { kind: 'status', status: 500, acts: false },
      code: 'wire.unexpected',
      effect: 'unknown',
      sold: 0,
    },
    'fails after acting': {
      fault: { kind: 'status', status: 503, acts: true },
      code: 'wire.unexpected',
      effect: 'unknown',
      sold: 1,
    },
    'wants fewer calls': {
      fault: { kind: 'rate-limited', retryAfterS: 30 },
      code: 'provider.rate-limited',
      effect: 'none',
      sold: 0,
    },
    'says there is no credit': {
      fault: { kind: 'out-of-credit' },
      code: 'provider.refused',
      effect: 'none',
      sold: 0,
    },
  };
  it.each(Object.entries(cases))('%s', async (_, { fault, code, effect, sold }) => {
    const trial = await account();
    const { request, buy, before } = await purchase(trial);
    await trial.control.fault({ fault });
    const error = await failureOf(buy.run({ request, before, results: {} }, pass));
    expect(error).toMatchObject({ code, effect });
    expect(await trial.control.purchases()).toBe(sold);
  });

  it('sells twice under one reference: both are candidates, none is taken', async () => {
    const trial = await account({ settings: { search: 'findable' } });
    const { request, buy, before } = await purchase(trial);
    await trial.control.fault({ fault: { kind: 'duplicate-order' } });
    await buy.run({ request, before, results: {} }, pass);
    const look = await buy.lookUp({ request, before, results: {}, sentAtMs: trial.clock.now() });
    expect(look).toMatchObject({ kind: 'cannot-tell', candidates: ['S-1001', 'S-1002'] });
    expect((await trial.control.account()).balance).toBe('480.00');
  });

  it('is slow, which the limit of the call does not mind', async () => {
    const trial = await account();
    const { request, buy, before } = await purchase(trial);
    await trial.control.fault({ fault: { kind: 'slow', ms: 50 } });
    expect(await buy.run({ request, before, results: {} }, pass)).toMatchObject({ orderId: 'S-1001' });
  });

  it('strikes only the calls a rule names, as often as it says', async () => {
    const trial = await account();
    await trial.control.fault({
      fault: { kind: 'status', status: 500, acts: false },
      method: 'GET',
      path: '^/account$',
      times: 2,
    });
    await expect(trial.provider.balance?.()).rejects.toMatchObject({
      code: 'wire.unexpected',
      effect: 'none',
    });
    expect((await trial.provider.check()).ok).toBe(false);
    expect((await trial.provider.check()).ok).toBe(true);
  });

  it.each(['key', 'names'] as const)('gives a certificate with the wrong %s', async (kind) => {
    const trial = await account();
    const { request, buy, activate, before } = await purchase(trial);
    await trial.control.wrongCertificate(kind);
    const bought = await buy.run({ request, before, results: {} }, pass);
    await activate.run({ request, before: {}, results: { buy: bought.result } }, pass);
    await trial.control.issue();
    await trial.provider.getOrder('S-1001');
    const collected = await trial.provider.collect('S-1001');
    const leaf = new X509Certificate(collected?.certificatePem ?? '');
    expect(leaf.subjectAltName === 'DNS:shop.example.com').toBe(kind === 'key');
  });
});

describe('anonymous slots', () => {
  it('show as candidates when they are new, and are not claimed', async () => {
    const trial = await account();
    const { request, buy, before } = await purchase(trial);
    await trial.control.foreignSlot({ product: 'paid-multi', term: '1y' });
    await trial.control.loseNextReply();
    await failureOf(buy.run({ request, before, results: {} }, pass));
    const look = await buy.lookUp({ request, before, results: {}, sentAtMs: trial.clock.now() });
    expect(look).toMatchObject({ kind: 'cannot-tell', candidates: ['S-1001', 'S-1002'] });
  });

  it('that were there before are none of ours', async () => {
    const trial = await account();
    await trial.control.foreignSlot({ product: 'paid-multi', term: '1y' });
    const { request, buy, before } = await purchase(trial);
    const look = await buy.lookUp({ request, before, results: {}, sentAtMs: trial.clock.now() });
    expect(look).toMatchObject({ kind: 'cannot-tell', candidates: [] });
  });
});

describe('an absence is not proved', () => {
  it('while orders show late: the evidence holds, and its Date is what the core judges', async () => {
    const trial = await account({ settings: { search: 'findable', visibilityLagMs: 60_000 } });
    const { request, buy, before } = await purchase(trial);
    await buy.run({ request, before, results: {} }, pass);
    const context = { request, before, results: {}, sentAtMs: trial.clock.now() };
    const early = await buy.lookUp(context);
    // The order does not show yet; the balance moved, so the empty account does not vouch for itself.
    expect(early).toMatchObject({
      kind: 'absent',
      evidence: { positiveControl: false, replyAtMs: trial.clock.now() },
    });
    await trial.advance(60_000);
    expect(await buy.lookUp(context)).toMatchObject({ kind: 'found' });
  });

  it('by a known order that the listing does not show', async () => {
    const trial = await account({ settings: { search: 'findable' } });
    const known = await purchase(trial);
    await known.buy.run({ request: known.request, before: known.before, results: {} }, pass);
    await trial.control.set({ visibilityLagMs: DAY_MS });
    const { request, buy, before } = await purchase(trial);
    const look = await buy.lookUp({ request, before, results: {}, sentAtMs: 0, knownOrderId: 'S-1001' });
    expect(look).toMatchObject({ kind: 'absent', evidence: { positiveControl: false } });
  });
});

it('the ledger keeps every call with what it charged, tax included, and never the token', async () => {
  const trial = await account({ settings: { taxPercent: '20' }, token: 'canary-token' });
  const { request, buy, before } = await purchase(trial);
  const outcome = await buy.run({ request, before, results: {} }, pass);
  expect(outcome.charged).toEqual({ amount: '12.00', currency: 'USD' });
  const ledger = await trial.control.ledger();
  expect(ledger.map(({ method, path, status, charged }) => [method, path, status, charged])).toEqual([
    ['GET', '/account', 200, null],
    ['POST', '/slots', 201, '12.00'],
  ]);
  expect(ledger[1]?.body).toEqual({ product: 'paid-multi', term: '1y' });
  expect(JSON.stringify(ledger)).not.toContain('canary-token');
});

it('the wire keeps every byte, also of a call that is broken off, and never the token', async () => {
  const trial = await account({ token: 'canary-token' });
  const { request, buy, before } = await purchase(trial);
  await trial.control.fault({ fault: { kind: 'drop-call' } });
  await failureOf(buy.run({ request, before, results: {} }, pass));
  const half = connect(Number(new URL(trial.url).port), '127.0.0.1');
  half.on('error', pass);
  half.write('POST /slots HTTP/1.1\r\nHost: shop\r\nAuthorization: Bearer canary-token\r\nContent-Le');
  await vi.waitFor(async () => {
    expect((await trial.control.wire()).map(({ text }) => text.split('\r\n')[0])).toEqual([
      'GET /account HTTP/1.1',
      'POST /slots HTTP/1.1',
      'POST /slots HTTP/1.1',
    ]);
  });
  half.destroy();
  const wire = await trial.control.wire();
  expect(wire[1]?.text).toContain('{"product":"paid-multi","term":"1y"}');
  expect(wire[2]?.text).toContain('Bearer [token]');
  expect(JSON.stringify(wire)).not.toContain('canary-token');
  expect(await trial.control.purchases()).toBe(0);
});

it('a cancellation tells what it gives back, where the seller gives anything back', async () => {
  for (const [refunds, refunded] of [
    [true, { amount: '10.00', currency: 'USD' }],
    [false, undefined],
  ] as const) {
    const trial = await account({ settings: { refunds } });
    const { request, buy, before } = await purchase(trial);
    await buy.run({ request, before, results: {} }, pass);
    const [cancel] = trial.provider.canceller?.operation ?? [];
    const predecessor = { orderId: 'S-1001', ids: ['S-1001'] };
    const context = {
      request: { ...request, action: 'cancel' as const, predecessor },
      before: {},
      results: {},
    };
    const outcome = await cancel?.run(context, pass);
    expect(outcome?.refunded).toEqual(refunded);
    expect(await cancel?.lookUp({ ...context, sentAtMs: 0 })).toMatchObject({ kind: 'found', outcome });
    expect((await trial.control.account()).balance).toBe(refunds ? '500.00' : '490.00');
  }
});

it.each(['refused', 'empty-account'] as const)(
  'a token nobody knows is %s, and buys nothing',
  async (answer) => {
    const trial = await account({ settings: { unknownToken: answer, search: 'findable' } });
    await trial.control.foreignSlot({ product: 'paid-multi', term: '1y', reference: 'cw-1' });
    const stranger = await trial.another('wrong');
    onTestFinished(() => stranger.close());
    if (answer === 'refused') {
      await expect(stranger.findByReference?.('cw-1')).rejects.toMatchObject({
        code: 'provider.credentials',
      });
    } else {
      expect(await stranger.findByReference?.('cw-1')).toEqual([]);
      expect(await stranger.balance?.()).toEqual({ amount: '0.00', currency: 'USD' });
    }
    const { request } = await purchase(trial);
    const [theirs] = stranger.place;
    const error = await failureOf(
      theirs?.run({ request, before: {}, results: {} }, pass) ?? Promise.resolve(),
    );
    expect(error).toMatchObject({ code: 'provider.credentials', effect: 'none' });
    expect(await trial.control.purchases()).toBe(1);
  },
);

it('names wait for their proof until the seller is told', async () => {
  const trial = await account({ settings: { dcv: 'wait', pollsUntilIssued: 0 } });
  const { request, buy, activate, before } = await purchase(trial);
  const bought = await buy.run({ request, before, results: {} }, pass);
  expect(await trial.provider.getOrder('S-1001')).toMatchObject({
    state: 'pending',
    waitingFor: 'configuration',
  });
  await activate.run({ request, before: {}, results: { buy: bought.result } }, pass);
  const waiting = await trial.provider.getOrder('S-1001');
  expect(waiting).toMatchObject({ state: 'pending', waitingFor: 'dcv' });
  expect(waiting.validation).toMatchObject([
    { name: 'shop.example.com', state: 'pending', record: { type: 'CNAME' } },
  ]);
  await trial.control.validate({ name: 'shop.example.com' });
  expect((await trial.provider.getOrder('S-1001')).state).toBe('issued');
});

it.each([
  ['a field', 'POST', '/slots', { product: 'paid-multi', term: '1y', colour: 'red' }],
  ['a field where there is none', 'POST', '/orders/S-1/cancel', { why: 'x' }],
  ['a parameter', 'GET', '/orders?colour=red', undefined],
  ['a parameter of a purchase', 'POST', '/slots?dry=1', { product: 'paid-multi', term: '1y' }],
  ['a parameter given twice', 'GET', '/price?product=paid-multi&term=1y&term=2y', undefined],
])(
  'the seller is strict: it refuses %s it does not know, and charges nothing',
  async (_title, method, path, body) => {
    const trial = await account();
    const answer = await fetch(`${trial.url}${path}`, {
      method,
      headers: { authorization: 'Bearer paid-test-token', connection: 'close' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    expect([answer.status, await trial.control.purchases()]).toEqual([422, 0]);
  },
);

it('the seller runs as a process of its own, on a clock that can be moved by years', async () => {
  const seller = await spawnPaidProvider({ settings: { search: 'unique' }, balance: '20.00' });
  onTestFinished(() => seller.close());
  const control = new PaidProviderControl(seller.url);
  const start = await control.now();
  await control.advance(400 * DAY_MS);
  await control.foreignSlot({ product: 'paid-multi', term: '1y' });
  const [order] = await control.orders();
  expect(Date.parse(order?.orderedAt ?? '') - start).toBeGreaterThanOrEqual(400 * DAY_MS - 1000);
  expect(await control.account()).toMatchObject({ balance: '10.00', unclaimed: ['S-1001'] });
  expect(seller.pid).not.toBe(process.pid);
  const reply = await fetch(`${seller.url}/account`, { headers: { connection: 'close' } });
  expect(reply.status).toBe(401);
  expect(Date.parse(reply.headers.get('date') ?? '') - start).toBeGreaterThanOrEqual(400 * DAY_MS - 1000);
});

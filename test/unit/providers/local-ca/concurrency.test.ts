import { describe, expect, it } from 'vitest';
import { CertError } from '../../../../src/model/errors.js';
import { localCaAccount } from '../../../support/local-ca-account.js';
import { contextOf, leafOf, onlyStep, place, requestFor, runStep } from './journey.js';

const SHOP = ['shop.example.com'];
const labels = (count: number): readonly string[][] =>
  Array.from({ length: count }, (_, i) => [`s${i}.example.com`]);

describe('many orders at once', () => {
  it('share a few pushes, each after its own guard was asked', async () => {
    const { provider, store } = await localCaAccount();
    const asked = new Map<number, number>();
    const requests = await Promise.all(labels(50).map((names) => requestFor(provider, names)));
    const outcomes = await Promise.all(
      requests.map((request, i) =>
        runStep(provider.place, request, () => {
          asked.set(i, (asked.get(i) ?? 0) + 1);
        }),
      ),
    );
    expect(store.pushes()).toBeLessThanOrEqual(4);
    expect([...asked.values()]).toEqual(new Array(50).fill(1));
    const reads = store.reads();
    const leaves = await Promise.all(outcomes.map(({ orderId }) => leafOf(provider, orderId ?? '')));
    expect(leaves.map(({ subject }) => subject)).toEqual(labels(50).map(([name]) => `CN=${name}`));
    // The first one's own, and one that the other 49 share.
    expect(store.reads() - reads).toBe(2);
  });

  it('go on without the one whose guard says no', async () => {
    const { provider, store } = await localCaAccount();
    const requests = await Promise.all(labels(10).map((names) => requestFor(provider, names)));
    const outcomes = await Promise.allSettled(
      requests.map((request, i) =>
        runStep(provider.place, request, () => {
          if (i === 3) throw new CertError('send.too-late', 'too late');
        }),
      ),
    );
    expect(outcomes.map(({ status }, i) => (status === 'rejected' ? i : -1)).filter((i) => i >= 0)).toEqual([
      3,
    ]);
    expect(outcomes[3]).toMatchObject({ reason: { code: 'send.too-late', effect: 'none' } });
    const text = [...store.files().values()].join('');
    expect(text).toContain('s4.example.com');
    expect(text).not.toContain('s3.example.com');
    expect(store.messages.join()).not.toContain('s3.example.com');
  });

  it('go on without the one whose CSR or reference is wrong', async () => {
    const { provider } = await localCaAccount();
    const taken = await place(provider, SHOP);
    const again = requestFor(provider, ['b.example.com'], { reference: taken.request.reference });
    const requests = await Promise.all([requestFor(provider, ['a.example.com']), again]);
    const outcomes = await Promise.allSettled(requests.map((request) => runStep(provider.place, request)));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  });
});

describe('two runs on the same books', () => {
  it('end with one CA and all orders of both', async () => {
    const account = await localCaAccount();
    const other = await account.another();
    const placed = await Promise.all(
      labels(12).map((names, i) => place(i % 2 === 0 ? account.provider : other, names)),
    );
    expect(await account.provider.trustAnchors?.()).toHaveLength(1);
    const issuers = await Promise.all(
      placed.map(async ({ orderId }) => (await other.collect(orderId))?.chainPem.join('')),
    );
    expect(new Set(issuers).size).toBe(1);
  });

  it('ask the guard again before the push that follows a lost race', async () => {
    const account = await localCaAccount();
    account.store.beforeNextReplace(async () => {
      await place(await account.another(), ['quick.example.com']);
    });
    let asked = 0;
    const request = await requestFor(account.provider, SHOP);
    const { orderId } = await runStep(account.provider.place, request, () => {
      asked += 1;
    });
    expect(asked).toBe(2);
    expect((await leafOf(await account.another(), orderId ?? '')).subject).toBe('CN=shop.example.com');
    expect(account.store.pushes()).toBe(2);
  });

  it('sell a reference once, whoever is quicker', async () => {
    const account = await localCaAccount();
    const request = await requestFor(account.provider, SHOP);
    account.store.beforeNextReplace(async () => {
      await runStep((await account.another()).place, request);
    });
    await expect(runStep(account.provider.place, request)).rejects.toMatchObject({
      code: 'order.reference-used',
      effect: 'none',
    });
    expect(account.store.pushes()).toBe(1);
  });

  it('give up a race that never ends, with nothing done', async () => {
    const account = await localCaAccount();
    const accountStore = { ...account.store, replace: async () => false };
    const { provider } = await localCaAccount({ accountStore });
    await expect(place(provider, SHOP)).rejects.toMatchObject({ code: 'repository.moved', effect: 'none' });
  });

  it('recognise their own change when a push that landed was reported as lost', async () => {
    const account = await localCaAccount();
    const replace: typeof account.store.replace = async (...args) => {
      await account.store.replace(...args);
      return account.store.pushes() > 1;
    };
    const { provider } = await localCaAccount({ accountStore: { ...account.store, replace } });
    const { orderId } = await place(provider, SHOP);
    expect(account.store.pushes()).toBe(1);
    expect((await provider.getOrder(orderId)).state).toBe('issued');
  });
});

describe('a store that fails', () => {
  const broken = new Error('connection reset');

  it.each([
    ['before anything was sent', 'before', 'none', 'absent'],
    ['after sending, and nothing landed', 'lost', 'unknown', 'absent'],
    ['after the push landed', 'landed', 'unknown', 'found'],
  ] as const)('%s', async (_title, when, effect, found) => {
    const { provider, store, clock } = await localCaAccount();
    await place(provider, ['first.example.com']);
    const request = await requestFor(provider, SHOP);
    store.failNextReplace(when, broken);
    await expect(runStep(provider.place, request)).rejects.toMatchObject({
      code: 'provider.unreachable',
      effect,
      cause: broken,
    });
    const context = { ...contextOf(request), sentAtMs: clock.now() };
    expect((await onlyStep(provider.place).lookUp(context)).kind).toBe(found);
  });

  it('by a rule of the remote has certainly done nothing', async () => {
    const { provider, store } = await localCaAccount();
    const refusal = new CertError('repository.refused', 'protected');
    store.failNextReplace('lost', refusal);
    await expect(place(provider, SHOP)).rejects.toBe(refusal);
    expect(refusal.effect).toBe('none');
  });

  it('on reading fails those who wait and nobody after them', async () => {
    const { provider, store } = await localCaAccount();
    store.failNextRead(broken);
    await expect(place(provider, SHOP)).rejects.toMatchObject({
      code: 'provider.unreachable',
      effect: 'none',
    });
    store.failNextRead(broken);
    const reading = provider.trustAnchors?.();
    const next = provider.trustAnchors?.();
    await expect(reading).rejects.toBe(broken);
    expect(await next).toEqual([]);
    expect((await place(provider, SHOP)).orderId).toMatch(/^lca-/);
  });
});

describe('an absence', () => {
  it('is told with the time before the reading and with its controls', async () => {
    const account = await localCaAccount();
    const { orderId } = await place(account.provider, SHOP);
    const request = await requestFor(account.provider, ['other.example.com']);
    const context = { ...contextOf(request), sentAtMs: account.clock.now() };
    const look = (knownOrderId: string) =>
      onlyStep(account.provider.place).lookUp({ ...context, knownOrderId });
    const evidence = { replyAtMs: account.clock.now(), complete: true, negativeControl: true };
    expect(await look(orderId)).toEqual({ kind: 'absent', evidence: { ...evidence, positiveControl: true } });
    expect(await look('lca-0000000000000000')).toEqual({
      kind: 'absent',
      evidence: { ...evidence, positiveControl: false },
    });
  });

  it('counts what another run wrote a moment ago', async () => {
    const account = await localCaAccount();
    const context = { ...contextOf(await requestFor(account.provider, SHOP)), sentAtMs: account.clock.now() };
    const step = onlyStep(account.provider.place);
    const early = step.lookUp(context);
    await runStep((await account.another()).place, context.request);
    expect((await early).kind).toBe('absent');
    expect((await step.lookUp(context)).kind).toBe('found');
  });
});

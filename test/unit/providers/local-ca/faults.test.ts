import { describe, expect, it } from 'vitest';
import { newKey } from '../../../conformance/builders.js';
import type { LocalCaFaults } from '../../../support/faulty-local-ca.js';
import { localCaAccount } from '../../../support/local-ca-account.js';
import { contextOf, leafOf, onlyStep, place, requestFor } from './journey.js';

const SHOP = ['shop.example.com'];

describe('a fault switch', () => {
  it.each([
    ['loseReplyOnce', 'provider.timeout', 'unknown', 'found', 1],
    ['loseRequestOnce', 'provider.timeout', 'unknown', 'absent', 1],
    ['refuseOnce', 'provider.refused', 'none', 'absent', 1],
    ['failBeforeOnce', 'provider.unreachable', 'none', 'absent', 0],
  ] as const)('%s strikes one writing call', async (name, code, effect, kind, guards) => {
    const faults: LocalCaFaults = { [name]: true };
    const { provider, clock } = await localCaAccount({ faults });
    const request = await requestFor(provider, SHOP);
    const step = onlyStep(provider.place);
    let asked = 0;
    const guard = () => {
      asked += 1;
    };
    await expect(step.run(contextOf(request), guard)).rejects.toMatchObject({ code, effect });
    expect(asked).toBe(guards);
    expect((await step.lookUp({ ...contextOf(request), sentAtMs: clock.now() })).kind).toBe(kind);
    expect(faults[name]).toBe(false);
    expect((await place(provider, ['next.example.com'])).orderId).toMatch(/^lca-/);
  });

  it('wrongCertificateOnce gives one certificate of the right CA for somebody else', async () => {
    const faults: LocalCaFaults = {};
    const { provider } = await localCaAccount({ faults });
    const key = await newKey('shop.example.com', SHOP);
    const { orderId } = await place(provider, SHOP, { csrPem: key.csrPem });
    faults.wrongCertificateOnce = true;
    const wrong = await leafOf(provider, orderId);
    const right = await leafOf(provider, orderId);
    expect(wrong.issuer).toBe(right.issuer);
    expect(wrong.subjectAltName).toBe(right.subjectAltName);
    expect(wrong.publicKey.equals(key.publicKey)).toBe(false);
    expect(right.publicKey.equals(key.publicKey)).toBe(true);
  });

  it('duplicateOnce leaves two orders, and the look-up cannot tell which is ours', async () => {
    const { provider, clock } = await localCaAccount({ faults: { duplicateOnce: true } });
    const { request, orderId } = await place(provider, SHOP);
    expect(await provider.findByReference?.(request.reference)).toHaveLength(2);
    const answer = await onlyStep(provider.place).lookUp({ ...contextOf(request), sentAtMs: clock.now() });
    expect(answer).toMatchObject({ kind: 'cannot-tell', candidates: expect.arrayContaining([orderId]) });
  });

  it('rejectOnce ends the order without a certificate', async () => {
    const { provider } = await localCaAccount({ faults: { rejectOnce: true } });
    const { orderId } = await place(provider, SHOP);
    expect((await provider.getOrder(orderId)).state).toBe('rejected');
    expect(await provider.collect(orderId)).toBeUndefined();
  });
});

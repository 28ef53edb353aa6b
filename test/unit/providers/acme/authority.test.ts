import { describe, expect, it, onTestFinished } from 'vitest';
import type { Provider } from '../../../../src/ports/provider.js';
import { certificateSpec, newKey, orderRequest } from '../../../conformance/builders.js';
import { failureOf } from '../../../conformance/failure.js';
import { type AcmeAccountOptions, acmeAccount } from '../../../support/acme-account.js';

async function open(options: AcmeAccountOptions = {}) {
  const account = await acmeAccount(options);
  onTestFinished(async () => {
    await account.provider.close();
    await account.close();
  });
  return account;
}

/** Makes the account, as a first order does. */
async function order(provider: Provider) {
  const spec = certificateSpec({ names: ['shop.example.com'] });
  const { csrPem } = await newKey(spec.commonName, spec.names);
  const request = orderRequest(provider, spec, 'order', { csrPem });
  await provider.place[0]?.run({ request, before: {}, results: {} }, () => {});
}

const METHODS = { dns: ['dns-01'], http: ['http-01'] };

describe('what an ACME CA goes by in CAA records', () => {
  it('stands in its directory; no account is made for it', async () => {
    const { provider, server, store } = await open({
      server: { caaIdentities: ['CA.example.net', 'ca2.example.org'] },
    });
    expect(await provider.caaIdentity?.()).toEqual({
      domains: ['ca.example.net', 'ca2.example.org'],
      methods: METHODS,
    });
    expect(server.calls).toEqual(['directory']);
    expect([server.accounts, [...store.files()].length]).toEqual([0, 0]);
  });

  it('has the URL of the account beside it where there is one, whose contacts are left as they are', async () => {
    const { provider, another, server } = await open({ server: { caaIdentities: ['ca.example.net'] } });
    await order(provider);
    const later = await another({ options: { contacts: ['new@example.com'] } });
    onTestFinished(() => later.close());
    server.tamper('new-account', (reply) => ({
      ...reply,
      body: { status: 'valid', contact: ['mailto:old@example.com'] },
    }));
    const before = server.calls.length;
    expect(await later.caaIdentity?.()).toEqual({
      domains: ['ca.example.net'],
      methods: METHODS,
      accountUri: expect.stringMatching(new RegExp(`^${server.url}/account/`)),
    });
    expect(server.calls.slice(before)).toEqual(['directory', 'new-account']);
    expect(server.accounts).toBe(1);
  });

  it('is told where the key of the account cannot be opened, without the account', async () => {
    const { provider, another, sealer } = await open({ server: { caaIdentities: ['ca.example.net'] } });
    await order(provider);
    const plan = await another({ runnerSealer: sealer.withoutIdentity() });
    onTestFinished(() => plan.close());
    expect(await plan.caaIdentity?.()).toEqual({ domains: ['ca.example.net'], methods: METHODS });
  });

  it('is not known where the directory does not say, or says what is no name', async () => {
    const silent = await open();
    expect(await silent.provider.caaIdentity?.()).toBeUndefined();
    const odd = await open({
      server: { caaIdentities: ['', 'ca.example.net; x', '*.example.net', '\u001b[31m'] },
    });
    expect(await odd.provider.caaIdentity?.()).toBeUndefined();
  });

  it('is no answer where it is no list of texts', async () => {
    const { provider, server } = await open();
    server.tamper('directory', (reply) => ({
      ...reply,
      body: { ...(reply.body as object), meta: { caaIdentities: 'ca.example.net' } },
    }));
    expect(await failureOf(provider.caaIdentity?.() ?? Promise.resolve())).toMatchObject({
      code: 'wire.unexpected',
    });
  });
});

import { describe, expect, it, onTestFinished } from 'vitest';
import { CertError } from '../../../../src/model/errors.js';
import type { Provider } from '../../../../src/ports/provider.js';
import { certificateSpec, newKey, orderRequest } from '../../../conformance/builders.js';
import { failureOf } from '../../../conformance/failure.js';
import {
  type AcmeAccountOptions,
  accountKeyPem,
  acmeAccount,
  secretsOf,
} from '../../../support/acme-account.js';

async function open(options: AcmeAccountOptions = {}) {
  const account = await acmeAccount(options);
  onTestFinished(async () => {
    await account.provider.close();
    await account.close();
  });
  return account;
}

/** A first order, as far as the call. */
async function order(provider: Provider, options = {}) {
  const spec = certificateSpec({ names: ['shop.example.com'] });
  const key = await newKey(spec.commonName, spec.names);
  const request = { ...orderRequest(provider, spec, 'order', { csrPem: key.csrPem }), options };
  return provider.place[0]?.run({ request, before: {}, results: {} }, () => {});
}

describe('the account of an ACME CA', () => {
  it('is made once, and found again by its sealed key', async () => {
    const { provider, another, server, store, sealer } = await open();
    await order(provider);
    const files = [...store.files()];
    expect(files.map(([path]) => path.replace(/^[0-9a-f]{16}/, 'ID')).sort()).toEqual([
      'ID.json',
      'ID.key.age',
    ]);
    expect(files.map(([, text]) => text).join()).not.toContain('PRIVATE KEY');
    const again = await another();
    await order(again);
    await again.close();
    expect(server.accounts).toBe(1);
    expect(store.pushes()).toBe(1);
    expect(sealer.opened()).toBe(1);
  });

  it('is one for two runners that begin at once', async () => {
    const { provider, another, server, store } = await open();
    const other = await another();
    await Promise.all([order(provider), order(other)]);
    await other.close();
    expect(server.accounts).toBe(1);
    expect(store.pushes()).toBe(1);
    expect(server.orders).toHaveLength(2);
  });

  it('comes from a credential where one is configured, and then nothing is stored', async () => {
    const { provider, server, store } = await open({ credentials: { accountKey: accountKeyPem() } });
    await order(provider);
    expect(server.accounts).toBe(1);
    expect(store.pushes()).toBe(0);
  });

  it('is made for nobody who did not agree to the terms, whose address is told', async () => {
    const { provider, server, store } = await open({
      server: { terms: 'https://ca.example/terms.pdf' },
      options: { termsAgreed: false },
    });
    const error = await failureOf(order(provider));
    expect(error).toMatchObject({ code: 'config.invalid', effect: 'none' });
    expect(error.message).toContain('https://ca.example/terms.pdf');
    expect(error.remedy).toContain('termsAgreed: true');
    expect([server.accounts, store.pushes()]).toEqual([0, 0]);
    expect(await provider.check()).toMatchObject({ ok: false });
  });

  it('is not made a second time by a runner that cannot open the key', async () => {
    const { provider, another, server, sealer } = await open();
    await order(provider);
    const blind = await another({ runnerSealer: sealer.withoutIdentity() });
    expect(await failureOf(order(blind))).toMatchObject({ code: 'key.no-identity' });
    await blind.close();
    expect(server.accounts).toBe(1);
  });

  it('that the CA closed is a matter of credentials', async () => {
    const { provider, another, server } = await open();
    await order(provider);
    server.deactivateAccounts();
    const next = await another();
    expect(await failureOf(order(next))).toMatchObject({ code: 'provider.credentials', effect: 'none' });
    expect(await next.check()).toMatchObject({ ok: false });
    await next.close();
  });

  it.each([
    ['something that is no key', 'not-a-key-but-secret'],
    ['an encrypted or cut key', '-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n'],
  ])('cannot be opened with %s, which is never quoted', async (_what, text) => {
    const { provider } = await open({ credentials: { accountKey: text } });
    const error = await failureOf(order(provider));
    expect(error).toMatchObject({ code: 'config.invalid' });
    expect(JSON.stringify([error.message, error.remedy, String(error.cause)])).not.toContain('secret');
  });

  it('has both parts of an external binding, or neither', async () => {
    const { provider } = await open({ credentials: { eabKeyId: 'kid-1' } });
    expect(await failureOf(order(provider))).toMatchObject({ code: 'config.invalid' });
  });

  it('follows the contacts of the configuration where the CA tells what it has', async () => {
    const { another, server } = await open();
    const updates: unknown[] = [];
    server.tamper('new-account', (reply) => ({
      ...reply,
      body: { status: 'valid', contact: ['mailto:old@example.com'] },
    }));
    server.tamper('account', (_reply, payload) => {
      updates.push(payload);
      return { status: 200, body: { status: 'valid' } };
    });
    const provider = await another({ options: { contacts: ['new@example.com'] } });
    await order(provider);
    await provider.close();
    expect(updates).toEqual([{ contact: ['mailto:new@example.com'] }]);
  });

  it('keeps its secrets out of the log', async () => {
    const pem = accountKeyPem();
    const { provider, log } = await open({ credentials: secretsText({ accountKey: pem }) });
    await order(provider);
    expect(JSON.stringify(log)).not.toContain(pem.split('\n')[1]);
    expect(secretsOf({ a: 'b' }).a?.reveal()).toBe('b');
  });
});

const secretsText = (values: Record<string, string>) => values;

it('fails with errors of the product and no others', async () => {
  const { provider, server } = await open();
  server.tamper('directory', () => ({ status: 200, body: 'no json' }));
  const error: unknown = await provider.check().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CertError);
});

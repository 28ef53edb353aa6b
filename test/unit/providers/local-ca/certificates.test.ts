import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DAY_MS } from '../../../../src/model/time.js';
import type { Provider } from '../../../../src/ports/provider.js';
import { localCaAccount, samplePrices } from '../../../support/local-ca-account.js';
import { describeWith } from '../../../support/system.js';
import { leafOf, place, requestFor, runStep } from './journey.js';

const run = promisify(execFile);
const SHOP = ['shop.example.com', '*.shop.example.com'];

describeWith(['openssl'], 'issued certificates before openssl', () => {
  let folder = '';

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'certwright-local-ca-'));
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function file(name: string, text: string): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, text);
    return path;
  }

  /** Verifies the order's certificate as a browser would, at an instant; openssl calls notAfter itself too late. */
  async function verify(provider: Provider, orderId: string, host: string, atMs: number): Promise<string> {
    const collected = await provider.collect(orderId);
    const roots = await file('roots.pem', ((await provider.trustAnchors?.()) ?? []).join(''));
    const chain = await file('chain.pem', collected?.chainPem.join('') ?? '');
    const leaf = await file('leaf.pem', collected?.certificatePem ?? '');
    const rules = ['-x509_strict', '-purpose', 'sslserver', '-verify_hostname', host];
    const time = ['-attime', String(Math.floor(atMs / 1000))];
    const trust = ['-no-CApath', '-no-CAstore', '-CAfile', roots, '-untrusted', chain];
    const { stdout } = await run('openssl', ['verify', ...rules, ...time, ...trust, leaf]);
    return stdout.trim().slice(-2);
  }

  it('chain from the leaf over one issuing CA to the root', async () => {
    const { provider, clock } = await localCaAccount();
    const { orderId } = await place(provider, SHOP);
    expect((await provider.collect(orderId))?.chainPem).toHaveLength(1);
    expect(await verify(provider, orderId, 'shop.example.com', clock.now())).toBe('OK');
    expect(await verify(provider, orderId, 'any.shop.example.com', clock.now() + 199 * DAY_MS - 2000)).toBe(
      'OK',
    );
    await expect(verify(provider, orderId, 'evil.example.com', clock.now())).rejects.toThrow(
      /hostname mismatch/,
    );
    await expect(verify(provider, orderId, 'shop.example.com', clock.now() + 199 * DAY_MS)).rejects.toThrow(
      /certificate has expired/,
    );
  });

  it('of the CA live ten and five years, and the issuing CA may sign leaves only', async () => {
    const { provider } = await localCaAccount();
    const { orderId } = await place(provider, SHOP);
    const root = new X509Certificate((await provider.trustAnchors?.())?.[0] ?? '');
    const issuingPem = (await provider.collect(orderId))?.chainPem[0] ?? '';
    const issuing = new X509Certificate(issuingPem);
    expect([root.validToDate.toISOString(), issuing.validToDate.toISOString()]).toEqual([
      '2036-11-22T11:59:59.000Z',
      '2031-11-22T11:59:59.000Z',
    ]);
    const { stdout } = await run('openssl', [
      'x509',
      '-noout',
      '-text',
      '-in',
      await file('ca.pem', issuingPem),
    ]);
    expect(stdout).toContain('CA:TRUE, pathlen:0');
    expect(stdout).toContain('Certificate Sign, CRL Sign');
  });

  it('of keys made by openssl are signed, RSA with key encipherment and P-384 without', async () => {
    const { provider, clock } = await localCaAccount();
    const usage = async (newKey: readonly string[]): Promise<string> => {
      const out = join(folder, 'key.csr');
      const subject = [
        '-subj',
        '/O=Acme Inc/CN=shop.example.com',
        '-addext',
        'subjectAltName=DNS:SHOP.example.com',
      ];
      await run('openssl', [
        'req',
        '-new',
        ...newKey,
        '-nodes',
        ...subject,
        '-keyout',
        join(folder, 'k'),
        '-out',
        out,
      ]);
      const { stdout: csrPem } = await run('openssl', ['req', '-in', out]);
      const { orderId } = await place(provider, SHOP, { csrPem });
      expect(await verify(provider, orderId, 'shop.example.com', clock.now())).toBe('OK');
      const { stdout } = await run('openssl', ['x509', '-noout', '-text', '-in', join(folder, 'leaf.pem')]);
      expect(stdout).toContain('TLS Web Server Authentication');
      expect(stdout).not.toContain('Acme');
      return stdout.split('X509v3 Key Usage: critical\n')[1]?.split('\n')[0]?.trim() ?? '';
    };
    expect(await usage(['-newkey', 'rsa:2048'])).toBe('Digital Signature, Key Encipherment');
    expect(await usage(['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp384r1'])).toBe(
      'Digital Signature',
    );
    const weak = usage(['-newkey', 'rsa:1024']);
    await expect(weak).rejects.toMatchObject({ code: 'provider.refused', effect: 'none' });
    const odd = usage(['-newkey', 'ed25519']);
    await expect(odd).rejects.toMatchObject({ code: 'provider.refused', effect: 'none' });
  });

  it('get shorter with the calendar, one day below what a public certificate may live', async () => {
    const { provider, clock } = await localCaAccount();
    const { orderId } = await place(provider, SHOP);
    for (const [day, validityDays] of [
      ['2027-03-14T12:00:00Z', 199],
      ['2027-03-15T12:00:00Z', 99],
      ['2029-03-15T12:00:00Z', 46],
    ] as const) {
      clock.advance(Date.parse(day) - clock.now());
      const request = await requestFor(provider, SHOP, {
        action: 'reissue',
        predecessor: { orderId, ids: [orderId] },
      });
      await runStep(provider.reissuer?.operation, request);
      const leaf = await leafOf(provider, orderId);
      expect(leaf.validToDate.getTime()).toBe(clock.now() + validityDays * DAY_MS - 1000);
    }
  });

  it('verify through twelve years of reissues, while issuing CAs and roots take over from each other', async () => {
    const { provider, clock } = await localCaAccount({ options: { validityDays: 199 } });
    const { orderId } = await place(provider, SHOP);
    const serials = new Set<string>();
    for (let i = 0; i < 26; i += 1) {
      clock.advance(170 * DAY_MS);
      const request = await requestFor(provider, SHOP, {
        action: 'reissue',
        predecessor: { orderId, ids: [orderId] },
      });
      await runStep(provider.reissuer?.operation, request);
      const leaf = await leafOf(provider, orderId);
      serials.add(leaf.serialNumber);
      expect(leaf.validToDate.getTime()).toBe(clock.now() + 199 * DAY_MS - 1000);
      expect(await verify(provider, orderId, 'shop.example.com', clock.now())).toBe('OK');
      expect(await verify(provider, orderId, 'shop.example.com', clock.now() + 199 * DAY_MS - 2000)).toBe(
        'OK',
      );
    }
    expect(serials.size).toBe(26);
    expect(await provider.trustAnchors?.()).toHaveLength(2);
  });

  it('verify to the last second of a five year term', async () => {
    const { provider, clock } = await localCaAccount({
      prices: samplePrices,
      options: { validityDays: 825 },
    });
    const { orderId } = await place(provider, ['shop.example.com'], { term: '5y' });
    clock.advance(1_500 * DAY_MS);
    const request = await requestFor(provider, ['shop.example.com'], {
      action: 'reissue',
      predecessor: { orderId, ids: [orderId] },
    });
    await runStep(provider.reissuer?.operation, request);
    const leaf = await leafOf(provider, orderId);
    expect(leaf.validToDate.toISOString()).toBe('2031-11-22T11:59:59.000Z');
    expect(await verify(provider, orderId, 'shop.example.com', leaf.validToDate.getTime() - 1000)).toBe('OK');
  });
});

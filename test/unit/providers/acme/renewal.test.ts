// @peculiar/x509 throws at import unless this stands first.
import 'reflect-metadata';
import { AuthorityKeyIdentifierExtension, X509CertificateGenerator } from '@peculiar/x509';
import { describe, expect, it, onTestFinished } from 'vitest';
import { HOUR_MS } from '../../../../src/model/time.js';
import { alternatesIn } from '../../../../src/providers/acme/chains.js';
import { certificateId } from '../../../../src/providers/acme/renewal.js';
import { failureOf } from '../../../conformance/failure.js';
import { acmeAccount } from '../../../support/acme-account.js';

const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

async function certificate(serialNumber: string): Promise<string> {
  const keys = await crypto.subtle.generateKey(P256, true, ['sign', 'verify']);
  const made = await X509CertificateGenerator.createSelfSigned({
    serialNumber,
    name: 'CN=shop.example.com',
    keys,
    signingAlgorithm: P256,
    extensions: [new AuthorityKeyIdentifierExtension('69885b6b87464041e1b37b847ba0ae2cde01c8d4')],
  });
  return made.toString('pem');
}

describe('renewal information', () => {
  it('is asked for by the identifier of RFC 9773 §4.1, in its own example', async () => {
    expect(await certificateId(await certificate('0087654321'))).toBe('aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE');
  });

  const asked = async (window: { readonly start: string; readonly end: string }) => {
    const account = await acmeAccount({
      server: { renewal: () => ({ ...window, explanationURL: 'https://ca.example/\u001bwhy' }) },
    });
    onTestFinished(async () => {
      await account.provider.close();
      await account.close();
    });
    return { ...account, ask: async () => account.provider.renewalAdvice?.(await certificate('4711')) };
  };

  it('tells the window, a page for people, and when to ask again', async () => {
    const { ask, clock } = await asked({ start: '2027-01-20T10:00:00.5+02:00', end: '2027-01-22T00:00:00Z' });
    expect(await ask()).toEqual({
      startAt: '2027-01-20T08:00:00Z',
      endAt: '2027-01-22T00:00:00Z',
      explanation: 'https://ca.example/ why',
      nextLookMs: clock.now() + 6 * HOUR_MS,
    });
  });

  it('that makes no sense is none', async () => {
    const { ask } = await asked({ start: '2027-01-22T00:00:00Z', end: '2027-01-20T00:00:00Z' });
    expect(await failureOf(ask())).toMatchObject({ code: 'wire.unexpected' });
  });

  it.each([
    ['0', 1],
    ['999999999', 24],
  ])('may be asked for after %s seconds, bounded', async (seconds, hours) => {
    const { ask, clock, server } = await asked({
      start: '2027-01-20T00:00:00Z',
      end: '2027-01-22T00:00:00Z',
    });
    server.tamper('renewal-info', (reply) => ({ ...reply, headers: { 'retry-after': seconds } }));
    expect((await ask())?.nextLookMs).toBe(clock.now() + hours * HOUR_MS);
  });
});

it('finds alternate chains among other links', () => {
  expect(
    alternatesIn(
      '<https://ca.example/dir>;rel="index", <https://ca.example/cert/1/1>;rel="alternate", <https://ca.example/cert/1/2>; title=x; rel=alternate',
    ),
  ).toEqual(['https://ca.example/cert/1/1', 'https://ca.example/cert/1/2']);
  expect(alternatesIn(undefined)).toEqual([]);
});

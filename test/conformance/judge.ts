import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { namesServe } from '../../src/model/names.js';
import type { CollectedCertificate } from '../../src/model/order.js';
import type { ConformanceSubject } from './subject.js';
import type { Bought } from './trial.js';

const sanOf = (certificate: X509Certificate): readonly string[] =>
  (certificate.subjectAltName ?? '')
    .split(', ')
    .flatMap((entry) => (entry.startsWith('DNS:') ? [entry.slice('DNS:'.length)] : []));

export const serialOf = (certificate: X509Certificate): string => certificate.serialNumber.toLowerCase();

/** openssl's own opinion, at the instant of the trial's clock. @throws Error with what openssl says against it */
function opensslVerify(collected: CollectedCertificate, roots: readonly string[], atMs: number): void {
  const dir = mkdtempSync(join(tmpdir(), 'certwright-judge-'));
  try {
    const file = (name: string, pems: readonly string[]): string => {
      const path = join(dir, name);
      writeFileSync(path, pems.map((pem) => `${pem.trim()}\n`).join(''));
      return path;
    };
    const leaf = file('leaf.pem', [collected.certificatePem]);
    const trusted = ['-no-CApath', '-no-CAstore', '-CAfile', file('roots.pem', roots)];
    const chain =
      collected.chainPem.length === 0 ? [] : ['-untrusted', file('chain.pem', collected.chainPem)];
    const at = ['-attime', String(Math.floor(atMs / 1000)), '-purpose', 'sslserver'];
    execFileSync('openssl', ['verify', ...at, ...trusted, ...chain, leaf], { stdio: 'pipe' });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The newest certificate of an order, found good by openssl and by Node: key, names, dates, chain. */
export async function expectGoodCertificate(
  subject: ConformanceSubject,
  { spec, key, request, orderId, recorded }: Bought,
): Promise<X509Certificate> {
  const { provider, clock } = subject;
  const collected = await provider.collect(orderId, recorded);
  if (collected === undefined) throw new Error(`order ${orderId} is issued and gives no certificate`);
  const leaf = new X509Certificate(collected.certificatePem);
  const chain = collected.chainPem.map((pem) => new X509Certificate(pem));
  const roots = (await provider.trustAnchors?.()) ?? subject.roots ?? [];

  expect(leaf.publicKey.equals(key.publicKey), 'the key of the request').toBe(true);
  const free = provider.freeNames(request.product, spec.names);
  expect(namesServe(sanOf(leaf), spec.names, free), `names ${sanOf(leaf).join(' ')}`).toBe(true);
  expect(leaf.validFromDate.getTime()).toBeLessThanOrEqual(clock.now());
  expect(leaf.validToDate.getTime()).toBeGreaterThan(clock.now());
  expect(leaf.ca).toBe(false);

  const line = [leaf, ...chain, ...roots.map((pem) => new X509Certificate(pem)).slice(0, 1)];
  for (const [index, certificate] of line.slice(0, -1).entries()) {
    const issuer = line[index + 1];
    const signed =
      issuer !== undefined && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
    expect(signed, `${certificate.subject} is signed by the next in the chain`).toBe(true);
  }
  for (const certificate of chain) {
    expect(certificate.checkIssued(certificate), 'a root in the chain').toBe(false);
  }
  opensslVerify(collected, roots, clock.now());
  return leaf;
}

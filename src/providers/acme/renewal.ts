import { CertError } from '../../model/errors.js';
import { DAY_MS, HOUR_MS, parseInstant, toInstant } from '../../model/time.js';
import type { RenewalAdvice } from '../../ports/provider.js';
import type { AcmeClient } from './client.js';
import { plainText } from './problem.js';
import { parseRenewalInfo } from './wire.js';

/** Where the CA names no time for the next look, and the bounds of what it may name (RFC 9773 §4.3). */
const DEFAULT_LOOK_MS = 6 * HOUR_MS;
const SHORTEST_LOOK_MS = HOUR_MS;
const LONGEST_LOOK_MS = DAY_MS;

/**
 * The identifier of a certificate in renewal information and `replaces` (RFC 9773 §4.1): authority key identifier and
 * serial number, each base64url. Undefined where the certificate has no key identifier of its issuer.
 */
export async function certificateId(pem: string): Promise<string | undefined> {
  // @peculiar/x509 throws at import unless this stands first.
  await import('reflect-metadata');
  const { AuthorityKeyIdentifierExtension, X509Certificate } = await import('@peculiar/x509');
  const certificate = new X509Certificate(pem);
  const { keyId } = certificate.getExtension(AuthorityKeyIdentifierExtension) ?? {};
  if (keyId === undefined) return undefined;
  const serial = certificate.serialNumber;
  // The content of the DER INTEGER: a first bit that is set would make it negative.
  const padded = Number.parseInt(serial.slice(0, 2), 16) > 0x7f ? `00${serial}` : serial;
  return [keyId, padded].map((hex) => Buffer.from(hex, 'hex').toString('base64url')).join('.');
}

/**
 * When the CA wants a certificate replaced; undefined where it has nothing to say of it.
 * @throws CertError
 */
export async function renewalAdvice(
  client: AcmeClient,
  pem: string,
  nowMs: number,
): Promise<RenewalAdvice | undefined> {
  const { renewalInfo } = await client.directory();
  const id = renewalInfo === undefined ? undefined : await certificateId(pem);
  if (renewalInfo === undefined || id === undefined) return undefined;
  const reply = await client.get(`${renewalInfo.replace(/\/$/, '')}/${id}`, `renewal information ${id}`);
  const { suggestedWindow, explanationURL } = parseRenewalInfo(reply);
  const [startMs, endMs] = [parseInstant(suggestedWindow.start), parseInstant(suggestedWindow.end)];
  if (startMs === undefined || endMs === undefined || endMs <= startMs) {
    throw new CertError('wire.unexpected', `${client.host} suggests a window that is none`);
  }
  const asked = client.retryAtMs(reply) ?? nowMs + DEFAULT_LOOK_MS;
  return {
    startAt: toInstant(startMs),
    endAt: toInstant(endMs),
    ...(explanationURL === undefined ? {} : { explanation: plainText(explanationURL, 200) }),
    nextLookMs: Math.min(nowMs + LONGEST_LOOK_MS, Math.max(nowMs + SHORTEST_LOOK_MS, asked)),
  };
}

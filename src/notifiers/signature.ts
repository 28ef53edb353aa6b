import { createHmac } from 'node:crypto';
import type { Secret } from '../model/secret.js';

const PREFIX = 'whsec_';

/** A secret in the form of Standard Webhooks is base64 behind its prefix; anything else is taken as it is. */
const keyOf = (secret: string): Buffer =>
  secret.startsWith(PREFIX) ? Buffer.from(secret.slice(PREFIX.length), 'base64') : Buffer.from(secret);

/**
 * Headers by which a receiver tells that a body is ours, whole, and not sent long ago: Standard Webhooks 1.0.0
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
 * @param id  the same where the same is sent again
 */
export function signatureHeaders(
  id: string,
  body: string,
  nowMs: number,
  secret: Secret | undefined,
): Readonly<Record<string, string>> {
  const seconds = String(Math.floor(nowMs / 1000));
  const plain = { 'webhook-id': id, 'webhook-timestamp': seconds };
  if (secret === undefined) return plain;
  const mac = createHmac('sha256', keyOf(secret.reveal()))
    .update(`${id}.${seconds}.${body}`)
    .digest('base64');
  return { ...plain, 'webhook-signature': `v1,${mac}` };
}

import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Secret } from '../../model/secret.js';
import { MINUTE_MS, SECOND_MS } from '../../model/time.js';

/** Who sent a delivery is proved, or not. */
export type Proof =
  /** `once` names what was proved: a second delivery with the same one tells nothing new. */
  { readonly kind: 'proved'; readonly once: string } | { readonly kind: 'refused'; readonly why: string };

/** How far the time of a delivery may lie from ours, either way, where it is signed (Standard Webhooks). */
const DELIVERY_AGE_MS = 5 * MINUTE_MS;

/** How GitLab's signing tokens begin; what follows is the key in Base64. */
const SIGNING_TOKEN = 'whsec_';

const UNSIGNED: Proof = { kind: 'refused', why: 'no valid signature' };
const UNTIMELY: Proof = { kind: 'refused', why: 'signed more than 5 minutes from now: compare the clocks' };

/**
 * Checks a delivery by whichever way its host proves itself; any of the secrets will do. A signature that is there has to
 * be right: the token beside it does not make up for it.
 * - GitHub: `X-Hub-Signature-256: sha256=<HMAC-SHA-256 of the body, hex>`
 *   (https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries).
 * - Gitea and Forgejo: the same digest, bare, as `X-Gitea-Signature` or `X-Forgejo-Signature`
 *   (https://docs.gitea.com/usage/webhooks, https://forgejo.org/docs/latest/user/webhooks/).
 * - GitLab with a signing token: `webhook-signature: v1,<HMAC-SHA-256 of "id.timestamp.body", Base64>`, as Standard
 *   Webhooks has it (https://www.standardwebhooks.com); the time is signed, too, and may not be far from now.
 * - GitLab with a secret token: the secret itself as `X-Gitlab-Token`
 *   (https://docs.gitlab.com/user/project/integrations/webhooks/).
 * @param body  the bytes as they came: signatures are over them
 * @param nowMs  wall clock, epoch ms
 */
export function proofOf(
  headers: IncomingHttpHeaders,
  body: Buffer,
  secrets: readonly Secret[],
  nowMs: number,
): Proof {
  const keys = secrets.map(signingKey).filter((key) => key !== undefined);
  const standard = one(headers['webhook-signature']);
  // A host may sign and send its token as well; who gave us the token alone goes by the token.
  if (standard !== undefined && keys.length > 0) return standardProof(standard, headers, body, keys, nowMs);
  const hub = one(headers['x-hub-signature-256']);
  const signature = hub ?? one(headers['x-forgejo-signature']) ?? one(headers['x-gitea-signature']);
  if (signature !== undefined) {
    const prefix = hub === undefined ? '' : 'sha256=';
    const right = secrets.some((secret) => sameText(signature, prefix + hmac(secret.reveal(), body, 'hex')));
    return right ? { kind: 'proved', once: digestOf('body', body) } : UNSIGNED;
  }
  const token = one(headers['x-gitlab-token']);
  if (token === undefined || !secrets.some((secret) => sameText(token, secret.reveal()))) return UNSIGNED;
  return { kind: 'proved', once: digestOf(one(headers['x-gitlab-event-uuid']) ?? '', body) };
}

function standardProof(
  signatures: string,
  headers: IncomingHttpHeaders,
  body: Buffer,
  keys: readonly Buffer[],
  nowMs: number,
): Proof {
  const id = one(headers['webhook-id']);
  const timestamp = one(headers['webhook-timestamp']);
  if (id === undefined || timestamp === undefined || !/^\d{1,12}$/.test(timestamp)) return UNSIGNED;
  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  // While keys are exchanged there is one signature for each, with spaces between them.
  const given = signatures.split(' ').filter((signature) => signature.startsWith('v1,'));
  const right = keys.some((key) => {
    const expected = `v1,${hmac(key, signed, 'base64')}`;
    return given.some((signature) => sameText(signature, expected));
  });
  if (!right) return UNSIGNED;
  if (Math.abs(Number(timestamp) * SECOND_MS - nowMs) > DELIVERY_AGE_MS) return UNTIMELY;
  return { kind: 'proved', once: digestOf('id', Buffer.from(id)) };
}

/** Of a signing token; undefined for a secret of another kind. */
export function signingKey(secret: Secret): Buffer | undefined {
  const text = secret.reveal();
  if (!text.startsWith(SIGNING_TOKEN)) return undefined;
  return Buffer.from(text.slice(SIGNING_TOKEN.length), 'base64');
}

const hmac = (key: string | Buffer, data: Buffer, encoding: 'hex' | 'base64'): string =>
  createHmac('sha256', key).update(data).digest(encoding);

export const digestOf = (kind: string, data: Buffer): string =>
  createHash('sha256').update(`${kind}\0`).update(data).digest('base64');

/** Takes as long for any wrong text, of whatever length. */
export function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHmac('sha256', 'compare').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

export const one = (value: string | readonly string[] | undefined): string | undefined =>
  typeof value === 'string' ? value : value?.[0];

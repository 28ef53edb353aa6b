import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Secret } from '../../model/secret.js';

/**
 * What a delivery asks for. A delivery carries no order: at most it makes the daemon look at its own remote a little
 * earlier, so a repeated one does nothing more.
 */
export type Delivery =
  | { readonly kind: 'push' }
  | { readonly kind: 'ignored'; readonly why: string }
  | { readonly kind: 'refused'; readonly status: 400 | 401 | 415; readonly why: string };

/**
 * Checks who sent it, then whether it is a push to the branch.
 * - GitHub, Gitea and Forgejo sign the body: `X-Hub-Signature-256: sha256=<HMAC-SHA-256, hex>`
 *   (https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries).
 * - GitLab sends the secret itself as `X-Gitlab-Token`
 *   (https://docs.gitlab.com/user/project/integrations/webhooks/).
 * @param body  the bytes as they came: the signature is over them
 * @param branch  absent: not known yet, then every branch counts
 */
export function judgeDelivery(
  headers: IncomingHttpHeaders,
  body: Buffer,
  secret: Secret,
  branch: string | undefined,
): Delivery {
  if (!isSigned(headers, body, secret)) return { kind: 'refused', status: 401, why: 'no valid signature' };
  const event = eventOf(headers);
  if (event !== 'push') return { kind: 'ignored', why: `event ${event ?? 'without a name'}` };
  if (!/^application\/json\b/i.test(headers['content-type'] ?? ''))
    return { kind: 'refused', status: 415, why: 'set the content type of the webhook to application/json' };
  const ref = refOf(body);
  if (ref === undefined) return { kind: 'refused', status: 400, why: 'no push: "ref" is missing' };
  if (branch !== undefined && ref !== `refs/heads/${branch}`) return { kind: 'ignored', why: 'other branch' };
  return { kind: 'push' };
}

function isSigned(headers: IncomingHttpHeaders, body: Buffer, secret: Secret): boolean {
  const signature = one(headers['x-hub-signature-256']);
  if (signature !== undefined) {
    const right = createHmac('sha256', secret.reveal()).update(body).digest('hex');
    return sameText(signature, `sha256=${right}`);
  }
  const token = one(headers['x-gitlab-token']);
  return token !== undefined && sameText(token, secret.reveal());
}

/** Takes as long for any wrong text, of whatever length. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHmac('sha256', 'compare').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

function eventOf(headers: IncomingHttpHeaders): string | undefined {
  const named = ['x-github-event', 'x-gitea-event', 'x-forgejo-event', 'x-gitlab-event'];
  const event = named.map((name) => one(headers[name])).find((value) => value !== undefined);
  return event === 'Push Hook' ? 'push' : event;
}

const one = (value: string | readonly string[] | undefined): string | undefined =>
  typeof value === 'string' ? value : value?.[0];

function refOf(body: Buffer): string | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    const ref: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'ref') : undefined;
    return typeof ref === 'string' ? ref : undefined;
  } catch {
    return undefined;
  }
}

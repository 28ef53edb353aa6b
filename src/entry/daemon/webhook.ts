import type { IncomingHttpHeaders } from 'node:http';
import type { Secret } from '../../model/secret.js';
import { one, proofOf } from './signature.js';

/**
 * What a delivery asks for. A delivery carries no order: at most it makes the daemon look at its own remote a little
 * earlier.
 */
export type Delivery =
  /** `once` is the same for the same delivery sent again. */
  | { readonly kind: 'push'; readonly once: string }
  | { readonly kind: 'ignored'; readonly why: string }
  | { readonly kind: 'refused'; readonly status: 400 | 401 | 415; readonly why: string };

/** What deliveries are judged by. */
export interface DeliveryRules {
  /** Any of them will do. */
  readonly secrets: readonly Secret[];
  /** Whose pushes count; absent: not known yet, then every branch counts. */
  readonly branch?: string | undefined;
  /** Wall clock, epoch ms. */
  readonly nowMs: number;
}

/**
 * Checks who sent it, then whether it is a push to the branch.
 * @param body  the bytes as they came
 */
export function judgeDelivery(headers: IncomingHttpHeaders, body: Buffer, rules: DeliveryRules): Delivery {
  const { secrets, branch, nowMs } = rules;
  const proof = proofOf(headers, body, secrets, nowMs);
  if (proof.kind === 'refused') return { kind: 'refused', status: 401, why: proof.why };
  const event = eventOf(headers);
  if (event !== 'push') return { kind: 'ignored', why: `event ${event ?? 'without a name'}` };
  if (!/^application\/json\b/i.test(headers['content-type'] ?? ''))
    return { kind: 'refused', status: 415, why: 'set the content type of the webhook to application/json' };
  const ref = refOf(body);
  if (ref === undefined) return { kind: 'refused', status: 400, why: 'no push: "ref" is missing' };
  if (branch !== undefined && ref !== `refs/heads/${branch}`) return { kind: 'ignored', why: 'other branch' };
  return { kind: 'push', once: proof.once };
}

function eventOf(headers: IncomingHttpHeaders): string | undefined {
  const named = ['x-github-event', 'x-gitea-event', 'x-forgejo-event', 'x-gitlab-event'];
  const event = named.map((name) => one(headers[name])).find((value) => value !== undefined);
  return event === 'Push Hook' ? 'push' : event;
}

function refOf(body: Buffer): string | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    const ref: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'ref') : undefined;
    return typeof ref === 'string' ? ref : undefined;
  } catch {
    return undefined;
  }
}

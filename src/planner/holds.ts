import type { Hold, PlanItem } from '../model/plan.js';
import { compromiseOf, isCompromised } from '../policy/compromised.js';
import { isFree } from './books.js';
import type { Candidate } from './choose.js';
import { type Draft, ISSUING } from './draft.js';
import type { Subject } from './input.js';
import { rebuiltHold } from './rebuilt.js';

/** Whoever pays for a key has shown once that it can be opened. */
export function recipientHold(s: Subject, chosen: Candidate): Hold | undefined {
  if (isFree(chosen.price) || s.spec.key.kind !== 'generated') return undefined;
  const proven = s.input.state.header?.provenRecipients ?? [];
  return s.input.desired.recipients.some((recipient) => proven.includes(recipient))
    ? undefined
    : {
        code: 'no-recipient-proven',
        message:
          'nobody has shown yet that the keys can be opened; run `certwright keys prove` with an identity',
      };
}

/** Nothing can be asked for without a CSR. */
export const externalHold = (s: Subject, action: PlanItem['action']): Hold | undefined =>
  s.spec.key.kind === 'external' && (action === 'order' || action === 'renew')
    ? {
        code: 'key-external',
        message: 'the key is external; name an algorithm or a CSR under `key:` to have it ordered',
      }
    : undefined;

/** Nothing that costs is bought while the record of it may have been lost. */
export const lossHold = (s: Subject, { price, provider }: Candidate): Hold | undefined =>
  isFree(price)
    ? undefined
    : rebuiltHold(s.input, { ...s, providers: [...new Set([...s.spec.providers, provider.config.id])] });

/** Nothing is ever asked for again with a key that somebody else knows. */
export function compromisedHold(s: Subject, action: PlanItem['action']): Hold | undefined {
  const { key } = s.spec;
  if (key.kind !== 'csr' || !ISSUING.has(action)) return undefined;
  const known = compromiseOf(s.input.state.header, key.keyHash);
  return (
    known && { code: 'key-compromised', message: `the key of ${key.path} is compromised: ${known.reason}` }
  );
}

const replacesCompromised = (s: Subject, { action, reason }: Draft): boolean =>
  action === 'reissue' &&
  (reason === 'KeyCompromised' || isCompromised(s.input.state.header, s.status.current?.keyHash));

/**
 * Too many certificates came out: none is asked for. What stops damage goes on: a revocation, and the one certificate, where it
 * costs nothing, that takes the place of one whose key somebody else knows.
 */
export const breakerHold = (s: Subject, draft: Draft, { price }: Candidate): Hold | undefined =>
  s.status.breaker && ISSUING.has(draft.action) && !(replacesCompromised(s, draft) && isFree(price))
    ? {
        code: 'breaker',
        message: `${s.status.breaker.why}; look, then run \`certwright resolve ${s.name} --reset-breaker\``,
      }
    : undefined;

/**
 * An account whose purchases cannot be told apart takes one at a time (DESIGN §4, anonymous slots): the next waits until
 * the outcome of the one before is recorded.
 */
export function busyHold(
  s: Subject,
  lane: Draft['lane'],
  { provider, product }: Candidate,
): Hold | undefined {
  if (lane !== 'purchase' || provider.capabilities.search !== 'none') return undefined;
  for (const { name, intents } of s.input.state.statuses.values()) {
    const open = intents.some(
      (intent) =>
        (intent.phase === 'intended' || intent.phase === 'unknown') &&
        intent.provider === provider.config.id &&
        intent.request.product === product &&
        (intent.phase === 'unknown' || intent.steps.some((step) => step.paid && step.phase === 'intended')),
    );
    if (open && name !== s.name) {
      return {
        code: 'account-busy',
        message: `the outcome of the purchase for ${name} at ${provider.config.id} is not known yet, and the account could not tell the two apart`,
      };
    }
  }
  return undefined;
}

import { emailValidationAllowed, INDUSTRY_CALENDAR } from '../model/calendar.js';
import type { PlacedIntent } from '../model/intent.js';
import type { CertificateSpec } from '../model/manifest.js';
import type { DnsName } from '../model/names.js';
import type { RequestedValidation } from '../model/order.js';
import type { Coverage, Hold } from '../model/plan.js';
import type { Status } from '../model/status.js';
import { dayOf, toMs } from '../model/time.js';
import { nextTryMs } from '../policy/failures.js';
import { MOST_REMINDERS, nextMailMs } from '../policy/mails.js';
import { lapsedAt } from '../policy/proofs.js';
import { type Draft, ISSUING } from './draft.js';
import { providerOf } from './facts.js';
import type { ProviderFacts, Subject } from './input.js';
import { failureDraft } from './waiting.js';

/** How a manifest wants control over a name to be proven. */
export function wishedValidation(spec: CertificateSpec | undefined, name: DnsName): RequestedValidation {
  const wish = spec?.validation.per[name] ?? spec?.validation;
  return {
    name,
    method: wish?.method ?? 'dns',
    ...(wish?.approver === undefined ? {} : { approver: wish.approver }),
  };
}

/** Placed orders with names that still have to be proven. */
export const awaitingProof = (status: Status): readonly PlacedIntent[] =>
  status.validation.every(({ state }) => state === 'valid')
    ? []
    : status.intents
        .filter((intent) => intent.phase === 'placed')
        .filter(({ steps }) => steps.every(({ phase }) => phase === 'done'));

/** What is asked of the provider for the names of an order that are not proven yet. */
function openProofs(status: Status, intent: PlacedIntent): readonly RequestedValidation[] {
  const open = new Set(status.validation.filter(({ state }) => state !== 'valid').map(({ name }) => name));
  return intent.request.validation.filter(({ name }) => open.has(name));
}

/**
 * What the manifest wants otherwise than it was asked for, of names that are not proven yet. `manual` asks for nothing:
 * a person proves those names by whatever is asked for.
 */
export const validationChanges = (
  status: Status,
  intent: PlacedIntent,
  spec: CertificateSpec,
): readonly RequestedValidation[] =>
  openProofs(status, intent).flatMap((asked) => {
    const wish = wishedValidation(spec, asked.name);
    const same = wish.method === asked.method && wish.approver === asked.approver;
    return same || wish.method === 'manual' ? [] : [wish];
  });

/** One wish, as its refusal remembers it. */
export const wishText = (items: readonly RequestedValidation[]): string =>
  items.map(({ name, method, approver }) => [name, method, approver ?? ''].join(' ')).join('; ');

/** `a.example.com from dns to email`. */
export const changesText = (intent: PlacedIntent, items: readonly RequestedValidation[]): string =>
  items
    .map(({ name, method, approver }) => {
      const before = intent.request.validation.find((asked) => asked.name === name)?.method;
      const to = `${method}${approver === undefined ? '' : ` (${approver})`}`;
      return before === method ? `${name} to ${to}` : `${name} from ${before ?? 'nothing'} to ${to}`;
    })
    .join(', ');

/** DESIGN §2, rule 6: a manifest may change its mind about the proof while the order waits for it. */
export function validationDrafts(s: Subject): readonly Draft[] {
  return awaitingProof(s.status).flatMap((intent) => {
    const items = validationChanges(s.status, intent, s.spec);
    return items.length === 0 ? reminders(s, intent) : [draftFor(s, intent, items)];
  });
}

/** Names of an order whose approvers have not answered. */
export const unanswered = (status: Status, intent: PlacedIntent): readonly RequestedValidation[] =>
  openProofs(status, intent).filter(({ method }) => method === 'email');

/** Approvers that were silent for days are written to again, a few times, where the provider has a call for it. */
function reminders(s: Subject, intent: PlacedIntent): readonly Draft[] {
  const items = unanswered(s.status, intent);
  const [first, ...more] = items;
  const dueAtMs = nextMailMs(toMs(intent.placedAt), intent.mails);
  if (!first || dueAtMs === undefined || s.input.nowMs < dueAtMs) return [];
  if (!providerOf(s, intent.provider)?.capabilities.resendMails) return [];
  const who = `${first.name}${more.length === 0 ? '' : ` and ${more.length} more`}`;
  const count = (intent.mails?.count ?? 0) + 1;
  return [
    {
      lane: 'free',
      action: 'validate',
      reason: 'MailUnanswered',
      message: `the mail for ${who} of order ${intent.orderId} is not answered; it is sent again (${count} of ${MOST_REMINDERS})`,
      provider: intent.provider,
      product: intent.request.product,
      predecessor: intent.orderId,
      intent: intent.id,
      dueAtMs,
      byEdit: false,
    },
  ];
}

function draftFor(s: Subject, intent: PlacedIntent, items: readonly RequestedValidation[]): Draft {
  const failure = intent.validationFailure;
  if (failure && failure.wish === wishText(items) && s.input.nowMs < nextTryMs(failure)) {
    return failureDraft('free', failure);
  }
  const draft: Draft = {
    lane: 'free',
    action: 'validate',
    reason: 'ValidationChanged',
    message: `the validation of order ${intent.orderId} changes: ${changesText(intent, items)}`,
    provider: intent.provider,
    product: intent.request.product,
    predecessor: intent.orderId,
    intent: intent.id,
    byEdit: true,
  };
  const capabilities = providerOf(s, intent.provider)?.capabilities;
  if (!capabilities || capabilities.changeValidation) return draft;
  const why = capabilities.notes.changeValidation ?? 'it has no call for it';
  return {
    ...draft,
    hold: {
      code: 'unsupported',
      message: `${intent.provider} cannot change the validation of an order: ${why}; change it in its portal, or take the change back in the manifest`,
    },
  };
}

/**
 * Names that are proven by mail, which no public authority takes any more from a day of the calendar on: said of a term
 * that goes on after it, and held from that day where it costs; what is free is tried.
 */
export function mailProofs(
  s: Subject,
  draft: Draft,
  provider: ProviderFacts,
  coverage: Coverage | undefined,
  paid: boolean,
): { readonly hold?: Hold; readonly notes: readonly string[] } {
  if (!ISSUING.has(draft.action) || provider.capabilities.trust !== 'public') return { notes: [] };
  const names = (draft.names ?? s.spec.names).filter(
    (name) => wishedValidation(s.spec, name).method === 'email',
  );
  const [first, ...more] = names;
  if (first === undefined) return { notes: [] };
  const who = more.length === 0 ? `${first} is` : `${first} and ${more.length} more are`;
  const last = INDUSTRY_CALENDAR.emailValidationEnds;
  if (!emailValidationAllowed(s.input.nowMs)) {
    const message = `${who} to be proven by mail, which proves nothing since ${last}; write validation: dns or http`;
    return paid ? { hold: { code: 'not-served', message }, notes: [] } : { notes: [message] };
  }
  if (coverage === undefined || emailValidationAllowed(toMs(coverage.till))) return { notes: [] };
  return {
    notes: [
      `${who} proven by mail, which proves nothing from ${last} on; the term goes on after it, so change validation: to dns or http before`,
    ],
  };
}

/** Names that an order goes on with, and that have to be proven anew: their proof is too old to be used again. */
export function lapsedProofs(s: Subject, draft: Draft, provider: ProviderFacts): readonly string[] {
  if (!ISSUING.has(draft.action) || draft.action === 'order') return [];
  const names = draft.names ?? s.spec.names;
  const [first, ...more] = lapsedAt(s.status.proofs, provider.config.id, names, s.input.nowMs);
  if (first === undefined) return [];
  const { method } = wishedValidation(s.spec, first.name);
  const who = `${first.name}${more.length === 0 ? '' : ` and ${more.length} more`}`;
  return [
    `${who} ${more.length === 0 ? 'has' : 'have'} to be proven anew, by ${method}: the proof of ${dayOf(toMs(first.provenAt))} is too old`,
  ];
}

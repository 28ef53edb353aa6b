import type { ApprovalRecord } from '../model/intent.js';
import type { Spec } from '../model/manifest.js';
import type { OrderSnapshot } from '../model/order.js';
import type { Coverage, PlanItem, PlanPrice } from '../model/plan.js';
import { parseTerm } from '../model/term.js';
import { addTerm } from '../model/term-end.js';
import { DAY_MS, toInstant, toMs } from '../model/time.js';
import { type ApprovalAnswer, approvalFor, approvalKindOf } from '../policy/approvals.js';
import { type EffectivePolicy, effectivePolicy } from '../policy/rules.js';
import { certificatesForTerm } from '../policy/schedule.js';
import { costOf } from '../policy/spending.js';
import { type Books, costs, isFree, productHold, promise, spendingHold } from './books.js';
import { type Candidate, chooseProvider } from './choose.js';
import { type Draft, SENDING } from './draft.js';
import { headOf, isGone, orderById, usedApprovals } from './facts.js';
import { breakerHold, busyHold, compromisedHold, externalHold, lossHold, recipientHold } from './holds.js';
import type { PlanInput, Subject } from './input.js';
import { preflightOf } from './preflight.js';
import { freeSlot, takenInstead } from './slots.js';
import { standingHold } from './standing.js';
import { validationLevel } from './timing.js';
import { lapsedProofs, mailProofs } from './validation.js';

/** A draft becomes a line: provider chosen, priced, approved and within limits, or held with the reason. */
export function settle(s: Subject, draft: Draft, books: Books): PlanItem {
  const base = itemBase(s, draft);
  if (!SENDING.has(draft.action)) return settleExisting(s.input, base, draft);
  const policy = effectivePolicy(s.input.desired.policy, s.name);
  const choice = chooseProvider(s, draft, (candidate) =>
    freeSlot(s, draft, candidate, books.slots) ? undefined : spendingHold(s, candidate, policy, books),
  );
  const { chosen } = choice;
  const refused = draft.hold ?? choice.hold;
  if (!chosen) {
    const price: PlanPrice =
      draft.priced === undefined ? base.price : { kind: 'unknown', why: 'there is no provider to ask' };
    return { ...base, price, ...(refused === undefined ? {} : { hold: refused }) };
  }
  const slot = draft.hold === undefined ? freeSlot(s, draft, chosen, books.slots) : undefined;
  if (slot && chosen.refused === undefined) return settleSlot(s, draft, chosen, { slot, books, policy });
  const lane = draft.priced === 'add-names' && costs(chosen.price) ? 'purchase' : draft.lane;
  const action = lane === 'purchase' && draft.action === 'reissue' ? 'add-names' : draft.action;
  const priced: Draft = { ...draft, lane, action };
  const answer = approve(s, priced, chosen, policy);
  const standing =
    draft.hold ??
    externalHold(s, action) ??
    compromisedHold(s, action) ??
    choice.hold ??
    standingHold(s.input, action, isFree(chosen.price)) ??
    lossHold(s, chosen) ??
    recipientHold(s, chosen) ??
    breakerHold(s, priced, chosen) ??
    productHold(chosen, books) ??
    (answer.kind === 'hold' ? answer.hold : undefined) ??
    spendingHold(s, chosen, policy, books) ??
    busyHold(s, lane, chosen);
  // Last: names are looked at only where nothing else stands in the way.
  const { blocked, notes } = standing
    ? { blocked: undefined, notes: [] }
    : preflightOf(s, priced, chosen, !isFree(chosen.price));
  const coverage = draft.coverage ?? coverageOf(s, priced, chosen);
  const mails = mailProofs(s, priced, chosen.provider, coverage, !isFree(chosen.price));
  const hold = standing ?? mails.hold ?? blocked;
  const said = standing ? [] : [...mails.notes, ...lapsedProofs(s, priced, chosen.provider), ...notes];
  if (hold === undefined) promise(s, chosen, books);
  return {
    ...base,
    lane,
    action,
    message: [draft.message, ...choice.passed.map((p) => `not at ${p.provider}: ${p.why}`)].join('; '),
    sideEffects: [...base.sideEffects, ...leftBehind(s, priced, chosen)],
    provider: chosen.provider.config.id,
    environment: chosen.provider.config.environment,
    product: chosen.product,
    ...(chosen.term === undefined ? {} : { term: chosen.term }),
    names: draft.names ?? s.spec.names,
    price: chosen.price,
    ...(coverage === undefined ? {} : { coverage }),
    ...(hold === undefined ? {} : { hold }),
    ...(said.length === 0 ? {} : { preflight: said }),
    ...(hold === undefined && answer.kind === 'granted' ? { approval: recordOf(answer) } : {}),
    alternatives: choice.others.map((other) => ({ provider: other.provider.config.id, price: other.price })),
  };
}

/** Nothing is bought: neither price nor limits stand in the way. */
function settleSlot(
  s: Subject,
  draft: Draft,
  chosen: Candidate,
  {
    slot,
    books,
    policy,
  }: { readonly slot: OrderSnapshot; readonly books: Books; readonly policy: EffectivePolicy },
): PlanItem {
  const { config, balance } = chosen.provider;
  const item = takenInstead(itemBase(s, draft), slot, config.currency ?? balance?.currency ?? 'USD');
  const free: Candidate = { ...chosen, price: { kind: 'free' } };
  const answer = approve(s, { ...draft, action: 'adopt', predecessor: slot.id }, free, policy);
  const hold =
    externalHold(s, 'order') ??
    standingHold(s.input, 'adopt', true) ??
    (answer.kind === 'hold' ? answer.hold : undefined);
  if (hold === undefined) books.slots.add(slot.id);
  return {
    ...item,
    provider: config.id,
    environment: config.environment,
    product: chosen.product,
    ...(chosen.term === undefined ? {} : { term: chosen.term }),
    names: s.spec.names,
    ...(hold === undefined ? {} : { hold }),
    ...(hold === undefined && answer.kind === 'granted' ? { approval: recordOf(answer) } : {}),
  };
}

const recordOf = (answer: Extract<ApprovalAnswer, { kind: 'granted' }>): ApprovalRecord => answer.record;

/** Is this change of names sold, and so a purchase? */
export const addsNamesForMoney = (s: Subject, draft: Draft): boolean =>
  draft.priced === 'add-names' &&
  costs(chooseProvider(s, draft, () => undefined).chosen?.price ?? { kind: 'free' });

export function itemBase(
  s: { readonly name: string; readonly spec?: Pick<Spec, 'owner'> },
  draft: Draft,
): PlanItem {
  return {
    name: s.name,
    lane: draft.lane,
    action: draft.action,
    reason: draft.reason,
    message: draft.message,
    ...(s.spec?.owner === undefined ? {} : { owner: s.spec.owner }),
    price: { kind: 'free' },
    sideEffects: draft.sideEffects ?? [],
    ...(draft.predecessor === undefined ? {} : { predecessor: draft.predecessor }),
    ...(draft.intent === undefined ? {} : { intent: draft.intent }),
    ...(draft.waitingFor === undefined ? {} : { waitingFor: draft.waitingFor }),
    ...(draft.dueAtMs === undefined ? {} : { dueAt: toInstant(draft.dueAtMs) }),
    ...(draft.hold === undefined ? {} : { hold: draft.hold }),
    byEdit: draft.byEdit,
    alternatives: [],
  };
}

/** Lines about something that exists (open intents, adopts) know where without choosing. */
function describeExisting(input: PlanInput, draft: Draft): Partial<PlanItem> {
  const provider = draft.provider === undefined ? undefined : input.providers.get(draft.provider);
  return {
    ...(draft.provider === undefined ? {} : { provider: draft.provider }),
    ...(provider === undefined ? {} : { environment: provider.config.environment }),
    ...(draft.product === undefined ? {} : { product: draft.product }),
    ...(draft.term === undefined ? {} : { term: draft.term }),
  };
}

/** A line of a certificate that has no manifest any more: what it sends is free and switches something off. */
export function settleGone(input: PlanInput, name: string, draft: Draft): PlanItem {
  const item = settleExisting(input, itemBase({ name }, draft), draft);
  return SENDING.has(draft.action) && item.hold === undefined
    ? { ...item, approval: { kind: 'free' } }
    : item;
}

/** A line that chooses and costs nothing. */
export function settleExisting(input: PlanInput, base: PlanItem, draft: Draft): PlanItem {
  const hold = draft.hold ?? standingHold(input, draft.action, true);
  return { ...base, ...describeExisting(input, draft), ...(hold === undefined ? {} : { hold }) };
}

/**
 * Where nothing is ever paid, an order that failed (a proof that was not there) is simply placed again, as slowly as the
 * failure ladder says. One that a person gave up is not.
 */
const triesAgain = (s: Subject, { price, provider }: Candidate): boolean =>
  !provider.capabilities.terms && isFree(price) && headOf(s)?.abandoned === undefined;

function approve(s: Subject, draft: Draft, chosen: Candidate, policy: EffectivePolicy): ApprovalAnswer {
  const { price, provider } = chosen;
  const need = {
    certificate: s.name,
    action: draft.action,
    ...(draft.predecessor === undefined ? {} : { predecessor: draft.predecessor }),
    predecessorDied: draft.reason === 'OrderDied' && !triesAgain(s, chosen),
    provider: provider.config.id,
    environment: provider.config.environment,
    product: chosen.product,
    ...(chosen.term === undefined ? {} : { term: chosen.term }),
    names: draft.names ?? s.spec.names,
    price: price.kind === 'known' ? costOf(price.amount, provider.config.tax) : null,
  };
  return approvalFor(
    need,
    policy.approval[approvalKindOf(need)],
    s.spec,
    s.input.desired.approvals,
    usedApprovals(s.input),
    s.input.nowMs,
  );
}

/** What a purchase buys: from now (or the end of what is paid, where days carry over) for the term. */
function coverageOf(s: Subject, draft: Draft, chosen: Candidate): Coverage | undefined {
  const term = chosen.term === undefined ? undefined : parseTerm(chosen.term);
  if (!term || (draft.action !== 'order' && draft.action !== 'renew')) return undefined;
  const { capabilities } = chosen.provider;
  const carriedMs = carriesOver(s, draft, chosen) ? remainingMs(s, draft) : 0;
  const paidTillMs = addTerm(s.input.nowMs, term, capabilities.termCounting) + carriedMs;
  return {
    from: toInstant(s.input.nowMs),
    till: toInstant(paidTillMs),
    certificates: certificatesForTerm(
      { fromMs: s.input.nowMs, paidTillMs },
      {
        validation: validationLevel(chosen.provider, chosen.product),
        ...(s.spec.reissueBeforeMs === undefined ? {} : { reissueBeforeMs: s.spec.reissueBeforeMs }),
        ...(s.input.calendar === undefined ? {} : { calendar: s.input.calendar }),
      },
    ),
  };
}

/** Days of the old order that are left, where it is living. */
function remainingMs(s: Subject, draft: Draft): number {
  const old = draft.predecessor === undefined ? undefined : orderById(s.status, draft.predecessor);
  return old?.paidTill && !isGone(old) ? Math.max(0, toMs(old.paidTill) - s.input.nowMs) : 0;
}

/** A renewal carries days over only where the old order is. */
const carriesOver = (s: Subject, draft: Draft, chosen: Candidate): boolean =>
  draft.action === 'renew' &&
  chosen.provider.capabilities.carriesRemainingDays &&
  orderById(s.status, draft.predecessor ?? '')?.provider === chosen.provider.config.id;

/** What a renewal elsewhere gives away. */
function leftBehind(s: Subject, draft: Draft, chosen: Candidate): readonly string[] {
  const old = draft.action === 'renew' ? orderById(s.status, draft.predecessor ?? '') : undefined;
  if (!old || old.provider === chosen.provider.config.id) return [];
  const days = Math.floor(remainingMs(s, draft) / DAY_MS);
  return [
    `order ${old.id} at ${old.provider} is not renewed; ${days === 1 ? '1 day of it is' : `${days} days of it are`} given away`,
  ];
}

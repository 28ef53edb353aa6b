import type { ApprovalMode } from '../model/configuration.js';
import { findLicence } from '../model/licence.js';
import type { Coverage, Hold, PlanItem, PlanPrice } from '../model/plan.js';
import { parseTerm } from '../model/term.js';
import { addTerm } from '../model/term-end.js';
import { dayOf, toInstant, toMs } from '../model/time.js';
import { type ApprovalAnswer, approvalFor, approvalKindOf, endingMode } from '../policy/approvals.js';
import { effectivePolicy } from '../policy/rules.js';
import { costOf } from '../policy/spending.js';
import { type Books, isFree, productHold, promise, spendingHold } from './books.js';
import type { Candidate } from './choose.js';
import { SENDING } from './draft.js';
import { usedApprovals } from './facts.js';
import { type PriceQuestion, type ProviderFacts, priceKey } from './input.js';
import { isThere, type LicenceSubject, mainOrder, questionFor } from './licence.js';
import type { LicenceDraft } from './licence-drafts.js';
import { rebuiltHold } from './rebuilt.js';
import { itemBase, settleExisting } from './settle.js';
import { standingHold } from './standing.js';

/** A site and what its licences lack. */
export interface DraftedSite {
  readonly subject: LicenceSubject;
  readonly drafts: readonly LicenceDraft[];
}

/** Prices to be asked before its drafts can be settled. */
export const licenceQuestions = ({ subject, drafts }: DraftedSite): readonly PriceQuestion[] =>
  drafts.flatMap((draft) => {
    const { priced, provider = '', product = '', hold } = draft;
    const account = subject.input.providers.get(provider);
    const sold = findLicence(account?.licences, product);
    if (hold !== undefined || !account || !sold || (priced !== 'order' && priced !== 'renew')) return [];
    return [questionFor(subject, account, sold, priced, draft.predecessor)];
  });

/**
 * One purchase of a site is carried out at a time; what has to wait for an earlier one of this plan is queued behind it, at
 * the price it will have, and counts in the books. Sites that join another customer come after that customer's first.
 */
export function settleSites(sites: readonly DraftedSite[], books: Books): readonly PlanItem[] {
  const done = new Map<string, readonly PlanItem[]>();
  const waiting = [...sites];
  while (waiting.length > 0) {
    const next = waiting.findIndex(({ drafts }) =>
      drafts.every(
        ({ needsSite }) => needsSite === undefined || done.has(needsSite) || !isDrafted(sites, needsSite),
      ),
    );
    const [site] = waiting.splice(Math.max(0, next), 1);
    if (site) done.set(site.subject.name, settleSite(site, done, books));
  }
  return [...done.values()].flat();
}

const isDrafted = (sites: readonly DraftedSite[], name: string): boolean =>
  sites.some(({ subject }) => subject.name === name);

function settleSite(
  { subject: s, drafts }: DraftedSite,
  done: ReadonlyMap<string, readonly PlanItem[]>,
  books: Books,
): readonly PlanItem[] {
  const items: PlanItem[] = [];
  for (const draft of drafts) {
    if (!SENDING.has(draft.action)) items.push(settleExisting(s.input, unsold(itemBase(s, draft)), draft));
    else if (draft.lane === 'free') items.push(settleCancellation(s, draft));
    else items.push(settlePurchase(s, draft, items, done, books));
  }
  return items;
}

/** Nobody can say what it would cost. */
const unsold = (base: PlanItem): PlanItem =>
  base.hold?.code === 'not-served'
    ? { ...base, price: { kind: 'unknown', why: 'there is no provider to ask' } }
    : base;

/** What has to be there first, or why it will not be. */
type Before = { readonly queued: string } | { readonly hold: Hold } | undefined;

function before(
  draft: LicenceDraft,
  items: readonly PlanItem[],
  done: ReadonlyMap<string, readonly PlanItem[]>,
): Before {
  if (draft.needsSite !== undefined) {
    const [first] = (done.get(draft.needsSite) ?? []).filter(isMainPurchase);
    if (first && first.hold === undefined) return { queued: `the first licence of ${draft.needsSite}` };
    const why = first?.hold ? `: ${first.hold.message}` : ', which is not bought yet';
    const message = `it waits for ${draft.needsSite}, its customer's first site${why}`;
    return { hold: { code: first?.hold?.code ?? 'account-busy', message } };
  }
  const purchases = items.filter(
    ({ lane, hold, action }) => lane === 'purchase' && SENDING.has(action) && !hold,
  );
  if (draft.needsMain) {
    const main = items.find((item) => item.lane === 'purchase' && item.licence?.role !== 'add-on');
    if (main?.hold)
      return {
        hold: { code: main.hold.code, message: `it waits for the main licence: ${main.hold.message}` },
      };
    if (!main || !SENDING.has(main.action)) {
      return {
        hold: {
          code: 'unsupported',
          message: 'an add-on needs a live main licence of its site, and there is none',
        },
      };
    }
  }
  const first = purchases.at(-1);
  return first && { queued: first.product ?? 'the one before' };
}

const isMainPurchase = ({ lane, action, licence }: PlanItem): boolean =>
  lane === 'purchase' && SENDING.has(action) && licence?.role === 'main';

function settlePurchase(
  s: LicenceSubject,
  draft: LicenceDraft,
  items: readonly PlanItem[],
  done: ReadonlyMap<string, readonly PlanItem[]>,
  books: Books,
): PlanItem {
  const base = { ...itemBase(s, draft), ...(draft.licence === undefined ? {} : { licence: draft.licence }) };
  const provider = s.input.providers.get(draft.provider ?? '');
  if (!provider) return base;
  const chosen = candidate(s, draft, provider);
  const policy = effectivePolicy(s.input.desired.policy, s.name);
  const answer = approve(
    s,
    draft,
    chosen,
    policy.approval[approvalKindOf({ action: draft.action, price: costed(chosen) })],
  );
  const first = before(draft, items, done);
  const hold =
    draft.hold ??
    (first && 'hold' in first ? waitingHold(first.hold, answer) : undefined) ??
    downHold(provider) ??
    standingHold(s.input, draft.action, isFree(chosen.price)) ??
    (isFree(chosen.price) ? undefined : rebuiltHold(s.input, { ...s, providers: [provider.config.id] })) ??
    productHold(chosen, books) ??
    (answer.kind === 'hold' ? answer.hold : undefined) ??
    spendingHold(s, chosen, policy, books);
  if (hold === undefined) promise(s, chosen, books);
  const coverage = coverageOf(s, draft, chosen);
  return {
    ...base,
    provider: provider.config.id,
    environment: provider.config.environment,
    product: chosen.product,
    ...(chosen.term === undefined ? {} : { term: chosen.term }),
    names: [s.spec.domain],
    price: chosen.price,
    ...(coverage === undefined ? {} : { coverage }),
    sideEffects: [...base.sideEffects, ...besides(s, draft, chosen, coverage)],
    ...(hold === undefined ? {} : { hold }),
    ...(hold === undefined && first && 'queued' in first ? { queued: first.queued } : {}),
    ...(hold === undefined && answer.kind === 'granted' ? { approval: answer.record } : {}),
  };
}

/**
 * What waits for another line's approval asks for its own meanwhile; one that has its own is not to be approved once more.
 */
function waitingHold(hold: Hold, answer: ApprovalAnswer): Hold {
  if (hold.code !== 'approval-missing') return hold;
  return answer.kind === 'hold' ? answer.hold : { ...hold, code: 'account-busy' };
}

const downHold = ({ down }: ProviderFacts): Hold | undefined =>
  down === undefined ? undefined : { code: 'provider-down', message: `${down}; the next run tries again` };

function candidate(s: LicenceSubject, draft: LicenceDraft, provider: ProviderFacts): Candidate {
  const { product = '', term, priced } = draft;
  const sold = findLicence(provider.licences, product);
  const action = priced === 'renew' ? 'renew' : 'order';
  const key = sold && priceKey(questionFor(s, provider, sold, action, draft.predecessor));
  const price: PlanPrice = (key === undefined ? undefined : s.facts.prices[key]) ?? {
    kind: 'unknown',
    why: 'not asked yet',
  };
  return { provider, product, ...(term === undefined ? {} : { term }), price };
}

/** As it will be charged; null: free, or not known. */
const costed = ({ price, provider }: Candidate) =>
  price.kind === 'known' ? costOf(price.amount, provider.config.tax) : null;

function approve(
  s: LicenceSubject,
  draft: LicenceDraft,
  chosen: Candidate,
  mode: ApprovalMode,
): ApprovalAnswer {
  const { provider, product, term } = chosen;
  return approvalFor(
    {
      certificate: s.name,
      action: draft.action,
      ...(draft.predecessor === undefined ? {} : { predecessor: draft.predecessor }),
      predecessorDied: draft.reason === 'OrderDied',
      ...(draft.doubt === undefined ? {} : { doubt: draft.doubt }),
      provider: provider.config.id,
      environment: provider.config.environment,
      product,
      ...(term === undefined ? {} : { term }),
      names: [s.spec.domain],
      price: costed(chosen),
    },
    mode,
    s.spec,
    s.input.desired.approvals,
    usedApprovals(s.input),
    s.input.nowMs,
  );
}

/** From now on: whether a renewal begins at the end of the term before is not documented. */
function coverageOf(
  s: LicenceSubject,
  draft: LicenceDraft,
  { term: text, provider }: Candidate,
): Coverage | undefined {
  const term = text === undefined ? undefined : parseTerm(text);
  if (!term || draft.hold) return undefined;
  const tillMs = addTerm(s.input.nowMs, term, provider.capabilities.termCounting);
  return { from: toInstant(s.input.nowMs), till: toInstant(tillMs), certificates: 0 };
}

/** What a reader has to know beside price and term. */
function besides(
  s: LicenceSubject,
  draft: LicenceDraft,
  { provider }: Candidate,
  coverage: Coverage | undefined,
): readonly string[] {
  const id = provider.config.id;
  const main = mainOrder(s);
  const mainTill = main && isThere(main, s.input.nowMs) ? main.paidTill : undefined;
  const ends =
    draft.licence?.role === 'add-on' && coverage && mainTill && toMs(mainTill) < toMs(coverage.till);
  return [
    ...(s.spec.renewedBy === 'provider' && coverage
      ? [
          `${id} renews it by itself from ${dayOf(toMs(coverage.till))} on, outside every limit and without approval`,
        ]
      : []),
    ...(ends
      ? [`the main licence is paid till ${dayOf(toMs(mainTill))}; without it the add-on is of no use`]
      : []),
  ];
}

function settleCancellation(s: LicenceSubject, draft: LicenceDraft): PlanItem {
  const settled = settleExisting(s.input, itemBase(s, draft), draft);
  const item = { ...settled, names: [s.spec.domain], ...(draft.licence ? { licence: draft.licence } : {}) };
  const { provider, environment } = item;
  if (item.hold || provider === undefined || environment === undefined) return item;
  const answer = approvalFor(
    {
      certificate: s.name,
      action: draft.action,
      ...(draft.predecessor === undefined ? {} : { predecessor: draft.predecessor }),
      predecessorDied: false,
      provider,
      environment,
      product: item.product ?? '',
      ...(item.term === undefined ? {} : { term: item.term }),
      names: item.names,
      price: null,
    },
    endingMode(effectivePolicy(s.input.desired.policy, s.name).approval.revoke),
    s.spec,
    s.input.desired.approvals,
    usedApprovals(s.input),
    s.input.nowMs,
  );
  return answer.kind === 'granted' ? { ...item, approval: answer.record } : { ...item, hold: answer.hold };
}

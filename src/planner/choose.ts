import type { Hold, HoldCode, PlanPrice } from '../model/plan.js';
import type { Draft } from './draft.js';
import { isRenewable, orderById, productAt, providerOf, termAt } from './facts.js';
import {
  type PricedAction,
  type PriceQuestion,
  type ProviderFacts,
  priceKey,
  type Subject,
} from './input.js';

export interface Candidate {
  readonly provider: ProviderFacts;
  readonly product: string;
  readonly term?: string;
  readonly price: PlanPrice;
  /** Why it cannot serve; absent: it can. */
  readonly refused?: string;
}

export interface Choice {
  readonly chosen?: Candidate;
  /** What could serve as well. */
  readonly others: readonly Candidate[];
  /** Preferred ones that were passed over, and why. */
  readonly passed: readonly { readonly provider: string; readonly why: string }[];
  readonly hold?: Hold;
}

/** What speaks against a provider and not against the purchase: another one may be asked for a better price. */
const PRICE: ReadonlySet<HoldCode> = new Set([
  'price-unknown',
  'price-above-ceiling',
  'limit-order',
  'currency-differs',
  'balance',
]);

/**
 * The preferred provider that can serve, at a price that may be paid, wins. An order that exists stays where it is; only
 * a first order, or a renewal by a new order, may choose.
 * @param money  why money must not move for a candidate
 */
export function chooseProvider(
  s: Subject,
  draft: Draft,
  money: (candidate: Candidate) => Hold | undefined,
): Choice {
  const ids = draft.provider === undefined ? s.spec.providers : [draft.provider];
  const candidates = ids.flatMap((id) => {
    const provider = providerOf(s, id);
    return provider ? [candidate(s, draft, provider)] : [];
  });
  if (candidates.length === 0) {
    const message =
      ids.length === 0
        ? 'the manifest names no provider'
        : `the configuration has no provider ${ids.map((id) => `"${id}"`).join(', ')}`;
    return { others: [], passed: [], hold: { code: 'no-provider', message } };
  }
  const why = (candidate: Candidate): string | undefined => {
    if (candidate.refused !== undefined) return candidate.refused;
    const hold = money(candidate);
    return hold && PRICE.has(hold.code) ? hold.message : undefined;
  };
  const chosen =
    candidates.find((c) => why(c) === undefined) ?? candidates.find((c) => c.refused === undefined);
  if (chosen) {
    const before = candidates.slice(0, candidates.indexOf(chosen));
    return {
      chosen,
      others: candidates.filter((c) => c !== chosen && why(c) === undefined),
      passed: before.map((c) => ({ provider: c.provider.config.id, why: why(c) ?? '' })),
    };
  }
  const first = candidates[0];
  const reasons = candidates.map((c) => `${c.provider.config.id}: ${c.refused ?? ''}`).join('; ');
  // One that answers again may serve; what nobody sells takes an edit.
  const down = candidates.some((c) => c.refused === c.provider.down);
  return {
    ...(first === undefined ? {} : { chosen: first }),
    others: [],
    passed: [],
    hold: down
      ? { code: 'provider-down', message: `${reasons}; the next run tries again` }
      : { code: 'not-served', message: reasons },
  };
}

/** Continuing an order is a renewal only where that order is; elsewhere it is a first one. */
function actionAt(s: Subject, draft: Draft, provider: string): PricedAction | undefined {
  if (draft.priced !== 'renew' || draft.predecessor === undefined) return draft.priced;
  const head = orderById(s.status, draft.predecessor);
  if (head && head.provider !== provider) return 'order';
  const capabilities = providerOf(s, provider)?.capabilities;
  return head && capabilities && !isRenewable(head, capabilities, s.input.nowMs) ? 'order' : 'renew';
}

function candidate(s: Subject, draft: Draft, provider: ProviderFacts): Candidate {
  const product = draft.product ?? productAt(s.spec, provider) ?? '';
  const term = draft.provider === undefined ? termAt(s.spec, provider) : draft.term;
  const price = priceOf(s, draft, provider, product, term);
  const refused = refusal(s, draft, provider, product, price);
  return {
    provider,
    product,
    ...(term === undefined ? {} : { term }),
    price,
    ...(refused === undefined ? {} : { refused }),
  };
}

const BUYING: ReadonlySet<PricedAction> = new Set(['order', 'renew', 'add-names']);

/** The account whose orders this one delivers: a purchase of its own could not be told apart from those. */
const sellerFor = (s: Subject, { config }: ProviderFacts): string | undefined =>
  [...s.input.providers.values()].find(({ capabilities }) => capabilities.deliveredBy === config.id)?.config
    .id;

function refusal(
  s: Subject,
  draft: Draft,
  provider: ProviderFacts,
  product: string,
  price: PlanPrice,
): string | undefined {
  if (draft.priced === undefined) return undefined;
  const seller = BUYING.has(draft.priced) ? sellerFor(s, provider) : undefined;
  if (seller !== undefined) {
    return `${provider.config.id} delivers what ${seller} sells, and nothing is bought there; write \`provider: ${seller}\``;
  }
  if (product === '') return 'no product is named, and it has no default';
  const violations = s.facts.violations[provider.config.id] ?? [];
  if (violations.length > 0) return violations.map((v) => v.message).join(', ');
  return provider.down ?? (price.kind === 'unknown' && price.sold === false ? price.why : undefined);
}

function priceOf(
  s: Subject,
  draft: Draft,
  provider: ProviderFacts,
  product: string,
  term: string | undefined,
): PlanPrice {
  const action = actionAt(s, draft, provider.config.id);
  if (action === undefined) return { kind: 'free' };
  if (!provider.capabilities.terms && action !== 'add-names' && action !== 'reissue') {
    return { kind: 'free' };
  }
  if (action === 'add-names' && provider.capabilities.reissue === 'free' && !provider.capabilities.quote) {
    return { kind: 'free' };
  }
  const key = priceKey({
    provider: provider.config.id,
    action,
    product,
    ...(term ? { term } : {}),
  });
  return s.facts.prices[key] ?? { kind: 'unknown', why: 'not asked yet' };
}

/** What has to be asked before this draft can be settled: once per candidate. */
export function questionsOf(s: Subject, draft: Draft): readonly PriceQuestion[] {
  if (draft.hold !== undefined) return [];
  const ids = draft.provider === undefined ? s.spec.providers : [draft.provider];
  return ids.flatMap((id) => {
    const provider = providerOf(s, id);
    const action = actionAt(s, draft, id);
    if (!provider || action === undefined) return [];
    const product = draft.product ?? productAt(s.spec, provider);
    if (product === undefined) return [];
    const term = draft.provider === undefined ? termAt(s.spec, provider) : draft.term;
    return [
      {
        name: s.name,
        provider: id,
        environment: provider.config.environment,
        action,
        product,
        ...(term === undefined ? {} : { term }),
        names: s.spec.names,
        ...(draft.predecessor === undefined ? {} : { predecessor: draft.predecessor }),
      },
    ];
  });
}

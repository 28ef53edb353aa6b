import { licenceRenewBeforeMs } from '../model/licence.js';
import type { Spec } from '../model/manifest.js';
import type { Money } from '../model/money.js';
import type { HoldCode, PlanItem, PlanPrice } from '../model/plan.js';
import { parseTerm, type Term } from '../model/term.js';
import { addTerm } from '../model/term-end.js';
import { toMs } from '../model/time.js';
import { renewal } from '../policy/schedule.js';
import { costOf } from '../policy/spending.js';
import { isCertificate, type PlanInput, type PriceQuestion, type ProviderFacts } from './input.js';
import { providerRenewals, renewalQuestions } from './licence-forecast.js';
import { makePlan, priceQuestions } from './plan.js';
import { validationLevel } from './timing.js';

/** A purchase that falls due before a certain day, as far as it can be told today. */
export interface Upcoming {
  readonly name: string;
  readonly provider: string;
  readonly action: PlanItem['action'];
  readonly product: string;
  readonly term?: string;
  /** Now, for what is due already. */
  readonly dueMs: number;
  /** For one such purchase. */
  readonly price: PlanPrice;
}

/** Holds no money waits behind: something else has to change before the purchase is one. */
const NOT_A_MATTER_OF_MONEY: ReadonlySet<HoldCode> = new Set([
  'approval-never',
  'foreign-order',
  'key-compromised',
  'key-external',
  'manifest-invalid',
  'no-provider',
  'not-served',
  'suspended',
  'unsupported',
]);

/** What has to be asked before `upcomingPurchases` knows prices. */
export const upcomingQuestions = (input: PlanInput, untilMs: number): readonly PriceQuestion[] => [
  ...priceQuestions({ ...input, nowMs: untilMs }),
  ...renewalQuestions(input),
];

/**
 * Every purchase that falls due until then, held ones included where money or an approval is all they wait for, and what a
 * provider will renew by itself. A term shorter than that falls due again, at the same price. What nobody declared yet
 * cannot be told.
 */
export function upcomingPurchases(input: PlanInput, untilMs: number): readonly Upcoming[] {
  const specs = new Map(input.desired.specs.map((spec) => [spec.name, spec]));
  const ours = makePlan({ ...input, nowMs: untilMs }).items.flatMap((item) => {
    const { name, provider, product, price, hold } = item;
    if (item.lane !== 'purchase' || price.kind === 'free' || provider === undefined) return [];
    if (product === undefined || (hold && NOT_A_MATTER_OF_MONEY.has(hold.code))) return [];
    const spec = specs.get(name);
    const dueMs = Math.max(input.nowMs, item.dueAt === undefined ? input.nowMs : toMs(item.dueAt));
    const again = spec !== undefined && renewsAgain(spec);
    const dues = again ? dueDates(input, item, spec, dueMs, untilMs) : [dueMs];
    return dues.map((at) => ({
      name,
      provider,
      action: item.action,
      product,
      ...(item.term === undefined ? {} : { term: item.term }),
      dueMs: at,
      price,
    }));
  });
  return [...ours, ...providerRenewals(input, untilMs)];
}

function dueDates(
  input: PlanInput,
  item: PlanItem,
  spec: Spec,
  firstMs: number,
  untilMs: number,
): readonly number[] {
  const dues = [firstMs];
  const provider = input.providers.get(item.provider ?? '');
  const term = item.term === undefined ? undefined : parseTerm(item.term);
  if (!provider || !term) return dues;
  const { termCounting, carriesRemainingDays } = provider.capabilities;
  for (let lastMs = firstMs; ; ) {
    const endMs = addTerm(lastMs, term, termCounting);
    // Days that are carried over come on top of the term: then a renewal falls due once per term.
    const dueMs = carriesRemainingDays ? endMs : nextDueMs(spec, provider, item.product ?? '', term, endMs);
    if (dueMs > untilMs || dueMs <= lastMs) return dues;
    dues.push(dueMs);
    lastMs = dueMs;
  }
}

const renewsAgain = (spec: Spec): boolean =>
  spec.autoRenew && (isCertificate(spec) || spec.renewedBy === 'certwright');

function nextDueMs(
  spec: Spec,
  provider: ProviderFacts,
  product: string,
  term: Term,
  paidTillMs: number,
): number {
  if (!isCertificate(spec)) return paidTillMs - (spec.renewBeforeMs ?? licenceRenewBeforeMs(term));
  const { renewBeforeMs } = spec;
  const validation = validationLevel(provider, product);
  const { carriesRemainingDays } = provider.capabilities;
  const asked = { nowMs: paidTillMs, paidTillMs, validation, carriesRemainingDays };
  return renewal({ ...asked, ...(renewBeforeMs === undefined ? {} : { renewBeforeMs }) }).dueMs;
}

export interface FundsNeeded {
  readonly purchases: number;
  /** One for each purchase whose price is known, with the configured tax. */
  readonly amounts: readonly Money[];
  /** Purchases whose price is not known: they come on top. */
  readonly unknown: number;
}

/** What one account has to hold for its purchases until then. */
export function fundsNeeded(
  input: PlanInput,
  purchases: readonly Upcoming[],
  provider: string,
  untilMs: number,
): FundsNeeded {
  const tax = input.providers.get(provider)?.config.tax;
  const own = purchases.filter((one) => one.provider === provider && one.dueMs <= untilMs);
  const amounts = own.flatMap(({ price }) => (price.kind === 'known' ? [costOf(price.amount, tax)] : []));
  return { purchases: own.length, amounts, unknown: own.length - amounts.length };
}

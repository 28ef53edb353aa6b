import { compareMoney, type Money } from '../model/money.js';
import type { HoldCode, Plan, PlanItem, PlanPrice } from '../model/plan.js';
import { type PlanInput, type PriceQuestion, priceKey } from '../planner/input.js';
import { makePlan, priceQuestions } from '../planner/plan.js';
import { ceilingOf } from '../policy/limits.js';
import { effectivePolicy } from '../policy/rules.js';

/** What only a provider's answer can tell. */
const NEEDS_ANSWER: ReadonlySet<HoldCode> = new Set([
  'price-unknown',
  'price-above-ceiling',
  'currency-differs',
  'limit-order',
  'limit-day',
  'limit-month',
  'balance',
]);

/**
 * The plan as far as it can be told without asking a provider: purchases count at their ceiling, so that a missing
 * approval shows, and holds that hang on the real price or balance are left out.
 */
export function planWithoutPrices(input: PlanInput): Plan {
  const facts = new Map(input.facts);
  for (const question of priceQuestions(input)) {
    const before = facts.get(question.name);
    const price = assumedPrice(input, question);
    if (!before || !price) continue;
    facts.set(question.name, { ...before, prices: { ...before.prices, [priceKey(question)]: price } });
  }
  const plan = makePlan({ ...input, facts });
  return { ...plan, items: plan.items.map(withoutGuesses) };
}

function withoutGuesses(item: PlanItem): PlanItem {
  const { hold, ...rest } = item;
  return hold && NEEDS_ANSWER.has(hold.code) ? rest : item;
}

/** A reissue may well be free, so nothing is assumed of it. */
function assumedPrice(input: PlanInput, question: PriceQuestion): PlanPrice | undefined {
  if (question.action !== 'order' && question.action !== 'renew') return undefined;
  const amount = agreedCeiling(input, question) ?? manifestCeiling(input, question.name);
  return amount && { kind: 'known', amount, source: 'not asked; the most it may cost' };
}

/** An approval that is there must not look too small for a price nobody asked. */
const agreedCeiling = ({ desired }: PlanInput, { name, action }: PriceQuestion): Money | undefined =>
  desired.approvals
    .flatMap(({ subjects }) => subjects)
    .filter((subject) => subject.certificate === name && subject.action === action)
    .flatMap(({ ceiling }) => (ceiling ? [ceiling] : []))
    .reduce<Money | undefined>(
      (least, one) => (least && compareMoney(least, one) !== 1 ? least : one),
      undefined,
    );

/** The most a purchase of this certificate may cost, by manifest and policy. */
export function manifestCeiling({ desired }: PlanInput, name: string): Money | undefined {
  const spec = desired.specs.find((one) => one.name === name);
  return spec && ceilingOf(spec.maxPrice, effectivePolicy(desired.policy, name));
}

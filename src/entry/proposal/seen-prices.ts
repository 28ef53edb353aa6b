import type { Plan, PlanItem, PlanPrice } from '../../model/plan.js';
import { priceFor } from '../../model/price.js';
import { accountKey, soldKey } from '../../model/run-memory.js';
import { type PlanInput, type PriceQuestion, priceKey } from '../../planner/input.js';
import { makePlan, priceQuestions } from '../../planner/plan.js';
import { day } from '../../report/dates.js';

/**
 * The plan where some accounts cannot be asked (no credentials here): their prices are the configured or the last seen
 * ones, and holds that only an answer could clear are left out.
 */
export function planWithSeenPrices(input: PlanInput, unasked: ReadonlySet<string>): Plan {
  const providers = new Map(
    [...input.providers].map(([id, { down, ...facts }]) => [
      id,
      unasked.has(id) || down === undefined ? facts : { ...facts, down },
    ]),
  );
  const known: PlanInput = { ...input, providers };
  const questions = priceQuestions(known).filter(({ provider }) => unasked.has(provider));
  const plan = makePlan(withSeenPrices(known, questions));
  return { ...plan, items: plan.items.map((item) => withoutGuess(item, unasked)) };
}

/** The input with the configured or last seen prices as answers. Pure. */
export function withSeenPrices(input: PlanInput, questions: readonly PriceQuestion[]): PlanInput {
  const facts = new Map(input.facts);
  for (const question of questions) {
    const before = facts.get(question.name);
    if (!before) continue;
    const prices = { ...before.prices, [priceKey(question)]: recordedPrice(input, question) };
    facts.set(question.name, { ...before, prices });
  }
  return { ...input, facts };
}

/** What can be said of a price without asking anybody: the configured one, else the last one seen. */
export function recordedPrice(input: PlanInput, question: PriceQuestion): PlanPrice {
  const account = input.providers.get(question.provider);
  if (account && !account.capabilities.terms) return { kind: 'free' };
  if (question.action !== 'order' && question.action !== 'renew') {
    return { kind: 'unknown', why: 'it is asked when this is carried out' };
  }
  return (
    configuredPrice(input, question) ??
    rememberedPrice(input, question) ?? { kind: 'unknown', why: 'no price of it was seen yet' }
  );
}

function configuredPrice(
  input: PlanInput,
  { provider, product, term, names }: PriceQuestion,
): PlanPrice | undefined {
  const account = input.providers.get(provider);
  const info = account?.products.find(({ id, vendorCode }) => id === product || vendorCode === product);
  const prices = account?.config.prices;
  const row = (prices?.[info?.id ?? product] ?? prices?.[info?.vendorCode ?? product])?.[term ?? ''];
  if (!row || (names.length > row.names && row.perName === undefined)) return undefined;
  return { kind: 'known', amount: priceFor(row, names.length), source: 'prices in certwright.yaml' };
}

function rememberedPrice(input: PlanInput, question: PriceQuestion): PlanPrice | undefined {
  const key = accountKey({ id: question.provider, environment: question.environment });
  const seen = input.memory?.accounts[key]?.prices?.[soldKey(question)];
  return seen && { kind: 'known', amount: seen.amount, source: `last seen on ${day(seen.at)}` };
}

function withoutGuess(item: PlanItem, unasked: ReadonlySet<string>): PlanItem {
  const { hold, ...rest } = item;
  const isGuess =
    (hold?.code === 'price-unknown' || hold?.code === 'balance') && unasked.has(item.provider ?? '');
  return isGuess ? rest : item;
}

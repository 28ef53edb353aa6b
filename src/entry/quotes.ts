import PQueue from 'p-queue';
import { CertError, messageOf } from '../model/errors.js';
import { isWildcard } from '../model/names.js';
import type { PlanPrice } from '../model/plan.js';
import { parseTerm } from '../model/term.js';
import { type PlanInput, type PriceQuestion, priceKey } from '../planner/input.js';
import type { Provider, QuoteSubject } from '../ports/provider.js';

/** Asks one price; what stands in the way is why it is unknown. @throws CertError `interrupted` */
export async function quotedPrice(provider: Provider, subject: QuoteSubject): Promise<PlanPrice> {
  try {
    return (await provider.quote(subject)).price;
  } catch (error) {
    if (error instanceof CertError && error.code === 'interrupted') throw error;
    return { kind: 'unknown', why: messageOf(error) };
  }
}

/** What a price depends on: one answer serves every certificate with as many names. */
const kindOf = (question: PriceQuestion): string =>
  [priceKey(question), question.names.length, question.names.filter(isWildcard).length].join('|');

/** The input with the prices asked for, once per product, term and number of names. Reads only. */
export async function withQuotes(
  input: PlanInput,
  questions: readonly PriceQuestion[],
  providerOf: (id: string) => Provider | undefined,
): Promise<PlanInput> {
  const kinds = Map.groupBy(questions, kindOf);
  const queues = new Map<Provider, PQueue>();
  const facts = new Map(input.facts);
  await Promise.all(
    [...kinds.values()].map(async (same) => {
      const [question] = same;
      const provider = question && providerOf(question.provider);
      if (!question || !provider) return;
      const queue = queues.get(provider) ?? new PQueue({ concurrency: provider.capabilities.concurrency });
      queues.set(provider, queue);
      const term = question.term === undefined ? undefined : parseTerm(question.term);
      const price = await queue.add(() =>
        quotedPrice(provider, {
          action: question.action,
          product: question.product,
          ...(term === undefined ? {} : { term }),
          names: question.names,
          ...(question.predecessor === undefined ? {} : { predecessorOrderId: question.predecessor }),
        }),
      );
      for (const one of same) {
        const before = facts.get(one.name);
        if (before) facts.set(one.name, { ...before, prices: { ...before.prices, [priceKey(one)]: price } });
      }
    }),
  );
  return { ...input, facts };
}

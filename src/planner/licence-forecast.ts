import { findLicence } from '../model/licence.js';
import type { PlanPrice } from '../model/plan.js';
import type { OrderRecord } from '../model/status.js';
import { parseTerm } from '../model/term.js';
import { addTerm } from '../model/term-end.js';
import { toMs } from '../model/time.js';
import type { Upcoming } from './forecast.js';
import { isSitelock, NO_FACTS, type PlanInput, type PriceQuestion, priceKey } from './input.js';
import { type LicenceSubject, liveAddOns, mainOrder, questionFor, renewsItself } from './licence.js';

/** A licence that its provider will renew, and charge, by itself. */
interface SelfRenewing {
  readonly order: OrderRecord;
  readonly question: PriceQuestion;
  readonly price: PlanPrice;
}

function selfRenewing(input: PlanInput): readonly SelfRenewing[] {
  return input.desired.specs.filter(isSitelock).flatMap((spec) => {
    const status = input.state.statuses.get(spec.name);
    if (status === undefined) return [];
    const s: LicenceSubject = {
      name: spec.name,
      spec,
      status,
      facts: input.facts.get(spec.name) ?? NO_FACTS,
      input,
    };
    const main = mainOrder(s);
    return [...(main ? [main] : []), ...liveAddOns(s)].flatMap((order) => {
      const account = input.providers.get(order.provider);
      const product = findLicence(account?.licences, order.product);
      if (!account || !product || !renewsItself(order) || order.state !== 'issued') return [];
      const question = { ...questionFor(s, account, product, 'renew', undefined) };
      const asked = order.term === undefined ? question : { ...question, term: order.term };
      const price = s.facts.prices[priceKey(asked)] ?? { kind: 'unknown' as const, why: 'not asked' };
      return [{ order, question: asked, price }];
    });
  });
}

export const renewalQuestions = (input: PlanInput): readonly PriceQuestion[] =>
  selfRenewing(input).map(({ question }) => question);

/** What leaves an account without any purchase of ours, until then: counted by our books, since nothing tells. */
export const providerRenewals = (input: PlanInput, untilMs: number): readonly Upcoming[] =>
  selfRenewing(input).flatMap(({ order, question, price }) => {
    const term = order.term === undefined ? undefined : parseTerm(order.term);
    const counting = input.providers.get(order.provider)?.capabilities.termCounting ?? 'days';
    const dues: number[] = [];
    if (term === undefined || order.paidTill === undefined) return [];
    for (let dueMs = toMs(order.paidTill); dueMs <= untilMs; dueMs = addTerm(dueMs, term, counting)) {
      if (dueMs >= input.nowMs) dues.push(dueMs);
    }
    const { name, provider, product } = question;
    const base = { name, provider, action: 'renew' as const, product, price };
    return dues.map((dueMs) => ({
      ...base,
      ...(order.term === undefined ? {} : { term: order.term }),
      dueMs,
    }));
  });

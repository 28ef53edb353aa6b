import type { Money } from '../../model/money.js';
import type { OrderRecord, Status } from '../../model/status.js';
import { upcomingPurchases, upcomingQuestions } from '../../planner/forecast.js';
import { type PlanInput, priceKey } from '../../planner/input.js';
import { costOf, outlaysOf, type TaxOf } from '../../policy/spending.js';
import { type MoneyEvent, spendingOf, spendingUntilMs } from '../../report/overview/spending.js';
import type { SpendingView } from '../../report/overview/types.js';
import { recordedPrice } from '../proposal/seen-prices.js';
import type { Entry } from '../situation.js';
import { ownerOf } from './owner.js';

/**
 * Money of these certificates: what orders were charged, and what falls due, at the price that is configured, was seen
 * last, or was charged for the same term. Nobody is asked.
 */
export function spendingView(input: PlanInput, entries: readonly Entry[]): SpendingView {
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  const taxOf: TaxOf = (id) => input.providers.get(id)?.config.tax;
  const past = entries.flatMap((entry) => pastOf(entry, taxOf, input.nowMs));
  return spendingOf([...past, ...expected(input, byName, taxOf)], input.nowMs);
}

function pastOf(entry: Entry, taxOf: TaxOf, nowMs: number): readonly MoneyEvent[] {
  return [...outlaysOf(entry.status, taxOf)].flatMap(
    ({ name, provider, environment, amount, refunded, tillMs }) => {
      // A resend may lie a minute ahead: it counts as spent all the same.
      const base = { name, ...ownerOf(entry), provider, environment, atMs: Math.min(tillMs, nowMs) };
      return [
        { ...base, kind: 'spent' as const, amount },
        ...(refunded === undefined ? [] : [{ ...base, kind: 'refunded' as const, amount: refunded }]),
      ];
    },
  );
}

function expected(
  input: PlanInput,
  entries: ReadonlyMap<string, Entry>,
  taxOf: TaxOf,
): readonly MoneyEvent[] {
  const untilMs = spendingUntilMs(input.nowMs) - 1;
  return upcomingPurchases(withRecordedPrices(input, untilMs), untilMs).flatMap(
    (purchase): readonly MoneyEvent[] => {
      const { name, provider, price, dueMs } = purchase;
      const entry = entries.get(name);
      const environment = input.providers.get(provider)?.config.environment;
      if (!entry || environment === undefined) return [];
      const base = { kind: 'expected', atMs: dueMs, name, ...ownerOf(entry), provider, environment } as const;
      if (price.kind === 'known')
        return [{ ...base, amount: costOf(price.amount, taxOf(provider)), basis: 'listed' }];
      const charged = chargedBefore(entry.status, purchase, taxOf);
      return [charged === undefined ? base : { ...base, amount: charged, basis: 'charged' }];
    },
  );
}

function withRecordedPrices(input: PlanInput, untilMs: number): PlanInput {
  const facts = new Map(input.facts);
  for (const question of upcomingQuestions(input, untilMs)) {
    const before = facts.get(question.name);
    if (!before) continue;
    const prices = { ...before.prices, [priceKey(question)]: recordedPrice(input, question) };
    facts.set(question.name, { ...before, prices });
  }
  return { ...input, facts };
}

interface Sold {
  readonly provider: string;
  readonly product: string;
  readonly term?: string;
}

/** What the same product cost this certificate last time, tax included. */
function chargedBefore({ orders }: Status, sold: Sold, taxOf: TaxOf): Money | undefined {
  const same = (order: OrderRecord): boolean =>
    order.provider === sold.provider && order.product === sold.product && order.term === sold.term;
  const charge = orders
    .findLast(same)
    ?.charges.find(({ action }) => action === 'order' || action === 'renew');
  return (
    charge && (charge.charged ?? (charge.quoted ? costOf(charge.quoted, taxOf(sold.provider)) : undefined))
  );
}

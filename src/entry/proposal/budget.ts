import type { PolicyConfig } from '../../model/configuration.js';
import { addMoney, type Money, subtractMoney } from '../../model/money.js';
import type { PlanItem } from '../../model/plan.js';
import type { Status } from '../../model/status.js';
import { costOf, openLedger, type TaxOf } from '../../policy/spending.js';

/** A limit that a plan counts against. */
export interface BudgetLine {
  /** `perMonth`, or `perMonth of team-a/**`. */
  readonly title: string;
  readonly limit: Money;
  /** What is left when the plan is carried out today; negative where it does not suffice. */
  readonly left: Money;
}

/** Limits that the purchases of these lines count against; amounts of other currencies are left out. */
export function budgetLines(
  policy: PolicyConfig,
  statuses: Iterable<Status>,
  items: readonly PlanItem[],
  nowMs: number,
  taxOf: TaxOf,
): readonly BudgetLine[] {
  const costs = items.flatMap(({ name, price, hold, provider = '' }) =>
    price.kind === 'known' && hold === undefined
      ? [{ name, cost: costOf(price.amount, taxOf(provider)) }]
      : [],
  );
  return openLedger(policy, statuses, nowMs, taxOf).budgets.flatMap((budget) => {
    const mine = costs.filter(({ name }) => budget.matches(name));
    if (mine.length === 0) return [];
    return (['perDay', 'perMonth'] as const).flatMap((key) => {
      const limit = budget.limits[key];
      if (!limit) return [];
      const spent = (key === 'perDay' ? budget.day : budget.month)[limit.currency];
      const all = mine.reduce<Money>((sum, { cost }) => addMoney(sum, cost) ?? sum, {
        amount: spent?.amount ?? '0.00',
        currency: limit.currency,
      });
      const left = subtractMoney(limit, all);
      const title = budget.match === undefined ? key : `${key} of ${budget.match}`;
      return left === undefined ? [] : [{ title, limit, left }];
    });
  });
}

import { addMoney, compareMoney, formatMoney, isZero, type Money, subtractMoney } from '../model/money.js';
import type { Hold, HoldCode, PlanPrice } from '../model/plan.js';
import type { EffectivePolicy } from './rules.js';
import { type Budget, costOf, type SpendLedger, type Totals } from './spending.js';

const hold = (code: HoldCode, message: string): Hold => ({ code, message });

/**
 * The most one order may cost: the manifest's `maxPrice`, or the policy's `perOrder`; the lower of the two where both
 * are given in one currency. (In unlike currencies both still have to hold, which `checkSpending` refuses.)
 */
export function ceilingOf(maxPrice: Money | undefined, policy: EffectivePolicy): Money | undefined {
  if (maxPrice === undefined || policy.perOrder === undefined) return maxPrice ?? policy.perOrder;
  return compareMoney(policy.perOrder, maxPrice) === -1 ? policy.perOrder : maxPrice;
}

export interface SpendingSubject {
  readonly name: string;
  readonly provider: string;
  readonly price: PlanPrice;
  readonly maxPrice?: Money;
  readonly policy: EffectivePolicy;
  /** Percentage the provider's invoices add. */
  readonly tax?: string;
  /** The account, where it was asked. */
  readonly balance?: Money;
  readonly minimumBalance?: Money;
}

/**
 * Why money must not move for this line; undefined when it may. All amounts are compared as they will be charged, with
 * tax. What is free is never held here.
 */
export function checkSpending(subject: SpendingSubject, ledger: SpendLedger): Hold | undefined {
  const { price } = subject;
  if (price.kind === 'free') return undefined;
  if (price.kind === 'unknown') return hold('price-unknown', `the price is not known: ${price.why}`);
  if (isZero(price.amount)) return undefined;
  const cost = costOf(price.amount, subject.tax);
  return (
    ceilingHold(subject, cost) ??
    (subject.policy.limited
      ? undefined
      : hold(
          'no-spending-limit',
          'no spending limit is configured; set policy.spending in certwright.yaml',
        )) ??
    limitHold('limit-order', subject.policy.perOrder, cost, 'policy perOrder') ??
    budgetsHold(subject.name, cost, ledger) ??
    balanceHold(subject, cost, ledger.promised[subject.provider] ?? {})
  );
}

function ceilingHold(subject: SpendingSubject, cost: Money): Hold | undefined {
  if (ceilingOf(subject.maxPrice, subject.policy) === undefined) {
    return hold('no-ceiling', `it would cost ${formatMoney(cost)}; set maxPrice in the manifest`);
  }
  const above = limitHold('price-above-ceiling', subject.maxPrice, cost, 'maxPrice');
  return above && subject.tax !== undefined
    ? hold(above.code, `${above.message} (with ${subject.tax} % tax)`)
    : above;
}

function limitHold(code: HoldCode, limit: Money | undefined, amount: Money, title: string): Hold | undefined {
  if (limit === undefined) return undefined;
  const order = compareMoney(amount, limit);
  if (order === undefined) {
    return hold(
      'currency-differs',
      `${formatMoney(amount)} cannot be compared with ${title} ${formatMoney(limit)}`,
    );
  }
  return order > 0 ? hold(code, `${formatMoney(amount)} is above ${title} ${formatMoney(limit)}`) : undefined;
}

function budgetsHold(name: string, cost: Money, ledger: SpendLedger): Hold | undefined {
  for (const budget of ledger.budgets.filter((b) => b.matches(name))) {
    const found =
      budgetHold('limit-day', budget, 'perDay', budget.day, cost) ??
      budgetHold('limit-month', budget, 'perMonth', budget.month, cost);
    if (found) return found;
  }
  return undefined;
}

function budgetHold(
  code: HoldCode,
  budget: Budget,
  key: 'perDay' | 'perMonth',
  spent: Totals,
  cost: Money,
): Hold | undefined {
  const limit = budget.limits[key];
  if (limit === undefined) return undefined;
  const title = `${key}${budget.match === undefined ? '' : ` of ${budget.match}`}`;
  // Money spent in another currency cannot be weighed against this limit, so it is not known to suffice.
  const foreign = Object.values(spent).find((m) => m.currency !== limit.currency && !isZero(m));
  if (foreign) {
    return hold('currency-differs', `${formatMoney(foreign)} was spent under ${title} ${formatMoney(limit)}`);
  }
  const before = spent[limit.currency] ?? { amount: '0.00', currency: limit.currency };
  const after = addMoney(before, cost);
  if (after === undefined) return limitHold(code, limit, cost, title);
  return compareMoney(after, limit) === 1
    ? hold(
        code,
        `${formatMoney(cost)} more than the ${formatMoney(before)} spent is above ${title} ${formatMoney(limit)}`,
      )
    : undefined;
}

function balanceHold(subject: SpendingSubject, cost: Money, promised: Totals): Hold | undefined {
  const { balance, minimumBalance } = subject;
  if (balance === undefined) {
    return minimumBalance === undefined
      ? undefined
      : hold('balance', `the balance of ${subject.provider} is not known, so minimumBalance cannot be kept`);
  }
  const committed = promised[balance.currency];
  const available = committed ? subtractMoney(balance, committed) : balance;
  const rest = available && subtractMoney(available, cost);
  const floor = minimumBalance ?? { amount: '0.00', currency: cost.currency };
  const order = rest && compareMoney(rest, floor);
  if (available === undefined || order === undefined) {
    return hold(
      'currency-differs',
      `the balance of ${subject.provider} is ${formatMoney(balance)}, minimumBalance ${formatMoney(floor)}, the cost ${formatMoney(cost)}`,
    );
  }
  return order < 0
    ? hold(
        'balance',
        `${formatMoney(cost)} from ${formatMoney(available)} at ${subject.provider} would leave less than ${formatMoney(floor)}`,
      )
    : undefined;
}

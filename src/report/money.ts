import { addMoney, formatMoney, type Money } from '../model/money.js';
import type { PlanPrice } from '../model/plan.js';

/** One sum per currency, sorted by currency; unlike currencies are never added. */
export function sumByCurrency(amounts: Iterable<Money>): readonly Money[] {
  const sums = new Map<string, Money>();
  for (const amount of amounts) {
    const before = sums.get(amount.currency);
    sums.set(amount.currency, (before && addMoney(before, amount)) ?? amount);
  }
  return [...sums.values()].sort((a, b) => (a.currency < b.currency ? -1 : 1));
}

/** `35.00 USD + 12.00 EUR`; empty for nothing. */
export const moneyList = (amounts: readonly Money[]): string => amounts.map(formatMoney).join(' + ');

/** `25.00 USD`, `free`, `price unknown`: never a number where none is known. */
export function shortPrice(price: PlanPrice): string {
  switch (price.kind) {
    case 'free':
      return 'free';
    case 'known':
      return formatMoney(price.amount);
    case 'unknown':
      return 'price unknown';
  }
}

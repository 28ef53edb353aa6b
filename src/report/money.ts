import { formatMoney, type Money } from '../model/money.js';
import type { PlanPrice } from '../model/plan.js';

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

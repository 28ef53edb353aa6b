import Big from 'big.js';
import type { PriceRow } from './configuration.js';
import { type Money, money } from './money.js';

/** Price of so many names under a row, every one counting once. Names beyond the row's need its `perName`. */
export function priceFor(row: PriceRow, names: number): Money {
  const extra = Math.max(0, names - row.names);
  const perName = row.perName?.amount ?? '0';
  return money(new Big(perName).times(extra).plus(row.base.amount), row.base.currency);
}

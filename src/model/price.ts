import Big from 'big.js';
import type { PriceRow, ProviderConfig } from './configuration.js';
import { type Money, money } from './money.js';

/** Price of so many names under a row, every one counting once. Names beyond the row's need its `perName`. */
export function priceFor(row: PriceRow, names: number): Money {
  const extra = Math.max(0, names - row.names);
  const perName = row.perName?.amount ?? '0';
  return money(new Big(perName).times(extra).plus(row.base.amount), row.base.currency);
}

/** Of replies that name no currency: the configuration says it, or the prices in it where they agree. */
export function currencyOf(config: ProviderConfig): string | undefined {
  if (config.currency !== undefined) return config.currency;
  const rows = Object.values(config.prices).flatMap((terms) => Object.values(terms));
  const [currency, ...others] = new Set(rows.map(({ base }) => base.currency));
  return others.length === 0 ? currency : undefined;
}

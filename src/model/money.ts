import Big from 'big.js';

/** An exact amount. `amount` is a plain decimal string (`"25.00"`), `currency` an ISO 4217 code. */
export interface Money {
  readonly amount: string;
  readonly currency: string;
}

const MONEY = /^(\d{1,12}(?:\.\d{1,6})?) ?([A-Z]{3})$/;

/** `"25.00 USD"` → Money; undefined when it is none. */
export function parseMoney(text: string): Money | undefined {
  const match = MONEY.exec(text.trim());
  return match?.[1] && match[2] ? money(match[1], match[2]) : undefined;
}

const DECIMAL = /^(-?)(\d{1,12}|\d{1,3}(?:,\d{3}){1,3})(\.\d{1,6})?$/;

/**
 * A decimal as sellers print it, with or without a comma between thousands (`1,234.56`), as plain text; undefined for any other
 * form: read as one of these, `12,50` would be a hundred times as much.
 */
export function plainDecimal(text: string): string | undefined {
  const [, sign, whole, rest] = DECIMAL.exec(text) ?? [];
  return whole === undefined ? undefined : `${sign ?? ''}${whole.replaceAll(',', '')}${rest ?? ''}`;
}

/** At least two decimals, no more than needed, so that equal amounts are equal texts. */
export function money(amount: string | Big, currency: string): Money {
  const exact = new Big(amount);
  const decimals = (exact.toFixed().split('.')[1] ?? '').length;
  return { amount: exact.toFixed(Math.max(2, decimals)), currency };
}

export const formatMoney = (value: Money): string => `${value.amount} ${value.currency}`;

export const isZero = (value: Money): boolean => new Big(value.amount).eq(0);

/**
 * −1, 0 or 1; undefined for unlike currencies, which never compare: the caller has to hold.
 */
export function compareMoney(a: Money, b: Money): -1 | 0 | 1 | undefined {
  return a.currency === b.currency ? new Big(a.amount).cmp(b.amount) : undefined;
}

/** Sum; undefined for unlike currencies. */
export const addMoney = (a: Money, b: Money): Money | undefined =>
  a.currency === b.currency ? money(new Big(a.amount).plus(b.amount), a.currency) : undefined;

/** Difference, may be negative in `amount`; undefined for unlike currencies. */
export const subtractMoney = (a: Money, b: Money): Money | undefined =>
  a.currency === b.currency ? money(new Big(a.amount).minus(b.amount), a.currency) : undefined;

/** Amount with a percentage on top, e.g. the tax on an invoice; exact to six decimals, rounded up. */
export function addPercent(value: Money, percent: string): Money {
  const exact = new Big(value.amount).times(new Big(percent).plus(100)).div(100);
  return money(exact.round(6, Big.roundUp), value.currency);
}

/** One sum per currency, sorted by currency; unlike currencies are never added. */
export function sumByCurrency(amounts: Iterable<Money>): readonly Money[] {
  const sums = new Map<string, Money>();
  for (const amount of amounts) {
    const before = sums.get(amount.currency);
    sums.set(amount.currency, (before && addMoney(before, amount)) ?? amount);
  }
  return [...sums.values()].sort((a, b) => (a.currency < b.currency ? -1 : 1));
}

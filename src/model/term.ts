import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from './time.js';

/** What is paid for (`90d`, `1y`), as against validity, the life of one certificate. */
export type Term =
  | { readonly unit: 'day'; readonly count: number }
  | { readonly unit: 'year'; readonly count: number };

/** How a provider counts a paid term: in days sold, or in UTC calendar months. */
export type TermCounting = 'days' | 'months';

const TERM = /^([1-9]\d{0,3})(d|y)$/;

export function parseTerm(text: string): Term | undefined {
  const match = TERM.exec(text);
  if (!match) return undefined;
  return { unit: match[2] === 'd' ? 'day' : 'year', count: Number(match[1]) };
}

export const formatTerm = (term: Term): string => `${term.count}${term.unit === 'day' ? 'd' : 'y'}`;

/** Days sold under a term: leap days are counted as the trade does (4y = 1461, 5y = 1826). */
export const termDays = (term: Term): number =>
  term.unit === 'day' ? term.count : term.count * 365 + Math.floor(term.count / 4);

const DURATION = /^(\d{1,5})(s|m|h|d)$/;
const UNIT_MS: Readonly<Record<string, number>> = { s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS };

/** `30d`, `10m`, `60s` → ms; undefined when it is no duration. */
export function parseDuration(text: string): number | undefined {
  const match = DURATION.exec(text);
  const unit = match?.[2] === undefined ? undefined : UNIT_MS[match[2]];
  return unit === undefined ? undefined : Number(match?.[1]) * unit;
}

import { UTCDate } from '@date-fns/utc';
import { addMonths } from 'date-fns/addMonths';
import { type Term, type TermCounting, termDays } from './term.js';
import { DAY_MS } from './time.js';

/**
 * Instant at which a term that starts at `fromMs` ends. Days are exact; years counted in months keep the
 * day of the month, clamped to the month's end (29 February + 1y = 28 February).
 */
export function addTerm(fromMs: number, term: Term, counting: TermCounting): number {
  if (term.unit === 'day' || counting === 'days') return fromMs + termDays(term) * DAY_MS;
  return addMonths(new UTCDate(fromMs), term.count * 12).getTime();
}

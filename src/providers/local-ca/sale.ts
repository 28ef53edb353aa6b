import { CertError } from '../../model/errors.js';
import { compareMoney, formatMoney, type Money, subtractMoney } from '../../model/money.js';
import type { OrderRequest } from '../../model/order.js';
import { priceFor } from '../../model/price.js';
import { formatTerm, parseTerm } from '../../model/term.js';
import { addTerm } from '../../model/term-end.js';
import { DAY_MS, SECOND_MS, toInstant, toMs } from '../../model/time.js';
import type { Quote, QuoteSubject } from '../../ports/provider.js';
import type { BookOrder } from './books.js';
import type { Draft } from './draft.js';
import { maxNamesOf, type Offer } from './offer.js';

const PRICE_SOURCE = 'prices in certwright.yaml';

/** What is paid and until when; nothing of it where the account sells no terms. */
type Sale = Pick<BookOrder, 'term' | 'paidFrom' | 'paidTill' | 'carriedDays' | 'charged' | 'paidNames'>;

/**
 * Sells a term that starts now. A renewal adds the whole days its predecessor still had, once.
 * @throws CertError `provider.refused`: not sold, or out of credit
 */
export function sell(offer: Offer, draft: Draft, request: OrderRequest, nowMs: number): Sale {
  const most = offer.products.find((product) => product.id === request.product)?.maxNames;
  if (most === undefined) throw refused(`This account does not sell ${request.product}`);
  if (request.names.length > most) throw refused(`${request.product} takes at most ${most} names`);
  if (!offer.priced) return {};
  const row = offer.rowOf(request.product, request.term);
  const term = parseTerm(request.term ?? '');
  if (!row || !term) throw refused(`${request.product} is not sold for ${request.term ?? 'no term'}`);
  if (request.names.length > maxNamesOf(row))
    throw refused(`${request.product} takes at most ${row.names} names`);
  const charged = priceFor(row, request.names.length);
  checkCredit(offer, draft, charged);
  const carriedDays = request.action === 'renew' ? daysCarried(draft, request, nowMs) : 0;
  const fromMs = Math.floor(nowMs / SECOND_MS) * SECOND_MS;
  return {
    term: request.term ?? '',
    paidFrom: toInstant(fromMs),
    paidTill: toInstant(addTerm(fromMs, term, 'months') + carriedDays * DAY_MS),
    ...(carriedDays > 0 && { carriedDays }),
    charged,
    paidNames: Math.max(row.names, request.names.length),
  };
}

/** Whether names fit what an order was paid for. */
export const covers = (order: BookOrder, names: number): boolean =>
  order.paidNames === undefined || names <= order.paidNames;

/** The price of a subject by the configuration alone; `order` is the one a reissue belongs to. */
export function quoteFor(offer: Offer, subject: QuoteSubject, free: Money, order?: BookOrder): Quote {
  const known = (amount: Money, source: string): Quote => ({ price: { kind: 'known', amount, source } });
  const unknown = (why: string): Quote => ({ price: { kind: 'unknown', why } });
  if (!offer.priced) return known(free, 'this private CA is free');
  if (subject.action === 'reissue' || subject.action === 'add-names') {
    if (!order) return unknown('the order is not in the books of this CA');
    if (covers(order, subject.names.length)) return known(free, 'included in the paid term');
    return unknown(`the order was paid for ${order.paidNames} names; a larger one has to be ordered`);
  }
  const term = subject.term && formatTerm(subject.term);
  const row = offer.rowOf(subject.product, term);
  if (!row) return unknown(`${subject.product} is not sold for ${term ?? 'no term'}`);
  if (subject.names.length > maxNamesOf(row))
    return unknown(`${subject.product} takes at most ${row.names} names`);
  return known(priceFor(row, subject.names.length), PRICE_SOURCE);
}

function checkCredit(offer: Offer, draft: Draft, charged: Money): void {
  if (!offer.credit) return;
  const left = subtractMoney(offer.credit, draft.spent(offer.credit.currency));
  const order = left && compareMoney(left, charged);
  if (left && order !== undefined && order >= 0) return;
  throw new CertError(
    'provider.refused',
    `The credit of ${left ? formatMoney(left) : 'this account'} does not pay for ${formatMoney(charged)}.`,
    { remedy: 'Raise `balance` of this provider in certwright.yaml.' },
  );
}

function daysCarried(draft: Draft, request: OrderRequest, nowMs: number): number {
  const predecessor = request.predecessor && draft.find(request.predecessor.orderId);
  if (!predecessor) throw refused('The order to renew is not in the books of this CA');
  if (predecessor.ended || predecessor.paidTill === undefined) return 0;
  const carriedBefore = draft.successorsOf(predecessor.id).some((successor) => !successor.ended);
  if (carriedBefore) return 0;
  return Math.max(0, Math.floor((toMs(predecessor.paidTill) - nowMs) / DAY_MS));
}

const refused = (problem: string): CertError => new CertError('provider.refused', `${problem}.`);

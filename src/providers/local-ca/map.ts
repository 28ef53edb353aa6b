import { sameNames } from '../../model/names.js';
import type { CollectedCertificate, OrderSnapshot, OrderState } from '../../model/order.js';
import { toMs } from '../../model/time.js';
import type { ListFilter, StepOutcome } from '../../ports/provider.js';
import type { BookCertificate, BookOrder, CaRecord } from './books.js';

/** The newest certificate that may be handed out. */
const releasedCertificate = (order: BookOrder, nowMs: number): BookCertificate | undefined =>
  order.certificates.findLast((certificate) => toMs(certificate.releasedAt) <= nowMs);

export function stateOf(order: BookOrder, nowMs: number): OrderState {
  if (order.ended) return order.ended.state;
  if (order.paidTill !== undefined && toMs(order.paidTill) <= nowMs) return 'expired';
  const newest = releasedCertificate(order, nowMs);
  if (!newest) return 'pending';
  return newest.revoked ? 'revoked' : 'issued';
}

/** The order as it stands at an instant: what waits is released by the clock alone. */
export function snapshotOf(order: BookOrder, nowMs: number): OrderSnapshot {
  const { id, reference, product, names, placedAt, term, paidFrom, paidTill, carriedDays, charged } = order;
  const state = stateOf(order, nowMs);
  const newest = order.ended ? undefined : releasedCertificate(order, nowMs);
  const reissuePending = newest !== undefined && newest !== order.certificates.at(-1);
  return {
    id,
    ids: [id],
    reference,
    state,
    product,
    names,
    placedAt,
    validation: [],
    ...(state === 'pending' && { waitingFor: 'ca' as const }),
    ...(term !== undefined && { term }),
    ...(paidFrom !== undefined && { paidFrom }),
    ...(paidTill !== undefined && { paidTill }),
    ...(carriedDays !== undefined && { carriedDays }),
    ...(charged && { charged }),
    ...(newest && { serial: newest.serial, notAfter: newest.notAfter }),
    ...(reissuePending && { reissuePending }),
  };
}

/** The newest released certificate with the CA that signed it; undefined while there is none. */
export function collectedOf(
  order: BookOrder,
  ca: CaRecord | undefined,
  nowMs: number,
): CollectedCertificate | undefined {
  const newest = order.ended ? undefined : releasedCertificate(order, nowMs);
  if (!newest) return undefined;
  const issuers = ca?.issuing.filter((issuing) => issuing.serial === newest.issuer) ?? [];
  return { certificatePem: newest.pem, chainPem: issuers.map(({ pem }) => pem) };
}

/** What placing gave, from the order itself: the same whether it is told at once or looked up later. */
export const placedOutcome = (order: BookOrder): StepOutcome => ({
  result: { orderId: order.id },
  orderId: order.id,
  ...(order.charged && { charged: order.charged }),
});

export const matches = (order: BookOrder, filter: ListFilter): boolean =>
  (filter.product === undefined || order.product === filter.product) &&
  (filter.names === undefined || sameNames(order.names, filter.names));

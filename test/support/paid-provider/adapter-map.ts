import { createHash } from 'node:crypto';
import { parseMoney } from '../../../src/model/money.js';
import { nameSet } from '../../../src/model/names.js';
import type { OrderSnapshot, OrderState, WaitingFor } from '../../../src/model/order.js';
import type { Recorded, StepOutcome } from '../../../src/ports/provider.js';
import type { OrderWire } from './wire.js';

const STATES: Readonly<Record<OrderWire['status'], OrderState>> = {
  UNCLAIMED: 'pending',
  PENDING: 'pending',
  ISSUED: 'issued',
  REJECTED: 'rejected',
  CANCELLED: 'cancelled',
  REVOKED: 'revoked',
  EXPIRED: 'expired',
};

function waitingFor(order: OrderWire): WaitingFor | undefined {
  if (order.status === 'UNCLAIMED') return 'configuration';
  if (order.status !== 'PENDING') return undefined;
  const left = order.validation.filter(({ state }) => state !== 'valid');
  if (left.length === 0) return 'ca';
  return left.every(({ method }) => method === 'email') ? 'approver-mail' : 'dcv';
}

export function toSnapshot(order: OrderWire, recorded?: Recorded): OrderSnapshot {
  const csrPem = recorded?.request.csrPem;
  const rejected = csrPem !== undefined && pemSha256(csrPem) === order.rejectedCsrSha256;
  const waiting = waitingFor(order);
  const charged = parseMoney(`${order.charged} ${order.currency}`);
  return {
    id: order.id,
    ids: order.ids,
    state: STATES[order.status],
    product: order.product,
    term: order.term,
    names: nameSet(order.names),
    placedAt: order.orderedAt,
    paidFrom: order.orderedAt,
    paidTill: order.paidTill,
    validation: order.validation.map(({ name, method, state, owner, value, approver }) => ({
      name,
      method,
      state,
      record: approver === null ? { type: 'CNAME', owner, value } : { type: 'email', address: approver },
    })),
    autoRenew: order.autoRenew,
    reissuePending: order.reissuePending,
    ...(rejected ? { reissueEnded: true } : {}),
    ...(waiting === undefined ? {} : { waitingFor: waiting }),
    ...(charged === undefined ? {} : { charged }),
    ...(order.reference === null ? {} : { reference: order.reference }),
    ...(order.serial === null ? {} : { serial: order.serial }),
    ...(order.notAfter === null ? {} : { notAfter: order.notAfter }),
    ...(order.carriedDays === 0 ? {} : { carriedDays: order.carriedDays }),
    ...(order.message === null ? {} : { message: order.message }),
  };
}

export function toOutcome(order: OrderWire): StepOutcome {
  const charged = parseMoney(`${order.charged} ${order.currency}`);
  return {
    result: { orderId: order.id },
    orderId: order.id,
    ...(charged === undefined ? {} : { charged }),
  };
}

/** Outcome of a step that costs nothing. */
export const toFreeOutcome = (order: OrderWire): StepOutcome => ({
  result: { orderId: order.id },
  orderId: order.id,
});

/** A cancellation, with what it gave back. */
export function toCancelled(order: OrderWire): StepOutcome {
  const refunded = order.refunded === null ? undefined : parseMoney(`${order.refunded} ${order.currency}`);
  return { ...toFreeOutcome(order), ...(refunded === undefined ? {} : { refunded }) };
}

/** SHA-256 over the DER of a PEM, hex: how the seller names a request. */
export function pemSha256(pem: string): string {
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  return createHash('sha256').update(der).digest('hex');
}

import Big from 'big.js';
import type { Arguments } from './arguments.js';
import { invalid, missing, Refusal } from './codes.js';
import type { Answer } from './encode.js';
import { PRODUCTS } from './products.js';
import { settle } from './progress.js';
import { endBundle, licenceByNumber, refundLicence } from './sitelock-cancel.js';
import { SITELOCK } from './sitelock-products.js';
import {
  type Certificate,
  DAY_MS,
  type Desk,
  findCertificate,
  findOrder,
  type Located,
  newestOf,
  type Order,
} from './state.js';

const DONE: Answer = { fields: [['errorCode', 0]] };

/** `!AutoRevokeSSL`: revokes what is issued, rejects what is not. @throws Refusal */
export async function revoke(desk: Desk, args: Arguments): Promise<Answer> {
  const targets = targetsOf(desk, args);
  const [{ order, certificate }] = targets;
  if (order.state !== 'open') throw new Refusal(-20);
  if (certificate.state === 'pending') {
    const stage = await settle(desk, { order, certificate });
    if (stage === 'issuing') throw new Refusal(args.revocationReason === undefined ? -23 : -26);
    if (stage !== 'issued') {
      if (args.test !== 'Y') rejectPending(desk, order, certificate);
      return DONE;
    }
  }
  const living = targets.filter((each) => each.certificate.state !== 'revoked');
  if (living.length === 0) throw new Refusal(-21);
  const expired = living.every((each) => (each.certificate.issued?.notAfterMs ?? 0) < desk.nowMs);
  if (expired) throw new Refusal(-35);
  if (args.test === 'Y') return DONE;
  for (const each of living) {
    each.certificate.state = 'revoked';
    endBundle(desk, each.order.number);
  }
  return DONE;
}

/** `!autoRevokeCertificate`: the same, and `includeInCRL=N` marks as replaced only. @throws Refusal */
export async function revokeCertificate(desk: Desk, args: Arguments): Promise<Answer> {
  if (args.includeInCRL !== 'N') return revoke(desk, args);
  for (const { order, certificate } of targetsOf(desk, args)) {
    if (order.state !== 'open') throw new Refusal(-20);
    if (certificate.state === 'revoked') throw new Refusal(-21);
    if (certificate.state === 'pending') throw new Refusal(-26);
    if (args.test !== 'Y') certificate.state = 'replaced';
  }
  return DONE;
}

/** `!AutoReject`: gives up an order that is not issued. @throws Refusal */
export async function reject(desk: Desk, args: Arguments): Promise<Answer> {
  const order = orderOf(desk, args);
  const certificate = newestOf(order);
  if (order.state !== 'open' || certificate.state === 'rejected') throw new Refusal(-20);
  const stage = await settle(desk, { order, certificate });
  if (stage === 'issuing') throw new Refusal(-26);
  if (certificate.state !== 'pending') throw invalid('orderNumber');
  if (args.test !== 'Y') rejectPending(desk, order, certificate);
  return DONE;
}

/** `!AutoRefund`: gives the money back and ends the order; not for several names. @throws Refusal */
export function refund(desk: Desk, args: Arguments): Answer {
  const { state, settings, nowMs } = desk;
  const licence = licenceByNumber(desk, args.orderNumber ?? '');
  if (licence !== undefined && SITELOCK[licence.product]?.role !== 'bundle')
    return refundLicence(desk, licence);
  const order = orderOf(desk, args);
  if (order.state === 'refunded') throw new Refusal(-18);
  if (order.state === 'rejected') throw new Refusal(-20);
  // Both are refused, with codes that nobody knows.
  const late = nowMs - order.placedAtMs > settings.refundDays * DAY_MS;
  if (late || PRODUCTS[order.product]?.multi) throw invalid('orderNumber');
  order.state = 'refunded';
  endBundle(desk, order.number);
  order.reason = `refunded (reason ${args.refundReasonCode})`;
  if (order.payment === 'debited') state.balance = new Big(state.balance).plus(order.cost).toFixed(2);
  return DONE;
}

function orderOf({ state, settings }: Desk, args: Arguments): Order {
  const order = findOrder(state, args.orderNumber ?? '');
  if (order === undefined) throw new Refusal(settings.unknownOrderCode, 'orderNumber');
  return order;
}

/** An order that never got a certificate ends; one that waits for a reissue keeps what it has. */
function rejectPending(desk: Desk, order: Order, certificate: Certificate): void {
  const { state, settings } = desk;
  certificate.state = 'rejected';
  if (order.certificates.length > 1) return;
  order.state = 'rejected';
  endBundle(desk, order.number);
  order.reason = 'rejected by the reseller';
  if (settings.rejectRefunds && order.payment === 'debited') {
    state.balance = new Big(state.balance).plus(order.cost).toFixed(2);
  }
}

/** What a call means, the one it names first. @throws Refusal */
function targetsOf(desk: Desk, args: Arguments): readonly [Located, ...Located[]] {
  const { state, settings } = desk;
  const { certificateID, serialNumber } = args;
  if (certificateID !== undefined || serialNumber !== undefined) {
    const wanted = (certificate: Certificate): boolean =>
      certificateID === undefined
        ? certificate.issued?.serial === serialNumber?.toUpperCase()
        : certificate.certificateId === certificateID;
    const found = findCertificate(state, wanted);
    const argument = certificateID === undefined ? 'serialNumber' : 'certificateID';
    if (found === undefined) throw new Refusal(settings.unknownOrderCode, argument);
    return [found];
  }
  if (args.orderNumber === undefined) throw missing('orderNumber');
  const order = orderOf(desk, args);
  const newest = { order, certificate: newestOf(order) };
  if (settings.revokeByOrderNumber === 'newest' || newest.certificate.state === 'pending') return [newest];
  const others = order.certificates.filter((each) => each !== newest.certificate && each.issued !== null);
  return [newest, ...others.map((certificate) => ({ order, certificate }))];
}

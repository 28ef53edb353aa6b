import { CertError } from '../../model/errors.js';
import type { OrderRequest } from '../../model/order.js';
import { toInstant } from '../../model/time.js';
import type { Step, StepOutcome } from '../../ports/provider.js';
import type { BookCertificate, BookOrder } from './books.js';
import { stateOf } from './map.js';
import {
  beforeText,
  checkedCsr,
  keptCertificates,
  lookInBooks,
  nextCertificate,
  type Office,
  subjectOrder,
} from './office.js';
import { covers } from './sale.js';

/** The next certificate of the same order, on a new CSR. */
export function reissueStep(office: Office): Step {
  return {
    name: 'reissue',
    paid: false,
    before: async (request) => {
      const { orders } = await office.read();
      const newest = subjectOrder((id) => orders.get(id), request).certificates.at(-1);
      return newest ? { serial: newest.serial } : {};
    },
    run: async ({ request }, guard) => {
      const csr = await checkedCsr(request);
      const serial = office.newSerial();
      return office.submit({
        title: `reissue ${request.predecessor?.orderId ?? ''} for ${request.commonName}`,
        guard,
        landed: ({ orders }) => {
          const order = orders.get(request.predecessor?.orderId ?? '');
          return order?.certificates.some((one) => one.serial === serial)
            ? reissued(order, serial)
            : undefined;
        },
        apply: async (draft) => {
          const nowMs = office.now();
          const order = subjectOrder(draft.find, request);
          checkReissuable(order, request, nowMs);
          const certificate = await nextCertificate(office, draft, request, csr, {
            serial,
            nowMs,
            ...(order.paidTill !== undefined && { paidTill: order.paidTill }),
          });
          const certificates = keptCertificates([...order.certificates, certificate], nowMs);
          draft.put({ ...order, names: request.names, certificates });
          return reissued(order, serial);
        },
      });
    },
    lookUp: async (context) => {
      const { keyHash } = await checkedCsr(context.request);
      return lookInBooks(office, context, ({ orders }) => {
        const order = orders.get(context.request.predecessor?.orderId ?? '');
        if (!order) return undefined;
        const newer = certificatesAfter(order, beforeText(context, 'serial'));
        const ours = newer.find((certificate) => certificate.keyHash === keyHash);
        return ours && { kind: 'found', outcome: reissued(order, ours.serial) };
      });
    },
  };
}

/** Marks a certificate as revoked; asking again for one that is revoked is no failure. */
export function revokeStep(office: Office): Step {
  return {
    name: 'revoke',
    paid: false,
    run: ({ request }, guard) =>
      office.submit({
        title: `revoke ${request.revocation?.serial ?? ''} of ${request.predecessor?.orderId ?? ''}`,
        guard,
        landed: ({ orders }) => revokedOutcome(orders.get(request.predecessor?.orderId ?? ''), request),
        apply: async (draft) => {
          const order = subjectOrder(draft.find, request);
          const certificate = concerned(order, request);
          const { revocation } = request;
          if (!revocation || !certificate) {
            throw new CertError(
              'provider.refused',
              `${order.id} has no certificate ${revocation?.serial ?? ''}.`,
            );
          }
          const at = toInstant(office.now());
          const revoked = { ...certificate, revoked: { at, reason: revocation.reason } };
          const certificates = order.certificates.map((one) => (one === certificate ? revoked : one));
          draft.put({ ...order, certificates });
          return outcomeFor(order);
        },
      }),
    lookUp: (context) =>
      lookInBooks(office, context, ({ orders }) => {
        const { request } = context;
        const outcome = revokedOutcome(orders.get(request.predecessor?.orderId ?? ''), request);
        return outcome && { kind: 'found', outcome };
      }),
  };
}

/** Takes back an order whose certificate was not handed out yet; what was charged counts no more. */
export function cancelStep(office: Office): Step {
  return {
    name: 'cancel',
    paid: false,
    run: ({ request }, guard) =>
      office.submit({
        title: `cancel ${request.predecessor?.orderId ?? ''}`,
        guard,
        landed: ({ orders }) => cancelledOutcome(orders.get(request.predecessor?.orderId ?? '')),
        apply: async (draft) => {
          const order = subjectOrder(draft.find, request);
          const nowMs = office.now();
          const state = stateOf(order, nowMs);
          if (state !== 'pending') {
            throw new CertError(
              'provider.refused',
              `${order.id} is ${state}; only a pending order can be cancelled.`,
            );
          }
          draft.put({ ...order, ended: { state: 'cancelled', at: toInstant(nowMs) } });
          return outcomeFor(order);
        },
      }),
    lookUp: (context) =>
      lookInBooks(office, context, ({ orders }) => {
        const outcome = cancelledOutcome(orders.get(context.request.predecessor?.orderId ?? ''));
        return outcome && { kind: 'found', outcome };
      }),
  };
}

function checkReissuable(order: BookOrder, request: OrderRequest, nowMs: number): void {
  const state = stateOf(order, nowMs);
  if (state !== 'issued' && state !== 'revoked') {
    throw new CertError('provider.refused', `${order.id} is ${state}; it gets no further certificate now.`);
  }
  if (covers(order, request.names.length)) return;
  throw new CertError(
    'provider.refused',
    `${order.id} was paid for ${order.paidNames} names, not ${request.names.length}; order a larger one.`,
  );
}

const outcomeFor = (order: BookOrder): StepOutcome => ({ result: { orderId: order.id }, orderId: order.id });

const reissued = (order: BookOrder, serial: string): StepOutcome => ({
  result: { orderId: order.id, serial },
  orderId: order.id,
});

/** Certificates that came after the one with this serial; all, where it is not known any more. */
const certificatesAfter = (order: BookOrder, serial: string | undefined): readonly BookCertificate[] =>
  order.certificates.slice(order.certificates.findIndex((certificate) => certificate.serial === serial) + 1);

const concerned = (order: BookOrder, request: OrderRequest): BookCertificate | undefined =>
  order.certificates.find((certificate) => certificate.serial === request.revocation?.serial.toLowerCase());

const revokedOutcome = (order: BookOrder | undefined, request: OrderRequest): StepOutcome | undefined =>
  order && concerned(order, request)?.revoked ? outcomeFor(order) : undefined;

const cancelledOutcome = (order: BookOrder | undefined): StepOutcome | undefined =>
  order?.ended?.state === 'cancelled' ? outcomeFor(order) : undefined;

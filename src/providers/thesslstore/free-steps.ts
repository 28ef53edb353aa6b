import { parseCertificate } from '../../keys/certificate.js';
import { inspectCsr } from '../../keys/csr.js';
import type { JsonObject } from '../../model/json.js';
import type { RevocationReason } from '../../model/order.js';
import type { LookUp, LookUpContext, Step, StepOutcome } from '../../ports/provider.js';
import { mailboxOf } from './approvers.js';
import { isReissuing, namesOf, snapshotOf } from './map.js';
import { adminEmail, collectOrder, orderWith, partnerOrderOf } from './orders.js';
import type { Account } from './purchase.js';
import { needed, predecessorId, reissueBody } from './request.js';
import { isTrue, textOf } from './wire.js';

const outcomeOf = (orderId: string, more: JsonObject = {}): StepOutcome => ({
  result: { orderId, ...more },
  orderId,
});

/** The next certificate of an order: same order number, another partner order number. */
export function reissueStep(account: Account): Step {
  const { client, encoding } = account;
  return {
    name: 'reissue',
    paid: false,
    before: async (request) => {
      const order = await orderWith(client, predecessorId(request));
      const email = adminEmail(order);
      return {
        mailbox: await mailboxOf(client, request),
        partnerOrderId: partnerOrderOf(order),
        names: namesOf(order),
        ...(email === undefined ? {} : { adminEmail: email }),
      };
    },
    run: async ({ request, before }, guard) => {
      const orderId = predecessorId(request);
      const names = Array.isArray(before.names) ? before.names.map(String) : request.names;
      const body = reissueBody(
        request,
        needed(textOf(before, 'mailbox'), 'mailbox'),
        encoding,
        names,
        textOf(before, 'adminEmail'),
      );
      account.changed();
      await client.reissue(body, `order ${orderId}`, guard);
      return outcomeOf(orderId);
    },
    lookUp: (context) => lookUpReissue(account, context),
  };
}

/** It shows by its state, by a new partner order number, or by its key once it is issued. */
async function lookUpReissue(
  { client }: Account,
  { request, before, published = [] }: LookUpContext,
): Promise<LookUp> {
  const orderId = predecessorId(request);
  const order = await orderWith(client, orderId);
  const told = partnerOrderOf(order);
  const known = textOf(before, 'partnerOrderId') ?? '';
  if (isReissuing(order) || (known !== '' && told !== '' && told !== known)) {
    return { kind: 'found', outcome: outcomeOf(orderId) };
  }
  const collected = await collectOrder(client, orderId);
  const issued = collected && parseCertificate(collected.certificatePem);
  const csr = await inspectCsr(needed(request.csrPem, 'CSR'));
  const isOurs = 'keyHash' in csr && csr.keyHash === issued?.keyHash;
  if (isOurs && !published.includes(issued.serial)) {
    return { kind: 'found', outcome: outcomeOf(orderId) };
  }
  const why = 'the order shows no reissue, and how soon one shows is not documented';
  return { kind: 'cannot-tell', why, candidates: [] };
}

export const REVOCATION_REASONS: readonly RevocationReason[] = [
  'unspecified',
  'keyCompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
];

/** Revokes one certificate by its serial; the reason is a text there. */
export function revokeStep({ client, changed }: Account): Step {
  return {
    name: 'revoke',
    paid: false,
    run: async ({ request }, guard) => {
      const { serial, reason } = needed(request.revocation, 'revocation');
      const orderId = predecessorId(request);
      changed();
      await client.revoke(orderId, serial, reason, guard);
      return outcomeOf(orderId, { serial });
    },
    lookUp: async ({ request }) => {
      const { serial } = needed(request.revocation, 'revocation');
      const why = `whether certificate ${serial} is revoked does not show at The SSL Store; look at its authority's list`;
      return { kind: 'cannot-tell', why, candidates: [] };
    },
  };
}

/** Asks for the money back, which people decide; until then the order goes on. */
export function cancelStep({ client, changed }: Account): Step {
  return {
    name: 'cancel',
    paid: false,
    run: async ({ request }, guard) => {
      const orderId = predecessorId(request);
      changed();
      const { data } = await client.refundRequest(orderId, 'Cancelled by the customer', guard);
      return { ...refundOutcome(orderId, data), undecided: !isTrue(data, 'isRefundApproved') };
    },
    lookUp: async ({ request }) => {
      const orderId = predecessorId(request);
      const order = await orderWith(client, orderId);
      const cancelled = snapshotOf(order).state === 'cancelled';
      if (cancelled || isTrue(order, 'isRefundApproved') || textOf(order, 'RefundRequestID') !== undefined) {
        return { kind: 'found', outcome: { ...refundOutcome(orderId, order), undecided: !cancelled } };
      }
      const why = 'no request for a refund shows, and how soon one shows is not documented';
      return { kind: 'cannot-tell', why, candidates: [orderId] };
    },
  };
}

function refundOutcome(orderId: string, data: JsonObject): StepOutcome {
  const request = textOf(data, 'RefundRequestID');
  return outcomeOf(orderId, request === undefined ? {} : { refundRequestId: request });
}

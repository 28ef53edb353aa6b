import { inspectCsr } from '../../keys/csr.js';
import { CertError } from '../../model/errors.js';
import type { JsonObject } from '../../model/json.js';
import type { OrderRequest, RevocationReason } from '../../model/order.js';
import type { LookUp, LookUpContext, Step, StepOutcome } from '../../ports/provider.js';
import { checkApprovers } from './approvers.js';
import type { SectigoClient } from './client.js';
import { collectOrder, collectStatus, factsOf } from './collect.js';
import { certificateIds } from './map.js';
import type { Account } from './purchase.js';
import { readReport } from './report.js';
import { needed, predecessorId, productOf, replaceParameters } from './request.js';
import { type CodedReply, parseReplaced, single } from './wire.js';

const outcomeOf = (orderId: string, more: JsonObject = {}): StepOutcome => ({
  result: { orderId, ...more },
  orderId,
});

/** Order numbers are long; none is this one. */
const NEVER_SOLD = '1';

/** The account answers for an order that does not exist as it does for nothing found. */
const missesUnknown = async (client: SectigoClient): Promise<boolean> =>
  (await readReport(client, { orderNumber: NEVER_SOLD })).rows.length === 0;

/** The next certificate of an order: a new certificate id, maybe a new order number beside the old one. */
export function reissueStep(account: Account): Step {
  const { client } = account;
  return {
    name: 'reissue',
    paid: false,
    before: async (request) => {
      await checkApprovers(client, request.validation);
      return { certificateIds: await idsOf(client, request) };
    },
    run: async ({ request }, guard) => {
      const orderId = predecessorId(request);
      account.changed();
      const reply = await client.replace(replaceParameters(request), `order ${orderId}`, guard);
      return replacedOutcome(reply, orderId);
    },
    lookUp: (context) => lookUpReissue(client, context),
  };
}

function replacedOutcome(reply: CodedReply, orderId: string): StepOutcome {
  const replaced = parseReplaced('!AutoReplaceSSL', reply.fields, 'unknown');
  return outcomeOf(replaced.orderNumber ?? orderId, {
    ...(replaced.certificateID === undefined ? {} : { certificateId: replaced.certificateID }),
    ...(replaced.uniqueValue === undefined ? {} : { uniqueValue: replaced.uniqueValue }),
  });
}

/** Certificates of an order as the report lists them, under any of its numbers. */
async function idsOf(client: SectigoClient, { predecessor }: OrderRequest): Promise<readonly string[]> {
  const { ids } = needed(predecessor, 'predecessor');
  const { rows } = await readReport(client, { orderNumber: ids.join(','), showOldItems: 'Y' });
  return [...new Set(rows.flatMap(certificateIds))].sort();
}

/** A reissue carries no reference: it shows by a certificate id that was not there, or by its key once it is issued. */
async function lookUpReissue(client: SectigoClient, context: LookUpContext): Promise<LookUp> {
  const { request, before } = context;
  const orderId = predecessorId(request);
  const known = Array.isArray(before.certificateIds) ? before.certificateIds : [];
  const ids = await idsOf(client, request);
  const candidates = ids.filter((id) => !known.includes(id));
  const [certificateId, ...more] = candidates;
  if (certificateId !== undefined && more.length === 0) {
    return { kind: 'found', outcome: outcomeOf(orderId, { certificateId }) };
  }
  if (more.length > 0) return { kind: 'cannot-tell', why: 'several certificates are new', candidates };
  const collected = await collectOrder(client, { orderNumber: orderId }, `order ${orderId}`);
  if (collected.kind === 'issued') {
    const csr = await inspectCsr(needed(request.csrPem, 'CSR'));
    const { keyHash, serial } = factsOf(collected.certificate);
    if ('keyHash' in csr && csr.keyHash === keyHash && !context.published?.includes(serial)) {
      return { kind: 'found', outcome: outcomeOf(orderId) };
    }
  }
  const { dateMs } = collected.reply;
  return {
    kind: 'absent',
    evidence: {
      ...(dateMs === undefined ? {} : { replyAtMs: dateMs }),
      complete: true,
      negativeControl: await missesUnknown(client),
      // A report that shows no certificate ids at all cannot miss one.
      positiveControl: known.length > 0 && known.every((id) => ids.includes(String(id))),
    },
  };
}

const REASONS: Readonly<Record<RevocationReason, string>> = {
  unspecified: '0',
  keyCompromise: '1',
  affiliationChanged: '3',
  superseded: '4',
  cessationOfOperation: '5',
};

export const REVOCATION_REASONS: readonly RevocationReason[] = [
  'unspecified',
  'keyCompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
];

/** Revokes one certificate by its serial. */
export function revokeStep({ client, changed }: Account): Step {
  return {
    name: 'revoke',
    paid: false,
    run: async ({ request }, guard) => {
      const { serial, reason } = needed(request.revocation, 'revocation');
      changed();
      const parameters = {
        serialNumber: serial.toUpperCase(),
        revocationReason: reason,
        codeReason: REASONS[reason],
        responseFormat: '1',
      };
      await client.revoke(parameters, `certificate ${serial}`, guard);
      return outcomeOf(predecessorId(request), { serial });
    },
    lookUp: (context) => lookUpRevocation(client, context),
  };
}

/** Numbers compare without what one side pads them with. */
const sameSerial = (a: string, b: string): boolean => {
  const plain = (text: string): string => text.toLowerCase().replace(/^0+/, '');
  return plain(a) === plain(b);
};

async function lookUpRevocation(client: SectigoClient, { request }: LookUpContext): Promise<LookUp> {
  const { serial } = needed(request.revocation, 'revocation');
  const { ids } = needed(request.predecessor, 'predecessor');
  const { rows } = await readReport(client, { orderNumber: ids.join(','), showOldItems: 'Y' });
  const item = rows
    .flatMap(({ items }) => items)
    .find((one) => sameSerial(single('!WebHostReport', one, 'serialNumber') ?? '', serial));
  const certificateID = item && single('!WebHostReport', item, 'certificateID');
  if (certificateID === undefined) {
    return { kind: 'cannot-tell', why: `the report shows no certificate ${serial}`, candidates: [] };
  }
  const { code, dateMs } = await collectStatus(client, { certificateID }, `certificate ${serial}`);
  if (code === -21) return { kind: 'found', outcome: outcomeOf(predecessorId(request), { serial }) };
  if (code !== 1 && code !== 2) {
    return { kind: 'cannot-tell', why: `CollectSSL gives code ${code} for it`, candidates: [] };
  }
  return absentFree(client, dateMs);
}

async function absentFree(client: SectigoClient, dateMs: number | undefined): Promise<LookUp> {
  return {
    kind: 'absent',
    evidence: {
      ...(dateMs === undefined ? {} : { replyAtMs: dateMs }),
      complete: true,
      negativeControl: await missesUnknown(client),
      positiveControl: true,
    },
  };
}

/** `11`: other. */
const REFUND_REASON = '11';

/**
 * Takes an order back: rejected where nothing is issued, refunded otherwise. `AutoReject` and not `AutoRevokeSSL`: the
 * latter revokes a certificate that was issued a moment before.
 */
export function cancelStep({ client, changed }: Account): Step {
  return {
    name: 'cancel',
    paid: false,
    before: async (request) => {
      const orderId = predecessorId(request);
      const { code } = await collectStatus(client, { orderNumber: orderId }, `order ${orderId}`);
      const issued = code === 1 || code === 2;
      if (issued && productOf(request).shape === 'multi') {
        throw new CertError('provider.unsupported', `order ${orderId} is for several domains and issued`, {
          remedy: 'Sectigo refunds such orders by a support ticket alone.',
        });
      }
      return { issued };
    },
    run: async ({ request, before }, guard) => {
      const orderNumber = predecessorId(request);
      changed();
      if (before.issued === true) {
        await client.refund({ orderNumber, refundReasonCode: REFUND_REASON }, `order ${orderNumber}`, guard);
      } else {
        await client.reject({ orderNumber }, `order ${orderNumber}`, guard);
      }
      return outcomeOf(orderNumber);
    },
    lookUp: async ({ request, before }) => {
      const orderId = predecessorId(request);
      const { code, dateMs } = await collectStatus(client, { orderNumber: orderId }, `order ${orderId}`);
      if (code === -20) return { kind: 'found', outcome: outcomeOf(orderId) };
      if (before.issued === true || code !== 0) {
        const why = 'what a refund leaves of an order is not known';
        return { kind: 'cannot-tell', why, candidates: [orderId] };
      }
      return absentFree(client, dateMs);
    },
  };
}

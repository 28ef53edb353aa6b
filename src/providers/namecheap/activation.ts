import { CertError } from '../../model/errors.js';
import type { LookUp, LookUpContext, Step, StepContext, StepOutcome } from '../../ports/provider.js';
import type { Account } from './account.js';
import { checkApprovers } from './approvers.js';
import type { Answer, NamecheapClient } from './client.js';
import { keptValues, readValue, valuesIn } from './dcv.js';
import { hasNumber, STATUS_INVALID } from './errors.js';
import { isSlot, keyOf, statusOf } from './map.js';
import { chainFrom } from './orders.js';
import { activationParameters, needed, predecessorId } from './request.js';
import { idOf } from './wire.js';

/** No certificate has this id. */
const NEVER_SOLD = '1';

/** The slot of this action: bought by the step before, or taken over. */
function slotOf({ request, results }: StepContext): string {
  const bought = results.create?.orderId ?? results.renew?.orderId;
  return typeof bought === 'string' ? bought : predecessorId(request);
}

function submitted({ result }: Answer, context: StepContext, id: string): StepOutcome {
  const values = valuesIn(result, context.request.commonName);
  return { result: { orderId: id, dcv: keptValues(values) }, orderId: id };
}

/** `activate`: a slot gets its request. Free, and refused for a slot that has one. */
export function activateStep(account: Account): Step {
  const { client } = account;
  return {
    name: 'activate',
    paid: false,
    repeatable: true,
    run: async (context, guard) => {
      const id = slotOf(context);
      const parameters = activationParameters(id, context.request, context.contacts, account.deliveryEmail);
      account.changed();
      try {
        const answer = await client.activate(parameters, `slot ${id}`, guard);
        return submitted(answer, context, id);
      } catch (error) {
        if (!hasNumber(error, ...STATUS_INVALID)) throw error;
        throw new CertError('order.reference-used', `slot ${id} is activated already, or over`, {
          effect: 'unknown',
          cause: error,
        });
      }
    },
    lookUp: (context) => lookUpActivation(client, context),
  };
}

/** `Newpurchase` says that it did not take, the request that is kept there whose it was. */
async function lookUpActivation(client: NamecheapClient, context: LookUpContext): Promise<LookUp> {
  const { request } = context;
  const id = slotOf(context);
  const info = await client.getInfo(id);
  const status = statusOf(id, info.status);
  if (isSlot(status)) {
    return { kind: 'cannot-tell', why: `slot ${id} has no request yet`, candidates: [] };
  }
  const refused = status === 'purchaseerror' && info.csrPem === undefined;
  if (!refused && (await keyOf(info.csrPem)) !== (await keyOf(needed(request.csrPem, 'CSR')))) {
    const why = `slot ${id} is ${info.status}, and not by our request`;
    return { kind: 'cannot-tell', why, candidates: [id], taken: true };
  }
  const values = [];
  for (const wish of status === 'purchased' ? request.validation : []) {
    if (wish.method === 'email') continue;
    const value = await readValue(client, id, request, wish);
    if (value) values.push(value);
  }
  return { kind: 'found', outcome: { result: { orderId: id, dcv: keptValues(values) }, orderId: id } };
}

/** `reissue`: a new certificate under a new id, inside the paid term. Free. */
export function reissueStep(account: Account): Step {
  const { client } = account;
  return {
    name: 'reissue',
    paid: false,
    before: async (request) => {
      await checkApprovers(account, request);
      account.changed();
      const { rows } = await account.listing();
      const known = rows.filter(({ hostName }) => hostName === request.commonName).map(({ id }) => id);
      return { known };
    },
    run: async (context, guard) => {
      const old = predecessorId(context.request);
      const parameters = activationParameters(old, context.request, context.contacts, undefined);
      account.changed();
      const answer = await client.reissue(parameters, `certificate ${old}`, guard);
      const id = idOf(answer.result, 'ID');
      if (id === undefined) {
        throw new CertError('wire.unexpected', `the reissue of ${old} at Namecheap gave no certificate id`, {
          effect: 'unknown',
        });
      }
      return submitted(answer, context, id);
    },
    lookUp: (context) => lookUpReissue(account, context),
  };
}

/** It shows as successor of the old record, or as another one for the same name; its request says whose it is. */
async function lookUpReissue(account: Account, { request, before }: LookUpContext): Promise<LookUp> {
  const { client } = account;
  const wanted = await keyOf(needed(request.csrPem, 'CSR'));
  const old = needed(request.predecessor, 'predecessor');
  const chain = await chainFrom(client, old.orderId);
  account.changed();
  const { rows, dateMs, complete } = await account.listing();
  const known = new Set([...(Array.isArray(before.known) ? before.known.map(String) : []), ...old.ids]);
  const fresh = rows.filter(({ id, hostName }) => hostName === request.commonName && !known.has(id));
  const ids = new Set([...chain.slice(1).map(({ id }) => id), ...fresh.map(({ id }) => id)]);
  for (const id of ids) {
    const info = chain.find((one) => one.id === id) ?? (await client.getInfo(id));
    const status = statusOf(id, info.status);
    if (status === 'cancelled' || (await keyOf(info.csrPem)) !== wanted) continue;
    return { kind: 'found', outcome: { result: { orderId: id }, orderId: id } };
  }
  if (chain.length > 1) {
    const why = 'it was reissued, and not by our request';
    return { kind: 'cannot-tell', why, candidates: [...ids] };
  }
  return {
    kind: 'absent',
    evidence: {
      ...(dateMs === undefined ? {} : { replyAtMs: dateMs }),
      complete,
      negativeControl: await missesUnknown(client),
      positiveControl: rows.some(({ id }) => id === old.orderId),
    },
  };
}

async function missesUnknown(client: NamecheapClient): Promise<boolean> {
  try {
    await client.getInfo(NEVER_SOLD);
    return false;
  } catch (error) {
    if (error instanceof CertError && error.code === 'order.not-found') return true;
    throw error;
  }
}

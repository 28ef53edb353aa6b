import { CertError } from '../../model/errors.js';
import type { JsonObject } from '../../model/json.js';
import { formatMoney } from '../../model/money.js';
import type { OrderRequest } from '../../model/order.js';
import { toInstant } from '../../model/time.js';
import type { LookUp, LookUpContext, Step, StepOutcome } from '../../ports/provider.js';
import type { Account } from './account.js';
import { checkRequest } from './approvers.js';
import type { Answer, Parameters } from './client.js';
import { ALREADY_QUEUED, hasNumber } from './errors.js';
import { knownStatus, type WireStatus } from './map.js';
import { productOfType } from './products.js';
import { extraNames, needed, predecessorId, productOf, yearsOf } from './request.js';
import { amountOf, idOf, type ListRow } from './wire.js';
import { fieldOf } from './xml.js';

const textIn = (from: JsonObject, key: string): string | undefined => {
  const value = from[key];
  return typeof value === 'string' ? value : undefined;
};

/** What a look-up compares with: slots nobody has taken, how many certificates there are, and the money. */
async function booksNow(account: Account): Promise<JsonObject> {
  const balance = await account.balance();
  const { rows } = await account.listing();
  const slots = rows.filter(isFree).map(({ id }) => id);
  return { balance: formatMoney(balance), currency: balance.currency, certificates: rows.length, slots };
}

const isFree = ({ status }: ListRow): boolean => {
  const word = knownStatus(status);
  return word === 'newpurchase' || word === 'newrenewal';
};

/** `create`: a slot of a product for a term, without names. */
export function createStep(account: Account): Step {
  return {
    name: 'create',
    paid: true,
    before: async (request) => {
      await checkRequest(account, request);
      return booksNow(account);
    },
    run: async ({ request, before }, guard) => {
      const product = productOf(request);
      const extra = extraNames(product, request.names);
      const parameters: Parameters = {
        Type: account.typeOf(product),
        Years: yearsOf(request),
        ...(extra > 0 ? { SANStoADD: String(extra) } : {}),
      };
      account.changed();
      const about = `${request.product} for ${request.commonName}`;
      return boughtOutcome(await account.client.create(parameters, about, guard), before);
    },
    lookUp: (context) => lookUpPurchase(account, context, 'newpurchase'),
    adoptResult: (orderId) => ({ orderId }),
  };
}

/** `renew`: the next term, which has to be activated like a purchase. */
export function renewStep(account: Account): Step {
  return {
    name: 'renew',
    paid: true,
    before: async (request) => {
      const info = await account.client.getInfo(predecessorId(request));
      await checkRequest(account, request);
      // The very type of the order: another one is refused, and ours may have been given another name.
      return { ...(await booksNow(account)), type: info.type || account.typeOf(productOf(request)) };
    },
    run: async ({ request, before }, guard) => {
      const id = predecessorId(request);
      const parameters: Parameters = {
        CertificateID: id,
        Years: yearsOf(request),
        SSLType: needed(textIn(before, 'type'), 'type'),
      };
      account.changed();
      try {
        return boughtOutcome(await account.client.renew(parameters, `certificate ${id}`, guard), before);
      } catch (error) {
        if (!hasNumber(error, ALREADY_QUEUED)) throw error;
        throw new CertError('order.reference-used', `certificate ${id} is renewed already`, {
          effect: 'unknown',
          cause: error,
        });
      }
    },
    lookUp: (context) => lookUpPurchase(account, context, 'newrenewal'),
    adoptResult: (orderId) => ({ orderId }),
  };
}

function boughtOutcome({ result, dateMs }: Answer, before: JsonObject): StepOutcome {
  const orderId = idOf(result, 'CertificateID');
  if (orderId === undefined) {
    throw new CertError('wire.unexpected', 'the purchase at Namecheap gave no certificate id', {
      effect: 'unknown',
    });
  }
  const charged = amountOf(result, 'ChargedAmount', textIn(before, 'currency'));
  const type = fieldOf(result, 'SSLType');
  const vendorOrder = fieldOf(result, 'OrderId');
  return {
    result: {
      orderId,
      ...(type === undefined ? {} : { type }),
      ...(vendorOrder === undefined ? {} : { vendorOrder }),
      ...(dateMs === undefined ? {} : { placedAt: toInstant(dateMs) }),
    },
    orderId,
    ...(charged === undefined ? {} : { charged }),
  };
}

const isOfClass = ({ type }: ListRow, request: OrderRequest): boolean => {
  const product = productOfType(type);
  return product === undefined || product === productOf(request);
};

/**
 * A slot carries no reference. One that was not there before, in an account where nobody else buys, is the one that was
 * paid for; in a shared one only a person can say whose it is. An absence shows by the books: no new slot, and all the money
 * still there.
 */
async function lookUpPurchase(
  account: Account,
  { request, before, claimed = [], knownOrderId }: LookUpContext,
  status: WireStatus,
): Promise<LookUp> {
  account.changed();
  const { rows, dateMs, complete } = await account.listing();
  const known = new Set([...(Array.isArray(before.slots) ? before.slots.map(String) : []), ...claimed]);
  const fresh = rows.filter(
    (row) => knownStatus(row.status) === status && !known.has(row.id) && isOfClass(row, request),
  );
  const candidates = fresh.map(({ id }) => id);
  const [found, ...more] = fresh;
  if (found && more.length === 0 && account.slots === 'exclusive') {
    const result = { orderId: found.id, type: found.type };
    return {
      kind: 'found',
      outcome: {
        result: { ...result, ...(found.purchasedAt === undefined ? {} : { placedAt: found.purchasedAt }) },
        orderId: found.id,
      },
    };
  }
  if (found) {
    const why =
      account.slots === 'exclusive'
        ? 'more than one slot was bought since, and none says what for'
        : 'slots were bought since, and in a shared account none says whose it is';
    return { kind: 'cannot-tell', why, candidates };
  }
  const balance = formatMoney(await account.balance());
  const grown = account.slots === 'shared' && rows.length !== before.certificates;
  return {
    kind: 'absent',
    evidence: {
      ...(dateMs === undefined ? {} : { replyAtMs: dateMs }),
      complete,
      negativeControl: true,
      // Records stay: a list that has fewer of them than before misses some.
      positiveControl:
        knownOrderId === undefined
          ? rows.length >= Number(before.certificates)
          : rows.some(({ id }) => id === knownOrderId),
      booksUnchanged: balance === before.balance && !grown,
    },
  };
}

import { CertError } from '../../model/errors.js';
import type { JsonObject } from '../../model/json.js';
import { formatMoney, type Money } from '../../model/money.js';
import { sameNames } from '../../model/names.js';
import { DAY_MS } from '../../model/time.js';
import type { LookUp, LookUpContext, Step, StepOutcome } from '../../ports/provider.js';
import { mailboxOf } from './approvers.js';
import type { StoreClient } from './client.js';
import { listOrders } from './list.js';
import { chargedOf, namesOf } from './map.js';
import { findOrder } from './orders.js';
import { type CsrEncoding, needed, orderBody, productOf } from './request.js';
import { idOf, requestDate, type StoreReply, textOf } from './wire.js';

/** What the steps of one account share. */
export interface Account {
  readonly client: StoreClient;
  readonly encoding: CsrEncoding;
  /** What replies that name no currency are in. @param code  the store's, of a product */
  currency(code: string): Promise<string>;
  /** Something was written: what was listed before is old. */
  changed(): void;
  /** undefined where the account does not tell. */
  balance(): Promise<Money | undefined>;
}

/** Known before the purchase: nothing is asked between its reply and its record. */
const currencyIn = (before: JsonObject): string | undefined => textOf(before, 'currency');

/** The one writing call of an order and of a renewal: a renewal is an order that names the one before. */
export function purchaseStep(account: Account, name: 'place' | 'renew'): Step {
  const { client, encoding } = account;
  return {
    name,
    paid: true,
    before: async (request) => {
      const mailbox = await mailboxOf(client, request);
      const currency = await account.currency(productOf(request).vendorCode);
      const balance = await account.balance();
      return { mailbox, currency, ...(balance === undefined ? {} : { balance: formatMoney(balance) }) };
    },
    run: async ({ request, before, contacts }, guard) => {
      const body = orderBody(request, contacts, needed(textOf(before, 'mailbox'), 'mailbox'), encoding);
      account.changed();
      const reply = await client.newOrder(body, `${request.product} for ${request.commonName}`, guard);
      return placedOutcome(reply, currencyIn(before));
    },
    lookUp: (context) => lookUpPurchase(account, context),
  };
}

function placedOutcome(reply: StoreReply, currency: string | undefined): StepOutcome {
  const outcome = orderOutcome(reply.data, currency);
  if (outcome) return outcome;
  throw new CertError('wire.unexpected', 'order/neworder at The SSL Store gave no order number', {
    effect: 'unknown',
  });
}

/** Ids of an order. Its token is a credential, and never kept. */
function orderOutcome(order: JsonObject, currency: string | undefined): StepOutcome | undefined {
  const orderId = idOf(order, 'TheSSLStoreOrderID');
  if (orderId === undefined) return undefined;
  const charged = chargedOf(order, currency);
  const partner = textOf(order, 'PartnerOrderID');
  return {
    result: { orderId, ...(partner === undefined ? {} : { partnerOrderId: partner }) },
    orderId,
    ...(charged === undefined ? {} : { charged }),
  };
}

/**
 * By the reference, and by a walk through the orders of those days: a second sale under the same reference would show there
 * alone. An absence is never told: whether the store refuses a repeated reference, and what it answers for one nobody
 * used, is not documented.
 */
async function lookUpPurchase(account: Account, context: LookUpContext): Promise<LookUp> {
  const { client } = account;
  const { reference } = context.request;
  const direct = await findOrder(client, { CustomOrderID: reference });
  const similar = await similarOrders(account, context);
  const own = new Map<string, JsonObject>();
  for (const order of [...(direct ? [direct] : []), ...similar]) {
    const id = idOf(order, 'TheSSLStoreOrderID');
    const told = textOf(order, 'CustomOrderID');
    const isOurs = told === reference || (order === direct && isWhatWasAsked(order, context));
    if (id !== undefined && isOurs) own.set(id, order);
  }
  const [found, ...more] = own.values();
  if (found && more.length === 0) {
    const outcome = orderOutcome(found, currencyIn(context.before));
    if (outcome) return { kind: 'found', outcome };
  }
  if (more.length > 0) {
    return {
      kind: 'cannot-tell',
      why: `${own.size} orders stand under our reference`,
      candidates: [...own.keys()],
    };
  }
  const candidates = [...(direct ? [direct] : []), ...similar].flatMap(
    (order) => idOf(order, 'TheSSLStoreOrderID') ?? [],
  );
  const why =
    candidates.length === 0
      ? 'no order shows under our reference, and The SSL Store does not document what that proves'
      : direct
        ? 'what answers to our reference does not tell it, and is for other names or another product'
        : 'orders for the same names and product were bought then, under no reference of ours';
  return { kind: 'cannot-tell', why, candidates };
}

/** An answer to our reference that does not tell it back. */
const isWhatWasAsked = (order: JsonObject, { request }: LookUpContext): boolean =>
  textOf(order, 'ProductCode')?.toLowerCase() === productOf(request).vendorCode.toLowerCase() &&
  sameNames(namesOf(order), request.names);

/** Orders for the same product and names bought around the time, with their references: the list may leave those out. */
async function similarOrders(account: Account, { request, sentAtMs, knownOrderId }: LookUpContext) {
  const { client } = account;
  const filter = {
    StartDate: requestDate(sentAtMs - DAY_MS),
    EndDate: requestDate(sentAtMs + 2 * DAY_MS),
    ProductCode: productOf(request).vendorCode,
  };
  const listed = await listOrders(client, filter);
  const same = listed.filter((order) => {
    const id = idOf(order, 'TheSSLStoreOrderID');
    return id !== undefined && id !== knownOrderId && sameNames(namesOf(order), request.names);
  });
  return Promise.all(
    same.map(async (order) => {
      const id = idOf(order, 'TheSSLStoreOrderID');
      if (id === undefined || textOf(order, 'CustomOrderID') !== undefined) return order;
      return (await findOrder(client, { TheSSLStoreOrderID: id })) ?? order;
    }),
  );
}

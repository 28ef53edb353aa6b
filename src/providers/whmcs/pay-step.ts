import { CertError } from '../../model/errors.js';
import type { JsonObject } from '../../model/json.js';
import { formatMoney } from '../../model/money.js';
import type { OrderRequest } from '../../model/order.js';
import type {
  LookUp,
  LookUpContext,
  SendGuard,
  SoFar,
  Step,
  StepOutcome,
  StepWait,
} from '../../ports/provider.js';
import { type Invoice, isPaid, isUnpaid, isVoid } from './invoice.js';
import { asMoney, creditLeft, invoiceIdOf, invoiceOf, orderIdOf, type Results, type Shop } from './shop.js';
import { textOf } from './wire.js';

/** No invoice has this number. */
const NEVER_MADE = 999_999_999;

/** ApplyCredit: the whole of an invoice, or nothing. */
export function payStep(shop: Shop): Step {
  return {
    name: 'pay',
    paid: true,
    waits: async (soFar) => {
      const invoice = await invoiceOf(shop, soFar.request, soFar.results);
      const wait = invoice && (await paymentWait(shop, invoice, soFar.tooMuch));
      if (invoice && wait === undefined) shop.spending.set(invoice.id, invoice.toPay);
      return wait;
    },
    before: async (request, soFar) => {
      const invoice = await invoiceOf(shop, request, soFar?.results ?? {});
      return invoice === undefined
        ? {}
        : { invoiceId: invoice.id, toPay: invoice.toPay.toFixed(2), credit: invoice.credit.toFixed(2) };
    },
    run: async ({ request, before, results }, guard) => pay(shop, request, before, results, guard),
    lookUp: (context) => lookUpPayment(shop, context),
  };
}

/** Who has to act before an invoice can be paid by us; undefined: it can, or nothing is left to pay. */
export async function paymentWait(
  shop: Shop,
  invoice: Invoice,
  tooMuch: SoFar['tooMuch'] | undefined,
): Promise<StepWait | undefined> {
  const { id, status } = invoice;
  if (isPaid(invoice)) return undefined;
  if (isVoid(invoice)) return { waitingFor: 'person', message: `invoice ${id} is ${status}` };
  if (!isUnpaid(invoice)) return { waitingFor: 'payment', message: `invoice ${id} is ${status}` };
  const [total, toPay] = [await asMoney(shop, invoice.total), await asMoney(shop, invoice.toPay)];
  if (!shop.options.payFromCredit) {
    return { waitingFor: 'payment', message: `invoice ${id} of ${formatMoney(total)} is not paid` };
  }
  const why = tooMuch?.(total);
  if (why !== undefined) {
    return {
      waitingFor: 'person',
      message: `invoice ${id} is not paid from credit: ${why.replace(/^charged/, 'it asks for')}; pay it in WHMCS, or give the order up`,
    };
  }
  const left = await creditLeft(shop, id);
  if (left.gte(invoice.toPay)) return undefined;
  const missing = await asMoney(shop, invoice.toPay.minus(left.lt(0) ? 0 : left));
  return {
    waitingFor: 'payment',
    message: `invoice ${id}: ${formatMoney(toPay)} to pay, ${formatMoney(missing)} missing in the credit of the client; top it up, the order goes on by itself`,
  };
}

async function pay(
  shop: Shop,
  request: OrderRequest,
  before: JsonObject,
  results: Results,
  guard: SendGuard,
): Promise<StepOutcome> {
  const orderId = orderIdOf(request, results);
  const id = await invoiceIdOf(shop, request, results);
  if (id === undefined) {
    guard();
    return { result: { paid: 'nothing to pay' }, orderId };
  }
  try {
    const invoice = await invoiceOf(shop, request, results);
    // Somebody was first: that is as good.
    if (invoice && isPaid(invoice)) {
      guard();
      return paidOutcome(shop, invoice, orderId);
    }
    const toPay = invoice?.toPay.toFixed(2) ?? '';
    if (!invoice || !isUnpaid(invoice) || toPay !== before.toPay || invoice.toPay.lte(0)) {
      throw new CertError('provider.not-ready', `invoice ${id} changed meanwhile; it is looked at again`);
    }
    await shop.currency();
    const { data } = await shop.client.write(
      'ApplyCredit',
      { invoiceid: id, amount: toPay, noemail: '1' },
      `invoice ${id}`,
      guard,
    );
    if (data.invoicepaid === false || textOf(data, 'invoicepaid')?.toLowerCase() === 'false') {
      throw new CertError('wire.unexpected', `the credit that was applied did not pay invoice ${id}`, {
        effect: 'unknown',
        remedy: 'Look at the invoice in WHMCS; certwright applies no more credit to it by itself.',
      });
    }
    return paidOutcome(shop, invoice, orderId);
  } finally {
    shop.spending.delete(id);
  }
}

const paidOutcome = async (shop: Shop, invoice: Invoice, orderId: string): Promise<StepOutcome> => ({
  result: { invoiceId: invoice.id, amount: invoice.total.toFixed(2) },
  orderId,
  charged: await asMoney(shop, invoice.total),
});

/** It shows at the invoice itself: paid, or more credit on it. What is paid cannot be paid again. */
async function lookUpPayment(shop: Shop, context: LookUpContext): Promise<LookUp> {
  const { request, before, results } = context;
  const invoice = await invoiceOf(shop, request, results);
  const orderId = orderIdOf(request, results);
  if (invoice === undefined) {
    return { kind: 'found', outcome: { result: { paid: 'nothing to pay' }, orderId } };
  }
  if (isPaid(invoice)) return { kind: 'found', outcome: await paidOutcome(shop, invoice, orderId) };
  if (!isUnpaid(invoice) || invoice.credit.toFixed(2) !== before.credit) {
    const why = `invoice ${invoice.id} is ${invoice.status} and has ${invoice.credit.toFixed(2)} of credit on it`;
    return { kind: 'cannot-tell', why, candidates: [String(invoice.id)] };
  }
  const nothing = await shop.client.ask('GetInvoice', { invoiceid: NEVER_MADE });
  return {
    kind: 'absent',
    evidence: {
      ...(nothing.dateMs === undefined ? {} : { replyAtMs: nothing.dateMs }),
      complete: true,
      negativeControl: /^invoice id not found/i.test(nothing.error ?? ''),
      positiveControl: true,
    },
  };
}

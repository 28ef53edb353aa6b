import { CertError } from '../../model/errors.js';
import type { JsonObject } from '../../model/json.js';
import { formatMoney } from '../../model/money.js';
import type { OrderRequest } from '../../model/order.js';
import { parseTerm, termDays } from '../../model/term.js';
import { DAY_MS, toMs } from '../../model/time.js';
import type { LookUp, LookUpContext, SendGuard, Step, StepOutcome } from '../../ports/provider.js';
import { beforeBuying, slotsKept } from './deliver-steps.js';
import { changedWhileRead } from './errors.js';
import { type Invoice, isPaid } from './invoice.js';
import { nextTerms } from './next-term.js';
import { termOf } from './orders.js';
import { parseOrderId } from './service.js';
import { needed, predecessorId, productOf, type Shop } from './shop.js';
import { idOf, localDateOf } from './wire.js';

/**
 * The invoice of the next term. One that exists already, made by the shop's cron or by people, open or paid, is used:
 * nothing is ordered beside it. Else AddOrder renews on demand.
 */
export function renewStep(shop: Shop): Step {
  return {
    name: 'renew',
    paid: true,
    before: async (request) => {
      const credit = formatMoney(await shop.credit());
      const { slots, ...there } = await beforeBuying(shop, request);
      const { invoiceId, paid, found } = await newerInvoice(shop, request);
      await refuseTermGoneBy(shop, request, found);
      return {
        ...there,
        // Where somebody has paid it already, the module may have bought: what is there may be what it is to have.
        ...(slots === undefined || paid ? {} : { slots }),
        credit,
        ...(invoiceId === undefined ? {} : { invoiceId }),
      };
    },
    run: async ({ request, before }, guard) => renew(shop, request, before, guard),
    lookUp: (context) => lookUpRenewal(shop, context),
    adoptResult: (orderId) => {
      const { serviceId, invoiceId } = parseOrderId(orderId);
      return { serviceId, ...(invoiceId === undefined ? {} : { invoiceId }) };
    },
  };
}

const outcomeOf = (serviceId: number, invoiceId: number, before: JsonObject): StepOutcome => ({
  result: { serviceId, invoiceId, ...slotsKept(before) },
  orderId: `${serviceId}-${invoiceId}`,
});

async function newerInvoice(shop: Shop, request: OrderRequest) {
  const { found, ...more } = await nextTerms(shop, predecessorId(request));
  const [first]: readonly Invoice[] = found;
  return { ...more, found, invoiceId: first?.id, paid: first !== undefined && isPaid(first) };
}

/** A first term is renewed by then, or has lapsed. */
const LATE_MS = 30 * DAY_MS;

/**
 * A service that was taken over by its number alone counts as in its first term. Where that ended long ago, the next invoice
 * was paid for a term that is gone by as well, and renewed by it nothing would be paid.
 * @throws CertError `order.ambiguous`
 */
async function refuseTermGoneBy(shop: Shop, request: OrderRequest, found: readonly Invoice[]): Promise<void> {
  const { serviceId, invoiceId } = parseOrderId(predecessorId(request));
  const paid = found.filter(isPaid).at(-1);
  const [first] = found;
  if (invoiceId !== undefined || paid === undefined || first === undefined || !isPaid(first)) return;
  const service = await shop.service(serviceId);
  const begun = localDateOf(service.row, 'regdate');
  const term = parseTerm(termOf(productOf(shop, request), service) ?? needed(request.term, 'term'));
  if (begun === undefined || term === undefined) return;
  if (shop.now() <= toMs(begun) + termDays(term) * DAY_MS + LATE_MS) return;
  throw new CertError(
    'order.ambiguous',
    `service ${serviceId} is past its first term, and its invoice ${first.id} is paid: for which term does not show`,
    {
      remedy: `Name the invoice that paid the present term: \`adopt: { order: "${serviceId}-${paid.id}" }\`; it is renewed from there.`,
    },
  );
}

async function renew(
  shop: Shop,
  request: OrderRequest,
  before: JsonObject,
  guard: SendGuard,
): Promise<StepOutcome> {
  const { serviceId, invoiceId, complete } = await newerInvoice(shop, request);
  if (invoiceId !== undefined) {
    guard();
    return outcomeOf(serviceId, invoiceId, before);
  }
  // Beside one that a page did not show, a second one would be made.
  if (!complete) throw changedWhileRead('invoices');
  shop.changed();
  const { data } = await shop.client.write(
    'AddOrder',
    {
      clientid: shop.options.clientId,
      paymentmethod: shop.options.paymentMethod,
      servicerenewals: [String(serviceId)],
      noemail: '1',
    },
    `the renewal of service ${serviceId}`,
    guard,
  );
  const made = idOf(data, 'invoiceid');
  if (made !== undefined) return outcomeOf(serviceId, made, before);
  throw new CertError('wire.unexpected', `AddOrder told no invoice for the renewal of service ${serviceId}`, {
    effect: 'unknown',
  });
}

async function lookUpRenewal(shop: Shop, { request, before }: LookUpContext): Promise<LookUp> {
  const { serviceId, after, invoiceId, complete, dateMs } = await newerInvoice(shop, request);
  if (invoiceId !== undefined) return { kind: 'found', outcome: outcomeOf(serviceId, invoiceId, before) };
  const nobody = await shop.invoices.newerFor(serviceId, Number.MAX_SAFE_INTEGER);
  const known = after === 0 ? undefined : await shop.invoices.newerFor(serviceId, after - 1);
  return {
    kind: 'absent',
    evidence: {
      ...(dateMs === undefined ? {} : { replyAtMs: dateMs }),
      complete,
      negativeControl: nobody.found.length === 0 && nobody.complete,
      // The invoice of the term that ends is in the same list; without one the credit has to stand.
      positiveControl: known
        ? known.found.some(({ id }) => id === after)
        : formatMoney(await shop.credit()) === before.credit,
    },
  };
}

import type { OrderRequest } from '../../model/order.js';
import type { LookUp, SendGuard, Step, StepOutcome } from '../../ports/provider.js';
import { getShopOrder } from './invoice.js';
import { parseOrderId, type Service } from './service.js';
import { predecessorId, type Shop } from './shop.js';
import { textOf } from './wire.js';

const REASON = 'Given up by the customer';
const EXISTS = /^existing cancellation request exists/i;

/** An order that is Pending is cancelled; later it can only be asked for, and people grant it. */
export function cancelStep(shop: Shop): Step {
  return {
    name: 'cancel',
    paid: false,
    run: async ({ request }, guard) => cancel(shop, request, guard),
    lookUp: ({ request }) => lookUpCancellation(shop, request),
  };
}

const isOver = ({ status }: Service): boolean => /^(cancelled|terminated|fraud)$/i.test(status);

async function shopOrderOf(shop: Shop, service: Service) {
  return service.orderId === undefined ? undefined : getShopOrder(shop.client, service.orderId);
}

const outcomeOf = (orderId: string, undecided: boolean): StepOutcome => ({
  result: {},
  orderId,
  ...(undecided ? { undecided } : {}),
});

async function cancel(shop: Shop, request: OrderRequest, guard: SendGuard): Promise<StepOutcome> {
  const orderId = predecessorId(request);
  const { serviceId, invoiceId } = parseOrderId(orderId);
  const service = await shop.service(serviceId);
  const order = await shopOrderOf(shop, service);
  shop.changed();
  if (invoiceId === undefined && order && /^pending$/i.test(textOf(order, 'status') ?? '')) {
    const params = { orderid: service.orderId ?? 0, noemail: '1' };
    await shop.client.write('CancelOrder', params, `order ${service.orderId}`, guard);
    return outcomeOf(orderId, false);
  }
  const word = await shop.client.runModule(
    'AddCancelRequest',
    { serviceid: serviceId, type: 'Immediate', reason: REASON },
    `service ${serviceId}`,
    guard,
  );
  if (word.ok || EXISTS.test(word.words)) return outcomeOf(orderId, true);
  throw shop.client.refused('AddCancelRequest', `service ${serviceId}`, word.words);
}

async function lookUpCancellation(shop: Shop, request: OrderRequest): Promise<LookUp> {
  const orderId = predecessorId(request);
  const service = await shop.service(parseOrderId(orderId).serviceId);
  const order = await shopOrderOf(shop, service);
  const cancelled = isOver(service) || /^cancelled$/i.test(order ? (textOf(order, 'status') ?? '') : '');
  if (cancelled) return { kind: 'found', outcome: outcomeOf(orderId, false) };
  const why = 'whether a cancellation was asked for does not show at the shop';
  return { kind: 'cannot-tell', why, candidates: [orderId] };
}

import type { OrderRequest } from '../../model/order.js';
import type { LookUp, LookUpContext, SoFar, Step, StepOutcome, StepWait } from '../../ports/provider.js';
import { getShopOrder, isPaid } from './invoice.js';
import { isPending, type Service } from './service.js';
import { invoiceOf, orderIdOf, productOf, type Results, type Shop, serviceIdOf } from './shop.js';
import { idOf, textOf } from './wire.js';

/** Nothing is set up before it is paid. */
export async function untilPaid(
  shop: Shop,
  { request, results }: Pick<SoFar, 'request' | 'results'>,
): Promise<StepWait | undefined> {
  const invoice = await invoiceOf(shop, request, results);
  return invoice === undefined || isPaid(invoice)
    ? undefined
    : { waitingFor: 'payment', message: `invoice ${invoice.id} is ${invoice.status}` };
}

const outcomeOf = (request: OrderRequest, results: Results, words?: string): StepOutcome => ({
  result: words === undefined ? {} : { moduleError: words },
  orderId: orderIdOf(request, results),
});

/** The WHMCS order behind the service, and where it stands. */
async function orderOf({ client }: Shop, service: Service, results: Results) {
  const id = idOf(results.order ?? {}, 'orderId') ?? service.orderId;
  if (id === undefined) return undefined;
  return { id, status: (textOf(await getShopOrder(client, id), 'status') ?? '').toLowerCase() };
}

/**
 * AcceptOrder, which an order placed by API needs; with the set-up of the service where the product asks for that. Sent
 * only while the service is Pending: a second set-up is an error of the module at best.
 */
export function acceptStep(shop: Shop): Step {
  return {
    name: 'accept',
    paid: false,
    applies: (request) => productOf(shop, request).setup !== 'payment',
    waits: (soFar) => untilPaid(shop, soFar),
    run: async ({ request, results }, guard) => {
      const service = await shop.service(serviceIdOf(request, results));
      const order = await orderOf(shop, service, results);
      if (!isPending(service) || order?.status !== 'pending') {
        guard();
        return outcomeOf(request, results);
      }
      const autosetup = productOf(shop, request).setup === 'accept';
      shop.changed();
      const word = await shop.client.runModule(
        'AcceptOrder',
        { orderid: order.id, autosetup: autosetup ? 'true' : 'false', sendemail: 'false' },
        `order ${order.id}`,
        guard,
      );
      return outcomeOf(request, results, word.ok ? undefined : word.words);
    },
    lookUp: (context) => lookUpSetUp(shop, context, true),
  };
}

/** ModuleCreate, for shops that accept orders without setting up. */
export function createStep(shop: Shop): Step {
  return {
    name: 'create',
    paid: false,
    applies: (request) => productOf(shop, request).setup === 'create',
    waits: (soFar) => untilPaid(shop, soFar),
    run: async ({ request, results }, guard) => {
      const service = await shop.service(serviceIdOf(request, results));
      if (!isPending(service)) {
        guard();
        return outcomeOf(request, results);
      }
      shop.changed();
      const word = await shop.client.runModule(
        'ModuleCreate',
        { serviceid: service.id },
        `service ${service.id}`,
        guard,
      );
      return outcomeOf(request, results, word.ok ? undefined : word.words);
    },
    lookUp: (context) => lookUpSetUp(shop, context, false),
  };
}

async function lookUpSetUp(
  shop: Shop,
  { request, results }: LookUpContext,
  accepting: boolean,
): Promise<LookUp> {
  const service = await shop.service(serviceIdOf(request, results));
  const order = await orderOf(shop, service, results);
  const done = !isPending(service) || (accepting && order?.status !== 'pending');
  if (done) return { kind: 'found', outcome: outcomeOf(request, results) };
  const reply = await shop.client.ask('GetClientsProducts', {
    clientid: shop.options.clientId,
    serviceid: service.id,
  });
  return {
    kind: 'absent',
    evidence: {
      ...(reply.dateMs === undefined ? {} : { replyAtMs: reply.dateMs }),
      complete: true,
      // The service itself was read, and says that nothing set it up.
      negativeControl: true,
      positiveControl: true,
    },
  };
}

/** Why an automatic set-up failed, where the shop says so and the API role lets us ask. */
export async function queuedFailure({ client }: Shop, serviceId: number): Promise<string | undefined> {
  const reply = await client.ask('GetModuleQueue', { relatedId: serviceId, serviceType: 'service' });
  const text = textIn(reply.data.queue) ?? textOf(reply.data, 'queue[0][lastAttemptError]');
  return text?.slice(0, 300);
}

function textIn(queue: unknown): string | undefined {
  const rows = Array.isArray(queue) ? queue : [];
  const [first] = rows as readonly unknown[];
  return typeof first === 'object' && first !== null && !Array.isArray(first)
    ? textOf(first as Record<string, string>, 'lastAttemptError')
    : undefined;
}

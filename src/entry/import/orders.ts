import PQueue from 'p-queue';
import { CertError } from '../../model/errors.js';
import type { OrderSnapshot } from '../../model/order.js';
import type { ListedOrder, Provider } from '../../ports/provider.js';
import type { Context } from '../context.js';
import { untilStopped } from '../system/until-stopped.js';

const TELL_EVERY = 50;

/**
 * Every order of an account by its list; a look at each only where the list tells too little of it.
 * @throws CertError `provider.unsupported` with the vendor's reason, `interrupted`, what the provider says
 */
export async function readOrders(context: Context, provider: Provider): Promise<readonly OrderSnapshot[]> {
  const { id } = provider.config;
  if (!provider.list) {
    const why = provider.capabilities.notes.list ?? 'it has no call for a list of orders';
    throw new CertError('provider.unsupported', `the orders of ${id} cannot be listed: ${why}`, {
      remedy: 'write a manifest for each order with `adopt: { order: "…" }`',
    });
  }
  const list = provider.list({});
  const orders = await untilStopped(readList(context, id, list), context.signal);
  const queue = new PQueue({ concurrency: provider.capabilities.concurrency });
  return Promise.all(
    orders.map((order) =>
      isTold(order) ? order : queue.add(() => untilStopped(provider.getOrder(order.id), context.signal)),
    ),
  );
}

async function readList(
  context: Context,
  id: string,
  list: AsyncIterable<ListedOrder>,
): Promise<readonly OrderSnapshot[]> {
  const orders: OrderSnapshot[] = [];
  for await (const order of list) {
    if (context.signal.aborted) break;
    // Its successor has a line of its own.
    if (order.superseded) continue;
    orders.push(order);
    if (orders.length % TELL_EVERY === 0) context.progress.step(`${orders.length} orders of ${id} read`);
  }
  return orders;
}

/** Names and an end are what a manifest is chosen by; an order that has ended or waits to be configured needs neither. */
const isTold = ({ state, waitingFor, names, paidTill, term, notAfter }: OrderSnapshot): boolean =>
  (state !== 'issued' && state !== 'pending') ||
  waitingFor === 'configuration' ||
  (names.length > 0 && (paidTill ?? term ?? notAfter) !== undefined);

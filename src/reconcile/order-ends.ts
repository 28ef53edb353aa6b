import { isOpen, type OpenIntent, type PlacedIntent } from '../model/intent.js';
import { isZero } from '../model/money.js';
import type { OrderRecord, RequestRecord, Status } from '../model/status.js';
import { toInstant } from '../model/time.js';
import { isDead } from '../planner/facts.js';
import { baseOf, closeIntent, continuesOrder, replaceIntent, replaceOrder } from './intents.js';
import { withFailure } from './lane-failures.js';

/** Does this request give up this order? */
const givesUp = (request: RequestRecord, order: OrderRecord): boolean =>
  request.action === 'abandon' && order.ids.includes(request.order ?? '');

/**
 * A person gave the order up: it is marked, what drove it is over, and so is the request. What stands in the charges
 * stays there: the money left. The same status where the order is not known.
 */
export function withAbandoned(status: Status, orderId: string, atMs: number): Status {
  const order = status.orders.find((known) => known.ids.includes(orderId));
  if (!order) return status;
  const reason =
    status.requests.find((request) => givesUp(request, order))?.reason ?? 'no reason is recorded';
  const { waitingFor: _waiting, message: _message, ...rest } = order;
  const marked = replaceOrder({ ...status, validation: [] }, order, {
    ...rest,
    abandoned: { at: toInstant(atMs), reason },
  });
  const open = marked.intents.filter(isOpen).find((intent) => buysOrder(intent, order));
  const closed = open ? closeIntent(marked, open, 'abandoned', atMs, reason) : marked;
  return withoutAbandonRequest(closed, order);
}

/** What a person gave up is marked so; what a manifest takes away is not. Add-ons go with the main licence of their site. */
export function withCancelled(status: Status, { orderId, request }: PlacedIntent, atMs: number): Status {
  const { licence } = request;
  const marked = licence?.role === 'add-on' ? status : withAbandoned(status, orderId, atMs);
  if (licence?.role !== 'main') return marked;
  const ends = ({ addOn, state }: OrderRecord) => addOn && state === 'issued';
  return {
    ...marked,
    orders: marked.orders.map((order) => (ends(order) ? { ...order, state: 'cancelled' as const } : order)),
  };
}

/** The purchase that an order came from. */
const buysOrder = (intent: OpenIntent, order: OrderRecord): boolean =>
  !continuesOrder(intent) &&
  ('orderId' in intent
    ? order.ids.includes(intent.orderId)
    : intent.provider === order.provider && intent.request.reference === order.reference);

/** An order that ended one way or another cannot be given up any more. */
const withoutAbandonRequest = (status: Status, order: OrderRecord): Status => ({
  ...status,
  requests: status.requests.filter((request) => !givesUp(request, order)),
});

/** The order ended without a certificate: rejected, cancelled, refunded. One that cost nothing makes the lane back off. */
export function withOrderDied(status: Status, intent: OpenIntent, message: string, atMs: number): Status {
  const order = 'orderId' in intent ? status.orders.find((o) => o.ids.includes(intent.orderId)) : undefined;
  const free = intent.quoted === null || isZero(intent.quoted);
  const slower = free ? withFailure(status, intent, { code: 'order.rejected', message }, atMs) : status;
  const asked = order && !continuesOrder(intent) ? withoutAbandonRequest(slower, order) : slower;
  return closeIntent(free ? withoutOldFailures(asked) : asked, intent, 'refused', atMs, message);
}

const KEPT_FREE_FAILURES = 5;

/** Orders that cost nothing and came to nothing are placed again for ever: the last few tell all there is to tell. */
function withoutOldFailures(status: Status): Status {
  const needed = new Set([
    ...(status.published ?? []).map(({ order }) => order),
    ...[status.current, ...status.previous].flatMap((certificate) => certificate?.order ?? []),
  ]);
  const useless = status.orders.filter(
    ({ state, ids, charges, abandoned, adopted }) =>
      isDead(state) &&
      abandoned === undefined &&
      adopted === undefined &&
      charges.every(({ quoted, charged }) => [quoted, charged].every((price) => !price || isZero(price))) &&
      !ids.some((id) => needed.has(id)),
  );
  const dropped = new Set(useless.slice(0, -KEPT_FREE_FAILURES));
  return dropped.size === 0
    ? status
    : { ...status, orders: status.orders.filter((order) => !dropped.has(order)) };
}

/**
 * A reissue that cost nothing ended without a certificate, and its order goes on: the lane backs off, and what is tried
 * then is another reissue.
 */
export function withReissueEnded(status: Status, intent: OpenIntent, message: string, atMs: number): Status {
  const failed = withFailure(status, intent, { code: 'order.rejected', message }, atMs);
  return closeIntent(failed, intent, 'refused', atMs, message);
}

/** A certificate arrived that is not what was asked for. */
export function withProblem(
  status: Status,
  intent: PlacedIntent | Extract<OpenIntent, { phase: 'issued' }>,
  fingerprint: string,
  problem: string,
): Status {
  return replaceIntent(status, {
    ...baseOf(intent),
    phase: 'issued',
    orderId: intent.orderId,
    placedAt: intent.placedAt,
    fingerprint,
    problem,
  });
}

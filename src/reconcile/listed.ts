import type { IssuedIntent, PlacedIntent } from '../model/intent.js';
import { formatMoney } from '../model/money.js';
import type { OrderRecord, Status } from '../model/status.js';
import { dayOf, toMs } from '../model/time.js';
import type { ListedOrder, Provider } from '../ports/provider.js';
import { canonicalJson } from '../repository/stable.js';
import { replaceOrder } from './intents.js';
import { withOrderFacts, withRevocationSeen } from './order-facts.js';
import { stoppedByPrice } from './record.js';
import type { Run } from './run.js';

/** The open intent that waits for this order: it is looked at by the intent's own pace, never judged from a list. */
export const awaiting = (status: Status, order: OrderRecord): PlacedIntent | IssuedIntent | undefined =>
  status.intents
    .filter((intent) => intent.phase === 'placed' || intent.phase === 'issued')
    .find((intent) => order.ids.includes(intent.orderId) && intent.action !== 'revoke');

/** Is something about this order announced whose outcome is not recorded? Then what changed may be our own doing. */
export const isUnsettled = (status: Status, order: OrderRecord): boolean =>
  status.intents.some(
    (intent) =>
      (intent.phase === 'intended' || intent.phase === 'unknown') &&
      intent.request.predecessor?.ids.some((id) => order.ids.includes(id)) === true,
  );

/** Does a line of a list promise something new about an order that is waited for? */
export const hasMoved = (status: Status, order: OrderRecord, listed: ListedOrder): boolean =>
  stateOf(order, listed) !== order.state || hasNewerCertificate(status, order, listed);

/** A list that does not tell it says nothing new. */
const stateOf = (order: OrderRecord, { stateTold, state }: ListedOrder): ListedOrder['state'] =>
  stateTold === false ? order.state : state;

/** Does the order have a certificate that is not ours yet? By what the list tells: serial, end, or a further order id. */
export function hasNewerCertificate(status: Status, order: OrderRecord, listed: ListedOrder): boolean {
  const { current, previous } = status;
  if (!current || !order.ids.includes(current.order) || listed.state !== 'issued') return false;
  if (listed.serial !== undefined) {
    const known = [current.serial, current.replacedBy, ...previous.map(({ serial }) => serial)];
    return !known.includes(listed.serial);
  }
  if (listed.notAfter !== undefined) return toMs(listed.notAfter) > toMs(current.notAfter);
  return listed.ids.some((id) => !order.ids.includes(id));
}

/**
 * Facts that a list is good for: state, dates, ids, the auto-renew flag, a charge that placing did not tell. What a list
 * may leave out (validation, who must act) stays as it was looked up. The same object where nothing changed.
 */
export function withListedFacts(
  run: Run,
  status: Status,
  provider: Provider,
  order: OrderRecord,
  listed: ListedOrder,
): Status {
  const { waitingFor: _who, message: _words, ...line } = listed;
  const state = stateOf(order, listed);
  const same = state === order.state;
  const waitingFor = same ? order.waitingFor : listed.waitingFor;
  const message = same ? order.message : listed.message;
  const seen = withOrderFacts(
    status,
    {
      ...line,
      state,
      ...(waitingFor === undefined ? {} : { waitingFor }),
      ...(message === undefined ? {} : { message }),
    },
    provider.capabilities.termCounting,
  );
  // Of most lines nothing is new, and statuses are long: compared is what is another object alone.
  const facts = seen === status ? status : { ...seen, validation: status.validation };
  const charged = withCharge(run, facts, provider, listed);
  const next = withRevocationSeen(charged, listed, run.deps.clock.now());
  return next === status || canonicalJson(next) === canonicalJson(status) ? status : next;
}

/** What one purchase was charged, where only the list tells. */
function withCharge(run: Run, status: Status, provider: Provider, { charged, ids }: ListedOrder): Status {
  const order = status.orders.find(
    (one) => one.provider === provider.config.id && one.ids.includes(ids[0] ?? ''),
  );
  const [charge, ...others] = order?.charges ?? [];
  if (!order || !charge || others.length > 0 || charge.charged !== undefined || charged === undefined)
    return status;
  const next = replaceOrder(status, order, { ...order, charges: [{ ...charge, charged }] });
  return stoppedByPrice(run, next, provider, {
    order: order.id,
    product: order.product,
    quoted: charge.quoted,
    charged,
  });
}

/** What changed about an order, for people. */
export function changeText(before: OrderRecord, after: OrderRecord): string {
  const parts = [
    ...(before.id === after.id ? [] : [`is ${after.id} now`]),
    ...(before.state === after.state ? [] : [`was ${before.state}, is ${after.state}`]),
    ...(before.paidTill === after.paidTill || after.paidTill === undefined
      ? []
      : [`is paid till ${dayOf(toMs(after.paidTill))}`]),
    ...(before.autoRenew === after.autoRenew
      ? []
      : [`is ${after.autoRenew ? '' : 'not '}renewed by the provider itself`]),
    ...chargeText(before, after),
  ];
  return `order ${before.id} ${parts.length === 0 ? 'changed' : parts.join(', ')}`;
}

function chargeText(before: OrderRecord, after: OrderRecord): readonly string[] {
  const told = after.charges[0]?.charged;
  return told === undefined || before.charges[0]?.charged !== undefined
    ? []
    : [`was charged ${formatMoney(told)}`];
}

import { isOpen } from '../model/intent.js';
import { money } from '../model/money.js';
import type { OrderSnapshot } from '../model/order.js';
import type { PlanItem } from '../model/plan.js';
import type { OrderRecord, Status } from '../model/status.js';
import type { Candidate } from './choose.js';
import { holderOf, rivalOf } from './claims.js';
import type { Decision, Draft } from './draft.js';
import { headOf, isGone, providerOf } from './facts.js';
import { isCertificate, type PlanInput, type Subject } from './input.js';
import { renewalOf } from './timing.js';

/** Bought, for no name yet: what it is for is said when it is activated. */
export const isSlot = ({
  state,
  waitingFor,
  names,
}: Pick<OrderSnapshot, 'state' | 'waitingFor' | 'names'>): boolean =>
  state === 'pending' && waitingFor === 'configuration' && names.length === 0;

/** The slot that was taken over and has no request yet. */
export function slotOf(s: Subject): OrderRecord | undefined {
  const head = headOf(s);
  if (!head || isGone(head) || !isSlot(head)) return undefined;
  return providerOf(s, head.provider)?.capabilities.slots === undefined ? undefined : head;
}

/** A slot that was taken over gets its request. */
export function activation(s: Subject): Decision {
  const slot = slotOf(s);
  if (!slot) return undefined;
  return {
    lane: 'free',
    action: 'activate',
    reason: 'SlotWaiting',
    message: `slot ${slot.id} is bought, and waits for its request`,
    provider: slot.provider,
    product: slot.product,
    ...(slot.term === undefined ? {} : { term: slot.term }),
    predecessor: slot.id,
    byEdit: false,
  };
}

/** Is the outcome of a purchase at this account not known? A slot that nobody holds may be its own. */
export const hasUnsettledPurchase = (statuses: Iterable<Status>, provider: string): boolean =>
  [...statuses].some(({ intents }) =>
    intents
      .filter(isOpen)
      .some(
        (intent) =>
          (intent.phase === 'intended' || intent.phase === 'unknown') &&
          intent.lane === 'purchase' &&
          intent.provider === provider,
      ),
  );

/**
 * A slot that nobody activated, for a first order: of the same product and term, held by no certificate and named by no
 * manifest. None while the outcome of a purchase is not known there.
 * @param taken  slots given to other lines of the plan
 */
export function freeSlot(
  s: Subject,
  draft: Draft,
  { provider, product, term }: Candidate,
  taken: ReadonlySet<string>,
): OrderSnapshot | undefined {
  const { capabilities, config, freeSlots } = provider;
  if (draft.reason !== 'NoOrder' || capabilities.usesFreeSlots !== true) return undefined;
  if (hasUnsettledPurchase(s.input.state.statuses.values(), config.id)) return undefined;
  return freeSlots?.find(
    (slot) =>
      slot.product === product &&
      slot.term === term &&
      slot.continues !== true &&
      !taken.has(slot.id) &&
      holderOf(s.input, config.id, slot.id) === undefined &&
      rivalOf(s.input, s.name, config.id, slot.id) === undefined,
  );
}

/** The line of a purchase that a free slot serves: it is taken over, and nothing is bought. */
export function takenInstead(item: PlanItem, slot: OrderSnapshot, currency: string): PlanItem {
  const { coverage: _later, ...rest } = item;
  return {
    ...rest,
    action: 'adopt',
    reason: 'FreeSlot',
    message: `${item.message}; slot ${slot.id} is free and of the same product, so nothing is bought`,
    predecessor: slot.id,
    price: { kind: 'known', amount: money('0', currency), source: `free slot ${slot.id}` },
  };
}

/**
 * The order whose next term somebody else pays for: it is due, and what was bought for it waits in the account for its
 * request. Undefined where nobody else renews, or nothing is due.
 */
export function awaitsRenewal(s: Subject): OrderRecord | undefined {
  const head = headOf(s);
  const provider = head && providerOf(s, head.provider);
  if (!head || isGone(head) || isSlot(head) || s.spec.suspend || s.spec.key.kind === 'external')
    return undefined;
  const { renewsItself, slots } = provider?.capabilities ?? {};
  const due = renewsItself && slots !== undefined ? renewalOf(s, head) : undefined;
  return due && s.input.nowMs >= due.dueMs ? head : undefined;
}

/** Certificates that wait for such a slot, by account and product. */
const awaiting = new WeakMap<PlanInput, readonly { readonly name: string; readonly head: OrderRecord }[]>();

export function renewalsAwaited(input: PlanInput) {
  const known = awaiting.get(input);
  if (known) return known;
  const found = input.desired.specs.filter(isCertificate).flatMap((spec) => {
    const { name } = spec;
    const status = input.state.statuses.get(name);
    const facts = input.facts.get(name);
    const head = status && facts && awaitsRenewal({ name, spec, status, facts, input });
    return head ? [{ name, head }] : [];
  });
  awaiting.set(input, found);
  return found;
}

/**
 * What somebody else bought as the next term is taken over. Nothing says whose it is: with more than one that may be meant,
 * or more than one certificate that waits, a person says it.
 */
export function renewedThere(s: Subject, head: OrderRecord): Decision {
  const id = head.provider;
  const ofSame = ({ product }: Pick<OrderRecord, 'product'>) => product === head.product;
  const slots = (providerOf(s, id)?.freeSlots ?? []).filter(
    (slot) =>
      slot.continues === true &&
      ofSame(slot) &&
      holderOf(s.input, id, slot.id) === undefined &&
      rivalOf(s.input, s.name, id, slot.id) === undefined,
  );
  const [slot, ...more] = slots;
  if (!slot) return undefined;
  const waiting = renewalsAwaited(s.input).filter((one) => one.head.provider === id && ofSame(one.head));
  const ids = slots.map((one) => one.id).join(', ');
  const base = {
    lane: 'purchase',
    action: 'adopt',
    reason: 'FreeSlot',
    message: `the next term of order ${head.id} was paid for elsewhere; slot ${ids} waits for its request`,
    provider: id,
    product: head.product,
    ...(slot.term === undefined ? {} : { term: slot.term }),
    predecessor: slot.id,
    byEdit: false,
  } as const;
  if (more.length === 0 && waiting.length <= 1) return base;
  const message =
    more.length > 0
      ? `${slots.length} slots may be its next term (${ids}), and none says whose it is`
      : `${waiting.length} certificates wait for their next term, and slot ${ids} does not say whose it is`;
  return {
    ...base,
    action: 'hold',
    hold: {
      code: 'foreign-order',
      message: `${message}; see in WHMCS what was renewed, and write \`adopt: { order: "ID" }\` into the manifest`,
    },
  };
}

import { isOpen } from '../model/intent.js';
import { money } from '../model/money.js';
import type { OrderSnapshot } from '../model/order.js';
import type { PlanItem } from '../model/plan.js';
import type { OrderRecord, Status } from '../model/status.js';
import type { Candidate } from './choose.js';
import { holderOf, rivalOf } from './claims.js';
import type { Decision, Draft } from './draft.js';
import { headOf, isGone, providerOf } from './facts.js';
import type { Subject } from './input.js';

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

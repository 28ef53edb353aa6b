import type { Spec } from '../model/manifest.js';
import type { PlanItem } from '../model/plan.js';
import type { OrderRecord, Status } from '../model/status.js';
import { dayOf, toMs } from '../model/time.js';
import { approvalFor, endingMode } from '../policy/approvals.js';
import { nextTryMs } from '../policy/failures.js';
import { effectivePolicy } from '../policy/rules.js';
import type { Draft } from './draft.js';
import {
  headOrder,
  isGone,
  openCancellation,
  openIntent,
  orderById,
  stableOrderId,
  usedApprovals,
} from './facts.js';
import type { PlanInput } from './input.js';
import { itemBase, settleExisting } from './settle.js';
import { failureDraft } from './waiting.js';

/**
 * The order a person may still give up: bought or taken over, and not issued; of website protection the main licence, as
 * long as it is there. Not while the outcome of one of its calls is open: that is looked for first, or resolved.
 */
export function abandonable(status: Status): OrderRecord | undefined {
  const intent = openIntent(status, 'purchase');
  if (status.kind === 'sitelock') {
    const main = headOrder(status);
    return main?.state === 'issued' && !isGone(main) && !intent ? main : undefined;
  }
  if (intent) {
    const buys = intent.action === 'order' || intent.action === 'renew';
    return buys && intent.phase === 'placed' ? orderById(status, intent.orderId) : undefined;
  }
  const head = headOrder(status);
  return head?.state === 'pending' && !isGone(head) ? head : undefined;
}

/**
 * What a request to give an order up asks for: `cancel` where the provider has a call for it, else `abandon`, which only
 * records it. Nothing once the order has ended, been issued or is in doubt.
 */
export function abandonDraft(input: PlanInput, status: Status): Draft | undefined {
  const request = status.requests.find(({ action }) => action === 'abandon');
  const order = abandonable(status);
  if (!request || !order?.ids.includes(request.order ?? '') || openCancellation(status)) return undefined;
  if (request.failure && input.nowMs < nextTryMs(request.failure))
    return failureDraft('free', request.failure);
  const provider = input.providers.get(order.provider);
  const cancels = provider?.capabilities.cancel !== false;
  return {
    lane: 'free',
    action: cancels ? 'cancel' : 'abandon',
    reason: 'AbandonRequested',
    message: `order ${order.id} is given up: ${request.reason}`,
    provider: order.provider,
    product: order.product,
    ...(order.term === undefined ? {} : { term: order.term }),
    predecessor: stableOrderId(order),
    sideEffects:
      status.kind === 'sitelock'
        ? whatALicenceLoses(input, status, order)
        : [cancels ? whatItCancels(order) : whatIsLeft(input, order)],
    ...(provider
      ? {}
      : {
          hold: {
            code: 'no-provider',
            message: `the configuration has no provider "${order.provider}"`,
          },
        }),
    byEdit: false,
  };
}

const whatItCancels = (order: OrderRecord): string =>
  `order ${order.id} is cancelled at ${order.provider}; what of its price comes back is for ${order.provider} to say`;

function whatIsLeft(input: PlanInput, order: OrderRecord): string {
  const why = input.providers.get(order.provider)?.capabilities.notes.cancel ?? 'it has no call for it';
  return `${order.provider} cannot cancel: ${why.replace(/\.$/, '')}; have order ${order.id} cancelled there by a person, or it stays paid`;
}

/** Add-ons cannot stand without it. */
function whatALicenceLoses(input: PlanInput, status: Status, order: OrderRecord): readonly string[] {
  const refundMs = input.providers.get(order.provider)?.licences?.refundMs ?? 0;
  const tillMs = toMs(order.placedAt) + refundMs;
  const year = order.term?.endsWith('y') === true;
  const money =
    year && input.nowMs <= tillMs
      ? `its price may come back until ${dayOf(tillMs)}`
      : 'nothing of its price comes back';
  const addOns = status.orders.filter(({ addOn, state }) => addOn && state === 'issued');
  return [
    `${order.product} ends at once at ${order.provider}; ${money}`,
    ...addOns.map(({ product, id }) => `${product} (order ${id}) ends with it`),
  ];
}

/** Is this line about an order that is given up? */
export const givesUp = (item: Pick<PlanItem, 'action'>): boolean =>
  item.action === 'cancel' || item.action === 'abandon';

/**
 * Giving up costs nothing, so `policy.approval.free` decides; of website protection, which is in use, `revoke` does. It needs no manifest: an order whose manifest is gone is
 * finished otherwise.
 */
export function settleAbandonment(
  input: PlanInput,
  status: Status,
  spec: Spec | undefined,
  draft: Draft,
): PlanItem {
  const { name } = status;
  const base = itemBase({ name, ...(spec === undefined ? {} : { spec }) }, draft);
  const settled = settleExisting(input, base, draft);
  if (!givesUp(settled)) return settled;
  const site = status.kind === 'sitelock';
  const item: PlanItem = {
    ...settled,
    names: orderById(status, draft.predecessor ?? '')?.names ?? [],
    ...(site ? { licence: { role: 'main' } } : {}),
  };
  const { provider, environment } = item;
  const { approval } = effectivePolicy(input.desired.policy, name);
  if (item.hold || provider === undefined || environment === undefined) return item;
  const answer = approvalFor(
    {
      certificate: name,
      action: item.action,
      ...(item.predecessor === undefined ? {} : { predecessor: item.predecessor }),
      predecessorDied: false,
      provider,
      environment,
      product: item.product ?? '',
      ...(item.term === undefined ? {} : { term: item.term }),
      names: item.names ?? [],
      price: null,
    },
    site ? endingMode(approval.revoke) : approval.free,
    spec ?? { digest: status.manifestDigest ?? '', autoRenew: false },
    input.desired.approvals,
    usedApprovals(input),
    input.nowMs,
  );
  return answer.kind === 'granted' ? { ...item, approval: answer.record } : { ...item, hold: answer.hold };
}

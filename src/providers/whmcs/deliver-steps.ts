import { claimOf, deliveryId, soldAs } from '../../model/delivery.js';
import { CertError } from '../../model/errors.js';
import type { JsonObject } from '../../model/json.js';
import type { OrderRequest } from '../../model/order.js';
import type { LookUp, Operation, Step, StepContext, StepOutcome } from '../../ports/provider.js';
import { untilActive } from './enrol-steps.js';
import { isDelivered } from './options.js';
import { untilPaid } from './setup-steps.js';
import { needed, orderIdOf, predecessorId, productOf, type Shop, serviceIdOf } from './shop.js';
import { freeSlots, slotFor } from './slot.js';
import {
  claimedId,
  deliveriesIn,
  UPSTREAM,
  upstreamOf,
  upstreamRequest,
  upstreamResults,
} from './upstream.js';

const appliesTo =
  (shop: Shop) =>
  (request: OrderRequest): boolean =>
    isDelivered(productOf(shop, request));

/** What is asked before money moves at the shop: is the request one that will be taken, and which slots are there already? */
export async function beforeBuying(shop: Shop, request: OrderRequest): Promise<JsonObject> {
  const product = productOf(shop, request);
  if (!isDelivered(product)) return {};
  await upstreamOf(shop).activator?.check?.(upstreamRequest(shop, request, 'activate'));
  if (product.fields.upstream !== undefined) return {};
  return { slots: (await freeSlots(shop)).map(({ id }) => id) };
}

/** Kept with the step that bought: later steps see results alone. */
export const slotsKept = ({ slots }: JsonObject): JsonObject => (slots === undefined ? {} : { slots });

/** An outcome of the account that delivers, as one of the order of the shop. */
const outcomeOf = (shop: Shop, order: string, { result, orderId }: StepOutcome, id: string): StepOutcome => ({
  result,
  orderId: deliveryId(order, upstreamOf(shop).config.id, orderId ?? id),
});

function lookedUp(shop: Shop, order: string, found: LookUp, id: string): LookUp {
  return found.kind === 'found' ? { ...found, outcome: outcomeOf(shop, order, found.outcome, id) } : found;
}

/** The slot that the module bought gets its request. Nothing is bought by it. */
export function activateUpstream(shop: Shop): Operation {
  return (shop.upstream?.activator?.operation ?? []).map((step): Step => {
    const at = upstreamOf(shop).config.id;
    const slotIn = ({ before }: Pick<StepContext, 'before'>): string => needed(claimedId(before, at), 'slot');
    const there = (context: StepContext, id: string): StepContext => ({
      ...context,
      request: upstreamRequest(shop, context.request, 'activate', { id, ids: [id] }),
      results: upstreamResults(context.results),
    });
    return {
      name: `${UPSTREAM}${step.name}`,
      paid: false,
      ...(step.repeatable ? { repeatable: true as const } : {}),
      applies: appliesTo(shop),
      waits: async (soFar) => {
        const wait =
          (await untilPaid(shop, soFar)) ??
          untilActive(await shop.service(serviceIdOf(soFar.request, soFar.results)));
        if (wait) return wait;
        const choice = await slotFor(shop, soFar);
        return 'wait' in choice ? choice.wait : undefined;
      },
      before: async (request, soFar) => {
        const choice = await slotFor(shop, { results: {}, ...soFar, request });
        if ('wait' in choice) throw new CertError('provider.not-ready', choice.wait.message);
        return { claims: claimOf(at, choice.id) };
      },
      run: async (context, guard) => {
        const id = slotIn(context);
        shop.listed = undefined;
        const outcome = await step.run(there(context, id), guard);
        shop.taking.delete(serviceIdOf(context.request, context.results));
        return outcomeOf(shop, orderIdOf(context.request, context.results), outcome, id);
      },
      lookUp: async (context) => {
        const id = slotIn(context);
        const found = await step.lookUp({ ...context, ...there(context, id) });
        return lookedUp(shop, orderIdOf(context.request, context.results), found, id);
      },
    };
  });
}

/** The next certificate of the same term comes from the account that delivers as well. */
export function reissueUpstream(shop: Shop): Operation {
  return (shop.upstream?.reissuer?.operation ?? []).map((step): Step => {
    const upstream = upstreamOf(shop);
    const asked = (request: OrderRequest): OrderRequest => {
      const ids = deliveriesIn(request.predecessor?.ids ?? []);
      const id = ids.at(-1);
      if (id !== undefined) return upstreamRequest(shop, request, 'reissue', { id, ids });
      throw new CertError(
        'provider.unsupported',
        `what delivers order ${predecessorId(request)} at ${upstream.config.id} is not known`,
        { remedy: `Map fields.upstream of ${request.product}; \`certwright sync\` reads it.` },
      );
    };
    const there = (context: StepContext): StepContext => ({
      ...context,
      request: asked(context.request),
      results: upstreamResults(context.results),
    });
    const orderOf = (request: OrderRequest): string => soldAs(predecessorId(request));
    const before = step.before?.bind(step);
    return {
      name: `${UPSTREAM}${step.name}`,
      paid: step.paid,
      ...(step.repeatable ? { repeatable: true as const } : {}),
      applies: appliesTo(shop),
      ...(before === undefined ? {} : { before: (request: OrderRequest) => before(asked(request)) }),
      run: async (context, guard) => {
        const inner = there(context);
        const outcome = await step.run(inner, guard);
        return outcomeOf(shop, orderOf(context.request), outcome, predecessorId(inner.request));
      },
      lookUp: async (context) => {
        const inner = there(context);
        const found = await step.lookUp({ ...context, ...inner });
        return lookedUp(shop, orderOf(context.request), found, predecessorId(inner.request));
      },
    };
  });
}

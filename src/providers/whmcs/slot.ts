import { claimOf, parseDelivery } from '../../model/delivery.js';
import { CertError } from '../../model/errors.js';
import type { OrderSnapshot } from '../../model/order.js';
import { SECOND_MS } from '../../model/time.js';
import type { Neighbour, SoFar, StepWait } from '../../ports/provider.js';
import { isPaid } from './invoice.js';
import { nextTerms } from './next-term.js';
import { findProduct, type ShopProduct } from './options.js';
import { fieldOf } from './service.js';
import { productOf, type Shop, serviceIdOf } from './shop.js';
import { claimedId, deliveriesIn, upstreamOf } from './upstream.js';

/** One list serves the orders of one batch. */
const FRESH_MS = 20 * SECOND_MS;

export type SlotChoice = { readonly id: string } | { readonly wait: StepWait };

type Known = Pick<SoFar, 'request' | 'results' | 'orderId' | 'before' | 'claimed' | 'neighbours'>;

const wait = (waitingFor: StepWait['waitingFor'], message: string): SlotChoice => ({
  wait: { waitingFor, message },
});

/** Bought, and no request for a certificate yet. */
const isFree = ({ state, waitingFor }: OrderSnapshot): boolean =>
  state === 'pending' && waitingFor === 'configuration';

/**
 * What the module bought for this order in the account that delivers. The mapped field tells; where none is mapped nobody
 * but this repository buys there, and what is new is ours. What could be meant for another order is left to a person.
 */
export async function slotFor(shop: Shop, known: Known): Promise<SlotChoice> {
  const activated = parseDelivery(known.orderId ?? '')?.id;
  if (activated !== undefined) return { id: activated };
  const product = productOf(shop, known.request);
  return product.fields.upstream === undefined
    ? newSlot(shop, product, known)
    : toldSlot(shop, product, known);
}

async function toldSlot(shop: Shop, product: ShopProduct, known: Known): Promise<SlotChoice> {
  const upstream = upstreamOf(shop);
  const at = upstream.config.id;
  const service = await shop.service(serviceIdOf(known.request, known.results));
  const id = (fieldOf(product, service, 'upstream') ?? '').trim();
  const field = `field ${product.fields.upstream} of service ${service.id}`;
  const before = deliveriesIn(known.request.predecessor?.ids ?? []);
  if (id === '' || before.includes(id)) {
    return wait(
      'configuration',
      `${field} does not name what the module bought at ${at} yet${id === '' ? '' : ` (${id} is the term that ends)`}`,
    );
  }
  if (known.claimed?.includes(claimOf(at, id))) {
    return wait(
      'person',
      `${field} names ${id}, which delivers another certificate here; correct it in WHMCS`,
    );
  }
  const order = await orderThere(shop, id);
  if (order === undefined) {
    return wait(
      'person',
      `${field} names "${id.slice(0, 60)}", which ${at} does not know; correct it in WHMCS`,
    );
  }
  if (order.product !== product.upstreamProduct) {
    return wait(
      'person',
      `${field} names ${id}, which is ${order.product} at ${at}, not ${product.upstreamProduct}; correct it, or the mapping of ${product.id}`,
    );
  }
  return isFree(order)
    ? { id }
    : wait(
        'person',
        `${id} at ${at} has a request already, and not ours; nobody else may configure it in WHMCS`,
      );
}

async function orderThere(shop: Shop, id: string): Promise<OrderSnapshot | undefined> {
  try {
    return await upstreamOf(shop).getOrder(id);
  } catch (error) {
    if (error instanceof CertError && error.code === 'order.not-found') return undefined;
    throw error;
  }
}

async function newSlot(shop: Shop, product: ShopProduct, known: Known): Promise<SlotChoice> {
  const at = upstreamOf(shop).config.id;
  const { request, results, claimed = [], neighbours = [] } = known;
  const serviceId = serviceIdOf(request, results);
  const step = results.order ?? results.renew ?? {};
  const before = Array.isArray(step.slots) ? new Set(step.slots.map(String)) : undefined;
  const renews = request.action === 'renew' && request.predecessor !== undefined;
  const free = await freeSlots(shop);
  // After the list: what a module bought before it was read, somebody had paid by then.
  const rivals =
    renews && free.length > 0 ? await rivalsOf(shop, product, neighbours, before === undefined) : [];
  // Read without a pause from here on: orders of one batch choose side by side.
  const others = new Set([...shop.taking].flatMap(([service, id]) => (service === serviceId ? [] : [id])));
  const fits = free.filter(
    ({ id, product: of, term, continues }) =>
      of === product.upstreamProduct &&
      (term === undefined || term === request.term) &&
      (continues === true) === renews &&
      before?.has(id) !== true &&
      !claimed.includes(claimOf(at, id)) &&
      !others.has(id),
  );
  const ids = fits.map(({ id }) => id).toSorted((a, b) => a.length - b.length || (a < b ? -1 : 1));
  const again = claimedId(known.before ?? {}, at) ?? shop.taking.get(serviceId);
  // First orders of one product and term are as good as each other; a renewal continues one certificate alone.
  const isPlain = rivals.length === 0 && ids.length === 1;
  const chosen =
    again !== undefined && ids.includes(again)
      ? again
      : isPlain || (!renews && before !== undefined)
        ? ids[0]
        : undefined;
  if (chosen !== undefined) {
    shop.taking.set(serviceId, chosen);
    return { id: chosen };
  }
  if (ids.length === 0) {
    return wait('configuration', `the module of service ${serviceId} has not bought it at ${at} yet`);
  }
  const [rival] = rivals;
  const orElse = rival === undefined ? '' : ` or for ${rival.certificate}`;
  return wait(
    'person',
    `${at} has ${ids.length} that may be for service ${serviceId}${orElse} (${ids.slice(0, 5).join(', ')}); write the right one into a custom field of the service, and map it as products.${product.id}.fields.upstream`,
  );
}

/**
 * Whose renewal may have bought the one slot that is there: one that is paid here, whose module was quicker, or one that
 * somebody paid at the shop.
 * @param isOld  it may have been there before this renewal was bought
 */
async function rivalsOf(
  shop: Shop,
  product: ShopProduct,
  neighbours: readonly Neighbour[],
  isOld: boolean,
): Promise<readonly Neighbour[]> {
  const rivals: Neighbour[] = [];
  for (const other of neighbours) {
    if (!isOfSame(shop, product, other)) continue;
    if (other.waits || isOld || (await isPaidThere(shop, other))) rivals.push(other);
  }
  return rivals;
}

/** Has somebody paid the next term of it at the shop, of which nothing is known here? */
async function isPaidThere(shop: Shop, { orderId }: Neighbour): Promise<boolean> {
  try {
    const { found, complete } = await nextTerms(shop, orderId);
    return !complete || found.some(isPaid);
  } catch (error) {
    // A service that is gone is renewed by nobody.
    if (error instanceof CertError && error.code === 'order.not-found') return false;
    throw error;
  }
}

const isOfSame = ({ options }: Shop, { upstreamProduct }: ShopProduct, { product }: Neighbour) =>
  findProduct(options, product)?.upstreamProduct === upstreamProduct;

/** Slots of the account that delivers. Asked for once by the orders of one batch. */
export async function freeSlots(shop: Shop): Promise<readonly OrderSnapshot[]> {
  const upstream = upstreamOf(shop);
  const nowMs = shop.monotonic();
  if (shop.listed === undefined || nowMs - shop.listed.atMs > FRESH_MS) {
    const listed = { atMs: nowMs, slots: upstream.freeSlots?.() ?? Promise.resolve([]) };
    shop.listed = listed;
    listed.slots.catch(() => {
      if (shop.listed === listed) shop.listed = undefined;
    });
  }
  return (await shop.listed.slots).filter(isFree);
}

import { CertError } from '../../model/errors.js';
import type { JsonObject } from '../../model/json.js';
import { formatMoney } from '../../model/money.js';
import type { OrderRequest } from '../../model/order.js';
import type { LookUp, LookUpContext, SendGuard, Step, StepOutcome } from '../../ports/provider.js';
import type { Listing } from './client.js';
import { beforeBuying, slotsKept } from './deliver-steps.js';
import type { ShopProduct } from './options.js';
import { serialized } from './php.js';
import { enrolment, extraNames } from './request.js';
import { fieldOf, parseOrderId, readService, type Service } from './service.js';
import { needed, productOf, type Shop } from './shop.js';
import { idOf, maybeRowsOf, textOf } from './wire.js';

/** A domain that nobody orders for: what answers for it shows how nothing is answered. */
const NEVER_ORDERED = 'never-ordered.invalid';

/** AddOrder: the order, its service and its invoice. No code of a module runs by it. */
export function orderStep(shop: Shop): Step {
  return {
    name: 'order',
    paid: true,
    before: async (request) => {
      const product = productOf(shop, request);
      await shop.catalogue.checkOrder(product, needed(request.term, 'term'));
      const there = await beforeBuying(shop, request);
      const credit = formatMoney(await shop.credit());
      // Without a field for our reference only the number tells later orders from earlier ones.
      return product.fields.reference === undefined
        ? { ...there, credit, lastOrder: await lastOrder(shop) }
        : { ...there, credit };
    },
    run: async ({ request, before, contacts }, guard) => place(shop, { request, before, contacts }, guard),
    lookUp: (context) => lookUpOrder(shop, context),
    adoptResult: (orderId) => ({ serviceId: parseOrderId(orderId).serviceId }),
  };
}

interface Placing {
  readonly request: OrderRequest;
  readonly before: JsonObject;
  readonly contacts: JsonObject | undefined;
}

async function place(
  shop: Shop,
  { request, before, contacts }: Placing,
  guard: SendGuard,
): Promise<StepOutcome> {
  const { client, options } = shop;
  const product = productOf(shop, request);
  const fields = new Map(
    product.completion === 'fields' && product.sendAt === 'order'
      ? enrolment(product, request, contacts)
      : [],
  );
  if (product.fields.reference !== undefined) fields.set(product.fields.reference, request.reference);
  const { namesOption } = product;
  const quantity = extraNames(product, request.names.length);
  shop.changed();
  const { data } = await client.write(
    'AddOrder',
    {
      clientid: options.clientId,
      paymentmethod: options.paymentMethod,
      pid: [String(product.pid)],
      domain: [request.commonName],
      billingcycle: [needed(product.cycles[needed(request.term, 'term')], 'billing cycle')],
      ...(fields.size === 0 ? {} : { customfields: [serialized(fields)] }),
      ...(namesOption === undefined
        ? {}
        : { configoptions: [serialized(new Map([[namesOption.id, quantity]]))] }),
      noemail: '1',
    },
    `${request.product} for ${request.commonName}`,
    guard,
  );
  const services = (textOf(data, 'serviceids') ?? textOf(data, 'productids') ?? '').split(',');
  const serviceId = /^[1-9]\d{0,8}$/.test(services[0]?.trim() ?? '') ? Number(services[0]) : undefined;
  if (services.length === 1 && serviceId !== undefined) {
    return outcomeOf(serviceId, idOf(data, 'orderid'), idOf(data, 'invoiceid'), before);
  }
  throw new CertError('wire.unexpected', 'AddOrder at the shop told no service of the new order', {
    effect: 'unknown',
  });
}

/** What is not told is looked up when it is needed: an invoice that is not named may be there all the same. */
const outcomeOf = (
  serviceId: number,
  orderId: number | undefined,
  invoiceId: number | undefined,
  before: JsonObject,
): StepOutcome => ({
  result: {
    serviceId,
    ...slotsKept(before),
    ...(orderId === undefined ? {} : { orderId }),
    ...(invoiceId === undefined ? {} : { invoiceId }),
  },
  orderId: String(serviceId),
});

async function lastOrder({ client, options }: Shop): Promise<number> {
  const { rows } = await client.list('GetOrders', { userid: options.clientId }, 'orders', 'order');
  return rows.reduce((last, row) => Math.max(last, idOf(row, 'id') ?? 0), 0);
}

interface Seen {
  readonly listing: Listing;
  readonly services: readonly Service[];
}

/** Services of the client for a domain, whatever their product. */
async function servicesFor({ client, options }: Shop, domain: string): Promise<Seen> {
  const listing = await client.list(
    'GetClientsProducts',
    { clientid: options.clientId, domain },
    'products',
    'product',
  );
  const services = listing.rows.map(readService).filter((one) => one.domain === domain.toLowerCase());
  return { listing, services };
}

/** By our reference in its field; where none is mapped, what fits is for a person to judge. */
async function lookUpOrder(shop: Shop, context: LookUpContext): Promise<LookUp> {
  const { request, before } = context;
  const product = productOf(shop, request);
  const { listing, services } = await servicesFor(shop, request.commonName);
  const same = services.filter(({ pid }) => pid === product.pid);
  if (product.fields.reference === undefined) return candidatesAmong(same, before);
  const ours = same.filter((service) => fieldOf(product, service, 'reference') === request.reference);
  const [found, ...more] = ours;
  if (found && more.length === 0) {
    const order = found.orderId === undefined ? undefined : await orderRow(shop, found.orderId);
    const invoiceId = order && idOf(order, 'invoiceid');
    return { kind: 'found', outcome: outcomeOf(found.id, found.orderId, invoiceId, before) };
  }
  if (found) {
    const candidates = ours.map(({ id }) => String(id));
    return { kind: 'cannot-tell', why: `${ours.length} services hold our reference`, candidates };
  }
  const nothing = await servicesFor(shop, NEVER_ORDERED);
  return {
    kind: 'absent',
    evidence: {
      ...(listing.dateMs === undefined ? {} : { replyAtMs: listing.dateMs }),
      complete: listing.complete && services.length === listing.rows.length,
      negativeControl: nothing.listing.complete && nothing.listing.rows.length === 0,
      positiveControl: await isFound(shop, product, context),
    },
  };
}

async function orderRow({ client }: Shop, orderId: number): Promise<JsonObject | undefined> {
  const { data } = await client.read('GetOrders', { id: orderId }, `order ${orderId}`);
  return maybeRowsOf(data, 'orders', 'order').find((row) => idOf(row, 'id') === orderId);
}

function candidatesAmong(services: readonly Service[], before: JsonObject): LookUp {
  const last = idOf(before, 'lastOrder') ?? 0;
  const later = services.filter(({ orderId }) => orderId === undefined || orderId > last);
  return {
    kind: 'cannot-tell',
    why:
      later.length === 0
        ? 'no newer service for this product and domain shows, and no field holds our reference'
        : 'services for this product and domain were ordered then, and no field holds our reference',
    candidates: later.map(({ id }) => String(id)),
  };
}

/** The same search finds an order of ours; where there is none, the client has no service and its credit stands. */
async function isFound(
  shop: Shop,
  product: ShopProduct,
  { before, knownOrderId, knownReference }: LookUpContext,
): Promise<boolean> {
  if (knownOrderId === undefined) {
    const { client, options } = shop;
    const all = await client.list(
      'GetClientsProducts',
      { clientid: options.clientId },
      'products',
      'product',
    );
    return all.complete && all.rows.length === 0 && formatMoney(await shop.credit()) === before.credit;
  }
  const known = await shop.service(parseOrderId(knownOrderId).serviceId);
  const { services } = await servicesFor(shop, known.domain);
  const shown = services.find(({ id }) => id === known.id);
  if (shown === undefined) return false;
  // Of a later term the reference stands nowhere: that the service shows is all there is to see.
  const isFirst = parseOrderId(knownOrderId).invoiceId === undefined;
  if (!isFirst || shown.pid !== product.pid) return true;
  return knownReference === undefined || fieldOf(product, shown, 'reference') === knownReference;
}

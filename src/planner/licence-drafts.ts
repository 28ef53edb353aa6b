import { isOpen } from '../model/intent.js';
import type { LicenceProduct } from '../model/licence.js';
import type { LicenceRequest } from '../model/order.js';
import type { OrderRecord } from '../model/status.js';
import { formatTerm } from '../model/term.js';
import { dayOf, toMs } from '../model/time.js';
import { holderOf } from './claims.js';
import type { Draft } from './draft.js';
import { driveIntent } from './drive.js';
import { headOrder, isGone, openIntent, orderAt, stableOrderId, stillCounts } from './facts.js';
import { restoreDraft } from './gone.js';
import {
  addOnOrder,
  boughtTerm,
  isThere,
  type LicenceSubject,
  licenceDueMs,
  liveAddOns,
  mainOrder,
  renewsItself,
  type Seller,
  sellerOf,
} from './licence.js';
import { failureWait } from './waiting.js';

/** What is wanted of a site's licences, before price, approval and limits are settled. */
export interface LicenceDraft extends Draft {
  readonly licence?: LicenceRequest;
  /** It needs the main licence of this site, which is not there. */
  readonly needsMain?: true;
  /** It needs the first licence of that other site, which is not there. */
  readonly needsSite?: string;
  /** Only an approval file that names the predecessor lets it through: why. */
  readonly doubt?: string;
}

const lane = 'purchase' as const;

/**
 * What a site lacks, in the order it is bought: the main licence, then its add-ons; and add-ons nobody declares any more.
 * What is open is driven first, and nothing is bought beside it.
 */
export function licenceDrafts(s: LicenceSubject): readonly LicenceDraft[] {
  const { status } = s;
  const driven = status.intents.filter(isOpen).map((intent) => driveIntent(s, intent));
  const others = status.kind === 'certificate' && (status.orders.length > 0 || status.current !== undefined);
  if (others) return [...driven, otherKind(s)];
  const restored = status.archived ? [restoreDraft(s.name)] : [];
  if (s.spec.suspend) return [...driven, ...restored];
  const seller = sellerOf(s);
  const bought = openIntent(status, lane) ? [] : purchases(s, seller);
  return [...driven, ...bought, ...removals(s, seller), ...restored];
}

const held = (
  draft: Omit<Draft, 'hold' | 'action' | 'lane'>,
  code: NonNullable<Draft['hold']>['code'],
  message: string,
): Draft => ({ ...draft, lane, action: 'hold', hold: { code, message } });

/** Its orders and keys would be mixed with licences. */
const otherKind = ({ name, spec }: LicenceSubject): Draft =>
  held(
    { reason: 'NoOrder', message: 'declared, and no order exists', product: spec.product, byEdit: true },
    'unsupported',
    `${name} is the name of a certificate with orders of its own; give this manifest another name:`,
  );

function purchases(s: LicenceSubject, seller: Seller | undefined): readonly LicenceDraft[] {
  if (seller === undefined) {
    const { product } = s.spec;
    const message = `none of its providers (${s.spec.providers.join(', ')}) sells ${product}`;
    const draft = {
      reason: 'NoOrder',
      message: 'declared, and no order exists',
      product,
      byEdit: true,
    } as const;
    return [held(draft, 'not-served', message)];
  }
  const first = failureWait(s, lane) ?? adoption(s, seller) ?? foreign(s, seller);
  return first
    ? [first]
    : [...mainDraft(s, seller), ...seller.addOns.flatMap((one) => addOnDraft(s, seller, one))];
}

const at = (s: LicenceSubject, { account }: Seller, product: LicenceProduct) => {
  const term = boughtTerm(s.spec, product);
  return {
    lane,
    provider: account.config.id,
    product: product.id,
    ...(term === undefined ? {} : { term: formatTerm(term) }),
  };
};

/** A person named the order to take over. */
function adoption(s: LicenceSubject, seller: Seller): Draft | undefined {
  const { adopt } = s.spec;
  if (adopt?.kind !== 'order') return undefined;
  const { id } = seller.account.config;
  const own = orderAt(s.status, id, adopt.order);
  if (own && own.product === seller.main.id) return undefined;
  const base = {
    ...at(s, seller, seller.main),
    action: 'adopt',
    reason: 'AdoptDeclared',
    message: `the manifest takes over order ${adopt.order}${own ? `, which was ${own.product}` : ''}`,
    predecessor: adopt.order,
    byEdit: true,
  } as const;
  const holder = holderOf(s.input, id, adopt.order);
  if (holder && holder.name !== s.name) {
    return held(base, 'foreign-order', `order ${adopt.order} belongs to ${holder.name}`);
  }
  if (s.facts.adoptRefused !== undefined) return held(base, 'foreign-order', s.facts.adoptRefused);
  const order = s.facts.adoptable;
  if (order && !stillCounts(order, s.input.nowMs)) {
    return held(
      base,
      'foreign-order',
      `order ${adopt.order} has ended; remove \`adopt:\` to have a new one bought`,
    );
  }
  if (order && !order.names.includes(s.spec.domain)) {
    const sites = order.names.join(', ') || 'no site that it tells';
    return held(
      base,
      'foreign-order',
      `order ${adopt.order} is for ${sites}, the manifest for ${s.spec.domain}`,
    );
  }
  if (order && order.product !== seller.main.id) {
    return held(
      base,
      'foreign-order',
      `order ${adopt.order} is ${order.product}, the manifest wants ${seller.main.id}`,
    );
  }
  return base;
}

/** Somebody else's order for the site, or one whose product nobody tells: never bought beside, never taken over silently. */
function foreign(s: LicenceSubject, seller: Seller): Draft | undefined {
  const ignored = s.spec.adopt?.kind === 'ignore' ? s.spec.adopt.orders : [];
  const ids = (s.facts.foreign ?? [])
    .filter(({ order }) => !ignored.includes(order.id) && stillCounts(order, s.input.nowMs))
    .map(({ order }) => order.id);
  if (ids.length === 0) return undefined;
  const list = [...ignored, ...ids].map((id) => `"${id}"`).join(', ');
  const { id } = seller.account.config;
  return held(
    {
      ...at(s, seller, seller.main),
      reason: 'ForeignOrder',
      message: `${id} already has ${ids.length === 1 ? 'an order' : `${ids.length} orders`} that may be for this site: ${ids.join(', ')}`,
      byEdit: true,
    },
    'foreign-order',
    `write \`adopt: { order: "${ids[0]}" }\` into the manifest to take it over, or \`adopt: { ignore: [${list}] }\` to buy although it exists`,
  );
}

function mainDraft(s: LicenceSubject, seller: Seller): readonly LicenceDraft[] {
  const { main, offer, account } = seller;
  const head = mainOrder(s);
  const base = { ...at(s, seller, main), priced: 'order', action: 'order' } as const;
  if (head === undefined) {
    const message = 'declared, and no order exists';
    return [{ ...base, ...joining(s, account.config.id), reason: 'NoOrder', message, byEdit: true }];
  }
  if (isGone(head)) {
    return [
      {
        ...base,
        reason: 'OrderDied',
        message: head.abandoned
          ? `order ${head.id} was given up (${head.abandoned.reason})`
          : `order ${head.id} was ${head.state}`,
        predecessor: stableOrderId(head),
        licence: { role: 'main', previousOrder: head.id },
        byEdit: false,
      },
    ];
  }
  if (head.product !== main.id && isThere(head, s.input.nowMs)) {
    const change = `the plan changes from ${head.product} to ${main.id}`;
    return [
      held(
        {
          ...base,
          reason: 'ProductChanged',
          message: change,
          predecessor: stableOrderId(head),
          byEdit: true,
        },
        'unsupported',
        `no call of ${account.config.id} changes a plan; change it in ${offer.upgrade}, then write \`adopt: { order: "NUMBER" }\` with the number of the order that is there now`,
      ),
    ];
  }
  return renewal(s, seller, main, head, { role: 'main', previousOrder: head.id });
}

/** Whose customer a first licence is for: a new one, or that of an earlier order, maybe of a site not bought yet. */
function joining(s: LicenceSubject, provider: string): Pick<LicenceDraft, 'licence' | 'needsSite'> {
  const { previousOrder, customerOf } = s.spec;
  if (previousOrder !== undefined) return { licence: { role: 'main', previousOrder } };
  if (customerOf === undefined) return { licence: { role: 'main' } };
  const status = s.input.state.statuses.get(customerOf);
  const first = status && headOrder(status);
  return first?.provider === provider
    ? { licence: { role: 'main', previousOrder: first.id } }
    : { licence: { role: 'main' }, needsSite: customerOf };
}

function addOnDraft(s: LicenceSubject, seller: Seller, addOn: LicenceProduct): readonly LicenceDraft[] {
  const main = mainOrder(s);
  const stands = main?.product === seller.main.id && isThere(main, s.input.nowMs) ? main : undefined;
  const needs = stands === undefined ? ({ needsMain: true } as const) : {};
  const licence = { role: 'add-on', ...(stands === undefined ? {} : { previousOrder: stands.id }) } as const;
  const known = addOnOrder(s, addOn.id);
  if (known && !isGone(known)) {
    // Renewed in its window it continues its own order; later it is one more add-on of the licence.
    const continued = isThere(known, s.input.nowMs) ? { ...licence, previousOrder: known.id } : licence;
    return renewal(s, seller, addOn, known, continued).map((draft) => ({ ...draft, ...needs }));
  }
  return [
    {
      ...at(s, seller, addOn),
      ...needs,
      action: 'order',
      priced: 'order',
      reason: 'NoOrder',
      message: known ? 'declared again, and cancelled before' : 'declared, and not there yet',
      licence,
      ...(known === undefined ? {} : { predecessor: stableOrderId(known) }),
      byEdit: true,
    },
  ];
}

function renewal(
  s: LicenceSubject,
  seller: Seller,
  product: LicenceProduct,
  order: OrderRecord,
  licence: LicenceRequest,
): readonly LicenceDraft[] {
  const dueMs = licenceDueMs(s.spec, seller.offer, order);
  if (s.spec.renewedBy === 'provider' || !s.spec.autoRenew) return [];
  if (dueMs === undefined || s.input.nowMs < dueMs) return [];
  const till = dayOf(toMs(order.paidTill ?? order.placedAt));
  const doubt = `order ${order.id} was placed with automatic renewal, and ${order.provider} may renew it as well`;
  return [
    {
      ...at(s, seller, product),
      action: 'renew',
      priced: 'renew',
      reason: 'PaidTermEnding',
      message: `paid till ${till}${order.product === product.id ? '' : `; the plan changes from ${order.product} to ${product.id}`}`,
      predecessor: stableOrderId(order),
      licence,
      dueAtMs: dueMs,
      ...(renewsItself(order) ? { doubt } : {}),
      byEdit: false,
    },
  ];
}

/** An add-on that is there and not declared any more. */
function removals(s: LicenceSubject, seller: Seller | undefined): readonly LicenceDraft[] {
  if (seller === undefined) return [];
  const cancelling = new Set(
    s.status.intents
      .filter(isOpen)
      .flatMap(({ action, request }) => (action === 'cancel' ? (request.predecessor?.ids ?? []) : [])),
  );
  const wanted = new Set(seller.addOns.map(({ id }) => id));
  const gone = liveAddOns(s).filter(({ product, id }) => !wanted.has(product) && !cancelling.has(id));
  if (gone.length === 0) return [];
  const failing = failureWait(s, 'free');
  if (failing) return [failing];
  return gone.map((order) => ({
    lane: 'free',
    action: 'cancel',
    reason: 'AddOnRemoved',
    message: `the manifest names ${order.product} no longer`,
    provider: order.provider,
    product: order.product,
    ...(order.term === undefined ? {} : { term: order.term }),
    predecessor: stableOrderId(order),
    licence: { role: 'add-on' },
    sideEffects: [cancelEffect(order)],
    byEdit: true,
  }));
}

/** What is given away by ending a licence now. */
const cancelEffect = (order: OrderRecord): string =>
  `it ends at once${order.paidTill === undefined ? '' : `, although it is paid till ${dayOf(toMs(order.paidTill))}`}; what of its price comes back is for ${order.provider} to say`;

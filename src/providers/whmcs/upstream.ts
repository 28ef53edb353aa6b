import { claimOf, parseDelivery } from '../../model/delivery.js';
import { CertError } from '../../model/errors.js';
import type { JsonObject } from '../../model/json.js';
import type { OrderRequest } from '../../model/order.js';
import type { Provider, Recorded } from '../../ports/provider.js';
import type { ShopProduct } from './options.js';
import { fieldOf, type Service } from './service.js';
import { productOf, type Results, type Shop } from './shop.js';

/** Steps at the account that delivers stand beside those of the shop under names of their own. */
export const UPSTREAM = 'upstream-';

export function upstreamOf({ id, upstream }: Pick<Shop, 'id' | 'upstream'>): Provider {
  if (upstream) return upstream;
  throw new CertError('internal', `${id} was opened without the account that delivers for it`);
}

/** Ids that an order has had there, oldest first. */
export const deliveriesIn = (ids: readonly string[]): readonly string[] =>
  ids.flatMap((text) => parseDelivery(text)?.id ?? []);

/** What a step took, out of what was recorded before it. */
export function claimedId(before: JsonObject, account: string): string | undefined {
  const { claims } = before;
  const prefix = claimOf(account, '');
  return typeof claims === 'string' && claims.startsWith(prefix) ? claims.slice(prefix.length) : undefined;
}

interface Place {
  readonly id: string;
  readonly ids: readonly string[];
}

/** The same request as the account that delivers takes it: for its product, about an order of its own. */
export function upstreamRequest(
  shop: Pick<Shop, 'options' | 'id'>,
  request: OrderRequest,
  action: 'activate' | 'reissue',
  at?: Place,
): OrderRequest {
  const { predecessor: _ours, ...rest } = request;
  return {
    ...rest,
    action,
    reference: '',
    product: productOf(shop, request).upstreamProduct,
    ...(at === undefined ? {} : { predecessor: { orderId: at.id, ids: at.ids } }),
  };
}

/** Results of the steps there, under the names they have there. */
export const upstreamResults = (results: Results): Results =>
  Object.fromEntries(
    Object.entries(results).flatMap(([name, result]) =>
      name.startsWith(UPSTREAM) ? [[name.slice(UPSTREAM.length), result]] : [],
    ),
  );

/** What is recorded of an order, as the account that delivers reads it. @param id  of the order there */
export function upstreamRecorded(shop: Shop, { request, results }: Recorded, id: string): Recorded {
  const old = deliveriesIn(request.predecessor?.ids ?? []);
  const reissue = request.action === 'reissue' || request.action === 'add-names';
  const at = reissue ? { id: old.at(-1) ?? id, ids: old } : { id, ids: [id] };
  return {
    request: upstreamRequest(shop, request, reissue ? 'reissue' : 'activate', at),
    results: upstreamResults(results),
  };
}

/**
 * What delivers an order; undefined where that is not known. An order of ours says it in its id once its slot has its
 * request; of one that is seen for the first time the mapped field tells.
 */
export function deliveredBy(
  product: ShopProduct,
  service: Service,
  orderId: string,
  recorded: Recorded | undefined,
): string | undefined {
  const known = parseDelivery(orderId)?.id;
  if (known !== undefined || recorded !== undefined) return known;
  return fieldOf(product, service, 'upstream')?.trim() || undefined;
}

import type { OrderRecord, Status } from './status.js';

/**
 * Where one account sells and another delivers, the id of an order says both: `903@wholesale:8812` is order 903, delivered
 * as order 8812 of the account `wholesale`.
 */
export interface Delivery {
  readonly order: string;
  readonly account: string;
  readonly id: string;
}

const DELIVERY = /^([^@:\s]+)@([^@:\s]+):([^@:\s]+)$/;

export function parseDelivery(text: string): Delivery | undefined {
  const [, order, account, id] = DELIVERY.exec(text) ?? [];
  return order === undefined || account === undefined || id === undefined
    ? undefined
    : { order, account, id };
}

/** An order of the account that delivers, as steps and orders name it: `wholesale:8812`. */
export const claimOf = (account: string, id: string): string => `${account}:${id}`;

export const deliveryId = (order: string, account: string, id: string): string =>
  `${order}@${claimOf(account, id)}`;

/** Does this order go by this id at this account: as its own, or as what delivers it? */
export const holdsOrder = (
  { provider, ids }: Pick<OrderRecord, 'provider' | 'ids'>,
  account: string | undefined,
  id: string,
): boolean =>
  (provider === account && ids.includes(id)) ||
  (account !== undefined && ids.some((one) => one.endsWith(`@${claimOf(account, id)}`)));

/**
 * What a certificate holds at accounts that deliver: by its orders, and by steps that are announced (`before.claims` of a
 * step, as `claimOf`).
 */
export function claimsOf({ orders, intents }: Pick<Status, 'orders' | 'intents'>): readonly string[] {
  const delivered = orders.flatMap(({ provider, ids }) =>
    ids.flatMap((id) => {
      const delivery = parseDelivery(id);
      return delivery ? [claimOf(delivery.account, delivery.id)] : [claimOf(provider, id)];
    }),
  );
  const announced = intents
    .filter(({ phase }) => phase !== 'closed')
    .flatMap(({ steps }) => steps.flatMap(({ before }) => textOf(before?.claims)));
  return [...delivered, ...announced];
}

const textOf = (value: unknown): readonly string[] => (typeof value === 'string' ? [value] : []);

/** The id an order was sold under, whatever delivers it. */
export const soldAs = (id: string): string => parseDelivery(id)?.order ?? id;

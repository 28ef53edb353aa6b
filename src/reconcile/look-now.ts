import { lookKey } from '../model/run-memory.js';
import type { Status } from '../model/status.js';
import { awaitedOrders } from '../planner/watching.js';

/** Orders that a person wants looked at whatever the pace: of these certificates, or of all. */
export type LookNow = ReadonlySet<string> | 'all';

/** An order as its provider told of it. */
export interface OrderAt {
  readonly provider: string;
  readonly orderId: string;
}

/** Under which their looks are remembered. */
export const lookKeys = (statuses: readonly Status[], which: LookNow): readonly string[] =>
  statuses
    .filter((status) => which === 'all' || which.has(status.name))
    .flatMap((status) =>
      [...awaitedOrders(status), ...status.orders.map(({ provider, id }) => ({ provider, orderId: id }))].map(
        ({ provider, orderId }) => lookKey(provider, orderId),
      ),
    );

/** What others tell of concerns nothing that is not ours. */
export function ourLookKeys(statuses: readonly Status[], orders: readonly OrderAt[]): readonly string[] {
  const ours = new Set(lookKeys(statuses, 'all'));
  return orders.map(({ provider, orderId }) => lookKey(provider, orderId)).filter((key) => ours.has(key));
}

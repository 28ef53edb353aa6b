import { claimOf, claimsOf } from '../model/delivery.js';
import { isOpen } from '../model/intent.js';
import type { Listing, UndeclaredOrder } from '../model/run-memory.js';
import type { OrderRecord } from '../model/status.js';
import { DAY_MS, toInstant, toMs } from '../model/time.js';
import { isDead } from '../planner/facts.js';
import { isCertificate } from '../planner/input.js';
import { missingOrders } from '../policy/listing.js';
import type { ListedOrder, Provider } from '../ports/provider.js';
import { memoryOf } from './notes.js';
import type { Run } from './run.js';

/** More than this is counted and not told one by one. */
const KEPT_UNDECLARED = 500;

/** An order of ours, where it is recorded. */
export interface Known {
  readonly name: string;
  readonly order: OrderRecord;
  /** Of website protection: whether a list shows such an order is not known. */
  readonly licence?: true;
}

/** Everything recorded of one account, by order id. */
export type Index = ReadonlyMap<string, Known>;

/** An order of ours and what its account shows of it. */
export interface Line {
  readonly known: Known;
  readonly provider: Provider;
  readonly listed: ListedOrder;
}

export const isOf = (order: OrderRecord, { config }: Provider): boolean =>
  order.provider === config.id && order.environment === config.environment;

export const isLiving = (order: OrderRecord, nowMs: number): boolean =>
  !isDead(order.state) &&
  order.state !== 'expired' &&
  (order.paidTill === undefined || toMs(order.paidTill) > nowMs);

export function indexOf(run: Run, provider: Provider): Index {
  const index = new Map<string, Known>();
  for (const { name, kind, orders } of run.view.statuses.values()) {
    const licence = kind === 'sitelock' ? { licence: true as const } : {};
    for (const order of orders) {
      if (isOf(order, provider)) for (const id of order.ids) index.set(id, { name, order, ...licence });
    }
  }
  return index;
}

/** What the account shows of our orders now. An entry under an id that was replaced since is history, not news. */
export function linesOf(index: Index, provider: Provider, all: readonly ListedOrder[]): readonly Line[] {
  const newest = new Map<OrderRecord, Line>();
  for (const listed of all) {
    const known = knownOf(index, listed);
    if (!known || !listed.ids.includes(known.order.id)) continue;
    const other = newest.get(known.order);
    if (!other || listed.ids.length > other.listed.ids.length) {
      newest.set(known.order, { known, provider, listed });
    }
  }
  return [...newest.values()];
}

const knownOf = (index: Index, { ids }: ListedOrder): Known | undefined =>
  ids.map((id) => index.get(id)).find((known) => known !== undefined);

/** Orders of ours that a list has to hold: not finished, and old enough to be visible. */
export function livingOrders(index: Index, provider: Provider, nowMs: number): readonly Known[] {
  const lagMs = provider.capabilities.visibilityLagMs ?? DAY_MS;
  const unique = new Map([...index.values()].map((known) => [known.order, known]));
  return [...unique.values()].filter(
    ({ order, licence }) => !licence && isLiving(order, nowMs) && toMs(order.placedAt) + lagMs <= nowMs,
  );
}

export function listingOf(
  run: Run,
  provider: Provider,
  index: Index,
  all: readonly ListedOrder[],
  absent: readonly Known[],
): Listing {
  const nowMs = run.deps.clock.now();
  const at = toInstant(nowMs);
  const undeclared = undeclaredOrders(run, provider, index, all);
  return {
    at,
    undeclared: undeclared.slice(0, KEPT_UNDECLARED),
    undeclaredCount: undeclared.length,
    missing: missingOrders(
      memoryOf(run.notes, provider.config)?.listing,
      new Map(absent.map(({ name, order }) => [order.id, name])),
      at,
    ),
  };
}

/** Orders with term left that no status knows, those that look like bought twice first. */
function undeclaredOrders(
  run: Run,
  provider: Provider,
  index: Index,
  all: readonly ListedOrder[],
): readonly UndeclaredOrder[] {
  const nowMs = run.deps.clock.now();
  const { ignored, underWay, byReference } = explanations(run, provider);
  const delivered = new Set([...run.view.statuses.values()].flatMap(claimsOf));
  const unknown = all.filter(
    (order) =>
      knownOf(index, order) === undefined &&
      !order.ids.some((id) => delivered.has(claimOf(provider.config.id, id))) &&
      order.superseded !== true &&
      (order.state === 'pending' || order.state === 'issued') &&
      (order.paidTill === undefined || toMs(order.paidTill) > nowMs) &&
      !order.ids.some((id) => ignored.has(id)) &&
      !(order.reference !== undefined && underWay.has(order.reference)),
  );
  return unknown
    .map((order): UndeclaredOrder => {
      const doubles = order.reference === undefined ? undefined : byReference.get(order.reference);
      return {
        id: order.id,
        product: order.product,
        names: order.names,
        state: order.state,
        ...(order.reference === undefined ? {} : { reference: order.reference }),
        ...(order.paidTill === undefined ? {} : { paidTill: order.paidTill }),
        ...(doubles === undefined ? {} : { doubles }),
      };
    })
    .sort((a, b) => Number(b.doubles !== undefined) - Number(a.doubles !== undefined));
}

/** What explains an order beside the ids that are recorded. */
function explanations(run: Run, provider: Provider) {
  const ignored = new Set<string>();
  for (const spec of run.desired.specs) {
    if (isCertificate(spec) && spec.adopt?.kind === 'ignore')
      for (const id of spec.adopt.orders) ignored.add(id);
  }
  const underWay = new Set<string>();
  const byReference = new Map<string, string>();
  for (const { name, intents, orders } of run.view.statuses.values()) {
    for (const intent of intents.filter(isOpen)) {
      // Its outcome is not recorded yet: recovery looks for it.
      const unsettled = intent.phase === 'intended' || intent.phase === 'unknown';
      if (unsettled && intent.provider === provider.config.id) underWay.add(intent.request.reference);
    }
    for (const order of orders) {
      if (isOf(order, provider) && order.reference !== '') byReference.set(order.reference, name);
    }
  }
  return { ignored, underWay, byReference };
}

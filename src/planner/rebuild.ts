import type { Environment } from '../model/configuration.js';
import { claimOf, parseDelivery } from '../model/delivery.js';
import { isOpen } from '../model/intent.js';
import type { CertificateSpec } from '../model/manifest.js';
import { sameNames } from '../model/names.js';
import type { OrderSnapshot } from '../model/order.js';
import { referenceHead, referenceStem, stemOfReference } from '../model/reference.js';
import type { Status } from '../model/status.js';
import { isDead, stillCounts } from './facts.js';

/** An order as an account shows it now. */
export interface SeenOrder {
  readonly provider: string;
  readonly environment: Environment;
  readonly order: OrderSnapshot;
  /** What is not written on it: the key of its certificate is one of ours, or this machine still knows that it bought it. */
  readonly evidence?: { readonly name: string; readonly by: 'key' | 'spool' };
}

/** What is known when the state is lost. */
export interface Remains {
  readonly repositoryId: string;
  readonly specs: readonly CertificateSpec[];
  /** The newest state that survives; empty where none does. */
  readonly statuses: ReadonlyMap<string, Status>;
  /** Names that were declared or recorded at some time. */
  readonly formerNames: Iterable<string>;
  /** Accounts that deliver what others sell: what they hold is no order of its own. */
  readonly deliverers: ReadonlySet<string>;
  /** Certwright's name of the product a manifest means at an account. */
  productAt(spec: CertificateSpec, provider: string): string | undefined;
  readonly nowMs: number;
}

export type Explanation =
  /** An order of this certificate, and what says so. */
  | {
      readonly kind: 'ours';
      readonly name: string;
      readonly by: 'record' | 'reference' | 'names' | 'key' | 'spool';
      /** Order id that it follows on. */
      readonly predecessor?: string;
    }
  /** Ours by its reference or its key, and no name leads to it. */
  | { readonly kind: 'nameless' }
  /** A surviving intent is about it: recovery takes it over by itself. */
  | { readonly kind: 'announced'; readonly name: string }
  /** Several that live under one reference: which is ours is for a person to say. */
  | { readonly kind: 'doubled'; readonly name: string }
  /** Of the names and the product of a manifest, and nothing says that it is ours. */
  | { readonly kind: 'rival'; readonly name: string }
  | { readonly kind: 'foreign' };

export type Explained = SeenOrder & { readonly explanation: Explanation };

interface Stem {
  readonly name: string;
  readonly predecessor?: string;
}

/**
 * Whose the orders of the accounts are: by the surviving record, by the reference each was bought under (the first of a
 * name, or the one that follows on a known order), by key, by names. Nothing is guessed of an order that does not carry
 * our reference or our key.
 */
export function explainOrders(all: readonly SeenOrder[], remains: Remains): readonly Explained[] {
  const seen = withoutDeliveries(all, remains);
  const stems = new Map<string, Stem>();
  const environments = new Set(seen.map(({ environment }) => environment));
  const subject = { repositoryId: remains.repositoryId };
  const names = new Set([
    ...remains.specs.map(({ name }) => name),
    ...remains.statuses.keys(),
    ...remains.formerNames,
  ]);
  for (const environment of environments) {
    for (const name of names) stems.set(referenceStem({ ...subject, name, environment }), { name });
  }
  const follow = (name: string, ids: readonly string[]) => {
    for (const environment of environments) {
      for (const predecessorOrderId of ids) {
        const stem = referenceStem({ ...subject, name, environment, predecessorOrderId });
        stems.set(stem, { name, predecessor: ids.at(-1) ?? predecessorOrderId });
      }
    }
  };
  for (const { name, orders } of remains.statuses.values()) for (const { ids } of orders) follow(name, ids);

  const explained = new Map<SeenOrder, Explanation>();
  const take = (one: SeenOrder, explanation: Explanation | undefined) => {
    if (!explanation || explained.has(one)) return false;
    explained.set(one, explanation);
    if (explanation.kind === 'ours') follow(explanation.name, one.order.ids);
    return true;
  };
  for (const one of seen) take(one, announced(remains, one) ?? recorded(remains, one));
  const byReference = () => {
    // Each order found may be what another one follows on.
    for (let more = true; more; ) {
      more = false;
      for (const one of seen) {
        const stem = stems.get(stemOfReference(one.order.reference ?? ''));
        if (stem && take(one, { kind: 'ours', ...stem, by: 'reference' })) more = true;
      }
    }
  };
  byReference();
  for (const one of seen) take(one, byEvidence(remains, one) ?? byNames(remains, one));
  byReference();
  for (const one of seen) take(one, leftOver(remains, one));
  const told = seen.map((one) => ({
    ...one,
    explanation: explained.get(one) ?? { kind: 'foreign' as const },
  }));
  return withoutDoubles(told, remains.nowMs);
}

/** What delivers an order is told by that order. */
function withoutDeliveries(seen: readonly SeenOrder[], { statuses }: Remains): readonly SeenOrder[] {
  const known = [...statuses.values()].flatMap(({ orders }) => orders.flatMap(({ ids }) => ids));
  const delivered = new Set(
    [...known, ...seen.flatMap(({ order }) => order.ids)].flatMap((text) => {
      const delivery = parseDelivery(text);
      return delivery ? [claimOf(delivery.account, delivery.id)] : [];
    }),
  );
  return seen.filter(({ provider, order }) => !order.ids.some((id) => delivered.has(claimOf(provider, id))));
}

function announced({ statuses }: Remains, { provider, order }: SeenOrder): Explanation | undefined {
  for (const { name, intents } of statuses.values()) {
    const waits = intents
      .filter(isOpen)
      .some(
        (intent) =>
          (intent.phase === 'intended' || intent.phase === 'unknown') &&
          intent.provider === provider &&
          intent.request.reference === order.reference,
      );
    if (waits) return { kind: 'announced', name };
  }
  return undefined;
}

function recorded({ statuses }: Remains, { provider, order }: SeenOrder): Explanation | undefined {
  for (const { name, orders } of statuses.values()) {
    const known = orders.some(
      (one) => one.provider === provider && one.ids.some((id) => order.ids.includes(id)),
    );
    if (known) return { kind: 'ours', name, by: 'record' };
  }
  return undefined;
}

/** The manifest that means this order, where exactly one does. */
function declaring(
  { specs, productAt }: Remains,
  { provider, order }: SeenOrder,
): CertificateSpec | undefined {
  const fits = specs.filter(
    (spec) =>
      spec.providers.includes(provider) &&
      sameNames(spec.names, order.names) &&
      productAt(spec, provider) === order.product,
  );
  return fits.length === 1 ? fits[0] : undefined;
}

function byEvidence(remains: Remains, one: SeenOrder): Explanation | undefined {
  // A key at an account that delivers is that of an order sold elsewhere.
  if (one.evidence === undefined || remains.deliverers.has(one.provider)) return undefined;
  const name = declaring(remains, one)?.name ?? one.evidence.name;
  return { kind: 'ours', name, by: one.evidence.by };
}

/** Bought under our reference for a name it does not have any more. */
function byNames(remains: Remains, one: SeenOrder): Explanation | undefined {
  const ours = one.order.reference?.startsWith(referenceHead(remains.repositoryId));
  const spec = ours ? declaring(remains, one) : undefined;
  return spec && { kind: 'ours', name: spec.name, by: 'names' };
}

function leftOver(remains: Remains, one: SeenOrder): Explanation {
  if (one.order.reference?.startsWith(referenceHead(remains.repositoryId))) return { kind: 'nameless' };
  const spec = stillCounts(one.order, remains.nowMs) ? declaring(remains, one) : undefined;
  return spec ? { kind: 'rival', name: spec.name } : { kind: 'foreign' };
}

/** Two orders that live under one reference are one too many, and neither is taken over by itself. */
function withoutDoubles(all: readonly Explained[], nowMs: number): readonly Explained[] {
  const living = all.filter(
    ({ order, explanation }) =>
      explanation.kind === 'ours' && order.reference && !isDead(order.state) && stillCounts(order, nowMs),
  );
  const groups = Map.groupBy(living, ({ provider, order }) => JSON.stringify([provider, order.reference]));
  const doubled = new Set([...groups.values()].filter((group) => group.length > 1).flat());
  return all.map((one) => {
    const { explanation } = one;
    return doubled.has(one) && explanation.kind === 'ours' && explanation.by !== 'record'
      ? { ...one, explanation: { kind: 'doubled', name: explanation.name } }
      : one;
  });
}

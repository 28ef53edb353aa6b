import type { CertificateSpec } from '../model/manifest.js';
import type { Charge, OrderRecord, Status } from '../model/status.js';
import type { TermCounting } from '../model/term.js';
import { toInstant } from '../model/time.js';
import type { Explained } from '../planner/rebuild.js';
import { withAdopted, withOrderFacts } from './order-facts.js';

/** An order that is known to belong to a certificate. */
export interface KnownOrder {
  readonly seen: Explained;
  readonly counting: TermCounting;
  /** What it cost, as far as it is known; [] for what was never ours to pay. */
  readonly charges: readonly Charge[];
}

/**
 * The facts of one certificate from what survives of them and from what the accounts show now: oldest order first, each with
 * the one it follows on. Nothing of it was bought since, so nothing counts as a second purchase.
 */
export function rebuiltStatus(
  before: Status,
  orders: readonly KnownOrder[],
  spec: CertificateSpec | undefined,
  nowMs: number,
): Status {
  const added = orders.reduce((status, known) => withOrder(status, known, spec, nowMs), before);
  const { manifestDigest, ...rest } = added;
  const ordered = added.orders.length === before.orders.length ? added : withOrdersByAge(added);
  if (spec) return ordered;
  // Nobody declares it: it goes on in the archive, where a manifest that comes back finds it.
  return {
    ...rest,
    orders: ordered.orders,
    ...(before.manifestDigest === undefined || manifestDigest === undefined ? {} : { manifestDigest }),
    archived: before.archived ?? { at: toInstant(nowMs) },
  };
}

/** What is found late stands where it would have stood. */
export const withOrdersByAge = (status: Status): Status => ({
  ...status,
  orders: status.orders.toSorted((a, b) => (a.placedAt < b.placedAt ? -1 : a.placedAt > b.placedAt ? 1 : 0)),
});

function withOrder(
  status: Status,
  { seen, counting, charges }: KnownOrder,
  spec: CertificateSpec | undefined,
  nowMs: number,
): Status {
  const { order, provider, environment, explanation } = seen;
  if (explanation.kind === 'ours' && explanation.by === 'record')
    return withOrderFacts(status, order, counting);
  const at = { id: provider, environment };
  const manifest = {
    digest: spec?.digest ?? '',
    ...(spec?.reissue === undefined ? {} : { reissue: spec.reissue }),
  };
  const adopted = withAdopted(status, order, at, counting, manifest, nowMs);
  const predecessor = explanation.kind === 'ours' ? explanation.predecessor : undefined;
  const isNew = ({ ids }: OrderRecord) => ids.includes(order.id);
  return {
    ...adopted,
    orders: adopted.orders.map((record) =>
      record.provider === provider && isNew(record)
        ? { ...record, charges, ...(predecessor === undefined ? {} : { predecessor }) }
        : record,
    ),
  };
}

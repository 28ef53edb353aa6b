import { nameOfPath } from '../../config/layers.js';
import type { CertificateSpec } from '../../model/manifest.js';
import type { OrderSnapshot } from '../../model/order.js';
import { type Charge, emptyStatus, type Status } from '../../model/status.js';
import { toInstant, toMs } from '../../model/time.js';
import { productAt, stillCounts } from '../../planner/facts.js';
import { isCertificate, type ProviderFacts } from '../../planner/input.js';
import { type Explained, explainOrders, type SeenOrder } from '../../planner/rebuild.js';
import { periodsOf } from '../../policy/spending.js';
import type { Provider } from '../../ports/provider.js';
import { priceOf } from '../../reconcile/observe.js';
import { type KnownOrder, rebuiltStatus } from '../../reconcile/rebuild.js';
import type { Run } from '../../reconcile/run.js';
import { NameBook, pathFor } from '../import/paths.js';
import type { GitRemains } from './remains.js';

/** Where orders go whose names nobody declares any more. */
const NAMELESS = 'certificates/recovered/{domain}.yaml';

export interface RebuiltFacts {
  readonly statuses: ReadonlyMap<string, Status>;
  readonly explained: readonly Explained[];
}

/** Whose every order is, and the facts of every certificate. Asks only for prices of what was bought this month. */
export async function rebuildFacts(
  run: Run,
  { base, names, approvals }: GitRemains,
  seen: readonly SeenOrder[],
): Promise<RebuiltFacts> {
  const nowMs = run.deps.clock.now();
  const specs = run.desired.specs.filter(isCertificate);
  const before = base?.statuses ?? new Map<string, Status>();
  const told = explainOrders(seen, {
    repositoryId: run.configuration.id,
    specs,
    statuses: before,
    formerNames: names,
    deliverers: new Set(
      [...run.providers.all.values()].flatMap(({ capabilities }) => capabilities.deliveredBy ?? []),
    ),
    productAt: (spec, id) => {
      const provider = run.providers.all.get(id);
      return provider && productAt(spec, factsOf(provider));
    },
    nowMs,
  });
  const explained = named(told, new Set([...names, ...before.keys(), ...run.specs.keys()]), nowMs);
  const byName = Map.groupBy(
    explained.filter(({ explanation }) => explanation.kind === 'ours'),
    ({ explanation }) => ('name' in explanation ? explanation.name : ''),
  );
  const statuses = new Map(before);
  for (const [name, orders] of byName) {
    const spec = specs.find((one) => one.name === name);
    const known: KnownOrder[] = [];
    for (const one of inOrder(orders)) {
      const counting = run.providers.all.get(one.provider)?.capabilities.termCounting ?? 'months';
      known.push({ seen: one, counting, charges: await chargesOf(run, one, spec, nowMs) });
    }
    const status = before.get(name) ?? emptyStatus(name);
    statuses.set(name, status.kind === 'certificate' ? rebuiltStatus(status, known, spec, nowMs) : status);
  }
  for (const [name, digests] of approvals) {
    const spec = run.specs.get(name);
    const status = statuses.get(name) ?? emptyStatus(name, spec?.kind);
    statuses.set(name, {
      ...status,
      ...(spec || status.archived ? {} : { archived: { at: toInstant(nowMs) } }),
      consumedApprovals: [...new Set([...status.consumedApprovals, ...digests])],
    });
  }
  return { statuses, explained };
}

const factsOf = ({ config, capabilities, products, defaultProduct }: Provider): ProviderFacts => ({
  config,
  capabilities,
  products,
  ...(defaultProduct === undefined ? {} : { defaultProduct }),
});

/** Records first, as they are the older ones; then by when they were placed. */
const inOrder = (orders: readonly Explained[]): readonly Explained[] =>
  orders.toSorted(
    (a, b) =>
      Number(isRecorded(b)) - Number(isRecorded(a)) ||
      ((a.order.placedAt ?? '') < (b.order.placedAt ?? '') ? -1 : 1),
  );

const isRecorded = ({ explanation }: Explained): boolean =>
  explanation.kind === 'ours' && explanation.by === 'record';

/** What is ours and has no name any more gets one in the archive, where a manifest for its names finds it. */
function named(all: readonly Explained[], taken: ReadonlySet<string>, nowMs: number): readonly Explained[] {
  const book = new NameBook(taken);
  return all.map((one): Explained => {
    const { explanation, order } = one;
    const [domain] = order.names;
    if (explanation.kind !== 'nameless' || !stillCounts(order, nowMs) || domain === undefined) return one;
    const parts = { domain, owner: '', provider: one.provider, product: order.product, order: order.id };
    const path = book.claim(pathFor(NAMELESS, parts), order.id);
    return path === undefined
      ? one
      : { ...one, explanation: { kind: 'ours', name: nameOfPath(path), by: 'reference' } };
  });
}

/**
 * What an order of ours cost. Where the account does not tell, and it counts for this month's limits, today's price stands for
 * it, else the ceiling of its manifest: a limit must not be overrun because nobody remembers.
 */
async function chargesOf(
  run: Run,
  { order, provider: id, explanation }: Explained,
  spec: CertificateSpec | undefined,
  nowMs: number,
): Promise<readonly Charge[]> {
  if (explanation.kind !== 'ours' || order.placedAt === undefined) return [];
  const action = explanation.predecessor === undefined ? 'order' : 'renew';
  const base = { at: order.placedAt, action, quoted: null };
  if (order.charged !== undefined) return [{ ...base, charged: order.charged }];
  const [from] = periodsOf(nowMs).month;
  if (toMs(order.placedAt) < from) return [];
  const quoted = (await todaysPrice(run, id, order)) ?? spec?.maxPrice ?? null;
  return [{ ...base, quoted }];
}

async function todaysPrice(run: Run, id: string, order: OrderSnapshot) {
  const provider = run.providers.all.get(id);
  if (!provider) return undefined;
  try {
    const price = await priceOf(provider, {
      name: order.id,
      provider: id,
      environment: provider.config.environment,
      action: 'order',
      product: order.product,
      ...(order.term === undefined ? {} : { term: order.term }),
      names: order.names,
    });
    return price.kind === 'known' ? price.amount : undefined;
  } catch (error) {
    run.deps.log.info({ provider: id, order: order.id, error }, 'price not read');
    return undefined;
  }
}

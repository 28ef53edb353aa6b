import { parseCertificate } from '../../keys/certificate.js';
import { messageOf } from '../../model/errors.js';
import { sameNames } from '../../model/names.js';
import type { OrderSnapshot } from '../../model/order.js';
import { referenceHead } from '../../model/reference.js';
import { stillCounts } from '../../planner/facts.js';
import { isCertificate } from '../../planner/input.js';
import type { SeenOrder } from '../../planner/rebuild.js';
import type { Provider } from '../../ports/provider.js';
import type { Run } from '../../reconcile/run.js';
import type { Context } from '../context.js';
import { readOrders } from '../import/orders.js';
import { untilStopped } from '../system/until-stopped.js';
import type { GitRemains } from './remains.js';

/** What one account showed of its orders. */
export interface AccountRemains {
  readonly provider: string;
  readonly orders: readonly SeenOrder[];
  /** Why they could not be read; absent: they were. */
  readonly why?: string;
}

/** Every account's orders; one that does not answer is told with the others. Reads only. */
export async function readAccounts(
  context: Context,
  run: Run,
  remains: GitRemains,
): Promise<readonly AccountRemains[]> {
  const spooled = await boughtHere(run);
  const broken = [...run.providers.broken].map(([provider, { why }]) => ({ provider, orders: [], why }));
  const read = await Promise.all(
    [...run.providers.all.values()].map(async (provider): Promise<AccountRemains> => {
      const { id, environment } = provider.config;
      try {
        context.progress.step(`listing the orders of ${id}`);
        const orders = await readOrders(context, provider);
        const seen = await Promise.all(
          orders.map(async (order) => {
            const evidence =
              evidenceOf(spooled, order, 'spool') ??
              (await keyEvidence(context, run, remains, provider, order));
            return { provider: id, environment, order, ...(evidence === undefined ? {} : { evidence }) };
          }),
        );
        return { provider: id, orders: seen };
      } catch (error) {
        if (context.signal.aborted) throw error;
        return { provider: id, orders: [], why: messageOf(error) };
      }
    }),
  );
  return [...read, ...broken];
}

/** Purchases of this machine whose outcome never reached the branch: order id → certificate. */
async function boughtHere({ deps, configuration }: Run): Promise<ReadonlyMap<string, string>> {
  const entries = await deps.spool.list();
  return new Map(
    entries.flatMap(({ repositoryId, certificate, outcome }) =>
      repositoryId === configuration.id && outcome.kind === 'done' && outcome.outcome.orderId !== undefined
        ? [[outcome.outcome.orderId, certificate]]
        : [],
    ),
  );
}

function evidenceOf(spooled: ReadonlyMap<string, string>, { ids }: OrderSnapshot, by: 'spool') {
  const name = ids.map((id) => spooled.get(id)).find((found) => found !== undefined);
  return name === undefined ? undefined : { name, by };
}

/**
 * Is the key of its certificate one of ours? Looked at only where nothing else may tell: an order without our reference, for
 * names that somebody declares here.
 */
async function keyEvidence(
  context: Context,
  run: Run,
  { keys, base }: GitRemains,
  provider: Provider,
  order: OrderSnapshot,
): Promise<SeenOrder['evidence']> {
  if (keys.size === 0 || order.state !== 'issued' || !stillCounts(order, context.clock.now()))
    return undefined;
  if (order.reference?.startsWith(referenceHead(run.configuration.id))) return undefined;
  const recorded = [...(base?.statuses.values() ?? [])].some(({ orders }) =>
    orders.some(
      ({ provider: at, ids }) => at === provider.config.id && ids.some((id) => order.ids.includes(id)),
    ),
  );
  const declared = run.desired.specs.some(
    (spec) => isCertificate(spec) && sameNames(spec.names, order.names),
  );
  if (recorded || !declared) return undefined;
  const collected = await untilStopped(provider.collect(order.id), context.signal);
  if (!collected) return undefined;
  const owner = keys.get(parseCertificate(collected.certificatePem).keyHash);
  return owner && { name: owner.name, by: 'key' };
}

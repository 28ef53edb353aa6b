import { orderReference } from '../model/reference.js';
import type { Provider } from '../ports/provider.js';
import type { Run } from './run.js';
import type { StateView } from './state.js';

/**
 * The reference an action of this certificate is made, and looked for, under.
 * @param predecessorOrderId  the first id of the order it follows on, which later reissues do not change
 * @param part  which of several orders of one name, each of which begins anew: the product of a licence
 */
export function referenceFor(
  { configuration, view }: Pick<Run, 'configuration' | 'view'>,
  { config }: Pick<Provider, 'config'>,
  name: string,
  predecessorOrderId?: string,
  part?: string,
): string {
  const owners = ownersIn(view);
  return orderReference(
    {
      repositoryId: configuration.id,
      name: part === undefined ? name : `${name} ${part}`,
      environment: config.environment,
      ...(predecessorOrderId === undefined ? {} : { predecessorOrderId }),
    },
    (reference) => [...(owners.get(reference) ?? [])].some((owner) => owner !== name),
  );
}

type Owners = ReadonlyMap<string, ReadonlySet<string>>;

const known = new WeakMap<StateView, Owners>();

/** Reference → certificates that bought under it, or may have. */
function ownersIn(view: StateView): Owners {
  const before = known.get(view);
  if (before) return before;
  const owners = new Map<string, Set<string>>();
  for (const { name, orders, intents } of view.statuses.values()) {
    for (const reference of [
      ...orders.map((order) => order.reference),
      ...intents.map(({ request }) => request.reference),
    ]) {
      owners.set(reference, (owners.get(reference) ?? new Set()).add(name));
    }
  }
  known.set(view, owners);
  return owners;
}

import { CertError } from '../model/errors.js';
import type { CertificateSpec } from '../model/manifest.js';
import type { OrderSnapshot } from '../model/order.js';
import { actsFor } from '../model/shard.js';
import { orderAt } from '../planner/facts.js';
import { isCertificate, NO_FACTS } from '../planner/input.js';
import type { Provider } from '../ports/provider.js';
import type { Answers, AtProvider } from './observe.js';
import { type Run, statusOf, stopIfAsked } from './run.js';

/** From this many orders on, reading the whole list is the smaller number of calls. */
const LISTING_PAYS_FROM = 10;

/** An order that a manifest takes over and that was not looked at yet. */
interface Adoption {
  readonly spec: CertificateSpec;
  readonly provider: Provider;
  readonly order: string;
}

export const adoptionsToAsk = (run: Run, answers: Answers): readonly Adoption[] =>
  run.desired.specs.filter(isCertificate).flatMap((spec) => {
    if (!actsFor(run.deps.shard, spec.name)) return [];
    const [id = ''] = spec.providers;
    const provider = run.providers.all.get(id);
    const known = answers.facts.get(spec.name);
    if (spec.adopt?.kind !== 'order' || !provider || known?.adoptable || known?.adoptRefused) return [];
    const { order } = spec.adopt;
    return orderAt(statusOf(run.view, spec.name), id, order) ? [] : [{ spec, provider, order }];
  });

/**
 * Looks at the orders manifests take over: many of one account by its list, few by their ids. An order the provider does
 * not know is that manifest's mistake; an account that does not answer is asked no further.
 */
export async function askAdoptions(
  run: Run,
  answers: Answers,
  wanted: readonly Adoption[],
  at: AtProvider,
  down: (id: string, error: unknown) => void,
): Promise<void> {
  const byAccount = Map.groupBy(wanted, ({ provider }) => provider);
  await Promise.all(
    [...byAccount].map(async ([provider, adoptions]) => {
      const { id } = provider.config;
      try {
        const listed = await listing(run, provider, adoptions);
        await Promise.all(
          adoptions.map((adoption) =>
            at(provider, async () => {
              if (answers.providers.get(id)?.down !== undefined) return;
              try {
                keep(answers, adoption, listed.get(adoption.order) ?? (await look(run, adoption)));
              } catch (error) {
                if (error instanceof CertError && error.code === 'interrupted') throw error;
                const unknown = error instanceof CertError && error.code === 'order.not-found';
                if (unknown) refuse(answers, adoption);
                else down(id, error);
              }
            }),
          ),
        );
      } catch (error) {
        if (error instanceof CertError && error.code === 'interrupted') throw error;
        down(id, error);
      }
    }),
  );
}

function look(run: Run, { provider, order }: Adoption): Promise<OrderSnapshot> {
  stopIfAsked(run.deps);
  return provider.getOrder(order);
}

/** By every id an order ever had; only what the list tells well enough to be taken over. */
async function listing(
  run: Run,
  provider: Provider,
  adoptions: readonly Adoption[],
): Promise<ReadonlyMap<string, OrderSnapshot>> {
  const found = new Map<string, OrderSnapshot>();
  if (adoptions.length < LISTING_PAYS_FROM || !provider.list) return found;
  const ids = new Set(adoptions.map(({ order }) => order));
  for await (const { dates: _dates, superseded, ...order } of provider.list({})) {
    stopIfAsked(run.deps);
    if (superseded || !tellsEnough(provider, order)) continue;
    for (const id of new Set([order.id, ...order.ids])) if (ids.has(id)) found.set(id, order);
  }
  return found;
}

/** Names are compared, and the paid term is recorded: a list that shows neither takes a look at each order. */
const tellsEnough = (provider: Provider, order: OrderSnapshot): boolean =>
  order.names.length > 0 &&
  (!provider.capabilities.terms || order.paidTill !== undefined || order.term !== undefined);

function keep(answers: Answers, { spec }: Adoption, adoptable: OrderSnapshot): void {
  answers.facts.set(spec.name, { ...(answers.facts.get(spec.name) ?? NO_FACTS), adoptable });
}

function refuse(answers: Answers, { spec, provider, order }: Adoption): void {
  const adoptRefused = `${provider.config.id} knows no order ${order}; correct the id under \`adopt:\``;
  answers.facts.set(spec.name, { ...(answers.facts.get(spec.name) ?? NO_FACTS), adoptRefused });
}

/** What this run saw of an order that is to be taken over. */
export function seenOrder(answers: Answers, name: string, order: string): OrderSnapshot | undefined {
  const facts = answers.facts.get(name);
  const seen = [
    ...(facts?.adoptable ? [facts.adoptable] : []),
    ...(facts?.byReference ?? []).map((found) => found.order),
    ...[...answers.providers.values()].flatMap(({ freeSlots }) => freeSlots ?? []),
  ];
  return seen.find(({ id, ids }) => id === order || ids.includes(order));
}

/** Why there is nothing seen of it. */
export const unseenReason = (answers: Answers, provider: string, order: string): string =>
  `order ${order} could not be looked at: ${answers.providers.get(provider)?.down ?? `${provider} gave no answer`}`;

import { CertError, messageOf } from '../model/errors.js';
import type { SitelockSpec } from '../model/manifest.js';
import type { OrderSnapshot } from '../model/order.js';
import type { PlanPrice } from '../model/plan.js';
import { actsFor } from '../model/shard.js';
import { formatTerm } from '../model/term.js';
import { orderAt } from '../planner/facts.js';
import {
  type CertificateFacts,
  type FoundOrder,
  isSitelock,
  NO_FACTS,
  type PriceQuestion,
  priceKey,
} from '../planner/input.js';
import { sellerOf } from '../planner/licence.js';
import type { Provider } from '../ports/provider.js';
import { type Answers, type AtProvider, isExplained, priceOf, providerFacts } from './observe.js';
import { type Run, statusOf } from './run.js';

interface SiteAdoption {
  readonly spec: SitelockSpec;
  readonly provider: Provider;
  readonly product: string;
  readonly order: string;
}

/** Licences that manifests take over and that were not looked at yet. */
export const siteAdoptions = (run: Run, answers: Answers): readonly SiteAdoption[] =>
  run.desired.specs.filter(isSitelock).flatMap((spec) => {
    if (!actsFor(run.deps.shard, spec.name)) return [];
    const known = answers.facts.get(spec.name);
    if (spec.adopt?.kind !== 'order' || known?.adoptable || known?.adoptRefused) return [];
    const seller = sellerOf({ spec, input: { providers: providerFacts(run, answers) } });
    const provider = seller && run.providers.all.get(seller.account.config.id);
    if (!seller || !provider) return [];
    const { order } = spec.adopt;
    const own = orderAt(statusOf(run.view, spec.name), provider.config.id, order);
    return own?.product === seller.main.id ? [] : [{ spec, provider, product: seller.main.id, order }];
  });

/**
 * Looks at the licences manifests take over. Nobody documents that an account shows licences: one that does not show is
 * taken on the word of the manifest, which somebody reviewed.
 */
export async function askSiteAdoptions(
  wanted: readonly SiteAdoption[],
  answers: Answers,
  at: AtProvider,
  down: (id: string, error: unknown) => void,
): Promise<void> {
  for (const { spec, provider, product, order } of wanted) {
    const keep = (facts: Pick<CertificateFacts, 'adoptable' | 'adoptRefused'>) =>
      answers.facts.set(spec.name, { ...(answers.facts.get(spec.name) ?? NO_FACTS), ...facts });
    try {
      const seen = await at(provider, async () => provider.licenser?.getOrder(order, product));
      if (seen) keep({ adoptable: withTerm(spec, seen) });
    } catch (error) {
      if (!(error instanceof CertError) || error.code === 'interrupted') throw error;
      if (error.code === 'order.not-found') keep({ adoptable: withTerm(spec, byWord(spec, product, order)) });
      else if (error.code === 'order.ambiguous') keep({ adoptRefused: error.message });
      else down(provider.config.id, error);
    }
  }
}

const byWord = ({ domain }: SitelockSpec, product: string, id: string): OrderSnapshot => ({
  id,
  ids: [id],
  state: 'issued',
  product,
  names: [domain],
  validation: [],
  message: 'the account does not show it; taken over on the word of the manifest',
});

/** What was bought is what the manifest says, where nothing else tells. */
function withTerm(spec: SitelockSpec, order: OrderSnapshot): OrderSnapshot {
  return spec.term === undefined ? order : { ...order, term: formatTerm(spec.term) };
}

/** Prices of what a site lacks, and orders that stand there already. */
export async function askSite(
  run: Run,
  spec: SitelockSpec,
  questions: readonly PriceQuestion[],
  before: CertificateFacts,
  at: AtProvider,
  down: (id: string, error: unknown) => void,
): Promise<Partial<CertificateFacts>> {
  const prices: Record<string, PlanPrice> = { ...before.prices };
  const foreign: FoundOrder[] = [...(before.foreign ?? [])];
  for (const question of questions) {
    const provider = run.providers.all.get(question.provider);
    if (!provider) continue;
    const { id } = provider.config;
    try {
      prices[priceKey(question)] = await at(provider, () => priceOf(provider, question));
      if (question.action !== 'order') continue;
      const there = await at(
        provider,
        async () => (await provider.licenser?.ordersOf(spec.domain, question.product)) ?? [],
      );
      const news = there.filter(
        (order) => !isExplained(run.view, id, order.id) && !foreign.some((one) => one.order.id === order.id),
      );
      foreign.push(...news.map((order) => ({ provider: id, order })));
    } catch (error) {
      down(id, error);
      prices[priceKey(question)] = { kind: 'unknown', why: messageOf(error) };
    }
  }
  return { prices, foreign };
}

import PQueue from 'p-queue';
import { issuesPublicly, type Violation } from '../model/capabilities.js';
import { holdsOrder } from '../model/delivery.js';
import { CertError, messageOf } from '../model/errors.js';
import type { CertificateSpec } from '../model/manifest.js';
import { sameNames } from '../model/names.js';
import type { OrderSnapshot } from '../model/order.js';
import type { PlanPrice } from '../model/plan.js';
import { soldKey } from '../model/run-memory.js';
import { parseTerm } from '../model/term.js';
import { servingOrder } from '../planner/facts.js';
import {
  type CertificateFacts,
  type FoundOrder,
  isCertificate,
  NO_FACTS,
  type PlanInput,
  type PriceQuestion,
  type ProviderFacts,
  priceKey,
  type StateFacts,
} from '../planner/input.js';
import { priceQuestions } from '../planner/plan.js';
import { renewalsAwaited } from '../planner/slots.js';
import { type BalanceAsked, balanceLeft } from '../policy/balance.js';
import type { Provider } from '../ports/provider.js';
import type { RepositorySnapshot } from '../ports/repository.js';

import { certificatePath } from '../repository/layout.js';
import { adoptionsToAsk, askAdoptions } from './adoptions.js';
import { missingFormats } from './formats.js';
import { notePrice, noteRefusal, refuseWhilePaused } from './notes.js';
import { askSite, askSiteAdoptions, siteAdoptions } from './observe-licences.js';
import { noSights, type Sights } from './preflight.js';
import { referenceFor } from './references.js';
import { type Run, statusOf } from './run.js';
import type { StateView } from './state.js';

type AccountAnswers = Pick<ProviderFacts, 'down' | 'freeSlots'> & { readonly asked?: BalanceAsked };

/** Answers of providers, kept for one run: what was asked once is not asked again when plans are made anew. */
export interface Answers {
  readonly facts: Map<string, CertificateFacts>;
  readonly providers: Map<string, AccountAnswers>;
  readonly sights: Sights;
}

export const noAnswers = (): Answers => ({ facts: new Map(), providers: new Map(), sights: noSights() });

/** The planner's input on a view of the state, with the answers so far. No I/O. */
export function planInput(run: Run, view: StateView, answers: Answers, manifestsDescend: boolean): PlanInput {
  const facts = new Map<string, CertificateFacts>();
  for (const spec of run.desired.specs) {
    if (isCertificate(spec)) facts.set(spec.name, factsOf(run, view, spec, answers));
    else facts.set(spec.name, answers.facts.get(spec.name) ?? NO_FACTS);
  }
  return {
    desired: run.desired,
    state: stateFacts(view, manifestsDescend),
    providers: providerFacts(run, answers, view),
    facts,
    memory: run.notes.memory,
    ...(run.deps.shard === undefined ? {} : { shard: run.deps.shard }),
    preflight: {
      config: run.configuration.preflight,
      names: new Map([...answers.sights.names].map(([name, seen]) => [name, seen.facts])),
    },
    nowMs: run.deps.clock.now(),
  };
}

/** How the state stands, as the planner wants to know it; `snapshot` is the look the integrity was judged in. */
export function stateFacts(
  view: StateView,
  manifestsDescend: boolean,
  snapshot: RepositorySnapshot = view.snapshot,
): StateFacts {
  const { integrity, remote, state } = snapshot;
  return {
    integrity: integrity.kind,
    ...(integrity.kind === 'lost' ? { integrityWhy: integrity.why } : {}),
    commit: state?.commit ?? null,
    ...(view.header === undefined ? {} : { header: view.header }),
    remote,
    manifestsDescend,
    statuses: view.statuses,
  };
}

/** Every account, as far as it answered. */
export function providerFacts(
  run: Run,
  answers: Answers,
  view: Pick<StateView, 'statuses'> = run.view,
): ReadonlyMap<string, ProviderFacts> {
  const { all, broken } = run.providers;
  const known = (
    of: Pick<ProviderFacts, 'config' | 'capabilities' | 'products' | 'defaultProduct' | 'licences'>,
  ) => ({
    config: of.config,
    capabilities: of.capabilities,
    products: of.products,
    ...(of.defaultProduct === undefined ? {} : { defaultProduct: of.defaultProduct }),
    ...(of.licences === undefined ? {} : { licences: of.licences }),
  });
  return new Map<string, ProviderFacts>([
    ...[...broken].map(([id, account]) => [id, { ...known(account), down: account.why }] as const),
    ...[...all].map(([id, provider]) => {
      const caa = answers.sights.authorities.get(id);
      const heard = caa === undefined ? {} : { caa };
      const { asked, ...told } = answers.providers.get(id) ?? {};
      const balance = asked && balanceLeft(asked, id, view.statuses, provider.config.tax);
      const left = balance === undefined ? {} : { balance };
      return [id, { ...known(provider), ...told, ...left, ...heard }] as const;
    }),
  ]);
}

/** What costs no call: the stored key, and names the product adds by itself. */
function factsOf(run: Run, view: StateView, spec: CertificateSpec, answers: Answers): CertificateFacts {
  const status = statusOf(view, spec.name);
  const order = servingOrder(status);
  const provider = order && run.providers.all.get(order.provider);
  return {
    ...(answers.facts.get(spec.name) ?? NO_FACTS),
    keyStored: view.files.has(certificatePath(spec.name, 'key')),
    formatsMissing: missingFormats(view, spec),
    // An account that cannot be opened tells nothing: what its certificate has beyond its order was accepted as free.
    freeNames:
      order && provider
        ? provider.freeNames(order.product, spec.names)
        : (status.current?.names.filter((name) => !order?.names.includes(name)) ?? []),
  };
}

/**
 * Asks what the plan needs to know: prices and balances of what may be bought, orders that exist already (DESIGN §4,
 * "before every paid call, look"), the order a manifest takes over. Nothing due, nothing asked.
 */
export async function askProviders(
  run: Run,
  answers: Answers,
  manifestsDescend: boolean,
): Promise<PlanInput> {
  const queues = new Map<string, PQueue>();
  const at = <T>(provider: Provider, task: () => Promise<T>): Promise<T> => {
    const id = provider.config.id;
    refuseWhilePaused(run.notes, provider.config, run.deps.clock.now());
    const queue = queues.get(id) ?? new PQueue({ concurrency: provider.capabilities.concurrency });
    queues.set(id, queue);
    return queue.add(task);
  };
  const first = planInput(run, run.view, answers, manifestsDescend);
  const questions = priceQuestions(first).filter(
    (question) => !(priceKey(question) in (answers.facts.get(question.name)?.prices ?? {})),
  );
  const wanted = new Map<string, PriceQuestion[]>();
  for (const question of questions) {
    wanted.set(question.name, [...(wanted.get(question.name) ?? []), question]);
  }
  const adopting = adoptionsToAsk(run, answers);
  const sites = siteAdoptions(run, answers);
  const renewals = renewalsAwaited(first).filter(
    ({ head }) => answers.providers.get(head.provider)?.freeSlots === undefined,
  );
  const renewed = renewals.map(({ head }) => head.provider);
  if (wanted.size + adopting.length + sites.length + renewed.length === 0) return first;
  const asked = new Set([
    ...wanted.keys(),
    ...[...adopting, ...sites].map(({ spec }) => spec.name),
    ...renewals.map(({ name }) => name),
  ]).size;
  run.deps.progress.step(`asking providers about ${asked} ${asked === 1 ? 'certificate' : 'certificates'}`);
  await askBalances(run, answers, at, new Set(questions.map((question) => question.provider)));
  const ordering = questions.filter(({ action }) => action === 'order').map(({ provider }) => provider);
  const using = ordering.filter((id) => run.providers.all.get(id)?.capabilities.usesFreeSlots);
  await askFreeSlots(run, answers, at, new Set([...using, ...renewed]));
  const down = (id: string, error: unknown) => markDown(run, answers, id, error);
  await askAdoptions(run, answers, adopting, at, down);
  await askSiteAdoptions(sites, answers, at, down);
  await Promise.all(
    [...wanted.keys()].map(async (name) => {
      const spec = run.specs.get(name);
      if (!spec) return;
      const before = answers.facts.get(name) ?? NO_FACTS;
      const asking = wanted.get(name) ?? [];
      const found = isCertificate(spec)
        ? await askOne(run, answers, at, spec, asking, before)
        : await askSite(run, spec, asking, before, at, down);
      answers.facts.set(name, { ...before, ...found });
    }),
  );
  return planInput(run, run.view, answers, manifestsDescend);
}

/** Runs a task in the queue of its account. */
export type AtProvider = <T>(provider: Provider, task: () => Promise<T>) => Promise<T>;

/** Asks accounts at once; an id that no provider has is passed over. */
const askEach = (
  { providers }: Run,
  ids: ReadonlySet<string>,
  ask: (id: string, provider: Provider) => Promise<void>,
): Promise<unknown> =>
  Promise.all(
    [...ids].map(async (id) => {
      const provider = providers.all.get(id);
      if (provider) await ask(id, provider);
    }),
  );

const askBalances = (run: Run, answers: Answers, at: AtProvider, ids: ReadonlySet<string>) =>
  askEach(run, ids, async (id, provider) => {
    if (answers.providers.has(id)) return;
    try {
      await askBalance(run, answers, provider, at);
    } catch (error) {
      markDown(run, answers, id, error);
    }
  });

/**
 * What an account holds, once for each run. Its other calls may well work where this one is not supported: only a
 * `minimumBalance` has to wait for a balance.
 * @throws CertError where it does not answer
 */
export async function askBalance(
  run: Run,
  answers: Answers,
  provider: Provider,
  at: AtProvider = (_, task) => task(),
): Promise<void> {
  const { id } = provider.config;
  const { balance } = provider;
  const known = answers.providers.get(id);
  if (!balance || known?.asked) return;
  try {
    const { statuses } = run.view;
    const atMs = run.deps.clock.now();
    const told = await at(provider, () => balance.call(provider));
    answers.providers.set(id, { ...known, asked: { balance: told, statuses, atMs } });
  } catch (error) {
    if (!(error instanceof CertError) || error.code !== 'provider.unsupported') throw error;
    run.deps.log.warn({ provider: id, error: messageOf(error) }, 'balance cannot be read');
  }
}

/** Once for each account of a run: what is taken of them is in the state. */
const askFreeSlots = (run: Run, answers: Answers, at: AtProvider, ids: ReadonlySet<string>) =>
  askEach(run, ids, async (id, provider) => {
    const known = answers.providers.get(id);
    if (!provider.freeSlots || known?.freeSlots || known?.down !== undefined) return;
    try {
      const freeSlots = (await at(provider, async () => provider.freeSlots?.())) ?? [];
      answers.providers.set(id, { ...answers.providers.get(id), freeSlots });
    } catch (error) {
      markDown(run, answers, id, error);
    }
  });

function markDown(run: Run, answers: Answers, id: string, error: unknown): void {
  const config = run.providers.all.get(id)?.config;
  if (config) noteRefusal(run.notes, config, error, run.deps.clock.now());
  run.deps.log.warn({ provider: id, error: messageOf(error) }, 'provider does not answer');
  answers.providers.set(id, { ...answers.providers.get(id), down: messageOf(error) });
}

async function askOne(
  run: Run,
  answers: Answers,
  at: AtProvider,
  spec: CertificateSpec,
  questions: readonly PriceQuestion[],
  before: CertificateFacts,
): Promise<Partial<CertificateFacts>> {
  const violations: Record<string, CertificateFacts['violations'][string]> = { ...before.violations };
  const prices: Record<string, PlanPrice> = { ...before.prices };
  let existing: Pick<CertificateFacts, 'byReference' | 'foreign'> = {};
  for (const question of questions) {
    const provider = run.providers.all.get(question.provider);
    if (!provider) continue;
    violations[question.provider] = [...provider.audit(spec), ...(await nameViolations(provider, spec))];
    try {
      const price = await at(provider, () => priceOf(provider, question));
      prices[priceKey(question)] = price;
      if (price.kind === 'known' && question.action !== 'reissue') {
        notePrice(run.notes, provider.config, soldKey(question), price.amount, run.deps.clock.now());
      }
      if (question.action === 'order' || question.action === 'renew') {
        existing = mergeExisting(
          existing,
          await at(provider, () => ordersThere(run, provider, spec, question)),
        );
      }
    } catch (error) {
      markDown(run, answers, question.provider, error);
      prices[priceKey(question)] = { kind: 'unknown', why: messageOf(error) };
    }
  }
  return { violations, prices, ...existing };
}

/** Where one of several providers is a public authority, names it never issues for are a reason to pass it over. */
async function nameViolations(
  { config, capabilities }: Provider,
  { names }: CertificateSpec,
): Promise<readonly Violation[]> {
  if (!issuesPublicly(capabilities, config)) return [];
  const { publicNameTrouble } = await import('../model/public-names.js');
  return names.flatMap((name) => {
    const trouble = publicNameTrouble(name);
    return trouble?.severity === 'error'
      ? [{ code: trouble.code, message: trouble.message, field: 'domains' }]
      : [];
  });
}

export async function priceOf(provider: Provider, question: PriceQuestion): Promise<PlanPrice> {
  const term = question.term === undefined ? undefined : parseTerm(question.term);
  const { price } = await provider.quote({
    action: question.action,
    product: question.product,
    ...(term === undefined ? {} : { term }),
    names: question.names,
    ...(question.predecessor === undefined ? {} : { predecessorOrderId: question.predecessor }),
  });
  return price;
}

type Existing = Pick<CertificateFacts, 'byReference' | 'foreign'>;

/** Orders that would make a purchase one too many: under our reference, or for the same names and product. */
async function ordersThere(
  run: Run,
  provider: Provider,
  spec: CertificateSpec,
  question: PriceQuestion,
): Promise<Existing> {
  const unexplained = (order: string) => !isExplained(run.view, provider.config.id, order);
  const reference = referenceFor(run, provider, spec.name, question.predecessor);
  const found = (order: OrderSnapshot) => ({ provider: provider.config.id, order });
  const ours = ((await provider.findByReference?.(reference)) ?? []).filter((order) => unexplained(order.id));
  const foreign: FoundOrder[] = [];
  if (provider.list) {
    for await (const order of provider.list({ names: spec.names, product: question.product })) {
      const same = sameNames(order.names, spec.names) && order.product === question.product;
      if (same && !order.superseded && unexplained(order.id) && !ours.some((own) => own.id === order.id))
        foreign.push(found(order));
    }
  }
  return { byReference: ours.map(found), foreign };
}

/** Does an order of some certificate of ours, archived ones included, have this id at this account? */
export const isExplained = ({ statuses }: StateView, provider: string, id: string): boolean =>
  [...statuses.values()].some(({ orders }) => orders.some((order) => holdsOrder(order, provider, id)));

const mergeExisting = (a: Existing, b: Existing): Existing => ({
  byReference: [...(a.byReference ?? []), ...(b.byReference ?? [])],
  foreign: [...(a.foreign ?? []), ...(b.foreign ?? [])],
});

import type { ProviderConfig } from '../../model/configuration.js';
import { CertError } from '../../model/errors.js';
import type { Finding, Spec } from '../../model/manifest.js';
import { sumByCurrency } from '../../model/money.js';
import type { Plan, PlanItem, PlanWarning } from '../../model/plan.js';
import type { PlanInput } from '../../planner/input.js';
import { makePlan } from '../../planner/plan.js';
import type { Oid } from '../../ports/repository.js';
import type { Deps, ProviderSet, Reading } from '../../reconcile/deps.js';
import { planOnly } from '../../reconcile/plan-only.js';
import type { GitRepository } from '../../repository/git-repository.js';
import { STATE_FOLDER } from '../../repository/layout.js';
import { composeDeps } from '../compose.js';
import type { Context } from '../context.js';
import { readConfiguration, readFiles, readFilesAlone } from '../files.js';
import { loadIdentities } from '../identities.js';
import { delivererOf, offeringOf } from '../offerings.js';
import { type BudgetLine, budgetLines } from './budget.js';
import { changedNames } from './changed.js';
import { combined, configurationNotes, isKnown, type ProposalNote, repriced } from './configuration.js';
import type { OpenedProposal } from './open.js';
import { planWithSeenPrices } from './seen-prices.js';

interface Place {
  readonly base: Oid;
  readonly head: Oid;
}

export type Proposed = Place &
  (
    | {
        readonly kind: 'planned';
        /** Lines and warnings of the certificates it changes; counts and digest are those of the whole. */
        readonly plan: Plan;
        /** Lines that the next run carries out whether it is merged or not. */
        readonly others: number;
        /** What is wrong only with it. */
        readonly findings: readonly Finding[];
        readonly notes: readonly ProposalNote[];
        readonly budgets: readonly BudgetLine[];
        readonly specs: ReadonlyMap<string, Spec>;
        /** Accounts that were not asked: their prices are configured or last seen ones. */
        readonly unasked: readonly string[];
      }
    /** The configuration cannot be used with it. */
    | { readonly kind: 'invalid'; readonly findings: readonly Finding[] }
    /** The branch has no configuration yet (or none that can be used): nothing can be planned before it has. */
    | { readonly kind: 'unconfigured'; readonly findings: readonly Finding[] }
    | { readonly kind: 'conflict' }
  );

/**
 * Plans a change before it is merged, writing nothing and running nothing of it.
 * @param mayAsk  may accounts be opened? Not for a fork
 * @throws CertError
 */
export async function planProposal(
  context: Context,
  { repository, proposal, configuration: ours }: OpenedProposal,
  mayAsk: boolean,
): Promise<Proposed> {
  const { base, head, merged, changed } = proposal;
  const place = { base: base.commit, head };
  if (!merged) return { ...place, kind: 'conflict' };
  const { definitions, env } = context;
  const { configuration: theirs } = await readConfiguration(merged, definitions);
  if (!ours) {
    const { findings } = await readFilesAlone(merged, definitions);
    return { ...place, kind: 'unconfigured', findings };
  }
  const before = await readFiles(base, env, definitions);
  const after = asProposal(await readFiles(merged, env, definitions, (own) => combined(ours, own)));
  if (!theirs || !after.desired) return { ...place, kind: 'invalid', findings: newFindings(before, after) };

  const accounts = new Accounts(context, repository, ours, mayAsk);
  const deps: Deps = {
    ...accounts.deps,
    readFiles: async () => after,
    connect: (configuration) => accounts.connect(configuration),
    openSolver: async ({ id }) => {
      throw new CertError('config.invalid', `solver ${id} is used only after the merge`);
    },
  };
  const { plan: asked, input } = await planOnly(deps, merged);
  const whole = accounts.unasked.size === 0 ? asked : planWithSeenPrices(input, accounts.unasked);
  const names = changedNames(before, after, repriced(ours, theirs));
  const plan = onlyOf(whole, names, warningsBefore(input, before));
  return {
    ...place,
    kind: 'planned',
    plan,
    others: whole.items.length - plan.items.length,
    findings: newFindings(before, after),
    notes: [...configurationNotes(ours, theirs), ...fileNotes(changed)],
    budgets: budgetLines(
      ours.policy,
      input.state.statuses.values(),
      plan.items,
      input.nowMs,
      (id) => input.providers.get(id)?.config.tax,
    ),
    specs: new Map(after.desired.specs.map((spec) => [spec.name, spec])),
    unasked: [...accounts.unasked].filter((id) => plan.items.some(({ provider }) => provider === id)).sort(),
  };
}

/** Nobody approved it yet. */
const asProposal = (reading: Reading): Reading =>
  reading.desired ? { ...reading, desired: { ...reading.desired, commit: null } } : reading;

const findingKey = ({ code, message, position, name }: Finding): string =>
  JSON.stringify([code, message, position.file, name]);

function newFindings(before: Reading, after: Reading): readonly Finding[] {
  const known = new Set(before.findings.map(findingKey));
  return after.findings.filter((finding) => !known.has(findingKey(finding)));
}

const warningKey = ({ code, name, message }: PlanWarning): string => JSON.stringify([code, name, message]);

/** What is to be said of the branch as it is. */
function warningsBefore(input: PlanInput, { desired }: Reading): ReadonlySet<string> {
  if (!desired) return new Set();
  return new Set(makePlan({ ...input, desired }).warnings.map(warningKey));
}

function onlyOf(whole: Plan, names: ReadonlySet<string>, known: ReadonlySet<string>): Plan {
  const { unsafe, ...rest } = whole;
  const items = whole.items.filter(({ name }) => names.has(name));
  const isOurs = unsafe?.lines.some((line) => names.has(line.slice(0, line.lastIndexOf(' '))));
  const busy = new Set(items.map(({ name }) => name));
  return {
    ...rest,
    items,
    warnings: whole.warnings.filter((warning) => {
      if (warning.name !== undefined) return names.has(warning.name);
      return !known.has(warningKey(warning));
    }),
    ...(unsafe && isOurs ? { unsafe } : {}),
    totals: sumByCurrency(items.flatMap(cost)),
    counts: { ...whole.counts, unchanged: Math.max(0, whole.counts.certificates - busy.size) },
  };
}

const cost = ({ price, hold }: PlanItem) =>
  price.kind === 'known' && hold === undefined && Number(price.amount.amount) !== 0 ? [price.amount] : [];

/** Files that a person has to look at beside manifests. */
function fileNotes(changed: readonly string[]): readonly ProposalNote[] {
  const own = changed.filter((path) => path.startsWith(`${STATE_FOLDER}/`));
  if (own.length === 0) return [];
  const some = own.slice(0, 3).join(', ');
  const more = own.length > 3 ? ` and ${own.length - 3} more` : '';
  return [
    {
      message: `files are touched that certwright alone writes: ${some}${more}`,
      needsReview: true,
    },
  ];
}

/** Opens what the branch itself configures, and notes what was not asked. */
class Accounts {
  readonly deps: Deps;
  readonly unasked = new Set<string>();
  readonly #base: Parameters<Deps['connect']>[0];
  readonly #context: Context;
  readonly #mayAsk: boolean;

  constructor(
    context: Context,
    repository: GitRepository,
    base: Parameters<Deps['connect']>[0],
    mayAsk: boolean,
  ) {
    this.deps = composeDeps({ ...context, say: () => undefined, isProposal: true }, repository, (id) =>
      loadIdentities(context, [], id),
    );
    this.#context = context;
    this.#base = base;
    this.#mayAsk = mayAsk;
  }

  async connect(configuration: Parameters<Deps['connect']>[0]): Promise<ProviderSet> {
    const all = Object.values(configuration.providers);
    const { definitions } = this.#context;
    const mayOpen = (account: ProviderConfig) => this.#mayAsk && isKnown(this.#base, account);
    const open = all.filter((account) => {
      const deliverer = delivererOf(configuration, definitions, account);
      return mayOpen(account) && (deliverer === undefined || mayOpen(deliverer.config));
    });
    const set = await this.deps.connect({
      ...configuration,
      providers: Object.fromEntries(open.map((account) => [account.id, account])),
    });
    const broken = new Map(set.broken);
    for (const config of all.filter((account) => !open.includes(account))) {
      const offering = offeringOf(configuration, definitions, config);
      if (offering) broken.set(config.id, { ...offering, config, why: 'not asked' });
    }
    for (const id of broken.keys()) this.unasked.add(id);
    return { all: set.all, broken, close: () => set.close() };
  }
}

import { proveRecipients } from '../../keys/prove.js';
import { CertError } from '../../model/errors.js';
import type { Money } from '../../model/money.js';
import { type RebuiltRecord, STATE_FORMAT_VERSION, type StateHeader } from '../../model/status.js';
import { toInstant } from '../../model/time.js';
import type { Explained } from '../../planner/rebuild.js';
import { sendWindow } from '../../policy/absence.js';
import { openLedger } from '../../policy/spending.js';
import type { FileChange, Oid, RepositorySnapshot } from '../../ports/repository.js';
import { environmentFindings } from '../../reconcile/environments.js';
import { refusedPush } from '../../reconcile/land.js';
import { commitMessage } from '../../reconcile/message.js';
import { readNotes } from '../../reconcile/notes.js';
import { ConfigurationError } from '../../reconcile/open-run.js';
import type { Run } from '../../reconcile/run.js';
import type { StateView } from '../../reconcile/state.js';
import { count } from '../../report/words.js';
import type { Rescue } from '../../repository/git-repository.js';
import type { Context } from '../context.js';
import type { Workplace } from '../workplace.js';
import { rebuildFacts } from './facts.js';
import { changesOf, type RebuiltState, rebuildFiles } from './files.js';
import { type AccountRemains, readAccounts } from './orders.js';
import { type GitRemains, readGitRemains } from './remains.js';

/** A state made anew, not written yet. */
export interface Rebuilt {
  readonly snapshot: RepositorySnapshot;
  readonly remains: GitRemains;
  readonly accounts: readonly AccountRemains[];
  readonly explained: readonly Explained[];
  readonly state: RebuiltState;
  readonly header: StateHeader & { readonly rebuilt: RebuiltRecord };
  /** What counts for this month's limits. */
  readonly spent: readonly Money[];
  readonly run: Run;
}

/**
 * Makes the state anew from what survives: git, the accounts, this machine. Reads only; what it cannot explain is left for
 * the next plan to hold.
 * @param use  the accounts are open as long as it takes
 * @throws CertError `usage` where nothing is lost, `config.invalid`
 */
export async function withRebuilt<T>(
  context: Context,
  workplace: Workplace,
  rescue: Rescue,
  from: readonly string[],
  use: (rebuilt: Rebuilt) => Promise<T>,
): Promise<T> {
  const { deps, repository } = workplace;
  context.progress.step('looking for what survives');
  const snapshot = await repository.observe();
  refuseHealthy(snapshot);
  const reading = await deps.readFiles(snapshot.approval);
  const { configuration, desired, findings } = reading;
  const broken = findings.some(({ severity }) => severity === 'error');
  // A manifest that cannot be read may be whose order is found.
  if (!configuration || !desired || broken) throw new ConfigurationError(findings);
  const remains = await readGitRemains(context, workplace, rescue, snapshot, configuration, from);
  const statuses = remains.base?.statuses ?? new Map();
  const changed = environmentFindings(configuration, statuses.values(), reading.positionOf);
  if (changed.length > 0) throw new ConfigurationError(changed);
  const view: StateView = {
    snapshot,
    manifestsId: snapshot.approval.commit,
    ...(remains.base === undefined ? {} : { header: remains.base.header }),
    statuses,
    files: remains.base?.files ?? new Map(),
    toRestore: [],
  };
  const run: Run = {
    deps,
    configuration,
    desired,
    findings,
    specs: new Map(desired.specs.map((spec) => [spec.name, spec])),
    providers: await deps.connect(configuration),
    manifestsId: view.manifestsId,
    view,
    notes: await readNotes(deps, view, configuration.id),
    events: [],
  };
  try {
    const accounts = await readAccounts(context, run, remains);
    const facts = await rebuildFacts(
      run,
      remains,
      accounts.flatMap(({ orders }) => orders),
    );
    run.view = { ...run.view, statuses: facts.statuses };
    const state = await rebuildFiles(run, remains, facts.explained);
    return await use({
      snapshot,
      remains,
      accounts,
      explained: facts.explained,
      state,
      header: await headerOf(workplace, run, remains, accounts, facts.explained),
      spent: spentThisMonth(run, state),
      run,
    });
  } finally {
    await run.providers.close();
  }
}

function refuseHealthy({ integrity }: RepositorySnapshot): void {
  if (integrity.kind === 'absent' || integrity.kind === 'lost') return;
  throw new CertError('usage', 'the state is there: nothing was lost, and nothing is rebuilt', {
    remedy: '`certwright plan` shows what is to be done; docs/recovery.md tells when a state counts as lost',
  });
}

/** What was sent up to now shows at every account from `settledAt` on. */
async function headerOf(
  { repository, identities }: Workplace,
  { configuration, deps, providers }: Run,
  { base, compromised }: GitRemains,
  accounts: readonly AccountRemains[],
  explained: readonly Explained[],
): Promise<Rebuilt['header']> {
  const nowMs = deps.clock.now();
  const known = [...providers.all.values(), ...providers.broken.values()];
  const settledMs = Math.max(
    nowMs,
    ...known.map(({ capabilities }) => sendWindow(nowMs, capabilities).settledAtMs),
  );
  // An account that shows none of ours may as well be the wrong one.
  const ours = new Set(
    explained.filter(({ explanation }) => explanation.kind === 'ours').map(({ provider }) => provider),
  );
  const { recipients } = configuration.keys;
  const before = base?.header;
  const proofs = await proveRecipients({ recipients, identities: await identities(configuration.id) });
  const proven = proofs.filter((proof) => proof.proven).map(({ recipient }) => recipient);
  return {
    ...(before ?? {}),
    ...(compromised.length === 0 ? {} : { compromisedKeys: compromised }),
    formatVersion: STATE_FORMAT_VERSION,
    revision: (before?.revision ?? 0) + 1,
    repositoryId: configuration.id,
    // Who was elsewhere stays there until a person claims it.
    remote: before?.remote ?? repository.remote,
    provenRecipients: [...new Set([...(before?.provenRecipients ?? []), ...proven])].sort(),
    rebuilt: {
      at: toInstant(nowMs),
      settledAt: toInstant(settledMs),
      listed: accounts
        .filter(({ provider, why }) => why === undefined && ours.has(provider))
        .map(({ provider }) => provider)
        .sort(),
    },
  };
}

function spentThisMonth({ configuration, deps, desired }: Run, { statuses }: RebuiltState): readonly Money[] {
  const taxOf = (id: string) => configuration.providers[id]?.tax;
  const { budgets } = openLedger(desired.policy, statuses.values(), deps.clock.now(), taxOf);
  return Object.values(budgets[0]?.month ?? {});
}

/**
 * Writes it: both refs at once, each only from what was read of it.
 * @throws CertError `repository.moved`, `repository.refused`
 */
export async function landRebuilt(workplace: Workplace, rescue: Rescue, rebuilt: Rebuilt): Promise<void> {
  const { snapshot, remains, state, header } = rebuilt;
  const { repository, deps } = workplace;
  const parent: Oid | null = remains.base?.commit ?? null;
  const changes: readonly FileChange[] = changesOf(state, header);
  const message = commitMessage([
    `rebuild the state: ${count(state.statuses.size, 'certificate')}, ${remains.base ? `on revision ${remains.base.header.revision}` : 'from the accounts alone'}`,
  ]);
  const outcome = await rescue.reinstate(snapshot, parent, changes, message);
  if (outcome.kind === 'refused') throw refusedPush(outcome.text);
  const now = outcome.kind === 'pushed' ? await repository.observe() : undefined;
  const [blob] = (await now?.state?.list('issued/_certwright.json')) ?? [];
  const [text = ''] = blob ? ((await now?.state?.read([blob.blob])) ?? []) : [];
  if (now?.integrity.kind === 'healthy' && deps.parseHeader(text, '').rebuilt?.at === header.rebuilt.at)
    return;
  throw new CertError('repository.moved', 'somebody else changed the state meanwhile; nothing was written', {
    remedy: 'stop every other certwright of this repository, then run it again',
  });
}

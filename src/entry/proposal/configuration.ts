import type { LoadedConfiguration } from '../../config/configuration.js';
import type { Configuration, ProviderConfig } from '../../model/configuration.js';
import { canonicalJson } from '../../repository/stable.js';

/** Something about a proposal that no line of its plan shows. */
export interface ProposalNote {
  readonly message: string;
  /** A person has to look at it before it is merged, whatever the plan says. */
  readonly needsReview: boolean;
}

/**
 * The configuration a proposal is planned with: what opens accounts, spends, sends and runs is the branch's own, so that
 * nothing of an unmerged text is used for it; what describes the certificates is the proposal's.
 */
export function combined(base: LoadedConfiguration, merged: LoadedConfiguration): LoadedConfiguration {
  return {
    ...base,
    defaults: merged.defaults,
    contacts: merged.contacts,
    // Those that are new are known, for their names, and never opened.
    solvers: { ...merged.solvers, ...base.solvers },
    providers: Object.fromEntries(
      Object.values(merged.providers).map((proposed) => [proposed.id, account(base, proposed)]),
    ),
  };
}

/** An account that is there before and after, as the same kind of thing. */
export const isKnown = (base: Configuration, { id, type }: ProviderConfig): boolean =>
  base.providers[id]?.type === type;

function account(base: Configuration, proposed: ProviderConfig): ProviderConfig {
  const known = base.providers[proposed.id];
  if (!known || !isKnown(base, proposed)) return { ...proposed, credentials: {} };
  const { url, minimumBalance, ...rest } = proposed;
  return {
    ...rest,
    environment: known.environment,
    credentials: known.credentials,
    options: known.options,
    ...(known.url === undefined ? {} : { url: known.url }),
    ...(known.minimumBalance === undefined ? {} : { minimumBalance: known.minimumBalance }),
  };
}

const same = (a: unknown, b: unknown): boolean => canonicalJson(a ?? null) === canonicalJson(b ?? null);

/** Accounts whose price list the proposal changes. */
export const repriced = (base: Configuration, merged: Configuration): ReadonlySet<string> =>
  new Set(
    Object.values(merged.providers)
      .filter(({ id, prices }) => base.providers[id] && !same(base.providers[id].prices, prices))
      .map(({ id }) => id),
  );

const review = (message: string): ProposalNote => ({ message, needsReview: true });

const LATER = 'this plan still goes by what the branch has';

/** What a proposal changes in the configuration, beyond what its lines show. */
export function configurationNotes(base: Configuration, merged: Configuration): readonly ProposalNote[] {
  return [
    ...recipientNotes('recipient', base.keys.recipients, merged.keys.recipients),
    ...recipientNotes('runner recipient', base.keys.runnerRecipients, merged.keys.runnerRecipients),
    ...(same(base.keys.keystore, merged.keys.keystore) ? [] : [review(`keys.keystore changes; ${LATER}`)]),
    ...(same(base.policy, merged.policy)
      ? []
      : [review(`policy changes: who approves, or what may be spent; ${LATER}`)]),
    ...(same(base.id, merged.id) ? [] : [review('id changes: orders would no longer be found by reference')]),
    ...(same(base.branches, merged.branches) ? [] : [review(`branches changes; ${LATER}`)]),
    ...accountNotes(base, merged),
    ...sectionNotes('solvers', base.solvers, merged.solvers),
    ...sectionNotes('hooks', base.hooks, merged.hooks),
    ...(same(base.notifications, merged.notifications) ? [] : [review(`notifications changes; ${LATER}`)]),
    ...(same(base.endpoints, merged.endpoints)
      ? []
      : [review(`endpoints changes: whether certificates that are not served are told; ${LATER}`)]),
    ...(same(base.preflight, merged.preflight)
      ? []
      : [review(`preflight changes: how names are looked at before money is spent; ${LATER}`)]),
    ...(same(base.manifestVariables, merged.manifestVariables)
      ? []
      : [review(`manifestVariables changes: which variables manifests may read; ${LATER}`)]),
  ];
}

function recipientNotes(
  what: string,
  before: readonly string[],
  after: readonly string[],
): readonly ProposalNote[] {
  return [
    ...after
      .filter((one) => !before.includes(one))
      .map((one) =>
        review(`the ${what} ${one} is new: whoever holds it opens every private key from then on`),
      ),
    ...before
      .filter((one) => !after.includes(one))
      .map((one) => review(`the ${what} ${one} is taken out: it still opens what was sealed to it before`)),
  ];
}

function accountNotes(base: Configuration, merged: Configuration): readonly ProposalNote[] {
  const ids = new Set([...Object.keys(base.providers), ...Object.keys(merged.providers)]);
  return [...ids].sort().flatMap((id) => {
    const before = base.providers[id];
    const after = merged.providers[id];
    if (!before) return [review(`provider ${id} is new: it is asked for prices only after the merge`)];
    if (!after) return [review(`provider ${id} is taken out`)];
    const changed = (
      ['type', 'environment', 'credentials', 'url', 'options', 'minimumBalance'] as const
    ).filter((key) => !same(before[key], after[key]));
    return changed.length === 0 ? [] : [review(`provider ${id} changes in ${changed.join(', ')}; ${LATER}`)];
  });
}

function sectionNotes(
  section: string,
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): readonly ProposalNote[] {
  const ids = new Set([...Object.keys(before), ...Object.keys(after)]);
  const changed = [...ids].sort().filter((id) => !same(before[id], after[id]));
  return changed.length === 0 ? [] : [review(`${section} changes (${changed.join(', ')}); ${LATER}`)];
}

import type { Configuration } from '../model/configuration.js';
import { CertError } from '../model/errors.js';
import type { Finding, Spec } from '../model/manifest.js';
import type { PlanItem } from '../model/plan.js';
import { actsFor } from '../model/shard.js';
import { emptyStatus, type Status } from '../model/status.js';
import type { Desired } from '../planner/input.js';
import type { Provider } from '../ports/provider.js';
import type { FileChange } from '../ports/repository.js';
import { statusPath } from '../repository/layout.js';
import { canonicalJson, stableJson } from '../repository/stable.js';
import type { Deps, ProviderSet } from './deps.js';
import type { Notes } from './notes.js';
import type { StateView } from './state.js';

/** Something worth telling at the end of a run. */
export interface RunEvent {
  readonly name: string;
  readonly action: string;
  /** Of a licence: a site has several, each with a line of its own. */
  readonly product?: string;
  readonly outcome: 'done' | 'waiting' | 'failed' | 'held' | 'unknown';
  readonly message: string;
}

/** The line that an event is about. */
export const lineOf = ({
  name,
  action,
  product,
  licence,
}: Pick<PlanItem, 'name' | 'action' | 'product' | 'licence'>): Pick<
  RunEvent,
  'name' | 'action' | 'product'
> => ({ name, action, ...(licence === undefined || product === undefined ? {} : { product }) });

/** One pass over one commit of the approval branch. `view` moves on with every commit of ours. */
export interface Run {
  readonly deps: Deps;
  readonly configuration: Configuration;
  readonly desired: Desired;
  /** Recorded with every commit of this run; absent where the manifests do not descend from the recorded ones. */
  manifestCommit?: string;
  readonly findings: readonly Finding[];
  readonly specs: ReadonlyMap<string, Spec>;
  readonly providers: ProviderSet;
  /** `view.manifestsId` of the files this run read. */
  readonly manifestsId: string;
  view: StateView;
  /** Of calls, this run's and earlier ones'. */
  readonly notes: Notes;
  readonly events: RunEvent[];
  /** Set when a clock was found wrong: the run ends with an error. */
  clockProblem?: string;
}

export const statusOf = (view: StateView, name: string): Status =>
  view.statuses.get(name) ?? emptyStatus(name);

/** Certificates this process acts for; what it merely records, and what limits count, is not bound to them. */
export const ownStatuses = ({ view, deps }: Pick<Run, 'view' | 'deps'>): readonly Status[] =>
  [...view.statuses.values()].filter(({ name }) => actsFor(deps.shard, name));

/** The certificate an intent stands at now: another run may have moved it to another name meanwhile. */
export function nameOfIntent(view: StateView, name: string, intentId: string): string {
  const holds = (status: Status | undefined) => status?.intents.some((intent) => intent.id === intentId);
  if (holds(view.statuses.get(name))) return name;
  return [...view.statuses.values()].find(holds)?.name ?? name;
}

export function providerFor(run: Run, id: string): Provider {
  const provider = run.providers.all.get(id);
  if (provider) return provider;
  const why = run.providers.broken.get(id)?.why;
  if (why !== undefined) throw new CertError('provider.unreachable', `provider "${id}": ${why}`);
  throw new CertError('provider.unsupported', `the configuration has no provider "${id}" any more`, {
    remedy: 'put the provider back into certwright.yaml until its orders have ended',
  });
}

export const statusFile = (status: Status): FileChange => ({
  path: statusPath(status.name),
  content: stableJson(status),
});

/** Ctrl-C and termination end a run between two calls; what is open is resumed by the next one. */
export function stopIfAsked(deps: Pick<Deps, 'signal'>): void {
  if (deps.signal.aborted) {
    throw new CertError('interrupted', 'stopped; run apply again to go on where it ended');
  }
}

/** One certificate's next facts; several of one certificate apply one after the other. */
export interface StatusChange {
  readonly name: string;
  apply(status: Status): Status;
}

/**
 * The statuses that really change, each once. What is known of two orders of one certificate may take each other back: facts
 * that end as they began are no change.
 */
export function changedStatuses(view: StateView, changes: readonly StatusChange[]): readonly Status[] {
  const before = new Map<string, Status>();
  const next = new Map<string, Status>();
  const several = new Set<string>();
  for (const { name, apply } of changes) {
    const known = before.get(name) ?? statusOf(view, name);
    if (before.has(name)) several.add(name);
    before.set(name, known);
    next.set(name, apply(next.get(name) ?? known));
  }
  return [...next].flatMap(([name, status]) => {
    const known = before.get(name);
    const same = known && several.has(name) && canonicalJson(known) === canonicalJson(status);
    return status === known || same ? [] : [status];
  });
}

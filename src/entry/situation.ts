import type { Configuration } from '../model/configuration.js';
import type { Spec } from '../model/manifest.js';
import type { Plan } from '../model/plan.js';
import { emptyStatus, type Status } from '../model/status.js';
import { type CertificateFacts, NO_FACTS, type PlanInput } from '../planner/input.js';
import type { Condition } from '../policy/conditions.js';
import { conditionsOf } from '../policy/conditions.js';
import type { EndpointLook } from '../policy/serving.js';
import type { RepositorySnapshot } from '../ports/repository.js';
import type { Deps, Reading } from '../reconcile/deps.js';
import { readNotes } from '../reconcile/notes.js';
import { stateFacts } from '../reconcile/observe.js';
import { notInitialised } from '../reconcile/open-run.js';
import { descends } from '../reconcile/plan-run.js';
import { readState, type StateView } from '../reconcile/state.js';
import { certificatePath } from '../repository/layout.js';
import type { Context } from './context.js';
import { conditionContext, servingLooks } from './health.js';
import { offeringOf } from './offerings.js';
import { planWithoutPrices } from './unpriced-plan.js';

/** One certificate as it stands now. */
export interface Entry {
  readonly name: string;
  /** Absent: no manifest, or one with errors. */
  readonly spec?: Spec;
  readonly manifest: 'declared' | 'invalid' | 'gone' | 'unknown';
  readonly status: Status;
  readonly conditions: readonly Condition[];
  /** What was seen at its endpoints; [] where none are declared, or nothing is dialled. */
  readonly endpoints: readonly EndpointLook[];
}

/** Manifests and state at the tips of the remote, judged by the clock; no provider was asked. */
export interface Situation {
  readonly reading: Reading;
  readonly view: StateView;
  /** Every certificate that is declared or has facts, by name; archived and expired ones as well. */
  readonly entries: readonly Entry[];
  /** Absent where the configuration cannot be used. */
  readonly input?: PlanInput;
  readonly plan?: Plan;
  readonly nowMs: number;
}

/**
 * One fetch, nothing else. A configuration that cannot be used still shows what the state branch holds.
 * @throws CertError `repository.not-initialised`, `repository.unavailable`, `repository.unreadable-state` …
 */
export async function lookAround(context: Context, deps: Deps): Promise<Situation> {
  const snapshot = await deps.repository.observe();
  if (snapshot.integrity.kind === 'absent') throw notInitialised();
  const view = await readState(deps, newestFacts(snapshot));
  const reading = await deps.readFiles(snapshot.approval);
  const nowMs = context.clock.now();
  const input = await inputOf(context, deps, { reading, view, snapshot, nowMs });
  const plan = input && planWithoutPrices(input);
  return {
    reading,
    view,
    entries: entriesOf(reading, view, nowMs, input, plan),
    ...(input === undefined ? {} : { input }),
    ...(plan === undefined ? {} : { plan }),
    nowMs,
  };
}

/** Of lost or rewound state, what was written last is what a person needs to see. */
const newestFacts = (snapshot: RepositorySnapshot): RepositorySnapshot =>
  snapshot.integrity.kind === 'lost' && snapshot.seen ? { ...snapshot, state: snapshot.seen } : snapshot;

interface Observed {
  readonly reading: Reading;
  readonly view: StateView;
  readonly snapshot: RepositorySnapshot;
  readonly nowMs: number;
}

async function inputOf(
  context: Context,
  deps: Deps,
  { reading, view, snapshot, nowMs }: Observed,
): Promise<PlanInput | undefined> {
  const { configuration, desired } = reading;
  if (!configuration || !desired) return undefined;
  return {
    desired,
    state: stateFacts(view, await descends(deps, view, desired.commit), snapshot),
    providers: providersOf(context, configuration),
    memory: (await readNotes(deps, view, configuration.id)).memory,
    facts: new Map(desired.specs.map((spec) => [spec.name, factsOf(view, spec.name)])),
    nowMs,
  };
}

/** What the configuration alone tells of every account; needs no credential. */
const providersOf = (context: Context, configuration: Configuration): PlanInput['providers'] =>
  new Map(
    Object.values(configuration.providers).flatMap((config) => {
      const offering = offeringOf(configuration, context.definitions, config);
      return offering ? [[config.id, { config, ...offering }]] : [];
    }),
  );

function factsOf(view: StateView, name: string): CertificateFacts {
  const status = view.statuses.get(name);
  const order = status?.orders.find(({ ids }) => status.current && ids.includes(status.current.order));
  return {
    ...NO_FACTS,
    keyStored: view.files.has(certificatePath(name, 'key')),
    // Names nobody ordered were added by the product.
    freeNames: status?.current?.names.filter((one) => !order?.names.includes(one)) ?? [],
  };
}

function entriesOf(
  reading: Reading,
  view: StateView,
  nowMs: number,
  input: PlanInput | undefined,
  plan: Plan | undefined,
): readonly Entry[] {
  const specs = new Map(reading.desired?.specs.map((spec) => [spec.name, spec]));
  const invalid = new Set(reading.desired?.invalidNames);
  const serving = reading.configuration &&
    input?.memory && { configuration: reading.configuration, memory: input.memory };
  const names = new Set([...specs.keys(), ...invalid, ...view.statuses.keys()]);
  return [...names].sort().map((name) => {
    const spec = specs.get(name);
    const status = view.statuses.get(name) ?? emptyStatus(name, spec?.kind);
    return {
      name,
      ...(spec === undefined ? {} : { spec }),
      manifest: manifestOf(reading, name, spec, invalid),
      status,
      endpoints: spec && serving ? servingLooks(spec, status, serving) : [],
      conditions: conditionsOf(
        status,
        nowMs,
        conditionContext(spec, status, input?.providers ?? new Map(), plan, serving),
      ),
    };
  });
}

function manifestOf(
  { desired }: Reading,
  name: string,
  spec: Spec | undefined,
  invalid: ReadonlySet<string>,
): Entry['manifest'] {
  if (invalid.has(name)) return 'invalid';
  if (spec) return 'declared';
  return desired && !desired.hasUnreadable ? 'gone' : 'unknown';
}

import type { Configuration } from '../model/configuration.js';
import type { Spec } from '../model/manifest.js';
import type { Plan, PlanItem } from '../model/plan.js';
import type { RunMemory } from '../model/run-memory.js';
import { emptyStatus, type Status } from '../model/status.js';
import { type CertificateFacts, NO_FACTS, type PlanInput } from '../planner/input.js';
import type { Condition } from '../policy/conditions.js';
import { conditionsOf } from '../policy/conditions.js';
import type { EndpointLook } from '../policy/serving.js';
import type { RepositorySnapshot } from '../ports/repository.js';
import type { Deps, Reading } from '../reconcile/deps.js';
import type { Applied } from '../reconcile/engine.js';
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
  readonly reading: Files;
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
  const { configuration } = reading;
  const memory = configuration && (await readNotes(deps, view, configuration.id)).memory;
  return judged(context, deps, { reading, view, snapshot, nowMs: context.clock.now() }, memory);
}

/**
 * How things stand after a run, from what it knows: nothing is fetched or read again. What only a provider's answer could
 * hold back, a price or a balance, is known from the plan it began with.
 */
export async function situationAfter(
  context: Context,
  deps: Deps,
  { configuration, desired, findings, view, memory, plan: first }: Applied,
): Promise<Situation> {
  const reading = { configuration, desired, findings };
  const { snapshot } = view;
  const observed = { reading, view, snapshot, nowMs: context.clock.now() };
  return judged(context, deps, observed, memory, (plan) => withHoldsOf(plan, first));
}

const lineOf = ({ name, lane, action }: PlanItem): string => `${lane} ${action} ${name}`;

function withHoldsOf(plan: Plan, first: Plan): Plan {
  const holds = new Map(first.items.flatMap((item) => (item.hold ? [[lineOf(item), item.hold]] : [])));
  const items = plan.items.map((item) => {
    const hold = item.hold ?? holds.get(lineOf(item));
    return hold === undefined ? item : { ...item, hold };
  });
  return { ...plan, items };
}

async function judged(
  context: Context,
  deps: Deps,
  observed: Observed,
  memory: RunMemory | undefined,
  amended = (plan: Plan): Plan => plan,
): Promise<Situation> {
  const { reading, view, nowMs } = observed;
  const input = await inputOf(context, deps, observed, memory);
  const plan = input && amended(planWithoutPrices(input));
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

type Files = Omit<Reading, 'positionOf'>;

interface Observed {
  readonly reading: Files;
  readonly view: StateView;
  readonly snapshot: RepositorySnapshot;
  readonly nowMs: number;
}

async function inputOf(
  context: Context,
  deps: Deps,
  { reading, view, snapshot, nowMs }: Observed,
  memory: RunMemory | undefined,
): Promise<PlanInput | undefined> {
  const { configuration, desired } = reading;
  if (!configuration || !desired || !memory) return undefined;
  return {
    desired,
    state: stateFacts(view, await descends(deps, view, desired.commit), snapshot),
    providers: providersOf(context, configuration),
    memory,
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
  reading: Files,
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
  { desired }: Files,
  name: string,
  spec: Spec | undefined,
  invalid: ReadonlySet<string>,
): Entry['manifest'] {
  if (invalid.has(name)) return 'invalid';
  if (spec) return 'declared';
  return desired && !desired.hasUnreadable ? 'gone' : 'unknown';
}

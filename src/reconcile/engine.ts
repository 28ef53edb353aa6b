import type { Configuration } from '../model/configuration.js';
import { CertError } from '../model/errors.js';
import type { Finding, Spec } from '../model/manifest.js';
import type { Plan, PlanItem, PlanWarning } from '../model/plan.js';
import type { RunMemory } from '../model/run-memory.js';
import { actsFor, keepsAccount } from '../model/shard.js';
import { SECOND_MS, toMs } from '../model/time.js';
import {
  type DialWish,
  dueEndpoints,
  looksAt,
  type WatchedEndpoint,
  watchedEndpoints,
} from '../planner/endpoints.js';
import type { Desired, PlanInput } from '../planner/input.js';
import { listedWarnings } from '../planner/warnings.js';
import { awaitedByIntent, awaitedOrders, nextLookOf } from '../planner/watching.js';
import { canonicalJson } from '../repository/stable.js';
import { act } from './act.js';
import { askAdvice } from './advice.js';
import { type Bounds, createBounds, type RunLimits } from './bounds.js';
import { deliver } from './deliver.js';
import type { Deps } from './deps.js';
import { type Dialed, dialEndpoints, SHORT_BUDGET_MS } from './endpoints.js';
import { refuseLostState } from './land.js';
import { lookAgain } from './look-again.js';
import { type LookNow, lookKeys, type OrderAt, ourLookKeys } from './look-now.js';
import { forgetLooks, leaveNotes, memoryOf, worthKeeping } from './notes.js';
import { type Answers, noAnswers, providerFacts } from './observe.js';
import { notInitialised, openRun } from './open-run.js';
import { planRun } from './plan-run.js';
import { replaySpool } from './record.js';
import type { Run, RunEvent } from './run.js';
import { ownStatuses, stopIfAsked } from './run.js';
import type { StateView } from './state.js';
import { type AccountSync, syncAccounts, syncCertificates } from './sync.js';
import { proofsAreDue } from './validation.js';

const MAX_PASSES = 6;
const FIRST_LOOK_MS = SECOND_MS;
const LONGEST_LOOK_MS = 15 * SECOND_MS;

export interface ApplyOptions {
  readonly lookNow?: LookNow;
  /** Orders that are looked at whatever the pace, if they are ours. */
  readonly lookAt?: readonly OrderAt[];
  /** Before planning, list every account whose last list is older than this; 0: every account. Absent: none. */
  readonly syncOlderMs?: number;
  /** Only the plan with this digest may be carried out. */
  readonly digest?: string;
  /** How long to stay for orders that are issued quickly. */
  readonly waitMs: number;
  /** How much is begun; absent: everything there is to do. */
  readonly limits?: RunLimits;
  /** Shown the first plan; false ends the run without doing anything. */
  confirm(plan: Plan): Promise<boolean>;
}

export interface Applied {
  /** The plan the run began with. */
  readonly plan: Plan;
  readonly findings: readonly Finding[];
  readonly events: readonly RunEvent[];
  readonly view: StateView;
  readonly configuration: Configuration;
  readonly desired: Desired;
  readonly specs: ReadonlyMap<string, Spec>;
  readonly providers: PlanInput['providers'];
  readonly declined: boolean;
  /** What this run and earlier ones remember of what they asked. */
  readonly memory: RunMemory;
  /** The oldest of the accounts' last lists and of the looks at endpoints, epoch ms; 0: one was never listed. */
  readonly listedMs: number;
  /** When the next order that is waited for may be looked at again, epoch ms; Infinity: none is. */
  readonly nextLookMs: number;
  /** Accounts that were listed, or should have been. */
  readonly accounts: readonly AccountSync[];
  /** Something was done, and by `limits` something else was left that can be done at once. */
  readonly goesOn: boolean;
  readonly clockProblem?: string;
}

/**
 * observe → plan → act → record on the tips of the approval and the state branch, again until a pass changes nothing.
 * @throws CertError
 */
export async function apply(deps: Deps, options: ApplyOptions): Promise<Applied> {
  let run = await openRun(deps);
  const events: RunEvent[] = [];
  try {
    const { integrity } = run.view.snapshot;
    if (integrity.kind === 'absent') throw notInitialised();
    if (integrity.kind !== 'lost') {
      await replaySpool(run);
      await lookAgain(run);
    }
    const own = ownStatuses(run);
    if (options.lookNow !== undefined) forgetLooks(run.notes, lookKeys(own, options.lookNow));
    if (options.lookAt !== undefined) forgetLooks(run.notes, ourLookKeys(own, options.lookAt));
    const listed = options.syncOlderMs !== undefined && integrity.kind !== 'lost';
    const accounts = listed ? await syncAccounts(run, options.syncOlderMs) : [];
    if (integrity.kind !== 'lost') await askAdvice(run);
    events.push(...run.events.splice(0));
    let answers = noAnswers();
    let planned = await planRun(run, answers);
    const first = planned.plan;
    if (!(await mayStart(first, options)))
      return { ...resultOf(run, first, events), accounts, declined: true };
    // Counted from here: however long reading took, something is done.
    const bounds = createBounds(options.limits, deps.clock);
    const begun = run.view;
    for (let pass = 1; pass <= MAX_PASSES && !bounds.isOver(); pass++) {
      stopIfAsked(deps);
      if (pass > 1) planned = await planRun(run, answers);
      if (run.view.snapshot.integrity.kind === 'lost') break;
      if (planned.plan.items.length === 0 && !proofsAreDue(run)) break;
      const before = run.view;
      await act(run, planned.plan, {
        answers,
        manifestsDescend: planned.manifestsDescend,
        bounds,
        allowed: (item) => pass === 1 || mayFollow(item, first, options),
      });
      events.push(...run.events.splice(0));
      if (!changedSince(before, run.view)) break;
      worthKeeping(run.notes);
      if (run.view.manifestsId !== run.manifestsId) {
        await run.providers.close();
        run = await openRun(deps, undefined, run.view, run.notes);
        answers = noAnswers();
      }
    }
    const told = await deliver(run);
    await waitForQuickOnes(run, answers, bounds, options.waitMs, events);
    await deliver(run, told);
    events.push(...run.events.splice(0));
    if (integrity.kind !== 'lost') await lookAtEndpoints(run, dialWish(options));
    return {
      ...resultOf(run, first, events),
      accounts,
      goesOn: bounds.left.size > 0 && changedSince(begun, run.view),
    };
  } finally {
    await leaveNotes(deps, run.view, run.notes);
    await run.providers.close();
  }
}

/** A list and a look at every endpoint belong together; in between only what is to be mended is looked at. */
function dialWish({ syncOlderMs }: ApplyOptions): DialWish {
  if (syncOlderMs === undefined) return 'due';
  return syncOlderMs === 0 ? 'all' : { olderThanMs: syncOlderMs };
}

const endpointsOf = ({ configuration, specs, view, deps }: Run): readonly WatchedEndpoint[] =>
  watchedEndpoints(
    configuration,
    [...specs.values()].filter(({ name }) => actsFor(deps.shard, name)),
    view.statuses,
  );

/** The last of a run, since nothing is decided by it. */
async function lookAtEndpoints(run: Run, wish: DialWish): Promise<void> {
  const { deps, view, notes } = run;
  const due = dueEndpoints(endpointsOf(run), notes.memory, wish, deps.clock.now());
  await dialEndpoints(deps, view, notes, due, wish === 'due' ? SHORT_BUDGET_MS : undefined);
}

function resultOf(run: Run, plan: Plan, events: readonly RunEvent[]): Omit<Applied, 'accounts'> {
  return {
    plan,
    findings: run.findings,
    events: lastWord(events),
    view: run.view,
    configuration: run.configuration,
    desired: run.desired,
    specs: run.specs,
    providers: providerFacts(run, noAnswers()),
    declined: false,
    goesOn: false,
    memory: run.notes.memory,
    listedMs: oldestListMs(run),
    nextLookMs: firstLookMs(run),
    ...(run.clockProblem === undefined ? {} : { clockProblem: run.clockProblem }),
  };
}

export interface Synced {
  readonly accounts: readonly AccountSync[];
  /** Those that were dialled. */
  readonly endpoints: readonly Dialed[];
  /** What changed by it, and what could not be asked. */
  readonly events: readonly RunEvent[];
  readonly findings: readonly Finding[];
  readonly view: StateView;
  readonly configuration: Configuration;
  /** What a person has to look into. */
  readonly warnings: readonly PlanWarning[];
}

/**
 * Takes over what changed at the providers; carries out nothing.
 * @param choose  the certificates whose orders are asked for one by one, out of all there are; absent: every account is listed
 * @throws CertError
 */
export async function sync(
  deps: Deps,
  choose?: (names: readonly string[]) => readonly string[],
): Promise<Synced> {
  const run = await openRun(deps);
  try {
    if (run.view.snapshot.integrity.kind === 'absent') throw notInitialised();
    refuseLostState(run.view);
    await replaySpool(run);
    const names = choose?.([...run.view.statuses.keys()].sort())?.filter((name) => actsFor(deps.shard, name));
    if (names) await syncCertificates(run, names);
    const accounts = names ? [] : await syncAccounts(run, 0);
    const watched = endpointsOf(run).filter(({ name }) => names?.includes(name) ?? true);
    return {
      accounts,
      endpoints: await dialEndpoints(deps, run.view, run.notes, watched),
      events: lastWord(run.events),
      findings: run.findings,
      view: run.view,
      configuration: run.configuration,
      warnings: listedWarnings({ providers: providerFacts(run, noAnswers()), memory: run.notes.memory }),
    };
  } finally {
    await leaveNotes(deps, run.view, run.notes);
    await run.providers.close();
  }
}

function oldestListMs(run: Run): number {
  const { providers, notes, deps } = run;
  const lists = [...providers.all.values()]
    .filter(({ list, config }) => list && keepsAccount(deps.shard, config.id))
    .map(({ config }) => memoryOf(notes, config)?.listing?.at)
    .map((at) => (at === undefined ? 0 : toMs(at)));
  const looks = looksAt(endpointsOf(run), notes.memory).map(({ look, current }) =>
    toMs(look?.at ?? current.publishedAt),
  );
  return [...lists, ...looks].reduce((oldest, ms) => Math.min(oldest, ms), deps.clock.now());
}

const firstLookMs = (run: Run): number => {
  const { notes, providers, deps } = run;
  return ownStatuses(run)
    .flatMap((status) => awaitedOrders(status))
    .map((order) => nextLookOf(notes.memory, providers.all.get(order.provider), order, deps.clock.now()))
    .reduce((first, ms) => Math.min(first, ms), Number.POSITIVE_INFINITY);
};

async function mayStart(plan: Plan, options: ApplyOptions): Promise<boolean> {
  if (options.digest !== undefined && !plan.digest.startsWith(options.digest)) {
    throw new CertError(
      'plan.changed',
      `the plan is no longer ${options.digest}; now it is ${plan.digest}, and nothing was done`,
      { remedy: 'look at `certwright plan` again' },
    );
  }
  return options.confirm(plan);
}

/**
 * Later passes finish what the first began. They spend what its plan showed as following, at no other price, and nothing
 * else; with a digest nothing else follows at all.
 */
const mayFollow = (item: PlanItem, first: Plan, options: ApplyOptions): boolean =>
  isAnnounced(item, first) ||
  (options.digest === undefined && (item.price.kind === 'free' || item.reason === 'FreeSlot'));

const isAnnounced = ({ name, action, product, price }: PlanItem, { items }: Plan): boolean =>
  items.some(
    (one) =>
      one.queued !== undefined &&
      one.name === name &&
      one.action === action &&
      one.product === product &&
      canonicalJson(one.price) === canonicalJson(price),
  );

const changedSince = (before: StateView, after: StateView): boolean =>
  before.snapshot.state?.commit !== after.snapshot.state?.commit || before.manifestsId !== after.manifestsId;

/**
 * Stays a little for orders that are issued within seconds; what takes longer is for a later run. Nothing is bought here,
 * so what providers answered already is not asked again at every look.
 */
async function waitForQuickOnes(
  run: Run,
  answers: Answers,
  bounds: Bounds,
  waitMs: number,
  events: RunEvent[],
): Promise<void> {
  const { deps } = run;
  const startMs = deps.clock.monotonic();
  for (let pauseMs = FIRST_LOOK_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_LOOK_MS)) {
    const leftMs = startMs + waitMs - deps.clock.monotonic();
    // What may be begun at once is not kept waiting for what takes a while.
    if (leftMs <= 0 || bounds.left.size > 0 || bounds.isOver() || !someoneWaits(run, leftMs)) return;
    stopIfAsked(deps);
    deps.progress.step('waiting for orders that are issued quickly');
    await deps.clock.sleep(Math.min(pauseMs, leftMs), deps.signal);
    const { plan, manifestsDescend } = await planRun(run, answers);
    await act(run, plan, { answers, manifestsDescend, bounds, eager: true, allowed: () => false });
    events.push(...run.events.splice(0));
  }
}

/** Is there an order that may be looked at again before the time is up? */
function someoneWaits(run: Run, leftMs: number): boolean {
  const { notes, providers, deps } = run;
  const nowMs = deps.clock.now();
  return ownStatuses(run).some((status) =>
    status.intents.some((intent) => {
      if (intent.phase !== 'placed') return false;
      const account = providers.all.get(intent.provider);
      return (
        nextLookOf(notes.memory, account, awaitedByIntent(status, intent), nowMs, true) <= nowMs + leftMs
      );
    }),
  );
}

/**
 * Several passes tell the same line several times; the last word counts. What was waited for is no word any more once
 * something came of it.
 */
function lastWord(events: readonly RunEvent[]): readonly RunEvent[] {
  const last = new Map(
    events.map((event, at) => [`${event.name}|${event.action}|${event.product ?? ''}`, { event, at }]),
  );
  const doneAt = new Map(events.flatMap(({ name, outcome }, at) => (outcome === 'done' ? [[name, at]] : [])));
  return [...last.values()]
    .filter(
      ({ event: { name, action, outcome }, at }) =>
        action !== 'prove' || outcome !== 'waiting' || at > (doneAt.get(name) ?? -1),
    )
    .map(({ event }) => event);
}

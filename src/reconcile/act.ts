import { CertError, explain, messageOf } from '../model/errors.js';
import type { Intent } from '../model/intent.js';
import type { PaidOrFreeAction } from '../model/order.js';
import type { Plan, PlanItem } from '../model/plan.js';
import { toInstant } from '../model/time.js';
import { SENDING } from '../planner/draft.js';
import { makePlan } from '../planner/plan.js';
import { isCompromised } from '../policy/compromised.js';
import { openReissueRequest } from '../policy/replacement.js';
import { seenOrder } from './adoptions.js';
import { type Bounds, inTurn } from './bounds.js';
import { collectOrders } from './collect.js';
import { publishFormats } from './formats.js';
import type { Waiting } from './found.js';
import { findIntent } from './intents.js';
import { pausedTillMs } from './notes.js';
import { type Answers, planInput } from './observe.js';
import { FRESH_MS, lookBeforeSending } from './preflight.js';
import { prepareJob } from './prepare.js';
import { recoverIntents, resumePlanned } from './recover.js';
import { remindApprovers } from './remind.js';
import { changeValidations } from './revalidate.js';
import { lineOf, type Run, statusOf, stopIfAsked } from './run.js';
import { BATCH, type Job, sendJobs } from './send.js';
import type { StateView } from './state.js';
import { tidy } from './tidy.js';
import { proveNames } from './validation.js';

/** Which lines of a plan are carried out. Driving what is open is always allowed; new sends may be restricted. */
export interface ActOptions {
  readonly answers: Answers;
  readonly manifestsDescend: boolean;
  /** Somebody stays for what is placed: it is looked at as often as the providers allow. */
  readonly eager?: true;
  /** How much of it is begun now. */
  readonly bounds: Bounds;
  /** May this new send happen? */
  allowed(item: PlanItem): boolean;
}

/**
 * Carries out a plan: open intents first, then what only changes facts, then new sends in batches no larger than can be
 * started in time, then everything placed is asked for, and what its proofs need is published or cleaned up.
 */
export async function act(run: Run, plan: Plan, options: ActOptions): Promise<void> {
  const lines = plan.items.filter((item) => item.hold === undefined);
  for (const item of plan.items) {
    if (item.hold) {
      run.events.push({ ...lineOf(item), outcome: 'held', message: item.hold.message });
    }
  }
  const unsettled = lines.filter((item) => item.action === 'resolve');
  const again = await recoverIntents(
    run,
    unsettled.map((item) => ({ name: item.name, intentId: item.intent ?? '' })),
    options,
  );
  await sendInBatches(run, [...again, ...lines.flatMap((item) => resumed(run, item))], options.bounds);
  if (plan.unsafe === undefined) {
    await tidy(
      run,
      lines.filter((item) => item.reason !== 'FreeSlot' || options.allowed(item)),
      options.answers,
    );
    await publishFormats(
      run,
      lines.filter(({ action }) => action === 'publish').map(({ name }) => name),
    );
    const validations = lines.filter((item) => item.action === 'validate' && options.allowed(item));
    await changeValidations(
      run,
      validations.filter(({ reason }) => reason === 'ValidationChanged'),
    );
    await remindApprovers(
      run,
      validations.filter(({ reason }) => reason === 'MailUnanswered'),
    );
    await sendInBatches(run, await prepareAll(run, lines, options), options.bounds);
  }
  const looked = await collectOrders(run, placedOrders(run, lines), {
    eager: options.eager ?? false,
    isOver: options.bounds.isOver,
    seen: (name, orderId) => seenOrder(options.answers, name, orderId),
  });
  await proveNames(run, looked);
}

/** Bought operations with a step still to be taken. */
function resumed(run: Run, item: PlanItem): readonly Job[] {
  if (item.action !== 'collect' || item.intent === undefined) return [];
  const intent = findIntent(statusOf(run.view, item.name), item.intent);
  try {
    return intent?.phase === 'placed' ? resumePlanned(run, item.name, intent) : [];
  } catch (error) {
    fail(run, item, error);
    return [];
  }
}

/** As many as may be begun: what cannot be prepared takes no other line's place. */
async function prepareAll(
  run: Run,
  lines: readonly PlanItem[],
  options: ActOptions,
): Promise<readonly Job[]> {
  const { bounds } = options;
  const sends = urgentFirst(
    run.view,
    lines.filter(
      (item) =>
        SENDING.has(item.action) && item.queued === undefined && options.allowed(item) && !paused(run, item),
    ),
  );
  const waiting = sends.length > bounds.free() ? [...inTurn(sends)] : [...sends];
  const jobs: Job[] = [];
  while (waiting.length > 0 && bounds.free() > 0) {
    const prepared = await prepareSome(run, waiting.splice(0, bounds.free()), options);
    bounds.begin(prepared.map(({ name }) => name));
    jobs.push(...prepared);
  }
  bounds.leave(waiting.map(({ name }) => name));
  return jobs;
}

async function prepareSome(
  run: Run,
  sends: readonly PlanItem[],
  options: ActOptions,
): Promise<readonly Job[]> {
  const looked = await lookOnceMore(run, sends, options);
  const wanted = checkAgain(run, options);
  const jobs: Job[] = [];
  for (const item of sends) {
    stopIfAsked(run.deps);
    const why = looked ? wanted(run.view, item) : undefined;
    if (why !== undefined) {
      run.events.push({ ...lineOf(item), outcome: 'held', message: why });
      continue;
    }
    try {
      jobs.push(await prepareJob(run, item, item.action as PaidOrFreeAction, (view) => wanted(view, item)));
    } catch (error) {
      fail(run, item, error);
    }
  }
  return jobs;
}

/** What has a deadline goes first: the nearest one, then what costs nothing, then what ends first; the rest as it stands. */
function urgentFirst(view: StateView, items: readonly PlanItem[]): readonly PlanItem[] {
  const urgent = items.flatMap((item) => {
    const status = statusOf(view, item.name);
    const deadline = item.action === 'revoke' ? undefined : openReissueRequest(status)?.deadline;
    const paid = item.price.kind === 'free' ? '0' : '1';
    return deadline === undefined ? [] : [{ item, key: `${deadline} ${paid} ${status.current?.notAfter}` }];
  });
  if (urgent.length === 0) return items;
  const first = new Set(urgent.map(({ item }) => item));
  const sorted = urgent.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return [...sorted.map(({ item }) => item), ...items.filter((item) => !first.has(item))];
}

/** DNS may have changed since the plan was made: somebody had to read it first. */
async function lookOnceMore(run: Run, sends: readonly PlanItem[], options: ActOptions): Promise<boolean> {
  if (sends.length === 0) return false;
  const { answers, manifestsDescend } = options;
  const input = planInput(run, run.view, answers, manifestsDescend);
  const looked = await lookBeforeSending(run, answers.sights, input, { items: sends }, FRESH_MS);
  stopIfAsked(run.deps);
  return looked;
}

/** An account that asked to be left alone is sent nothing before that is over. */
function paused(run: Run, item: PlanItem): boolean {
  const config = run.providers.all.get(item.provider ?? '')?.config;
  const tillMs = config && pausedTillMs(run.notes, config, run.deps.clock.now());
  if (tillMs === undefined) return false;
  const message = `${item.provider} asked not to be called before ${toInstant(tillMs)}`;
  run.events.push({ ...lineOf(item), outcome: 'waiting', message });
  return true;
}

/**
 * Asked on every head an intent is put upon: does a plan made there still hold this very line, unheld? Money limits are
 * counted on that state; a moved approval branch is for the next pass.
 */
function checkAgain(run: Run, options: ActOptions): (view: StateView, item: PlanItem) => string | undefined {
  const plans = new WeakMap<StateView, ReadonlyMap<string, readonly PlanItem[]>>();
  return (view, item) => {
    if (view.manifestsId !== run.manifestsId) return 'the approval branch moved meanwhile';
    let lines = plans.get(view);
    if (!lines) {
      const { items } = makePlan(planInput(run, view, options.answers, options.manifestsDescend));
      lines = Map.groupBy(items, ({ name }) => name);
      plans.set(view, lines);
    }
    const now = lines
      .get(item.name)
      ?.find(
        (other) =>
          other.lane === item.lane &&
          other.action === item.action &&
          other.product === item.product &&
          other.predecessor === item.predecessor,
      );
    if (!now || now.queued !== undefined || now.provider !== item.provider) {
      return 'another run took care of it';
    }
    return now.hold?.message;
  };
}

/**
 * An account that cannot be searched gets one purchase at a time: two in flight could not be told apart afterwards. What
 * costs nothing need not be told apart.
 */
async function sendInBatches(run: Run, jobs: readonly Job[], bounds: Bounds): Promise<void> {
  const single = jobs.filter((job) => isAnonymous(job));
  const batched = jobs.filter((job) => !isAnonymous(job));
  const size = Math.min(BATCH, ...batched.map(({ provider }) => provider.capabilities.batch ?? BATCH));
  const batches = Array.from({ length: Math.ceil(batched.length / size) }, (_, i) =>
    batched.slice(i * size, (i + 1) * size),
  );
  await sendJobs(run, [...batches, ...single.map((job) => [job])], bounds);
}

const isAnonymous = (job: Job): boolean =>
  job.intent.lane === 'purchase' &&
  job.provider.capabilities.search === 'none' &&
  job.intent.steps.some(({ paid }) => paid);

/** It delivered a certificate for a compromised key, and is over once its order has another one. */
const isAnswered = ({ view }: Run, { phase, keyHash }: Intent): boolean =>
  phase === 'issued' && isCompromised(view.header, keyHash);

/** Everything placed after this pass, whoever placed it, whose lines this plan holds. */
function placedOrders(run: Run, lines: readonly PlanItem[]): readonly Waiting[] {
  const names = [...new Set(lines.map((item) => item.name))];
  const byIntent = names.flatMap((name) =>
    statusOf(run.view, name).intents.flatMap((intent) =>
      (intent.phase === 'placed' || intent.phase === 'issued') && !isAnswered(run, intent)
        ? [{ name, intentId: intent.id, orderId: intent.orderId }]
        : [],
    ),
  );
  const covered = new Set(byIntent.map((waiting) => waiting.name));
  const taken = lines
    .filter((item) => item.action === 'collect' && item.intent === undefined && !covered.has(item.name))
    .map((item) => ({ name: item.name, orderId: item.predecessor ?? '' }));
  return [...byIntent, ...taken];
}

function fail(run: Run, item: PlanItem, error: unknown): void {
  if (error instanceof CertError && error.code === 'interrupted') throw error;
  run.deps.log.warn({ cert: item.name, error: messageOf(error) }, 'line not started');
  run.events.push({ ...lineOf(item), outcome: 'failed', message: explain(error) });
}

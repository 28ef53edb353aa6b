import PQueue from 'p-queue';
import { claimsOf } from '../model/delivery.js';
import { CertError, messageOf } from '../model/errors.js';
import { type IntendedIntent, isOpen, type OpenIntent, type PlacedIntent } from '../model/intent.js';
import type { JsonObject } from '../model/json.js';
import type { Secret } from '../model/secret.js';
import { toInstant, toMs } from '../model/time.js';
import { headOrder, openCancellation } from '../planner/facts.js';
import { chargedTooMuch } from '../policy/spending.js';
import type { Operation, Provider, SoFar, StepOutcome, StepWait } from '../ports/provider.js';
import { type Announced, announce } from './announce.js';
import type { Bounds } from './bounds.js';
import { ceilingFor } from './ceiling.js';
import { type Moment, momentOf, sendGuard } from './guard.js';
import { currentStep, findIntent, knownOrderId, plannedStep } from './intents.js';
import { mayRepeat } from './operations.js';
import { outcomesOn, recordOutcomes } from './record.js';
import { lineOf, type Run, statusOf, stopIfAsked } from './run.js';
import { spoolOutcome } from './spooled.js';
import type { StateView } from './state.js';
import { sendStopped } from './stopped.js';
import { tellOutcome } from './tell.js';

/** Several intents share a commit only as far as they can be started before the first one's sendBy. */
export const BATCH = 50;

/** One action on its way: the intent as it will be written, and what is needed to carry it out. */
export interface Job {
  readonly name: string;
  readonly provider: Provider;
  readonly operation: Operation;
  /** nonce, sendBy and settledAt are written anew with every attempt to announce it. */
  readonly intent: IntendedIntent;
  readonly contacts?: JsonObject;
  /** Of a new customer; it stands in no file. */
  readonly password?: Secret;
  /** Sealed key to be pushed before the CSR leaves. */
  readonly key?: { readonly keyHash: string; readonly sealed: string };
  /** Checked on every head the intent is put upon: is this still wanted, approved and within limits? */
  stillWanted(view: StateView): string | undefined;
}

/** What became of one step. */
export type Outcome =
  | { readonly kind: 'done'; readonly outcome: StepOutcome }
  | { readonly kind: 'refused'; readonly error: CertError }
  | { readonly kind: 'not-sent'; readonly error: CertError }
  | { readonly kind: 'unknown'; readonly error: CertError };

export interface SentStep {
  readonly job: Job;
  readonly intent: IntendedIntent;
  readonly step: string;
  readonly atMs: number;
  readonly outcome: Outcome;
}

/**
 * Takes batches of jobs through DESIGN §4, steps 1 to 4: announce (intent with fresh nonce on the branch, seen there), send
 * each once, record. A multi-step operation goes round once per step. Outcomes that may wait for each other are recorded by
 * the commit that announces what is sent next.
 * @param bounds  no batch is begun when they are reached
 */
export async function sendJobs(
  run: Run,
  batches: readonly (readonly Job[])[],
  bounds: Pick<Bounds, 'isOver' | 'leave'>,
): Promise<void> {
  let unrecorded: readonly SentStep[] = [];
  const taken = () => {
    const earlier = unrecorded;
    unrecorded = [];
    return earlier;
  };
  try {
    for (const [i, batch] of batches.entries()) {
      // Nothing of it is on the branch yet: it is as if it had not been thought of.
      if (bounds.isOver()) {
        bounds.leave(batches.slice(i).flatMap((rest) => rest.map(({ name }) => name)));
        break;
      }
      let waiting = batch;
      while (waiting.length > 0) {
        stopIfAsked(run.deps);
        // Nobody knows how long reading takes, and what was bought must not wait for it.
        if (waiting.some(readsBefore)) await recordOutcomes(run, taken());
        const announced = await announce(run, await readBefore(run, waiting), taken());
        const sent = await sendAll(run, announced);
        unrecorded = sent.unrecorded;
        waiting = nextSteps(run, sent);
      }
    }
  } finally {
    await recordOutcomes(run, taken());
  }
}

const readsBefore = ({ operation, intent }: Job): boolean =>
  operation[currentStep(intent)]?.before !== undefined;

/** Reads what a look-up will compare with, before the intent that stores it is written. */
async function readBefore(run: Run, jobs: readonly Job[]): Promise<readonly Job[]> {
  const read = await Promise.all(
    jobs.map(async (job) => {
      const index = currentStep(job.intent);
      const step = job.operation[index];
      try {
        const soFar = index > 0 ? soFarOf(run, job) : undefined;
        const wait = soFar && (await step?.waits?.(soFar));
        if (wait) {
          waiting(run, job, wait);
          return [];
        }
        if (!step?.before) return [job];
        const before = await step.before(job.intent.request, soFar);
        const steps = job.intent.steps.map((old, i) => (i === index ? { ...old, before } : old));
        return [{ ...job, intent: { ...job.intent, steps } }];
      } catch (error) {
        if (error instanceof CertError && error.code === 'interrupted') throw error;
        failed(run, job, error);
        return [];
      }
    }),
  );
  return read.flat();
}

function soFarOf(run: Run, { name, provider, intent }: Job): SoFar {
  const orderId = knownOrderId(statusOf(run.view, name), intent);
  const before = intent.steps[currentStep(intent)]?.before;
  return {
    request: intent.request,
    results: stepResults(intent),
    ...(orderId === '' ? {} : { orderId }),
    ...(before === undefined ? {} : { before }),
    ...claimedFor(run.view, name, provider),
    tooMuch: tooMuchFor(run, name, provider, intent),
  };
}

/** What others hold at the account that delivers, and who they are. */
export function claimedFor(
  { statuses }: StateView,
  name: string,
  { capabilities, config }: Provider,
): Pick<SoFar, 'claimed' | 'neighbours'> {
  if (capabilities.deliveredBy === undefined) return {};
  const others = [...statuses.values()].filter((status) => status.name !== name);
  const neighbours = others.flatMap((status) => {
    const order = headOrder(status);
    if (order?.provider !== config.id) return [];
    const waits = status.intents.filter(isOpen).some(({ action, provider, steps }) => {
      const holds = steps.some(({ before }) => before?.claims !== undefined);
      return action === 'renew' && provider === config.id && !holds;
    });
    return [{ certificate: status.name, orderId: order.id, product: order.product, waits }];
  });
  return { claimed: others.flatMap(claimsOf), neighbours };
}

/** Judges what is asked for against what was agreed for this intent. */
export const tooMuchFor =
  (run: Run, name: string, { config }: Provider, { quoted }: OpenIntent): SoFar['tooMuch'] =>
  (total) =>
    chargedTooMuch(quoted, total, config.tax, ceilingFor(run, name));

/** The look at its order records who has to act. */
function waiting(run: Run, { name, intent }: Job, { message }: StepWait): void {
  run.events.push({ ...lineOf({ ...intent.request, name }), outcome: 'waiting', message });
}

function failed(run: Run, job: Job, error: unknown): void {
  run.deps.log.warn(
    { cert: job.name, provider: job.intent.provider, error: messageOf(error) },
    'not started',
  );
  run.events.push({
    ...lineOf({ ...job.intent.request, name: job.name }),
    outcome: 'failed',
    message: messageOf(error),
  });
}

interface Sent {
  readonly all: readonly SentStep[];
  /** Of these, the ones that are not on the branch yet. */
  readonly unrecorded: readonly SentStep[];
}

/** Sends every announced step, each account within its own concurrency. */
async function sendAll(run: Run, announced: readonly Announced[]): Promise<Sent> {
  const byProvider = Map.groupBy(announced, ({ job }) => job.provider);
  const results = await allDone(
    [...byProvider].map(async ([provider, items]) => {
      const server = await serverClock(run, provider);
      const queue = new PQueue({ concurrency: provider.capabilities.concurrency });
      const waits = mayShareRecord(provider, items);
      const sent = await allDone(
        items.map((item) =>
          queue.add(async () => {
            const step = await sendOne(run, item, server);
            if (!waits) await recordOutcomes(run, [step]);
            tellOutcome(run, step);
            return step;
          }),
        ),
      );
      return { sent, waits };
    }),
  );
  return {
    all: results.flatMap(({ sent }) => sent),
    unrecorded: results.flatMap(({ sent, waits }) => (waits ? sent : [])),
  };
}

/** Outcomes that may wait for each other: of what is surely found again, or may be made again. */
const mayShareRecord = ({ capabilities }: Provider, items: readonly Announced[]): boolean =>
  capabilities.search === 'unique' ||
  items.every(({ job, intent }) => mayRepeat(job.operation[currentStep(intent)]));

/** Waits for all, then fails with the first failure: nothing that was sent may be left alone on its way. */
async function allDone<T>(tasks: readonly Promise<T>[]): Promise<readonly T[]> {
  await Promise.allSettled(tasks);
  return Promise.all(tasks);
}

async function serverClock(run: Run, provider: Provider) {
  try {
    // A free action may be the first call of this process: then nothing was read yet that shows the time.
    const serverMs = (await provider.serverTime()) ?? (await timeAfterCheck(provider));
    return serverMs === undefined ? undefined : { serverMs, readAt: momentOf(run.deps.clock) };
  } catch (error) {
    run.deps.log.warn(
      { provider: provider.config.id, error: messageOf(error) },
      'provider clock not readable',
    );
    return undefined;
  }
}

async function timeAfterCheck(provider: Provider): Promise<number | undefined> {
  await provider.check();
  return provider.serverTime();
}

async function sendOne(
  run: Run,
  { job, intent, stamped }: Announced,
  server: { readonly serverMs: number; readonly readAt: Moment } | undefined,
): Promise<SentStep> {
  const { deps } = run;
  const step = job.operation[currentStep(intent)];
  if (!step) throw new CertError('internal', `${intent.action} at ${intent.provider} has no such step`);
  const log = deps.log.child({ cert: job.name, provider: intent.provider, ref: intent.request.reference });
  deps.progress.step(`${intent.action} ${job.name} at ${intent.provider}`);
  const guard = sendGuard(deps.clock, toMs(intent.sendBy), stamped, server);
  let outcome: Outcome;
  try {
    if (deps.signal.aborted) throw new CertError('interrupted', 'stopped before it was sent');
    const done = await step.run(
      {
        request: intent.request,
        before: intent.steps[currentStep(intent)]?.before ?? {},
        results: stepResults(intent),
        ...(job.contacts === undefined ? {} : { contacts: job.contacts }),
        ...(job.password === undefined ? {} : { password: job.password }),
      },
      guard,
    );
    outcome = { kind: 'done', outcome: done };
    log.info({ step: step.name, orderId: done.orderId, result: done.result }, 'sent');
  } catch (error) {
    outcome = classify(error);
    log.warn({ step: step.name, outcome: outcome.kind, error: messageOf(error) }, 'not sent as hoped');
  }
  const sent = { job, intent, step: step.name, atMs: deps.clock.now(), outcome };
  await spoolOutcome(run, sent);
  return sent;
}

export const stepResults = (intent: OpenIntent): Readonly<Record<string, JsonObject>> =>
  Object.fromEntries(
    intent.steps.flatMap((step) => (step.result === undefined ? [] : [[step.name, step.result]])),
  );

/** What a failed writing call means: decided on the effect, never on the text. */
function classify(error: unknown): Outcome {
  if (!(error instanceof CertError)) {
    return {
      kind: 'unknown',
      error: new CertError('internal', messageOf(error), { cause: error, effect: 'unknown' }),
    };
  }
  // The reference is taken: an order of ours exists, whatever this call did. Looking finds it.
  if (error.effect === 'unknown' || error.code === 'order.reference-used') return { kind: 'unknown', error };
  return NOT_SENT.has(error.code) ? { kind: 'not-sent', error } : { kind: 'refused', error };
}

const NOT_SENT: ReadonlySet<string> = new Set([
  'send.too-late',
  'send.clock',
  'interrupted',
  'provider.not-ready',
]);

/** Jobs whose operation has another step, continued from what is on the branch now, or will be. */
function nextSteps(run: Run, { all, unrecorded }: Sent): readonly Job[] {
  const { view } = outcomesOn(run, run.view, unrecorded);
  return all.flatMap(({ job, intent, outcome }) => {
    if (outcome.kind !== 'done') return [];
    const now = statusOf(view, job.name).intents.find((open) => open.id === intent.id);
    return now?.phase === 'placed' ? continueJob(run, job, now) : [];
  });
}

/** A bought operation goes on with its next planned step; [] when none is left. */
export function continueJob(
  run: Run,
  job: Pick<Job, 'name' | 'provider' | 'operation' | 'contacts'>,
  intent: PlacedIntent,
): readonly Job[] {
  const index = plannedStep(intent);
  if (index < 0) return [];
  const { phase: _phase, orderId: _id, placedAt: _at, ...rest } = intent;
  const stamp = toInstant(run.deps.clock.now());
  return [
    {
      name: job.name,
      provider: job.provider,
      operation: job.operation,
      ...(job.contacts === undefined ? {} : { contacts: job.contacts }),
      intent: {
        ...rest,
        phase: 'intended',
        nonce: '',
        sendBy: stamp,
        settledAt: stamp,
        steps: intent.steps.map((step, i) => (i === index ? { ...step, phase: 'intended' as const } : step)),
      },
      stillWanted: (view) => {
        const open = findIntent(statusOf(view, job.name), intent.id);
        if (open?.phase !== 'placed' || plannedStep(open) !== index) return 'another run took this step';
        if (openCancellation(statusOf(view, job.name))) return 'it is being given up';
        return sendStopped(run, view, intent.steps[index]?.paid ?? true);
      },
    },
  ];
}

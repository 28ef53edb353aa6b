import type { AbsenceEvidence, Capabilities } from '../model/capabilities.js';
import { holdsOrder } from '../model/delivery.js';
import { CertError, messageOf } from '../model/errors.js';
import type { IntendedIntent, PlacedIntent } from '../model/intent.js';
import type { OrderRecord, Status } from '../model/status.js';
import { HOUR_MS, MINUTE_MS, toMs } from '../model/time.js';
import { isCertificate } from '../planner/input.js';
import { absenceProven } from '../policy/absence.js';
import { isCompromised } from '../policy/compromised.js';
import { nextTryMs } from '../policy/failures.js';
import type { LookUp, Provider } from '../ports/provider.js';
import { type Attempt, buysAnew, judgeAnew } from './anew.js';
import { currentStep, findIntent, plannedStep } from './intents.js';
import { land } from './land.js';
import { commitMessage } from './message.js';
import { type Answers, askBalance } from './observe.js';
import { mayRepeat, operationOf } from './operations.js';
import { applyDone, withDoubtAt } from './record.js';
import { dearerNow } from './reprice.js';
import { changedStatuses, lineOf, providerFor, type Run, statusFile, statusOf } from './run.js';
import { continueJob, type Job, stepResults } from './send.js';
import type { StateView } from './state.js';
import { withNotPlaced, withUnknown } from './step-undone.js';
import { sendStopped } from './stopped.js';
import { endOf } from './tell.js';

/** How long an absence that should be provable by now is looked for before a person is asked. */
const UNPROVEN_MS = HOUR_MS;

/** An intent whose outcome nobody recorded. */
export interface Unsettled {
  readonly name: string;
  readonly intentId: string;
}

interface Looked {
  readonly name: string;
  readonly intent: IntendedIntent;
  readonly result:
    | { readonly kind: 'found'; readonly lookUp: Extract<LookUp, { kind: 'found' }> }
    /** @property held  why it is not sent again, although it is wanted as it was */
    | { readonly kind: 'not-placed'; readonly held?: string }
    | { readonly kind: 'unknown'; readonly why: string; readonly candidates: readonly string[] };
}

/** What is known of the world beside the state, for judging whether something may be sent again. */
export interface RecoverOptions {
  readonly answers: Answers;
  readonly manifestsDescend: boolean;
}

/**
 * After a crash or a lost reply: look, never buy (DESIGN §4). What is found is taken over; a proven absence lets the same
 * request be sent again at no higher price and within today's limits, returned as jobs; what cannot be told stops and asks a
 * person.
 */
export async function recoverIntents(
  run: Run,
  unsettled: readonly Unsettled[],
  { answers, manifestsDescend }: RecoverOptions,
): Promise<readonly Job[]> {
  const balances = new Map<Provider, Promise<void>>();
  const balanceOf = (provider: Provider): Promise<void> => {
    const asked = balances.get(provider) ?? askBalance(run, answers, provider);
    balances.set(provider, asked);
    return asked;
  };
  const seen = await Promise.all(unsettled.map((one) => lookAt(run, one, balanceOf)));
  const looked = seen.filter((l) => l !== undefined);
  const absent = looked.filter((l) => mayGoAgain(run, l));
  const buying = absent.filter(({ intent }) => buysAnew(intent));
  const judge = judgeAnew(run, buying, answers, manifestsDescend);
  const heldNow = (view: StateView, l: Attempt) => (buysAnew(l.intent) ? judge(view, l) : undefined);
  const held = new Map(absent.map((l) => [l, heldNow(run.view, l)]));
  const jobs = absent.filter((l) => held.get(l) === undefined).map((l) => resend(run, l, heldNow));
  const resent = new Set(jobs.map((job) => job.intent.id));
  const settled = looked.filter((l) => !resent.has(l.intent.id)).map((l) => withHold(l, held.get(l)));
  if (settled.length > 0) {
    run.view = await land(run, run.view, (view) => {
      const changed = changedStatuses(
        view,
        settled
          .filter((l) => !isTakenMeanwhile(view, l))
          .map((l) => ({ name: l.name, apply: (status) => settle(run, status, l) })),
      );
      return { files: changed.map(statusFile), message: commitMessage(settled.map(line)) };
    });
    for (const one of settled) tell(run, one);
  }
  return jobs;
}

/** May a request that never arrived be sent once more, as far as it is still wanted? */
const mayGoAgain = (run: Run, { name, intent, result }: Looked): boolean =>
  result.kind === 'not-placed' &&
  result.held === undefined &&
  !isCompromised(run.view.header, intent.keyHash) &&
  contactsOf(run, intent) !== 'changed' &&
  unwanted(run, run.view, name, intent) === undefined;

const withHold = (looked: Looked, held: string | undefined): Looked =>
  held === undefined ? looked : { ...looked, result: { kind: 'not-placed', held } };

async function lookAt(
  run: Run,
  { name, intentId }: Unsettled,
  balanceOf: (provider: Provider) => Promise<void>,
): Promise<Looked | undefined> {
  const { deps } = run;
  const intent = findIntent(statusOf(run.view, name), intentId);
  if (intent?.phase !== 'intended') return undefined;
  const waits = (message: string) => {
    run.events.push({ ...lineOf({ ...intent.request, name }), outcome: 'waiting', message });
    return undefined;
  };
  try {
    const provider = providerFor(run, intent.provider);
    if (provider.config.environment !== intent.environment) {
      return waits(
        `it was sent to the ${intent.environment} account of ${intent.provider}, and is looked for there only`,
      );
    }
    deps.progress.step(`looking for ${intent.action} ${name} at ${intent.provider}`);
    const lookUp = await askProvider(run, provider, name, intent);
    const settledAtMs = toMs(intent.settledAt);
    switch (lookUp.kind) {
      case 'found':
        return { name, intent, result: { kind: 'found', lookUp } };
      case 'absent': {
        const search = searchOf(provider, intent);
        const judged = absenceProven(search, notAhead(lookUp.evidence, deps.clock.now()), settledAtMs);
        if (judged.proven) {
          const held = await dearerNow(run, name, provider, intent);
          if (held === undefined && buysAnew(intent)) await balanceOf(provider);
          return { name, intent, result: { kind: 'not-placed', ...(held === undefined ? {} : { held }) } };
        }
        if (deps.clock.now() <= settledAtMs + (search === 'none' ? 0 : UNPROVEN_MS)) {
          return waits(`not found at ${intent.provider}, and not surely absent: ${judged.why}`);
        }
        return { name, intent, result: { kind: 'unknown', why: judged.why, candidates: [] } };
      }
      case 'cannot-tell':
        if (lookUp.taken !== true && isRepeatable(provider, intent)) {
          return { name, intent, result: { kind: 'not-placed' } };
        }
        return deps.clock.now() <= settledAtMs
          ? waits(`${intent.provider} cannot tell yet: ${lookUp.why}`)
          : { name, intent, result: { ...lookUp, kind: 'unknown' } };
    }
  } catch (error) {
    if (error instanceof CertError && error.code === 'interrupted') throw error;
    deps.log.warn({ cert: name, provider: intent.provider, error: messageOf(error) }, 'look-up failed');
    run.events.push({
      ...lineOf({ ...intent.request, name }),
      outcome: 'failed',
      message: messageOf(error),
    });
    return undefined;
  }
}

/** A provider whose clock is ahead has not waited longer than this machine has. */
const notAhead = (evidence: AbsenceEvidence, nowMs: number): AbsenceEvidence =>
  evidence.replyAtMs === undefined
    ? evidence
    : { ...evidence, replyAtMs: Math.min(evidence.replyAtMs, nowMs) };

/**
 * How a step is found again. One that costs nothing works on an order whose id is known, and is looked up there: an
 * account without search can tell as well.
 */
function searchOf({ capabilities }: Provider, intent: IntendedIntent): Capabilities['search'] {
  const paid = intent.steps[currentStep(intent)]?.paid ?? true;
  return capabilities.search === 'none' && !paid ? 'findable' : capabilities.search;
}

/** Is it of no account whether the step in doubt went through? */
const isRepeatable = (provider: Provider, intent: IntendedIntent): boolean =>
  mayRepeat(operationOf(provider, intent)[currentStep(intent)]);

async function askProvider(
  run: Run,
  provider: Provider,
  name: string,
  intent: IntendedIntent,
): Promise<LookUp> {
  const index = currentStep(intent);
  const step = operationOf(provider, intent)[index];
  if (!step) throw new CertError('internal', `${intent.action} has no step ${index}`);
  const known = knownOrder(run.view, intent);
  const { current, previous } = statusOf(run.view, name);
  return step.lookUp({
    request: intent.request,
    before: intent.steps[index]?.before ?? {},
    results: stepResults(intent),
    sentAtMs: toMs(intent.sendBy) - MINUTE_MS,
    published: [...(current ? [current] : []), ...previous].map(({ serial }) => serial),
    ...(known === undefined ? {} : { knownOrderId: known.id, knownReference: known.reference }),
    ...(provider.capabilities.slots === undefined ? {} : { claimed: claimedAt(run.view, intent) }),
  });
}

/** Every id that a certificate here holds at the account of an intent. */
const claimedAt = ({ statuses }: StateView, { provider, environment }: IntendedIntent): readonly string[] =>
  [...statuses.values()].flatMap(({ orders }) =>
    orders.flatMap((order) =>
      order.provider === provider && order.environment === environment ? order.ids : [],
    ),
  );

/** A live order of ours in the same account: a look-up that misses it proves nothing. */
function knownOrder(view: StateView, intent: IntendedIntent): OrderRecord | undefined {
  for (const status of view.statuses.values()) {
    // Licences are sent without the reference that is recorded with them.
    if (status.kind === 'sitelock') continue;
    const order = status.orders.find(
      (o) =>
        o.provider === intent.provider &&
        o.environment === intent.environment &&
        o.state === 'issued' &&
        o.reference !== '',
    );
    if (order) return order;
  }
  return undefined;
}

/** The same request once more, with new unique values. */
function resend(
  run: Run,
  { name, intent }: Looked,
  heldNow: (view: StateView, attempt: Attempt) => string | undefined,
): Job {
  const provider = providerFor(run, intent.provider);
  const contacts = contactsOf(run, intent);
  return {
    name,
    provider,
    operation: operationOf(provider, intent),
    intent: {
      ...intent,
      resends: intent.resends + 1,
      request: {
        ...intent.request,
        unique: provider.uniqueValues(intent.action, (bytes) => run.deps.random.hex(bytes)),
      },
    },
    ...(contacts === undefined || contacts === 'changed' ? {} : { contacts }),
    stillWanted: (view) => {
      const open = findIntent(statusOf(view, name), intent.id);
      return open?.phase === 'intended' && open.nonce === intent.nonce
        ? (unwanted(run, view, name, intent) ?? heldNow(view, { name, intent }))
        : 'another run settled this';
    },
  };
}

/** Personal data of the recorded contacts; `changed` where it no longer gives the recorded digest: held, never rebuilt. */
function contactsOf(run: Run, intent: Pick<IntendedIntent, 'request'>) {
  const wanted = intent.request.contacts;
  // What costs money for a site is never sent again, and what does not needs nobody's data.
  if (!wanted || intent.request.licence) return undefined;
  const { digest, data } = run.deps.contacts(run.configuration, wanted.name);
  return digest === wanted.digest ? data : 'changed';
}

/** Why a request is not to be sent again; what is paid already is finished whatever the manifest says. */
function unwanted(run: Run, view: StateView, name: string, intent: IntendedIntent): string | undefined {
  const stopped = sendStopped(run, view, intent.steps[currentStep(intent)]?.paid ?? true);
  if (stopped !== undefined) return stopped;
  if (currentStep(intent) > 0) return undefined;
  const spec = run.specs.get(name);
  if (!spec || isCertificate(spec) === (intent.request.licence !== undefined)) {
    return 'no manifest declares it any more';
  }
  if (spec.suspend) return 'it is suspended';
  if (spec.digest !== intent.manifestDigest) return 'the manifest changed';
  if (statusOf(view, name).breaker) return 'its breaker has tripped';
  if (view.manifestsId !== run.manifestsId) return 'the approval branch moved';
  return undefined;
}

/** A slot carries no reference: two attempts may find the same one, and the first on the branch has it. */
function isTakenMeanwhile(view: StateView, { name, intent, result }: Looked): boolean {
  const id = result.kind === 'found' ? result.lookUp.outcome.orderId : undefined;
  if (id === undefined) return false;
  return [...view.statuses.values()].some(
    (other) => other.name !== name && other.orders.some((order) => holdsOrder(order, intent.provider, id)),
  );
}

function settle(run: Run, status: Status, { intent, result }: Looked): Status {
  const nowMs = run.deps.clock.now();
  const open = findIntent(status, intent.id);
  // Announced again by somebody else meanwhile: what was seen of the earlier attempt says nothing about that one.
  if (open?.phase === 'intended' && open.nonce !== intent.nonce && result.kind !== 'found') return status;
  switch (result.kind) {
    case 'found':
      return applyDone(run, status, {
        intentId: intent.id,
        step: intent.steps[currentStep(intent)]?.name ?? '',
        outcome: result.lookUp.outcome,
        // However late it is found: what is paid runs, and counts for limits, from when it was sent.
        atMs: Math.min(nowMs, toMs(intent.sendBy)),
        found: true,
      });
    case 'not-placed':
      return contactsOf(run, intent) === 'changed'
        ? withUnknown(
            status,
            intent.id,
            'the contacts changed since; it is not sent again as it was',
            [],
            nowMs,
          )
        : notPlaced(run, status, intent);
    case 'unknown':
      return withUnknown(status, intent.id, result.why, result.candidates, nowMs);
  }
}

/** Not sent again either; what the proof missed shows when it is looked at later. */
function notPlaced(run: Run, status: Status, intent: IntendedIntent): Status {
  const closed = withNotPlaced(status, intent.id, intent.nonce, run.deps.clock.now());
  const paid = intent.steps[currentStep(intent)]?.paid ?? true;
  return paid && closed !== status ? withDoubtAt(run, closed, intent) : closed;
}

function line({ name, intent, result }: Looked): string {
  const id =
    result.kind === 'found' ? ` as ${result.lookUp.outcome.orderId ?? intent.request.reference}` : '';
  return `${intent.action} ${name}: ${result.kind} at ${intent.provider}${id}`;
}

function tell(run: Run, { name, intent, result }: Looked): void {
  const event = lineOf({ ...intent.request, name });
  if (result.kind === 'found') {
    const message = endOf(intent, result.lookUp.outcome);
    if (message !== undefined) run.events.push({ ...event, outcome: 'done', message });
  }
  if (result.kind === 'unknown') run.events.push({ ...event, outcome: 'unknown', message: result.why });
  if (result.kind === 'not-placed') {
    run.events.push({
      ...event,
      outcome: 'held',
      message: `it was never placed, and is not ${result.held === undefined ? 'wanted as it was' : `sent again: ${result.held}`}`,
    });
  }
}

/** Paid for, and a later step still to be taken: goes on when the failure ladder allows. */
export function resumePlanned(run: Run, name: string, intent: PlacedIntent): readonly Job[] {
  const failure = statusOf(run.view, name).failures[intent.lane];
  if (plannedStep(intent) < 0 || (failure && run.deps.clock.now() < nextTryMs(failure))) return [];
  const contacts = contactsOf(run, intent);
  if (contacts === 'changed') {
    run.events.push({
      name,
      action: intent.action,
      outcome: 'held',
      message: 'the contacts changed since it was bought; put the old ones back to finish it',
    });
    return [];
  }
  const provider = providerFor(run, intent.provider);
  return continueJob(
    run,
    {
      name,
      provider,
      operation: operationOf(provider, intent),
      ...(contacts === undefined ? {} : { contacts }),
    },
    intent,
  );
}

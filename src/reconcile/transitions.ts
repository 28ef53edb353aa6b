import type { ErrorCode } from '../model/errors.js';
import type {
  ClosedIntent,
  CloseOutcome,
  IntendedIntent,
  Intent,
  OpenIntent,
  PlacedIntent,
  StepRecord,
} from '../model/intent.js';
import { isOpen } from '../model/intent.js';
import { isZero } from '../model/money.js';
import type { Lane } from '../model/order.js';
import type { Charge, OrderRecord, RequestRecord, Status } from '../model/status.js';
import { parseTerm, type TermCounting } from '../model/term.js';
import { toInstant } from '../model/time.js';
import { isDead } from '../planner/facts.js';
import { addFailure } from '../policy/failures.js';
import { paidTillOf } from '../policy/schedule.js';
import type { StepOutcome } from '../ports/provider.js';

const KEPT_CLOSED_INTENTS = 5;

/**
 * Facts after an event, as pure functions from status to status. Each takes the status of the head it will be put
 * upon, so that the same event can be applied again on a head that moved.
 */

export const findIntent = (status: Status, id: string): OpenIntent | undefined =>
  status.intents.filter(isOpen).find((intent) => intent.id === id);

/** The intent takes the place of the one with its id; of closed ones the last few are kept. */
export const replaceIntent = (status: Status, next: Intent): Status => {
  const others = status.intents.filter((intent) => intent.id !== next.id);
  const open = others.filter(isOpen);
  const closed = others.filter((intent) => !isOpen(intent));
  const all = isOpen(next) ? [...closed, ...open, next] : [...closed, next, ...open];
  const surplus = all.filter((intent) => !isOpen(intent)).length - KEPT_CLOSED_INTENTS;
  let dropped = 0;
  return {
    ...status,
    intents: all.filter((intent) => isOpen(intent) || dropped++ >= surplus),
  };
};

/** The intent stands in the status, replacing an earlier attempt of its own; its approval file is used up. */
export function withIntent(status: Status, intent: IntendedIntent): Status {
  const next = replaceIntent(status, intent);
  const { archived: _back, ...active } = next;
  const digest = intent.approval.kind === 'file' ? intent.approval.subjectDigest : undefined;
  return {
    ...active,
    manifestDigest: intent.manifestDigest,
    consumedApprovals:
      digest === undefined || next.consumedApprovals.includes(digest)
        ? next.consumedApprovals
        : [...next.consumedApprovals, digest],
  };
}

export const currentStep = (intent: Intent): number =>
  intent.steps.findIndex((step) => step.phase === 'intended');

export const plannedStep = (intent: Intent): number =>
  intent.steps.findIndex((step) => step.phase === 'planned');

const setStep = (
  steps: readonly StepRecord[],
  index: number,
  step: Partial<StepRecord>,
): readonly StepRecord[] => steps.map((old, i) => (i === index ? { ...old, ...step } : old));

interface StepDone {
  readonly intentId: string;
  readonly step: string;
  readonly outcome: StepOutcome;
  readonly atMs: number;
  readonly counting: TermCounting;
}

/** A writing call went through. The last one makes the intent `placed`, or closes it where nothing is to be issued. */
export function withStepDone(status: Status, done: StepDone): Status {
  const intent = findIntent(status, done.intentId) ?? closedTooEarly(status, done.intentId);
  const index = intent?.steps.findIndex((step) => step.name === done.step && step.phase === 'intended') ?? -1;
  if (!intent || index < 0) return status;
  const steps = setStep(intent.steps, index, { phase: 'done', result: done.outcome.result });
  const withOrder = recordOrder(status, { ...intent, steps }, done, intent.steps[index]?.paid ?? false);
  const cleared: Status = { ...withOrder, failures: failuresAfterStep(withOrder, intent.lane) };
  const placed: PlacedIntent = {
    ...baseOf(intent),
    steps,
    phase: 'placed',
    orderId: done.outcome.orderId ?? knownOrderId(cleared, intent),
    placedAt: 'placedAt' in intent ? intent.placedAt : toInstant(done.atMs),
  };
  if (plannedStep(placed) >= 0) return replaceIntent(cleared, placed);
  switch (intent.action) {
    case 'revoke':
      return closeIntent(withRevoked(cleared, intent, done.atMs), placed, 'done', done.atMs);
    case 'cancel':
      return withAbandoned(closeIntent(cleared, placed, 'done', done.atMs), placed.orderId, done.atMs);
    case 'set-auto-renew':
      return closeIntent(cleared, placed, 'done', done.atMs);
    default:
      return replaceIntent(cleared, placed);
  }
}

/** A call that went through ends a run of failures, but not one of taken and later rejected requests: a certificate does. */
const failuresAfterStep = (status: Status, lane: Lane): Status['failures'] =>
  status.failures[lane]?.code === 'order.rejected' ? status.failures : withoutLane(status, lane);

/** Ends that are meant: nothing that is told later opens such an intent again. */
const ENDED: ReadonlySet<CloseOutcome> = new Set(['published', 'done', 'abandoned']);

/**
 * Somebody wrote the attempt off, and it went through after all: what was bought is followed, unless another attempt took
 * its place meanwhile.
 */
export function closedTooEarly(status: Status, intentId: string): OpenIntent | undefined {
  const closed = status.intents.find((intent) => intent.id === intentId);
  if (closed?.phase !== 'closed' || ENDED.has(closed.outcome)) return undefined;
  const rival = status.intents.some((intent) => isOpen(intent) && intent.lane === closed.lane);
  if (rival) return undefined;
  const { phase: _phase, outcome: _outcome, closedAt, message: _message, ...base } = closed;
  return { ...base, phase: 'unknown', since: closedAt, why: 'it was written off', candidates: [] };
}

const continuesOrder = (intent: OpenIntent): boolean =>
  intent.action !== 'order' && intent.action !== 'renew';

/** The order an intent is about: the one it continues, or the one bought under its reference. */
const knownOrderId = (status: Status, intent: OpenIntent): string =>
  (continuesOrder(intent)
    ? orderOfIntent(status, intent)
    : status.orders.findLast((order) => order.reference === intent.request.reference)
  )?.id ?? '';

/** Fields all phases share: what changes phase drops the rest. */
function baseOf(intent: OpenIntent) {
  return {
    id: intent.id,
    lane: intent.lane,
    action: intent.action,
    provider: intent.provider,
    environment: intent.environment,
    request: intent.request,
    ...(intent.follows === undefined ? {} : { follows: intent.follows }),
    ...(intent.keyHash === undefined ? {} : { keyHash: intent.keyHash }),
    quoted: intent.quoted,
    approval: intent.approval,
    manifestCommit: intent.manifestCommit,
    manifestDigest: intent.manifestDigest,
    createdAt: intent.createdAt,
    reason: intent.reason,
    steps: intent.steps,
    resends: intent.resends,
  };
}

function recordOrder(status: Status, intent: OpenIntent, done: StepDone, paid: boolean): Status {
  const { orderId, charged, refunded } = done.outcome;
  const charges =
    paid || refunded !== undefined
      ? [
          {
            at: toInstant(done.atMs),
            action: intent.action,
            quoted: intent.quoted,
            ...(charged === undefined ? {} : { charged }),
            ...(refunded === undefined ? {} : { refunded }),
          },
        ]
      : [];
  const known = status.orders.find((order) => orderId !== undefined && order.ids.includes(orderId));
  const continues = continuesOrder(intent);
  const target = known ?? (continues ? orderOfIntent(status, intent) : undefined);
  if (target) {
    const ids = orderId === undefined || target.ids.includes(orderId) ? target.ids : [...target.ids, orderId];
    const next: OrderRecord = {
      ...target,
      id: ids.at(-1) ?? target.id,
      ids,
      charges: withCharges(target.charges, charges, intent),
      ...(intent.action === 'cancel' && !done.outcome.undecided ? { state: 'cancelled' as const } : {}),
      ...(intent.action === 'set-auto-renew' ? { autoRenew: intent.request.autoRenew ?? false } : {}),
    };
    const moved = replaceOrder(status, target, next);
    return moved.current && target.ids.includes(moved.current.order)
      ? { ...moved, current: { ...moved.current, order: next.id } }
      : moved;
  }
  if (orderId === undefined || continues) return status;
  const { request } = intent;
  const term = request.term === undefined ? undefined : parseTerm(request.term);
  const paidTillMs =
    term && paidTillOf({ startMs: done.atMs, term, counting: done.counting, carriedDays: 0 });
  const order: OrderRecord = {
    id: orderId,
    ids: [orderId],
    reference: request.reference,
    ...(intent.follows === undefined ? {} : { predecessor: intent.follows }),
    provider: intent.provider,
    environment: intent.environment,
    product: request.product,
    names: request.names,
    ...(request.term === undefined ? {} : { term: request.term }),
    placedAt: toInstant(done.atMs),
    ...(paidTillMs === undefined ? {} : { paidFrom: toInstant(done.atMs), paidTill: toInstant(paidTillMs) }),
    state: 'pending',
    charges,
  };
  return { ...status, orders: [...status.orders, order] };
}

/**
 * One charge for each purchase: what the first of several paid steps promised, a later one makes exact. It stays at the
 * instant it was promised at, which limits count by.
 */
function withCharges(
  known: readonly Charge[],
  added: readonly Charge[],
  intent: OpenIntent,
): readonly Charge[] {
  const [next] = added;
  const earlier = intent.steps.filter(({ paid, phase }) => paid && phase === 'done').length > 1;
  const at = earlier ? known.findLastIndex(({ action }) => action === intent.action) : -1;
  const promised = known[at];
  if (!next || !promised) return [...known, ...added];
  return known.with(at, { ...promised, ...(next.charged === undefined ? {} : { charged: next.charged }) });
}

const orderOfIntent = (status: Status, intent: OpenIntent): OrderRecord | undefined => {
  const id = intent.request.predecessor?.orderId;
  return id === undefined ? undefined : status.orders.find((order) => order.ids.includes(id));
};

/** One order of a status, replaced in its place. */
export const replaceOrder = (status: Status, old: OrderRecord, next: OrderRecord): Status => ({
  ...status,
  orders: status.orders.map((order) => (order === old ? next : order)),
});

/** Does this request give up this order? */
const givesUp = (request: RequestRecord, order: OrderRecord): boolean =>
  request.action === 'abandon' && order.ids.includes(request.order ?? '');

/**
 * A person gave the order up: it is marked, what drove it is over, and so is the request. What stands in the charges
 * stays there: the money left. The same status where the order is not known.
 */
export function withAbandoned(status: Status, orderId: string, atMs: number): Status {
  const order = status.orders.find((known) => known.ids.includes(orderId));
  if (!order) return status;
  const reason =
    status.requests.find((request) => givesUp(request, order))?.reason ?? 'no reason is recorded';
  const { waitingFor: _waiting, message: _message, ...rest } = order;
  const marked = replaceOrder({ ...status, validation: [] }, order, {
    ...rest,
    abandoned: { at: toInstant(atMs), reason },
  });
  const open = marked.intents.filter(isOpen).find((intent) => buysOrder(intent, order));
  const closed = open ? closeIntent(marked, open, 'abandoned', atMs, reason) : marked;
  return withoutAbandonRequest(closed, order);
}

/** The purchase that an order came from. */
const buysOrder = (intent: OpenIntent, order: OrderRecord): boolean =>
  !continuesOrder(intent) &&
  ('orderId' in intent
    ? order.ids.includes(intent.orderId)
    : intent.provider === order.provider && intent.request.reference === order.reference);

/** An order that ended one way or another cannot be given up any more. */
const withoutAbandonRequest = (status: Status, order: OrderRecord): Status => ({
  ...status,
  requests: status.requests.filter((request) => !givesUp(request, order)),
});

function withRevoked(status: Status, intent: OpenIntent, atMs: number): Status {
  const { revocation } = intent.request;
  if (!revocation) return status;
  const revoked = { at: toInstant(atMs), reason: revocation.reason };
  return {
    ...status,
    ...(status.current?.serial === revocation.serial ? { current: { ...status.current, revoked } } : {}),
    previous: status.previous.map((old) => (old.serial === revocation.serial ? { ...old, revoked } : old)),
    requests: status.requests.filter(
      (r) => !(r.action === 'revoke' && (r.serial ?? revocation.serial) === revocation.serial),
    ),
  };
}

/** The intent is over; nothing drives it any more. */
export function closeIntent(
  status: Status,
  intent: OpenIntent,
  outcome: CloseOutcome,
  atMs: number,
  message?: string,
): Status {
  const closed: ClosedIntent = {
    ...baseOf(intent),
    phase: 'closed',
    outcome,
    closedAt: toInstant(atMs),
    ...(message === undefined ? {} : { message }),
  };
  return replaceIntent(status, closed);
}

export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryAtMs?: number | undefined;
}

/**
 * The provider definitely refused. Without an earlier paid step the intent is closed; with one the money is spent, so
 * the step is planned again and tried when the failure ladder says so.
 */
export function withRefused(
  status: Status,
  intentId: string,
  nonce: string,
  refusal: Refusal,
  atMs: number,
): Status {
  const intent = findIntent(status, intentId);
  // Once only, and never against another attempt: stepping back twice would close what is paid.
  if (intent?.phase !== 'intended' || intent.nonce !== nonce) return status;
  const failed = withFailure(status, intent, refusal, atMs);
  return stepBack(failed, intent) ?? unused(failed, intent, 'refused', atMs, refusal.message);
}

/** What a person asked for waits by itself: a refused revocation must not keep the reissue waiting that follows it. */
function withFailure(status: Status, intent: OpenIntent, refusal: Refusal, atMs: number): Status {
  const { lane } = intent;
  if (intent.action !== 'revoke' && intent.action !== 'cancel') {
    return {
      ...status,
      failures: { ...status.failures, [lane]: addFailure(status.failures[lane], refusal, atMs) },
    };
  }
  return {
    ...status,
    requests: status.requests.map((asked) =>
      isAnsweredBy(asked, intent) ? { ...asked, failure: addFailure(asked.failure, refusal, atMs) } : asked,
    ),
  };
}

/** Is this revocation or cancellation the one that was asked for? */
function isAnsweredBy(asked: RequestRecord, { action, request }: OpenIntent): boolean {
  const { revocation, predecessor } = request;
  return action === 'revoke'
    ? asked.action === 'revoke' && (asked.serial ?? revocation?.serial) === revocation?.serial
    : asked.action === 'abandon' && (predecessor?.ids ?? []).includes(asked.order ?? '');
}

/** Provably nothing was sent by the process that wrote the nonce. */
export function withNotSent(
  status: Status,
  intentId: string,
  nonce: string,
  why: string,
  atMs: number,
): Status {
  const intent = findIntent(status, intentId);
  if (intent?.phase !== 'intended' || intent.nonce !== nonce) return status;
  return stepBack(status, intent) ?? unused(status, intent, 'not-sent', atMs, why);
}

/** A look-up proved that the attempt with this nonce did nothing, and nobody wants it sent again. */
export function withNotPlaced(status: Status, intentId: string, nonce: string, atMs: number): Status {
  const intent = findIntent(status, intentId);
  if (intent?.phase !== 'intended' || intent.nonce !== nonce) return status;
  return stepBack(status, intent) ?? unused(status, intent, 'not-placed', atMs);
}

/** A person looked at the provider and says that the step in doubt did nothing there. */
export function withAbsenceSaid(status: Status, intentId: string, atMs: number): Status {
  const intent = findIntent(status, intentId);
  if (intent?.phase !== 'intended' && intent?.phase !== 'unknown') return status;
  return stepBack(status, intent) ?? unused(status, intent, 'not-placed', atMs, 'a person found no order');
}

/** Closed without having done anything: the approval it consumed is still good for what it approved. */
function unused(
  status: Status,
  intent: OpenIntent,
  outcome: CloseOutcome,
  atMs: number,
  message?: string,
): Status {
  const { approval } = intent;
  const closed = closeIntent(status, intent, outcome, atMs, message);
  if (approval.kind !== 'file') return closed;
  const consumedApprovals = closed.consumedApprovals.filter((digest) => digest !== approval.subjectDigest);
  return { ...closed, consumedApprovals };
}

/** Undo of an announced step after earlier ones went through; undefined where there are none. */
function stepBack(status: Status, intent: OpenIntent): Status | undefined {
  const index = currentStep(intent);
  if (index <= 0) return undefined;
  const orderId = knownOrderId(status, intent);
  return replaceIntent(status, {
    ...baseOf(intent),
    steps: setStep(intent.steps, index, { phase: 'planned' }),
    phase: 'placed',
    orderId,
    placedAt: status.orders.find((order) => order.id === orderId)?.placedAt ?? intent.createdAt,
  });
}

/** What became of it cannot be told: this purchase stops until a person says. */
export function withUnknown(
  status: Status,
  intentId: string,
  why: string,
  candidates: readonly string[],
  atMs: number,
): Status {
  const intent = findIntent(status, intentId);
  if (intent?.phase !== 'intended') return status;
  return replaceIntent(status, {
    ...baseOf(intent),
    phase: 'unknown',
    since: toInstant(atMs),
    why,
    candidates,
  });
}

/** The order ended without a certificate: rejected, cancelled, refunded. One that cost nothing makes the lane back off. */
export function withOrderDied(status: Status, intent: OpenIntent, message: string, atMs: number): Status {
  const order = 'orderId' in intent ? status.orders.find((o) => o.ids.includes(intent.orderId)) : undefined;
  const free = intent.quoted === null || isZero(intent.quoted);
  const slower = free ? withFailure(status, intent, { code: 'order.rejected', message }, atMs) : status;
  const asked = order && !continuesOrder(intent) ? withoutAbandonRequest(slower, order) : slower;
  return closeIntent(free ? withoutOldFailures(asked) : asked, intent, 'refused', atMs, message);
}

const KEPT_FREE_FAILURES = 5;

/** Orders that cost nothing and came to nothing are placed again for ever: the last few tell all there is to tell. */
function withoutOldFailures(status: Status): Status {
  const needed = new Set([
    ...(status.published ?? []).map(({ order }) => order),
    ...[status.current, ...status.previous].flatMap((certificate) => certificate?.order ?? []),
  ]);
  const useless = status.orders.filter(
    ({ state, ids, charges, abandoned, adopted }) =>
      isDead(state) &&
      abandoned === undefined &&
      adopted === undefined &&
      charges.every(({ quoted, charged }) => [quoted, charged].every((price) => !price || isZero(price))) &&
      !ids.some((id) => needed.has(id)),
  );
  const dropped = new Set(useless.slice(0, -KEPT_FREE_FAILURES));
  return dropped.size === 0
    ? status
    : { ...status, orders: status.orders.filter((order) => !dropped.has(order)) };
}

/**
 * A reissue that cost nothing ended without a certificate, and its order goes on: the lane backs off, and what is tried
 * then is another reissue.
 */
export function withReissueEnded(status: Status, intent: OpenIntent, message: string, atMs: number): Status {
  const failed = withFailure(status, intent, { code: 'order.rejected', message }, atMs);
  return closeIntent(failed, intent, 'refused', atMs, message);
}

/** A certificate arrived that is not what was asked for. */
export function withProblem(
  status: Status,
  intent: PlacedIntent | Extract<OpenIntent, { phase: 'issued' }>,
  fingerprint: string,
  problem: string,
): Status {
  return replaceIntent(status, {
    ...baseOf(intent),
    phase: 'issued',
    orderId: intent.orderId,
    placedAt: intent.placedAt,
    fingerprint,
    problem,
  });
}

/** A lane that succeeded starts afresh. */
export function withoutLane(status: Status, lane: Lane): Status['failures'] {
  const { [lane]: _gone, ...others } = status.failures;
  return others;
}

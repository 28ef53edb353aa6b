import {
  type CloseOutcome,
  type Intent,
  isOpen,
  type OpenIntent,
  type PlacedIntent,
} from '../model/intent.js';
import type { Lane } from '../model/order.js';
import type { Charge, OrderRecord, Status } from '../model/status.js';
import { parseTerm, type TermCounting } from '../model/term.js';
import { toInstant } from '../model/time.js';
import { orderById } from '../planner/facts.js';
import { paidTillOf } from '../policy/schedule.js';
import type { StepOutcome } from '../ports/provider.js';
import {
  baseOf,
  closeIntent,
  continuesOrder,
  findIntent,
  knownOrderId,
  orderOfIntent,
  plannedStep,
  replaceIntent,
  replaceOrder,
  setStep,
  withApprovalUsed,
} from './intents.js';
import { withoutLane } from './lane-failures.js';
import { withCancelled } from './order-ends.js';

interface StepDone {
  readonly intentId: string;
  readonly step: string;
  readonly outcome: StepOutcome;
  readonly atMs: number;
  readonly counting: TermCounting;
  /** Where what is paid begins later than it was bought, epoch ms: at the end of a term whose days are carried over. */
  readonly startMs?: number;
}

/** A writing call went through. The last one makes the intent `placed`, or closes it where nothing is to be issued. */
export function withStepDone(status: Status, done: StepDone): Status {
  const intent = findIntent(status, done.intentId) ?? closedTooEarly(status, done.intentId);
  const index = intent?.steps.findIndex((step) => step.name === done.step && step.phase === 'intended') ?? -1;
  if (!intent || index < 0) return status;
  const steps = setStep(intent.steps, index, {
    phase: 'done',
    result: done.outcome.result,
    ...(index > 0 ? { at: toInstant(done.atMs) } : {}),
  });
  const used = withApprovalUsed(status, intent);
  const withOrder = recordOrder(used, { ...intent, steps }, done, intent.steps[index]?.paid ?? false);
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
      return withCancelled(closeIntent(cleared, placed, 'done', done.atMs), placed, done.atMs);
    case 'set-auto-renew':
      return closeIntent(cleared, placed, 'done', done.atMs);
    default:
      // A licence is there when it is sold: nothing is issued or collected.
      return intent.request.licence
        ? closeIntent(cleared, placed, 'done', done.atMs)
        : replaceIntent(cleared, placed);
  }
}

/** A call that went through ends a run of failures, but not one of taken and later rejected requests: a certificate does. */
const failuresAfterStep = (status: Status, lane: Lane): Status['failures'] =>
  status.failures[lane]?.code === 'order.rejected' ? status.failures : withoutLane(status, lane);

/** Ends that are meant: nothing that is told later opens such an intent again. */
const ENDED: ReadonlySet<CloseOutcome> = new Set(['published', 'done', 'abandoned']);

/** There is one at a time of these: what people ask for stands beside the lanes. */
const placeOf = ({ action, lane }: Intent): string =>
  action === 'revoke' || action === 'cancel' ? action : lane;

/**
 * Somebody wrote the attempt off, and it went through after all: what was bought is followed, unless another attempt took
 * its place meanwhile.
 */
export function closedTooEarly(status: Status, intentId: string): OpenIntent | undefined {
  const closed = status.intents.find((intent) => intent.id === intentId);
  if (closed?.phase !== 'closed' || ENDED.has(closed.outcome)) return undefined;
  const rival = status.intents.some((intent) => isOpen(intent) && placeOf(intent) === placeOf(closed));
  if (rival) return undefined;
  const { phase: _phase, outcome: _outcome, closedAt, message: _message, ...base } = closed;
  return { ...base, phase: 'unknown', since: closedAt, why: 'it was written off', candidates: [] };
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
  // A later step may give what an earlier one bought another id.
  const begun = intent.steps.filter(({ phase }) => phase === 'done').length > 1;
  const bought = begun ? orderById(status, knownOrderId(status, intent)) : undefined;
  const target = known ?? (continues ? orderOfIntent(status, intent) : bought);
  if (target) {
    const ids = orderId === undefined || target.ids.includes(orderId) ? target.ids : [...target.ids, orderId];
    const next: OrderRecord = {
      ...target,
      id: ids.at(-1) ?? target.id,
      ids,
      charges: withCharges(target.charges, charges, intent),
      ...(intent.action === 'activate' ? activated(target, intent, done) : {}),
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
  const startMs = done.startMs ?? done.atMs;
  const paidTillMs = term && paidTillOf({ startMs, term, counting: done.counting, carriedDays: 0 });
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
    ...(paidTillMs === undefined ? {} : { paidFrom: toInstant(startMs), paidTill: toInstant(paidTillMs) }),
    state: request.licence ? 'issued' : 'pending',
    ...(request.licence && request.autoRenew !== undefined ? { autoRenew: request.autoRenew } : {}),
    ...(request.licence?.role === 'add-on' ? { addOn: true } : {}),
    ...(request.licence && done.outcome.result.paymentDue !== undefined ? { message: PAYMENT_DUE } : {}),
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

/** A slot is for these names from now on, and its term begins with its activation at the earliest. */
function activated(
  order: OrderRecord,
  { request }: OpenIntent,
  { atMs, counting }: StepDone,
): Pick<OrderRecord, 'names' | 'paidFrom' | 'paidTill'> {
  const term = order.term === undefined ? undefined : parseTerm(order.term);
  const paidTillMs = term && paidTillOf({ startMs: atMs, term, counting });
  return {
    names: request.names,
    ...(paidTillMs === undefined ? {} : { paidFrom: toInstant(atMs), paidTill: toInstant(paidTillMs) }),
  };
}

const PAYMENT_DUE = 'the provider takes the payment itself; no call tells whether it has';

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

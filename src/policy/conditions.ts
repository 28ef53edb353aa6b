import type { OpenIntent } from '../model/intent.js';
import { isOpen } from '../model/intent.js';
import type { WaitingFor } from '../model/order.js';
import type { Hold } from '../model/plan.js';
import type { Status } from '../model/status.js';
import { DAY_MS, dayOf, HOUR_MS, SECOND_MS, toInstant, toMs } from '../model/time.js';
import { alarms, endMsOf } from './alarms.js';
import { type Condition, type ConditionContext, condition } from './condition.js';
import { secondOrders } from './doubts.js';
import { nextTryMs } from './failures.js';
import { protection } from './protection.js';
import { isUnderWay, proofWords, solverDueMs } from './solving.js';

export type { Condition, ConditionContext };

const WAITS: Readonly<Record<WaitingFor, string>> = {
  payment: 'the payment',
  'upstream-payment': "the provider's own payment upstream",
  configuration: 'the configuration of the order at the provider',
  'approver-mail': 'the answer to the mail sent to the approver',
  dcv: 'the proof of control over the names',
  'call-back': 'the call of the certificate authority',
  documents: 'documents',
  ca: 'the certificate authority',
  person: 'a person',
};

/** What follows "waits for". */
export const waitsText = (who: WaitingFor): string => WAITS[who];

/** Everything that is true of a certificate at this instant, the gravest first within each type. */
export function conditionsOf(
  status: Status,
  nowMs: number,
  context: ConditionContext = {},
): readonly Condition[] {
  const open = status.intents.filter(isOpen);
  return [
    ...readiness(status, nowMs),
    ...open.flatMap((intent) => underWay(status, intent)),
    ...(context.hold === undefined ? [] : [held(context.hold, nowMs)]),
    ...open.flatMap(unknownOutcome),
    ...open.flatMap((intent) => stalled(status, intent, nowMs, context)),
    ...proofAlarms(status, nowMs),
    ...deliveryAlarm(status, nowMs),
    ...secondOrders(status, context.ignored ?? []).map(({ id, since, message }) =>
      condition('Attention', 'attention', 'SecondOrder', since, message, id),
    ),
    ...(status.archived ? [] : alarms(status, nowMs, context)),
  ];
}

/** Nobody is known to be waited for, and a DV order takes minutes as a rule: it is not known to be stuck, but looks so. */
function stalled(
  { orders }: Status,
  intent: OpenIntent,
  nowMs: number,
  { patienceMs, rule }: ConditionContext,
): readonly Condition[] {
  if (patienceMs === undefined || intent.phase !== 'placed' || rule?.validation !== 'dv') return [];
  const order = orders.find(({ ids }) => ids.includes(intent.orderId));
  const waits = order?.waitingFor;
  const quiet = waits === undefined || waits === 'ca' || waits === 'configuration';
  // What waited for its payment is not slow by that: the last thing done for it counts.
  const last = intent.steps
    .flatMap(({ at }) => at ?? [])
    .toSorted()
    .at(-1);
  const sinceMs = toMs(last ?? intent.placedAt) + patienceMs;
  if (!quiet || nowMs < sinceMs) return [];
  const begun = last === undefined ? `was placed ${intent.placedAt}` : `went on ${last}`;
  const message = `order ${intent.orderId} at ${intent.provider} ${begun} and shows no certificate; see first whether credit is missing where ${intent.provider} buys, then look at the order there. Never order again because of it`;
  return [condition('Attention', 'warning', 'Stalled', toInstant(sinceMs), message, intent.orderId)];
}

/** What solvers cannot do is said at once; it is an alarm when an order has waited for it for a day. */
const PROOF_LATE_MS = HOUR_MS;
const PROOF_ALARM_MS = DAY_MS;

function proofAlarms(status: Status, nowMs: number): readonly Condition[] {
  return (status.published ?? []).flatMap((entry): readonly Condition[] => {
    const { name, solver, failure, unseen, wantedAt, publishedAt = wantedAt } = entry;
    const waits = isUnderWay(status, entry);
    const level = waits && nowMs - toMs(wantedAt) >= PROOF_ALARM_MS ? 'attention' : 'warning';
    if (failure !== undefined) {
      const what = waits ? `the proof for ${name} is not published` : `a proof for ${name} is not cleaned up`;
      const message = `${what}: ${failure.message}; next try ${toInstant(solverDueMs(entry))}`;
      return [condition('Attention', level, 'SolverFailing', failure.lastAt, message, name)];
    }
    if (unseen === undefined || !waits || nowMs - toMs(publishedAt) < PROOF_LATE_MS) return [];
    const message = `the proof for ${name}, published by ${solver} at ${publishedAt}, is not visible everywhere: ${unseen}`;
    return [condition('Attention', level, 'ProofNotVisible', publishedAt, message, name)];
  });
}

/** Published and not deployed: as bad as not issued, a day later. */
const DELIVERY_ALARM_MS = DAY_MS;

function deliveryAlarm({ undelivered }: Status, nowMs: number): readonly Condition[] {
  if (undelivered === undefined) return [];
  const { failure, since } = undelivered;
  const late = nowMs - toMs(since) >= DELIVERY_ALARM_MS;
  if (failure !== undefined) {
    const again = nextTryMs(failure);
    const next = again > nowMs ? `next try ${toInstant(again)}` : 'tried again on the next run';
    const message = `the published hook failed ${failure.count} times: ${failure.message}; ${next}`;
    return [condition('Attention', late ? 'attention' : 'warning', 'HookFailing', failure.lastAt, message)];
  }
  if (!late) return [];
  const message = `the published hook was not told since ${since}: run \`certwright apply\` or the daemon where it can run`;
  return [condition('Attention', 'warning', 'HookWaiting', since, message)];
}

function readiness(status: Status, nowMs: number): readonly Condition[] {
  if (status.kind === 'sitelock') return protection(status, nowMs);
  const { current } = status;
  if (!current) return [];
  const endMs = endMsOf(current);
  const message = `certificate ${current.serial}, valid until ${dayOf(endMs - SECOND_MS)}`;
  if (nowMs >= endMs) {
    return [
      condition(
        'Expired',
        status.archived ? 'info' : 'attention',
        'CertificateExpired',
        toInstant(endMs),
        message,
      ),
    ];
  }
  if (current.revoked || nowMs < toMs(current.notBefore)) return [];
  return [condition('Ready', 'info', 'CertificateValid', current.publishedAt, message)];
}

function underWay(status: Status, intent: OpenIntent): readonly Condition[] {
  if (intent.phase === 'unknown') return [];
  if (intent.phase === 'intended') {
    return [
      condition(
        'Issuing',
        'info',
        'Sending',
        intent.createdAt,
        `${intent.action} is being sent to ${intent.provider}`,
      ),
    ];
  }
  if (intent.phase === 'issued' && intent.problem !== undefined) {
    const message = `the certificate of order ${intent.orderId} was kept aside: ${intent.problem}`;
    return [
      condition('Attention', 'warning', 'VerificationFailed', intent.placedAt, message, intent.fingerprint),
    ];
  }
  const order = status.orders.find((o) => o.id === intent.orderId || o.ids.includes(intent.orderId));
  if (order?.waitingFor === undefined) {
    const message = `${intent.action} is under way at ${intent.provider} as order ${intent.orderId}`;
    return [condition('Issuing', 'info', 'UnderWay', intent.placedAt, message)];
  }
  const words = order.message === undefined ? '' : ` (${order.message})`;
  const proofs = order.waitingFor === 'dcv' ? proofWords(status, order) : undefined;
  const who = proofs === undefined ? '' : `: ${proofs}`;
  const message = `order ${order.id} at ${order.provider} waits for ${waitsText(order.waitingFor)}${words}${who}`;
  return [condition('Waiting', 'info', `WaitingFor:${order.waitingFor}`, intent.placedAt, message, order.id)];
}

const held = (hold: Hold, nowMs: number): Condition =>
  condition('Held', 'info', hold.code, toInstant(nowMs), hold.message);

/** Money may have moved: that stays an alarm even when the manifest is gone. */
const unknownOutcome = (intent: OpenIntent): readonly Condition[] =>
  intent.phase === 'unknown'
    ? [
        condition(
          'Attention',
          'attention',
          'OutcomeUnknown',
          intent.since,
          `it is not known what became of ${intent.action} at ${intent.provider}: ${intent.why}`,
          intent.id,
        ),
      ]
    : [];

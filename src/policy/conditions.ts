import type { OpenIntent } from '../model/intent.js';
import { isOpen } from '../model/intent.js';
import type { WaitingFor } from '../model/order.js';
import type { Hold } from '../model/plan.js';
import type { CurrentCertificate, OrderRecord, Status } from '../model/status.js';
import { DAY_MS, dayOf, HOUR_MS, type Instant, SECOND_MS, toInstant, toMs } from '../model/time.js';
import { type Condition, type ConditionType, condition } from './condition.js';
import type { ReissueRule } from './coverage.js';
import { secondOrders } from './doubts.js';
import { nextTryMs } from './failures.js';
import { licencesEnding, protection } from './protection.js';
import { openReissueRequest } from './replacement.js';
import { endsWithTerm, overdueFromMs, type Renewal, renewal } from './schedule.js';
import { type EndpointLook, endpointVerdict, servedEverywhere } from './serving.js';
import { isUnderWay, proofWords, solverDueMs } from './solving.js';

export type { Condition };

/** What the status file does not know. Everything may be left out, as for a certificate whose manifest is gone. */
export interface ConditionContext {
  readonly rule?: ReissueRule;
  readonly autoRenew?: boolean;
  readonly renewBeforeMs?: number;
  readonly carriesRemainingDays?: boolean;
  /** Of website protection: who the manifest wants to renew it. */
  readonly renewedBy?: 'certwright' | 'provider';
  /** As the capabilities of the account of what is under way. */
  readonly patienceMs?: number;
  /** What the latest plan holds back for this certificate. */
  readonly hold?: Hold;
  /** Orders the manifest says to ignore. */
  readonly ignored?: readonly string[];
  /** What was seen at the endpoints of the manifest; absent: none are declared, or nothing is dialled. */
  readonly endpoints?: { readonly looks: readonly EndpointLook[]; readonly servedWithinMs: number };
}

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

const endMsOf = (current: CurrentCertificate): number => toMs(current.notAfter) + SECOND_MS;

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

function alarms(status: Status, nowMs: number, context: ConditionContext): readonly Condition[] {
  const { breaker, current, priceStop } = status;
  const overdue = current && overdueAlarm(status, current, nowMs, context);
  return [
    ...(breaker
      ? [
          condition(
            'Attention',
            'attention',
            'BreakerTripped',
            breaker.trippedAt,
            `${breaker.why}; look, then run \`certwright resolve ${status.name} --reset-breaker\``,
          ),
        ]
      : []),
    ...(overdue ? [overdue] : []),
    ...notReplaced(status, nowMs),
    ...(current?.revoked
      ? [
          condition(
            'Attention',
            'attention',
            'Revoked',
            current.revoked.at,
            `certificate ${current.serial} is revoked (${current.revoked.reason})`,
          ),
        ]
      : []),
    ...(current?.replacedBy === undefined
      ? []
      : [
          condition(
            'Attention',
            'warning',
            'ReplacedAtProvider',
            current.publishedAt,
            `the order of certificate ${current.serial} was reissued elsewhere, as serial ${current.replacedBy}`,
          ),
        ]),
    ...predecessorAlarm(current, nowMs, servedEverywhere(context.endpoints?.looks ?? [])),
    ...(current ? endpointAlarms(current, nowMs, context.endpoints) : []),
    ...failing(status, nowMs, overdue !== undefined || (current !== undefined && nowMs >= endMsOf(current))),
    ...(status.kind === 'sitelock'
      ? licencesEnding(status, nowMs, context)
      : termEnding(status, nowMs, context)),
    ...status.orders.flatMap((order) => leftThere(order, nowMs)),
    ...(priceStop
      ? [
          condition(
            'Attention',
            'warning',
            'PriceStopped',
            status.orders.find((o) => o.id === priceStop.order)?.placedAt ?? toInstant(nowMs),
            `order ${priceStop.order} was charged ${priceStop.charged.amount} ${priceStop.charged.currency}; no further ${priceStop.product} until someone accepts the price`,
          ),
        ]
      : []),
  ];
}

/** Whoever set the deadline revokes at it, asked or not. */
function notReplaced(status: Status, nowMs: number): readonly Condition[] {
  const request = openReissueRequest(status);
  if (request?.deadline === undefined || nowMs < toMs(request.deadline)) return [];
  const { deadline, reason } = request;
  const message = `certificate ${status.current?.serial} was to be replaced by ${deadline}, and was not: ${reason}`;
  return [condition('Attention', 'attention', 'NotReplaced', deadline, message)];
}

function overdueAlarm(
  { orders }: Status,
  current: CurrentCertificate,
  nowMs: number,
  context: ConditionContext,
): Condition | undefined {
  const endMs = endMsOf(current);
  const notAfterMs = toMs(current.notAfter);
  const paidTill = orders.find(({ ids }) => ids.includes(current.order))?.paidTill;
  const isLast = paidTill !== undefined && endsWithTerm(notAfterMs, toMs(paidTill));
  const fromMs = overdueFromMs(
    { notBeforeMs: toMs(current.notBefore), notAfterMs },
    context.rule ?? { validation: 'dv' },
    isLast ? renewalOf(paidTill, nowMs, context).dueMs : undefined,
  );
  if (nowMs <= fromMs || nowMs >= endMs) return undefined;
  const days = Math.floor((endMs - nowMs) / DAY_MS);
  const message = `the certificate ends ${dayOf(endMs - SECOND_MS)}, in ${days} days, and has no successor`;
  return condition('Attention', 'attention', 'Overdue', toInstant(fromMs), message);
}

/** The old certificate is about to be revoked: whoever still serves it goes dark. */
function predecessorAlarm(
  current: CurrentCertificate | undefined,
  nowMs: number,
  served: boolean | undefined,
): readonly Condition[] {
  if (current?.revokesAt === undefined || served === true) return [];
  const revokesMs = toMs(current.revokesAt);
  if (nowMs < revokesMs - DAY_MS) return [];
  // Once it is past, only an endpoint seen with the old certificate is news.
  if (nowMs >= revokesMs && served === undefined) return [];
  const message = `the previous certificate is revoked at ${current.revokesAt}; make sure ${current.serial} is served everywhere`;
  return [condition('Attention', 'attention', 'PredecessorRevoked', toInstant(revokesMs - DAY_MS), message)];
}

/** On its way to its servers a certificate waits for nobody but its own team: no alarm yet. */
const endpointAlarms = (
  current: CurrentCertificate,
  nowMs: number,
  { looks = [], servedWithinMs = 0 }: Partial<NonNullable<ConditionContext['endpoints']>> = {},
): readonly Condition[] =>
  looks
    .flatMap((look) => {
      const verdict = endpointVerdict(look, current, servedWithinMs, nowMs);
      return verdict === undefined ? [] : [{ ...verdict, endpoint: look.endpoint }];
    })
    .map(({ reason, level, sinceMs, message, endpoint }) =>
      condition(
        reason === 'NotServedYet' ? 'Waiting' : 'Attention',
        level,
        reason,
        toInstant(sinceMs),
        message,
        endpoint,
      ),
    );

function failing(status: Status, nowMs: number, urgent: boolean): readonly Condition[] {
  return Object.entries(status.failures).map(([lane, failure]) => {
    const again = nextTryMs(failure);
    const next = again > nowMs ? `next try ${toInstant(again)}` : 'tried again on the next run';
    const message = `failed ${failure.count} times, last with ${failure.code}: ${failure.message}; ${next}`;
    return condition('Attention', urgent ? 'attention' : 'warning', 'Failing', failure.lastAt, message, lane);
  });
}

const renewalOf = (paidTill: Instant, nowMs: number, context: ConditionContext): Renewal =>
  renewal({
    nowMs,
    paidTillMs: toMs(paidTill),
    validation: context.rule?.validation ?? 'dv',
    carriesRemainingDays: context.carriesRemainingDays ?? false,
    ...(context.renewBeforeMs === undefined ? {} : { renewBeforeMs: context.renewBeforeMs }),
  });

const URGENT_MS = 7 * DAY_MS;

/** Nobody will renew: said from the day a renewal would be due, louder in the last week, until it has ended. */
function termEnding(status: Status, nowMs: number, context: ConditionContext): readonly Condition[] {
  const order = status.orders.at(-1);
  if (context.autoRenew !== false || order?.state !== 'issued' || order.abandoned) return [];
  if (order.paidTill === undefined) return [];
  const { dueMs, paidTillMs } = renewalOf(order.paidTill, nowMs, context);
  if (nowMs < dueMs) return [];
  const when =
    nowMs < paidTillMs
      ? `ends ${dayOf(paidTillMs)}, in ${Math.floor((paidTillMs - nowMs) / DAY_MS)} days`
      : `ended ${dayOf(paidTillMs)}`;
  const message = `the paid term of order ${order.id} ${when}, and autoRenew is not set`;
  const level = paidTillMs - nowMs < URGENT_MS ? 'attention' : 'warning';
  return [condition('Attention', level, 'PaidTermEndingNoRenewal', toInstant(dueMs), message, order.id)];
}

/** Given up here and not cancelled there: it stays paid until a person sees to it. */
function leftThere(order: OrderRecord, nowMs: number): readonly Condition[] {
  const { abandoned, id, provider, paidTill, state } = order;
  const over = paidTill !== undefined && toMs(paidTill) <= nowMs;
  if (abandoned === undefined || over || (state !== 'pending' && state !== 'issued')) return [];
  const message = `order ${id} was given up and is still there; have ${provider} cancel it and give the money back`;
  return [condition('Attention', 'warning', 'OrderAbandoned', abandoned.at, message, id)];
}

/** One word for a table. */
export type Health =
  | 'archived'
  | 'attention'
  | 'expired'
  | 'held'
  | 'issuing'
  | 'new'
  | 'ready'
  | 'waiting'
  | 'warning';

/** The word that matters most: what needs a person before what merely goes on. */
export function health(status: Status, conditions: readonly Condition[]): Health {
  const has = (type: ConditionType) => conditions.some((c) => c.type === type);
  const worst = (level: Condition['level']) =>
    conditions.some((c) => c.type === 'Attention' && c.level === level);
  if (worst('attention') && (status.archived || !has('Expired'))) return 'attention';
  if (status.archived) return 'archived';
  if (has('Expired')) return 'expired';
  if (has('Waiting')) return 'waiting';
  if (has('Held')) return 'held';
  if (worst('warning')) return 'warning';
  if (has('Issuing')) return 'issuing';
  return has('Ready') ? 'ready' : 'new';
}

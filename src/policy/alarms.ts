import type { CurrentCertificate, OrderRecord, Status } from '../model/status.js';
import { DAY_MS, dayOf, type Instant, SECOND_MS, toInstant, toMs } from '../model/time.js';
import { type Condition, type ConditionContext, condition } from './condition.js';
import { nextTryMs } from './failures.js';
import { licencesEnding } from './protection.js';
import { openReissueRequest } from './replacement.js';
import { endsWithTerm, overdueFromMs, type Renewal, renewal } from './schedule.js';
import { endpointVerdict, servedEverywhere } from './serving.js';

/** When it has ended: its last second counts. */
export const endMsOf = (current: CurrentCertificate): number => toMs(current.notAfter) + SECOND_MS;

/** What asks for somebody while a certificate is managed; one that is archived has nobody to ask. */
export function alarms(status: Status, nowMs: number, context: ConditionContext): readonly Condition[] {
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

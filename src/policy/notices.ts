import { isOpen } from '../model/intent.js';
import type { Spec } from '../model/manifest.js';
import type { Notice } from '../model/notice.js';
import type { WaitingFor } from '../model/order.js';
import type { HoldCode, PlanItem, PlanWarning } from '../model/plan.js';
import type { CurrentCertificate, Status } from '../model/status.js';
import { DAY_MS, dayOf, type Instant, SECOND_MS, toInstant, toMs } from '../model/time.js';
import { requestedAction } from './approval-wishes.js';
import { changesOf } from './changes.js';
import type { Condition } from './condition.js';
import { expiringFromMs } from './reminders.js';
import { endsWithTerm } from './schedule.js';
import { recordsByHand } from './solving.js';

/** One certificate as it stands, with what the latest plan says of it. */
export interface NoticeSubject {
  readonly name: string;
  readonly status: Status;
  readonly spec?: Spec;
  readonly conditions: readonly Condition[];
  readonly items: readonly PlanItem[];
  readonly warnings: readonly PlanWarning[];
}

/** Tried again by themselves: news once they have become an alarm. */
const RETRIED: ReadonlySet<string> = new Set([
  'Failing',
  'SolverFailing',
  'ProofNotVisible',
  'HookFailing',
  'HookWaiting',
  'EndpointUnseen',
]);
/** True of one certificate: the next one is another fact. */
const OF_CERTIFICATE: ReadonlySet<string> = new Set([
  'CertificateExpired',
  'Overdue',
  'Revoked',
  'ReplacedAtProvider',
  'PredecessorRevoked',
  'NotServed',
  'ChainFault',
  'EndpointUnseen',
]);
/** Whom an order waits for in vain unless somebody here acts. */
const PEOPLE: ReadonlySet<WaitingFor> = new Set([
  'payment',
  'upstream-payment',
  'approver-mail',
  'call-back',
  'documents',
  'person',
]);
/** Holds that time ends, that a person wanted, or that are told as something else. */
const NO_WAIT: ReadonlySet<HoldCode> = new Set([
  'account-busy',
  'breaker',
  'provider-down',
  'suspended',
  'unknown-outcome',
]);
/** They hold everything, so they are told once for all. */
const OF_REPOSITORY: ReadonlySet<HoldCode> = new Set([
  'state-integrity',
  'manifests-diverged',
  'wrong-remote',
  'no-recipient-proven',
  'unsafe',
]);
/** Told by a condition. */
const TOLD_WARNINGS: ReadonlySet<string> = new Set(['paid-term-ending', 'second-order']);

const keyOf = (...parts: readonly string[]): string => parts.join(' ').trimEnd();

/** By what a line that is held is told. */
export const holdKey = (item: PlanItem): string =>
  keyOf(item.name, item.hold?.code ?? '', requestedAction(item), item.predecessor ?? '');

/**
 * What there is to tell of one certificate, whatever was told before.
 * @param since  what happened before is left out
 */
export function noticesOf(subject: NoticeSubject, nowMs: number, since: Instant = ''): readonly Notice[] {
  const { name, status, spec } = subject;
  const owner = spec?.owner ?? status.owner;
  const alarms = subject.conditions.filter(isAlarm).map((one) => alarm(subject, one, nowMs));
  const isEnding = alarms.some(({ reason }) =>
    ['Overdue', 'CertificateExpired', 'PaidTermEndingNoRenewal'].includes(reason),
  );
  return [
    ...alarms,
    ...(isEnding ? [] : expiring(subject, nowMs)),
    ...waits(subject, nowMs),
    ...changesOf(status, since).map((one) => ({ ...one, level: 'changed' as const })),
  ].map((one) => ({ ...one, certificate: name, ...(owner === undefined ? {} : { owner }) }));
}

/** When the clock alone brings the first notice of a certificate that nobody replaces, epoch ms. */
export function upcomingOf({ status, spec }: NoticeSubject, nowMs: number): readonly number[] {
  const validity = endsForGood(status, spec) ? validityOf(status.current, nowMs) : undefined;
  const fromMs = validity && expiringFromMs(validity);
  return fromMs !== undefined && fromMs > nowMs ? [fromMs] : [];
}

const isAlarm = ({ type, level, reason }: Condition): boolean =>
  (type === 'Attention' && (level === 'attention' || !RETRIED.has(reason))) ||
  (type === 'Expired' && level !== 'info');

type Part = Omit<Notice, 'certificate' | 'owner'>;

function alarm({ status, name }: NoticeSubject, one: Condition, nowMs: number): Part {
  const { reason, level, since, message, about = '' } = one;
  const version = OF_CERTIFICATE.has(reason)
    ? (status.current?.serial ?? '')
    : reason === 'BreakerTripped'
      ? since
      : '';
  // A term that ends has its own reminders; what else has become graver is news.
  const grave = level === 'attention' && reason !== 'PaidTermEndingNoRenewal' ? '!' : '';
  const order = status.orders.find(({ id }) => reason === 'PaidTermEndingNoRenewal' && id === about);
  const validity = order ? termOf(order) : validityOf(status.current, nowMs);
  return {
    key: keyOf(name, `${reason}${grave}`, about, version),
    level: 'attention',
    reason,
    message,
    at: since,
    ...(validity === undefined ? {} : { validity }),
  };
}

function termOf({ paidFrom, placedAt, paidTill }: Status['orders'][number]): Notice['validity'] {
  return paidTill === undefined ? undefined : { from: paidFrom ?? placedAt, till: paidTill };
}

/** Undefined where it has ended: then there is nothing left to run out. */
function validityOf(current: CurrentCertificate | undefined, nowMs: number): Notice['validity'] {
  if (current === undefined) return undefined;
  const till = toInstant(toMs(current.notAfter) + SECOND_MS);
  return toMs(till) <= nowMs ? undefined : { from: current.notBefore, till };
}

/** Will nothing replace the certificate unless somebody changes their mind? */
function endsForGood({ current, orders, intents, archived }: Status, spec: Spec | undefined): boolean {
  if (current === undefined || archived || spec?.kind !== 'certificate' || intents.some(isOpen)) return false;
  if (spec.suspend || spec.key.kind === 'external') return true;
  const paidTill = orders.find(({ ids }) => ids.includes(current.order))?.paidTill;
  return !spec.autoRenew && paidTill !== undefined && endsWithTerm(toMs(current.notAfter), toMs(paidTill));
}

function expiring({ name, status, spec }: NoticeSubject, nowMs: number): readonly Part[] {
  const validity = endsForGood(status, spec) ? validityOf(status.current, nowMs) : undefined;
  if (status.current === undefined || validity === undefined || nowMs < expiringFromMs(validity)) return [];
  const { serial, notAfter } = status.current;
  const days = Math.floor((toMs(validity.till) - nowMs) / DAY_MS);
  const [why, remedy] = reasonToEnd(spec);
  return [
    {
      key: keyOf(name, 'Expiring', serial),
      level: 'attention',
      reason: 'Expiring',
      message: `the certificate ends ${dayOf(toMs(notAfter))}, in ${days} days, and nothing replaces it: ${why}`,
      remedy,
      at: toInstant(expiringFromMs(validity)),
      validity,
    },
  ];
}

function reasonToEnd(spec: Spec | undefined): readonly [why: string, remedy: string] {
  if (spec?.suspend) return ['it is suspended', 'set suspend: false in the manifest'];
  if (spec?.kind === 'certificate' && spec.key.kind === 'external')
    return ['its key is not here', 'name a key in the manifest, or renew it where the key lives'];
  return ['the paid term ends with it, and autoRenew is not set', 'set autoRenew: true in the manifest'];
}

function waits(subject: NoticeSubject, nowMs: number): readonly Part[] {
  const { name, status, conditions, items, warnings } = subject;
  const waiting = conditions.filter(({ type }) => type === 'Waiting');
  if (waiting.length + items.length + warnings.length === 0) return [];
  const validity = validityOf(status.current, nowMs);
  const till = validity === undefined ? {} : { validity };
  const byHand = recordsByHand(status).length > 0;
  const isForPeople = ({ reason }: Condition): boolean =>
    [...PEOPLE].some((who) => reason === `WaitingFor:${who}`) || (byHand && reason === 'WaitingFor:dcv');
  return [
    ...waiting.filter(isForPeople).map(
      ({ reason, message, since, about = '' }): Part => ({
        key: keyOf(name, reason, about),
        level: 'waiting',
        reason,
        message,
        at: since,
        ...till,
      }),
    ),
    ...items.flatMap((item): readonly Part[] => {
      const { hold, price } = item;
      if (hold === undefined || NO_WAIT.has(hold.code) || OF_REPOSITORY.has(hold.code)) return [];
      const action = requestedAction(item);
      return [
        {
          key: holdKey(item),
          level: 'waiting',
          reason: hold.code,
          message: `${action} waits: ${hold.message}`,
          ...(price.kind === 'known' ? { price: price.amount } : {}),
          ...till,
        },
      ];
    }),
    ...warnings
      .filter(({ code, level }) => (level !== 'info' || code === 'proof-ending') && !TOLD_WARNINGS.has(code))
      .map(
        ({ code, message, level }): Part => ({
          key: keyOf(name, code),
          level: level === 'attention' ? 'attention' : 'waiting',
          reason: code,
          message,
          ...till,
        }),
      ),
  ];
}

/** What the plan holds for the repository as a whole, once for all lines: code and message of each. */
export const generalHolds = (
  items: readonly PlanItem[],
): readonly { readonly code: HoldCode; readonly message: string }[] => {
  const first = new Map<HoldCode, string>();
  for (const { hold } of items)
    if (hold && OF_REPOSITORY.has(hold.code) && !first.has(hold.code)) first.set(hold.code, hold.message);
  return [...first].map(([code, message]) => ({ code, message }));
};

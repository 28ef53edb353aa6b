import { isOpen } from '../../model/intent.js';
import type { WaitingFor } from '../../model/order.js';
import type { HoldCode } from '../../model/plan.js';
import { SECOND_MS, toMs } from '../../model/time.js';
import { headOrder, isGone, servingOrder } from '../../planner/facts.js';
import type { Condition } from '../../policy/conditions.js';
import { type Health, health } from '../../policy/health.js';
import { isServed } from '../../policy/serving.js';
import { recordsByHand } from '../../policy/solving.js';
import type { SnapshotSample } from '../../report/metric-catalogue.js';
import { dueDates } from '../due.js';
import type { Entry, Situation } from '../situation.js';
import { isListed, statusRow } from '../status-rows.js';

const STATES = {
  archived: 0,
  attention: 0,
  expired: 0,
  held: 0,
  issuing: 0,
  new: 0,
  ready: 0,
  waiting: 0,
  warning: 0,
} as const satisfies Readonly<Record<Health, number>>;

/** What is asked of people. */
const REASONS = {
  approval: 0,
  money: 0,
  held: 0,
  payment: 0,
  'upstream-payment': 0,
  configuration: 0,
  'approver-mail': 0,
  'call-back': 0,
  documents: 0,
  person: 0,
  records: 0,
  alarm: 0,
} as const;
type Reason = keyof typeof REASONS;

/** Everything per certificate, and the counts of them. What ended and is archived counts no more, as in `status`. Pure. */
export function certificateSamples(situation: Situation): readonly SnapshotSample[] {
  const { nowMs } = situation;
  const listed = situation.entries.filter((entry) => isListed(entry, nowMs));
  const states: Record<Health, number> = { ...STATES };
  const reasons: Record<Reason, number> = { ...REASONS };
  const levels = { warning: 0, attention: 0 };
  const samples: SnapshotSample[] = [];
  const holds = holdsByName(situation);
  for (const entry of listed) {
    const state = health(entry.status, entry.conditions);
    states[state] += 1;
    for (const reason of new Set(reasonsOf(entry, holds.get(entry.name) ?? []))) reasons[reason] += 1;
    for (const { level } of entry.conditions) if (level !== 'info') levels[level] += 1;
    samples.push(...samplesOf(entry, situation, state));
  }
  return [
    ...samples,
    ...counted('certwright_certificates', 'state', states),
    ...counted('certwright_certificates_waiting_for_person', 'reason', reasons),
    ...counted('certwright_conditions', 'level', levels),
  ];
}

const counted = (
  name: SnapshotSample['name'],
  label: string,
  counts: Readonly<Record<string, number>>,
): readonly SnapshotSample[] =>
  Object.entries(counts).map(([key, value]) => ({ name, labels: { [label]: key }, value }));

function samplesOf(entry: Entry, { input, reading }: Situation, state: Health): readonly SnapshotSample[] {
  const { name: certificate, status } = entry;
  const { kind, provider = '', environment = '', product = '' } = statusRow(entry, reading.configuration);
  const order = servingOrder(status) ?? headOrder(status);
  const { reissueAt, renewAt } = dueDates(entry, input);
  const at = (name: SnapshotSample['name'], instant: string | undefined, more = {}) =>
    instant === undefined
      ? []
      : [{ name, labels: { certificate, ...more }, value: toMs(instant) / SECOND_MS }];
  const failures = Object.values(status.failures).reduce((sum, failure) => sum + (failure?.count ?? 0), 0);
  return [
    {
      name: 'certwright_certificate_info',
      labels: { certificate, kind, provider, environment, product },
      value: 1,
    },
    { name: 'certwright_certificate_state', labels: { certificate, state }, value: 1 },
    ...at('certwright_certificate_not_after_timestamp_seconds', status.current?.notAfter),
    // What came to nothing was not paid for.
    ...at(
      'certwright_certificate_paid_till_timestamp_seconds',
      order && !isGone(order) ? order.paidTill : undefined,
    ),
    ...at('certwright_certificate_next_due_timestamp_seconds', reissueAt, { action: 'reissue' }),
    ...at('certwright_certificate_next_due_timestamp_seconds', renewAt, { action: 'renew' }),
    { name: 'certwright_certificate_failures', labels: { certificate }, value: failures },
    ...conditionSamples(certificate, entry.conditions),
    ...endpointSamples(entry),
  ];
}

/** Two of one kind, such as two endpoints, are one, since the earlier. That all is well is no condition to tell. */
function conditionSamples(certificate: string, conditions: readonly Condition[]): readonly SnapshotSample[] {
  const since = new Map<
    string,
    { readonly labels: Readonly<Record<string, string>>; readonly value: number }
  >();
  for (const { type, reason, level, since: instant } of conditions) {
    if (type === 'Ready') continue;
    const key = `${type} ${reason} ${level}`;
    const value = Math.min(since.get(key)?.value ?? Infinity, toMs(instant) / SECOND_MS);
    since.set(key, { labels: { certificate, type, reason, level }, value });
  }
  return [...since.values()].map((one) => ({
    name: 'certwright_certificate_condition_since_timestamp_seconds',
    ...one,
  }));
}

/** What nobody could see is neither served nor not. */
function endpointSamples({ name: certificate, endpoints }: Entry): readonly SnapshotSample[] {
  return endpoints.flatMap(({ endpoint, look }): readonly SnapshotSample[] => {
    if (look === undefined) return [];
    const labels = { certificate, endpoint };
    const served = isServed(look.findings);
    return [
      ...(served === undefined
        ? []
        : [{ name: 'certwright_certificate_endpoint_served' as const, labels, value: Number(served) }]),
      {
        name: 'certwright_certificate_endpoint_checked_timestamp_seconds',
        labels,
        value: toMs(look.at) / SECOND_MS,
      },
    ];
  });
}

function holdsByName({ plan }: Situation): ReadonlyMap<string, readonly HoldCode[]> {
  const holds = new Map<string, HoldCode[]>();
  for (const { name, hold } of plan?.items ?? []) {
    if (hold === undefined) continue;
    const own = holds.get(name);
    if (own === undefined) holds.set(name, [hold.code]);
    else own.push(hold.code);
  }
  return holds;
}

/** By whom a line is released; undefined: by time, by the person who suspended it, or by whoever heeds the alarm. */
const BY_HOLD: Readonly<Record<HoldCode, Reason | undefined>> = {
  'approval-missing': 'approval',
  'price-unknown': 'money',
  'price-above-ceiling': 'money',
  'currency-differs': 'money',
  'no-spending-limit': 'money',
  'no-ceiling': 'money',
  'limit-order': 'money',
  'limit-day': 'money',
  'limit-month': 'money',
  balance: 'money',
  'product-stopped': 'money',
  'approval-never': 'held',
  preflight: 'held',
  'foreign-order': 'held',
  'not-served': 'held',
  'no-provider': 'held',
  'state-integrity': 'held',
  'state-rebuilt': 'held',
  'manifests-diverged': 'held',
  'wrong-remote': 'held',
  'no-recipient-proven': 'held',
  'key-external': 'held',
  'key-compromised': 'held',
  unsupported: 'held',
  'manifest-invalid': 'held',
  unsafe: 'held',
  'account-busy': undefined,
  'provider-down': undefined,
  suspended: undefined,
  breaker: undefined,
  'unknown-outcome': undefined,
};

/** The certificate authority and the proof of control finish by themselves. */
const BY_WAIT: Readonly<Record<WaitingFor, Reason | undefined>> = {
  payment: 'payment',
  'upstream-payment': 'upstream-payment',
  configuration: 'configuration',
  'approver-mail': 'approver-mail',
  'call-back': 'call-back',
  documents: 'documents',
  person: 'person',
  dcv: undefined,
  ca: undefined,
};

function reasonsOf({ status, conditions }: Entry, holds: readonly HoldCode[]): readonly Reason[] {
  const under = status.intents.some(isOpen)
    ? status.orders.flatMap(({ waitingFor }) => waitingFor ?? [])
    : [];
  return [
    ...holds.map((code) => BY_HOLD[code]),
    ...under.map((waiting) => BY_WAIT[waiting]),
    ...(recordsByHand(status).length > 0 ? (['records'] as const) : []),
    ...(conditions.some(({ level }) => level === 'attention') ? (['alarm'] as const) : []),
  ].filter((reason) => reason !== undefined);
}

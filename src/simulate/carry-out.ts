import { hash } from 'node:crypto';
import { type Calendar, validityLimitDays } from '../model/calendar.js';
import type { IntendedIntent, OpenIntent } from '../model/intent.js';
import { isOpen } from '../model/intent.js';
import type { CertificateSpec } from '../model/manifest.js';
import { laneOf, type OrderSnapshot, type PaidOrFreeAction } from '../model/order.js';
import type { PlanItem } from '../model/plan.js';
import type { CurrentCertificate, OrderRecord, Status } from '../model/status.js';
import { DAY_MS, SECOND_MS, toInstant, toMs } from '../model/time.js';
import { LEAD_DAYS } from '../model/vetting.js';
import { orderById } from '../planner/facts.js';
import type { ProviderFacts } from '../planner/input.js';
import { validationLevel } from '../planner/timing.js';
import { costOf } from '../policy/spending.js';
import { replaceIntent, withIntent } from '../reconcile/intents.js';
import { withOrderFacts, withPublished } from '../reconcile/order-facts.js';
import { withStepDone } from '../reconcile/step-done.js';

/** What a line is carried out with. */
export interface Sending {
  readonly item: PlanItem;
  readonly spec: CertificateSpec;
  readonly provider: ProviderFacts;
  /** Different for every line of a simulation. */
  readonly serial: number;
  readonly nowMs: number;
}

const STEP = 'simulated';

const hexOf = (text: string): string => hash('sha256', text);

/**
 * The provider takes it at once, and charges what it quoted. The facts change by the very functions a run uses.
 */
export function sent(status: Status, sending: Sending): Status {
  const { item, provider, nowMs, serial } = sending;
  const intent = intentOf(status, sending);
  const buys = intent.action === 'order' || intent.action === 'renew';
  const old = item.predecessor === undefined ? undefined : orderById(status, item.predecessor);
  const charged = item.price.kind === 'known' ? costOf(item.price.amount, provider.config.tax) : undefined;
  const counting = provider.capabilities.termCounting;
  const orderId = `simulated-${serial}`;
  const done = withStepDone(withIntent(status, intent), {
    intentId: intent.id,
    step: STEP,
    outcome: {
      result: {},
      ...(buys ? { orderId } : {}),
      ...(charged === undefined ? {} : { charged }),
    },
    atMs: nowMs,
    counting,
  });
  const order = buys ? orderById(done, orderId) : undefined;
  if (!order) return done;
  const carriedDays = carries(intent.action, old, provider) ? remainingDays(old, nowMs) : 0;
  return withOrderFacts(done, { ...snapshotOf(order, 'pending'), carriedDays }, counting);
}

const carries = (
  action: PaidOrFreeAction,
  old: OrderRecord | undefined,
  { config, capabilities }: ProviderFacts,
): boolean => action === 'renew' && capabilities.carriesRemainingDays && old?.provider === config.id;

const remainingDays = (old: OrderRecord | undefined, nowMs: number): number =>
  old?.paidTill === undefined ? 0 : Math.max(0, Math.floor((toMs(old.paidTill) - nowMs) / DAY_MS));

const snapshotOf = (order: OrderRecord, state: OrderSnapshot['state']): OrderSnapshot => ({
  id: order.id,
  ids: order.ids,
  state,
  product: order.product,
  names: order.names,
  ...(order.paidTill === undefined ? {} : { paidTill: order.paidTill }),
  validation: [],
});

function intentOf(status: Status, { item, spec, provider, serial, nowMs }: Sending): IntendedIntent {
  const action = item.action as PaidOrFreeAction;
  const lane = laneOf(action);
  const old = item.predecessor === undefined ? undefined : orderById(status, item.predecessor);
  const now = toInstant(nowMs);
  const asked = status.requests.find((request) => request.action === 'revoke');
  const revoked = action === 'revoke' ? (asked?.serial ?? status.current?.serial) : undefined;
  return {
    id: `simulated-${serial}`,
    lane,
    action,
    provider: provider.config.id,
    environment: provider.config.environment,
    request: {
      action,
      reference: `simulated-${serial}`,
      ...(old === undefined || action === 'order' ? {} : { predecessor: { orderId: old.id, ids: old.ids } }),
      product: item.product ?? old?.product ?? '',
      ...(item.term === undefined ? {} : { term: item.term }),
      names: item.names ?? spec.names,
      commonName: spec.commonName,
      validation: [],
      options: {},
      unique: {},
      ...(revoked === undefined
        ? {}
        : { revocation: { serial: revoked, reason: asked?.revocationReason ?? 'unspecified' } }),
      ...(action === 'set-auto-renew' ? { autoRenew: false } : {}),
    },
    ...(item.predecessor === undefined || lane === 'free' ? {} : { follows: item.predecessor }),
    quoted: item.price.kind === 'known' ? item.price.amount : null,
    approval: item.approval ?? { kind: 'free' },
    manifestCommit: '',
    manifestDigest: spec.digest,
    createdAt: now,
    reason: item.reason,
    steps: [{ name: STEP, paid: lane === 'purchase', phase: 'intended' }],
    resends: 0,
    phase: 'intended',
    nonce: '',
    sendBy: now,
    settledAt: now,
  };
}

/** What was announced before the simulated time began went through; its steps count as one. */
export function settledAsSent(
  status: Status,
  intent: IntendedIntent,
  provider: ProviderFacts,
  serial: number,
  nowMs: number,
): Status {
  const step = { name: STEP, paid: intent.lane === 'purchase', phase: 'intended' } as const;
  const buys = intent.action === 'order' || intent.action === 'renew';
  return withStepDone(replaceIntent(status, { ...intent, steps: [step] }), {
    intentId: intent.id,
    step: STEP,
    outcome: { result: {}, ...(buys ? { orderId: `simulated-${serial}` } : {}) },
    atMs: nowMs,
    counting: provider.capabilities.termCounting,
  });
}

/** Whole days that vetting takes before the certificate of this intent comes out. */
export const leadDaysOf = (intent: OpenIntent, provider: ProviderFacts | undefined): number =>
  LEAD_DAYS[validationLevel(provider, intent.request.product)];

/** An intent whose certificate can come out. */
export type Issuing = Extract<OpenIntent, { phase: 'placed' | 'issued' }>;

export const placedIntents = (status: Status | undefined): readonly Issuing[] =>
  (status?.intents ?? [])
    .filter(isOpen)
    .filter((intent) => intent.phase === 'placed' || intent.phase === 'issued');

/**
 * The certificate comes out: as long as the calendar allows less the day that authorities keep back, and never past what
 * is paid.
 */
export function published(
  status: Status,
  intent: Issuing,
  { spec, provider, serial, nowMs }: Omit<Sending, 'item'>,
  calendar: Calendar,
): Status {
  const order = orderById(status, intent.orderId);
  const shown =
    order && order.state !== 'issued'
      ? withOrderFacts(status, snapshotOf(order, 'issued'), provider.capabilities.termCounting)
      : status;
  const paidTill = orderById(shown, intent.orderId)?.paidTill;
  const longestMs = nowMs + Math.max(1, validityLimitDays(nowMs, undefined, calendar) - 1) * DAY_MS;
  const endMs =
    paidTill === undefined ? longestMs : Math.min(longestMs, Math.max(toMs(paidTill), nowMs + DAY_MS));
  const keyHash = spec.key.kind === 'csr' ? spec.key.keyHash : hexOf(`key ${serial}`);
  const certificate: CurrentCertificate = {
    serial: hexOf(`serial ${serial}`).slice(0, 32),
    sha256: hexOf(`certificate ${serial}`),
    names: intent.request.names,
    notBefore: toInstant(nowMs),
    notAfter: toInstant(endMs - SECOND_MS),
    issuer: 'simulated',
    keyHash,
    keyAlgorithm: spec.key.kind === 'generated' ? spec.key.algorithm : 'unknown',
    order: intent.orderId,
    publishedAt: toInstant(nowMs),
    reason: intent.reason,
    ownKey: spec.key.kind === 'generated',
  };
  return withPublished(shown, intent, {
    certificate,
    proofs: status.proofs ?? [],
    ...(spec.reissue === undefined ? {} : { reissueText: spec.reissue }),
    ...(spec.owner === undefined ? {} : { owner: spec.owner }),
    atMs: nowMs,
  });
}

import {
  type ClosedIntent,
  type CloseOutcome,
  type IntendedIntent,
  type Intent,
  isOpen,
  type OpenIntent,
  type StepRecord,
} from '../model/intent.js';
import type { OrderRecord, Status } from '../model/status.js';
import { toInstant } from '../model/time.js';

/*
 * Facts after an event, here and in `step-done`, `step-undone` and `order-ends`: pure functions from status to status. Each
 * takes the status of the head it will be put upon, so that the same event can be applied again on a head that moved.
 */

const KEPT_CLOSED_INTENTS = 5;

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
  const { archived: _back, ...active } = withApprovalUsed(replaceIntent(status, intent), intent);
  return {
    ...active,
    ...(intent.request.licence ? { kind: 'sitelock' as const } : {}),
    manifestDigest: intent.manifestDigest,
  };
}

/** The approval file of an intent is used up; one that was given back is again, where the intent went through after all. */
export function withApprovalUsed(status: Status, { approval }: Intent): Status {
  const { consumedApprovals } = status;
  if (approval.kind !== 'file' || consumedApprovals.includes(approval.subjectDigest)) return status;
  return { ...status, consumedApprovals: [...consumedApprovals, approval.subjectDigest] };
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

/** Fields all phases share: what changes phase drops the rest. */
export function baseOf(intent: OpenIntent) {
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

export const currentStep = (intent: Intent): number =>
  intent.steps.findIndex((step) => step.phase === 'intended');

export const plannedStep = (intent: Intent): number =>
  intent.steps.findIndex((step) => step.phase === 'planned');

export const setStep = (
  steps: readonly StepRecord[],
  index: number,
  step: Partial<StepRecord>,
): readonly StepRecord[] => steps.map((old, i) => (i === index ? { ...old, ...step } : old));

export const continuesOrder = (intent: OpenIntent): boolean =>
  intent.action !== 'order' && intent.action !== 'renew';

export const orderOfIntent = (status: Status, intent: OpenIntent): OrderRecord | undefined => {
  const id = intent.request.predecessor?.orderId;
  return id === undefined ? undefined : status.orders.find((order) => order.ids.includes(id));
};

/** The order an intent is about: the one it continues, or the one bought under its reference. */
export const knownOrderId = (status: Status, intent: OpenIntent): string =>
  (continuesOrder(intent)
    ? orderOfIntent(status, intent)
    : status.orders.findLast((order) => order.reference === intent.request.reference)
  )?.id ?? '';

/** One order of a status, replaced in its place. */
export const replaceOrder = (status: Status, old: OrderRecord, next: OrderRecord): Status => ({
  ...status,
  orders: status.orders.map((order) => (order === old ? next : order)),
});

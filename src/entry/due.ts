import { optional } from '../config/json.js';
import type { SitelockSpec } from '../model/manifest.js';
import type { Lane } from '../model/order.js';
import type { Status } from '../model/status.js';
import { type Instant, toInstant } from '../model/time.js';
import { hasTermLeft, headOrder, isGone, servingOrder } from '../planner/facts.js';
import { isCertificate, NO_FACTS, type PlanInput, type Subject } from '../planner/input.js';
import { licenceDueMs } from '../planner/licence.js';
import { reissueOf, renewalOf } from '../planner/timing.js';
import { nextTryMs } from '../policy/failures.js';
import type { Entry } from './situation.js';

/** When the next reissue and the next paid renewal fall due; absent where none will follow. */
export interface DueDates {
  readonly reissueAt?: Instant;
  readonly renewAt?: Instant;
}

/** Suspended and vanished manifests ask for nothing, so nothing falls due. */
export function dueDates({ name, spec, status }: Entry, input: PlanInput | undefined): DueDates {
  if (!spec || !input || spec.suspend) return {};
  if (!isCertificate(spec)) return licenceDue(spec, status, input);
  const subject: Subject = { name, spec, status, facts: input.facts.get(name) ?? NO_FACTS, input };
  return { ...reissueDue(subject), ...renewalDue(subject) };
}

/** Of the main licence; one that is renewed elsewhere falls due for nobody here. */
function licenceDue(spec: SitelockSpec, status: Status, input: PlanInput): Pick<DueDates, 'renewAt'> {
  const main = headOrder(status);
  if (!main || !spec.autoRenew || spec.renewedBy === 'provider' || isGone(main)) return {};
  const dueMs = licenceDueMs(spec, input.providers.get(main.provider)?.licences, main);
  return dueMs === undefined ? {} : { renewAt: toInstant(dueMs) };
}

function reissueDue(subject: Subject): Pick<DueDates, 'reissueAt'> {
  const { spec, status, input } = subject;
  const order = servingOrder(status);
  if (!status.current || !order || spec.key.kind === 'external' || !hasTermLeft(order, input.nowMs))
    return {};
  const schedule = reissueOf(subject, order, status.current);
  return schedule.needed ? { reissueAt: toInstant(schedule.dueMs) } : {};
}

function renewalDue(subject: Subject): Pick<DueDates, 'renewAt'> {
  const head = headOrder(subject.status);
  if (!head || !subject.spec.autoRenew) return {};
  const renewal = renewalOf(subject, head);
  return renewal ? { renewAt: toInstant(renewal.dueMs) } : {};
}

/** When a lane that failed is tried again, by lane. A manifest that changed meanwhile starts afresh. */
export function nextTries({ spec, status }: Entry): Partial<Readonly<Record<Lane, Instant>>> {
  if (spec && spec.digest !== status.manifestDigest) return {};
  const next = (lane: Lane) => {
    const failure = status.failures[lane];
    return failure && toInstant(nextTryMs(failure));
  };
  return { ...optional('purchase', next('purchase')), ...optional('free', next('free')) };
}

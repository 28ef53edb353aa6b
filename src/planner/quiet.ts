import { nextCutOver } from '../model/calendar.js';
import type { Configuration } from '../model/configuration.js';
import { isOpen } from '../model/intent.js';
import type { Spec } from '../model/manifest.js';
import type { RunMemory } from '../model/run-memory.js';
import type { Status } from '../model/status.js';
import { DAY_MS, parseInstant, toMs } from '../model/time.js';
import { hookWaitedForMs } from '../policy/compromised.js';
import type { ReissueRule } from '../policy/coverage.js';
import { nextLookMs } from '../policy/doubts.js';
import { nextTryMs } from '../policy/failures.js';
import { SAID_AHEAD_MS } from '../policy/proofs.js';
import {
  lateRenewalMs,
  overdueFromMs,
  type RenewalInput,
  reissueSchedule,
  renewal,
} from '../policy/schedule.js';
import { servingDates } from '../policy/serving.js';
import { looksAt, watchedEndpoints } from './endpoints.js';
import { certificateEndMs, headOrder, servingOrder } from './facts.js';
import { isCertificate, isSitelock, type PlanInput } from './input.js';
import { licenceDueMs } from './licence.js';
import { adviceOf, validationLevel } from './timing.js';

/** What the clock can change the meaning of. */
export type QuietInput = Pick<PlanInput, 'providers' | 'nowMs'> & {
  readonly desired: Pick<PlanInput['desired'], 'specs' | 'approvals'>;
  readonly state: Pick<PlanInput['state'], 'statuses'>;
  /** What is known of endpoints; absent: nothing is dialled. */
  readonly serving?: {
    readonly configuration: Pick<Configuration, 'endpoints'>;
    readonly memory: Pick<RunMemory, 'endpoints'>;
  };
};

/** From here on a paid term that nobody renews is said louder. */
const URGENT_MS = 7 * DAY_MS;

/**
 * For facts from which no line, no warning and no alarm follows now: the first instant at which one may follow, by the
 * clock alone. Until then plan and conditions stay as they are. Epoch ms, Infinity where no date lies ahead.
 *
 * Too early is harmless, too late lets a certificate expire unseen: so every date that anything is compared with
 * counts, also where the present facts make it idle. (What only lines are weighed with, such as days of spending, does
 * not: there are none.)
 */
export function quietUntilMs(input: QuietInput): number {
  const { nowMs } = input;
  const specs = new Map(input.desired.specs.map((spec) => [spec.name, spec]));
  let first = nextCutOver(nowMs) ?? Infinity;
  const count = (ms: number | undefined): void => {
    // One that is reached this very moment may be compared with `<` or `<=`.
    if (ms !== undefined && ms >= nowMs && ms < first) first = ms;
  };
  for (const { validUntil, subjects } of input.desired.approvals) {
    if (validUntil !== undefined) count(parseInstant(validUntil));
    for (const subject of subjects) count(parseInstant(subject.validUntil));
  }
  for (const status of input.state.statuses.values())
    countStatus(input, status, specs.get(status.name), count);
  countEndpoints(input, count);
  return first;
}

/** When endpoints are dialled again, and when a certificate that is not served there is an alarm. */
function countEndpoints({ serving, desired, state, nowMs }: QuietInput, count: Count): void {
  if (serving === undefined) return;
  const { configuration, memory } = serving;
  const { servedWithinMs } = configuration.endpoints;
  for (const seen of looksAt(watchedEndpoints(configuration, desired.specs, state.statuses), memory))
    for (const ms of servingDates(seen, seen.current, servedWithinMs, nowMs)) count(ms);
}

type Count = (ms: number | undefined) => void;

function countStatus(input: QuietInput, status: Status, spec: Spec | undefined, count: Count): void {
  const { current, failures, requests, intents, doubts = [], undelivered } = status;
  for (const failure of Object.values(failures)) count(nextTryMs(failure));
  for (const { failure, deadline } of requests) {
    if (failure !== undefined) count(nextTryMs(failure));
    if (deadline !== undefined) count(toMs(deadline));
  }
  if (undelivered?.failure !== undefined) count(nextTryMs(undelivered.failure));
  if (requests.some(({ afterReissue }) => afterReissue)) count(hookWaitedForMs(status));
  for (const intent of intents.filter(isOpen)) {
    if (intent.phase === 'intended') count(toMs(intent.settledAt));
  }
  // No line of a plan, but a call: a purchase that was in doubt is looked at again.
  for (const doubt of doubts) count(nextLookMs(doubt));
  if (current !== undefined) {
    count(toMs(current.notBefore));
    count(certificateEndMs(current));
    const revokesMs = current.revokesAt === undefined ? undefined : toMs(current.revokesAt);
    count(revokesMs);
    if (revokesMs !== undefined) count(revokesMs - DAY_MS);
  }
  countReplacements(input, status, spec, count);
  countTerms(input, status, spec, count);
}

/** When the certificate is due, and when it is overdue; by every order that a rule is taken from. */
function countReplacements(
  { providers, nowMs }: QuietInput,
  status: Status,
  spec: Spec | undefined,
  count: Count,
): void {
  const { name, current } = status;
  if (current === undefined) return;
  const certificate = { notBeforeMs: toMs(current.notBefore), notAfterMs: toMs(current.notAfter) };
  const before = spec && isCertificate(spec) ? spec.reissueBeforeMs : undefined;
  const used = new Set([servingOrder(status), headOrder(status), undefined]);
  for (const order of used) {
    const rule: ReissueRule = {
      validation: order ? validationLevel(providers.get(order.provider), order.product) : 'dv',
      ...(before === undefined ? {} : { reissueBeforeMs: before }),
    };
    count(overdueFromMs(certificate, rule));
    if (order === undefined) continue;
    const till = order.paidTill === undefined ? {} : { paidTillMs: toMs(order.paidTill) };
    const schedule = reissueSchedule({ name, nowMs, ...certificate, ...till, ...adviceOf(current), ...rule });
    if (!schedule.needed) continue;
    count(schedule.dueMs);
    if (status.proofs !== undefined) count(schedule.dueMs - SAID_AHEAD_MS);
    count(schedule.attentionFromMs);
  }
}

/** When what is paid ends, and when that is due, or said; with the provider's window and without it. */
function countTerms(
  { providers, nowMs }: QuietInput,
  { orders, current }: Status,
  spec: Spec | undefined,
  count: Count,
): void {
  for (const order of orders) {
    const { paidTill, provider: id, product } = order;
    if (paidTill === undefined) continue;
    const paidTillMs = toMs(paidTill);
    count(paidTillMs);
    count(paidTillMs - URGENT_MS);
    // Nothing that is asked of a term is asked after its end.
    if (paidTillMs < nowMs) continue;
    const provider = providers.get(id);
    if (spec && isSitelock(spec)) {
      count(licenceDueMs(spec, provider?.licences, order));
      continue;
    }
    const { renewBeforeMs } = spec && isCertificate(spec) ? spec : {};
    const asked: RenewalInput = {
      nowMs,
      paidTillMs,
      validation: validationLevel(provider, product),
      carriesRemainingDays: provider?.capabilities.carriesRemainingDays ?? false,
      ...(renewBeforeMs === undefined ? {} : { renewBeforeMs }),
    };
    const windowMs = provider?.capabilities.renewalWindowMs;
    for (const input of windowMs === undefined ? [asked] : [asked, { ...asked, windowMs }]) {
      const { dueMs, remindersMs } = renewal(input);
      count(dueMs);
      if (current !== undefined) count(lateRenewalMs(dueMs, certificateEndMs(current)));
      for (const reminder of remindersMs) count(reminder);
    }
  }
}

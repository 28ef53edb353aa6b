import type { CurrentCertificate, OrderRecord } from '../model/status.js';
import { toMs } from '../model/time.js';
import {
  type ReissueInput,
  type ReissueSchedule,
  type Renewal,
  reissueSchedule,
  renewal,
} from '../policy/schedule.js';
import { providerOf } from './facts.js';
import type { ProviderFacts, Subject } from './input.js';

/** How far vetting reaches for this product; what is not listed counts as domain-validated. */
export const validationLevel = (provider: ProviderFacts | undefined, product: string) =>
  provider?.products.find((p) => p.id === product)?.validation ?? 'dv';

/** The CA's own window, as the schedule wants it. */
export const adviceOf = ({ advice }: CurrentCertificate): Pick<ReissueInput, 'advice'> =>
  advice === undefined ? {} : { advice: { startMs: toMs(advice.startAt), endMs: toMs(advice.endAt) } };

/** When the current certificate is due for a reissue inside what is paid. */
export function reissueOf(s: Subject, order: OrderRecord, current: CurrentCertificate): ReissueSchedule {
  return reissueSchedule({
    name: s.name,
    nowMs: s.input.nowMs,
    notBeforeMs: toMs(current.notBefore),
    notAfterMs: toMs(current.notAfter),
    ...(order.paidTill === undefined ? {} : { paidTillMs: toMs(order.paidTill) }),
    ...adviceOf(current),
    validation: validationLevel(providerOf(s, order.provider), order.product),
    ...(s.spec.reissueBeforeMs === undefined ? {} : { reissueBeforeMs: s.spec.reissueBeforeMs }),
    ...(s.input.calendar === undefined ? {} : { calendar: s.input.calendar }),
  });
}

/** When the paid term is due for a renewal; undefined for an order without one. */
export function renewalOf(s: Subject, order: OrderRecord): Renewal | undefined {
  if (order.paidTill === undefined) return undefined;
  const provider = providerOf(s, order.provider);
  return renewal({
    nowMs: s.input.nowMs,
    paidTillMs: toMs(order.paidTill),
    validation: validationLevel(provider, order.product),
    carriesRemainingDays: provider?.capabilities.carriesRemainingDays ?? false,
    ...(s.spec.renewBeforeMs === undefined ? {} : { renewBeforeMs: s.spec.renewBeforeMs }),
    ...(provider?.capabilities.renewalWindowMs === undefined
      ? {}
      : { windowMs: provider.capabilities.renewalWindowMs }),
  });
}

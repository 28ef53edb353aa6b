import {
  findLicence,
  type LicenceOffer,
  type LicenceProduct,
  licenceRenewBeforeMs,
} from '../model/licence.js';
import type { SitelockSpec } from '../model/manifest.js';
import type { OrderRecord, Status } from '../model/status.js';
import { formatTerm, parseTerm, type Term } from '../model/term.js';
import { toMs } from '../model/time.js';
import { hasTermLeft, headOrder, isGone, isLiveOnly } from './facts.js';
import type { CertificateFacts, PlanInput, PriceQuestion, ProviderFacts } from './input.js';

/** Everything that website protection of one site is decided from. */
export interface LicenceSubject {
  readonly name: string;
  readonly spec: SitelockSpec;
  readonly status: Status;
  readonly facts: CertificateFacts;
  readonly input: PlanInput;
}

/** An account that sells what the manifest asks for. */
export interface Seller {
  readonly account: ProviderFacts;
  readonly offer: LicenceOffer;
  readonly main: LicenceProduct;
  readonly addOns: readonly LicenceProduct[];
}

/** The first of its accounts that sells the licence; undefined where none does. */
export function sellerOf({
  spec,
  input,
}: {
  readonly spec: SitelockSpec;
  readonly input: Pick<PlanInput, 'providers'>;
}): Seller | undefined {
  for (const id of spec.providers) {
    const account = input.providers.get(id);
    const main = findLicence(account?.licences, spec.product);
    if (account?.licences === undefined || main?.role !== 'main') continue;
    const addOns = spec.addOns.flatMap((name) => findLicence(account.licences, name) ?? []);
    return { account, offer: account.licences, main, addOns };
  }
  return undefined;
}

/** What was rehearsed or tested never counts as live. */
const counts = (s: LicenceSubject, { environment }: OrderRecord): boolean =>
  environment === 'live' || !isLiveOnly(s.spec, s.input);

/** The newest main licence that counts for the manifest as it is now. */
export function mainOrder(s: LicenceSubject): OrderRecord | undefined {
  const head = headOrder(s.status);
  return head && counts(s, head) ? head : undefined;
}

export const addOnOrder = (s: LicenceSubject, product: string): OrderRecord | undefined =>
  s.status.orders.findLast((order) => order.addOn && order.product === product && counts(s, order));

/** Bought add-ons that are there now, wanted or not. */
export const liveAddOns = (s: LicenceSubject): readonly OrderRecord[] =>
  s.status.orders.filter((order) => order.addOn && isThere(order, s.input.nowMs) && counts(s, order));

/**
 * One that renews itself is believed to be there, since nothing tells: what stands beside it is refused if it is not.
 */
export const isThere = (order: OrderRecord, nowMs: number): boolean =>
  order.state === 'issued' && !isGone(order) && (hasTermLeft(order, nowMs) || renewsItself(order));

/** When a licence falls due for its renewal, epoch ms; undefined for what is sold once. */
export function licenceDueMs(
  spec: SitelockSpec,
  offer: LicenceOffer | undefined,
  order: OrderRecord,
): number | undefined {
  const term = order.term === undefined ? spec.term : parseTerm(order.term);
  if (order.paidTill === undefined || term === undefined) return undefined;
  const beforeMs = spec.renewBeforeMs ?? licenceRenewBeforeMs(term);
  return toMs(order.paidTill) - Math.min(beforeMs, offer?.renewalWindowMs ?? Infinity);
}

/** Does the provider renew it by itself, as far as was said when it was ordered? No call reads it. */
export const renewsItself = (order: OrderRecord): boolean => order.autoRenew === true;

/** What is paid for; nothing for what is sold once. */
export const boughtTerm = (spec: SitelockSpec, product: LicenceProduct): Term | undefined =>
  product.terms.length === 0 ? undefined : spec.term;

export function questionFor(
  s: LicenceSubject,
  account: ProviderFacts,
  product: LicenceProduct,
  action: 'order' | 'renew',
  predecessor: string | undefined,
): PriceQuestion {
  const term = boughtTerm(s.spec, product);
  return {
    name: s.name,
    provider: account.config.id,
    environment: account.config.environment,
    action,
    product: product.id,
    ...(term === undefined ? {} : { term: formatTerm(term) }),
    names: [s.spec.domain],
    ...(predecessor === undefined ? {} : { predecessor }),
  };
}

/** The manifest that says who the customer is, by way of those that join another one's. */
export function customerSpec(
  specs: ReadonlyMap<string, SitelockSpec>,
  spec: SitelockSpec,
): SitelockSpec | undefined {
  const seen = new Set<string>();
  for (let now: SitelockSpec | undefined = spec; now !== undefined; ) {
    if (now.customerOf === undefined) return now;
    if (seen.has(now.name)) return undefined;
    seen.add(now.name);
    now = specs.get(now.customerOf);
  }
  return undefined;
}

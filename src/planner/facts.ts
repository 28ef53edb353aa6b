import type { Capabilities } from '../model/capabilities.js';
import { isOpen, type OpenIntent } from '../model/intent.js';
import type { CertificateSpec, Spec } from '../model/manifest.js';
import type { Lane, OrderSnapshot, OrderState } from '../model/order.js';
import type { CurrentCertificate, OrderRecord, Status } from '../model/status.js';
import { formatTerm } from '../model/term.js';
import { toMs } from '../model/time.js';
import type { PlanInput, ProviderFacts, Subject } from './input.js';

const DEAD: ReadonlySet<OrderState> = new Set(['rejected', 'cancelled', 'refunded']);

/** Ended without a certificate that counts: nothing of it can be used. */
export const isDead = (state: OrderState): boolean => DEAD.has(state);

/** Does this order at a provider make another purchase one too many? Pending, or with term left. */
export const stillCounts = (order: OrderSnapshot, nowMs: number): boolean =>
  order.state === 'pending' ||
  (!isDead(order.state) && (order.paidTill === undefined || toMs(order.paidTill) > nowMs));

/** Nothing of it can be used: it is dead, or a person gave it up. */
export const isGone = (order: OrderRecord): boolean => isDead(order.state) || order.abandoned !== undefined;

/** The newest order; of website protection the newest that is for the site itself. */
export const headOrder = (status: Status): OrderRecord | undefined =>
  status.orders.findLast((order) => !order.addOn);

/** The order the current certificate belongs to. */
export const servingOrder = (status: Status): OrderRecord | undefined =>
  status.current === undefined ? undefined : orderById(status, status.current.order);

/** Are all providers of a manifest live ones? */
export function isLiveOnly(spec: Pick<Spec, 'providers'>, input: PlanInput): boolean {
  const environments = spec.providers.flatMap((id) => input.providers.get(id)?.config.environment ?? []);
  return environments.length > 0 && environments.every((environment) => environment === 'live');
}

/** What was rehearsed or tested never counts as live: such an order serves no manifest that is served live only. */
function countsFor(s: Subject, order: OrderRecord): boolean {
  return order.environment === 'live' || !isLiveOnly(s.spec, s.input);
}

/** The newest order that counts for the manifest as it is now. */
export const headOf = (s: Subject): OrderRecord | undefined =>
  s.status.orders.findLast((order) => countsFor(s, order));

/** The order the current certificate belongs to, if it counts for the manifest as it is now. */
export function servingOf(s: Subject): OrderRecord | undefined {
  const order = servingOrder(s.status);
  return order && countsFor(s, order) ? order : undefined;
}

export const orderById = (status: Status, id: string): OrderRecord | undefined =>
  status.orders.find((order) => order.id === id || order.ids.includes(id));

/** Two providers may well count alike: an id tells an order only beside its provider. */
export const orderAt = (status: Status, provider: string | undefined, id: string): OrderRecord | undefined =>
  status.orders.find((order) => order.provider === provider && order.ids.includes(id));

/** The order that a certificate of ours came from, the current one or an earlier one. */
export function orderOfSerial(status: Status, serial: string): OrderRecord | undefined {
  const all = [...(status.current ? [status.current] : []), ...status.previous];
  const certificate = all.find((one) => one.serial === serial);
  return certificate && orderById(status, certificate.order);
}

/** An order keeps its first id for its life; later ones come from reissues at some providers. */
export const stableOrderId = (order: OrderRecord): string => order.ids[0] ?? order.id;

export const hasTermLeft = (order: OrderRecord, nowMs: number): boolean =>
  !isGone(order) && (order.paidTill === undefined || toMs(order.paidTill) > nowMs);

/** At most one per lane; what people ask for, revocations and cancellations, stands beside them. */
export const openIntent = (status: Status, lane: Lane): OpenIntent | undefined =>
  status.intents
    .filter(isOpen)
    .find((intent) => intent.lane === lane && intent.action !== 'revoke' && intent.action !== 'cancel');

export const openRevocation = (status: Status): OpenIntent | undefined =>
  status.intents.filter(isOpen).find((intent) => intent.action === 'revoke');

export const openCancellation = (status: Status): OpenIntent | undefined =>
  status.intents.filter(isOpen).find((intent) => intent.action === 'cancel');

/** The product wanted at a provider, by certwright's name for it: a manifest may give the vendor's code. */
export function productAt(spec: CertificateSpec, provider: ProviderFacts): string | undefined {
  const wanted = spec.product ?? provider.defaultProduct;
  return provider.products.find(({ vendorCode }) => vendorCode === wanted)?.id ?? wanted;
}

/** The term bought at this provider: none where the account sells no terms. */
export const termAt = (spec: CertificateSpec, provider: ProviderFacts): string | undefined =>
  provider.capabilities.terms && spec.term !== undefined ? formatTerm(spec.term) : undefined;

export const providerOf = (subject: Subject, id: string): ProviderFacts | undefined =>
  subject.input.providers.get(id);

export const certificateEndMs = (current: CurrentCertificate): number => toMs(current.notAfter) + 1000;

/** Does the account still renew this order, or sell a new one instead? */
export const isRenewable = (
  { paidTill }: OrderRecord,
  { renewalGraceMs }: Pick<Capabilities, 'renewalGraceMs'>,
  nowMs: number,
): boolean =>
  renewalGraceMs === undefined || paidTill === undefined || nowMs <= toMs(paidTill) + renewalGraceMs;

const used = new WeakMap<PlanInput, ReadonlySet<string>>();

/**
 * Digests of every approval that was used, by whichever certificate: what an approval is for keeps its name when the
 * certificate that used it goes on under another one.
 */
export function usedApprovals(input: PlanInput): ReadonlySet<string> {
  const known = used.get(input);
  if (known) return known;
  const all = new Set<string>();
  for (const { consumedApprovals } of input.state.statuses.values())
    for (const digest of consumedApprovals) all.add(digest);
  used.set(input, all);
  return all;
}

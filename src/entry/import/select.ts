import picomatch from 'picomatch';
import type { ProductInfo } from '../../model/capabilities.js';
import type { LicenceOffer } from '../../model/licence.js';
import type { CertificateSpec, Spec } from '../../model/manifest.js';
import { type DnsName, isWildcard, nameSet, parseName } from '../../model/names.js';
import type { OrderSnapshot, OrderState } from '../../model/order.js';
import type { Status } from '../../model/status.js';
import { formatTerm, parseTerm, type TermCounting, termDays } from '../../model/term.js';
import { addTerm } from '../../model/term-end.js';
import { DAY_MS, dayOf, toMs } from '../../model/time.js';
import { isDead } from '../../planner/facts.js';
import { isCertificate } from '../../planner/input.js';

export interface Filters {
  /** Globs over names; one of an order's names has to fit one. [] = all. */
  readonly domains: readonly string[];
  /** Certwright's name of a product and the provider's own code. [] = all. */
  readonly products: readonly string[];
  readonly states: readonly OrderState[];
  readonly expiresBeforeMs?: number;
}

/** Why an order gets no manifest: a reason to count by, and what it is in this case. */
export interface LeftOut {
  readonly kind: 'skipped' | 'impossible';
  readonly reason: string;
  readonly detail?: string;
}

/** An order that may become a manifest. */
export interface Candidate {
  readonly order: OrderSnapshot;
  /** The first is the common name. */
  readonly names: readonly DnsName[];
}

export type Selected = { readonly order: OrderSnapshot } & ({ readonly candidate: Candidate } | LeftOut);

const skipped = (reason: string, detail?: string): LeftOut => ({
  kind: 'skipped',
  reason,
  ...(detail === undefined ? {} : { detail }),
});
const impossible = (reason: string, detail?: string): LeftOut => ({
  ...skipped(reason, detail),
  kind: 'impossible',
});

const needOf = (names: Iterable<string>, product: string): string =>
  JSON.stringify([nameSet(names), product]);

/** What is declared and recorded already, of one account. */
export interface Known {
  readonly adopted: ReadonlyMap<string, string>;
  readonly recorded: ReadonlyMap<string, Status>;
  readonly needs: ReadonlyMap<string, string>;
  /** Products that are website protection. */
  readonly licences: ReadonlySet<string>;
}

/** @param productOf  certwright's name of the product a manifest means at this account */
export function knownOf(
  provider: string,
  specs: Iterable<Spec>,
  statuses: Iterable<Status>,
  productOf: (spec: CertificateSpec) => string | undefined,
  offer?: LicenceOffer,
): Known {
  const adopted = new Map<string, string>();
  const needs = new Map<string, string>();
  for (const spec of specs) {
    if (!isCertificate(spec) || !spec.providers.includes(provider)) continue;
    // An order is taken over at the first provider: another account may well count alike.
    if (spec.adopt?.kind === 'order' && spec.providers[0] === provider)
      adopted.set(spec.adopt.order, spec.name);
    needs.set(needOf(spec.names, productOf(spec) ?? ''), spec.name);
  }
  const recorded = new Map<string, Status>();
  for (const status of statuses) {
    for (const order of status.orders) {
      if (order.provider === provider) for (const id of order.ids) recorded.set(id, status);
    }
  }
  return { adopted, recorded, needs, licences: new Set(offer?.products.map(({ id }) => id)) };
}

/** Which orders become manifests, and why the others do not. Pure. */
export function selectOrders(
  orders: readonly OrderSnapshot[],
  known: Known,
  filters: Filters,
  nowMs: number,
): readonly Selected[] {
  const first = orders.map((order): Selected => {
    const out = wanted(order, filters, nowMs) ?? alreadyThere(order, known);
    if (out) return { order, ...out };
    const names = namesOf(order);
    return Array.isArray(names) ? { order, candidate: { order, names } } : { order, ...(names as LeftOut) };
  });
  return withoutTwins(first);
}

function wanted(order: OrderSnapshot, filters: Filters, nowMs: number): LeftOut | undefined {
  const { domains, products, states, expiresBeforeMs } = filters;
  const ends = endOf(order);
  if (isDead(order.state) || !states.includes(order.state)) return skipped(`order is ${order.state}`);
  if (ends !== undefined && ends <= nowMs) return skipped('its term has ended', dayOf(ends));
  if (products.length > 0 && !products.includes(order.product))
    return skipped('left out by --product', order.product);
  if (domains.length > 0 && !order.names.some((name) => domains.some((glob) => picomatch(glob)(name)))) {
    return skipped('left out by --domain');
  }
  const expiresMs = order.notAfter === undefined ? ends : toMs(order.notAfter);
  if (expiresBeforeMs !== undefined && (expiresMs === undefined || expiresMs >= expiresBeforeMs)) {
    return skipped('left out by --expires-before');
  }
  return undefined;
}

function endOf({ paidTill, notAfter }: OrderSnapshot): number | undefined {
  const end = paidTill ?? notAfter;
  return end === undefined ? undefined : toMs(end);
}

function alreadyThere(order: OrderSnapshot, known: Known): LeftOut | undefined {
  const ids = [order.id, ...order.ids];
  if (known.licences.has(order.product)) {
    return impossible(
      'it is website protection; write a manifest of kind: sitelock with adopt:',
      order.product,
    );
  }
  const adopted = ids.map((id) => known.adopted.get(id)).find((name) => name !== undefined);
  if (adopted !== undefined) return skipped('declared already', adopted);
  const holder = ids.map((id) => known.recorded.get(id)).find((status) => status !== undefined);
  if (holder) {
    return holder.archived
      ? skipped('recorded for an archived certificate; put its manifest back', holder.name)
      : skipped('managed already', holder.name);
  }
  const same = known.needs.get(needOf(order.names, order.product));
  return same === undefined ? undefined : skipped('a manifest declares the same names and product', same);
}

/** The names, the one a person would call it by first. */
function namesOf(order: OrderSnapshot): readonly DnsName[] | LeftOut {
  if (order.names.length === 0) return impossible('it has no names yet: it waits to be configured');
  const names: DnsName[] = [];
  for (const raw of order.names) {
    const parsed = parseName(raw);
    if (!parsed.ok) return impossible('a name of it is no host name', `"${raw}" ${parsed.why}`);
    names.push(parsed.name);
  }
  return [...new Set(names)].sort(
    (a, b) =>
      Number(isWildcard(a)) - Number(isWildcard(b)) ||
      a.split('.').length - b.split('.').length ||
      (a < b ? -1 : 1),
  );
}

/**
 * Two manifests for the same names and product are one too many: the order that is paid longest is taken, as the one that
 * goes on; an earlier one runs out.
 */
function withoutTwins(selected: readonly Selected[]): readonly Selected[] {
  const best = new Map<string, OrderSnapshot>();
  for (const one of selected) {
    if (!('candidate' in one)) continue;
    const need = needOf(one.candidate.names, one.order.product);
    const other = best.get(need);
    if (!other || lastsLonger(one.order, other)) best.set(need, one.order);
  }
  return selected.map((one) => {
    if (!('candidate' in one)) return one;
    const kept = best.get(needOf(one.candidate.names, one.order.product));
    if (!kept || kept === one.order) return one;
    return {
      order: one.order,
      ...skipped('another order for the same names and product lasts longer', kept.id),
    };
  });
}

function lastsLonger(a: OrderSnapshot, b: OrderSnapshot): boolean {
  const difference = (endOf(a) ?? 0) - (endOf(b) ?? 0);
  if (difference !== 0) return difference > 0;
  return (
    (a.placedAt ?? '') > (b.placedAt ?? '') || ((a.placedAt ?? '') === (b.placedAt ?? '') && a.id > b.id)
  );
}

const ROUNDING_MS = 2 * DAY_MS;

/**
 * The term to write: as the provider tells it, else the one sold term whose length the dates show. A term that is not sold
 * any more is replaced by the longest shorter one, because the manifest says what is bought next.
 */
export function termFor(
  order: OrderSnapshot,
  product: ProductInfo | undefined,
  counting: TermCounting,
): { readonly term?: string; readonly note?: string } {
  const sold = product?.terms ?? [];
  const told = order.term === undefined ? undefined : parseTerm(order.term);
  if (!told) {
    const { paidFrom = order.placedAt, paidTill } = order;
    if (paidFrom === undefined || paidTill === undefined) return {};
    const fits = sold.filter(
      (term) => Math.abs(addTerm(toMs(paidFrom), term, counting) - toMs(paidTill)) <= ROUNDING_MS,
    );
    const [only] = fits;
    return only && fits.length === 1 ? { term: formatTerm(only) } : {};
  }
  const written = formatTerm(told);
  if (sold.length === 0 || sold.some((term) => formatTerm(term) === written)) return { term: written };
  const shorter = sold.filter((term) => termDays(term) <= termDays(told));
  const next =
    shorter.toSorted((a, b) => termDays(b) - termDays(a))[0] ??
    sold.toSorted((a, b) => termDays(a) - termDays(b))[0];
  return next
    ? { term: formatTerm(next), note: `The order was placed for ${written}, which is not sold any more.` }
    : { term: written };
}

import { findLicence } from '../model/licence.js';
import { formatMoney } from '../model/money.js';
import type { PlanWarning } from '../model/plan.js';
import type { OrderRecord } from '../model/status.js';
import { DAY_MS, dayOf, toMs } from '../model/time.js';
import { stableOrderId } from './facts.js';
import { priceKey } from './input.js';
import {
  isThere,
  type LicenceSubject,
  licenceDueMs,
  liveAddOns,
  mainOrder,
  questionFor,
  renewsItself,
  sellerOf,
} from './licence.js';

const URGENT_MS = 7 * DAY_MS;

/**
 * What a reader has to know of a site whatever its lines say: who renews, when money leaves without certwright, and what runs
 * out.
 */
export function licenceWarnings(s: LicenceSubject): readonly PlanWarning[] {
  const seller = sellerOf(s);
  const main = mainOrder(s);
  const orders = [...(main ? [main] : []), ...liveAddOns(s)].filter(({ state }) => state === 'issued');
  return orders.flatMap((order) => [
    ...renewedThere(s, order),
    ...flagDiffers(s, order),
    ...ending(s, order, licenceDueMs(s.spec, seller?.offer, order)),
  ]);
}

const warning = (
  s: LicenceSubject,
  code: string,
  level: PlanWarning['level'],
  message: string,
): PlanWarning => ({
  name: s.name,
  code,
  message,
  level,
});

/** The money leaves without a purchase of ours, outside every limit. */
function renewedThere(s: LicenceSubject, order: OrderRecord): readonly PlanWarning[] {
  if (!renewsItself(order) || order.paidTill === undefined) return [];
  const tillMs = toMs(order.paidTill);
  const about = priceText(s, order);
  const what = `${order.provider} renews ${order.product} (order ${stableOrderId(order)}) by itself`;
  const message =
    tillMs > s.input.nowMs
      ? `${what} on ${dayOf(tillMs)}, for ${about}, outside every limit`
      : `${what} since ${dayOf(tillMs)}, for ${about} each time; no call tells whether it did`;
  return [warning(s, 'renewed-by-provider', 'warning', message)];
}

/** What it cost last, where no list price is known. */
function priceText(s: LicenceSubject, order: OrderRecord): string {
  const account = s.input.providers.get(order.provider);
  const product = findLicence(account?.licences, order.product);
  const price =
    account && product && s.facts.prices[priceKey(questionFor(s, account, product, 'renew', undefined))];
  if (price?.kind === 'known') return `about ${formatMoney(price.amount)}`;
  const last = order.charges.map(({ charged, quoted }) => charged ?? quoted).find((amount) => amount);
  return last ? `about ${formatMoney(last)}` : 'a price that is not known';
}

/** The flag is remembered as it was sent; nothing reads or changes it. */
function flagDiffers(s: LicenceSubject, order: OrderRecord): readonly PlanWarning[] {
  const wanted = s.spec.renewedBy === 'provider';
  if (order.autoRenew === undefined || order.autoRenew === wanted || order.paidTill === undefined) return [];
  const [now, then] = wanted ? ['off', 'on'] : ['on', 'off'];
  const message = `order ${stableOrderId(order)} (${order.product}) was placed with automatic renewal ${now}, and the manifest says renewedBy: ${s.spec.renewedBy}; switch it ${then} in the portal of ${order.provider}, which no call reads or changes`;
  return [warning(s, 'auto-renew-differs', 'warning', message)];
}

function ending(s: LicenceSubject, order: OrderRecord, dueMs: number | undefined): readonly PlanWarning[] {
  const { nowMs } = s.input;
  if (dueMs === undefined || order.paidTill === undefined || nowMs < dueMs || renewsItself(order)) return [];
  const renewed = s.spec.renewedBy === 'certwright' && s.spec.autoRenew && !s.spec.suspend;
  const left = toMs(order.paidTill) - nowMs;
  // What nobody renews is an end that somebody wanted; it is said until a week after.
  if (renewed || left < -URGENT_MS) return [];
  const [why, remedy] = s.spec.suspend
    ? ['it is suspended', 'set `suspend: false`']
    : s.spec.renewedBy === 'provider'
      ? [
          'it was placed without automatic renewal',
          'switch that on in the portal, or set `renewedBy: certwright`',
        ]
      : ['autoRenew is off', 'set `autoRenew: true`'];
  const message = `order ${stableOrderId(order)} (${order.product}) ${isThere(order, nowMs) ? 'is' : 'was'} paid till ${dayOf(toMs(order.paidTill))} and ${why}; ${remedy} to have it renewed`;
  return [warning(s, 'paid-term-ending', left < URGENT_MS ? 'attention' : 'warning', message)];
}

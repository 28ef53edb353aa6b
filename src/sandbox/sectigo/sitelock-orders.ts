import Big from 'big.js';
import { parseName } from '../../model/names.js';
import { type Arguments, list } from './arguments.js';
import { invalid, missing, Refusal } from './codes.js';
import { checkCountry } from './countries.js';
import type { Answer } from './encode.js';
import { ONCE, SITELOCK, type SiteLockProduct } from './sitelock-products.js';
import { type Customer, DAY_MS, type Desk, type Licence } from './state.js';

const WINDOW_MS = 30 * DAY_MS;
const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;
const NOT_KEPT = new Set(['loginName', 'loginPassword', 'appRepLoginPassword', 'responseFormat']);

/** Is this order for website protection? A certificate beside it makes it one for the certificate. */
export function isLicenceOrder(product: string | undefined): boolean {
  const [first] = list(product);
  return first !== undefined && SITELOCK[first] !== undefined;
}

/** What an order is for, and whose. */
interface Deal {
  readonly code: string;
  readonly domain: string;
  /** null: a customer nobody knows yet. */
  readonly customer: Customer | null;
  readonly joins: Licence | null;
  readonly renews: Licence | null;
}

/** `!AutoApplyOrder` for SiteLock: sells. @throws Refusal, and nothing was sold */
export function placeLicence(desk: Desk, args: Arguments): Answer {
  const { settings, state, seat } = desk;
  const codes = list(args.product);
  const [code = ''] = codes;
  const product = SITELOCK[code];
  // One page allows a list, the other does not.
  if (codes.length !== 1) throw invalid('product');
  if (!settings.siteLockActive) throw new Refusal(-76);
  if (product === undefined || product.role === 'bundle') throw new Refusal(-124);
  checkCountry(args.countryName);
  const days = daysOf(product, args);
  const domain = siteOf(args);
  if (!EMAIL.test(args.appRepEmailAddress ?? '')) throw invalid('appRepEmailAddress');
  const price = settings.prices[code]?.[days === null ? ONCE : String(days)];
  if (price === undefined) throw new Refusal(-115);
  const deal =
    args.previousOrderNumber === undefined
      ? newCustomer(desk, args, code, domain)
      : knownCustomer(desk, args, code, domain, args.previousOrderNumber);
  const debited = settings.payment === 'debit';
  const poor = debited && new Big(state.balance).lt(price);
  if (poor || seat.fault('out-of-credit', 'AutoApplyOrder') !== undefined) throw new Refusal(-15);

  const customer = deal.customer ?? customerOf(desk, args);
  const sell = () => addLicence(desk, args, { ...deal, customer, days, price, debited });
  const licence = sell();
  if (seat.fault('duplicate', 'AutoApplyOrder') !== undefined) sell();
  if (seat.fault('reject', 'AutoApplyOrder') !== undefined) licence.state = 'cancelled';
  const ids = [
    ['slUserID', licence.userId],
    ['slSiteID', licence.siteId],
  ] as const;
  return {
    fields: [
      ['errorCode', debited ? 0 : 1],
      ['orderNumber', licence.number],
      ['totalCost', price],
      ['expectedDeliveryTime', 1],
      ['uniqueValue', seat.token(8)],
      ...(settings.siteLockIds ? ids : []),
    ],
  };
}

function daysOf({ once }: SiteLockProduct, { days }: Arguments): number | null {
  if (once) {
    if (days !== undefined) throw invalid('days');
    return null;
  }
  if (days === undefined) throw missing('days');
  return Number(days);
}

function siteOf({ domainName = '' }: Arguments): string {
  const parsed = parseName(domainName);
  if (!parsed.ok || parsed.name.startsWith('*.')) throw invalid('domainName');
  return parsed.name;
}

const sameText = (a: string | undefined, b: string): boolean => a?.toLowerCase() === b.toLowerCase();

/** Licences of a site that nobody cancelled, ended ones included: the site stays with its customer. */
export const licencesOf = ({ state }: Desk, domain: string): readonly Licence[] =>
  state.siteLock.licences.filter((licence) => licence.domain === domain && licence.state === 'active');

export const customerByEmail = ({ state }: Desk, email: string): Customer | undefined =>
  state.siteLock.customers.find((customer) => sameText(customer.email, email));

function newCustomer(desk: Desk, args: Arguments, code: string, domain: string): Deal {
  if (SITELOCK[code]?.role === 'add-on') throw missing('previousOrderNumber');
  const { appRepEmailAddress: email = '', appRepLoginName: login = email } = args;
  const { customers } = desk.state.siteLock;
  const known = customers.some((one) => sameText(one.email, email) || sameText(one.login, login));
  if (known || licencesOf(desk, domain).length > 0) {
    throw new Refusal(desk.settings.siteLockKnownCode, known ? 'appRepEmailAddress' : 'domainName');
  }
  return { code, domain, customer: null, joins: null, renews: null };
}

/** A further site, an add-on, or a renewal: which of them is told by what is there already. */
function knownCustomer(desk: Desk, args: Arguments, code: string, domain: string, number: string): Deal {
  const { licences, customers } = desk.state.siteLock;
  const previous = licences.find((licence) => licence.number === number);
  if (previous === undefined) throw new Refusal(desk.settings.unknownOrderCode, 'previousOrderNumber');
  const customer = customers.find(({ userId }) => userId === previous.userId) ?? null;
  if (customer === null || !sameText(args.appRepEmailAddress, customer.email)) {
    throw invalid('appRepEmailAddress');
  }
  const base = { code, domain, customer };
  const continues = previous.product === code && previous.domain === domain;
  if (continues && previous.state === 'active') {
    if (!inWindow(desk, previous)) throw new Refusal(-121);
    return { ...base, joins: mainOf(desk, domain), renews: previous };
  }
  if (SITELOCK[code]?.role === 'add-on')
    return { ...base, joins: joined(desk, previous, code, domain), renews: null };
  if (licencesOf(desk, domain).length > 0) throw new Refusal(desk.settings.siteLockKnownCode, 'domainName');
  return { ...base, joins: null, renews: null };
}

/** One that was renewed already is not renewed again. */
const inWindow = ({ nowMs }: Desk, { endMs, renewedBy }: Licence): boolean =>
  endMs !== null && renewedBy === null && nowMs < endMs && nowMs >= endMs - WINDOW_MS;

const isLive = ({ nowMs }: Desk, { state, endMs }: Licence): boolean =>
  state === 'active' && (endMs === null || endMs > nowMs);

const mainOf = (desk: Desk, domain: string): Licence | null =>
  licencesOf(desk, domain).findLast((one) => SITELOCK[one.product]?.role === 'main' && isLive(desk, one)) ??
  null;

function joined(desk: Desk, previous: Licence, code: string, domain: string): Licence {
  const product = SITELOCK[previous.product];
  if (product?.role !== 'main' || previous.domain !== domain || !isLive(desk, previous)) {
    throw invalid('previousOrderNumber');
  }
  if (product.addOns !== null && !product.addOns.includes(code)) throw new Refusal(-121);
  const there = licencesOf(desk, domain).some((one) => one.product === code && isLive(desk, one));
  if (there) throw new Refusal(desk.settings.siteLockKnownCode, 'product');
  return previous;
}

const nextId = ({ state }: Desk): string => {
  state.siteLock.lastId += 1;
  return String(state.siteLock.lastId);
};

function customerOf(desk: Desk, args: Arguments): Customer {
  const { appRepEmailAddress: email = '', appRepLoginName: login = email } = args;
  const customer = { userId: nextId(desk), email, login };
  desk.state.siteLock.customers.push(customer);
  return customer;
}

interface Sale extends Omit<Deal, 'customer'> {
  readonly customer: Customer;
  readonly days: number | null;
  readonly price: string;
  readonly debited: boolean;
}

function addLicence(desk: Desk, args: Arguments, sale: Sale): Licence {
  const { state, settings, nowMs } = desk;
  const { code, domain, customer, days, price, renews, joins } = sale;
  state.lastOrder += 1;
  const fromMs = settings.siteLockRenewal === 'end' ? (renews?.endMs ?? nowMs) : nowMs;
  const licence: Licence = {
    number: String(state.lastOrder),
    product: code,
    days,
    domain,
    siteId: licencesOf(desk, domain)[0]?.siteId ?? nextId(desk),
    userId: customer.userId,
    placedAtMs: nowMs,
    endMs: days === null ? null : fromMs + days * DAY_MS,
    cost: price,
    payment: sale.debited ? 'debited' : 'required',
    state: 'active',
    autoRenew: args.enableAutoRenew === undefined ? settings.siteLockAutoRenew : args.enableAutoRenew === 'Y',
    joins: joins?.number ?? null,
    renewedBy: null,
    details: Object.fromEntries(Object.entries(args).filter(([name]) => !NOT_KEPT.has(name))),
  };
  if (renews !== null) renews.renewedBy = licence.number;
  state.siteLock.licences.push(licence);
  if (sale.debited) state.balance = new Big(state.balance).minus(price).toFixed(2);
  charge(desk, licence, price);
  return licence;
}

function charge({ seat, settings }: Desk, { number, product, days }: Licence, amount: string): void {
  const what = `${product}/${days ?? ONCE}`;
  seat.sold({ order: number, product: what, amount, currency: settings.currency, reference: null });
}

/** The certificate's own free licence; ends when that is refunded or revoked. */
export function addBundle(desk: Desk, args: Arguments, number: string, domain: string): void {
  const customer = customerByEmail(desk, args.appRepEmailAddress ?? '') ?? customerOf(desk, args);
  desk.state.siteLock.licences.push({
    number,
    product: '1072',
    days: null,
    domain,
    siteId: nextId(desk),
    userId: customer.userId,
    placedAtMs: desk.nowMs,
    endMs: null,
    cost: '0.00',
    payment: 'debited',
    state: 'active',
    autoRenew: false,
    joins: null,
    renewedBy: null,
    details: {},
  });
}

/** Licences that renew themselves do it at their end, as long as there is money. */
export function renewThemselves(desk: Desk): void {
  const { state, settings, nowMs } = desk;
  for (const licence of state.siteLock.licences) {
    const { days, product } = licence;
    while (
      licence.state === 'active' &&
      licence.autoRenew &&
      licence.renewedBy === null &&
      days !== null &&
      licence.endMs !== null &&
      licence.endMs <= nowMs
    ) {
      const price = settings.prices[product]?.[String(days)];
      if (price === undefined || new Big(state.balance).lt(price)) break;
      state.balance = new Big(state.balance).minus(price).toFixed(2);
      licence.endMs += days * DAY_MS;
      charge(desk, licence, price);
    }
  }
}

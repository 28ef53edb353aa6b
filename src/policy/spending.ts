import Big from 'big.js';
import type { Environment, PolicyConfig, Spending } from '../model/configuration.js';
import { type Intent, isOpen, type OpenIntent } from '../model/intent.js';
import { addMoney, addPercent, compareMoney, formatMoney, isZero, type Money } from '../model/money.js';
import type { PlanPrice } from '../model/plan.js';
import type { Status } from '../model/status.js';
import { DAY_MS, toMs } from '../model/time.js';
import { nameMatcher } from './rules.js';

/** Sums per currency; unlike currencies stay apart. */
export type Totals = Readonly<Record<string, Money>>;

const plus = (totals: Totals, amount: Money): Totals => ({
  ...totals,
  [amount.currency]:
    addMoney(totals[amount.currency] ?? { amount: '0.00', currency: amount.currency }, amount) ?? amount,
});

/** An amount that left or may have left, at some instant of [fromMs, tillMs]. */
export interface Outlay {
  readonly name: string;
  readonly provider: string;
  readonly environment: Environment;
  readonly amount: Money;
  /** Given back later, where the provider said so; limits do not count it. */
  readonly refunded?: Money;
  readonly fromMs: number;
  readonly tillMs: number;
}

/** Percentage that a provider's invoices add to a quoted price. */
export type TaxOf = (provider: string) => string | undefined;

const untaxed: TaxOf = () => undefined;

/** A quoted price as it will be charged: with the tax the provider's invoices add, a percentage. */
export const costOf = (price: Money, tax: string | undefined): Money =>
  tax === undefined ? price : addPercent(price, tax);

/** What orders cost, and what open intents may have cost: an intent counts until its order tells the charge. */
export function* outlaysOf(status: Status, taxOf: TaxOf): Generator<Outlay> {
  for (const order of status.orders) {
    for (const charge of order.charges) {
      const amount = charge.charged ?? (charge.quoted && costOf(charge.quoted, taxOf(order.provider)));
      if (!amount) continue;
      const at = toMs(charge.at);
      yield {
        name: status.name,
        provider: order.provider,
        environment: order.environment,
        amount,
        ...(charge.refunded === undefined ? {} : { refunded: charge.refunded }),
        fromMs: at,
        tillMs: at,
      };
    }
  }
  for (const intent of status.intents.filter(isOpen)) {
    if (intent.quoted === null || isCharged(status, intent)) continue;
    const amount = costOf(intent.quoted, taxOf(intent.provider));
    const { provider, environment } = intent;
    yield { name: status.name, provider, environment, amount, ...sendingTime(intent) };
  }
}

/** Between which instants the money of an intent may have left: a resend moves the end. */
function sendingTime(intent: OpenIntent): { readonly fromMs: number; readonly tillMs: number } {
  const createdMs = toMs(intent.createdAt);
  switch (intent.phase) {
    case 'intended':
      return { fromMs: createdMs, tillMs: Math.max(createdMs, toMs(intent.sendBy)) };
    case 'unknown':
      return { fromMs: createdMs, tillMs: Math.max(createdMs, toMs(intent.since)) };
    case 'placed':
    case 'issued':
      return { fromMs: toMs(intent.placedAt), tillMs: toMs(intent.placedAt) };
  }
}

/** Also while a later step of it is on its way. */
function isCharged(status: Status, intent: OpenIntent): boolean {
  const order =
    'orderId' in intent
      ? status.orders.find((o) => o.id === intent.orderId || o.ids.includes(intent.orderId))
      : status.orders.findLast(
          (o) => o.provider === intent.provider && o.reference === intent.request.reference,
        );
  return (
    order?.charges.some((c) => c.action === intent.action && toMs(c.at) >= toMs(intent.createdAt)) ?? false
  );
}

/** One budget: the general one, or that of a rule over the names it matches. */
export interface Budget {
  /** What people call it: the rule's glob; absent for the general one. */
  readonly match?: string;
  readonly limits: Spending;
  readonly matches: (name: string) => boolean;
  readonly day: Totals;
  readonly month: Totals;
}

/** What is spent in the UTC day and month of `nowMs`, kept while a batch is planned. Never changed: adding gives a new one. */
export interface SpendLedger {
  readonly budgets: readonly Budget[];
  /** By provider: promised, and not surely taken from its balance yet. */
  readonly promised: Readonly<Record<string, Totals>>;
}

/** Start of the UTC day and of the UTC month, and their ends, epoch ms. */
export function periodsOf(nowMs: number): {
  readonly day: readonly [number, number];
  readonly month: readonly [number, number];
} {
  const date = new Date(nowMs);
  const dayStart = Math.floor(nowMs / DAY_MS) * DAY_MS;
  return {
    day: [dayStart, dayStart + DAY_MS],
    month: [
      Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1),
      Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1),
    ],
  };
}

/** The books as they stand. Read on the very state an intent is pushed onto. */
export function openLedger(
  policy: PolicyConfig,
  statuses: Iterable<Status>,
  nowMs: number,
  taxOf: TaxOf = untaxed,
): SpendLedger {
  const { day, month } = periodsOf(nowMs);
  const within = (o: Outlay, [from, till]: readonly [number, number]) => o.tillMs >= from && o.fromMs < till;
  const budgets: (Budget & { day: Totals; month: Totals })[] = [
    { limits: policy.spending, matches: () => true, day: {}, month: {} },
    ...policy.rules.map((rule) => ({
      match: rule.match,
      limits: rule,
      matches: nameMatcher(rule.match),
      day: {},
      month: {},
    })),
  ];
  let promised: Readonly<Record<string, Totals>> = {};
  for (const status of statuses) {
    for (const outlay of outlaysOf(status, taxOf)) {
      const today = within(outlay, day);
      if (!today && !within(outlay, month)) continue;
      for (const budget of budgets) {
        if (!budget.matches(status.name)) continue;
        if (today) budget.day = plus(budget.day, outlay.amount);
        budget.month = plus(budget.month, outlay.amount);
      }
    }
    for (const intent of status.intents) {
      if (intent.quoted === null || !isPromised(intent)) continue;
      promised = promise(promised, intent.provider, costOf(intent.quoted, taxOf(intent.provider)));
    }
  }
  return { budgets, promised };
}

/** Has the account still to pay for it? What was ordered and waits for its payment has; what is paid and goes on has not. */
export function isPromised({ phase, steps }: Intent): boolean {
  if (phase !== 'intended' && phase !== 'placed') return false;
  const costs = steps.filter(({ paid }) => paid);
  return costs.length === 0 ? phase === 'intended' : costs.some((step) => step.phase !== 'done');
}

const promise = (
  promised: SpendLedger['promised'],
  provider: string,
  amount: Money,
): SpendLedger['promised'] => ({ ...promised, [provider]: plus(promised[provider] ?? {}, amount) });

/** The books with one more purchase of today. `cost` includes tax. */
export function addSpending(
  ledger: SpendLedger,
  purchase: { readonly name: string; readonly provider: string; readonly cost: Money },
): SpendLedger {
  return {
    budgets: ledger.budgets.map((budget) =>
      budget.matches(purchase.name)
        ? { ...budget, day: plus(budget.day, purchase.cost), month: plus(budget.month, purchase.cost) }
        : budget,
    ),
    promised: promise(ledger.promised, purchase.provider, purchase.cost),
  };
}

const TOLERATED_PERCENT = 1;
const TOLERATED_AMOUNT = '0.05';

/**
 * Why a charge is more than was agreed: above the quoted price (with tax) by more than 1 % and more than 0.05, above the
 * ceiling, or in another currency. Undefined: it is fine.
 * @param quoted  null: it was said to be free
 * @param tax  percentage the provider's invoices add
 */
export function chargedTooMuch(
  quoted: Money | null,
  charged: Money,
  tax: string | undefined,
  ceiling: Money | undefined,
): string | undefined {
  const expected = quoted === null ? { amount: '0.00', currency: charged.currency } : costOf(quoted, tax);
  const [said, agreed] = [formatMoney(charged), formatMoney(expected)];
  if (expected.currency !== charged.currency)
    return `charged ${said}, which cannot be compared with ${agreed}`;
  const over = new Big(charged.amount).minus(expected.amount);
  const tolerated = new Big(expected.amount).times(TOLERATED_PERCENT).div(100);
  if (over.gt(tolerated) && over.gt(TOLERATED_AMOUNT)) return `charged ${said}, agreed was ${agreed}`;
  if (ceiling === undefined || isZero(charged)) return undefined;
  const order = compareMoney(charged, ceiling);
  if (order === undefined)
    return `charged ${said}, which cannot be compared with the ceiling ${formatMoney(ceiling)}`;
  return order > 0 ? `charged ${said}, the ceiling is ${formatMoney(ceiling)}` : undefined;
}

/**
 * Why a purchase that was agreed at one price is not to be sent at that of now: it is higher, not known or not comparable,
 * or above the ceiling. Undefined: it may be sent.
 * @param tax  percentage the provider's invoices add
 */
export function dearerThanAgreed(
  quoted: Money,
  now: PlanPrice,
  tax: string | undefined,
  ceiling: Money | undefined,
): string | undefined {
  if (now.kind === 'unknown') return `what it costs now is not known: ${now.why}`;
  if (now.kind === 'free' || isZero(now.amount)) return undefined;
  if ((compareMoney(now.amount, quoted) ?? 1) > 0) {
    return `it costs ${formatMoney(now.amount)} now, agreed was ${formatMoney(quoted)}`;
  }
  const cost = costOf(now.amount, tax);
  return ceiling !== undefined && (compareMoney(cost, ceiling) ?? 1) > 0
    ? `it costs ${formatMoney(cost)}, the ceiling is ${formatMoney(ceiling)} now`
    : undefined;
}

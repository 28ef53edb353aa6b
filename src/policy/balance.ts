import { addMoney, type Money, subtractMoney } from '../model/money.js';
import type { OrderRecord, Status } from '../model/status.js';
import { HOUR_MS, toMs } from '../model/time.js';
import { costOf, isPromised } from './spending.js';

type Statuses = ReadonlyMap<string, Status>;

/** What an account said it holds, and the state it was asked upon. */
export interface BalanceAsked {
  readonly balance: Money;
  readonly statuses: Statuses;
  readonly atMs: number;
}

/** Clocks of those who share an account differ by less. */
const CLOCKS_MS = HOUR_MS;

/**
 * What is left of a balance that was asked for some time ago: without what others, or this run, paid from it since. What is
 * promised and not paid yet is for the ledger to take off. What was paid while it was asked may be taken off twice.
 * @param statuses  as they are now
 * @param tax  percentage the provider's invoices add
 */
export function balanceLeft(
  { balance, statuses: before, atMs }: BalanceAsked,
  provider: string,
  statuses: Statuses,
  tax: string | undefined,
): Money {
  if (statuses === before) return balance;
  let paid: Money = { amount: '0.00', currency: balance.currency };
  for (const [name, status] of statuses) {
    const old = before.get(name);
    if (old === status) continue;
    const known = new Set(chargesOf(old, provider).map(({ key }) => key));
    for (const { key, charge } of chargesOf(status, provider)) {
      if (known.has(key) || toMs(charge.at) < atMs - CLOCKS_MS) continue;
      const amount = charge.charged ?? (charge.quoted && costOf(charge.quoted, tax));
      paid = (amount && addMoney(paid, amount)) ?? paid;
    }
  }
  return subtractMoney(balance, paid) ?? balance;
}

/** Charges of one account that it has surely paid. */
const chargesOf = (status: Status | undefined, provider: string) =>
  (status?.orders ?? [])
    .filter((order) => order.provider === provider)
    .flatMap((order) =>
      order.charges
        .filter((charge) => status !== undefined && !isStillPromised(status, order, charge))
        .map((charge) => ({ key: JSON.stringify([order.ids[0], charge.action, charge.at]), charge })),
    );

const isStillPromised = (
  { intents }: Status,
  { ids }: OrderRecord,
  { action, at }: OrderRecord['charges'][number],
): boolean =>
  intents.some(
    (intent) =>
      isPromised(intent) &&
      'orderId' in intent &&
      ids.includes(intent.orderId) &&
      intent.action === action &&
      at >= intent.createdAt,
  );

import type { Spec } from '../model/manifest.js';
import { isZero, type Money } from '../model/money.js';
import type { Hold, PlanPrice } from '../model/plan.js';
import { checkSpending } from '../policy/limits.js';
import type { EffectivePolicy } from '../policy/rules.js';
import { addSpending, costOf, type SpendLedger } from '../policy/spending.js';
import type { Candidate } from './choose.js';

/** Whoever buys, as far as money goes. */
export interface Buyer {
  readonly name: string;
  readonly spec: Pick<Spec, 'maxPrice'>;
}

/** The books while a plan is made: every purchase let through counts for the next. */
export interface Books {
  ledger(): SpendLedger;
  add(purchase: { readonly name: string; readonly provider: string; readonly cost: Money }): void;
  /** Slots that lines of this plan take over. */
  readonly slots: Set<string>;
  /** Products on which a provider charged more than agreed: `provider|product` → why. */
  readonly stopped: ReadonlyMap<string, string>;
}

export function openBooks(open: () => SpendLedger, stopped: ReadonlyMap<string, string>): Books {
  let current: SpendLedger | undefined;
  const ledger = () => {
    current ??= open();
    return current;
  };
  return {
    ledger,
    add: (purchase) => {
      current = addSpending(ledger(), purchase);
    },
    slots: new Set(),
    stopped,
  };
}

export const costs = (price: PlanPrice): boolean => price.kind === 'known' && !isZero(price.amount);

/** Free for sure: what is not known may cost. */
export const isFree = (price: PlanPrice): boolean => price.kind !== 'unknown' && !costs(price);

export function productHold(chosen: Candidate, books: Books): Hold | undefined {
  if (isFree(chosen.price)) return undefined;
  const why = books.stopped.get(`${chosen.provider.config.id}|${chosen.product}`);
  return why === undefined ? undefined : { code: 'product-stopped', message: why };
}

export function spendingHold(
  s: Buyer,
  chosen: Candidate,
  policy: EffectivePolicy,
  books: Books,
): Hold | undefined {
  if (chosen.price.kind === 'free') return undefined;
  const { config, balance } = chosen.provider;
  return checkSpending(
    {
      name: s.name,
      provider: config.id,
      price: chosen.price,
      ...(s.spec.maxPrice === undefined ? {} : { maxPrice: s.spec.maxPrice }),
      policy,
      ...(config.tax === undefined ? {} : { tax: config.tax }),
      ...(balance === undefined ? {} : { balance }),
      ...(config.minimumBalance === undefined ? {} : { minimumBalance: config.minimumBalance }),
    },
    books.ledger(),
  );
}

export function promise(s: Pick<Buyer, 'name'>, chosen: Candidate, books: Books): void {
  if (chosen.price.kind !== 'known' || isFree(chosen.price)) return;
  const { config } = chosen.provider;
  books.add({ name: s.name, provider: config.id, cost: costOf(chosen.price.amount, config.tax) });
}

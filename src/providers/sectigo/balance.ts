import { type Money, money } from '../../model/money.js';
import type { SectigoClient } from './client.js';

export interface ReadBalance {
  /** Absent where the reply does not say for certain which of its values it is. */
  readonly balance?: Money;
  /** Keys of the reply, for a person who has to find out. */
  readonly keys: readonly string[];
}

const AMOUNT = /^-?\d{1,12}(\.\d{1,6})?$/;

/**
 * The account's credit. Documented are the values (account id, currency, available credit, hard credit limit), not their
 * names: a key is taken where it names one of them in words (`availableCredit`, `AVAILABLE_CREDIT`), exactly one for each,
 * and the value has its form. Never the limit: whether it extends the credit is not known.
 */
export async function readBalance(client: SectigoClient): Promise<ReadBalance> {
  const { fields } = await client.accountBalance();
  const named = (words: string): string | undefined => {
    const found = [...fields].filter(([key]) => key.replaceAll(/[^a-z]/g, '') === words);
    const [value] = found.length === 1 ? (found[0]?.[1] ?? []) : [];
    return value;
  };
  const amount = named('availablecredit');
  const currency = named('currency');
  const readable =
    amount !== undefined && AMOUNT.test(amount) && currency !== undefined && /^[A-Z]{3}$/.test(currency);
  return { ...(readable ? { balance: money(amount, currency) } : {}), keys: [...fields.keys()] };
}

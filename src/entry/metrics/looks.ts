import { accountKey, type RunMemory } from '../../model/run-memory.js';
import { HOUR_MS, toMs } from '../../model/time.js';
import { type Account, closeAccounts, openAccounts } from '../accounts.js';
import type { Context } from '../context.js';
import type { Workplace } from '../workplace.js';
import type { AccountLook } from './snapshot.js';

/** What accounts are opened from. */
export type AskedPlace = Pick<Workplace, 'local' | 'repository' | 'identities'>;

/** No account is asked more often. */
const LOOK_EVERY_MS = HOUR_MS;

/**
 * What every account holds: asked where the last answer is older than an hour, and where the provider does not want to be
 * left alone. Never throws for an account: one that does not answer is down.
 * @param before  what was seen earlier
 */
export async function lookAtAccounts(
  context: Context,
  workplace: AskedPlace,
  memory: RunMemory | undefined,
  before: readonly AccountLook[],
): Promise<readonly AccountLook[]> {
  const nowMs = context.clock.now();
  const fresh = (id: string) =>
    before.find((one) => one.id === id && one.atMs <= nowMs && nowMs - one.atMs < LOOK_EVERY_MS);
  const configured = Object.values(workplace.local.configuration?.providers ?? {});
  if (configured.every(({ id }) => fresh(id) !== undefined)) return before;
  const accounts = await openAccounts(context, workplace);
  try {
    return await Promise.all(
      accounts.map(async (account) => {
        const { id } = account.config;
        const pausedTill = memory?.accounts[accountKey(account.config)]?.notBefore;
        const known = before.find((one) => one.id === id);
        if (known !== undefined && pausedTill !== undefined && toMs(pausedTill) > nowMs) return known;
        return fresh(id) ?? { id, atMs: nowMs, ...(await asked(account)) };
      }),
    );
  } finally {
    await closeAccounts(accounts);
  }
}

async function asked({ provider, offering }: Account): Promise<Pick<AccountLook, 'up' | 'balance'>> {
  if (!provider) return { up: false };
  if (!offering.capabilities.balance || !provider.balance) return { up: true };
  try {
    return { up: true, balance: await provider.balance() };
  } catch {
    return { up: false };
  }
}

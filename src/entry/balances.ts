import { CertError, messageOf } from '../model/errors.js';
import { addMoney, compareMoney, type Money, subtractMoney, sumByCurrency } from '../model/money.js';
import { DAY_MS } from '../model/time.js';
import { fundsNeeded, type Upcoming, upcomingPurchases, upcomingQuestions } from '../planner/forecast.js';
import type { PlanInput } from '../planner/input.js';
import type { BalanceRow, NeedRow, NeedsRow } from '../report/balance-text.js';
import type { Account } from './accounts.js';
import type { Context } from './context.js';
import { withSeenPrices } from './proposal/seen-prices.js';
import { withQuotes } from './quotes.js';
import { lookAround } from './situation.js';
import type { Workplace } from './workplace.js';

const HORIZON_DAYS = [30, 90];

interface Forecast {
  readonly input: PlanInput;
  readonly purchases: readonly Upcoming[];
}

/** What every account holds, and what falls due there. Asks every account, and for the prices of what falls due. */
export async function balanceRows(
  context: Context,
  workplace: Pick<Workplace, 'deps'>,
  accounts: readonly Account[],
): Promise<readonly BalanceRow[]> {
  context.progress.step('asking for balances and prices');
  const [balances, forecast] = await Promise.all([
    Promise.all(accounts.map(balanceOf)),
    forecastOf(context, workplace, accounts),
  ]);
  return accounts.map(({ config }, i): BalanceRow => {
    const { balance, why } = balances[i] ?? {};
    const needs = HORIZON_DAYS.flatMap((days) =>
      forecast
        ? [needOf(context.clock.now(), forecast, config.id, days, balance, config.minimumBalance)]
        : [],
    );
    return {
      account: config.id,
      environment: config.environment,
      ...(balance === undefined ? {} : { balance }),
      ...(config.minimumBalance === undefined ? {} : { minimumBalance: config.minimumBalance }),
      needs,
      ...(why === undefined ? {} : { why }),
    };
  });
}

/** What falls due at each account where something does, by the prices last seen: asks nobody. */
export function needsAhead(input: PlanInput, nowMs: number): readonly NeedsRow[] {
  const untilMs = nowMs + Math.max(...HORIZON_DAYS) * DAY_MS;
  const seen = withSeenPrices(input, upcomingQuestions(input, untilMs));
  const purchases = upcomingPurchases(seen, untilMs);
  return [...input.providers.values()]
    .filter(({ config }) => purchases.some(({ provider }) => provider === config.id))
    .map(({ config }) => ({
      account: config.id,
      environment: config.environment,
      needs: HORIZON_DAYS.map((days) => needOf(nowMs, { input: seen, purchases }, config.id, days)),
    }));
}

async function balanceOf({
  config,
  offering,
  provider,
  why,
}: Account): Promise<Pick<BalanceRow, 'balance' | 'why'>> {
  const { balance: can, notes } = offering.capabilities;
  if (!can) return { why: notes.balance ?? 'no balance is told by this provider' };
  if (!provider?.balance) return { why: why ?? `${config.id} could not be opened` };
  try {
    return { balance: await provider.balance() };
  } catch (error) {
    return { why: messageOf(error) };
  }
}

/** Undefined before `init`: nothing is declared to forecast from. */
async function forecastOf(
  context: Context,
  { deps }: Pick<Workplace, 'deps'>,
  accounts: readonly Account[],
): Promise<Forecast | undefined> {
  try {
    const { input } = await lookAround(context, deps);
    if (!input) return undefined;
    const untilMs = context.clock.now() + Math.max(...HORIZON_DAYS) * DAY_MS;
    const quoted = await withQuotes(
      input,
      upcomingQuestions(input, untilMs),
      (id) => accounts.find(({ config }) => config.id === id)?.provider,
    );
    return { input: quoted, purchases: upcomingPurchases(quoted, untilMs) };
  } catch (error) {
    if (error instanceof CertError && error.code === 'repository.not-initialised') return undefined;
    throw error;
  }
}

function needOf(
  nowMs: number,
  { input, purchases }: Forecast,
  id: string,
  days: number,
  balance?: Money,
  minimum?: Money,
): NeedRow {
  const need = fundsNeeded(input, purchases, id, nowMs + days * DAY_MS);
  const known = sumByCurrency(need.amounts);
  const short = shortOf(known, balance, minimum);
  return {
    days,
    purchases: need.purchases,
    known,
    unknown: need.unknown,
    ...(short === undefined ? {} : { short }),
  };
}

/** What is missing so that the minimum is left after it; undefined where it reaches, or currencies do not compare. */
function shortOf(
  known: readonly Money[],
  balance: Money | undefined,
  minimum: Money | undefined,
): Money | undefined {
  const [need] = known;
  if (!need || !balance || known.length > 1) return undefined;
  const wanted = minimum === undefined ? need : addMoney(need, minimum);
  if (!wanted || compareMoney(wanted, balance) !== 1) return undefined;
  return subtractMoney(wanted, balance);
}

import { balanceText } from '../../report/balance-text.js';
import { jsonText } from '../../report/json.js';
import { closeAccounts, openAccounts } from '../accounts.js';
import { balanceRows } from '../balances.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit.js';
import { untilStopped } from '../system/until-stopped.js';
import { openWorkplace } from '../workplace.js';
import type { Globals } from './globals.js';
import type { Options } from './program.js';

/** `certwright balance`: what every account holds, and what falls due there. Changes nothing. */
export async function run(
  context: Context,
  globals: Globals,
  _options: Options,
  args: readonly string[],
): Promise<number> {
  const workplace = await openWorkplace(context, globals);
  try {
    const accounts = await openAccounts(context, workplace, args);
    try {
      const rows = await untilStopped(balanceRows(context, workplace, accounts), context.signal);
      context.progress.clear();
      context.print(globals.json ? jsonText({ accounts: rows }) : balanceText(rows, context.render));
      const untold = accounts.some(
        ({ offering }, i) => offering.capabilities.balance && rows[i]?.balance === undefined,
      );
      return untold ? EXIT.error : EXIT.fine;
    } finally {
      await closeAccounts(accounts);
    }
  } finally {
    await workplace.close();
  }
}

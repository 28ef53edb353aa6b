import { CertError } from '../../model/errors.js';
import { checkText } from '../../report/check-text.js';
import { jsonText } from '../../report/json.js';
import { type CheckedAccount, checkAccount } from '../account-check.js';
import { closeAccounts, openAccounts } from '../accounts.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit.js';
import { untilStopped } from '../system/until-stopped.js';
import { openWorkplace } from '../workplace.js';
import type { Globals } from './globals.js';
import type { Options } from './program.js';

/** `certwright check`: can every account of this checkout be used from here? Changes nothing there. */
export async function run(
  context: Context,
  globals: Globals,
  _options: Options,
  args: readonly string[],
): Promise<number> {
  const workplace = await openWorkplace(context, globals);
  try {
    const accounts = await openAccounts(context, workplace, args);
    if (accounts.length === 0) {
      throw new CertError('usage', 'certwright.yaml has no account to check', {
        remedy: 'add one under `providers:`; `certwright providers` lists the kinds there are',
      });
    }
    try {
      const checked = await untilStopped(
        Promise.all(
          accounts.map(async (account) => {
            context.progress.step(`asking ${account.config.id}`);
            return checkAccount(account, context.clock);
          }),
        ),
        context.signal,
      );
      context.progress.clear();
      print(context, globals, checked);
      return checked.every(({ result }) => result === 'fine') ? EXIT.fine : EXIT.error;
    } finally {
      await closeAccounts(accounts);
    }
  } finally {
    await workplace.close();
  }
}

function print(context: Context, globals: Globals, accounts: readonly CheckedAccount[]): void {
  context.print(globals.json ? jsonText({ accounts }) : checkText(accounts, context.render));
}

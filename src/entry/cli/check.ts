import { CertError } from '../../model/errors.js';
import { checkText } from '../../report/check-text.js';
import { type EndpointRow, endpointsText, isTrouble } from '../../report/endpoints.js';
import { jsonText } from '../../report/json.js';
import { type CheckedAccount, checkAccount } from '../account-check.js';
import { closeAccounts, openAccounts } from '../accounts.js';
import type { Context } from '../context.js';
import { checkEndpoints } from '../endpoint-check.js';
import { EXIT, type ExitCode } from '../exit.js';
import { untilStopped } from '../system/until-stopped.js';
import { openWorkplace, type Workplace } from '../workplace.js';
import type { Globals } from './globals.js';
import type { Options } from './program.js';
import { matches, refuseEmpty } from './selectors.js';

/**
 * `certwright check`: can every account of this checkout be used from here, and is what was published served? Changes nothing
 * anywhere. With names of accounts only those are asked, with `--endpoints` only endpoints are.
 */
export async function run(
  context: Context,
  globals: Globals,
  { endpoints }: Options,
  args: readonly string[],
): Promise<number> {
  const workplace = await openWorkplace(context, globals);
  try {
    const accounts = endpoints ? undefined : await checkAccounts(context, workplace, args);
    // What is known already is worth telling where the remote cannot be read.
    if (accounts && !globals.json) context.print(checkText(accounts, context.render));
    const checked =
      endpoints || args.length === 0
        ? await checkEndpoints(context, workplace, (names) => chosen(endpoints ? args : [], names))
        : { rows: [], late: false };
    context.progress.clear();
    if (globals.json) context.print(jsonText({ accounts: accounts ?? [], endpoints: checked.rows }));
    else printEndpoints(context, checked.rows, accounts !== undefined);
    return exitOf(accounts ?? [], checked);
  } finally {
    await workplace.close();
  }
}

async function checkAccounts(
  context: Context,
  workplace: Workplace,
  ids: readonly string[],
): Promise<readonly CheckedAccount[]> {
  const accounts = await openAccounts(context, workplace, ids);
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
    return checked;
  } finally {
    await closeAccounts(accounts);
  }
}

/** @throws CertError `usage` for a name or glob that fits nothing */
function chosen(globs: readonly string[], names: readonly string[]): readonly string[] {
  const selection = { names: globs };
  refuseEmpty(
    selection,
    names.map((name) => ({ name })),
  );
  return names.filter((name) => matches(selection, { name }));
}

function printEndpoints(context: Context, rows: readonly EndpointRow[], after: boolean): void {
  if (rows.length > 0) context.print(`${after ? '\n' : ''}${endpointsText(rows, context.render)}`);
  else if (!after) context.print('No manifest declares endpoints, or `endpoints: { off: true }` is set.');
}

function exitOf(
  accounts: readonly CheckedAccount[],
  { rows, late }: { readonly rows: readonly EndpointRow[]; readonly late: boolean },
): ExitCode {
  if (late) return EXIT.attention;
  return accounts.every(({ result }) => result === 'fine') && !rows.some(isTrouble) ? EXIT.fine : EXIT.error;
}

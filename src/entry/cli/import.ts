import { CertError } from '../../model/errors.js';
import { environmentFindings } from '../../reconcile/environments.js';
import { ConfigurationError } from '../../reconcile/open-run.js';
import { type ImportRow, type ImportSummary, importText } from '../../report/import-text.js';
import { jsonText } from '../../report/json.js';
import { type Account, closeAccounts, openAccounts } from '../accounts.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit.js';
import { configurationPositions } from '../files.js';
import { readOrders } from '../import/orders.js';
import { importPlan } from '../import/plan.js';
import { type Wishes, wishesOf } from '../import/wishes.js';
import { writeNewFiles } from '../import/write.js';
import { configurationOf, openWorkplace, type Workplace } from '../workplace.js';
import type { Globals } from './globals.js';
import type { Options } from './program.js';
import { withConfigurationFindings } from './refused.js';
import { openState } from './state.js';

/** `certwright import`: manifests for the orders an account has. Writes files of the checkout, and nothing elsewhere. */
export async function run(context: Context, globals: Globals, options: Options): Promise<number> {
  if (options.rebuild === true) return (await import('./rebuild.js')).rebuild(context, globals, options);
  for (const [key, flag] of [
    ['from', '--from'],
    ['yes', '--yes'],
  ] as const) {
    if (options[key] === true || (Array.isArray(options[key]) && options[key].length > 0))
      throw new CertError('usage', `${flag} goes with --rebuild`);
  }
  const wishes = wishesOf(options);
  return withConfigurationFindings(context, async () => {
    const workplace = await openWorkplace(context, globals);
    try {
      const id = wishes.provider ?? onlyAccount(workplace);
      const accounts = await openAccounts(context, workplace, [id]);
      try {
        const [account] = accounts;
        if (!account) throw new CertError('internal', `the account ${id} is of no known type`);
        const summary = await importAccount(context, workplace, account, wishes);
        context.progress.clear();
        context.print(globals.json ? jsonOf(summary) : importText(summary, context.render));
        if (!globals.json) sayNext(context, summary);
        return EXIT.fine;
      } finally {
        await closeAccounts(accounts);
      }
    } finally {
      await workplace.close();
    }
  });
}

/** @throws CertError `usage` where it is not clear which account is meant */
function onlyAccount({ local }: Workplace): string {
  const ids = Object.keys(configurationOf(local).providers);
  const [only] = ids;
  if (only !== undefined && ids.length === 1) return only;
  throw new CertError('usage', 'say which account: --provider ID', {
    remedy: ids.length === 0 ? 'add one to certwright.yaml first' : `there are ${ids.join(', ')}`,
  });
}

async function importAccount(
  context: Context,
  workplace: Workplace,
  account: Account,
  wishes: Wishes,
): Promise<ImportSummary> {
  const { provider, config, why } = account;
  if (!provider) {
    throw new CertError('provider.credentials', `${config.id} cannot be asked: ${why ?? ''}`, {
      remedy: `\`certwright check ${config.id}\` tells what is missing`,
    });
  }
  context.progress.step('reading what is declared and recorded');
  const view = await openState(workplace.deps);
  const { configuration } = workplace.local;
  const positionOf = configurationPositions(configuration);
  const changed = environmentFindings(
    { providers: { [config.id]: config } },
    view.statuses.values(),
    positionOf,
  );
  if (changed.length > 0) throw new ConfigurationError(changed);
  context.progress.step(`listing the orders of ${config.id}`);
  const orders = await readOrders(context, provider);
  context.progress.step(`checking ${orders.length} orders`);
  const planned = await importPlan(context, workplace, account, view, orders, wishes);
  const there = wishes.dryRun
    ? new Set<string>()
    : await writeNewFiles(workplace.checkout.root, planned.files, context.random, (written) => {
        if (written % 100 === 0) context.progress.step(`${written} of ${planned.files.length} written`);
        if (context.signal.aborted) {
          throw new CertError('interrupted', `stopped after ${written} manifests, each of them whole`);
        }
      });
  return {
    provider: config.id,
    dryRun: wishes.dryRun,
    rows: planned.rows.map((row) => (row.file !== undefined && there.has(row.file) ? occupied(row) : row)),
  };
}

const occupied = ({ file, ...row }: ImportRow): ImportRow => ({
  ...row,
  outcome: 'skipped',
  reason: 'a file is there already',
  ...(file === undefined ? {} : { detail: file }),
});

const jsonOf = ({ provider, dryRun, rows }: ImportSummary): string => {
  const many = (outcome: ImportRow['outcome']) => rows.filter((row) => row.outcome === outcome).length;
  return jsonText({
    provider,
    dryRun,
    counts: { written: many('written'), skipped: many('skipped'), impossible: many('impossible') },
    orders: rows,
  });
};

function sayNext(context: Context, { dryRun, rows }: ImportSummary): void {
  if (!rows.some(({ outcome }) => outcome === 'written')) return;
  context.say(
    dryRun
      ? 'note: this was a dry run; without --dry-run the files are written'
      : 'Next: look at `certwright plan`, which takes over and buys nothing; then commit certificates/ on a branch and open a pull request.',
  );
}

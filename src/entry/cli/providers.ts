import type { ProviderConfig } from '../../model/configuration.js';
import { capabilityText } from '../../report/capability-matrix.js';
import { jsonText } from '../../report/json.js';
import { table } from '../../report/table.js';
import { environmentText } from '../../report/words.js';
import { accountsOf } from '../accounts.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit.js';
import { openCheckout } from '../workplace.js';
import type { Globals } from './globals.js';

/** `certwright providers`: what each kind can do, and the accounts of this checkout. No provider is asked. */
export async function run(context: Context, globals: Globals): Promise<number> {
  const { local } = await openCheckout(context);
  const accounts = accountsOf(local.configuration);
  if (globals.json) {
    const providers = context.definitions.map(({ type, title, capabilities, credentialNames }) => ({
      type,
      title,
      capabilities,
      credentialNames,
    }));
    context.print(
      jsonText({
        providers,
        accounts: accounts.map(({ id, type, environment, priority }) => ({
          id,
          type,
          environment,
          priority,
        })),
      }),
    );
    return EXIT.fine;
  }
  context.print(capabilityText(context.definitions, context.render));
  if (accounts.length > 0) context.print(`\n${accountsText(context, accounts)}`);
  if (!local.configuration && local.findings.some(({ code }) => code !== 'config.missing')) {
    context.say(
      'note: certwright.yaml has errors, so its accounts are not shown; certwright validate tells them',
    );
  }
  return EXIT.fine;
}

const accountsText = ({ render }: Context, accounts: readonly ProviderConfig[]): string =>
  table(
    [{ title: 'ACCOUNT' }, { title: 'TYPE' }, { title: 'ENVIRONMENT' }, { title: 'PRIORITY' }],
    accounts.map(({ id, type, environment, priority }) => [
      id,
      type,
      environmentText(environment),
      String(priority),
    ]),
    render,
  );

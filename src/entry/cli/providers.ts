import type { Configuration, ProviderConfig } from '../../model/configuration.js';
import { capabilityText } from '../../report/capability-matrix.js';
import { terminalText } from '../../report/escape.js';
import { jsonText } from '../../report/json.js';
import { colorsOf, pad } from '../../report/layout.js';
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

/** In the order in which they are preferred. */
const accountsOf = (configuration: Configuration | undefined): readonly ProviderConfig[] =>
  Object.values(configuration?.providers ?? {}).toSorted(
    (a, b) => a.priority - b.priority || (a.id < b.id ? -1 : 1),
  );

function accountsText({ render }: Context, accounts: readonly ProviderConfig[]): string {
  const rows = [
    ['ACCOUNT', 'TYPE', 'ENVIRONMENT', 'PRIORITY'],
    ...accounts.map(({ id, type, environment, priority }) => [
      terminalText(id),
      terminalText(type),
      // Nothing real is bought there: said as loudly as everywhere else.
      environment === 'live' ? environment : environment.toUpperCase(),
      String(priority),
    ]),
  ];
  const widths = [0, 1, 2, 3].map((i) => Math.max(...rows.map((cells) => cells[i]?.length ?? 0)) + 2);
  const [head = '', ...lines] = rows.map((cells) =>
    cells
      .map((cell, i) => pad(cell, widths[i] ?? 0))
      .join('')
      .trimEnd(),
  );
  return `${[colorsOf(render).dim(head), ...lines].join('\n')}\n`;
}

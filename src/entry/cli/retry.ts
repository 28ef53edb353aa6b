import { toInstant } from '../../model/time.js';
import { minute } from '../../report/dates.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit.js';
import { retryCertificate } from '../retry.js';
import { openWorkplace } from '../workplace.js';
import type { Globals } from './globals.js';
import { printTold } from './person.js';
import type { Options } from './program.js';
import { openState } from './state.js';

/**
 * `certwright retry`: what failed is due again at once, the ladder of waits starts anew; and mails that nobody answered are
 * sent once more.
 */
export async function run(
  context: Context,
  globals: Globals,
  _options: Options,
  args: readonly string[],
): Promise<number> {
  const [name = ''] = args;
  const workplace = await openWorkplace(context, globals);
  try {
    const view = await openState(workplace.deps);
    const { waits, changed, mails } = await retryCertificate(workplace.deps, view, name);
    printTold(context, globals, {
      changed: changed || mails.length > 0,
      facts: {
        name,
        failures: waits.map(({ failure }) => ({ ...failure })),
        mails: mails.map(({ names, ...mail }) => ({ ...mail, names: [...names] })),
      },
      sentences: [
        ...mails.map(
          ({ provider, orderId, names }) =>
            `${provider} sends the mails of order ${orderId} again, for ${names.join(', ')}.`,
        ),
        ...(changed
          ? [
              ...waits.map(
                ({ failure, untilMs }) =>
                  `${name} is tried again at once instead of ${minute(toInstant(untilMs))}: ${failure.message}`,
              ),
              'Next: `certwright apply` tries it.',
            ]
          : mails.length > 0
            ? []
            : [`Nothing of ${name} waits after a failure; \`certwright show\` tells what it waits for.`]),
      ],
    });
    return EXIT.fine;
  } finally {
    await workplace.close();
  }
}

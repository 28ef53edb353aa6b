import type { FailureRecord, Status } from '../../model/status.js';
import { toInstant } from '../../model/time.js';
import { nextTryMs } from '../../policy/failures.js';
import { resendMails, unansweredMails } from '../../reconcile/resend.js';
import { minute } from '../../report/dates.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit.js';
import { openWorkplace } from '../workplace.js';
import type { Globals } from './globals.js';
import { printTold } from './person.js';
import type { Options } from './program.js';
import { changeStatus, openState, statusNamed } from './state.js';

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
    const status = statusNamed(view, name);
    const failures = failuresOf(status);
    const changed = await changeStatus(workplace.deps, view, name, `retry ${name}: asked for`, forgiven);
    const mails = unansweredMails(status).length > 0 ? await resendMails(workplace.deps, name) : [];
    printTold(context, globals, {
      changed: changed || mails.length > 0,
      facts: {
        name,
        failures: failures.map((failure) => ({ ...failure })),
        mails: mails.map(({ names, ...mail }) => ({ ...mail, names: [...names] })),
      },
      sentences: [
        ...mails.map(
          ({ provider, orderId, names }) =>
            `${provider} sends the mails of order ${orderId} again, for ${names.join(', ')}.`,
        ),
        ...(changed
          ? [
              ...failures.map(
                (failure) =>
                  `${name} is tried again at once instead of ${minute(toInstant(nextTryMs(failure)))}: ${failure.message}`,
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

const failuresOf = ({ failures, requests, intents }: Status): readonly FailureRecord[] =>
  [
    ...Object.values(failures),
    ...requests.map(({ failure }) => failure),
    ...intents.map((intent) => (intent.phase === 'placed' ? intent.validationFailure : undefined)),
  ].filter((failure) => failure !== undefined);

/** The same object where nothing failed. */
function forgiven(status: Status): Status {
  if (failuresOf(status).length === 0) return status;
  return {
    ...status,
    failures: {},
    requests: status.requests.map(({ failure: _failure, ...request }) => request),
    intents: status.intents.map((intent) => {
      if (intent.phase !== 'placed') return intent;
      const { validationFailure: _refused, ...rest } = intent;
      return rest;
    }),
  };
}

import type { FailureRecord, Status } from '../../model/status.js';
import { toInstant } from '../../model/time.js';
import { nextTryMs } from '../../policy/failures.js';
import { solverDueMs } from '../../policy/solving.js';
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
    const waits = waitsOf(status);
    const changed = await changeStatus(workplace.deps, view, name, `retry ${name}: asked for`, forgiven);
    const mails = unansweredMails(status).length > 0 ? await resendMails(workplace.deps, name) : [];
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

interface Wait {
  readonly failure: FailureRecord;
  readonly untilMs: number;
}

function waitsOf({ failures, requests, intents, published = [] }: Status): readonly Wait[] {
  const known = [
    ...Object.values(failures),
    ...requests.map(({ failure }) => failure),
    ...intents.map((intent) => (intent.phase === 'placed' ? intent.validationFailure : undefined)),
  ].filter((failure) => failure !== undefined);
  return [
    ...known.map((failure) => ({ failure, untilMs: nextTryMs(failure) })),
    ...published.flatMap((entry) =>
      entry.failure === undefined ? [] : [{ failure: entry.failure, untilMs: solverDueMs(entry) }],
    ),
  ];
}

/** The same object where nothing failed. */
function forgiven(status: Status): Status {
  if (waitsOf(status).length === 0) return status;
  const { published, ...rest } = status;
  return {
    ...rest,
    failures: {},
    requests: status.requests.map(({ failure: _failure, ...request }) => request),
    intents: status.intents.map((intent) => {
      if (intent.phase !== 'placed') return intent;
      const { validationFailure: _refused, ...others } = intent;
      return others;
    }),
    ...(published && { published: published.map(({ failure: _failure, ...entry }) => entry) }),
  };
}

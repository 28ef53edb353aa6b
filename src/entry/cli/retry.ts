import type { FailureRecord, Status } from '../../model/status.js';
import { toInstant } from '../../model/time.js';
import { nextTryMs } from '../../policy/failures.js';
import { minute } from '../../report/dates.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit.js';
import { openWorkplace } from '../workplace.js';
import type { Globals } from './globals.js';
import { printTold } from './person.js';
import type { Options } from './program.js';
import { changeStatus, openState, statusNamed } from './state.js';

/** `certwright retry`: what failed is due again at once; the ladder of waits starts anew. */
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
    const failures = failuresOf(statusNamed(view, name));
    const changed = await changeStatus(workplace.deps, view, name, `retry ${name}: asked for`, forgiven);
    printTold(context, globals, {
      changed,
      facts: { name, failures: failures.map((failure) => ({ ...failure })) },
      sentences: changed
        ? [
            ...failures.map(
              (failure) =>
                `${name} is tried again at once instead of ${minute(toInstant(nextTryMs(failure)))}: ${failure.message}`,
            ),
            'Next: `certwright apply` tries it.',
          ]
        : [`Nothing of ${name} waits after a failure; \`certwright show\` tells what it waits for.`],
    });
    return EXIT.fine;
  } finally {
    await workplace.close();
  }
}

const failuresOf = ({ failures, requests }: Status): readonly FailureRecord[] =>
  [...Object.values(failures), ...requests.map(({ failure }) => failure)].filter(
    (failure) => failure !== undefined,
  );

/** The same object where nothing failed. */
function forgiven(status: Status): Status {
  if (failuresOf(status).length === 0) return status;
  return {
    ...status,
    failures: {},
    requests: status.requests.map(({ failure: _failure, ...request }) => request),
  };
}

import { CertError } from '../../model/errors.js';
import { toInstant } from '../../model/time.js';
import { type ReplacementProgress, replacementProgress } from '../../policy/replacement.js';
import { refuseLostState } from '../../reconcile/land.js';
import { ConfigurationError } from '../../reconcile/open-run.js';
import type { StateView } from '../../reconcile/state.js';
import { terminalText } from '../../report/escape.js';
import { jsonText } from '../../report/json.js';
import { replacementsText, replacePlanText } from '../../report/replacement.js';
import { count } from '../../report/words.js';
import type { Context } from '../context.js';
import { EXIT, type ExitCode } from '../exit.js';
import { type Asked, recordRequests, withdrawRequests } from '../replace/record.js';
import { mayBeAsked, type Survey, surveyOf } from '../replace/survey.js';
import { deadlineOf, type Wanted, wantedOf } from '../replace/wanted.js';
import { lookAround } from '../situation.js';
import { openWorkplace, type Workplace } from '../workplace.js';
import type { Globals } from './globals.js';
import { agreed, reasonOf } from './person.js';
import type { Options } from './program.js';
import { withConfigurationFindings } from './refused.js';
import { refuseEmpty } from './selectors.js';
import { openState } from './state.js';

/** `certwright replace`: many certificates have to go by a deadline; `apply` carries it out. */
export async function run(
  context: Context,
  globals: Globals,
  options: Options,
  args: readonly string[],
): Promise<number> {
  if (options.status === true) {
    refuseBeside(options, args);
    return withWorkplace(context, globals, async ({ deps }) =>
      tellProgress(context, globals, await openState(deps)),
    );
  }
  if (options.withdraw !== undefined) {
    refuseBeside(options, args);
    return withWorkplace(context, globals, (workplace) => withdraw(context, globals, options, workplace));
  }
  // Nothing is opened for a mistake on the command line.
  const reason = reasonOf(options);
  const deadline = deadlineOf(options, context.clock.now());
  const wanted = wantedOf(options, args, context.cwd);
  const id = context.random.hex(4);
  const request: Asked = {
    id,
    action: 'reissue',
    requestedAt: toInstant(context.clock.now()),
    reason,
    replacement: id,
    deadline,
  };
  return withConfigurationFindings(context, () =>
    withWorkplace(context, globals, (workplace) =>
      ask(context, globals, options, { workplace, wanted, request }),
    ),
  );
}

async function withWorkplace(
  context: Context,
  globals: Globals,
  work: (workplace: Workplace) => Promise<ExitCode>,
): Promise<ExitCode> {
  const workplace = await openWorkplace(context, globals);
  try {
    return await work(workplace);
  } finally {
    await workplace.close();
  }
}

interface Asking {
  readonly workplace: Workplace;
  readonly wanted: Wanted;
  readonly request: Asked;
}

async function ask(
  context: Context,
  globals: Globals,
  options: Options,
  { workplace: { deps }, wanted, request }: Asking,
): Promise<ExitCode> {
  const { view, input, entries, reading, nowMs } = await lookAround(context, deps);
  refuseLostState(view);
  if (!input) throw new ConfigurationError(reading.findings);
  refuseEmpty(wanted, entries);
  const survey = surveyOf(wanted, entries, input, request);
  const managed = new Set(entries.filter(mayBeAsked).map(({ name }) => name));
  const left = survey.rows.filter(({ asked, name }) => !asked && managed.has(name));
  context.progress.clear();
  const { deadline, reason } = request;
  const show = () => replacePlanText({ deadline, reason, ...survey }, { ...context.render, nowMs });
  if (!globals.json) context.print(show());
  if (left.length === 0) {
    tellDone(context, globals, { survey, request, recorded: 0 });
    return EXIT.fine;
  }
  const question = `Ask for ${left.length === 1 ? 'a new certificate' : `${left.length} new certificates`} by ${deadline}?`;
  if (options.dryRun === true) {
    tellDone(context, globals, { survey, request, recorded: 0 });
    return EXIT.fine;
  }
  if (!(await agreed(context, options, question))) return EXIT.fine;
  const recorded = await recordRequests(deps, view, left, request);
  context.progress.clear();
  tellDone(context, globals, { survey, request, recorded });
  return EXIT.fine;
}

interface Done {
  readonly survey: Survey;
  readonly request: Asked;
  readonly recorded: number;
}

function tellDone(context: Context, globals: Globals, { survey, request, recorded }: Done): void {
  const { replacement, deadline, reason } = request;
  if (globals.json) {
    const certificates = survey.rows;
    const { replaced, unknown } = survey;
    const id = recorded === 0 ? {} : { replacement };
    context.print(jsonText({ ...id, deadline, reason, recorded, certificates, replaced, unknown }));
    return;
  }
  context.print(
    recorded === 0
      ? 'Nothing was recorded.'
      : `Recorded: ${recorded} to be replaced by ${deadline}, as ${replacement}.\nNext: \`certwright apply\` carries it out, \`certwright replace --status\` tells how far it is.`,
  );
}

async function withdraw(
  context: Context,
  globals: Globals,
  options: Options,
  { deps }: Workplace,
): Promise<ExitCode> {
  const id = String(options.withdraw);
  const view = await openState(deps);
  const left = [...view.statuses.values()].filter(({ requests }) =>
    requests.some(({ replacement }) => replacement === id),
  ).length;
  if (left === 0 && !view.header?.replacements?.some((one) => one.id === id)) {
    throw new CertError('usage', `there is no replacement ${JSON.stringify(id)}`, {
      remedy: '`certwright replace --status` tells their ids',
    });
  }
  if (left > 0 && !(await agreed(context, options, `Take back ${count(left, 'request')}?`))) return EXIT.fine;
  const withdrawn = left === 0 ? 0 : await withdrawRequests(deps, view, id);
  context.progress.clear();
  context.print(
    globals.json
      ? jsonText({ replacement: id, withdrawn })
      : `Withdrawn: ${count(withdrawn, 'request')} of ${id}. What was replaced already stays so.`,
  );
  return EXIT.fine;
}

/** @throws CertError `usage` */
function refuseBeside(options: Options, args: readonly string[]): void {
  const beside = ['serials', 'issuer', 'issuedAfter', 'issuedBefore', 'deadline', 'reason', 'dryRun'].some(
    (key) => options[key] !== undefined && options[key] !== false,
  );
  const both = options.status === true && options.withdraw !== undefined;
  if (!beside && !both && args.length === 0) return;
  throw new CertError('usage', '--status and --withdraw stand alone: they start no replacement', {
    remedy: 'leave out everything else',
  });
}

function tellProgress(context: Context, globals: Globals, view: StateView): ExitCode {
  const nowMs = context.clock.now();
  const statuses = [...view.statuses.values()];
  const all: readonly ReplacementProgress[] = (view.header?.replacements ?? []).map((record) =>
    replacementProgress(record, statuses, nowMs),
  );
  const code = all.some(({ verdict }) => verdict === 'missed') ? EXIT.attention : EXIT.fine;
  context.progress.clear();
  context.print(
    globals.json
      ? jsonText({ replacements: all.map(({ record, ...rest }) => ({ ...record, ...rest })), exitCode: code })
      : replacementsText(all, { ...context.render, nowMs }),
  );
  for (const { record, verdict } of all) {
    if (verdict === 'too-slow')
      context.say(
        `warning: ${terminalText(record.id)} will not be done by ${record.deadline} at this pace; \`certwright status\` and \`certwright plan\` show what waits, and for whom`,
      );
  }
  return code;
}

import { CertError } from '../../model/errors.js';
import type { Plan } from '../../model/plan.js';
import { parseDuration } from '../../model/term.js';
import type { Context } from '../context.js';
import { EXIT, type ExitCode } from '../exit.js';
import { firstLook } from '../first-look.js';
import type { RunReport } from '../metrics/recorder.js';
import type { Globals } from './globals.js';
import { planWords } from './plan-words.js';
import type { Options } from './program.js';
import { recorded } from './recorded.js';

/** `certwright apply`: acts on the tip of the approval branch, never on the checkout. */
export const run = (context: Context, globals: Globals, options: Options): Promise<number> =>
  recorded(context, globals, options, (report) => once(context, globals, options, report));

async function once(
  context: Context,
  globals: Globals,
  options: Options,
  report: RunReport,
): Promise<ExitCode> {
  const waitMs = parseDuration(String(options.wait ?? '30s'));
  if (waitMs === undefined) {
    throw new CertError('usage', `--wait ${String(options.wait)} is no duration`, {
      remedy: 'write 30s, 10m or 0s',
    });
  }
  const digest = digestOf(options);
  const syncOlderMs = syncOf(options);
  const startedMs = context.clock.now();
  const { quiet, remote } =
    digest === undefined && !options.sync ? await firstLook(context, syncOlderMs) : {};
  if (quiet !== undefined) {
    await remote?.repository.close();
    report.quiet();
    context.print(await quietText(quiet, context, globals));
    return EXIT.fine;
  }
  // Loading the rest takes longer than all of the above.
  const { applyFully } = await import('./apply-fully.js');
  return applyFully(context, globals, options, {
    waitMs,
    startedMs,
    report,
    ...(syncOlderMs === undefined ? {} : { syncOlderMs }),
    ...(digest === undefined ? {} : { digest }),
    ...(remote === undefined ? {} : { remote }),
  });
}

/** A plan without lines and warnings, as `applyFully` prints it. */
async function quietText(plan: Plan, { render }: Context, { json }: Globals): Promise<string> {
  if (!json) return planWords(plan, render);
  const { jsonText } = await import('../../report/json.js');
  return jsonText({ plan, events: [], accounts: [], exitCode: EXIT.fine });
}

/** `--sync` lists every account, `--sync-if-older 20h` those whose last list is older. @throws CertError `usage` */
function syncOf({ sync, syncIfOlder }: Options): number | undefined {
  if (sync) return 0;
  if (syncIfOlder === undefined) return undefined;
  const olderMs = parseDuration(String(syncIfOlder));
  if (olderMs !== undefined) return olderMs;
  throw new CertError('usage', `--sync-if-older ${String(syncIfOlder)} is no duration`, {
    remedy: 'write 20h or 2d',
  });
}

const DIGEST = /^[0-9a-f]{12,64}$/;

/** An empty variable in a script must not mean "any plan". @throws CertError `usage` */
function digestOf({ digest }: Options): string | undefined {
  if (digest === undefined || (typeof digest === 'string' && DIGEST.test(digest))) return digest;
  throw new CertError('usage', `--digest ${JSON.stringify(digest)} is no digest of a plan`, {
    remedy: 'copy it from the end of `certwright plan`, or from `digest` in `certwright plan --json`',
  });
}

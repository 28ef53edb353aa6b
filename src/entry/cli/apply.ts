import { CertError } from '../../model/errors.js';
import { parseDuration } from '../../model/term.js';
import { jsonText } from '../../report/json.js';
import { planText } from '../../report/plan-text.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit.js';
import { firstLook } from '../first-look.js';
import type { Globals } from './globals.js';
import type { Options } from './program.js';

/** `certwright apply`: acts on the tip of the approval branch, never on the checkout. */
export async function run(context: Context, globals: Globals, options: Options): Promise<number> {
  const waitMs = parseDuration(String(options.wait ?? '30s'));
  if (waitMs === undefined) {
    throw new CertError('usage', `--wait ${String(options.wait)} is no duration`, {
      remedy: 'write 30s, 10m or 0s',
    });
  }
  const digest = digestOf(options);
  const startedMs = context.clock.now();
  const { quiet, remote } = digest === undefined ? await firstLook(context) : {};
  if (quiet !== undefined) {
    await remote?.repository.close();
    context.print(
      globals.json
        ? jsonText({ plan: quiet, events: [], exitCode: EXIT.fine })
        : planText(quiet, context.render),
    );
    return EXIT.fine;
  }
  // Loading the rest takes longer than all of the above.
  const { applyFully } = await import('./apply-fully.js');
  return applyFully(context, globals, options, {
    waitMs,
    startedMs,
    ...(digest === undefined ? {} : { digest }),
    ...(remote === undefined ? {} : { remote }),
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

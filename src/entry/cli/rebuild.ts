import { CertError } from '../../model/errors.js';
import { jsonText } from '../../report/json.js';
import { type RebuildSummary, rebuildText } from '../../report/rebuild-text.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit.js';
import { landRebuilt, withRebuilt } from '../rebuild/rebuild.js';
import { summaryOf } from '../rebuild/summary.js';
import { openRescue } from '../remote.js';
import { DEFAULT_BRANCHES, openWorkplace } from '../workplace.js';
import type { Globals } from './globals.js';
import { agreed } from './person.js';
import type { Options } from './program.js';
import { withConfigurationFindings } from './refused.js';

/** What only makes sense where manifests are written for orders. */
const IMPORT_ONLY = ['provider', 'owner', 'product', 'expiresBefore'] as const;

/**
 * `certwright import --rebuild`: a state that was lost is made anew from what survives. Shows it first, buys nothing, and
 * writes state and seen in one push.
 */
export async function rebuild(context: Context, globals: Globals, options: Options): Promise<number> {
  const wrong = IMPORT_ONLY.find((key) => options[key] !== undefined);
  if (wrong) throw new CertError('usage', `--rebuild is for the whole state: it takes no --${wrong}`);
  const from = Array.isArray(options.from) ? options.from.filter((one) => typeof one === 'string') : [];
  return withConfigurationFindings(context, async () => {
    const workplace = await openWorkplace(context, globals);
    const rescue = await openRescue(context, workplace.local.configuration?.branches ?? DEFAULT_BRANCHES);
    try {
      return await withRebuilt(context, workplace, rescue, from, async (rebuilt) => {
        context.progress.clear();
        const summary = summaryOf(rebuilt);
        if (!globals.json) context.print(rebuildText(summary, context.render).trimEnd());
        const dryRun = options.dryRun === true;
        if (!dryRun && !(await agreed(context, options, QUESTION))) return EXIT.fine;
        if (!dryRun) await landRebuilt(workplace, rescue, rebuilt);
        if (globals.json) context.print(jsonOf(summary, !dryRun));
        else context.say(dryRun ? DRY : NEXT);
        return EXIT.fine;
      });
    } finally {
      await rescue.close();
      await workplace.close();
    }
  });
}

const QUESTION =
  'This becomes the state of the repository. Does no other certwright run for it any more, here or elsewhere?';
const DRY = 'note: this was a dry run; without --dry-run the state is written';
const NEXT =
  'Written: certwright/seen and the state branch.\nNext: look at `certwright plan`; start the runners again when it says what you expect.';

const jsonOf = ({ keys, approvals, ...summary }: RebuildSummary, created: boolean): string =>
  jsonText({ created, ...summary, sealedKeys: keys, approvalsTakenAsUsed: approvals });

import { CertError } from '../../model/errors.js';
import type { Plan } from '../../model/plan.js';
import { planOnly } from '../../reconcile/plan-only.js';
import { findingsText } from '../../report/findings.js';
import { planJson } from '../../report/plan-json.js';
import { planMarkdown } from '../../report/plan-markdown.js';
import { planText } from '../../report/plan-text.js';
import type { Context } from '../context.js';
import { EXIT, exitCodeOf } from '../exit.js';
import { openWorkplace } from '../workplace.js';
import type { Globals } from './globals.js';
import type { Options } from './program.js';
import { withConfigurationFindings } from './refused.js';
import { matches, refuseEmpty, type Selection, selectionOf } from './selectors.js';

/** `certwright plan`: the checkout as it lies there against state and providers; writes nothing. */
export async function run(
  context: Context,
  globals: Globals,
  options: Options,
  args: readonly string[],
): Promise<number> {
  const form = globals.json ? 'json' : String(options.output ?? 'text');
  if (options.merge !== undefined) {
    refuseBeside(options, args);
    const { planMerge } = await import('./plan-merge.js');
    const { shard: _part, ...whole } = context;
    return withConfigurationFindings(whole, () => planMerge(whole, options, form));
  }
  return withConfigurationFindings(context, async () => {
    const workplace = await openWorkplace(context, globals);
    try {
      const { checkout } = workplace;
      const tree = options.remoteFiles ? undefined : checkout;
      const { plan: whole, findings } = await planOnly(workplace.deps, tree);
      const plan = select(whole, selectionOf(options, args));
      context.progress.clear();
      if (findings.length > 0) context.say(findingsText(findings, context.render));
      if (tree && (await checkout.uncommitted())) {
        context.say(
          'note: this plans the checkout, which has uncommitted changes; apply acts on the approval branch only',
        );
      }
      context.print(render(context, plan, form));
      const code = exitCodeOf({ plan, findings });
      return code === EXIT.fine && options.detailedExitcode && hasChanges(plan) ? EXIT.changes : code;
    } finally {
      await workplace.close();
    }
  });
}

/** A change is planned as a whole. @throws CertError `usage` */
function refuseBeside(options: Options, args: readonly string[]): void {
  const beside = ['owner', 'provider', 'state', 'remoteFiles', 'detailedExitcode'].some(
    (key) => options[key],
  );
  if (!beside && args.length === 0) return;
  throw new CertError('usage', '--merge plans a change as a whole', {
    remedy: 'leave out names, filters, --remote-files and --detailed-exitcode',
  });
}

/** The lines asked for; counts, totals and digest stay those of the whole plan, which is what apply carries out. */
function select(plan: Plan, selection: Selection): Plan {
  refuseEmpty(
    selection,
    plan.items.map((item) => item),
  );
  const items = plan.items.filter((item) => matches(selection, { ...item, state: item.action }));
  return items.length === plan.items.length ? plan : { ...plan, items };
}

function render(context: Context, plan: Plan, form: string): string {
  if (form === 'json') return planJson(plan);
  if (form !== 'markdown') return planText(plan, context.render);
  // A comment is found again by it in logs and commits.
  return `${planMarkdown(plan).trimEnd()}\n\n<sub>run ${context.runId}</sub>\n`;
}

const hasChanges = (plan: Plan): boolean =>
  plan.items.some((item) => item.hold === undefined && item.action !== 'wait');

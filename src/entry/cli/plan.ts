import type { Plan } from '../../model/plan.js';
import { planOnly } from '../../reconcile/engine.js';
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
      context.print(render(context, plan, globals.json ? 'json' : String(options.output ?? 'text')));
      const code = exitCodeOf({ plan, findings });
      return code === EXIT.fine && options.detailedExitcode && hasChanges(plan) ? EXIT.changes : code;
    } finally {
      await workplace.close();
    }
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

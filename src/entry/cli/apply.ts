import { CertError } from '../../model/errors.js';
import type { Plan } from '../../model/plan.js';
import { parseDuration } from '../../model/term.js';
import type { Condition } from '../../policy/conditions.js';
import type { Applied } from '../../reconcile/engine.js';
import { apply } from '../../reconcile/engine.js';
import { findingsText } from '../../report/findings.js';
import { jsonText } from '../../report/json.js';
import { planText } from '../../report/plan-text.js';
import type { Context } from '../context.js';
import { EXIT, exitCodeOf } from '../exit.js';
import { allConditions } from '../health.js';
import { firstLook, rememberQuiet } from '../quiet.js';
import { openWorkplace } from '../workplace.js';
import { appliedText } from './applied-text.js';
import type { Globals } from './globals.js';
import type { Options } from './program.js';
import { withConfigurationFindings } from './refused.js';

/** `certwright apply`: acts on the tip of the approval branch, never on the checkout. */
export async function run(context: Context, globals: Globals, options: Options): Promise<number> {
  const waitMs = parseDuration(String(options.wait ?? '30s'));
  if (waitMs === undefined) {
    throw new CertError('usage', `--wait ${String(options.wait)} is no duration`, {
      remedy: 'write 30s, 10m or 0s',
    });
  }
  const digest = digestOf(options);
  return withConfigurationFindings(context, async () => {
    const startedMs = context.clock.now();
    const { quiet, remote } = digest === undefined ? await firstLook(context) : {};
    if (quiet !== undefined) {
      await remote?.repository.close();
      if (!globals.json) context.print(planText(quiet, context.render));
      return report(context, globals, { plan: quiet, findings: [], events: [] }, new Map());
    }
    const workplace = await openWorkplace(context, globals, remote);
    try {
      const applied = await apply(workplace.deps, {
        waitMs,
        ...(digest === undefined ? {} : { digest }),
        confirm: (plan) => confirm(context, globals, options, plan),
      });
      context.progress.clear();
      const { view, specs, providers } = applied;
      const conditions = allConditions(view.statuses.values(), specs, providers, context.clock.now());
      rememberQuiet(context, workplace, applied, [...conditions.values()].flat(), startedMs);
      return report(context, globals, applied, conditions);
    } finally {
      await workplace.close();
    }
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

/** People see the plan and are asked where money is spent in live; CI was asked by the pull request. */
async function confirm(context: Context, globals: Globals, options: Options, plan: Plan): Promise<boolean> {
  if (!globals.json) context.print(planText(plan, context.render));
  const spends = plan.items.some(
    (item) => item.hold === undefined && item.environment === 'live' && item.price.kind === 'known',
  );
  if (!spends || options.yes || options.digest !== undefined || plan.unsafe || !context.interactive)
    return true;
  const answer = await context.ask('Carry out this plan? Only "yes" does. ');
  return answer === undefined || answer.trim().toLowerCase() === 'yes';
}

type Told = Pick<Applied, 'plan' | 'findings' | 'events' | 'clockProblem'> &
  Partial<Pick<Applied, 'declined'>>;

function report(
  context: Context,
  globals: Globals,
  applied: Told,
  conditions: ReadonlyMap<string, readonly Condition[]>,
): number {
  const { plan, findings, events, declined = false, clockProblem } = applied;
  if (findings.length > 0) context.say(findingsText(findings, context.render));
  if (declined) {
    context.say('nothing was done');
    return EXIT.fine;
  }
  const code = exitCodeOf({
    plan,
    findings,
    events,
    conditions: [...conditions.values()].flat(),
    ...(clockProblem === undefined ? {} : { clockProblem }),
  });
  if (globals.json) context.print(jsonText({ plan, events, exitCode: code }));
  else context.print(appliedText(applied, conditions, context.render));
  return code;
}

import type { Plan } from '../../model/plan.js';
import type { Condition } from '../../policy/conditions.js';
import { type Applied, apply } from '../../reconcile/engine.js';
import { findingsText } from '../../report/findings.js';
import { jsonText } from '../../report/json.js';
import { planText } from '../../report/plan-text.js';
import type { Context } from '../context.js';
import { EXIT, exitCodeOf } from '../exit.js';
import { allConditions } from '../health.js';
import { rememberQuiet } from '../quiet.js';
import type { Remote } from '../remote.js';
import { openWorkplace } from '../workplace.js';
import { appliedText } from './applied-text.js';
import type { Globals } from './globals.js';
import type { Options } from './program.js';
import { withConfigurationFindings } from './refused.js';

export interface Start {
  readonly waitMs: number;
  readonly digest?: string;
  /** Accounts whose last list is older are listed; absent: none. */
  readonly syncOlderMs?: number;
  /** Wall clock before anything was read. */
  readonly startedMs: number;
  /** Fetched already. */
  readonly remote?: Remote;
}

/** Reads everything, plans, and carries it out. */
export function applyFully(
  context: Context,
  globals: Globals,
  options: Options,
  { waitMs, digest, syncOlderMs, startedMs, remote }: Start,
): Promise<number> {
  return withConfigurationFindings(context, async () => {
    const workplace = await openWorkplace(context, globals, remote);
    try {
      const applied = await apply(workplace.deps, {
        waitMs,
        ...(digest === undefined ? {} : { digest }),
        ...(syncOlderMs === undefined ? {} : { syncOlderMs }),
        ...(options.sync ? { lookNow: 'all' as const } : {}),
        confirm: (plan) => confirm(context, globals, options, plan),
      });
      context.progress.clear();
      const { view, specs, providers } = applied;
      const nowMs = context.clock.now();
      const conditions = allConditions(view.statuses.values(), specs, providers, nowMs, undefined, applied);
      rememberQuiet(context, workplace, applied, [...conditions.values()].flat(), startedMs);
      return report(context, globals, applied, conditions);
    } finally {
      await workplace.close();
    }
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

function report(
  context: Context,
  globals: Globals,
  applied: Applied,
  conditions: ReadonlyMap<string, readonly Condition[]>,
): number {
  const { plan, findings, events, declined, clockProblem, accounts = [] } = applied;
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
  if (globals.json) context.print(jsonText({ plan, events, accounts, exitCode: code }));
  else context.print(appliedText(applied, conditions, context.render));
  return code;
}

import type { Plan } from '../../model/plan.js';
import { jsonText } from '../../report/json.js';
import { type Carried, type CarryOut, carryOut } from '../carry-out.js';
import type { Context } from '../context.js';
import { EXIT, type ExitCode } from '../exit.js';
import type { RunReport } from '../metrics/recorder.js';
import { tellAfter } from '../notify/after-run.js';
import type { Remote } from '../remote.js';
import { situationAfter } from '../situation.js';
import { openWorkplace } from '../workplace.js';
import type { Globals } from './globals.js';
import { planWords } from './plan-words.js';
import type { Options } from './program.js';
import { withConfigurationFindings } from './refused.js';

export interface Start extends Omit<CarryOut, 'confirm'> {
  /** Fetched already. */
  readonly remote?: Remote;
  /** Told what the run saw. */
  readonly report: RunReport;
}

/** Reads everything, plans, and carries it out. */
export function applyFully(
  context: Context,
  globals: Globals,
  options: Options,
  { remote, report, ...start }: Start,
): Promise<ExitCode> {
  return withConfigurationFindings(context, async () => {
    const workplace = await openWorkplace(context, globals, remote);
    try {
      const carried = await carryOut(context, workplace, {
        ...start,
        confirm: (plan) => confirm(context, globals, options, plan),
      });
      await report.seen(workplace, () => situationAfter(context, workplace.deps, carried.applied));
      const code = await tell(context, globals, carried);
      await tellAfter(context, workplace, carried);
      return code;
    } finally {
      await workplace.close();
    }
  });
}

/** People see the plan and are asked where money is spent in live; CI was asked by the pull request. */
async function confirm(context: Context, globals: Globals, options: Options, plan: Plan): Promise<boolean> {
  if (!globals.json) context.print(await planWords(plan, context.render));
  const spends = plan.items.some(
    (item) => item.hold === undefined && item.environment === 'live' && item.price.kind === 'known',
  );
  if (!spends || options.yes || options.digest !== undefined || plan.unsafe || !context.interactive)
    return true;
  const answer = await context.ask('Carry out this plan? Only "yes" does. ');
  return answer === undefined || answer.trim().toLowerCase() === 'yes';
}

async function tell(
  context: Context,
  globals: Globals,
  { applied, conditions, code }: Carried,
): Promise<ExitCode> {
  const { plan, findings, events, declined, accounts = [] } = applied;
  if (findings.length > 0) {
    const { findingsText } = await import('../../report/findings.js');
    context.say(findingsText(findings, context.render));
  }
  if (declined) {
    context.say('nothing was done');
    return EXIT.fine;
  }
  if (globals.json) context.print(jsonText({ plan, events, accounts, exitCode: code }));
  else context.print(await wordsAfter({ applied, conditions }, context));
  return code;
}

/** What an apply did; '' where it had nothing to do, which the plan has said. */
async function wordsAfter(
  { applied, conditions }: Pick<Carried, 'applied' | 'conditions'>,
  { render }: Context,
): Promise<string> {
  const { events, accounts } = applied;
  const calm = [...conditions.values()].every((all) => all.every(({ level }) => level !== 'attention'));
  if (calm && events.length + accounts.length === 0) return '';
  const { appliedText } = await import('./applied-text.js');
  return appliedText(applied, conditions, render);
}

import { sync } from '../../reconcile/engine.js';
import { planOnly } from '../../reconcile/plan-only.js';
import { findingsText } from '../../report/findings.js';
import { lineNotes } from '../../report/line-notes.js';
import { planMarkdown } from '../../report/plan-markdown.js';
import { planText } from '../../report/plan-text.js';
import { count } from '../../report/words.js';
import { accountLines } from '../cli/account-lines.js';
import { eventLines } from '../cli/applied-text.js';
import { EXIT, type ExitCode, exitCodeOf } from '../exit.js';
import type { RunReport } from '../metrics/recorder.js';
import { tellAfterLook } from '../notify/after-run.js';
import { lookAround } from '../situation.js';
import { findingsOf, openWorkplace } from '../workplace.js';
import { writeOutputs } from './outputs.js';
import type { Job } from './plan-pull.js';

const NO_IDENTITIES = { json: false, identity: [] };

/** The plan of the approval branch as it is; nothing is carried out. */
export async function planBranch({ context, runner }: Job): Promise<ExitCode> {
  const workplace = await openWorkplace(context, NO_IDENTITIES);
  try {
    const { plan, findings, input } = await planOnly(workplace.deps);
    runner.log(findingsText(findings, context.render));
    runner.log(planText(plan, context.render));
    runner.summary(planMarkdown(plan));
    const specs = new Map(input.desired.specs.map((spec) => [spec.name, spec]));
    for (const note of lineNotes(findings, plan, specs)) runner.lineNote(note);
    const code = exitCodeOf({ plan, findings });
    writeOutputs(runner, context.env, { mode: 'plan', exitCode: code, plan });
    return code;
  } finally {
    await workplace.close();
  }
}

/** Every file of the checkout, without any remote or variable: it may be that of a pull request. */
export async function validateFiles({ context, runner }: Job): Promise<ExitCode> {
  const findings = await findingsOf(context);
  runner.log(findingsText(findings, context.render));
  for (const note of lineNotes(findings, undefined, new Map())) runner.lineNote(note);
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const warnings = findings.length - errors;
  runner.summary(`**Files: ${count(errors, 'error')}, ${count(warnings, 'warning')}.**`);
  const code = exitCodeOf({ findings });
  writeOutputs(runner, context.env, { mode: 'validate', exitCode: code });
  return code;
}

/** What changed at the providers becomes a fact; nothing is carried out. */
export async function syncAccounts({ context, runner }: Job, watch: RunReport): Promise<ExitCode> {
  const workplace = await openWorkplace(context, NO_IDENTITIES);
  try {
    const { accounts, events, warnings } = await sync(workplace.deps);
    await watch.seen(workplace, () => lookAround(context, workplace.deps));
    runner.log([...eventLines(events, context.render), ...accountLines(accounts, context.render)].join('\n'));
    for (const { name, message, level } of warnings) {
      if (level !== 'info') runner.warning(name === undefined ? message : `${name}: ${message}`);
    }
    const failed = events.some(({ outcome }) => outcome === 'failed');
    const attention = warnings.filter(({ level }) => level === 'attention');
    const code = attention.length > 0 ? EXIT.attention : failed ? EXIT.error : EXIT.fine;
    runner.summary(
      `**Synchronised: ${count(accounts.length, 'account')}, ${count(events.length, 'change')}.**`,
    );
    writeOutputs(runner, context.env, {
      mode: 'sync',
      exitCode: code,
      attention: attention.flatMap(({ name }) => name ?? []),
    });
    await tellAfterLook(context, workplace, { warn: (text) => runner.warning(text) });
    return code;
  } finally {
    await workplace.close();
  }
}

import type { Finding } from '../../model/manifest.js';
import type { Conclusion } from '../../ports/forge.js';
import { lineNotes } from '../../report/line-notes.js';
import { summaryOf } from '../../report/plan-groups.js';
import { planText } from '../../report/plan-text.js';
import { type ProposalReport, proposalMarkdown, saysNothing } from '../../report/proposal-markdown.js';
import { count } from '../../report/words.js';
import type { Context } from '../context.js';
import { EXIT, type ExitCode, exitCodeOf } from '../exit.js';
import { openProposal } from '../proposal/open.js';
import { type Proposed, planProposal } from '../proposal/plan.js';
import type { PullEvent, RunnerEvent } from './event.js';
import { forgeOf } from './github.js';
import type { Inputs } from './inputs.js';
import { writeOutputs } from './outputs.js';
import { type PullReport, tellPull } from './pull-report.js';
import { writeReport } from './report-file.js';
import type { Runner } from './runner.js';

/** What a job was for. */
export interface Job {
  readonly context: Context;
  readonly runner: Runner;
  readonly inputs: Inputs;
  readonly event: RunnerEvent;
}

/** A pull request as it would be merged: comment, check, page of the run, and the exit code it deserves. */
export async function planPull(job: Job, pull: PullEvent): Promise<ExitCode> {
  const { context, runner } = job;
  const opened = await openProposal(context, pull.baseBranch, `refs/pull/${pull.number}/head`);
  try {
    const named = opened.configuration?.branches.approval;
    if (named !== undefined && named !== pull.baseBranch) {
      runner.notice(`${pull.baseBranch} is not the approval branch ${named}: there is nothing to plan`);
      writeOutputs(runner, context.env, { mode: 'plan', exitCode: EXIT.fine });
      return EXIT.fine;
    }
    const proposed = await planProposal(context, opened, !pull.isForeign);
    const told = tell(proposed, pull);
    runner.log(textOf(context, proposed));
    runner.summary(told.summary);
    const areShown = await onPull(job, pull, told);
    if (!areShown) for (const note of told.notes) runner.lineNote(note);
    const report =
      told.report && writeReport(context.env, pull.number, proposed.kind === 'conflict', told.report);
    writeOutputs(runner, context.env, {
      mode: 'plan',
      exitCode: told.code,
      ...(report === undefined ? {} : { report }),
      ...(proposed.kind === 'planned' ? { plan: proposed.plan } : {}),
    });
    return told.code;
  } finally {
    await opened.repository.close();
  }
}

async function onPull(
  { context, runner, inputs, event }: Job,
  pull: PullEvent,
  report: PullReport,
): Promise<boolean> {
  const { token, comment, check } = inputs;
  if (!token || !(comment || check)) return false;
  const forge = forgeOf({ context, event }, token);
  try {
    return await tellPull(runner, forge, report, { comment, check, isForeign: pull.isForeign });
  } finally {
    await forge.close();
  }
}

const textOf = ({ render }: Context, proposed: Proposed): string =>
  proposed.kind === 'planned' ? planText(proposed.plan, render) : '';

type Told = PullReport & {
  readonly code: ExitCode;
  /** For a run that may comment where this one may not; absent: there is nothing to plan yet. */
  readonly report?: ProposalReport;
};

/** Everything that is said of it, in every form. */
function tell(proposed: Proposed, { number }: PullEvent): Told {
  const { head, base } = proposed;
  const where = { number, head };
  const frame = { others: 0, notes: [], budgets: [], unasked: [], base, head };
  switch (proposed.kind) {
    case 'conflict': {
      const title = 'The pull request conflicts with its base';
      const summary = `**${title}.** It is planned once the conflict is resolved.\n`;
      return {
        ...where,
        code: EXIT.fine,
        conclusion: 'neutral',
        title,
        summary,
        comment: summary,
        notes: [],
        report: { ...frame, findings: [] },
      };
    }
    case 'planned':
      return planned(proposed, number);
    case 'invalid':
    case 'unconfigured': {
      const code = exitCodeOf({ findings: proposed.findings });
      const notes = lineNotes(proposed.findings, undefined, new Map());
      const report = { ...frame, findings: proposed.findings };
      const first =
        'The branch has no certwright.yaml yet: the first plan comes after this is merged and `certwright init` was run.\n';
      const isFirst = proposed.kind === 'unconfigured' && code === EXIT.fine;
      const summary = isFirst ? first : proposalMarkdown(report);
      return {
        ...where,
        code,
        conclusion: code === EXIT.fine ? 'success' : 'failure',
        title: isFirst ? 'Nothing to plan yet' : errorsText(proposed.findings),
        summary,
        comment: summary,
        notes,
        ...(isFirst ? {} : { report }),
      };
    }
  }
}

const errorsText = (findings: readonly Finding[]) =>
  `${count(findings.filter(({ severity }) => severity === 'error').length, 'error')} in the files`;

function planned(proposed: Extract<Proposed, { readonly kind: 'planned' }>, number: number): Told {
  const { plan, findings, notes, head, specs } = proposed;
  const report: ProposalReport = proposed;
  const code = exitCodeOf({ plan, findings });
  const summary = proposalMarkdown(report);
  const hasErrors = findings.some(({ severity }) => severity === 'error');
  return {
    number,
    head,
    code,
    conclusion: conclusionOf(code, notes),
    title: hasErrors ? errorsText(findings) : summaryOf(plan),
    summary,
    comment: saysNothing(report) ? undefined : summary,
    notes: lineNotes(findings, plan, specs),
    report,
  };
}

function conclusionOf(code: ExitCode, notes: ProposalReport['notes']): Conclusion {
  if (code !== EXIT.fine) return 'failure';
  return notes.some(({ needsReview }) => needsReview) ? 'action_required' : 'success';
}

import type { Finding } from '../../model/manifest.js';
import type { Conclusion } from '../../ports/forge.js';
import { lineNotes } from '../../report/line-notes.js';
import { summaryOf } from '../../report/plan-groups.js';
import { planText } from '../../report/plan-text.js';
import {
  CONFLICT,
  NOTHING_YET,
  type ProposalReport,
  proposalMarkdown,
  saysNothing,
} from '../../report/proposal-markdown.js';
import { count } from '../../report/words.js';
import type { Context } from '../context.js';
import { EXIT, type ExitCode, exitCodeOf } from '../exit.js';
import { openProposal } from '../proposal/open.js';
import { type Proposed, planProposal } from '../proposal/plan.js';
import { reportOf } from '../proposal/report.js';
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
    const said = reportOf(proposed);
    const told = tell(proposed, said, pull, context.runId);
    runner.log(textOf(context, proposed));
    runner.summary(told.summary);
    const areShown = await onPull(job, pull, told);
    if (!areShown) for (const note of told.notes) runner.lineNote(note);
    const report = hasNothingToPlan(proposed)
      ? undefined
      : writeReport(context.env, pull.number, proposed.kind === 'conflict', said);
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

type Told = PullReport & { readonly code: ExitCode };

/** Everything that is said of it, in every form. */
function tell(proposed: Proposed, report: ProposalReport, { number }: PullEvent, runId: string): Told {
  const where = { number, head: report.head, runId };
  const { findings } = report;
  switch (proposed.kind) {
    case 'conflict': {
      const title = 'The pull request conflicts with its base';
      const said = { title, summary: CONFLICT, comment: CONFLICT };
      return { ...where, ...said, code: EXIT.fine, conclusion: 'neutral', notes: [] };
    }
    case 'planned':
      return { ...where, ...planned(proposed, report) };
    case 'invalid':
    case 'unconfigured': {
      const code = exitCodeOf({ findings });
      const isFirst = hasNothingToPlan(proposed);
      const summary = isFirst ? NOTHING_YET : proposalMarkdown(report);
      return {
        ...where,
        code,
        conclusion: code === EXIT.fine ? 'success' : 'failure',
        title: isFirst ? 'Nothing to plan yet' : errorsText(findings),
        summary,
        comment: summary,
        notes: lineNotes(findings, undefined, new Map()),
      };
    }
  }
}

/** A branch that has no configuration yet, and files without an error. */
const hasNothingToPlan = (proposed: Proposed): boolean =>
  proposed.kind === 'unconfigured' && exitCodeOf({ findings: proposed.findings }) === EXIT.fine;

const errorsText = (findings: readonly Finding[]) =>
  `${count(findings.filter(({ severity }) => severity === 'error').length, 'error')} in the files`;

function planned(
  { plan, specs }: Extract<Proposed, { readonly kind: 'planned' }>,
  report: ProposalReport,
): Omit<Told, 'number' | 'head' | 'runId'> {
  const { findings, notes } = report;
  const code = exitCodeOf({ plan, findings });
  const summary = proposalMarkdown(report);
  const hasErrors = findings.some(({ severity }) => severity === 'error');
  return {
    code,
    conclusion: conclusionOf(code, notes),
    title: hasErrors ? errorsText(findings) : summaryOf(plan),
    summary,
    comment: saysNothing(report) ? undefined : summary,
    notes: lineNotes(findings, plan, specs),
  };
}

function conclusionOf(code: ExitCode, notes: ProposalReport['notes']): Conclusion {
  if (code !== EXIT.fine) return 'failure';
  return notes.some(({ needsReview }) => needsReview) ? 'action_required' : 'success';
}

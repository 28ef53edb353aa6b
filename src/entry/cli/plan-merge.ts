import { CertError } from '../../model/errors.js';
import { terminalText } from '../../report/escape.js';
import { findingsText } from '../../report/findings.js';
import { planJson } from '../../report/plan-json.js';
import { planText } from '../../report/plan-text.js';
import {
  CONFLICT,
  NOTHING_TO_DO,
  NOTHING_YET,
  type ProposalReport,
  proposalMarkdown,
  saysNothing,
} from '../../report/proposal-markdown.js';
import type { Context } from '../context.js';
import { EXIT, type ExitCode, exitCodeOf } from '../exit.js';
import { readConfiguration } from '../files.js';
import { openProposal } from '../proposal/open.js';
import { type Proposed, planProposal } from '../proposal/plan.js';
import { reportOf } from '../proposal/report.js';
import { DEFAULT_BRANCHES, openCheckout } from '../workplace.js';
import type { Options } from './program.js';

/**
 * `certwright plan --merge REF`: what a change would do once merged, planned as the Action plans a pull request: with the
 * branch's own accounts and limits, and accounts without credentials by the prices that were seen last.
 */
export async function planMerge(context: Context, options: Options, form: string): Promise<ExitCode> {
  const ref = String(options.merge);
  if (!/^refs\/[^\s~^:?*[\\]+$/.test(ref)) {
    throw new CertError('usage', `--merge ${ref} is no full ref`, {
      remedy:
        'write it as the remote has it: refs/heads/BRANCH, refs/merge-requests/7/head, refs/pull/7/head',
    });
  }
  const branch = typeof options.into === 'string' ? options.into : await approvalBranch(context);
  const opened = await openProposal(context, branch, ref);
  try {
    const named = opened.configuration?.branches.approval ?? branch;
    if (named !== branch) {
      context.say(`${branch} is not the approval branch ${named}: there is nothing to plan`);
      return EXIT.fine;
    }
    const proposed = await planProposal(context, opened, true);
    context.progress.clear();
    return tell(context, proposed, form);
  } finally {
    await opened.repository.close();
  }
}

async function approvalBranch(context: Context): Promise<string> {
  const { checkout } = await openCheckout(context);
  const { configuration } = await readConfiguration(checkout, context.definitions);
  return (configuration?.branches ?? DEFAULT_BRANCHES).approval;
}

function tell(context: Context, proposed: Proposed, form: string): ExitCode {
  const report = reportOf(proposed);
  const { plan, findings } = report;
  const code = exitCodeOf({ findings, ...(plan === undefined ? {} : { plan }) });
  if (findings.length > 0 && form !== 'markdown') context.say(findingsText(findings, context.render));
  const instead = insteadOf(proposed, report, code, form);
  if (instead !== undefined) {
    if (instead.isPage) context.print(instead.text);
    else context.say(instead.text);
    return code;
  }
  if (form === 'markdown') context.print(proposalMarkdown(report));
  else if (plan !== undefined) context.print(form === 'json' ? planJson(plan) : textOf(context, report));
  return code;
}

/** Where there is no plan, or none worth a comment: a page that has nothing to say is empty. */
function insteadOf(
  proposed: Proposed,
  report: ProposalReport,
  code: ExitCode,
  form: string,
): { readonly text: string; readonly isPage: boolean } | undefined {
  const isPage = form === 'markdown';
  if (proposed.kind === 'conflict') return { text: CONFLICT, isPage };
  if (proposed.kind === 'unconfigured' && code === EXIT.fine) return { text: NOTHING_YET, isPage };
  return isPage && saysNothing(report) ? { text: NOTHING_TO_DO, isPage: false } : undefined;
}

function textOf({ render }: Context, { plan, notes, others }: ProposalReport): string {
  return [
    ...notes.map(
      ({ message, needsReview }) =>
        `${needsReview ? 'look at this before merging' : 'note'}: ${terminalText(message)}`,
    ),
    ...(notes.length === 0 ? [] : ['']),
    ...(plan === undefined ? [] : [planText(plan, render)]),
    ...(others === 0 ? [] : [`Lines that do not depend on it, and are not shown: ${others}.`]),
  ].join('\n');
}

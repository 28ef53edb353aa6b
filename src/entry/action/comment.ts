import { CertError } from '../../model/errors.js';
import type { Forge, PullRequest } from '../../ports/forge.js';
import { EXIT, type ExitCode } from '../exit.js';
import type { FinishedRun } from './event.js';
import { forgeOf } from './github.js';
import type { Job } from './plan-pull.js';
import { tellComment } from './pull-report.js';
import { NOTHING_REPORTED, readReport, reportComment } from './report-file.js';

/**
 * Comments on a pull request whose own run could not, from the report that run left. Which pull request it is, GitHub says:
 * the one that is open with the head of that run. The report is a stranger's text.
 */
export async function commentOnRun(job: Job, run: FinishedRun): Promise<ExitCode> {
  const { context, runner, inputs } = job;
  if (!inputs.token || inputs.report === undefined) {
    throw new CertError('usage', '`mode: comment` needs `report:`, and a token that may write the comment');
  }
  const report = readReport(inputs.report);
  const comment = report && reportComment(report);
  if (report === undefined || comment === undefined || comment === 'too-long') {
    runner.notice('there is no report of a plan, or it is none that certwright writes');
    return EXIT.fine;
  }
  const forge = forgeOf(job, inputs.token);
  try {
    const pull = await pullOf(forge, run, report.pull);
    if (pull === undefined || report.head !== run.headOid) {
      runner.notice('the report is about no open pull request with the head of that run');
      return EXIT.fine;
    }
    if (!pull.isFork && !isDependabot(pull)) {
      runner.notice(`the run of pull request ${pull.number} comments by itself`);
      return EXIT.fine;
    }
    const { number } = pull;
    const told = { number, head: run.headOid, runId: context.runId, comment: comment.body };
    await tellComment(runner, forge, { ...told, silence: NOTHING_REPORTED }, false);
    return EXIT.fine;
  } finally {
    await forge.close();
  }
}

const isDependabot = ({ author }: PullRequest): boolean => author.isBot && /^dependabot/.test(author.login);

/** By what GitHub says of the run. Two may have the same head (into two branches); only then the report's number decides. */
async function pullOf(
  forge: Forge,
  { headOwner, headBranch, headOid }: FinishedRun,
  number: number,
): Promise<PullRequest | undefined> {
  const open = await forge.pulls.withHead(headOwner, headBranch);
  const candidates = open.filter(({ head }) => head.oid === headOid);
  return candidates.length === 1 ? candidates[0] : candidates.find((pull) => pull.number === number);
}

import type { Forge } from '../../ports/forge.js';
import { approvalLines, approvalsMarkdown } from '../../report/approvals-told.js';
import type { Carried } from '../carry-out.js';
import { type ApprovalsTold, requestApprovals } from '../forge/approval-pulls.js';
import type { Job } from './plan-pull.js';

/** Asks for the approvals a run waits for, and tells it on the page of the run. What GitHub refuses is a warning. */
export async function askForApprovals(
  { context, runner }: Pick<Job, 'context' | 'runner'>,
  forge: Forge,
  { applied }: Carried,
): Promise<ApprovalsTold | undefined> {
  const { clock, random } = context;
  const told = await requestApprovals({ forge, clock, random }, applied);
  if (told === undefined) return undefined;
  runner.log(approvalLines(told).join('\n'));
  const page = approvalsMarkdown(told);
  if (page !== '') runner.summary(page);
  for (const problem of told.problems) runner.warning(`approvals: ${problem}`);
  return told;
}

import { CertError, explain } from '../../model/errors.js';
import type { Forge } from '../../ports/forge.js';
import type { ApprovalsTold } from '../forge/approval-pulls.js';
import { boxesOf, findDashboard, refreshDashboard, retryTicked } from '../forge/dashboard.js';
import type { Workplace } from '../workplace.js';
import type { Job } from './plan-pull.js';

/** What GitHub refuses is a warning: a run never fails because of the page that tells about it. */
async function orWarn<T>({ runner }: Pick<Job, 'runner'>, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CertError) || error.code === 'interrupted') throw error;
    runner.warning(`dashboard: ${explain(error)}`);
    return undefined;
  }
}

/** What the boxes of the page ask for is due again. Gives those that were looked at; undefined: there was no way to look. */
export function heedBoxes(
  job: Pick<Job, 'runner'>,
  workplace: Workplace,
  forge: Forge,
): Promise<readonly string[] | undefined> {
  const { runner } = job;
  return orWarn(job, async () => {
    const issue = await findDashboard(forge);
    if (issue === undefined) return [];
    const { names, refused } = await boxesOf(forge, issue);
    if (refused !== undefined) {
      runner.warning(`dashboard: ${names.join(', ')} not tried again, because ${refused}`);
      return names;
    }
    for (const problem of await retryTicked(workplace, names)) runner.warning(`dashboard: ${problem}`);
    return names;
  });
}

/** The page as it is after the run. */
export async function showDashboard(
  job: Pick<Job, 'context' | 'runner'>,
  workplace: Workplace,
  forge: Forge,
  heeded: readonly string[] | undefined,
  approvals: ApprovalsTold | undefined,
): Promise<void> {
  if (heeded === undefined) return;
  await orWarn(job, () => refreshDashboard(job.context, workplace, forge, heeded, approvals));
}

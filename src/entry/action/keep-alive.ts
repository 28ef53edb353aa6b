import { CertError } from '../../model/errors.js';
import { forgeOf } from './github.js';
import type { Job } from './plan-pull.js';

/** `octo/certificates/.github/workflows/certwright.yml@refs/heads/main`. */
const WORKFLOW = /\/\.github\/workflows\/([^/@]+)@/;

/**
 * GitHub stops the schedules of public repositories after 60 days without activity; a run by schedule that may (`actions:
 * write`) begins those days anew. Where it may not, nothing is said: `doctor --github` tells.
 * https://docs.github.com/en/actions/how-tos/manage-workflow-runs/disable-and-enable-workflows
 */
export async function keepScheduleAlive({ context, inputs, event }: Job): Promise<void> {
  const file = WORKFLOW.exec(context.env.GITHUB_WORKFLOW_REF ?? '')?.[1];
  if (!inputs.token || file === undefined || event.isPrivate === true) return;
  const forge = forgeOf({ context, event }, inputs.token);
  try {
    await forge.workflows.keepAlive(file);
  } catch (error) {
    if (!(error instanceof CertError) || error.code === 'interrupted') throw error;
    context.log.info({ file, code: error.code }, 'schedule not kept alive');
  } finally {
    await forge.close();
  }
}

import { ConfigurationError } from '../../reconcile/open-run.js';
import type { Context } from '../context.js';
import { EXIT, type ExitCode } from '../exit.js';

/** A configuration that cannot be used is told like a compiler would: every finding with file, line and column. */
export async function withConfigurationFindings(
  context: Context,
  work: () => Promise<ExitCode>,
): Promise<ExitCode> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const { findingsText } = await import('../../report/findings.js');
    context.say(findingsText(error.findings, context.render));
    context.say('error: certwright.yaml cannot be used, so nothing was done');
    return EXIT.error;
  }
}

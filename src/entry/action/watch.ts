import { recorded } from '../cli/recorded.js';
import { EXIT, type ExitCode } from '../exit.js';
import type { RunReport } from '../metrics/recorder.js';
import type { Job } from './plan-pull.js';

/** A run with metrics and a ping around it, where the step asks for them. What it tells outside is what colours the job. */
export async function watched(
  { context, runner, inputs }: Job,
  run: (report: RunReport) => Promise<ExitCode>,
): Promise<ExitCode> {
  const { metricsFile, ping, failOnAttention } = inputs;
  let real: ExitCode = EXIT.fine;
  const options = {
    ...(metricsFile === undefined ? {} : { metricsFile }),
    ...(ping === undefined ? {} : { ping: ping.reveal() }),
  };
  const said = { ...context, say: (text: string) => runner.warning(text.replace(/^warning: /, '').trim()) };
  await recorded(said, { json: false, identity: [] }, options, async (report) => {
    real = await run(report);
    return real === EXIT.attention && !failOnAttention ? EXIT.fine : real;
  });
  return real;
}

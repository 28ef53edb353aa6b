import { processContext } from '../context.js';
import { EXIT } from '../exit.js';
import { runAction } from './run.js';
import { createRunner } from './runner.js';

/** What action.yml starts. The runner ends a cancelled job with SIGINT, then SIGTERM, then by force. */
async function main(): Promise<number> {
  const stop = new AbortController();
  const onSignal = () => {
    if (stop.signal.aborted) process.exit(EXIT.interrupted);
    stop.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  const context = await processContext({ signal: stop.signal });
  const runner = createRunner({
    env: process.env,
    random: context.random,
    write: (text) => process.stdout.write(text),
  });
  try {
    return await runAction(context, runner);
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}

process.exitCode = await main();

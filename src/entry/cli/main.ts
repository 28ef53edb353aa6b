import { CommanderError } from 'commander';
import { CertError, messageOf } from '../../model/errors.js';
import { terminalText } from '../../report/escape.js';
import type { Context } from '../context.js';
import { EXIT, exitCodeOfError } from '../exit.js';
import { shardOf } from '../shard.js';
import type { Globals } from './globals.js';
import { buildProgram, type Options } from './program.js';

/** The command line: arguments in, exit code out. Never throws. */
export async function main(argv: readonly string[]): Promise<number> {
  const stop = new AbortController();
  const onSignal = () => {
    // The second Ctrl-C means it: what is open is resumable either way.
    if (stop.signal.aborted) process.exit(EXIT.interrupted);
    stop.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  let code: number = EXIT.fine;
  let finished = false;
  let context: Context | undefined;
  const inFolder = async (cwd?: string): Promise<Context> => {
    const { processContext } = await import('../context.js');
    return processContext({
      ...(cwd === undefined ? {} : { cwd }),
      signal: stop.signal,
      startsHooks: true,
    });
  };
  const program = buildProgram(async (load, command, args) => {
    const globals = command.optsWithGlobals<Globals>();
    context = await inFolder(globals.directory);
    const options = command.opts<Options>();
    const shard = shardOf(options.shard, context.env);
    if (shard !== undefined) context = { ...context, shard };
    const module = await load();
    code = await module.run(context, globals, options, args);
    if (module.runsUntilStopped) finished = true;
  });
  program.exitOverride();
  for (const command of program.commands) command.exitOverride();
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return stop.signal.aborted && !finished ? EXIT.interrupted : code;
  } catch (error) {
    // commander has printed its own message; help and version are no failures.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.fine : EXIT.error;
    return failed(context ?? (await inFolder()), error, stop.signal);
  } finally {
    context?.progress.clear();
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}

function failed(context: Context, error: unknown, signal: AbortSignal): number {
  if (signal.aborted || (error instanceof CertError && error.code === 'interrupted')) {
    context.say('stopped; run it again to go on where it ended');
    return EXIT.interrupted;
  }
  if (error instanceof CertError) {
    context.say(`error: ${terminalText(error.message)}`);
    if (error.providerText) context.say(quoted(error, error.providerText));
    if (error.remedy) context.say(`  ${terminalText(error.remedy)}`);
    return exitCodeOfError(error);
  }
  context.say(`error: ${terminalText(messageOf(error))}`);
  context.say('  this is a defect of certwright; please report it with CERTWRIGHT_LOG=debug output');
  context.log.error({ error: error instanceof Error ? error.stack : String(error) }, 'unexpected error');
  return EXIT.error;
}

const SPEAKERS = [
  ['repository.', 'git'],
  ['forge.', 'GitHub'],
] as const;

/** The other side's own words, line by line. */
function quoted({ code }: CertError, text: string): string {
  const who = SPEAKERS.find(([prefix]) => code.startsWith(prefix))?.[1] ?? 'the provider';
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line, i) => `  ${i === 0 ? `${who} says: ` : '  '}${terminalText(line)}`).join('\n');
}

process.exitCode = await main(process.argv.slice(2));
// A server that does not answer, which nobody waits for any more, would keep the process.
if (process.exitCode === EXIT.interrupted) process.exit();

import { type Synced, sync } from '../../reconcile/engine.js';
import { say } from '../../report/escape.js';
import { findingsText } from '../../report/findings.js';
import { jsonText } from '../../report/json.js';
import { colorsOf } from '../../report/layout.js';
import type { Context } from '../context.js';
import { EXIT, type ExitCode } from '../exit.js';
import { openWorkplace } from '../workplace.js';
import { accountLines } from './account-lines.js';
import { eventLines } from './applied-text.js';
import type { Globals } from './globals.js';
import type { Options } from './program.js';
import { withConfigurationFindings } from './refused.js';
import { matches, refuseEmpty } from './selectors.js';

/** `certwright sync`: what changed at the providers becomes a fact here; the next apply acts on it. */
export async function run(
  context: Context,
  globals: Globals,
  _options: Options,
  args: readonly string[],
): Promise<number> {
  return withConfigurationFindings(context, async () => {
    const workplace = await openWorkplace(context, globals);
    try {
      const synced = await sync(
        workplace.deps,
        args.length === 0 ? undefined : (names) => chosen(args, names),
      );
      context.progress.clear();
      if (synced.findings.length > 0) context.say(findingsText(synced.findings, context.render));
      const code = exitOf(synced);
      const { accounts, events, warnings } = synced;
      context.print(
        globals.json ? jsonText({ accounts, events, warnings, exitCode: code }) : textOf(context, synced),
      );
      return code;
    } finally {
      await workplace.close();
    }
  });
}

/** @throws CertError `usage` for a name or glob that fits nothing */
function chosen(globs: readonly string[], names: readonly string[]): readonly string[] {
  const selection = { names: globs };
  const all = names.map((name) => ({ name }));
  refuseEmpty(selection, all);
  return all.filter((one) => matches(selection, one)).map(({ name }) => name);
}

function textOf({ render }: Context, { accounts, events, warnings }: Synced): string {
  const colors = colorsOf(render);
  const lines = [
    ...eventLines(events, render),
    ...accountLines(accounts, render),
    ...warnings.map(({ name, message }) => `${colors.red('attention')} ${name ?? ''}: ${say(message)}`),
  ];
  const changed = events.some(({ outcome }) => outcome === 'done');
  const end = changed ? 'Next: `certwright plan --remote-files` shows what follows.' : 'Nothing changed.';
  return [...lines, ...(events.some(({ outcome }) => outcome === 'failed') && !changed ? [] : [end])].join(
    '\n',
  );
}

function exitOf({ events, warnings }: Synced): ExitCode {
  if (warnings.some(({ level }) => level === 'attention')) return EXIT.attention;
  return events.some(({ outcome }) => outcome === 'failed') ? EXIT.error : EXIT.fine;
}

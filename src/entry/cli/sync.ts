import { actsFor } from '../../model/shard.js';
import { endpointVerdict } from '../../policy/serving.js';
import { type WrittenDueDate, writeDueDates } from '../../reconcile/due-dates.js';
import { type Synced, sync } from '../../reconcile/engine.js';
import { type EndpointRow, endpointRow, isTrouble } from '../../report/endpoints.js';
import { say, terminalText } from '../../report/escape.js';
import { findingsText } from '../../report/findings.js';
import { jsonText } from '../../report/json.js';
import { colorsOf, hang, type RenderOptions } from '../../report/layout.js';
import { count } from '../../report/words.js';
import type { Context } from '../context.js';
import { EXIT, type ExitCode } from '../exit.js';
import type { RunReport } from '../metrics/recorder.js';
import { tellAfterLook } from '../notify/after-run.js';
import { lookAround } from '../situation.js';
import { openWorkplace } from '../workplace.js';
import { accountLines } from './account-lines.js';
import { eventLines } from './applied-text.js';
import type { Globals } from './globals.js';
import type { Options } from './program.js';
import { recorded } from './recorded.js';
import { withConfigurationFindings } from './refused.js';
import { matches, refuseEmpty } from './selectors.js';

/** `certwright sync`: what changed at the providers becomes a fact here; the next apply acts on it. */
export const run = (
  context: Context,
  globals: Globals,
  options: Options,
  args: readonly string[],
): Promise<number> =>
  recorded(context, globals, options, (report) => once(context, globals, options, args, report));

async function once(
  context: Context,
  globals: Globals,
  options: Options,
  args: readonly string[],
  report: RunReport,
): Promise<ExitCode> {
  return withConfigurationFindings(context, async () => {
    const workplace = await openWorkplace(context, globals);
    try {
      const synced = await sync(
        workplace.deps,
        args.length === 0 ? undefined : (names) => chosen(args, names),
      );
      context.progress.clear();
      if (synced.findings.length > 0) context.say(findingsText(synced.findings, context.render));
      const dueDates =
        options.writeDueDates === true
          ? await writeDueDates(workplace.deps, among(context, args, synced))
          : [];
      context.progress.clear();
      await report.seen(workplace, () => lookAround(context, workplace.deps));
      const problems = dueDates.some(({ problem }) => problem !== undefined);
      const found = exitOf(synced, context.clock.now());
      const code = problems && found === EXIT.fine ? EXIT.error : found;
      const { accounts, events, warnings } = synced;
      const endpoints = endpointRows(synced);
      context.print(
        globals.json
          ? jsonText({ accounts, endpoints, events, warnings, dueDates, exitCode: code })
          : [...dueDates.map(dueLine), textOf(context, synced, endpoints)].join('\n'),
      );
      await tellAfterLook(context, workplace);
      return code;
    } finally {
      await workplace.close();
    }
  });
}

/** The certificates of this shard that were asked for. */
function among({ shard }: Context, args: readonly string[], { view }: Synced): (name: string) => boolean {
  const names = args.length === 0 ? undefined : new Set(chosen(args, [...view.statuses.keys()]));
  return (name) => actsFor(shard, name) && (names?.has(name) ?? true);
}

const dueLine = ({ name, orderId, day, problem }: WrittenDueDate): string =>
  problem === undefined
    ? `${say(name)}: order ${say(orderId)} is billed next for ${day}`
    : `${say(name)}: the due date of order ${say(orderId)} is not written: ${say(problem)}`;

/** @throws CertError `usage` for a name or glob that fits nothing */
function chosen(globs: readonly string[], names: readonly string[]): readonly string[] {
  const selection = { names: globs };
  const all = names.map((name) => ({ name }));
  refuseEmpty(selection, all);
  return all.filter((one) => matches(selection, one)).map(({ name }) => name);
}

const endpointRows = ({ endpoints }: Synced): readonly EndpointRow[] =>
  endpoints.map(({ name, endpoint, memory }) => endpointRow(name, { endpoint, look: memory }));

/** How many were dialled, and what was found. */
function endpointLines(rows: readonly EndpointRow[], { width }: RenderOptions): readonly string[] {
  if (rows.length === 0) return [];
  const trouble = rows.filter(isTrouble);
  const fine = trouble.length === 0 ? 'all as published' : `${trouble.length} not as published`;
  return [
    `${count(rows.length, 'endpoint')} dialled, ${fine}`,
    ...trouble.flatMap(({ certificate, endpoint, findings }) =>
      hang(
        '  ',
        `${terminalText(endpoint)} (${terminalText(certificate)}): ${findings.map(say).join('; ')}`,
        width,
      ),
    ),
  ];
}

function textOf(
  { render }: Context,
  { accounts, events, warnings }: Synced,
  endpoints: readonly EndpointRow[],
): string {
  const colors = colorsOf(render);
  const lines = [
    ...eventLines(events, render),
    ...accountLines(accounts, render),
    ...endpointLines(endpoints, render),
    ...warnings.map(({ name, message }) => `${colors.red('attention')} ${name ?? ''}: ${say(message)}`),
  ];
  const changed = events.some(({ outcome }) => outcome === 'done');
  const end = changed ? 'Next: `certwright plan --remote-files` shows what follows.' : 'Nothing changed.';
  return [...lines, ...(events.some(({ outcome }) => outcome === 'failed') && !changed ? [] : [end])].join(
    '\n',
  );
}

function exitOf({ events, warnings, endpoints, configuration }: Synced, nowMs: number): ExitCode {
  const { servedWithinMs } = configuration.endpoints;
  const late = endpoints.some(
    ({ endpoint, memory, current }) =>
      endpointVerdict({ endpoint, look: memory }, current, servedWithinMs, nowMs)?.level === 'attention',
  );
  if (late || warnings.some(({ level }) => level === 'attention')) return EXIT.attention;
  return events.some(({ outcome }) => outcome === 'failed') ? EXIT.error : EXIT.fine;
}

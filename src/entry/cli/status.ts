import { accountKey } from '../../model/run-memory.js';
import { actsFor } from '../../model/shard.js';
import { LOST_STATE_RECIPE } from '../../reconcile/land.js';
import { dashboardMarkdown } from '../../report/dashboard.js';
import { terminalText } from '../../report/escape.js';
import { jsonText } from '../../report/json.js';
import { statusNames, statusTable } from '../../report/status-table.js';
import { count } from '../../report/words.js';
import type { Context } from '../context.js';
import { dashboardView } from '../dashboard-view.js';
import { EXIT, type ExitCode, exitCodeOf } from '../exit.js';
import { type Entry, lookAround, type Situation } from '../situation.js';
import { isListed, statusRow } from '../status-rows.js';
import { openWorkplace, type Workplace } from '../workplace.js';
import type { Globals } from './globals.js';
import type { Options } from './program.js';
import { matches, refuseEmpty, type Selection, selectionOf } from './selectors.js';
import { CLEAR_SCREEN, watch } from './watch.js';

type Form = 'table' | 'wide' | 'json' | 'name' | 'markdown';

const FORMS: readonly Form[] = ['wide', 'json', 'name', 'markdown'];

/** `certwright status`: every certificate as the tips of the remote have it. No provider is asked. */
export async function run(
  context: Context,
  globals: Globals,
  options: Options,
  args: readonly string[],
): Promise<number> {
  const workplace = await openWorkplace(context, globals);
  const selection = selectionOf(options, args);
  const form = formOf(globals, options);
  const once = async (before = '') => tell(context, await look(context, workplace, selection, form), before);
  try {
    if (options.watch && context.interactive) return await watch(context, () => once(CLEAR_SCREEN));
    if (options.watch) context.say('note: --watch needs a terminal; this is shown once');
    return await once();
  } finally {
    await workplace.close();
  }
}

function formOf(globals: Globals, { output }: Options): Form {
  if (globals.json) return 'json';
  const known = FORMS.find((form) => form === output);
  return known ?? 'table';
}

/** What is printed, what is said beside it, and the exit code. */
interface Shown {
  readonly text: string;
  readonly notes: readonly string[];
  readonly code: ExitCode;
}

function tell(context: Context, { text, notes, code }: Shown, before: string): ExitCode {
  context.progress.clear();
  context.print(`${before}${text}`);
  for (const note of notes) context.say(note);
  return code;
}

async function look(context: Context, { deps }: Workplace, selection: Selection, form: Form): Promise<Shown> {
  const situation = await lookAround(context, deps);
  const { reading, entries, nowMs } = situation;
  const all = entries
    .filter(({ name }) => actsFor(context.shard, name))
    .map((entry) => ({ entry, row: statusRow(entry, reading.configuration) }));
  refuseEmpty(
    selection,
    all.map(({ row }) => row),
  );
  const shown = all.filter(
    ({ entry, row }) =>
      (isListed(entry, nowMs) || selection.names.includes(entry.name)) && matches(selection, row),
  );
  const rows = shown.map(({ row }) => row);
  const render = () => {
    switch (form) {
      case 'json':
        return jsonText({
          undeclared: undeclaredOrders(situation),
          certificates: shown.map(({ entry, row }) => ({ ...row, conditions: entry.conditions })),
        });
      case 'name':
        return statusNames(rows);
      case 'markdown':
        return dashboardMarkdown(
          dashboardView({ ...situation, entries: shown.map(({ entry }) => entry) }, { boxes: false }),
        );
      case 'wide':
      case 'table':
        return rows.length === 0
          ? nothing(situation)
          : statusTable(rows, { ...context.render, nowMs, wide: form === 'wide' });
    }
  };
  return {
    text: render(),
    notes: notesOf(situation),
    code: exitOf(
      situation,
      shown.map(({ entry }) => entry),
    ),
  };
}

function nothing({ entries, reading }: Situation): string {
  if (entries.length > 0) return 'No certificate matches.';
  const branch = reading.configuration?.branches.approval ?? 'the approval branch';
  return `Nothing is declared yet: put a manifest under certificates/, such as certificates/shop.yaml with "domain: shop.example.com", and merge it into ${branch}.`;
}

function exitOf({ plan, view }: Situation, shown: readonly Entry[]): ExitCode {
  const names = new Set(shown.map(({ name }) => name));
  const alarms = (plan?.warnings ?? []).filter(
    ({ level, name }) => level === 'attention' && (name === undefined || names.has(name)),
  );
  if (alarms.length > 0 || view.snapshot.integrity.kind === 'lost') return EXIT.attention;
  return exitCodeOf({ conditions: shown.flatMap(({ conditions }) => conditions) });
}

/** Orders no manifest declares, by account, as the last lists showed them. */
const undeclaredOrders = ({ input }: Situation) =>
  [...(input?.providers.values() ?? [])].flatMap(({ config }) => {
    const listing = input?.memory?.accounts[accountKey(config)]?.listing;
    return listing === undefined || listing.undeclaredCount === 0
      ? []
      : [
          {
            provider: config.id,
            listedAt: listing.at,
            count: listing.undeclaredCount,
            orders: listing.undeclared,
          },
        ];
  });

/** What concerns the repository as a whole. */
function notesOf(situation: Situation): readonly string[] {
  const { reading, view, plan } = situation;
  const undeclared = undeclaredOrders(situation).reduce((sum, { count: orders }) => sum + orders, 0);
  const { integrity } = view.snapshot;
  const errors = reading.findings.filter(({ severity }) => severity === 'error').length;
  return [
    ...(integrity.kind === 'lost'
      ? [`attention: the state branch was rewound or lost: ${integrity.why}`, `  ${LOST_STATE_RECIPE}`]
      : []),
    ...(integrity.kind === 'foreign-commits'
      ? [
          'note: somebody else committed to the state branch; what certwright wrote counts and is put back by the next apply',
        ]
      : []),
    ...(plan?.warnings ?? [])
      .filter(({ name, code }) => name === undefined && code !== 'state-lost')
      .map(({ level, message }) => `${level === 'attention' ? 'attention' : 'warning'}: ${message}`),
    ...(undeclared === 0
      ? []
      : [
          `note: ${count(undeclared, 'order')} at the providers that nobody declared; certwright sync shows them`,
        ]),
    ...(plan?.unsafe ? [`warning: ${plan.unsafe.message}`] : []),
    ...(errors === 0
      ? []
      : [
          reading.configuration
            ? `warning: the merged files have ${count(errors, 'error')}; certwright validate shows them`
            : 'warning: the merged certwright.yaml cannot be used, so manifests are not shown; certwright validate tells why',
        ]),
  ].map(terminalText);
}

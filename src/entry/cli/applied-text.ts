import type { Condition } from '../../policy/conditions.js';
import type { Applied } from '../../reconcile/engine.js';
import type { RunEvent } from '../../reconcile/run.js';
import { say } from '../../report/escape.js';
import { colorsOf, hang, type RenderOptions } from '../../report/layout.js';
import { count, someOf } from '../../report/words.js';
import { accountLines } from './account-lines.js';

const FOLD_FROM = 20;
const NAMES_SHOWN = 5;

/** What may happen to many at once, and what is said of them then. */
const FOLDED: Readonly<Record<string, string>> = {
  collect: 'published',
  move: 'kept their orders',
  archive: 'without a manifest',
};

const MARKS = { done: '✓', waiting: '…', held: '!', failed: '✗', unknown: '?' } as const;

/** What an apply did: one line per certificate that moved, what needs a person, and a sum. */
export function appliedText(
  { events, accounts = [] }: Pick<Applied, 'events'> & Partial<Pick<Applied, 'accounts'>>,
  conditions: ReadonlyMap<string, readonly Condition[]>,
  options: RenderOptions,
): string {
  const colors = colorsOf(options);
  const told = events.filter((event) => event.outcome !== 'held');
  const groups = Map.groupBy(
    told.filter(({ action, outcome }) => outcome === 'done' && action in FOLDED),
    ({ action }) => action,
  );
  const many = [...groups.values()].filter(({ length }) => length >= FOLD_FROM);
  const folded = new Set(many.flat());
  const lines = [
    ...many.flatMap((group) => foldedLines(group, options)),
    ...eventLines(
      told.filter((event) => !folded.has(event)),
      options,
    ),
  ];
  const attention = [...conditions].flatMap(([name, all]) =>
    all
      .filter((condition) => condition.level === 'attention')
      .map((condition) => `${colors.red('attention')} ${name}: ${say(condition.message)}`),
  );
  return [...lines, ...accountLines(accounts, options), ...attention, ...summary(events)].join('\n');
}

/** Thousands taken over, or moved with their folder, are one line: nobody has to act on any of them. */
function foldedLines(events: readonly RunEvent[], options: RenderOptions): readonly string[] {
  const action = events[0]?.action ?? '';
  const names = someOf(
    events.map(({ name }) => name),
    NAMES_SHOWN,
  );
  const [first = '', ...rest] = hang(
    '  ',
    `${action}: ${count(events.length, 'certificate')} ${FOLDED[action]}: ${names}`,
    options.width,
  );
  return [`${colorsOf(options).green(MARKS.done)} ${first.trimStart()}`, ...rest];
}

/** One line per event, long ones hanging under themselves. */
export function eventLines(events: readonly RunEvent[], options: RenderOptions): readonly string[] {
  const colors = colorsOf(options);
  const paint = {
    done: colors.green,
    waiting: colors.cyan,
    held: colors.yellow,
    failed: colors.red,
    unknown: colors.red,
  } as const;
  return events.flatMap((event) => {
    const [first = '', ...rest] = hang(
      '  ',
      `${event.action} ${event.name}: ${say(event.message)}`,
      options.width,
    );
    return [`${paint[event.outcome](MARKS[event.outcome])} ${first.trimStart()}`, ...rest];
  });
}

/** Nothing for a run that had nothing to do: the plan has said so. */
function summary(events: readonly RunEvent[]): readonly string[] {
  const many = (outcome: RunEvent['outcome']) => events.filter((event) => event.outcome === outcome).length;
  const parts = [
    [many('done'), 'done'],
    [many('waiting'), 'waiting'],
    [many('held'), 'held'],
    [many('failed'), 'failed'],
    [many('unknown'), 'unknown'],
  ] as const;
  const told = parts.filter(([n]) => n > 0).map(([n, word]) => `${n} ${word}`);
  return told.length === 0 ? [] : [`Applied: ${told.join(', ')}.`];
}

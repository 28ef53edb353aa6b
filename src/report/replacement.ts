import type { ReplacementProgress } from '../policy/replacement.js';
import { say, terminalText } from './escape.js';
import { colorsOf, hang, type TimedOptions } from './layout.js';
import { table } from './table.js';
import { count, someOf } from './words.js';

/** One certificate that has to be replaced. */
export interface ReplaceLine {
  readonly name: string;
  readonly notAfter: string;
  readonly provider?: string;
  readonly need: 'free' | 'money' | 'person';
  readonly why?: string;
  readonly sameKey: boolean;
  readonly asked: boolean;
}

export interface ReplacePlan {
  readonly deadline: string;
  readonly reason: string;
  readonly rows: readonly ReplaceLine[];
  readonly replaced: readonly string[];
  readonly unknown: readonly string[];
}

const SHOWN = 20;
const EXAMPLES = 5;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** `5 days`, `24 hours`, `40 minutes`. */
function lasts(ms: number): string {
  if (ms >= 3 * DAY_MS) return count(Math.round(ms / DAY_MS), 'day');
  return ms >= 2 * HOUR_MS
    ? count(Math.round(ms / HOUR_MS), 'hour')
    : count(Math.round(ms / 60_000), 'minute');
}

const relative = (instant: string, nowMs: number): string => {
  const ms = Date.parse(instant) - nowMs;
  return ms >= 0 ? `in ${lasts(ms)}` : `${lasts(-ms)} ago`;
};

const NEEDS = {
  free: 'replaced by the next runs, for nothing',
  money: 'cost something: as far as approvals and limits go',
  person: 'need a person',
} as const;

/** What a mass replacement takes, before anything is recorded. */
export function replacePlanText(plan: ReplacePlan, options: TimedOptions): string {
  const { rows, deadline, reason, replaced, unknown } = plan;
  const colors = colorsOf(options);
  const asked = rows.filter((row) => row.asked).length;
  const same = rows.filter((row) => row.sameKey).map(({ name }) => name);
  const head = `${count(rows.length, 'certificate')} to be replaced by ${deadline}, ${relative(deadline, options.nowMs)}: ${say(reason)}`;
  return [
    ...hang('', colors.bold(head), options.width),
    ...(['free', 'money', 'person'] as const).flatMap((need) => {
      const own = rows.filter((row) => row.need === need);
      return own.length === 0 ? [] : [`${String(own.length).padStart(8)}  ${NEEDS[need]}`];
    }),
    ...(rows.length === 0 ? [] : ['', rowTable(rows, options)]),
    ...(asked === 0
      ? []
      : hang(
          'note: ',
          `${count(asked, 'certificate')} asked for already, with a deadline as early.`,
          options.width,
        )),
    ...(replaced.length === 0
      ? []
      : hang('note: ', `replaced already: ${someOf(replaced, EXAMPLES)}.`, options.width)),
    ...(unknown.length === 0
      ? []
      : hang(
          'warning: ',
          `${count(unknown.length, 'serial')} of the list that no certificate here has: ${someOf(unknown, EXAMPLES)}.`,
          options.width,
        )),
    ...(same.length === 0
      ? []
      : hang(
          'note: ',
          `the key stays the same for ${someOf(same, EXAMPLES)}: the manifest says \`rotate: never\`, or names a CSR.`,
          options.width,
        )),
  ].join('\n');
}

/** Whatever needs somebody first, then what ends first. */
function rowTable(rows: readonly ReplaceLine[], options: TimedOptions): string {
  const order = { person: 0, money: 1, free: 2 };
  const shown = rows.toSorted((a, b) => order[a.need] - order[b.need]).slice(0, SHOWN);
  const text = table(
    [{ title: 'NAME' }, { title: 'ENDS' }, { title: 'PROVIDER' }, { title: 'NEEDS' }],
    shown.map(({ name, notAfter, provider = '', need, why }) => [
      name,
      notAfter.slice(0, 10),
      provider,
      need === 'free'
        ? (why ?? 'nothing')
        : need === 'money'
          ? `money${why === undefined ? '' : `: ${why}`}`
          : (why ?? 'a person'),
    ]),
    options,
  );
  const left = rows.length - shown.length;
  return left === 0 ? text : `${text}and ${left} more (--json lists all)\n`;
}

const VERDICTS: Readonly<Record<ReplacementProgress['verdict'], string>> = {
  done: 'done',
  'in-time': 'in time at this pace',
  'too-slow': 'TOO SLOW at this pace',
  'not-started': 'none is replaced yet',
  missed: 'DEADLINE MISSED',
};

/** How far each mass replacement is, the newest first. */
export function replacementsText(all: readonly ReplacementProgress[], options: TimedOptions): string {
  if (all.length === 0) return 'No mass replacement was ever asked for.';
  const colors = colorsOf(options);
  return all
    .toReversed()
    .map(({ record, done, left, expectedAt, verdict }) => {
      const bad = verdict === 'missed' || verdict === 'too-slow';
      const word = bad ? colors.red(VERDICTS[verdict]) : VERDICTS[verdict];
      const expected = expectedAt === undefined || left === 0 ? '' : `, the last one expected ${expectedAt}`;
      return [
        ...hang('', `${terminalText(record.id)}: ${say(record.reason)}`, options.width),
        ...hang(
          '  ',
          `${done} of ${record.count} replaced, ${left} left, by ${record.deadline} (${relative(record.deadline, options.nowMs)}): ${word}${expected}`,
          options.width,
        ),
      ].join('\n');
    })
    .join('\n');
}

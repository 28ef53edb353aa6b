import { sumByCurrency } from '../model/money.js';
import { dayOf, toMs } from '../model/time.js';
import type { Gap, SimulatedMonth, Simulation } from '../simulate/result.js';
import { day } from './dates.js';
import { clip, markdownCode, markdownText, say, terminalText } from './escape.js';
import { hang, type RenderOptions } from './layout.js';
import { moneyList } from './money.js';
import { table } from './table.js';
import { count, someOf } from './words.js';

export interface Beside {
  /** Purchases counted at the most they may cost, because no price is known. */
  readonly atCeiling: number;
  /** The same with what is declared now. */
  readonly before?: Simulation | undefined;
}

/** Up to so many months are told one by one. */
const MONTHS_SHOWN = 18;
const SHOWN = 10;
const SENTENCE = 300;

interface Period {
  readonly title: string;
  readonly months: readonly SimulatedMonth[];
}

/** Months, or years where there are too many of them. */
function periodsOf({ months }: Simulation): readonly Period[] {
  const first = months[0]?.month;
  const last = months.at(-1)?.month;
  if (first === undefined || last === undefined) return [];
  const size = distance(first, last) < MONTHS_SHOWN ? 'yyyy-mm'.length : 'yyyy'.length;
  const periods = Map.groupBy(months, ({ month }) => month.slice(0, size));
  return [...periods].map(([title, grouped]) => ({ title, months: grouped }));
}

const distance = (from: string, till: string): number =>
  (Number(till.slice(0, 4)) - Number(from.slice(0, 4))) * 12 + Number(till.slice(5)) - Number(from.slice(5));

type Counted = 'orders' | 'renewals' | 'reissues' | 'certificates' | 'proofs' | 'byHand';

const COLUMNS: readonly { readonly title: string; readonly key: Counted }[] = [
  { title: 'ORDERS', key: 'orders' },
  { title: 'RENEWALS', key: 'renewals' },
  { title: 'REISSUES', key: 'reissues' },
  { title: 'ISSUED', key: 'certificates' },
  { title: 'PROOFS', key: 'proofs' },
  { title: 'BY HAND', key: 'byHand' },
];

const rowOf = ({ title, months }: Period): readonly string[] => [
  title,
  ...COLUMNS.map(({ key }) => String(months.reduce((n, month) => n + month[key], 0))),
  moneyList(sumByCurrency(months.flatMap(({ spent }) => spent))),
];

const titleOf = ({ from, until, certificates }: Simulation): string =>
  `${count(certificates, 'certificate')} from ${day(from)} to ${day(until)}, a run every day`;

const gapText = ({ name, from, till, days, why }: Gap): string =>
  `${terminalText(name)}: ${count(days, 'day')} from ${day(from)}${till === undefined ? ' on' : ` to ${day(till)}`} (${say(clip(why, SENTENCE))})`;

/** What is worth knowing beside the numbers, the gravest first; texts are not escaped yet. */
function notesOf(simulation: Simulation, { atCeiling, before }: Beside): readonly string[] {
  const { gaps, neverIssued, holds, notModelled, mailAfterEnd, busiest, unsafe } = simulation;
  const waiting = holds.filter(({ name }) => ![...gaps, ...neverIssued].some((one) => one.name === name));
  const approved = simulation.events.filter((event) => event.approved).length;
  return [
    ...(unsafe === undefined ? [] : [`apply refuses the first plan as a whole, here it goes on: ${unsafe}`]),
    ...(waiting.length === 0
      ? []
      : [
          `held at times, without a day lost: ${someOf([...new Set(waiting.map((hold) => hold.name))], SHOWN)}; the first because ${waiting[0]?.message}`,
        ]),
    ...(mailAfterEnd.length === 0
      ? []
      : [`proved by mail after that ends: ${someOf(mailAfterEnd, SHOWN)}; choose dns or http`]),
    ...(notModelled.length === 0
      ? []
      : [
          `only the provider can tell, so left out: ${someOf(
            notModelled.map(({ name, action }) => `${action} ${name}`),
            SHOWN,
          )}`,
        ]),
    ...(approved === 0 ? [] : [`${count(approved, 'approval')} to be merged by a person`]),
    ...(atCeiling === 0
      ? []
      : [`${count(atCeiling, 'purchase')} without a known price, counted at the most it may cost`]),
    ...(busiest === undefined || busiest.certificates < 2
      ? []
      : [`the busiest day is ${busiest.day}, with ${busiest.certificates} certificates`]),
    ...(before === undefined ? [] : [comparison(before, simulation)]),
  ];
}

function comparison(before: Simulation, after: Simulation): string {
  const change = (what: string, from: string, to: string): readonly string[] =>
    from === to ? [] : [`${what} ${from} → ${to}`];
  const parts = [
    ...change('declared', String(before.certificates), String(after.certificates)),
    ...change('issued', String(before.issued.length), String(after.issued.length)),
    ...change('spent', moneyList(before.spent) || 'nothing', moneyList(after.spent) || 'nothing'),
    ...change('gaps', String(before.gaps.length), String(after.gaps.length)),
    ...change('never issued', String(before.neverIssued.length), String(after.neverIssued.length)),
  ];
  return `against the approval branch: ${parts.length === 0 ? 'no difference' : parts.join(', ')}`;
}

const verdictOf = ({ gaps, neverIssued }: Simulation): string => {
  if (gaps.length === 0 && neverIssued.length === 0) return 'No day without a valid certificate.';
  const parts = [
    ...(gaps.length === 0 ? [] : [count(gaps.length, 'gap')]),
    ...(neverIssued.length === 0 ? [] : [`${count(neverIssued.length, 'certificate')} never issued`]),
  ];
  return `Days without a valid certificate: ${parts.join(', ')}.`;
};

function firstOf<T>(things: readonly T[], text: (thing: T) => string): readonly string[] {
  const left = things.length - SHOWN;
  return [...things.slice(0, SHOWN).map(text), ...(left > 0 ? [`and ${left} more; --json lists all`] : [])];
}

const troubleOf = ({ gaps, neverIssued }: Simulation): readonly string[] => [
  ...firstOf(gaps, gapText),
  ...firstOf(
    neverIssued,
    ({ name, why }) => `${terminalText(name)}: never issued (${say(clip(why, SENTENCE))})`,
  ),
];

/** For a terminal. */
export function simulationText(simulation: Simulation, beside: Beside, options: RenderOptions): string {
  const periods = periodsOf(simulation);
  const total: Period = { title: 'total', months: simulation.months };
  const rows = [...periods, ...(periods.length > 1 ? [total] : [])].map(rowOf);
  const numbers = table(
    [
      { title: '' },
      ...COLUMNS.map(({ title }) => ({ title, right: true }) as const),
      { title: 'SPENT', right: true },
    ],
    rows,
    options,
  );
  const lines = [
    ...hang('', titleOf(simulation), options.width),
    '',
    ...(rows.length === 0 ? ['Nothing happens.', ''] : [numbers]),
    verdictOf(simulation),
    ...troubleOf(simulation).flatMap((text) => hang('  ', text, options.width)),
    ...notesOf(simulation, beside).flatMap((text) => hang('- ', say(text), options.width)),
  ];
  return `${lines.join('\n')}\n`;
}

/** For a pull request of any forge. */
export function simulationMarkdown(simulation: Simulation, beside: Beside): string {
  const periods = periodsOf(simulation);
  const total: Period = { title: 'total', months: simulation.months };
  const rows = [...periods, ...(periods.length > 1 ? [total] : [])].map(rowOf);
  const head = ['', ...COLUMNS.map(({ title }) => title.toLowerCase()), 'spent'];
  const lines = [
    `**Simulated:** ${markdownText(titleOf(simulation))}`,
    '',
    ...(rows.length === 0
      ? []
      : [
          `| ${head.join(' | ')} |`,
          `|---|${head
            .slice(1)
            .map(() => '---:|')
            .join('')}`,
          ...rows.map((cells) => `| ${cells.map(markdownText).join(' | ')} |`),
          '',
        ]),
    `**${verdictOf(simulation)}**`,
    '',
    ...firstOf(
      simulation.gaps,
      (gap) =>
        `${markdownCode(gap.name)}: ${count(gap.days, 'day')} from ${day(gap.from)}${gap.till === undefined ? ' on' : ` to ${dayOf(toMs(gap.till))}`}: ${markdownText(clip(gap.why, SENTENCE))}`,
    ).map((text) => `- ${text}`),
    ...firstOf(
      simulation.neverIssued,
      ({ name, why }) => `${markdownCode(name)}: never issued: ${markdownText(clip(why, SENTENCE))}`,
    ).map((text) => `- ${text}`),
    ...notesOf(simulation, beside).map((text) => `- ${markdownText(clip(text, SENTENCE))}`),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

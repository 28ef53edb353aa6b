import { formatMoney } from '../../model/money.js';
import { day, minute } from '../dates.js';
import { clip, markdownCode, markdownText } from '../escape.js';
import type {
  DueLine,
  Overview,
  OverviewCertificate,
  SpendingShare,
  TroubleLine,
  WaitingLine,
} from './types.js';
import {
  accountText,
  basisText,
  COUNTED,
  certificatesOf,
  cutOverTexts,
  howMany,
  monthText,
  nextOf,
  STANDING_WORDS,
  selectionText,
  sumsText,
  verdictOf,
} from './words.js';

const SENTENCE = 500;
const say = (text: string | undefined): string =>
  text === undefined ? '' : markdownText(clip(text, SENTENCE));
const ownerNote = (owner: string | undefined): string => (owner === undefined ? '' : ` (${say(owner)})`);
const since = (at: string | undefined): string => (at === undefined ? '' : ` (since ${at})`);

const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [`## ${title}`, '', ...lines, ''];

/** Columns whose title begins with `>` are numbers. Cells are Markdown already. */
function markdownTable(titles: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(titles.map((title) => title.replace('>', ''))),
    line(titles.map((title) => (title.startsWith('>') ? '---:' : '---'))),
    ...rows.map(line),
  ];
}

const troubleText = ({ name, owner, message, since: at }: TroubleLine): string =>
  `- ${name === undefined ? '' : `${markdownCode(name)}${ownerNote(owner)}: `}${say(message)}${since(at)}`;

const waitingText = ({ name, owner, message, remedy, since: at }: WaitingLine): string =>
  `- ${markdownCode(name)}${ownerNote(owner)}: ${say(message)}${remedy === undefined ? '' : `; ${say(remedy)}`}${since(at)}`;

const dueText = ({ day: on, name, owner, action, atMost }: DueLine): string =>
  `- ${on}: ${action} ${markdownCode(name)}${ownerNote(owner)}, ${action === 'reissue' ? 'free' : atMost === undefined ? 'paid' : `at most ${formatMoney(atMost)}`}`;

function waitingLines(lines: readonly WaitingLine[]): readonly string[] {
  return [...Map.groupBy(lines, ({ whom }) => whom)].flatMap(([whom, own]) => [
    `**For ${say(whom)}:**`,
    '',
    ...own.map(waitingText),
    '',
  ]);
}

const timelineLines = ({ timeline }: Overview): readonly string[] => {
  const rows = timeline.months
    .filter(({ ends, due, terms }) => ends + due + terms > 0)
    .map(({ from, ends, due, terms }) => [monthText(from), String(ends), String(due), String(terms)]);
  if (rows.length === 0) return [];
  return [
    ...markdownTable(['Month', '>Certificates end', '>Due', '>Paid terms end'], rows),
    '',
    ...timeline.cutOvers.map((change) => `- From ${change.day}: ${cutOverTexts(change).join(', ')}.`),
  ];
};

const shareRow = ({ of, spent, expected, unknown }: SpendingShare): readonly string[] => [
  of === undefined ? 'nobody' : say(of),
  say(sumsText(spent)),
  say(sumsText(expected)),
  unknown === 0 ? '' : String(unknown),
];

const SHARE_COLUMNS = ['>Spent in 12 months', '>Expected in 12 months', '>Price unknown'];

function spendingLines(view: Overview): readonly string[] {
  const { spending } = view;
  if (spending === undefined || spending.providers.length === 0) return [];
  const months = spending.months.filter(
    ({ spent, expected, unknown }) => spent.length + expected.length + unknown > 0,
  );
  return [
    ...markdownTable(
      ['Month', '>Spent', '>Given back', '>Expected', '>Price unknown'],
      months.map(({ month, spent, refunded, expected, unknown }) => [
        monthText(month),
        say(sumsText(spent)),
        say(sumsText(refunded)),
        say(sumsText(expected)),
        unknown === 0 ? '' : String(unknown),
      ]),
    ),
    '',
    say(basisText(view)),
    '',
    ...markdownTable(['Provider', ...SHARE_COLUMNS], spending.providers.map(shareRow)),
    '',
    ...markdownTable(['Owner', ...SHARE_COLUMNS], spending.owners.map(shareRow)),
  ];
}

const certificateRow = (one: OverviewCertificate): readonly string[] => {
  const next = nextOf(one);
  return [
    markdownCode(one.name),
    say(one.reason === undefined ? one.state : `${one.state}: ${one.reason}`),
    one.notAfter === undefined ? '' : day(one.notAfter),
    one.paidTill === undefined ? '' : day(one.paidTill),
    next === undefined ? '' : `${next.action} ${day(next.at)}`,
    say(accountText(one)),
    say(one.owner),
    say(one.names.join(', ')),
  ];
};

/** The report for a wiki, a mail or a pull request of any forge: GitHub-flavoured, nothing in it is a mention or a link. */
export function overviewMarkdown(view: Overview): string {
  const { counts } = view;
  const selection = selectionText(view);
  const lines = [
    `# Certificates of ${say(view.repository)}`,
    '',
    `As of ${minute(view.madeAt)}${selection === undefined ? '' : `, only ${say(selection)}`}. **${say(verdictOf(view))}**`,
    '',
    `${howMany(certificatesOf(view), 'certificate')}: ${COUNTED.map((one) => `${counts[one]} ${STANDING_WORDS[one].title.toLowerCase()}`).join(', ')}.`,
    '',
    ...section('Somebody has to look', view.trouble.map(troubleText)),
    ...section('Waiting', waitingLines(view.waiting)),
    ...section('Due in the next 60 days', view.due.map(dueText)),
    ...section('What ends, and when', timelineLines(view)),
    ...section('Spending', spendingLines(view)),
    ...section(
      'All certificates',
      markdownTable(
        ['Name', 'State', 'Ends', 'Paid till', 'Next', 'Provider', 'Owner', 'Names'],
        view.certificates.map(certificateRow),
      ),
    ),
  ];
  return `${lines
    .join('\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trimEnd()}\n`;
}

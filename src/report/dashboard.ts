import { formatMoney, type Money } from '../model/money.js';
import type { SolvableRecord } from '../model/order.js';
import type { BalanceRow, NeedRow, NeedsRow } from './balance-text.js';
import { clip, markdownBlock, markdownCode, markdownText } from './escape.js';
import { moneyList } from './money.js';
import { count, isLoud, providerText } from './words.js';

/** Something that concerns a certificate, or the repository as a whole. Days are UTC, `2026-11-22`. */
export interface DashboardLine {
  readonly name?: string;
  readonly message: string;
  readonly since?: string;
}

/** What somebody has to publish before a certificate can be issued. */
export interface ByHandLine {
  readonly name: string;
  readonly records: readonly SolvableRecord[];
}

export interface HeldLine {
  readonly name: string;
  readonly action: string;
  readonly message: string;
  /** What a person does about it. */
  readonly remedy?: string;
  /** The most it may cost. */
  readonly atMost?: Money;
  /** The pull request that asks for it. */
  readonly request?: { readonly number: number; readonly url: string };
}

export interface UpcomingLine {
  readonly day: string;
  readonly name: string;
  readonly action: string;
  /** The most it may cost; absent for what is free. */
  readonly atMost?: Money;
}

export interface SpendingLine {
  /** The glob of a rule; absent: everything. */
  readonly match?: string;
  readonly spent: readonly Money[];
  readonly limit?: Money;
}

/** What a person wants to see of a repository in one place. */
export interface DashboardView {
  readonly today: string;
  readonly certificates: number;
  readonly ready: number;
  readonly attention: readonly DashboardLine[];
  readonly waiting: readonly DashboardLine[];
  readonly byHand: readonly ByHandLine[];
  readonly held: readonly HeldLine[];
  /** What failed and is tried again later: each with a box to have it tried at once. */
  readonly retry: readonly DashboardLine[];
  readonly upcoming: readonly UpcomingLine[];
  /** Absent: nobody asked. */
  readonly balances?: readonly BalanceRow[];
  /** What falls due, by prices last seen: where nobody was asked. */
  readonly needs?: readonly NeedsRow[];
  readonly spending: readonly SpendingLine[];
  /** Are there boxes that somebody reads? */
  readonly boxes: boolean;
}

const SENTENCE = 300;
const say = (text: string): string => markdownText(clip(text, SENTENCE));
const code = (text: string): string => markdownCode(clip(text, SENTENCE));

/** Bytes of each section, under 60,000 together: GitHub takes 65,536 characters. */
const LIMITS = {
  attention: 14_000,
  waiting: 6_000,
  byHand: 8_000,
  held: 12_000,
  retry: 7_000,
  upcoming: 8_000,
  money: 2_500,
};

/** Characters of one certificate's records: some have a hundred names. */
const ONE_BY_HAND = 2_500;

function list<T>(things: readonly T[], render: (thing: T) => string, limit: number): readonly string[] {
  const lines: string[] = [];
  let room = limit;
  for (const thing of things) {
    const line = render(thing);
    room -= Buffer.byteLength(line, 'utf8') + 1;
    if (room < 0) break;
    lines.push(line);
  }
  const left = things.length - lines.length;
  return left === 0 ? lines : [...lines, `- and ${left} more: run \`certwright status\``];
}

const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [`## ${title}`, '', ...lines, ''];

const about = ({ name, message, since }: DashboardLine): string =>
  `${name === undefined ? '' : `${code(name)}: `}${say(message)}${since === undefined ? '' : ` (since ${since})`}`;

function heldText({ name, action, message, remedy, atMost, request }: HeldLine): string {
  const cost = atMost === undefined ? '' : `, at most ${formatMoney(atMost)}`;
  const next =
    request === undefined
      ? remedy === undefined
        ? ''
        : `; ${say(remedy)}`
      : `; asked for in [#${request.number}](${request.url})`;
  return `- ${say(action)} ${code(name)}${cost}: ${say(message)}${next}`;
}

/** As `certwright show` has them, to copy. */
function recordLines(record: SolvableRecord): readonly string[] {
  if (record.type !== 'file') return [`${record.owner} ${record.type} ${record.value}`];
  return [record.url, ...record.content.split('\n')];
}

/** Whole records or none: half a one is of no use. */
function byHandText({ name, records }: ByHandLine): string {
  const lines: string[] = [];
  let shown = 0;
  for (const record of records) {
    const block = markdownBlock(recordLines(record)).map((line) => `  ${line}`);
    if ([...lines, ...block].join('\n').length > ONE_BY_HAND) break;
    lines.push(...block);
    shown += 1;
  }
  const left = records.length - shown;
  const more = left === 0 ? [] : [`  ${left} more: ${code(`certwright show ${name}`)}`];
  return [`- ${code(name)}:`, ...lines, ...more].join('\n');
}

const upcomingText = ({ day, name, action, atMost }: UpcomingLine): string =>
  `- ${day}: ${say(action)} ${code(name)}, ${atMost === undefined ? 'free' : `at most ${formatMoney(atMost)}`}`;

function needText({ days, purchases, known, unknown, short }: NeedRow): string {
  const sum = [
    ...(known.length === 0 ? [] : [moneyList(known)]),
    ...(unknown === 0 ? [] : [`${unknown} unknown`]),
  ];
  const need = purchases === 0 ? 'nothing' : sum.join(' + ');
  return `next ${days} days need ${need}${short === undefined ? '' : `, **${formatMoney(short)} short**`}`;
}

const accountText = ({ account, environment }: NeedsRow): string =>
  isLoud(environment) ? say(providerText(account, environment)) : code(account);

const needsLine = (row: NeedsRow): string => `- ${accountText(row)}: ${row.needs.map(needText).join('; ')}`;

function balanceLine(row: BalanceRow): string {
  const { balance, why, needs } = row;
  const has =
    balance === undefined ? `unknown${why === undefined ? '' : ` (${say(why)})`}` : formatMoney(balance);
  return `- ${[`${accountText(row)}: ${has}`, ...needs.map(needText)].join('; ')}`;
}

function spendingText({ match, spent, limit }: SpendingLine): string {
  const sum = spent.length === 0 ? 'nothing' : moneyList(spent);
  const of = limit === undefined ? '' : ` of ${formatMoney(limit)}`;
  return `- ${match === undefined ? 'all' : code(match)}: ${sum}${of}`;
}

/**
 * One page of Markdown, under 65,536 characters whatever there is. Nothing in it moves more often than once a day, and
 * nothing is a mention, a link or markup unless it is ours.
 */
export function dashboardMarkdown(view: DashboardView): string {
  const { certificates, ready, today, boxes } = view;
  const others = certificates - ready;
  const { attention, held, byHand, waiting, retry } = view;
  const calm = [attention, held, byHand, waiting, retry].every(({ length }) => length === 0);
  const lines = [
    `**${count(certificates, 'certificate')}: ${ready} ready${others === 0 ? '' : `, ${others} not`}.**${calm ? ' Nobody has to do anything.' : ''} Last run on ${today}.`,
    '',
    ...section(
      'A person has to look',
      list(view.attention, (one) => `- ${about(one)}`, LIMITS.attention),
    ),
    ...section('Held', list(view.held, heldText, LIMITS.held)),
    ...section('To be published by hand', list(view.byHand, byHandText, LIMITS.byHand)),
    ...section(
      'Waiting',
      list(view.waiting, (one) => `- ${about(one)}`, LIMITS.waiting),
    ),
    ...section(
      'Failed, tried again later',
      list(view.retry, (one) => (boxes ? retryBox(one) : `- ${about(one)}`), LIMITS.retry),
    ),
    ...section('In the next 30 days', list(view.upcoming, upcomingText, LIMITS.upcoming)),
    ...section('Balances', list(view.balances ?? [], balanceLine, LIMITS.money)),
    ...section(
      'Credit that purchases ahead need, by the prices last seen',
      list(view.needs ?? [], needsLine, LIMITS.money),
    ),
    ...section('Spent this month', list(view.spending, spendingText, LIMITS.money)),
    ...(boxes && view.retry.length > 0
      ? [
          'Tick a box, and the next run tries that one at once: for people who may write to this repository.',
          '',
        ]
      : []),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

const BOX = /^- \[[xX]\] Try `([a-z0-9._/-]+)` again now(?::|$)/gm;

/** The name is one of ours and nothing else: what people type into the page is not taken for one. */
function retryBox({ name = '', message, since }: DashboardLine): string {
  return `- [ ] Try \`${name}\` again now: ${say(message)}${since === undefined ? '' : ` (since ${since})`}`;
}

/** Names whose box is ticked in a text of ours that people may have edited. */
export const tickedBoxes = (body: string): readonly string[] => [
  ...new Set([...body.matchAll(BOX)].flatMap(([, name]) => name ?? [])),
];

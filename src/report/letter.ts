import { formatMoney, type Money } from '../model/money.js';
import type { Notice, NoticeLevel } from '../model/notice.js';
import { dayOf, type Instant, toMs } from '../model/time.js';
import { say, terminalText } from './escape.js';
import { hang } from './layout.js';
import { count, someOf } from './words.js';

/** One notice with what a reader may want beside it. */
export interface LetterItem {
  readonly notice: Notice;
  /** It was told before, and is still so. */
  readonly reminder: boolean;
  /** `certificates/shop.yaml:3`. */
  readonly file?: string;
  /** The manifest where people look at it. */
  readonly link?: string;
}

export interface DigestLine {
  readonly name?: string;
  readonly text: string;
}

/** How everything stands, for a summary. */
export interface DigestPart {
  readonly title: string;
  readonly lines: readonly DigestLine[];
  /** Lines that are left out. */
  readonly left: number;
}

/** One message through one channel, before it is given the form of the channel. Texts are not escaped. */
export interface Letter {
  /** The same where the same is sent again, so that a receiver can tell. */
  readonly id: string;
  readonly level: NoticeLevel;
  /** host/path */
  readonly repository: string;
  readonly at: Instant;
  readonly items: readonly LetterItem[];
  /** Of a digest. */
  readonly parts: readonly DigestPart[];
  /** It only shows that the channel works. */
  readonly test?: true;
}

/** A message is read on a telephone: what is more stands behind `certwright status`. */
export const SHOWN_ITEMS = 20;
const WIDTH = 78;
const SUBJECT_NAMES = 3;

const nameOf = ({ notice: { certificate } }: LetterItem): string => certificate ?? 'the repository';

/** What the message is, in a few words: `2 alarms`. */
export function headline({ level, items, test }: Letter): string {
  const again = items.length > 0 && items.every(({ reminder }) => reminder) ? 'still ' : '';
  if (test) return 'a test of this channel';
  switch (level) {
    case 'attention':
      return `${again}${count(items.length, 'alarm')}`;
    case 'waiting':
      return items.length === 1
        ? `1 thing ${again}waits for a person`
        : `${items.length} things ${again}wait for a person`;
    case 'changed':
      return count(items.length, 'change');
    case 'digest':
      return 'how the certificates stand';
  }
}

/** One line for the subject of a mail. */
export function letterSubject(letter: Letter): string {
  const names = [...new Set(letter.items.map(nameOf))];
  const about = names.length === 0 ? '' : `: ${someOf(names, SUBJECT_NAMES)}`;
  return `[certwright] ${headline(letter)}${about}`;
}

/** The message as plain text, 80 columns wide but for addresses. */
export function letterText(letter: Letter): string {
  const { items, parts, repository } = letter;
  const shown = items.slice(0, SHOWN_ITEMS);
  return [
    ...hang('', `certwright: ${headline(letter)} in ${terminalText(repository)}`, WIDTH),
    '',
    ...(letter.test ? hang('', TEST_TEXT, WIDTH).concat('') : []),
    ...shown.flatMap((item) => [...itemLines(item), '']),
    ...(items.length > shown.length ? [`and ${items.length - shown.length} more`, ''] : []),
    ...parts.flatMap((part) => [...partLines(part), '']),
    ...hang('', MORE, WIDTH),
    '',
  ].join('\n');
}

export const TEST_TEXT = 'Nothing happened: somebody ran `certwright notify --test`.';
export const MORE =
  'certwright status lists every certificate, certwright show NAME tells all about one; docs/notifications.md says what each of these words means.';

function itemLines(item: LetterItem): readonly string[] {
  const { notice, link, file } = item;
  const { owner, message, url } = notice;
  const whose = owner === undefined ? '' : ` (${terminalText(owner)})`;
  return [
    ...hang('* ', `${terminalText(nameOf(item))}${whose}`, WIDTH),
    ...hang('  ', say(message), WIDTH),
    ...detailsOf(item).flatMap((text) => hang('  ', say(text), WIDTH)),
    ...(url === undefined ? [] : [`  ${terminalText(url)}`]),
    ...(link === undefined ? (file === undefined ? [] : [`  ${terminalText(file)}`]) : [`  ${link}`]),
  ];
}

/** Sentences that stand under the message in every form. */
export function detailsOf({ notice }: LetterItem): readonly string[] {
  const { remedy, validity } = notice;
  const price = priceText(notice);
  const needsDate = notice.level === 'waiting' && validity !== undefined;
  return [
    ...(price === undefined ? [] : [price]),
    ...(needsDate && validity ? [`Runs out: ${dayOf(toMs(validity.till))}`] : []),
    ...(remedy === undefined ? [] : [`What to do: ${remedy}`]),
  ];
}

function priceText({ level, price, atMost }: Notice): string | undefined {
  const text = (what: string, money: Money) => `${what}: ${formatMoney(money)}`;
  if (price !== undefined) return text(level === 'changed' ? 'Paid' : 'Price', price);
  return atMost === undefined ? undefined : text('At most', atMost);
}

function partLines({ title, lines, left }: DigestPart): readonly string[] {
  return [
    title,
    ...lines.flatMap(({ name, text }) =>
      hang('* ', name === undefined ? say(text) : `${terminalText(name)}: ${say(text)}`, WIDTH),
    ),
    ...(left > 0 ? [`  and ${left} more`] : []),
  ];
}

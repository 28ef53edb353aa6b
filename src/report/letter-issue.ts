import { formatMoney } from '../model/money.js';
import { dayOf, toMs } from '../model/time.js';
import { clip, markdownCode, markdownText, terminalText } from './escape.js';
import type { LetterItem } from './letter.js';

const LONGEST_TITLE = 120;

/** Titles take no Markdown; a mention in one tells nobody. */
export function issueTitle({ notice }: LetterItem): string {
  const about = notice.certificate ?? 'repository';
  return clip(terminalText(`${about}: ${notice.message}`), LONGEST_TITLE);
}

/** The body of the issue about one notice, as it stands now. */
export function issueBody({ notice, file, link }: LetterItem): string {
  const { certificate, owner, message, remedy, at, validity, price, atMost, url } = notice;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['Certificate', certificate && markdownCode(certificate)],
    ['Owner', owner && markdownText(owner)],
    ['Since', at && dayOf(toMs(at))],
    ['Runs out', validity && dayOf(toMs(validity.till))],
    ['Price', price && formatMoney(price)],
    ['At most', atMost && formatMoney(atMost)],
    [
      'Manifest',
      link === undefined ? file && markdownCode(file) : `[${markdownText(file ?? 'manifest')}](<${link}>)`,
    ],
    ['Answer', url && `<${url}>`],
  ];
  const shown = rows.flatMap(([label, text]) => (text === undefined ? [] : [`| ${label} | ${text} |`]));
  return [
    markdownText(message),
    '',
    ...(remedy === undefined ? [] : [`**What to do:** ${markdownText(remedy)}`, '']),
    ...(shown.length === 0 ? [] : ['| | |', '| --- | --- |', ...shown, '']),
    '<sub>certwright opened this issue, keeps it up to date, and closes it once it is so no longer. Closed by a person it stays closed until the next reminder.</sub>',
    '',
  ].join('\n');
}

/** Said under an issue when it is brought up again. */
export const issueReminder = ({ notice }: LetterItem): string =>
  `Still so: ${markdownText(notice.message)}\n`;
/** Said under an issue that is over. */
export const ISSUE_OVER = 'This is so no longer.\n';

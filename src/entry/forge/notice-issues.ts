import { createHash } from 'node:crypto';
import { CertError } from '../../model/errors.js';
import type { Notice } from '../../model/notice.js';
import type { Telling } from '../../policy/telling.js';
import type { Forge } from '../../ports/forge.js';
import type { LetterItem } from '../../report/letter.js';
import { ISSUE_OVER, issueBody, issueReminder, issueTitle } from '../../report/letter-issue.js';

/** By which certwright finds its issues again. */
export const NOTICE_LABEL = 'certwright-notice';
/** GitHub wants writing calls seconds apart: the rest follows with the next run. */
const OPENED_AT_ONCE = 10;
const CLOSED_AT_ONCE = 20;

const digest = (text: string, length: number): string =>
  createHash('sha256').update(text).digest('hex').slice(0, length);

/** Of all issues of one channel: two of them leave each other's alone. */
const prefixOf = (channel: string): string => `notice-${digest(channel, 8)}-`;

const markerOf = (channel: string, { key }: Pick<Notice, 'key'>): string =>
  `${prefixOf(channel)}${digest(key, 24)}`;

export interface IssueWork {
  readonly channel: string;
  readonly labels: readonly string[];
  readonly tellings: readonly (Telling & { readonly item: LetterItem })[];
  /** Keys of what was told and is known to be over. */
  readonly ended: readonly string[];
  /** Everything the channel is for and that is so now, so that any other issue is over; absent: not all of it is known. */
  readonly standing?: readonly Notice[];
}

export interface IssuesKept {
  readonly told: readonly Telling[];
  /** No issue is open for what is so no longer. */
  readonly closed: boolean;
  readonly problem?: CertError;
}

/**
 * One issue for each notice: opened when it is told first, written anew and brought up with a comment when it is told again,
 * and closed once it is not so any more. One that a person closed is opened again by a reminder. Found by a marker, so
 * that a lost memory opens none twice.
 */
export async function keepIssues(forge: Forge, work: IssueWork): Promise<IssuesKept> {
  const { channel, labels, tellings } = work;
  const told: Telling[] = [];
  try {
    const ours = await forge.issues.open(prefixOf(channel), NOTICE_LABEL);
    const open = new Map(ours.map((issue) => [issue.marker, issue]));
    let opened = 0;
    for (const telling of tellings) {
      const { notice, item, reminder } = telling;
      const marker = markerOf(channel, notice);
      const text = { title: issueTitle(item), body: issueBody(item) };
      const closed =
        reminder && !open.has(marker) ? await forge.issues.find(marker, NOTICE_LABEL) : undefined;
      const known = open.get(marker) ?? closed;
      if (known !== undefined) {
        await forge.issues.update(known.number, marker, { ...text, state: 'open' });
        if (reminder) await forge.comments.create(known.number, `${marker}-reminder`, issueReminder(item));
      } else if (opened < OPENED_AT_ONCE) {
        await forge.issues.create(marker, { ...text, labels: [NOTICE_LABEL, ...labels] });
        opened += 1;
      } else {
        continue;
      }
      told.push(telling);
    }
    const over = [...open].filter(([marker]) => isOver(work, marker));
    for (const [marker, { number }] of over.slice(0, CLOSED_AT_ONCE)) {
      await forge.comments.create(number, `${marker}-over`, ISSUE_OVER);
      await forge.issues.update(number, marker, { state: 'closed' });
    }
    return { told, closed: over.length <= CLOSED_AT_ONCE };
  } catch (error) {
    if (!(error instanceof CertError) || error.code === 'interrupted') throw error;
    return { told, closed: false, problem: error };
  }
}

function isOver({ channel, standing, ended }: IssueWork, marker: string): boolean {
  return standing === undefined
    ? ended.some((key) => markerOf(channel, { key }) === marker)
    : !standing.some((notice) => markerOf(channel, notice) === marker);
}

import { dayOf } from '../model/time.js';
import type { Wish } from '../policy/approval-wishes.js';
import { markdownCode, terminalText } from './escape.js';
import { count } from './words.js';

/** What became of the approvals a run waits for. */
export interface ApprovalsReport {
  readonly opened: readonly { readonly number: number; readonly title: string; readonly url: string }[];
  /** Numbers of pull requests. */
  readonly changed: readonly number[];
  readonly closed: readonly number[];
  readonly declined: readonly { readonly wish: Wish; readonly againMs: number }[];
  readonly queued: readonly Wish[];
}

const SHOWN = 20;
const numbers = (all: readonly number[]): string => all.map((number) => `#${number}`).join(', ');

/** One sentence each; nothing where nobody was asked and nobody has to be. Plain text. */
export function approvalLines({
  opened,
  changed,
  closed,
  declined,
  queued,
}: ApprovalsReport): readonly string[] {
  const again = declined.map(({ againMs }) => againMs);
  return [
    ...opened.map(({ number, title }) => terminalText(`pull request #${number} opened: ${title}`)),
    ...(changed.length === 0 ? [] : [`brought up to date: ${numbers(changed)}`]),
    ...(closed.length === 0 ? [] : [`closed, of no use any more: ${numbers(closed)}`]),
    ...(again.length === 0
      ? []
      : [`${count(again.length, 'action')} declined; asked again from ${dayOf(Math.min(...again))} on`]),
    ...(queued.length === 0
      ? []
      : [`${count(queued.length, 'action')} more to approve: asked for as others are merged or closed`]),
  ];
}

/** The same for the page of a run; '' for nothing. The pull requests are links, and ours. */
export function approvalsMarkdown(report: ApprovalsReport): string {
  const [lines, opened] = [approvalLines({ ...report, opened: [] }), report.opened.slice(0, SHOWN)];
  const shown = [
    ...opened.map(({ number, title, url }) => `- [#${number}](${url}) ${markdownCode(title)}`),
    ...lines.map((line) => `- ${line}`),
  ];
  return shown.length === 0 ? '' : ['**Approvals**', '', ...shown, ''].join('\n');
}

import { clip, markdownCode, markdownText } from './escape.js';
import { count } from './words.js';

interface Line {
  readonly name: string;
  readonly action: string;
  readonly outcome: 'done' | 'waiting' | 'failed' | 'held' | 'unknown';
  readonly message: string;
}

/** What a run did, for the page of the run. */
export interface AppliedReport {
  readonly events: readonly Line[];
  /** What a person has to look at, by certificate. */
  readonly attention: readonly { readonly name: string; readonly message: string }[];
  readonly certificates: number;
}

const MOST = 500;
const SENTENCE = 400;
const MARKS = { done: '✓', waiting: '…', held: '!', failed: '✗', unknown: '?' } as const;
const ORDER = ['unknown', 'failed', 'held', 'waiting', 'done'] as const;

const say = (text: string): string => markdownText(clip(text, SENTENCE));

function some<T>(things: readonly T[], line: (thing: T) => string): readonly string[] {
  const shown = things.slice(0, MOST).map(line);
  return things.length <= MOST ? shown : [...shown, '', `and ${things.length - MOST} more`];
}

const row = ({ name, action, outcome, message }: Line): string =>
  `| ${MARKS[outcome]} ${outcome} | ${markdownText(action)} | ${markdownCode(clip(name, 200))} | ${say(message)} |`;

/** GitHub-flavoured; the gravest first. */
export function appliedMarkdown({ events, attention, certificates }: AppliedReport): string {
  const sums = ORDER.toReversed().flatMap((outcome) => {
    const n = events.filter((event) => event.outcome === outcome).length;
    return n === 0 ? [] : [`${n} ${outcome}`];
  });
  const sorted = events.toSorted((a, b) => ORDER.indexOf(a.outcome) - ORDER.indexOf(b.outcome));
  const parts: readonly (readonly string[])[] = [
    [
      events.length === 0
        ? `**Nothing to do.** ${count(certificates, 'certificate')} looked at.`
        : `**Applied: ${sums.join(', ')}.**`,
    ],
    attention.length === 0
      ? []
      : some(attention, ({ name, message }) => `- **Attention:** ${markdownCode(name)}: ${say(message)}`),
    events.length === 0 ? [] : ['| | Action | Name | |', '|---|---|---|---|', ...some(sorted, row)],
  ];
  return `${parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

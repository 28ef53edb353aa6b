import type { Finding, Position, Spec } from '../model/manifest.js';
import type { Plan } from '../model/plan.js';
import { clip, terminalText } from './escape.js';
import { remedyOf } from './holds.js';

/** Something to be said at a line of a file: an annotation of a check, or a workflow command. Plain text, one line each. */
export interface LineNote {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly level: 'notice' | 'warning' | 'failure';
  readonly title: string;
  readonly message: string;
}

const LONGEST_TITLE = 120;
const LONGEST = 2000;

const note = (level: LineNote['level'], position: Position, title: string, message: string): LineNote => ({
  file: position.file,
  line: position.line,
  column: position.column,
  level,
  title: clip(terminalText(title), LONGEST_TITLE),
  message: clip(terminalText(message), LONGEST),
});

const sentence = (...parts: readonly (string | undefined)[]): string =>
  parts
    .filter((part) => part !== undefined)
    .map((part) => part.replace(/\.$/, ''))
    .join('; ');

const LEVELS = { attention: 'failure', warning: 'warning', info: 'notice' } as const;

/** Findings where they stand; holds and warnings at the manifest they concern. */
export function lineNotes(
  findings: readonly Finding[],
  plan: Plan | undefined,
  specs: ReadonlyMap<string, Spec>,
): readonly LineNote[] {
  const holds = (plan?.items ?? []).flatMap((item) => {
    const position = specs.get(item.name)?.position;
    if (!item.hold || !position) return [];
    const message = sentence(item.hold.message, remedyOf(item));
    return [note('warning', position, `${item.action} of ${item.name} is held`, message)];
  });
  const warnings = (plan?.warnings ?? []).flatMap(({ name = '', level, message }) => {
    const position = specs.get(name)?.position;
    return position ? [note(LEVELS[level], position, name, message)] : [];
  });
  const wrong = findings.map(({ severity, message, suggestion, position, code }) =>
    note(severity === 'error' ? 'failure' : 'warning', position, code, sentence(message, suggestion)),
  );
  return [...wrong, ...holds, ...warnings];
}

import { escapeUTF8 } from 'entities';
import { terminalText } from '../escape.js';

/** Markup that is safe as it stands. */
export interface Html {
  readonly markup: string;
}

type Part = Html | string | number | undefined | readonly Part[];

function render(part: Part): string {
  if (part === undefined) return '';
  if (typeof part === 'string') return escapeUTF8(terminalText(part));
  if (typeof part === 'number') return String(part);
  return 'markup' in part ? part.markup : part.map(render).join('');
}

/**
 * Markup with values: whatever is not markup already is escaped, for text and for attributes in double quotes, and what
 * cannot be seen (controls, bidi) becomes visible. Nowhere else may a value be put: not into scripts, styles or tag names.
 */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Html => ({
  markup: strings.map((text, i) => text + render(parts[i])).join(''),
});

/** Text of our own that must not be escaped: style and script. */
export const ownText = (markup: string): Html => ({ markup });

/**
 * Data inside a `script` element: no character in it can end the element or begin a comment, and none reorders or hides
 * what people read.
 */
export const embeddedJson = (data: unknown): Html => ({
  markup: JSON.stringify(data, (_, value: unknown) =>
    typeof value === 'string' ? terminalText(value) : value,
  ).replaceAll(/[<>&\u2028\u2029]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
});

import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';

/** `file:line:column:`, which editors read: such a line stays whole, as in a pipe. */
const PLACE = /^[^\s:]+:\d+:\d+: /;
/** Below this, lines get longer than the terminal rather than a word wide. */
const NARROWEST = 24;
const HANGING = '  ';

/**
 * What is said to a person, in lines no longer than a terminal. What goes on hangs under its first line. A word that is
 * longer stays whole: paths, commands and digests are there to be copied.
 */
export const wrapSaid = (text: string, columns: number): string =>
  text
    .split('\n')
    .map((line) => wrapLine(line, columns))
    .join('\n');

function wrapLine(line: string, columns: number): string {
  if (stringWidth(line) <= columns || PLACE.test(stripVTControlCharacters(line))) return line;
  const indent = /^ */.exec(line)?.[0] ?? '';
  const room = Math.max(NARROWEST, columns - indent.length - HANGING.length);
  const lines = wrapAnsi(line.slice(indent.length), room).split('\n');
  return lines.map((part, i) => `${indent}${i === 0 ? '' : HANGING}${part.trimEnd()}`).join('\n');
}

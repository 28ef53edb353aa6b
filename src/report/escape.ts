/**
 * Text of people, providers and CAs on its way to a reader. Nothing that came from outside reaches a terminal or a
 * Markdown page without passing one of these.
 */

/** Controls (C0, DEL, C1), bidi and other invisible characters, line separators, private use, lone surrogates. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function visible(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  return NAMED[character] ?? (code < 0x100 ? `\\x${hex.padStart(2, '0')}` : `\\u{${hex}}`);
}

/** One line that cannot move a cursor, colour, reorder or hide anything: such characters become visible escapes. */
export const terminalText = (text: string): string => text.replace(UNSEEN, visible);

/** At most `limit` characters as people count them, the last being `…` where something was left out. */
export function clip(text: string, limit: number): string {
  // A character holds at least one code unit, so the segmenter never has to see a megabyte.
  if (text.length <= limit) return text;
  const head = text.slice(0, limit * 8);
  const graphemes = new Intl.Segmenter('en');
  const parts = Array.from(graphemes.segment(head), ({ segment }) => segment);
  if (parts.length <= limit && head.length === text.length) return text;
  return `${parts
    .slice(0, limit - 1)
    .join('')
    .trimEnd()}…`;
}

const LONGEST = 1000;

/** A sentence from outside on one line of a terminal, cut where somebody sends a page. */
export const say = (text: string): string => clip(terminalText(text), LONGEST);

const PLAIN_WORD = /^[\w@%+=:,./-]+$/;

/** One argument of a POSIX shell, for commands that people copy. */
export function shellWord(text: string): string {
  const safe = terminalText(text);
  return PLAIN_WORD.test(safe) ? safe : `'${safe.replaceAll("'", String.raw`'\''`)}'`;
}

/** Zero-width space: the only thing that stops GitHub's mentions and autolinks outside code, escapes do not. */
const BREAK = '&#8203;';

const MARKUP: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  $: '&#36;',
  '|': '&#124;',
  '\\': '&#92;',
  '@': `@${BREAK}`,
  '#': `#${BREAK}`,
};

const escapeMark = (mark: string): string => MARKUP[mark] ?? `\\${mark}`;

/**
 * Inline text for GitHub-flavoured Markdown, table cells included: shows what was written and nothing more. Mentions,
 * `#12`, `GH-12`, URLs, `www.`, mail addresses and `:emoji:` stay text.
 */
export function markdownText(text: string): string {
  return terminalText(text)
    .trim()
    .replace(/[\\`*_~[\]{}|!<>&$@#]/g, escapeMark)
    .replace(/:(?=\/\/|[a-z+-][\w+-]*:)/gi, `:${BREAK}`)
    .replace(/(www)\./gi, `$1${BREAK}.`)
    .replace(/(?<![a-z0-9])(gh)-(?=\d)/gi, `$1${BREAK}-`)
    .replace(/^(?=[-+](?:\s|$)|[-=]+$|\d{1,9}[.)](?:\s|$))/, BREAK);
}

const PLAIN_CODE = /^[\w*@%+=:,./-]+(?: [\w*@%+=:,./-]+)*$/;

/** Names, ids and commands in a code span (nothing is linked in there); anything unusual falls back to escaped text. */
export const markdownCode = (text: string): string =>
  PLAIN_CODE.test(text) ? `\`${text}\`` : markdownText(text);

/**
 * Lines to copy, in a fence longer than any run of backticks in them: shown as they are, but for what cannot be seen. It
 * begins and ends on lines of its own.
 */
export function markdownBlock(lines: readonly string[]): readonly string[] {
  const safe = lines.map(terminalText);
  const longest = Math.max(
    2,
    ...safe.flatMap((line) => (line.match(/`+/g) ?? []).map(({ length }) => length)),
  );
  const fence = '`'.repeat(longest + 1);
  return [fence, ...safe, fence];
}

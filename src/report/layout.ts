import pc from 'picocolors';
import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';

export interface RenderOptions {
  readonly color: boolean;
  /** Columns of the terminal; `Infinity` for a pipe. */
  readonly width: number;
}

/** For what is said relative to now. */
export interface TimedOptions extends RenderOptions {
  readonly nowMs: number;
}

export type Colors = ReturnType<typeof pc.createColors>;

export const colorsOf = ({ color }: RenderOptions): Colors => pc.createColors(color);

/** Below this, lines get longer than the terminal rather than a letter wide. */
const NARROWEST = 24;

/** Wraps to `width` columns; the first line starts with `first`, the others with as many blanks. */
export function hang(first: string, text: string, width: number): string[] {
  const indent = stringWidth(first);
  const room = Math.max(NARROWEST, width - indent);
  if (stringWidth(text) <= room) return [first + text];
  const lines = wrapAnsi(text, room, { hard: true }).split('\n');
  return lines.map((line, i) => `${i === 0 ? first : ' '.repeat(indent)}${line}`);
}

export const pad = (text: string, columns: number): string =>
  text + ' '.repeat(Math.max(0, columns - stringWidth(text)));

/** At most `columns` wide, the last being `…` where something was left out. */
export function cutTo(text: string, columns: number): string {
  if (stringWidth(text) <= columns) return text;
  const [head = ''] = wrapAnsi(text, columns - 1, { hard: true, wordWrap: false }).split('\n');
  return `${head.trimEnd()}…`;
}

export interface Field {
  readonly label: string;
  readonly text: string;
  /** Kept on one line however long: commands and records that people copy. */
  readonly verbatim?: true;
}

export const optional = (label: string, text: string | undefined): readonly Field[] =>
  text === undefined || text === '' ? [] : [{ label, text }];

/** Aligned `label  text` lines, long texts hanging under themselves. */
export function fields(
  list: readonly Field[],
  indent: number,
  labelWidth: number,
  options: RenderOptions,
): string[] {
  const colors = colorsOf(options);
  return list.flatMap(({ label, text, verbatim }) => {
    const first = `${' '.repeat(indent)}${colors.dim(text === '' ? label : pad(label, labelWidth))}`;
    return verbatim ? [`${first}${text}`] : hang(first, text, options.width);
  });
}

import stringWidth from 'string-width';
import { terminalText } from './escape.js';
import { colorsOf, cutTo, pad, type RenderOptions } from './layout.js';

export interface Column {
  readonly title: string;
  readonly right?: true;
  /** May be cut down to this many columns where the terminal is narrow; absent: never cut, people copy it. */
  readonly atLeast?: number;
  /** Colours a cell after it was laid out. */
  readonly paint?: (cell: string, row: number) => string;
}

const GAP = '  ';

/**
 * Like kubectl's: one line per row, no borders, columns nobody fills left out. Cells are texts from anywhere: they are
 * made harmless here.
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  options: RenderOptions,
): string {
  const laid = columns
    .map((column, i) => ({ column, cells: rows.map((row) => terminalText(row[i] ?? '')) }))
    .filter(({ cells }) => cells.some((cell) => cell !== ''))
    .map(({ column, cells }) => ({
      column,
      cells,
      width: cells.reduce((most, cell) => Math.max(most, stringWidth(cell)), column.title.length),
    }));
  let excess = laid.reduce((sum, { width }) => sum + width, (laid.length - 1) * GAP.length) - options.width;
  for (const one of laid.toSorted((a, b) => b.width - a.width)) {
    const spare = Math.max(0, one.width - Math.max(one.column.atLeast ?? one.width, one.column.title.length));
    const less = Math.max(0, Math.min(spare, excess));
    one.width -= less;
    excess -= less;
  }
  const cell = ({ column, width }: (typeof laid)[number], text: string): string => {
    const cut = cutTo(text, width);
    return column.right ? ' '.repeat(Math.max(0, width - stringWidth(cut))) + cut : pad(cut, width);
  };
  const head = laid.map((one) => cell(one, one.column.title)).join(GAP);
  const lines = rows.map((_, row) =>
    laid
      .map((one) => {
        const text = cell(one, one.cells[row] ?? '');
        return one.column.paint?.(text, row) ?? text;
      })
      .join(GAP)
      .trimEnd(),
  );
  return `${[colorsOf(options).dim(head.trimEnd()), ...lines].join('\n')}\n`;
}

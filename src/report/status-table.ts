import stringWidth from 'string-width';
import type { Environment } from '../model/configuration.js';
import { formatMoney, type Money } from '../model/money.js';
import { type Instant, toMs } from '../model/time.js';
import { day, relativeShort, separatePaidTill } from './dates.js';
import { type EndpointRow, servedWord } from './endpoints.js';
import { terminalText } from './escape.js';
import { jsonText } from './json.js';
import { colorsOf, cutTo, pad, type TimedOptions } from './layout.js';
import { levelColor, type StatusLevel } from './status-level.js';
import { providerText } from './words.js';

/** One certificate in a list: its condition as computed by whoever knows the clock and the policy. */
export interface StatusRow {
  readonly name: string;
  readonly kind: 'certificate' | 'sitelock';
  /** One word: `Ready`, `Issuing`, `Waiting`, `Attention` … */
  readonly state: string;
  readonly level: StatusLevel;
  /** A few words: the reason, or who must act. */
  readonly reason?: string;
  readonly notAfter?: Instant;
  readonly paidTill?: Instant;
  readonly provider?: string;
  readonly environment?: Environment;
  readonly owner?: string;
  readonly product?: string;
  readonly serial?: string;
  /** Provider order id. */
  readonly order?: string;
  readonly term?: string;
  /** What the paid term cost. */
  readonly price?: Money;
  /** What is known of the endpoints of the manifest; absent: it has none, or nothing is dialled. */
  readonly endpoints?: readonly EndpointRow[];
}

export interface StatusTableOptions extends TimedOptions {
  readonly wide?: boolean;
}

interface Column {
  readonly title: string;
  readonly text: (row: StatusRow, nowMs: number) => string;
  /** Left out in this order (1 first) where the terminal is narrow; absent = always there. */
  readonly drop?: number;
  /** May be cut down to this many columns. */
  readonly atLeast?: number;
  readonly right?: true;
}

const plain = (text: string | undefined): string => (text === undefined ? '' : terminalText(text));

const COLUMNS: readonly Column[] = [
  { title: 'NAME', text: ({ name }) => plain(name) },
  { title: 'STATE', text: ({ state }) => plain(state) },
  { title: 'REASON', text: ({ reason }) => plain(reason), atLeast: 16 },
  {
    title: 'EXPIRES',
    text: ({ notAfter }, nowMs) =>
      notAfter === undefined ? '' : `${day(notAfter)} ${relativeShort(toMs(notAfter), nowMs)}`,
  },
  {
    title: 'PAID TILL',
    text: ({ notAfter, paidTill }) => {
      const separate = separatePaidTill(notAfter, paidTill);
      return separate === undefined ? '' : day(separate);
    },
    drop: 3,
  },
  {
    title: 'PROVIDER',
    text: ({ provider, environment }) => (provider === undefined ? '' : providerText(provider, environment)),
    drop: 2,
  },
  { title: 'OWNER', text: ({ owner }) => plain(owner), drop: 1 },
];

const WIDE: readonly Column[] = [
  { title: 'PRODUCT', text: ({ product }) => plain(product) },
  { title: 'SERIAL', text: ({ serial }) => plain(serial) },
  { title: 'ORDER', text: ({ order }) => plain(order) },
  { title: 'TERM', text: ({ term }) => plain(term) },
  { title: 'SERVED', text: ({ endpoints }) => servedWord(endpoints ?? []) },
  { title: 'PRICE', text: ({ price }) => (price === undefined ? '' : formatMoney(price)), right: true },
];

const GAP = '  ';

interface Laid {
  readonly column: Column;
  readonly cells: readonly string[];
  readonly width: number;
}

const total = (columns: readonly Laid[]): number =>
  columns.reduce((sum, { width }) => sum + width, (columns.length - 1) * GAP.length);

/** Columns nobody fills are left out; too wide a table first shortens what may be cut, then drops what may go. */
function toWidth(columns: readonly Laid[], width: number): readonly Laid[] {
  const excess = total(columns) - width;
  if (excess <= 0) return columns;
  const soft = columns.find(({ column }) => column.atLeast !== undefined);
  const spare = soft ? soft.width - Math.min(soft.width, soft.column.atLeast ?? soft.width) : 0;
  if (soft && spare >= excess) {
    return columns.map((laid) => (laid === soft ? { ...laid, width: laid.width - excess } : laid));
  }
  const droppable = columns.filter(({ column }) => column.drop !== undefined);
  const next = droppable.toSorted((a, b) => (a.column.drop ?? 0) - (b.column.drop ?? 0))[0];
  if (next)
    return toWidth(
      columns.filter((laid) => laid !== next),
      width,
    );
  // Nothing more to drop: the name is never cut, people copy it.
  return columns.map((laid) => (laid === soft ? { ...laid, width: laid.width - spare } : laid));
}

function cellText({ column, width }: Laid, text: string): string {
  const cut = cutTo(text, width);
  return column.right ? ' '.repeat(Math.max(0, width - stringWidth(cut))) + cut : pad(cut, width);
}

const byName = (rows: readonly StatusRow[]): readonly StatusRow[] =>
  rows.toSorted((a, b) => (a.name < b.name ? -1 : 1));

/** Like kubectl's: one line per certificate, no borders, sorted by name. Empty for no rows. */
export function statusTable(rows: readonly StatusRow[], options: StatusTableOptions): string {
  if (rows.length === 0) return '';
  const colors = colorsOf(options);
  const sorted = byName(rows);
  const all = (options.wide ? [...COLUMNS, ...WIDE] : COLUMNS).map((column): Laid => {
    const cells = sorted.map((row) => column.text(row, options.nowMs));
    const width = cells.reduce((most, cell) => Math.max(most, stringWidth(cell)), column.title.length);
    return { column, cells, width };
  });
  const filled = all.filter(({ cells }) => cells.some((cell) => cell !== ''));
  const columns = options.wide ? filled : toWidth(filled, options.width);
  const header = columns
    .map((laid) => cellText(laid, laid.column.title))
    .join(GAP)
    .trimEnd();
  const lines = sorted.map((row, i) =>
    columns
      .map((laid) => {
        const text = cellText(laid, laid.cells[i] ?? '');
        return laid.column.title === 'STATE' ? levelColor(row.level, colors)(text) : text;
      })
      .join(GAP)
      .trimEnd(),
  );
  return `${[colors.dim(header), ...lines].join('\n')}\n`;
}

/** One name per line, for `xargs`. */
export const statusNames = (rows: readonly StatusRow[]): string =>
  byName(rows)
    .map(({ name }) => `${plain(name)}\n`)
    .join('');

export const statusJson = (rows: readonly StatusRow[]): string => jsonText({ certificates: byName(rows) });

import type { Environment } from '../model/configuration.js';
import { formatMoney, type Money } from '../model/money.js';
import { say, terminalText } from './escape.js';
import { hang, type RenderOptions } from './layout.js';
import { moneyList } from './money.js';
import { table } from './table.js';
import { count, environmentText } from './words.js';

export interface NeedRow {
  readonly days: number;
  readonly purchases: number;
  /** One sum per currency. */
  readonly known: readonly Money[];
  readonly unknown: number;
  /** What is missing for it, where balance and need compare. */
  readonly short?: Money;
}

/** What falls due at an account within several spans of days. */
export interface NeedsRow {
  readonly account: string;
  readonly environment: Environment;
  readonly needs: readonly NeedRow[];
}

export interface BalanceRow extends NeedsRow {
  readonly balance?: Money;
  readonly minimumBalance?: Money;
  /** Why there is no balance. */
  readonly why?: string;
}

/** Never a number where a price is unknown: that comes on top. */
function needText({ purchases, known, unknown }: NeedRow): string {
  if (purchases === 0) return 'nothing';
  const unknowns = unknown === 0 ? [] : [`${unknown} unknown`];
  const sum = moneyList(known);
  return [...(sum === '' ? [] : [sum]), ...unknowns].join(' + ');
}

/** The table, then what does not reach, and what could not be told. */
export function balanceText(rows: readonly BalanceRow[], options: RenderOptions): string {
  const horizons = rows[0]?.needs ?? [];
  const text = table(
    [
      { title: 'ACCOUNT' },
      { title: 'ENVIRONMENT' },
      { title: 'BALANCE', right: true },
      { title: 'MINIMUM', right: true },
      ...horizons.map(({ days }) => ({ title: `NEXT ${days} DAYS`, right: true }) as const),
    ],
    rows.map((row) => [
      row.account,
      environmentText(row.environment),
      row.balance === undefined ? 'unknown' : formatMoney(row.balance),
      row.minimumBalance === undefined ? '' : formatMoney(row.minimumBalance),
      ...row.needs.map(needText),
    ]),
    options,
  );
  const notes = rows.flatMap((row) =>
    notesOf(row).map((note) => `${terminalText(row.account)}: ${say(note)}`),
  );
  const lines = notes.flatMap((note) => hang('', note, options.width));
  return lines.length === 0 ? text : `${text}\n${lines.join('\n')}\n`;
}

function notesOf({ why, needs }: BalanceRow): readonly string[] {
  const short = needs.find((need) => need.short !== undefined);
  const unknown = Math.max(0, ...needs.map((need) => need.unknown));
  return [
    ...(why === undefined ? [] : [why]),
    ...(short?.short === undefined
      ? []
      : [
          `${formatMoney(short.short)} short of what the next ${short.days} days need; purchases are held from there on`,
        ]),
    ...(unknown === 0
      ? []
      : [`${count(unknown, 'purchase')} without a known price ${unknown === 1 ? 'comes' : 'come'} on top`]),
  ];
}

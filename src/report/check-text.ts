import type { Environment } from '../model/configuration.js';
import { formatMoney, type Money } from '../model/money.js';
import { say, terminalText } from './escape.js';
import { colorsOf, hang, type RenderOptions } from './layout.js';
import { table } from './table.js';
import { environmentText } from './words.js';

/** One account as `check` found it. */
export interface CheckRow {
  readonly account: string;
  readonly type: string;
  readonly environment: Environment;
  readonly result: 'fine' | 'failed' | 'no credentials';
  readonly balance?: Money;
  /** The provider's clock minus ours. */
  readonly clockDifferenceMs?: number;
  /** What was found, one sentence each: of a failure its reasons, else notes. */
  readonly findings: readonly string[];
  /** The other side's own words, verbatim. */
  readonly providerText?: string;
  /** Where the reason of a failure is found. */
  readonly lookAt: readonly string[];
  readonly links: { readonly signUp?: string; readonly docs?: string };
}

/** `+3 s`: whole seconds, as an HTTP `Date` has them. */
function clockText(differenceMs: number | undefined): string {
  if (differenceMs === undefined) return '';
  const seconds = Math.round(differenceMs / 1000);
  return `${seconds > 0 ? '+' : ''}${seconds} s`;
}

/** The table, then what there is to say about each account. */
export function checkText(rows: readonly CheckRow[], options: RenderOptions): string {
  const colors = colorsOf(options);
  const head = table(
    [
      { title: 'ACCOUNT' },
      { title: 'TYPE' },
      { title: 'ENVIRONMENT' },
      {
        title: 'RESULT',
        paint: (cell, row) => (rows[row]?.result === 'fine' ? colors.green(cell) : colors.red(cell)),
      },
      { title: 'BALANCE', right: true },
      { title: 'CLOCK', right: true },
    ],
    rows.map((row) => [
      row.account,
      row.type,
      environmentText(row.environment),
      row.result,
      row.balance === undefined ? '' : formatMoney(row.balance),
      clockText(row.clockDifferenceMs),
    ]),
    options,
  );
  const notes = rows.flatMap((row) => {
    const lines = linesOf(row, options);
    return lines.length === 0 ? [] : ['', `${colors.bold(terminalText(row.account))}:`, ...lines];
  });
  return [head.trimEnd(), ...notes, ''].join('\n');
}

function linesOf(row: CheckRow, { width }: RenderOptions): readonly string[] {
  const failed = row.result !== 'fine';
  const texts = [
    ...row.findings.map((finding) => ['  ', finding] as const),
    ...(row.providerText === undefined ? [] : [['  the provider says: ', row.providerText] as const]),
    ...(row.lookAt.length === 0 ? [] : [['  ', 'Look at:'] as const]),
    ...row.lookAt.map((place, i) => [`  ${i + 1}. `, place] as const),
    ...(failed && row.links.signUp ? [['  Account: ', row.links.signUp] as const] : []),
    ...(failed && row.links.docs ? [['  Documentation: ', row.links.docs] as const] : []),
  ];
  return texts.flatMap(([first, text]) => hang(first, say(text), width));
}

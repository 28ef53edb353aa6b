import type { PlanPrice } from '../model/plan.js';
import { say, terminalText } from './escape.js';
import { hang, type RenderOptions } from './layout.js';
import { shortPrice } from './money.js';
import { table } from './table.js';

/** One product for one term, as an account sells it. */
export interface ProductRow {
  readonly account: string;
  readonly product: string;
  readonly vendorCode: string;
  readonly title: string;
  /** Of certificates; absent for website protection. */
  readonly validation?: 'dv' | 'ov' | 'ev';
  readonly wildcard?: boolean;
  readonly maxNames?: number;
  /** Absent where the account sells no terms. */
  readonly term?: string;
  /** For the names that are included, or for one. */
  readonly price: PlanPrice;
}

/** One line per product and term; why prices are unknown below, once for each account. */
export function productsText(rows: readonly ProductRow[], options: RenderOptions): string {
  const accounts = new Set(rows.map(({ account }) => account));
  const text = table(
    [
      { title: 'ACCOUNT' },
      { title: 'PRODUCT' },
      { title: 'CODE', atLeast: 8 },
      { title: 'CHECKS' },
      { title: 'WILDCARD' },
      { title: 'NAMES', right: true },
      { title: 'TERM' },
      { title: 'PRICE', right: true },
    ],
    rows.map((row) => [
      accounts.size > 1 ? row.account : '',
      row.product,
      row.vendorCode === row.product ? '' : row.vendorCode,
      row.validation?.toUpperCase() ?? 'site',
      row.wildcard === undefined ? '' : row.wildcard ? 'yes' : 'no',
      row.maxNames === undefined ? '' : String(row.maxNames),
      row.term ?? '',
      row.price.kind === 'unknown' ? 'unknown' : shortPrice(row.price),
    ]),
    options,
  );
  const notes = [...accounts].flatMap((account) =>
    reasonsOf(
      account,
      rows.filter((row) => row.account === account),
    ).flatMap((reason) => hang('', reason, options.width)),
  );
  return notes.length === 0 ? text : `${text}\n${notes.join('\n')}\n`;
}

/** A reason may name its product and term: then the first one stands for all. */
function reasonsOf(account: string, rows: readonly ProductRow[]): readonly string[] {
  const reasons = new Set(rows.flatMap(({ price }) => (price.kind === 'unknown' ? [price.why] : [])));
  const [first, ...others] = reasons;
  if (first === undefined) return [];
  const more = others.length === 0 ? '' : ` (and ${others.length} more; --json has them all)`;
  return [`${terminalText(account)}: price unknown: ${say(first)}${more}`];
}

import { say, terminalText } from './escape.js';
import { colorsOf, hang, type RenderOptions } from './layout.js';
import { table } from './table.js';
import { count } from './words.js';

/** One order of the account, and what became of it. */
export interface ImportRow {
  readonly order: string;
  readonly names: readonly string[];
  readonly product: string;
  readonly outcome: 'written' | 'skipped' | 'impossible';
  readonly file?: string;
  readonly reason?: string;
  readonly detail?: string;
}

export interface ImportSummary {
  readonly provider: string;
  readonly dryRun: boolean;
  readonly rows: readonly ImportRow[];
}

const FILES_SHOWN = 20;
const EXAMPLES = 3;

/** What was written, then every reason why something was not, with how often and a few orders it concerns. */
export function importText({ provider, dryRun, rows }: ImportSummary, options: RenderOptions): string {
  const written = rows.filter(({ outcome }) => outcome === 'written');
  const verb = dryRun ? 'would be written' : 'written';
  const parts = [
    ...(written.length === 0 ? [] : [filesTable(written, options)]),
    reasonsTable(rows, options),
    hang(
      '',
      colorsOf(options).bold(
        `${count(written.length, 'manifest')} ${verb} for ${count(rows.length, 'order')} of ${terminalText(provider)}.`,
      ),
      options.width,
    ).join('\n'),
  ];
  return `${parts.filter((part) => part !== '').join('\n')}\n`;
}

function filesTable(written: readonly ImportRow[], options: RenderOptions): string {
  const shown = written.slice(0, FILES_SHOWN);
  const left = written.length - shown.length;
  const text = table(
    [{ title: 'ORDER' }, { title: 'PRODUCT', atLeast: 12 }, { title: 'FILE' }],
    shown.map(({ order, product, file = '' }) => [order, product, file]),
    options,
  );
  return left === 0 ? text : `${text}and ${left} more (--json lists all)\n`;
}

function reasonsTable(rows: readonly ImportRow[], options: RenderOptions): string {
  const others = rows.filter(({ outcome }) => outcome !== 'written');
  if (others.length === 0) return '';
  const groups = [...Map.groupBy(others, ({ outcome, reason = '' }) => `${outcome}|${reason}`).values()];
  const lines = groups
    .toSorted((a, b) => b.length - a.length)
    .flatMap((group) => {
      const [first] = group;
      const word = first?.outcome === 'skipped' ? 'skipped' : 'not importable';
      const examples = group
        .slice(0, EXAMPLES)
        .map(({ order, detail }) => (detail === undefined ? order : `${order} (${detail})`))
        .join(', ');
      const more = group.length > EXAMPLES ? ` and ${group.length - EXAMPLES} more` : '';
      return [
        ...hang(`${String(group.length).padStart(6)} ${word}: `, say(first?.reason ?? ''), options.width),
        ...hang('       ', say(`${examples}${more}`), options.width),
      ];
    });
  return `${lines.join('\n')}\n`;
}

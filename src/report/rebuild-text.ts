import { formatMoney, type Money } from '../model/money.js';
import { terminalText } from './escape.js';
import { colorsOf, hang, type RenderOptions } from './layout.js';
import { table } from './table.js';
import { count } from './words.js';

/** What becomes of one certificate when the state is made anew. */
export interface RebuildRow {
  readonly name: string;
  /**
   * `whole`: order, certificate and key; `no-key`: a free reissue follows; `pending`: its order is not issued yet; `uncollected`:
   * its certificate could not be taken over; `nothing`: no order is known, and none is bought before that is settled;
   * `unsettled`: an order was announced, and what became of it is looked for; `archived`: nobody declares it.
   */
  readonly outcome: 'whole' | 'no-key' | 'pending' | 'uncollected' | 'nothing' | 'unsettled' | 'archived';
  readonly orders: readonly string[];
  /** Day on which its certificate ends. */
  readonly ends?: string;
  readonly note?: string;
}

/** An order that no certificate gets, and why. */
export interface RebuildLeft {
  readonly provider: string;
  readonly order: string;
  readonly names: readonly string[];
  readonly why: 'doubled' | 'rival' | 'foreign' | 'nameless';
  readonly certificate?: string;
}

export interface RebuildSummary {
  readonly base: { readonly commit: string; readonly revision: number; readonly certificates: number } | null;
  readonly accounts: readonly { readonly provider: string; readonly orders: number; readonly why?: string }[];
  readonly certificates: readonly RebuildRow[];
  readonly left: readonly RebuildLeft[];
  readonly keys: number;
  readonly approvals: number;
  readonly spent: readonly Money[];
  readonly settledAt: string;
  /** Accounts that cannot show for certain what was bought. */
  readonly blind: readonly string[];
  readonly skipped: readonly string[];
}

const ROWS_SHOWN = 40;

const OUTCOMES: Readonly<Record<RebuildRow['outcome'], string>> = {
  whole: 'whole',
  'no-key': 'key not found: reissue',
  pending: 'not issued yet',
  uncollected: 'not collected',
  nothing: 'no order found',
  unsettled: 'outcome not known',
  archived: 'archived',
};

/** What was found and what is missing; what each line means for money stands at the end. */
export function rebuildText(summary: RebuildSummary, options: RenderOptions): string {
  const { base, accounts, certificates, left, approvals, spent, settledAt, blind, skipped, keys } = summary;
  const say = (text: string) => hang('', terminalText(text), options.width).join('\n');
  const survives =
    base === null
      ? 'No earlier state survives: everything below comes from the accounts.'
      : `The newest state that survives is ${base.commit.slice(0, 12)}, revision ${base.revision}, with ${count(base.certificates, 'certificate')}.`;
  const rows = [...certificates].sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
  const more = rows.length - ROWS_SHOWN;
  const dull = left.filter(({ why }) => why === 'foreign' || why === 'nameless');
  return `${[
    say(survives),
    ...skipped.map((why) => say(`Not read: ${why}.`)),
    ...accounts.map(({ provider, orders, why }) =>
      say(
        why === undefined
          ? `${provider} shows ${count(orders, 'order')}.`
          : `${provider} was not read: ${why}.`,
      ),
    ),
    '',
    table(
      [
        { title: 'NAME', atLeast: 16 },
        { title: 'FOUND' },
        { title: 'ORDERS', atLeast: 8 },
        { title: 'ENDS' },
        { title: 'NOTE', atLeast: 10 },
      ],
      rows
        .slice(0, ROWS_SHOWN)
        .map(({ name, outcome, orders, ends = '', note = '' }) => [
          name,
          OUTCOMES[outcome],
          orders.join(' '),
          ends,
          note,
        ]),
      options,
    ).trimEnd(),
    ...(more > 0 ? [`and ${more} more (--json lists all)`] : []),
    '',
    ...left.filter((one) => !dull.includes(one)).map((one) => say(leftText(one))),
    ...(dull.length === 0 ? [] : [say(`${count(dull.length, 'order')} of no certificate here: left alone.`)]),
    say(
      `${count(keys, 'sealed key')} in the history. ${approvals === 0 ? 'No approval could still be used.' : `${count(approvals, 'approval')} that could still be used ${approvals === 1 ? 'counts' : 'count'} as used.`} Spent this month: ${spent.length === 0 ? 'nothing that is known' : spent.map(formatMoney).join(', ')}.`,
    ),
    colorsOf(options).bold(
      say(`Nothing is bought before ${settledAt}: till then older orders may still show.`),
    ),
    ...(blind.length === 0
      ? []
      : [
          say(
            `${blind.join(', ')} cannot show for certain what was bought: each purchase there waits for \`certwright resolve NAME\`.`,
          ),
        ]),
  ].join('\n')}\n`;
}

/** What needs somebody first. */
const rank = ({ outcome }: RebuildRow): number =>
  ['unsettled', 'nothing', 'uncollected', 'no-key', 'pending', 'whole', 'archived'].indexOf(outcome);

function leftText({ provider, order, why, certificate }: RebuildLeft): string {
  return why === 'doubled'
    ? `Order ${order} at ${provider} is one of several under a reference of ${certificate ?? ''}: name the right one with \`adopt:\`, have the others cancelled.`
    : `Order ${order} at ${provider} has the names and the product of ${certificate ?? ''}, and nothing shows that it is ours: take it over with \`adopt: { order: "${order}" }\`, or ignore it.`;
}

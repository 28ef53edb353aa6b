import type { Capabilities } from '../model/capabilities.js';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../model/time.js';
import { markdownCode, terminalText } from './escape.js';
import { colorsOf, hang, pad, type RenderOptions } from './layout.js';

/** A kind of provider, as far as a table needs it. */
export interface ProviderKind {
  readonly type: string;
  readonly title: string;
  readonly capabilities: Capabilities;
}

const yesNo = (can: boolean): string => (can ? 'yes' : 'no');

function duration(ms: number): string {
  if (ms === 0) return 'at once';
  if (ms % DAY_MS === 0) return `${ms / DAY_MS} d`;
  if (ms % HOUR_MS === 0) return `${ms / HOUR_MS} h`;
  return ms % MINUTE_MS === 0 ? `${ms / MINUTE_MS} min` : `${ms / SECOND_MS} s`;
}

interface Line {
  readonly key: keyof Capabilities;
  readonly title: string;
  readonly text: (capabilities: Capabilities) => string;
}

const flag = (key: keyof Capabilities, title: string): Line => ({
  key,
  title,
  text: (capabilities) => yesNo(capabilities[key] === true),
});

/** In the order of a certificate's life: bought, issued, reissued, renewed, ended; then what the account tells. */
const LINES: readonly Line[] = [
  { key: 'search', title: 'Search by reference', text: ({ search }) => search },
  {
    key: 'absence',
    title: 'Absence can be told',
    text: ({ search, slots, absence }) =>
      yesNo((search !== 'none' || slots !== undefined) && absence !== false),
  },
  {
    key: 'visibilityLagMs',
    title: 'Order visible after',
    text: ({ visibilityLagMs }) => (visibilityLagMs === undefined ? 'unknown' : duration(visibilityLagMs)),
  },
  { key: 'callLimitMs', title: 'Longest writing call', text: ({ callLimitMs }) => duration(callLimitMs) },
  flag('separateActivation', 'Bought first, activated later'),
  { key: 'slots', title: 'Slots without a name are', text: ({ slots }) => slots ?? '–' },
  flag('wildcard', 'Wildcard names'),
  { key: 'trust', title: 'Trust', text: ({ trust }) => trust },
  { key: 'caa', title: 'Name in CAA records', text: ({ caa }) => caa?.domains.join(', ') ?? '–' },
  flag('terms', 'Paid terms'),
  {
    key: 'termCounting',
    title: 'Terms counted in',
    text: ({ terms, termCounting }) => (terms ? termCounting : '–'),
  },
  {
    key: 'reissue',
    title: 'Reissue',
    text: ({ reissue }) => (reissue === false ? 'no' : reissue),
  },
  flag('reissueChangesId', 'Reissue changes the order id'),
  flag('carriesRemainingDays', 'Renewal keeps remaining days'),
  {
    key: 'renewalWindowMs',
    title: 'Renewal window',
    text: ({ renewalWindowMs }) => (renewalWindowMs === undefined ? 'any time' : duration(renewalWindowMs)),
  },
  {
    key: 'renewalGraceMs',
    title: 'Renewed after the end for',
    text: ({ terms, renewalGraceMs }) =>
      terms ? (renewalGraceMs === undefined ? 'any time' : duration(renewalGraceMs)) : '–',
  },
  {
    key: 'autoRenewFlag',
    title: "Provider's auto-renew flag",
    text: ({ autoRenewFlag }) => (autoRenewFlag === false ? 'no' : autoRenewFlag),
  },
  {
    key: 'revoke',
    title: 'Revoke',
    text: ({ revoke, revokesSuperseded, revokesCurrentOnly }) =>
      revoke && revokesSuperseded ? 'superseded' : revoke && revokesCurrentOnly ? 'current' : yesNo(revoke),
  },
  {
    key: 'revocationShown',
    title: 'Revocation shows at the order',
    text: ({ revoke, revocationShown }) => yesNo(revoke && revocationShown !== false),
  },
  flag('cancel', 'Cancel'),
  flag('quote', 'Price by API'),
  flag('balance', 'Balance by API'),
  flag('list', 'List of orders'),
  flag('licences', 'Website protection'),
  flag('renewsItself', 'Renews by itself'),
  {
    key: 'deliveredBy',
    title: 'Delivered by another account',
    text: ({ deliveredBy }) => deliveredBy ?? 'no',
  },
  flag('push', 'Push notifications'),
  flag('handedIn', 'Certificates handed in by people'),
  {
    key: 'patienceMs',
    title: 'Said to stall after',
    text: ({ patienceMs }) => (patienceMs === undefined ? '–' : duration(patienceMs)),
  },
  flag('changeValidation', 'Other validation after placing'),
  flag('resendMails', 'Approver mails sent again'),
  {
    key: 'pollEveryMs',
    title: 'Looks at an order every',
    text: ({ pollEveryMs }) => (pollEveryMs === undefined ? 'run' : duration(pollEveryMs)),
  },
  { key: 'concurrency', title: 'Calls at once', text: ({ concurrency }) => String(concurrency) },
];

interface Note {
  readonly type: string;
  readonly title: string;
  readonly text: string;
}

/** What the vendors say about a no or a limit, in the order of the table. */
const notesOf = (kinds: readonly ProviderKind[]): readonly Note[] =>
  kinds.flatMap(({ type, capabilities }) =>
    LINES.flatMap(({ key, title }) => {
      const text = capabilities.notes[key];
      return text === undefined ? [] : [{ type, title, text }];
    }),
  );

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** Markdown: one column per kind of provider, the reasons below. Notes are our own words and may be Markdown themselves. */
export function capabilityMarkdown(kinds: readonly ProviderKind[]): string {
  const notes = notesOf(kinds).map(({ type, title, text }) => `- ${title} (${markdownCode(type)}): ${text}`);
  const lines = [
    row(['', ...kinds.map(({ type }) => markdownCode(type))]),
    row(['---', ...kinds.map(() => '---')]),
    ...LINES.map(({ title, text }) => row([title, ...kinds.map(({ capabilities }) => text(capabilities))])),
    ...(notes.length === 0 ? [] : ['', ...notes]),
  ];
  return `${lines.join('\n')}\n`;
}

const GAP = 2;

/** As many columns in one table as there is room for; at least one. */
function beside<T extends { readonly width: number }>(
  columns: readonly T[],
  room: number,
): readonly (readonly T[])[] {
  const tables: T[][] = [];
  let left = 0;
  for (const column of columns) {
    const table = tables.at(-1);
    if (table && column.width - GAP <= left) {
      table.push(column);
      left -= column.width;
    } else {
      tables.push([column]);
      left = room - column.width;
    }
  }
  return tables;
}

/** The same for a terminal. */
export function capabilityText(kinds: readonly ProviderKind[], options: RenderOptions): string {
  const colors = colorsOf(options);
  const first = Math.max(...LINES.map(({ title }) => title.length)) + GAP;
  const columns = kinds.map(({ type, capabilities }) => {
    const cells = LINES.map(({ text }) => text(capabilities));
    return { type, cells, width: Math.max(type.length, ...cells.map(({ length }) => length)) + GAP };
  });
  const tables = beside(columns, options.width - first).map((some) => [
    colors.bold(
      `${' '.repeat(first)}${some.map(({ type, width }) => pad(terminalText(type), width)).join('')}`.trimEnd(),
    ),
    ...LINES.map(({ title }, i) =>
      `${pad(title, first)}${some.map(({ cells, width }) => pad(cells[i] ?? '', width)).join('')}`.trimEnd(),
    ),
  ]);
  const titles = kinds.map(({ type, title }) => `${terminalText(type)}: ${terminalText(title)}`);
  const notes = notesOf(kinds).flatMap(({ type, title, text }) =>
    hang('  ', `${title} (${terminalText(type)}): ${terminalText(text)}`, options.width),
  );
  return `${[
    ...titles,
    ...tables.flatMap((lines) => ['', ...lines]),
    ...(notes.length === 0 ? [] : ['', colors.bold('Notes'), ...notes]),
  ].join('\n')}\n`;
}

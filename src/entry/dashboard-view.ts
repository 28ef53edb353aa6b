import type { Money } from '../model/money.js';
import { DAY_MS, dayOf, type Instant, toMs } from '../model/time.js';
import { requestedAction, requestKey } from '../policy/approval-wishes.js';
import type { Condition } from '../policy/conditions.js';
import { recordsByHand } from '../policy/solving.js';
import { openLedger } from '../policy/spending.js';
import type { BalanceRow } from '../report/balance-text.js';
import type {
  DashboardLine,
  DashboardView,
  HeldLine,
  SpendingLine,
  UpcomingLine,
} from '../report/dashboard.js';
import { remedyOf } from '../report/holds.js';
import { needsAhead } from './balances.js';
import { dueDates } from './due.js';
import { waitsOf } from './retry.js';
import type { Entry, Situation } from './situation.js';
import { isListed, stateOf } from './status-rows.js';
import { manifestCeiling } from './unpriced-plan.js';

const HORIZON_MS = 30 * DAY_MS;

/** What is known beside the two branches. */
export interface DashboardExtras {
  readonly balances?: readonly BalanceRow[];
  /** Does somebody read the boxes? */
  readonly boxes: boolean;
  /** By `<name> <action>`: the pull request that asks for it. */
  readonly requests?: ReadonlyMap<string, { readonly number: number; readonly url: string }>;
  /** Sentences that concern the repository as a whole. */
  readonly notes?: readonly string[];
}

/** Both branches as they are, for one page. */
export function dashboardView(situation: Situation, extras: DashboardExtras): DashboardView {
  const { nowMs } = situation;
  const entries = situation.entries.filter((entry) => isListed(entry, nowMs));
  const { balances, boxes, notes = [] } = extras;
  return {
    today: dayOf(nowMs),
    certificates: entries.length,
    ready: entries.filter((entry) => stateOf(entry).level === 'good').length,
    attention: [
      ...wholeLines(situation),
      ...notes.map((message) => ({ message })),
      ...entries.flatMap((entry) => linesOf(entry, isAlarm)),
    ],
    waiting: entries.flatMap((entry) => linesOf(entry, ({ type }) => type === 'Waiting')),
    byHand: entries.flatMap(({ name, status }) => {
      const records = recordsByHand(status);
      return records.length === 0 ? [] : [{ name, records }];
    }),
    held: heldLines(situation, extras),
    retry: entries.flatMap(retryLine),
    upcoming: upcomingLines(situation, entries),
    ...(balances === undefined ? needsOf(situation) : { balances }),
    spending: spendingLines(situation),
    boxes,
  };
}

const needsOf = ({ input, nowMs }: Situation): Pick<DashboardView, 'needs'> =>
  input ? { needs: needsAhead(input, nowMs) } : {};

/** Something that a person has to look at. */
export const isAlarm = ({ type, level, reason }: Condition): boolean =>
  (type === 'Attention' && (reason !== 'Failing' || level === 'attention')) ||
  (type === 'Expired' && level !== 'info');

const linesOf = (
  { name, conditions }: Entry,
  is: (condition: Condition) => boolean,
): readonly DashboardLine[] =>
  conditions
    .filter(is)
    .toSorted((a, b) => Number(b.level === 'attention') - Number(a.level === 'attention'))
    .map(({ message, since }) => ({ name, message, since: dayText(since) }));

const dayText = (instant: Instant): string => dayOf(toMs(instant));

/** What concerns the repository as a whole. */
export function wholeLines({ view, plan, reading }: Situation): readonly DashboardLine[] {
  const { integrity } = view.snapshot;
  const errors = reading.findings.filter(({ severity }) => severity === 'error').length;
  return [
    ...(integrity.kind === 'lost'
      ? [{ message: `the state branch was rewound or lost: ${integrity.why}; see docs/recovery.md` }]
      : []),
    ...(plan?.warnings ?? [])
      .filter(({ name, code, level }) => name === undefined && level !== 'info' && code !== 'state-lost')
      .map(({ message }) => ({ message })),
    ...(plan?.unsafe ? [{ message: plan.unsafe.message }] : []),
    ...(errors === 0
      ? []
      : [{ message: `the merged files have errors (${errors}); certwright validate shows them` }]),
  ];
}

/** Every line that is wanted and held back. */
export function heldLines(
  { plan, input }: Situation,
  { requests }: Pick<DashboardExtras, 'requests'>,
): readonly HeldLine[] {
  return (plan?.items ?? []).flatMap((item): readonly HeldLine[] => {
    const { name, action, hold } = item;
    if (hold === undefined) return [];
    const remedy = remedyOf(item);
    const request = requests?.get(requestKey(name, requestedAction(item)));
    const atMost = item.lane === 'purchase' && input ? manifestCeiling(input, name) : undefined;
    return [
      {
        name,
        action,
        message: hold.message,
        ...(remedy === undefined ? {} : { remedy }),
        ...(atMost === undefined || item.price.kind === 'free' ? {} : { atMost }),
        ...(request === undefined ? {} : { request }),
      },
    ];
  });
}

function retryLine({ name, status, conditions }: Entry): readonly DashboardLine[] {
  if (waitsOf(status).length === 0) return [];
  const shown = conditions.find(({ reason }) => reason === 'Failing' || reason === 'SolverFailing');
  return [
    {
      name,
      message: shown?.message ?? 'something of it failed',
      ...(shown === undefined ? {} : { since: dayText(shown.since) }),
    },
  ];
}

function upcomingLines({ input, nowMs }: Situation, entries: readonly Entry[]): readonly UpcomingLine[] {
  if (!input) return [];
  const soon = (at: Instant | undefined): at is Instant =>
    at !== undefined && toMs(at) > nowMs && toMs(at) <= nowMs + HORIZON_MS;
  return entries
    .flatMap((entry): readonly UpcomingLine[] => {
      const { reissueAt, renewAt } = dueDates(entry, input);
      const atMost: Money | undefined = manifestCeiling(input, entry.name);
      return [
        ...(soon(reissueAt) ? [{ day: dayText(reissueAt), name: entry.name, action: 'reissue' }] : []),
        ...(soon(renewAt)
          ? [
              {
                day: dayText(renewAt),
                name: entry.name,
                action: 'renew',
                ...(atMost === undefined ? {} : { atMost }),
              },
            ]
          : []),
      ];
    })
    .toSorted((a, b) => (a.day + a.name < b.day + b.name ? -1 : 1));
}

function spendingLines({ input, view, nowMs }: Situation): readonly SpendingLine[] {
  if (!input) return [];
  const taxOf = (id: string) => input.providers.get(id)?.config.tax;
  const { budgets } = openLedger(input.desired.policy, view.statuses.values(), nowMs, taxOf);
  return budgets.map(({ match, limits, month }) => ({
    ...(match === undefined ? {} : { match }),
    spent: Object.values(month),
    ...(limits.perMonth === undefined ? {} : { limit: limits.perMonth }),
  }));
}

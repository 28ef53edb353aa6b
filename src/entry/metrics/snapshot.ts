import type { ProviderConfig } from '../../model/configuration.js';
import { compareMoney, type Money } from '../../model/money.js';
import { accountKey } from '../../model/run-memory.js';
import { SECOND_MS, toMs } from '../../model/time.js';
import { openLedger, type Totals } from '../../policy/spending.js';
import type { SnapshotSample } from '../../report/metric-catalogue.js';
import type { Situation } from '../situation.js';
import { certificateSamples } from './certificate-samples.js';

/** What an account told when it was asked for its balance. */
export interface AccountLook {
  readonly id: string;
  readonly up: boolean;
  readonly balance?: Money;
  /** When it was asked, epoch ms. */
  readonly atMs: number;
}

/** Both branches and the accounts as they stand, as lines of metrics. No secret, no name of a person. Pure. */
export const snapshotSamples = (
  situation: Situation,
  looks: readonly AccountLook[],
): readonly SnapshotSample[] => [
  { name: 'certwright_snapshot_timestamp_seconds', value: Math.floor(situation.nowMs / SECOND_MS) },
  ...certificateSamples(situation),
  ...wholeSamples(situation),
  ...accountSamples(situation, looks),
  ...spendSamples(situation),
];

const INTEGRITIES = ['healthy', 'foreign-commits', 'lost'] as const;

function wholeSamples({ view, plan, reading }: Situation): readonly SnapshotSample[] {
  const found = (severity: string) => reading.findings.filter((one) => one.severity === severity).length;
  const warned = (level: string) =>
    (plan?.warnings ?? []).filter((one) => one.name === undefined && one.level === level).length +
    Number(level === 'warning' && plan?.unsafe !== undefined);
  return [
    ...['error', 'warning'].map((severity) => ({
      name: 'certwright_file_findings' as const,
      labels: { severity },
      value: found(severity),
    })),
    ...['warning', 'attention'].map((level) => ({
      name: 'certwright_repository_warnings' as const,
      labels: { level },
      value: warned(level),
    })),
    ...INTEGRITIES.map((integrity) => ({
      name: 'certwright_state_branch' as const,
      labels: { integrity },
      value: Number(view.snapshot.integrity.kind === integrity),
    })),
  ];
}

function accountSamples(
  { reading, input }: Situation,
  looks: readonly AccountLook[],
): readonly SnapshotSample[] {
  return Object.values(reading.configuration?.providers ?? {}).flatMap((config) => [
    ...oneAccount(
      config,
      looks.find(({ id }) => id === config.id),
    ),
    ...listedSamples(config, input),
  ]);
}

function oneAccount(config: ProviderConfig, look: AccountLook | undefined): readonly SnapshotSample[] {
  const { id: account, type, environment, minimumBalance } = config;
  return [
    { name: 'certwright_account_info', labels: { account, type, environment }, value: 1 },
    ...(look === undefined ? [] : lookSamples(look)),
    ...(minimumBalance === undefined
      ? []
      : [moneySample('certwright_account_minimum_balance', { account }, minimumBalance)]),
  ];
}

const lookSamples = ({ id: account, up, balance, atMs }: AccountLook): readonly SnapshotSample[] => [
  { name: 'certwright_account_up', labels: { account }, value: Number(up) },
  {
    name: 'certwright_account_checked_timestamp_seconds',
    labels: { account },
    value: Math.floor(atMs / SECOND_MS),
  },
  ...(balance === undefined ? [] : [moneySample('certwright_account_balance', { account }, balance)]),
];

function listedSamples(config: ProviderConfig, input: Situation['input']): readonly SnapshotSample[] {
  const { id: account } = config;
  if (input?.providers.get(account)?.capabilities.list !== true) return [];
  const listing = input.memory?.accounts[accountKey(config)]?.listing;
  return [
    {
      name: 'certwright_account_last_sync_timestamp_seconds',
      labels: { account },
      value: listing === undefined ? 0 : toMs(listing.at) / SECOND_MS,
    },
    ...(listing === undefined
      ? []
      : [
          {
            name: 'certwright_undeclared_orders' as const,
            labels: { account },
            value: listing.undeclaredCount,
          },
        ]),
  ];
}

const moneySample = (
  name: SnapshotSample['name'],
  labels: Readonly<Record<string, string>>,
  { amount, currency }: Money,
): SnapshotSample => ({ name, labels: { ...labels, currency }, value: Number(amount) });

/** The budget that nothing names. */
const GENERAL = 'all';

function spendSamples({ input, view, nowMs }: Situation): readonly SnapshotSample[] {
  if (!input) return [];
  const taxOf = (id: string) => input.providers.get(id)?.config.tax;
  const { budgets } = openLedger(input.desired.policy, view.statuses.values(), nowMs, taxOf);
  // Several rules may well have the same glob: they count the same certificates, and the least limit holds.
  const byKey = new Map<string, SnapshotSample>();
  for (const { match: budget = GENERAL, limits, day, month } of budgets) {
    for (const [period, spent, limit] of [
      ['day', day, limits.perDay],
      ['month', month, limits.perMonth],
    ] as const) {
      for (const amount of amounts(spent, limit))
        keep(byKey, moneySample('certwright_spend', { budget, period }, amount));
      if (limit !== undefined) keep(byKey, moneySample('certwright_spend_limit', { budget, period }, limit));
    }
  }
  return [...byKey.values()];
}

/** Nothing spent is a zero, where the limit tells the currency. */
function amounts(spent: Totals, limit: Money | undefined): readonly Money[] {
  const known = Object.values(spent);
  return limit === undefined || known.some((one) => compareMoney(one, limit) !== undefined)
    ? known
    : [...known, { amount: '0.00', currency: limit.currency }];
}

function keep(byKey: Map<string, SnapshotSample>, sample: SnapshotSample): void {
  const key = JSON.stringify([sample.name, sample.labels]);
  const before = byKey.get(key);
  if (before === undefined || sample.value < before.value) byKey.set(key, sample);
}

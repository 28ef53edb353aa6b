/**
 * Every metric there is: what is written, documented and alerted on is looked up here. Named by the rules of Prometheus
 * (https://prometheus.io/docs/practices/naming/): base units, `_total` for counters, instants in seconds since 1970.
 */

/** Of the certificates and accounts as the last look saw them: gauges, made anew as a whole. */
export const SNAPSHOT_METRICS = {
  certwright_snapshot_timestamp_seconds: {
    help: 'When certificates and accounts were last looked at.',
    labels: [],
  },
  certwright_certificate_info: {
    help: 'One for every certificate and website licence that is managed; always 1.',
    labels: ['certificate', 'kind', 'provider', 'environment', 'product'],
  },
  certwright_certificate_not_after_timestamp_seconds: {
    help: 'Last valid second of the published certificate.',
    labels: ['certificate'],
  },
  certwright_certificate_paid_till_timestamp_seconds: {
    help: 'End of the paid term of its order.',
    labels: ['certificate'],
  },
  certwright_certificate_next_due_timestamp_seconds: {
    help: 'When the next reissue or paid renewal falls due; absent where none will follow.',
    labels: ['certificate', 'action'],
  },
  certwright_certificate_state: {
    help: 'Its state as certwright status shows it: 1 for the one it is in, the others are absent.',
    labels: ['certificate', 'state'],
  },
  certwright_certificate_failures: {
    help: 'Failures in a row of what is being tried for it.',
    labels: ['certificate'],
  },
  certwright_certificate_condition_since_timestamp_seconds: {
    help: 'What has to be said of it, since when; of a held line: when it was last seen held.',
    labels: ['certificate', 'type', 'reason', 'level'],
  },
  certwright_certificate_endpoint_served: {
    help: 'Whether the endpoint served the published certificate when it was last dialled.',
    labels: ['certificate', 'endpoint'],
  },
  certwright_certificate_endpoint_checked_timestamp_seconds: {
    help: 'When the endpoint was last dialled.',
    labels: ['certificate', 'endpoint'],
  },
  certwright_certificates: {
    help: 'Certificates and website licences by state.',
    labels: ['state'],
  },
  certwright_certificates_waiting_for_person: {
    help: 'Certificates for which somebody has to act, by what is asked of them.',
    labels: ['reason'],
  },
  certwright_conditions: {
    help: 'Conditions of certificates that are worth a look (warning) or an alarm (attention).',
    labels: ['level'],
  },
  certwright_repository_warnings: {
    help: 'Warnings that concern the repository as a whole.',
    labels: ['level'],
  },
  certwright_file_findings: {
    help: 'Findings in the merged configuration, manifests and approvals.',
    labels: ['severity'],
  },
  certwright_state_branch: {
    help: 'How the state branch stands: 1 for what it is, 0 for the others.',
    labels: ['integrity'],
  },
  certwright_undeclared_orders: {
    help: 'Orders in the account that no manifest declares, as the last list showed them.',
    labels: ['account'],
  },
  certwright_spend: {
    help: 'What was spent, or may have been, in the UTC day or month that is running, by budget of the policy.',
    labels: ['budget', 'period', 'currency'],
  },
  certwright_spend_limit: {
    help: 'The limit that the policy sets for it.',
    labels: ['budget', 'period', 'currency'],
  },
  certwright_account_info: {
    help: 'One for every account of the configuration; always 1.',
    labels: ['account', 'type', 'environment'],
  },
  certwright_account_up: {
    help: 'Whether the account could be opened, and told its balance where it tells one.',
    labels: ['account'],
  },
  certwright_account_balance: {
    help: 'What the account holds.',
    labels: ['account', 'currency'],
  },
  certwright_account_checked_timestamp_seconds: {
    help: 'When the account was last asked for its balance, at most once an hour.',
    labels: ['account'],
  },
  certwright_account_minimum_balance: {
    help: 'Below this nothing is ordered, by certwright.yaml.',
    labels: ['account', 'currency'],
  },
  certwright_account_last_sync_timestamp_seconds: {
    help: 'When the account was last listed as a whole; 0 where it can be listed and never was.',
    labels: ['account'],
  },
} as const satisfies Catalogue;

/** Of the last run: gauges, so that they mean the same in a file of a command as in the daemon. */
export const RUN_METRICS = {
  certwright_build_info: { help: 'The build that ran; always 1.', labels: ['version', 'node'] },
  certwright_last_run_timestamp_seconds: { help: 'When the last run ended.', labels: [] },
  certwright_last_run_duration_seconds: { help: 'How long the last run took.', labels: [] },
  certwright_last_run_exit_code: {
    help: 'Exit code of the last run: 0 fine, 1 error, 3 refused, 4 a person has to look.',
    labels: [],
  },
  certwright_last_successful_run_timestamp_seconds: {
    help: 'When a run last read everything and carried out what it could, whatever it found.',
    labels: [],
  },
} as const satisfies Catalogue;

/** Counted by a process that stays: the daemon alone. */
export const PROCESS_METRICS = {
  certwright_ready: { kind: 'gauge', help: 'Whether /readyz answers 200.', labels: [] },
  certwright_runs_total: { kind: 'counter', help: 'Runs by what they came to.', labels: ['outcome'] },
  certwright_run_duration_seconds: { kind: 'histogram', help: 'How long runs took.', labels: ['outcome'] },
  certwright_provider_requests_total: {
    kind: 'counter',
    help: 'HTTP requests to the account, repetitions included, by what came of them.',
    labels: ['account', 'kind', 'result'],
  },
  certwright_provider_request_duration_seconds: {
    kind: 'histogram',
    help: 'From sending an HTTP request to the account to the end of its reply.',
    labels: ['account', 'kind'],
  },
  certwright_pings_total: {
    kind: 'counter',
    help: 'Pings of the dead man\u2019s switch, by whether they got there.',
    labels: ['result'],
  },
} as const satisfies Readonly<
  Record<string, Described & { readonly kind: 'gauge' | 'counter' | 'histogram' }>
>;

interface Described {
  /** One sentence. */
  readonly help: string;
  readonly labels: readonly string[];
}

export type Catalogue = Readonly<Record<string, Described>>;

/** One line of a gauge. */
export interface Sample<Name extends string = string> {
  readonly name: Name;
  /** A label that is absent counts as empty. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

export type SnapshotSample = Sample<keyof typeof SNAPSHOT_METRICS>;
export type RunSample = Sample<keyof typeof RUN_METRICS>;

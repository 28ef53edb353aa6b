import { createHash } from 'node:crypto';
import type { Configuration } from '../../model/configuration.js';
import { channelSecrets } from '../../model/notification.js';
import type { SecretSource } from '../../model/secret.js';
import { DASHBOARD_LABEL } from '../forge/dashboard-label.js';

/** Exact versions: an update is a commit of the team's own. */
const CHECKOUT = 'actions/checkout@v6.0.0';
const UPLOAD = 'actions/upload-artifact@v5.0.0';
const DOWNLOAD = 'actions/download-artifact@v6.0.0';

/** What a workflow's jobs need of the secrets and variables of the repository. */
export interface WorkflowSecrets {
  /** Of both jobs: accounts and contacts. */
  readonly plan: readonly string[];
  /** Solvers and channels, which only a run that carries out uses. */
  readonly apply: readonly string[];
  /** Not secret: what manifests may use. */
  readonly variables: readonly string[];
  /** Does a run open something itself (the embedded CA)? */
  readonly identity: boolean;
  /** Paths of credentials that come from files, which GitHub's runners have not. */
  readonly files: readonly string[];
}

export function secretsOf(configuration: Configuration): WorkflowSecrets {
  const { providers, solvers, contacts, keys, manifestVariables, notifications } = configuration;
  const plan = [
    ...Object.values(providers).flatMap(({ credentials }) => Object.values(credentials)),
    ...Object.values(contacts).flatMap((set) =>
      Object.values(set).flatMap((part) => Object.values({ ...part })),
    ),
  ];
  const apply = [
    ...Object.values(solvers).flatMap(({ credentials, options }) => [
      ...Object.values(credentials),
      ...handedOn(options.environment),
    ]),
    ...notifications.flatMap((channel) => Object.values(channelSecrets(channel))),
  ];
  const known = new Set([...names(plan), ...manifestVariables]);
  return {
    plan: names(plan),
    apply: names(apply).filter((name) => !known.has(name)),
    variables: [...new Set(manifestVariables)].sort(),
    identity: keys.runnerRecipients.length > 0,
    files: [...new Set([...plan, ...apply].filter(isSource).flatMap(pathOf))].sort(),
  };
}

/** Variables of the `exec` solver. */
const handedOn = (value: unknown): readonly SecretSource[] =>
  (Array.isArray(value) ? value : [])
    .filter((name) => typeof name === 'string')
    .map((name) => ({ kind: 'variable', name }));

const isSource = (value: unknown): value is SecretSource =>
  typeof value === 'object' && value !== null && 'kind' in value;

const pathOf = (source: SecretSource): readonly string[] => (source.kind === 'file' ? [source.path] : []);

const names = (sources: readonly unknown[]): readonly string[] =>
  [
    ...new Set(
      sources.filter(isSource).flatMap((source) => (source.kind === 'variable' ? [source.name] : [])),
    ),
  ].sort();

/** A minute that is nobody else's full hour, and the first of four hours a day; the same for ever. */
function timesOf(repositoryId: string): string {
  const hash = createHash('sha256').update(repositoryId).digest();
  const minute = 1 + (hash.readUInt32BE(0) % 59);
  const first = hash.readUInt32BE(4) % 6;
  return `${minute} ${[0, 6, 12, 18].map((hours) => first + hours).join(',')} * * *`;
}

/** As YAML takes it: quoted where it is not plainly a name. */
const plain = (text: string): string => (/^[A-Za-z][\w./-]*$/.test(text) ? text : JSON.stringify(text));

/** What GitHub computes. */
const expression = (text: string): string => `\${{ ${text} }}`;

const envLines = (secrets: readonly string[], variables: readonly string[]): readonly string[] =>
  secrets.length + variables.length === 0
    ? []
    : [
        '        env:',
        ...secrets.map((name) => `          ${name}: ${expression(`secrets.${name}`)}`),
        ...variables.map((name) => `          ${name}: ${expression(`vars.${name}`)}`),
      ];

export interface WorkflowWishes {
  /** `owner/name@ref` of the Action. */
  readonly action: string;
  /** Keep the dashboard issue, and heed its boxes at once. */
  readonly dashboard: boolean;
  /** A second workflow comments on pull requests whose own runs may not. */
  readonly forkComments: boolean;
}

const NAME = 'certwright';
const REPORT = 'certwright-report';

/** Hands the report to the workflow that may comment. */
const uploadLines = (): readonly string[] => [
  `      - uses: ${UPLOAD}`,
  `        if: always() && steps.certwright.outputs.report != ''`,
  '        with:',
  `          name: ${REPORT}`,
  `          path: ${expression('steps.certwright.outputs.report')}`,
  '          retention-days: 1',
];

/**
 * The workflow: pull requests are planned, what was merged is carried out, and a schedule comes back four times a day. Each
 * job gets the rights and the secrets it needs.
 */
export function workflowText(configuration: Configuration, wishes: WorkflowWishes): string {
  const { branches, id } = configuration;
  const { action, dashboard, forkComments } = wishes;
  const approval = plain(branches.approval);
  const { plan, apply, variables, identity } = secretsOf(configuration);
  const issues = [
    ...(dashboard ? ['the dashboard'] : []),
    ...(configuration.notifications.some(({ type }) => type === 'github-issue') ? ['alarms'] : []),
  ];
  const withLines = [
    ...(identity ? [`          identity: ${expression('secrets.CERTWRIGHT_IDENTITY')}`] : []),
    ...(dashboard ? ['          dashboard: "true"'] : []),
  ];
  return `${[
    `name: ${NAME}`,
    '',
    'on:',
    '  pull_request:',
    `    branches: [${approval}]`,
    '    paths: [certwright.yaml, certificates/**, approvals/**, inbox/**, issued/**]',
    '  push:',
    `    branches: [${approval}]`,
    '    paths: [certwright.yaml, certificates/**, approvals/**, inbox/**]',
    '  schedule:',
    `    - cron: "${timesOf(id)}"`,
    '  workflow_dispatch:',
    ...(dashboard ? ['  issues: # boxes of the dashboard', '    types: [edited]'] : []),
    '',
    'permissions: {}',
    '',
    'jobs:',
    '  plan:',
    "    if: github.event_name == 'pull_request'",
    '    runs-on: ubuntu-24.04',
    '    timeout-minutes: 15',
    '    permissions:',
    '      contents: read',
    '      pull-requests: write # the comment',
    '      checks: write # the check, with notes at the lines of manifests',
    '    concurrency:',
    `      group: certwright-plan-${expression('github.event.pull_request.number')}`,
    '      cancel-in-progress: true',
    '    steps:',
    `      - uses: ${CHECKOUT}`,
    `      - uses: ${action}`,
    ...(forkComments ? ['        id: certwright'] : []),
    ...envLines(plan, variables),
    ...(forkComments ? uploadLines() : []),
    '',
    '  apply:',
    ...(dashboard
      ? [
          '    if: >-',
          "      github.event_name != 'pull_request' && (github.event_name != 'issues' ||",
          `      contains(github.event.issue.labels.*.name, '${DASHBOARD_LABEL}'))`,
        ]
      : ["    if: github.event_name != 'pull_request'"]),
    '    runs-on: ubuntu-24.04',
    '    timeout-minutes: 60',
    '    permissions:',
    '      contents: write # the state branch, and the branches of approvals',
    '      pull-requests: write # approvals of single actions',
    ...(issues.length === 0 ? [] : [`      issues: write # ${issues.join(', ')}`]),
    '      # actions: write # in a public repository: keeps the schedule alive, which ends after 60 quiet days',
    '    concurrency:',
    '      group: certwright-apply',
    '      cancel-in-progress: false # a purchase is not to be cut off',
    '    steps:',
    `      - uses: ${CHECKOUT}`,
    '        with:',
    `          ref: ${approval}`,
    `      - uses: ${action}`,
    ...(withLines.length === 0 ? [] : ['        with:', ...withLines]),
    ...envLines([...plan, ...apply].sort(), variables),
  ].join('\n')}\n`;
}

/**
 * The second workflow: it checks nothing out and has no secrets. Forks and Dependabot get a token that can only read; what
 * their run found out is an artifact, which this one reads as a stranger's text.
 */
export function commentWorkflowText({ action }: Pick<WorkflowWishes, 'action'>): string {
  const folder = `${expression('runner.temp')}/${REPORT}`;
  return `${[
    `name: ${NAME} comment`,
    '',
    'on:',
    '  workflow_run:',
    `    workflows: [${NAME}]`,
    '    types: [completed]',
    '',
    'permissions: {}',
    '',
    'jobs:',
    '  comment:',
    "    if: github.event.workflow_run.event == 'pull_request'",
    '    runs-on: ubuntu-24.04',
    '    timeout-minutes: 5',
    '    permissions:',
    '      actions: read # the report of that run',
    '      pull-requests: write # the comment',
    '    steps:',
    `      - uses: ${DOWNLOAD}`,
    '        id: report',
    '        continue-on-error: true # there is none where nothing was planned',
    '        with:',
    `          name: ${REPORT}`,
    `          path: ${folder}`,
    `          run-id: ${expression('github.event.workflow_run.id')}`,
    `          github-token: ${expression('github.token')}`,
    `      - uses: ${action}`,
    "        if: steps.report.outcome == 'success'",
    '        with:',
    '          mode: comment',
    `          report: ${folder}/${REPORT}.json`,
  ].join('\n')}\n`;
}

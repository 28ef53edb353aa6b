import type { Configuration } from '../../model/configuration.js';
import { CertError, messageOf } from '../../model/errors.js';
import type { BranchProtection, Forge, Known, RepositoryFacts } from '../../ports/forge.js';
import type { Diagnosis } from '../../report/doctor-text.js';
import { line } from './line.js';
import { scheduleLines } from './schedule.js';
import { keepsAlive, readWorkflow, type WorkflowReading } from './workflow.js';

const ok = (message: string): Diagnosis => line('github', 'ok', message);
const warning = (message: string, remedy: string): Diagnosis => line('github', 'warning', message, remedy);
const problem = (message: string, remedy: string): Diagnosis => line('github', 'problem', message, remedy);

const WORKFLOW = 'certwright.yml';
const UNSEEN = 'the token may not see it: try as an administrator, with `administration: read`';

/** What GitHub's own settings say about branches, rights and the schedule. Never throws but `interrupted`. */
export async function examineGitHub(
  forge: Forge,
  { branches }: Pick<Configuration, 'branches'>,
  nowMs: number,
): Promise<readonly Diagnosis[]> {
  const { facts, workflows } = forge;
  const shared = branches.approval === branches.state;
  const repository = facts.repository();
  const approval = facts.protection(branches.approval);
  const workflow = readRepositoryWorkflow(forge, branches.approval, repository);
  const parts = await Promise.all([
    tried(repository, repositoryFacts),
    tried(approval, (found) => approvalBranch(branches.approval, found)),
    ...(shared ? [] : [tried(facts.protection(branches.state), (found) => ownBranch(branches.state, found))]),
    tried(facts.protection('certwright/seen'), (found) => ownBranch('certwright/seen', found)),
    tried(workflow, permissions),
    tried(
      Promise.all([facts.workflowsMayOpenPulls(), approval, workflow]),
      ([mayOpen, { requiresChecks }, reading]) =>
        approvalPulls(branches.approval, mayOpen, requiresChecks, reading?.usesOwnToken ?? true),
    ),
    tried(
      Promise.all([workflows.get(WORKFLOW), workflow, repository]),
      ([found, reading, { isPrivate, pushedAt }]) =>
        scheduleLines(WORKFLOW, found, {
          isScheduled: reading?.isScheduled ?? true,
          isKeptAlive: isPrivate || keepsAlive(reading),
          ...(pushedAt === undefined ? {} : { pushedAt }),
          nowMs,
        }),
    ),
  ]);
  // What several of them needed and could not have is said once.
  const all = new Map(parts.flat().map((one) => [one.message, one]));
  return [...all.values()];
}

/** As it lies on the approval branch; undefined where there is none, or none that can be read. */
async function readRepositoryWorkflow(
  forge: Forge,
  branch: string,
  repository: Promise<RepositoryFacts>,
): Promise<WorkflowReading | undefined> {
  const text = await forge.branches.file(`.github/workflows/${WORKFLOW}`, branch);
  return text === undefined ? undefined : readWorkflow(text, !(await repository).isPrivate);
}

/** What cannot be asked is a line as well. */
async function tried<T>(
  answer: Promise<T>,
  judge: (value: T) => readonly Diagnosis[],
): Promise<readonly Diagnosis[]> {
  try {
    return judge(await answer);
  } catch (error) {
    if (!(error instanceof CertError) || error.code === 'interrupted') throw error;
    const remedy = error.remedy ?? 'see what GitHub says about the token';
    return [
      error.code === 'forge.permission'
        ? warning(messageOf(error), remedy)
        : problem(messageOf(error), remedy),
    ];
  }
}

function repositoryFacts({ isArchived, isPrivate, role }: RepositoryFacts): readonly Diagnosis[] {
  if (isArchived) return [problem('the repository is archived', 'nothing can be pushed: unarchive it')];
  const may = role === undefined ? 'the token reaches it' : `the token has the role ${role}`;
  const kind = isPrivate ? 'private' : 'public';
  return role === 'none' || role === 'read' || role === 'triage'
    ? [warning(`${kind}; ${may}, which cannot push the state branch`, 'runs need `contents: write`')]
    : [ok(`${kind}; ${may}`)];
}

function approvalBranch(branch: string, found: BranchProtection): readonly Diagnosis[] {
  if (!found.exists)
    return [problem(`there is no branch ${branch}`, 'push it, or correct branches.approval')];
  if (found.requiresPullRequest === 'unknown')
    return [warning(`whether ${branch} requires pull requests is unknown`, UNSEEN)];
  if (found.requiresPullRequest === 'no') {
    return [
      problem(
        `${branch} takes pushes without a pull request: whoever may push may spend`,
        'add a rule for it: require a pull request with a review',
      ),
    ];
  }
  if ((found.requiredReviews ?? 0) < 1) {
    return [
      warning(
        `${branch} requires a pull request, and no review of it: its author can approve alone`,
        'require at least one approving review',
      ),
    ];
  }
  const owners = found.requiresCodeOwners === 'yes' ? ', from code owners' : '';
  return [ok(`${branch} requires ${found.requiredReviews} approving review(s)${owners}`)];
}

function ownBranch(branch: string, found: BranchProtection): readonly Diagnosis[] {
  if (!found.exists) return [];
  const lacking = [
    ...(found.forbidsForcePush === 'no' ? ['force pushes'] : []),
    ...(found.forbidsDeletion === 'no' ? ['deletion'] : []),
  ];
  return [
    ...(found.requiresPullRequest === 'yes'
      ? [
          problem(
            `${branch} requires pull requests, so certwright cannot push there`,
            'take it out of that rule, or let the app that runs certwright bypass it',
          ),
        ]
      : []),
    ...(lacking.length > 0
      ? [
          warning(
            `${branch} allows ${lacking.join(' and ')}: state can be lost, which stops every purchase`,
            'add a rule for certwright/**: block force pushes and deletion',
          ),
        ]
      : []),
    ...(lacking.length === 0 && found.forbidsForcePush === 'unknown'
      ? [warning(`whether ${branch} allows force pushes is unknown`, UNSEEN)]
      : []),
    ...(lacking.length === 0 && found.forbidsForcePush === 'yes' && found.requiresPullRequest !== 'yes'
      ? [ok(`${branch} can neither be rewound nor deleted`)]
      : []),
  ];
}

/** What the jobs of the workflow may do, and what they need. */
function permissions(reading: WorkflowReading | undefined): readonly Diagnosis[] {
  // That there is none is said with the schedule.
  if (reading === undefined) return [];
  const { jobs, lacks } = reading;
  if (jobs.length === 0) {
    return [
      warning(
        `no job of ${WORKFLOW} is known to run certwright, so its permissions were not looked at`,
        'compare them with docs/github.md, "Permissions"',
      ),
    ];
  }
  if (lacks.length === 0)
    return [ok(`the permissions in ${WORKFLOW} suffice for what ${jobs.join(', ')} do`)];
  return lacks.map(({ job, permission, without, isVital }) =>
    (isVital ? problem : warning)(
      `job ${job} of ${WORKFLOW} lacks \`${permission}\`: ${without}`,
      `add it under jobs.${job}.permissions`,
    ),
  );
}

const APP =
  "hand the token of a GitHub App to the Action with `token:`, because GitHub starts no checks for a workflow's own";

function approvalPulls(
  branch: string,
  mayOpen: Known,
  requiresChecks: Known,
  usesOwnToken: boolean,
): readonly Diagnosis[] {
  if (!usesOwnToken) return [ok('approvals are opened with a token of their own, so their checks start')];
  if (mayOpen === 'no') {
    return [
      warning(
        'workflows may not open pull requests, so nobody is asked for approvals',
        'allow it under Settings, Actions, General, or give the Action the token of a GitHub App',
      ),
    ];
  }
  if (requiresChecks === 'yes')
    return [
      warning(`${branch} requires checks, which never start on approvals: a GitHub App is needed`, APP),
    ];
  if (mayOpen === 'unknown') {
    return [warning('whether workflows may open pull requests is unknown', UNSEEN)];
  }
  return requiresChecks === 'no'
    ? [
        ok(
          `workflows may open pull requests for approvals, and ${branch} requires no checks of them: no GitHub App is needed`,
        ),
      ]
    : [
        warning(
          `workflows may open pull requests for approvals; whether ${branch} requires checks is unknown, and they start none`,
          UNSEEN,
        ),
      ];
}

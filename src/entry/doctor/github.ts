import type { Configuration } from '../../model/configuration.js';
import { CertError, messageOf } from '../../model/errors.js';
import { DAY_MS, parseInstant } from '../../model/time.js';
import type { BranchProtection, Forge, RepositoryFacts, WorkflowFacts } from '../../ports/forge.js';
import type { Diagnosis } from '../../report/doctor-text.js';

const part = 'github';
const ok = (message: string): Diagnosis => ({ part, level: 'ok', message });
const warning = (message: string, remedy: string): Diagnosis => ({ part, level: 'warning', message, remedy });
const problem = (message: string, remedy: string): Diagnosis => ({ part, level: 'problem', message, remedy });

const WORKFLOW = 'certwright.yml';
/** Missed this long, a schedule of several times a day is dead. */
const SCHEDULE_LATE_MS = 2 * DAY_MS;
const UNSEEN = 'the token may not see it: try as an administrator, with `administration: read`';

/** What GitHub's own settings say about branches, rights and the schedule. Never throws but `interrupted`. */
export async function examineGitHub(
  forge: Forge,
  { branches }: Pick<Configuration, 'branches'>,
  nowMs: number,
): Promise<readonly Diagnosis[]> {
  const { facts, workflows } = forge;
  const shared = branches.approval === branches.state;
  const parts = await Promise.all([
    tried(facts.repository(), repositoryFacts),
    tried(facts.protection(branches.approval), (found) => approvalBranch(branches.approval, found)),
    ...(shared ? [] : [tried(facts.protection(branches.state), (found) => ownBranch(branches.state, found))]),
    tried(facts.protection('certwright/seen'), (found) => ownBranch('certwright/seen', found)),
    tried(facts.workflowsMayOpenPulls(), approvalPulls),
    tried(workflows.get(WORKFLOW), (found) => schedule(found, nowMs)),
  ]);
  return parts.flat();
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

function approvalPulls(may: 'yes' | 'no' | 'unknown'): readonly Diagnosis[] {
  switch (may) {
    case 'yes':
      return [
        ok(
          "workflows may open pull requests for approvals; GitHub starts no checks on those of a workflow's own token, so where checks are required give the Action the token of a GitHub App",
        ),
      ];
    case 'no':
      return [
        warning(
          'workflows may not open pull requests, so nobody is asked for approvals',
          'allow it under Settings, Actions, General, or give the Action the token of a GitHub App',
        ),
      ];
    case 'unknown':
      return [warning('whether workflows may open pull requests is unknown', UNSEEN)];
  }
}

function schedule(found: WorkflowFacts | undefined, nowMs: number): readonly Diagnosis[] {
  if (found === undefined) {
    return [
      problem(`there is no workflow ${WORKFLOW}`, 'write it with `certwright init --github`, and push it'),
    ];
  }
  if (found.state === 'stopped-by-inactivity') {
    return [
      problem(
        'GitHub stopped the schedule, as it does in public repositories after 60 days without a commit: certificates fall due and nobody comes',
        `enable it: gh workflow enable ${WORKFLOW}`,
      ),
    ];
  }
  if (found.state !== 'active')
    return [problem(`the workflow ${WORKFLOW} is stopped`, `enable it: gh workflow enable ${WORKFLOW}`)];
  const lastMs = found.lastScheduledAt === undefined ? undefined : parseInstant(found.lastScheduledAt);
  if (lastMs === undefined) {
    return [
      warning(
        `${WORKFLOW} has never run on its schedule`,
        'wait for the next hour of its cron, then look again',
      ),
    ];
  }
  const hours = Math.floor((nowMs - lastMs) / (DAY_MS / 24));
  return nowMs - lastMs > SCHEDULE_LATE_MS
    ? [warning(`the last scheduled run is ${hours} hours ago`, `see the runs of ${WORKFLOW}`)]
    : [ok(`the last scheduled run is ${hours} hours ago`)];
}

import { readFileSync } from 'node:fs';
import { CertError } from '../../model/errors.js';
import { DASHBOARD_LABEL } from '../forge/dashboard-label.js';

/** What is read of the pull request an event is about. */
export interface PullEvent {
  readonly number: number;
  readonly baseBranch: string;
  /** Somebody who may have no rights here wrote it: a fork, or Dependabot, whose runs get no secrets either. */
  readonly isForeign: boolean;
  readonly isClosed: boolean;
}

/** A run of another workflow that has ended, as GitHub describes it: nothing of it is the run's own word. */
export interface FinishedRun {
  /** What it was started by: `pull_request`. */
  readonly event: string;
  readonly headOid: string;
  readonly headBranch: string;
  /** Owner of the repository the branch lies in. */
  readonly headOwner: string;
}

/** Why this run was started, as the runner tells it. */
export interface RunnerEvent {
  readonly name: string;
  /** `refs/heads/main`. */
  readonly ref: string;
  /** `owner/name`. */
  readonly repository: string;
  readonly pull?: PullEvent;
  readonly finished?: FinishedRun;
  /** The repository is a private one; absent where the event does not tell. */
  readonly isPrivate?: boolean;
  /** A person changed the text of the dashboard issue. */
  readonly isDashboardEdit?: boolean;
}

interface Payload {
  readonly action?: unknown;
  readonly repository?: { readonly private?: unknown } | null;
  readonly issue?: { readonly labels?: unknown } | null;
  readonly sender?: { readonly type?: unknown } | null;
  readonly workflow_run?: {
    readonly event?: unknown;
    readonly head_sha?: unknown;
    readonly head_branch?: unknown;
    readonly head_repository?: { readonly owner?: { readonly login?: unknown } | null } | null;
  } | null;
  readonly pull_request?: {
    readonly number?: unknown;
    readonly state?: unknown;
    readonly user?: { readonly login?: unknown } | null;
    readonly base?: { readonly ref?: unknown };
    readonly head?: { readonly repo?: { readonly full_name?: unknown } | null };
  };
}

const DEPENDABOT = 'dependabot[bot]';

function pullOf(payload: Payload, repository: string): PullEvent | undefined {
  const pull = payload.pull_request;
  const number = pull?.number;
  const baseBranch = pull?.base?.ref;
  if (typeof number !== 'number' || typeof baseBranch !== 'string') return undefined;
  const from = pull?.head?.repo?.full_name;
  const isFork = typeof from !== 'string' || from.toLowerCase() !== repository.toLowerCase();
  return {
    number,
    baseBranch,
    isForeign: isFork || pull?.user?.login === DEPENDABOT,
    isClosed: pull?.state === 'closed' || payload.action === 'closed',
  };
}

function finishedOf({ workflow_run: run }: Payload): FinishedRun | undefined {
  const [event, headOid, headBranch] = [run?.event, run?.head_sha, run?.head_branch];
  const headOwner = run?.head_repository?.owner?.login;
  const isWhole = [event, headOid, headBranch, headOwner].every(
    (one) => typeof one === 'string' && one !== '',
  );
  return isWhole
    ? {
        event: String(event),
        headOid: String(headOid),
        headBranch: String(headBranch),
        headOwner: String(headOwner),
      }
    : undefined;
}

/** Our own edits start nothing with a workflow's token, and nothing new with an app's. */
function isDashboardEdit({ action, issue, sender }: Payload): boolean {
  const labels: readonly unknown[] = Array.isArray(issue?.labels) ? issue.labels : [];
  const isOurs = labels.some(
    (label) =>
      typeof label === 'object' && label !== null && 'name' in label && label.name === DASHBOARD_LABEL,
  );
  return action === 'edited' && isOurs && sender?.type === 'User';
}

/** https://docs.github.com/en/actions/reference/workflows-and-actions/variables @throws CertError `usage` */
export function readEvent(env: NodeJS.ProcessEnv): RunnerEvent {
  const { GITHUB_EVENT_NAME: name, GITHUB_EVENT_PATH: file, GITHUB_REPOSITORY: repository } = env;
  if (!name || !repository) {
    throw new CertError('usage', 'this is no run of GitHub Actions: GITHUB_EVENT_NAME is not set', {
      remedy: 'use the command `certwright` elsewhere',
    });
  }
  const payload = file ? readPayload(file) : {};
  const finished = name === 'workflow_run' ? finishedOf(payload) : undefined;
  const isPrivate = payload.repository?.private;
  const pull = pullOf(payload, repository);
  return {
    name,
    ref: env.GITHUB_REF ?? '',
    repository,
    ...(pull === undefined ? {} : { pull }),
    ...(finished === undefined ? {} : { finished }),
    ...(typeof isPrivate === 'boolean' ? { isPrivate } : {}),
    isDashboardEdit: name === 'issues' && isDashboardEdit(payload),
  };
}

function readPayload(file: string): Payload {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return typeof value === 'object' && value !== null ? value : {};
  } catch (error) {
    throw new CertError('usage', 'the event of this run (GITHUB_EVENT_PATH) cannot be read', {
      cause: error,
    });
  }
}

import { readFileSync } from 'node:fs';
import { CertError } from '../../model/errors.js';

/** What is read of the pull request an event is about. */
export interface PullEvent {
  readonly number: number;
  readonly baseBranch: string;
  /** Somebody who may have no rights here wrote it: a fork, or Dependabot, whose runs get no secrets either. */
  readonly isForeign: boolean;
  readonly isClosed: boolean;
}

/** Why this run was started, as the runner tells it. */
export interface RunnerEvent {
  readonly name: string;
  /** `refs/heads/main`. */
  readonly ref: string;
  /** `owner/name`. */
  readonly repository: string;
  readonly pull?: PullEvent;
}

interface Payload {
  readonly action?: unknown;
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

/** https://docs.github.com/en/actions/reference/workflows-and-actions/variables @throws CertError `usage` */
export function readEvent(env: NodeJS.ProcessEnv): RunnerEvent {
  const { GITHUB_EVENT_NAME: name, GITHUB_EVENT_PATH: file, GITHUB_REPOSITORY: repository } = env;
  if (!name || !repository) {
    throw new CertError('usage', 'this is no run of GitHub Actions: GITHUB_EVENT_NAME is not set', {
      remedy: 'use the command `certwright` elsewhere',
    });
  }
  const pull = pullOf(file ? readPayload(file) : {}, repository);
  return { name, ref: env.GITHUB_REF ?? '', repository, ...(pull === undefined ? {} : { pull }) };
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

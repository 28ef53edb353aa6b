/** What the runner of GitHub Actions hands to a step, and what it takes from it. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { WebhookDefinition } from '@octokit/webhooks-examples';
import { cloneOf, git, tempFolder } from '../git.js';
import type { FakeGitHub } from './server.js';
import type { Topic } from './state.js';

const examples = createRequire(import.meta.url)('@octokit/webhooks-examples') as WebhookDefinition[];

/** An event as GitHub sends it, from GitHub's own examples. */
function example(name: string, action?: string): Readonly<Record<string, unknown>> {
  const found = examples
    .find((definition) => definition.name === name)
    ?.examples.find((one) => action === undefined || ('action' in one && one.action === action));
  if (!found) throw new RangeError(`no example of ${name}`);
  return found as unknown as Readonly<Record<string, unknown>>;
}

export type Trigger =
  | { readonly event: 'pull_request'; readonly pull: Topic; readonly action?: string }
  | { readonly event: 'pull_request_target'; readonly pull: Topic }
  | { readonly event: 'push'; readonly branch?: string }
  /** After the run of a pull request, in the workflow that may comment. */
  | { readonly event: 'workflow_run'; readonly pull: Topic; readonly after?: string }
  | { readonly event: 'schedule' | 'workflow_dispatch' | 'release' };

export interface StepOptions {
  readonly token?: string;
  /** `with:` of the step. */
  readonly inputs?: Readonly<Record<string, string>>;
}

export interface Step {
  /** The checkout. */
  readonly workspace: string;
  readonly env: Readonly<Record<string, string>>;
  /** `GITHUB_OUTPUT` and the page of the run, once it has ended. */
  results(): Promise<{ readonly outputs: Readonly<Record<string, string>>; readonly summary: string }>;
}

function payloadOf(github: FakeGitHub, trigger: Trigger): unknown {
  if (trigger.event === 'pull_request' || trigger.event === 'pull_request_target') {
    const { pull, user, number, state } = trigger.pull;
    const given = example('pull_request', 'opened') as { readonly pull_request: object };
    const repo = { full_name: pull?.fork?.fullName ?? github.repository };
    return {
      ...given,
      action: 'action' in trigger ? (trigger.action ?? 'opened') : 'opened',
      number,
      pull_request: {
        ...given.pull_request,
        number,
        state,
        user,
        head: { ref: pull?.headBranch, sha: pull?.headOid, repo },
        base: { ref: pull?.baseBranch, sha: pull?.baseOid, repo: { full_name: github.repository } },
      },
    };
  }
  if (trigger.event === 'workflow_run') {
    const { pull } = trigger.pull;
    const given = example('workflow_run', 'completed') as { readonly workflow_run: object };
    const fullName = pull?.fork?.fullName ?? github.repository;
    return {
      ...given,
      workflow_run: {
        ...given.workflow_run,
        event: trigger.after ?? 'pull_request',
        head_sha: pull?.headOid,
        head_branch: pull?.headBranch,
        head_repository: { full_name: fullName, owner: { login: fullName.split('/')[0] } },
        // GitHub leaves this empty for forks.
        pull_requests: [],
      },
    };
  }
  if (trigger.event === 'push') return { ...example('push'), ref: refOf(trigger) };
  return trigger.event === 'schedule' ? { schedule: '17 4 * * *' } : example(trigger.event);
}

function refOf(trigger: Trigger): string {
  if ('pull' in trigger && trigger.event !== 'workflow_run') return `refs/pull/${trigger.pull.number}/merge`;
  return `refs/heads/${(trigger.event === 'push' ? trigger.branch : undefined) ?? 'main'}`;
}

/** `actions/checkout`: a shallow clone at the ref of the event; none for a workflow that only comments. */
async function checkout(github: FakeGitHub, trigger: Trigger): Promise<string> {
  if (trigger.event === 'workflow_run') return tempFolder();
  const folder = await cloneOf({ url: `file://${github.remote.path}` }, '--depth=1', '--no-checkout');
  const ref = trigger.event === 'pull_request_target' ? 'refs/heads/main' : refOf(trigger);
  await git(folder, 'fetch', '--quiet', '--depth=1', 'origin', ref);
  await git(folder, 'checkout', '--quiet', '--detach', 'FETCH_HEAD');
  return folder;
}

/** `name<<END … END`, as the runner reads it. */
function outputsOf(text: string): Readonly<Record<string, string>> {
  const found = text.matchAll(/^([\w-]+)<<(\S+)\n([\s\S]*?)\n\2$/gm);
  return Object.fromEntries([...found].map(([, name = '', , value = '']) => [name, value]));
}

/** Lines of a log that the runner takes for commands: none between `stop-commands` and its token. */
export function commandsOf(log: string): readonly string[] {
  let stopped: string | undefined;
  return log.split('\n').filter((line) => {
    if (stopped !== undefined) {
      if (line === `::${stopped}::`) stopped = undefined;
      return false;
    }
    const stop = /^::stop-commands::(.+)$/.exec(line)?.[1];
    if (stop !== undefined) stopped = stop;
    return stop === undefined && /^(::|##\[)/.test(line);
  });
}

/** Checkout, event file, `INPUT_*` and `GITHUB_*`. */
export async function stepOf(
  github: FakeGitHub,
  trigger: Trigger,
  { token = '', inputs = {} }: StepOptions = {},
): Promise<Step> {
  const workspace = await checkout(github, trigger);
  const folder = await tempFolder();
  const file = (name: string) => join(folder, name);
  await mkdir(file('temp'));
  await Promise.all([
    writeFile(file('event.json'), JSON.stringify(payloadOf(github, trigger))),
    writeFile(file('output'), ''),
    writeFile(file('summary'), ''),
  ]);
  const given = Object.entries({ token, ...inputs }).map(([name, value]) => [
    `INPUT_${name.toUpperCase()}`,
    value,
  ]);
  return {
    workspace,
    env: {
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      GITHUB_EVENT_NAME: trigger.event,
      GITHUB_EVENT_PATH: file('event.json'),
      GITHUB_REF: refOf(trigger),
      GITHUB_REPOSITORY: github.repository,
      GITHUB_WORKFLOW_REF: `${github.repository}/.github/workflows/certwright.yml@refs/heads/main`,
      GITHUB_API_URL: github.apiUrl,
      GITHUB_SERVER_URL: 'https://github.test',
      GITHUB_WORKSPACE: workspace,
      GITHUB_OUTPUT: file('output'),
      GITHUB_STEP_SUMMARY: file('summary'),
      RUNNER_TEMP: file('temp'),
      ...Object.fromEntries(given),
    },
    async results() {
      const [outputs, summary] = await Promise.all([
        readFile(file('output'), 'utf8'),
        readFile(file('summary'), 'utf8'),
      ]);
      return { outputs: outputsOf(outputs), summary };
    },
  };
}

import { CertError } from '../../model/errors.js';
import type { FinishedRun, PullEvent, RunnerEvent } from './event.js';
import type { Mode } from './inputs.js';

export type Work =
  | { readonly kind: 'plan-pull'; readonly pull: PullEvent }
  | { readonly kind: 'plan' }
  /** @param isScheduled  nobody waits for it */
  | { readonly kind: 'apply'; readonly isScheduled: boolean }
  | { readonly kind: 'sync' }
  | { readonly kind: 'validate' }
  /** @param run  the one that left the report */
  | { readonly kind: 'comment'; readonly run: FinishedRun }
  | { readonly kind: 'nothing'; readonly why: string };

const nothing = (why: string): Work => ({ kind: 'nothing', why });

/**
 * Why nothing may be looked up or paid in an event that is about no branch: a checkout of what is not merged names the branches
 * and accounts. Pull requests, which are planned as merged, are not meant.
 */
function unmergedIn({ name, finished }: RunnerEvent): string | undefined {
  if (name === 'merge_group') {
    return 'what waits in a merge queue is not merged: it was planned as a pull request, and its push is carried out';
  }
  if (name !== 'workflow_run') return undefined;
  if (finished === undefined) return 'GitHub does not tell which run has ended';
  return /^(pull_request|merge_group)/.test(finished.event)
    ? `that was a run on ${finished.event}, of what is not merged`
    : undefined;
}

const notInQueue = (why: string): CertError =>
  new CertError('usage', `certwright buys nothing on merge_group: ${why}`, {
    remedy: 'let the job with `mode: apply` run on `push` to the approval branch, and not on merge_group',
  });

/**
 * What an event asks for: a pull request is planned, the approval branch carried out, and on a schedule listed before.
 * @param approvalBranch  as the checkout's configuration names it
 * @throws CertError `usage`
 */
export function workOf(mode: Mode, event: RunnerEvent, approvalBranch: string): Work {
  if (event.name === 'pull_request_target') {
    throw new CertError('usage', 'certwright does not run on pull_request_target', {
      remedy:
        'write `on: pull_request`: it needs neither secrets nor rights, and says what it would say with them',
    });
  }
  if (mode === 'comment') {
    if (event.name !== 'workflow_run')
      throw new CertError('usage', '`mode: comment` is for `on: workflow_run` alone');
    const { finished } = event;
    return finished?.event === 'pull_request'
      ? { kind: 'comment', run: finished }
      : nothing('that was no run of a pull request');
  }
  if (mode === 'validate') return { kind: 'validate' };
  const unmerged = unmergedIn(event);
  if (unmerged !== undefined) {
    if (mode === 'apply' && event.name === 'merge_group') throw notInQueue(unmerged);
    return nothing(unmerged);
  }
  const { pull } = event;
  if (mode === 'sync') {
    // Its checkout says which accounts there are, and where their credentials go.
    return pull ? nothing('pull requests are planned, their accounts are not listed') : { kind: 'sync' };
  }
  if (pull) {
    if (mode === 'apply') return nothing('pull requests are planned, never applied');
    if (pull.isClosed) return nothing(`pull request ${pull.number} is closed`);
    return { kind: 'plan-pull', pull };
  }
  if (mode === 'plan') return { kind: 'plan' };
  if (mode === 'apply') return { kind: 'apply', isScheduled: event.name === 'schedule' };
  switch (event.name) {
    case 'push':
      return event.ref === `refs/heads/${approvalBranch}`
        ? { kind: 'apply', isScheduled: false }
        : nothing(`${event.ref} is not the approval branch ${approvalBranch}`);
    case 'schedule':
      return { kind: 'apply', isScheduled: true };
    case 'workflow_dispatch':
    case 'repository_dispatch':
      return { kind: 'apply', isScheduled: false };
    case 'issues':
      return event.isDashboardEdit === true
        ? { kind: 'apply', isScheduled: false }
        : nothing('this is no edit of the dashboard issue by a person');
    default:
      return nothing(`nothing follows from the event ${event.name}; \`mode:\` can ask for something`);
  }
}

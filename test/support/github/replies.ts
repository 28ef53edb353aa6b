/** The state as GitHub's replies show it; fields nobody reads are left out. */
import type { CheckRun, Comment, Part, Pull, Schemas, State, Topic, User, Workflow } from './state.js';

const user = ({ login, type }: User) => ({ login, type }) satisfies Part<Schemas['simple-user']>;

export const userReply = user;

export const commentReply = (comment: Comment) =>
  ({
    id: comment.id,
    user: user(comment.user),
    body: comment.body,
    created_at: comment.createdAt,
    updated_at: comment.updatedAt,
  }) satisfies Part<Schemas['issue-comment']>;

export const issueReply = (state: State, topic: Topic) =>
  ({
    id: topic.id,
    number: topic.number,
    title: topic.title,
    body: topic.body,
    state: topic.state,
    user: user(topic.user),
    labels: topic.labels.map((name) => ({ name })),
    created_at: topic.createdAt,
    updated_at: topic.updatedAt,
    closed_at: topic.closedAt ?? null,
    closed_by: topic.closedBy ? user(topic.closedBy) : null,
    html_url: `https://github.test/${state.fullName}/issues/${topic.number}`,
    ...(topic.pull ? { pull_request: { html_url: '' } } : {}),
  }) satisfies Part<Schemas['issue']>;

const headOf = (state: State, pull: Pull) => ({
  ref: pull.headBranch,
  sha: pull.headOid,
  repo: { full_name: pull.fork?.fullName ?? state.fullName },
});

/** As the list shows it: without who merged. */
export const pullListReply = (state: State, topic: Topic, pull: Pull) =>
  ({
    id: topic.id,
    number: topic.number,
    title: topic.title,
    body: topic.body,
    state: topic.state,
    user: user(topic.user),
    created_at: topic.createdAt,
    updated_at: topic.updatedAt,
    closed_at: topic.closedAt ?? null,
    merged_at: pull.mergedAt ?? null,
    merge_commit_sha: pull.mergeOid ?? null,
    html_url: `https://github.test/${state.fullName}/pull/${topic.number}`,
    head: headOf(state, pull),
    base: { ref: pull.baseBranch, sha: pull.baseOid },
  }) satisfies Part<Schemas['pull-request-simple']>;

export const pullReply = (state: State, topic: Topic, pull: Pull) =>
  ({
    ...pullListReply(state, topic, pull),
    merged: pull.mergedAt !== undefined,
    merged_by: pull.mergedBy ? user(pull.mergedBy) : null,
  }) satisfies Part<Schemas['pull-request']>;

export const checkReply = (check: CheckRun) =>
  ({
    id: check.id,
    name: check.name,
    head_sha: check.headOid,
    status: 'completed',
    output: {
      title: check.title,
      summary: check.summary,
      annotations_count: check.annotations.length,
    },
  }) satisfies Part<Schemas['check-run']>;

export const workflowReply = (id: number, workflow: Workflow) =>
  ({ id, path: workflow.path, state: workflow.state }) satisfies Part<Schemas['workflow']>;

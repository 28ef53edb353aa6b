/** Every call of GitHub's REST API that certwright makes, on state and a real repository. */
import { commitOf, mergeOf, plumb, type Tree, writeBlob, writeCommit, writeTree } from './git.js';
import {
  checkReply,
  commentReply,
  issueReply,
  pullListReply,
  pullReply,
  userReply,
  workflowReply,
} from './replies.js';
import type { CheckRun, Part, Schemas, State, Token, Topic, User } from './state.js';

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  /** A list that comes in pages. */
  readonly list?: readonly unknown[];
}

export interface Asked {
  readonly state: State;
  readonly token: Token;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  // biome-ignore lint/suspicious/noExplicitAny: the JSON somebody sent, whatever it is
  readonly body: any;
}

export interface Route {
  readonly method: string;
  /** After `/repos/{owner}/{repo}`, or from the root with a leading `!`. `:name` is a part, `*name` the rest. */
  readonly path: string;
  /** Any of these, as `x-accepted-github-permissions` has them; none: everybody who may read. */
  readonly needs: readonly (readonly [permission: string, level: 'read' | 'write'])[];
  answer(asked: Asked): Promise<Answer> | Answer;
}

const ok = (body: unknown): Answer => ({ status: 200, body });
const created = (body: unknown): Answer => ({ status: 201, body });
const nothing: Answer = { status: 204 };
export const missing: Answer = { status: 404, body: { message: 'Not Found', status: '404' } };
const invalid = (message: string): Answer => ({
  status: 422,
  body: { message, documentation_url: 'https://docs.github.com/rest', status: '422' },
});

const MAX_BODY = 65_536;
const tooLong = (body: unknown): Answer | undefined =>
  typeof body === 'string' && [...body].length > MAX_BODY
    ? invalid(`Validation Failed: body is too long (maximum is ${MAX_BODY} characters)`)
    : undefined;

const topicOf = ({ state, params }: Asked): Topic | undefined => state.topics.get(Number(params.number));

/** Heads and merge results follow pushes, as they do on GitHub. */
export async function refresh(state: State, topic: Topic): Promise<void> {
  const { pull } = topic;
  if (!pull || topic.state === 'closed') return;
  const ref = `refs/pull/${topic.number}`;
  if (pull.fork) {
    await plumb(state.path, [
      'fetch',
      '--quiet',
      pull.fork.path,
      `+refs/heads/${pull.headBranch}:${ref}/head`,
    ]);
  } else {
    const tip = await commitOf(state.path, `refs/heads/${pull.headBranch}`);
    if (tip === undefined) {
      topic.state = 'closed';
      topic.closedAt = state.now();
      return;
    }
    await plumb(state.path, ['update-ref', `${ref}/head`, tip]);
  }
  pull.headOid = (await commitOf(state.path, `${ref}/head`)) ?? pull.headOid;
  pull.baseOid = (await commitOf(state.path, `refs/heads/${pull.baseBranch}`)) ?? pull.baseOid;
  const merge = await mergeOf(state.path, pull.baseOid, pull.headOid);
  if (merge !== undefined) await plumb(state.path, ['update-ref', `${ref}/merge`, merge]);
}

const pullsOf = (state: State): readonly (Topic & { readonly pull: NonNullable<Topic['pull']> })[] =>
  [...state.topics.values()].flatMap((topic) => (topic.pull ? [{ ...topic, pull: topic.pull }] : []));

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function listPulls({ state, query }: Asked): Answer {
  const wanted = query.get('state') ?? 'open';
  const head = query.get('head');
  const found = pullsOf(state).filter(({ state: now, pull }) => {
    const owner = (pull.fork?.fullName ?? state.fullName).split('/')[0];
    return (wanted === 'all' || now === wanted) && (head === null || head === `${owner}:${pull.headBranch}`);
  });
  const key = query.get('sort') === 'updated' ? 'updatedAt' : 'createdAt';
  const sorted = found.toSorted((a, b) => byText(b[key], a[key]));
  return { status: 200, list: sorted.map((topic) => pullListReply(state, topic, topic.pull)) };
}

/** @returns the topic, or why there is none */
export function newTopic(
  state: State,
  user: User,
  fields: Pick<Topic, 'title' | 'body'> & Partial<Pick<Topic, 'labels' | 'pull'>>,
): Topic {
  const at = state.now();
  const topic: Topic = {
    number: state.nextNumber(),
    id: state.nextId(),
    user,
    state: 'open',
    labels: [],
    createdAt: at,
    updatedAt: at,
    edits: [],
    ...fields,
  };
  state.topics.set(topic.number, topic);
  return topic;
}

async function openPull({ state, token, body }: Asked): Promise<Answer> {
  if (token.installation && !state.workflowsMayOpenPulls) {
    const message = 'GitHub Actions is not permitted to create or approve pull requests.';
    return { status: 403, body: { message, status: '403' } };
  }
  const [headOid, baseOid] = await Promise.all(
    [body.head, body.base].map((branch: string) => commitOf(state.path, `refs/heads/${branch}`)),
  );
  if (headOid === undefined || baseOid === undefined) {
    return invalid('Validation Failed: {"resource":"PullRequest","field":"head","code":"invalid"}');
  }
  if (headOid === baseOid) return invalid('Validation Failed: No commits between the two branches');
  const same = pullsOf(state).find(
    ({ pull, state: now }) => now === 'open' && !pull.fork && pull.headBranch === body.head,
  );
  if (same) return invalid(`Validation Failed: A pull request already exists for ${body.head}.`);
  const problem = tooLong(body.body);
  if (problem) return problem;
  const pull = { headBranch: body.head, baseBranch: body.base, headOid, baseOid };
  const topic = newTopic(state, token.user, { title: body.title, body: body.body ?? '', pull });
  await refresh(state, topic);
  return created(pullReply(state, topic, pull));
}

function change(state: State, topic: Topic, by: User, body: Asked['body']): Answer | undefined {
  const problem = tooLong(body.body);
  if (problem) return problem;
  if (typeof body.body === 'string' && body.body !== topic.body) {
    topic.body = body.body;
    topic.edits.unshift({ by, at: state.now() });
  }
  if (typeof body.title === 'string') topic.title = body.title;
  if (body.state === 'closed' && topic.state === 'open') {
    topic.state = 'closed';
    topic.closedAt = state.now();
    topic.closedBy = by;
  }
  if (body.state === 'open' && topic.state === 'closed') {
    if (topic.pull?.mergedAt) return invalid('Validation Failed: state cannot be changed. It is merged.');
    topic.state = 'open';
    delete topic.closedAt;
    delete topic.closedBy;
  }
  topic.updatedAt = state.now();
  return undefined;
}

async function changedFiles({ state, params }: Asked): Promise<Answer> {
  const topic = state.topics.get(Number(params.number));
  if (!topic?.pull) return missing;
  await refresh(state, topic);
  const { baseOid, headOid } = topic.pull;
  const text = await plumb(state.path, ['diff', '--name-status', '-z', '-M', `${baseOid}...${headOid}`]);
  const fields = text.split('\0').filter((field) => field !== '');
  const words: Readonly<Record<string, string>> = { A: 'added', M: 'modified', D: 'removed', R: 'renamed' };
  const list: Part<Schemas['diff-entry']>[] = [];
  for (let i = 0; i < fields.length; ) {
    const letter = (fields[i++] ?? '').charAt(0);
    const previous = letter === 'R' ? fields[i++] : undefined;
    list.push({
      filename: fields[i++] ?? '',
      status: (words[letter] ?? 'changed') as Schemas['diff-entry']['status'],
      ...(previous === undefined ? {} : { previous_filename: previous }),
    });
  }
  return { status: 200, list };
}

const COMMIT = /^[0-9a-f]{40}$/;

async function newCheck({ state, body }: Asked): Promise<Answer> {
  if ((await commitOf(state.path, body.head_sha)) === undefined) {
    return invalid(`No commit found for SHA: ${body.head_sha}`);
  }
  const check: CheckRun = {
    id: state.nextId(),
    name: body.name,
    headOid: body.head_sha,
    conclusion: body.conclusion,
    title: body.output?.title ?? '',
    summary: body.output?.summary ?? '',
    annotations: [],
  };
  const problem = annotate(check, body.output);
  if (problem) return problem;
  state.checks.set(check.id, check);
  return created(checkReply(check));
}

function annotate(check: CheckRun, output: Asked['body']): Answer | undefined {
  const annotations = output?.annotations ?? [];
  if (annotations.length > 50)
    return invalid('Validation Failed: annotations exceeds a maximum quantity of 50');
  if ((output?.summary ?? '').length > 65_535) return invalid('Validation Failed: summary is too long');
  for (const one of annotations) {
    const complete = one.path && one.start_line > 0 && one.end_line >= one.start_line && one.message;
    if (!complete || (one.title ?? '').length > 255) return invalid('Validation Failed: annotations');
  }
  check.annotations.push(...annotations);
  return undefined;
}

async function newRef({ state, body }: Asked): Promise<Answer> {
  if (!String(body.ref).startsWith('refs/') || !COMMIT.test(body.sha)) return invalid('Invalid request');
  if ((await commitOf(state.path, body.ref)) !== undefined) return invalid('Reference already exists');
  try {
    await plumb(state.path, ['update-ref', body.ref, body.sha, '']);
  } catch (error) {
    return invalid(`Reference update failed: ${String(error)}`);
  }
  return created(refReply(body.ref, body.sha));
}

const refReply = (ref: string, sha: string) =>
  ({ ref, object: { sha, type: 'commit' } }) satisfies Part<Schemas['git-ref']>;

async function matchingRefs({ state, params }: Asked): Promise<Answer> {
  const text = await plumb(state.path, ['for-each-ref', '--format=%(refname) %(objectname)']);
  const found = text
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([ref = '']) => ref.startsWith(`refs/${params.ref}`));
  return { status: 200, list: found.map(([ref = '', sha = '']) => refReply(ref, sha)) };
}

async function contents({ state, params, query }: Asked): Promise<Answer> {
  const ref = query.get('ref') ?? state.defaultBranch;
  const commit = (await commitOf(state.path, `refs/heads/${ref}`)) ?? (await commitOf(state.path, ref));
  if (commit === undefined) return missing;
  const spec = `${commit}:${params.path}`;
  const sha = await plumb(state.path, ['rev-parse', '--verify', '--quiet', spec]).catch(() => undefined);
  if (sha === undefined) return missing;
  if ((await plumb(state.path, ['cat-file', '-t', sha])) !== 'blob') return ok([]);
  const content = Buffer.from(`${await plumb(state.path, ['cat-file', 'blob', sha])}\n`).toString('base64');
  const wrapped = content.replace(/.{60}/g, '$&\n');
  return ok({
    type: 'file',
    encoding: 'base64',
    path: params.path ?? '',
    sha,
    content: wrapped,
  } satisfies Part<Schemas['content-file']>);
}

function listIssues({ state, query }: Asked): Answer {
  const wanted = query.get('state') ?? 'open';
  const labels = (query.get('labels') ?? '').split(',').filter((label) => label !== '');
  const found = [...state.topics.values()].filter(
    (topic) =>
      (wanted === 'all' || topic.state === wanted) && labels.every((label) => topic.labels.includes(label)),
  );
  const sorted = found.toSorted((a, b) => byText(a.createdAt, b.createdAt));
  const list = query.get('direction') === 'asc' ? sorted : sorted.toReversed();
  return { status: 200, list: list.map((topic) => issueReply(state, topic)) };
}

const NODE_ID = 'R_kgDOtest';

const topicNeeds = [
  ['issues', 'write'],
  ['pull_requests', 'write'],
] as const;
const topicReads = [
  ['issues', 'read'],
  ['pull_requests', 'read'],
] as const;
const contentWrite = [['contents', 'write']] as const;

export const ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: '!/user',
    needs: [],
    answer: ({ token }) =>
      token.installation
        ? { status: 403, body: { message: 'Resource not accessible by integration', status: '403' } }
        : ok(userReply(token.user)),
  },
  {
    method: 'GET',
    path: '',
    needs: [],
    answer: ({ state, token }) => {
      const role = state.roles.get(token.user.login) ?? 'read';
      const grade = ['read', 'triage', 'write', 'maintain', 'admin'].indexOf(role);
      return ok({
        full_name: state.fullName,
        node_id: NODE_ID,
        private: state.isPrivate,
        archived: false,
        default_branch: state.defaultBranch,
        pushed_at: state.pushedAt,
        ...(token.installation
          ? {}
          : {
              permissions: {
                pull: grade >= 0,
                triage: grade >= 1,
                push: grade >= 2,
                maintain: grade >= 3,
                admin: grade >= 4,
              },
            }),
      } satisfies Part<Schemas['full-repository']>);
    },
  },
  {
    method: 'GET',
    path: '/issues/:number/comments',
    needs: topicReads,
    answer: (asked) => {
      const topic = topicOf(asked);
      if (!topic) return missing;
      const all = [...asked.state.comments.values()].filter(({ number }) => number === topic.number);
      return { status: 200, list: all.map(commentReply) };
    },
  },
  {
    method: 'POST',
    path: '/issues/:number/comments',
    needs: topicNeeds,
    answer: (asked) => {
      const { state, token, body } = asked;
      const topic = topicOf(asked);
      if (!topic) return missing;
      const problem = tooLong(body.body);
      if (problem) return problem;
      const at = state.now();
      const comment = {
        id: state.nextId(),
        number: topic.number,
        user: token.user,
        body: String(body.body),
        createdAt: at,
        updatedAt: at,
      };
      state.comments.set(comment.id, comment);
      return created(commentReply(comment));
    },
  },
  {
    method: 'PATCH',
    path: '/issues/comments/:id',
    needs: topicNeeds,
    answer: ({ state, params, body }) => {
      const comment = state.comments.get(Number(params.id));
      if (!comment) return missing;
      const problem = tooLong(body.body);
      if (problem) return problem;
      comment.body = String(body.body);
      comment.updatedAt = state.now();
      return ok(commentReply(comment));
    },
  },
  {
    method: 'DELETE',
    path: '/issues/comments/:id',
    needs: topicNeeds,
    answer: ({ state, params }) => (state.comments.delete(Number(params.id)) ? nothing : missing),
  },
  { method: 'POST', path: '/check-runs', needs: [['checks', 'write']], answer: newCheck },
  {
    method: 'PATCH',
    path: '/check-runs/:id',
    needs: [['checks', 'write']],
    answer: ({ state, params, body }) => {
      const check = state.checks.get(Number(params.id));
      if (!check) return missing;
      return annotate(check, body.output) ?? ok(checkReply(check));
    },
  },
  { method: 'GET', path: '/pulls', needs: [['pull_requests', 'read']], answer: listPulls },
  {
    method: 'GET',
    path: '/pulls/:number',
    needs: [['pull_requests', 'read']],
    answer: async (asked) => {
      const topic = topicOf(asked);
      if (!topic?.pull) return missing;
      await refresh(asked.state, topic);
      return ok(pullReply(asked.state, topic, topic.pull));
    },
  },
  { method: 'GET', path: '/pulls/:number/files', needs: [['pull_requests', 'read']], answer: changedFiles },
  { method: 'POST', path: '/pulls', needs: [['pull_requests', 'write']], answer: openPull },
  {
    method: 'PATCH',
    path: '/pulls/:number',
    needs: [['pull_requests', 'write']],
    answer: (asked) => {
      const topic = topicOf(asked);
      if (!topic?.pull) return missing;
      return (
        change(asked.state, topic, asked.token.user, asked.body) ??
        ok(pullReply(asked.state, topic, topic.pull))
      );
    },
  },
  { method: 'GET', path: '/issues', needs: [['issues', 'read']], answer: listIssues },
  {
    method: 'GET',
    path: '/issues/:number',
    needs: topicReads,
    answer: (asked) => {
      const topic = topicOf(asked);
      return topic ? ok(issueReply(asked.state, topic)) : missing;
    },
  },
  {
    method: 'POST',
    path: '/issues',
    needs: [['issues', 'write']],
    answer: ({ state, token, body }) => {
      const problem = tooLong(body.body);
      if (problem) return problem;
      const fields = { title: body.title, body: body.body ?? '', labels: body.labels ?? [] };
      return created(issueReply(state, newTopic(state, token.user, fields)));
    },
  },
  {
    method: 'PATCH',
    path: '/issues/:number',
    needs: [['issues', 'write']],
    answer: (asked) => {
      const topic = topicOf(asked);
      if (!topic) return missing;
      return change(asked.state, topic, asked.token.user, asked.body) ?? ok(issueReply(asked.state, topic));
    },
  },
  {
    method: 'POST',
    path: '/issues/:number/labels',
    needs: topicNeeds,
    answer: (asked) => {
      const topic = topicOf(asked);
      if (!topic) return missing;
      topic.labels = [...new Set([...topic.labels, ...asked.body.labels])];
      return ok(topic.labels.map((name) => ({ name })));
    },
  },
  {
    method: 'GET',
    path: '/git/commits/:sha',
    needs: [],
    answer: async ({ state, params }) => {
      const sha = params.sha ?? '';
      if ((await commitOf(state.path, sha)) === undefined) return missing;
      const tree = await plumb(state.path, ['rev-parse', `${sha}^{tree}`]);
      return ok({ sha, tree: { sha: tree } } satisfies Part<Schemas['git-commit']>);
    },
  },
  {
    method: 'POST',
    path: '/git/blobs',
    needs: contentWrite,
    answer: async ({ state, body }) =>
      created({ sha: await writeBlob(state.path, Buffer.from(body.content, body.encoding ?? 'utf8')) }),
  },
  {
    method: 'POST',
    path: '/git/trees',
    needs: contentWrite,
    answer: async ({ state, body }) =>
      created({ sha: await writeTree(state.path, body.base_tree, body.tree as readonly Tree[]) }),
  },
  {
    method: 'POST',
    path: '/git/commits',
    needs: contentWrite,
    answer: async ({ state, body, token }) =>
      created({
        sha: await writeCommit(state.path, body.tree, body.parents, body.message, token.user.login),
      }),
  },
  { method: 'POST', path: '/git/refs', needs: contentWrite, answer: newRef },
  {
    method: 'GET',
    path: '/git/ref/*ref',
    needs: [],
    answer: async ({ state, params }) => {
      const sha = await commitOf(state.path, `refs/${params.ref}`);
      return sha === undefined ? missing : ok(refReply(`refs/${params.ref}`, sha));
    },
  },
  { method: 'GET', path: '/git/matching-refs/*ref', needs: [], answer: matchingRefs },
  {
    method: 'PATCH',
    path: '/git/refs/*ref',
    needs: contentWrite,
    answer: async ({ state, params, body }) => {
      const ref = `refs/${params.ref}`;
      const before = await commitOf(state.path, ref);
      if (before === undefined) return invalid('Reference does not exist');
      const forward = await plumb(state.path, ['merge-base', '--is-ancestor', before, body.sha]).then(
        () => true,
        () => false,
      );
      if (!body.force && !forward) return invalid('Update is not a fast forward');
      await plumb(state.path, ['update-ref', ref, body.sha]);
      return ok(refReply(ref, body.sha));
    },
  },
  {
    method: 'DELETE',
    path: '/git/refs/*ref',
    needs: contentWrite,
    answer: async ({ state, params }) => {
      const ref = `refs/${params.ref}`;
      if ((await commitOf(state.path, ref)) === undefined) return invalid('Reference does not exist');
      await plumb(state.path, ['update-ref', '-d', ref]);
      return nothing;
    },
  },
  { method: 'GET', path: '/contents/*path', needs: [], answer: contents },
  {
    method: 'GET',
    path: '/collaborators/:login/permission',
    needs: [],
    answer: ({ state, params }) => {
      const login = params.login ?? '';
      const role = state.roles.get(login) ?? (state.isPrivate ? 'none' : 'read');
      const coarse = { maintain: 'write', triage: 'read' }[role as string] ?? role;
      return ok({ permission: coarse, role_name: role } satisfies Part<
        Schemas['repository-collaborator-permission']
      >);
    },
  },
  {
    method: 'POST',
    path: '/dispatches',
    needs: contentWrite,
    answer: ({ state, body }) => {
      if (Object.keys(body.client_payload ?? {}).length > 10) {
        return invalid('Invalid request.\n\nNo more than 10 properties are allowed; 11 were supplied.');
      }
      state.dispatches.push(body);
      return nothing;
    },
  },
  {
    method: 'GET',
    path: '/actions/workflows/:file',
    needs: [['actions', 'read']],
    answer: ({ state, params }) => {
      const workflow = state.workflows.get(params.file ?? '');
      return workflow ? ok(workflowReply(1, workflow)) : missing;
    },
  },
  {
    method: 'GET',
    path: '/actions/workflows/:file/runs',
    needs: [['actions', 'read']],
    answer: ({ state, params }) => {
      const workflow = state.workflows.get(params.file ?? '');
      if (!workflow) return missing;
      const at = workflow.lastScheduledAt;
      return ok({ total_count: at ? 1 : 0, workflow_runs: at ? [{ created_at: at }] : [] });
    },
  },
  {
    method: 'PUT',
    path: '/actions/workflows/:file/enable',
    needs: [['actions', 'write']],
    answer: ({ state, params }) => {
      const workflow = state.workflows.get(params.file ?? '');
      if (!workflow) return missing;
      workflow.state = 'active';
      return nothing;
    },
  },
  {
    method: 'GET',
    path: '/branches/*branch/protection',
    needs: [['administration', 'read']],
    answer: ({ state, params }) => {
      const classic = state.protection.get(params.branch ?? '')?.classic;
      return classic
        ? ok(classic)
        : { status: 404, body: { message: 'Branch not protected', status: '404' } };
    },
  },
  {
    method: 'GET',
    path: '/branches/*branch',
    needs: [],
    answer: async ({ state, params }) => {
      const branch = params.branch ?? '';
      const sha = await commitOf(state.path, `refs/heads/${branch}`);
      if (sha === undefined) return missing;
      const isProtected = state.protection.has(branch);
      return ok({ name: branch, commit: { sha }, protected: isProtected } satisfies Part<
        Schemas['branch-with-protection']
      >);
    },
  },
  {
    method: 'GET',
    path: '/rules/branches/*branch',
    needs: [],
    answer: ({ state, params }) => ({
      status: 200,
      list: state.protection.get(params.branch ?? '')?.rules ?? [],
    }),
  },
  {
    method: 'GET',
    path: '/actions/permissions/workflow',
    needs: [['administration', 'read']],
    answer: ({ state }) =>
      ok({
        default_workflow_permissions: 'read',
        can_approve_pull_request_reviews: state.workflowsMayOpenPulls,
      } satisfies Part<Schemas['actions-get-default-workflow-permissions']>),
  },
];

/** `updateRefs`: all or none, each only from where it is expected. */
async function updateRefs({ state, token, body }: Asked): Promise<Answer> {
  const failed = (type: string, message: string): Answer =>
    ok({ data: { updateRefs: null }, errors: [{ type, message, path: ['updateRefs'] }] });
  const { repositoryId, refUpdates } = body.variables?.input ?? {};
  if (token.permissions.contents !== 'write') {
    return failed('FORBIDDEN', 'Resource not accessible by integration');
  }
  if (repositoryId !== NODE_ID) return failed('NOT_FOUND', 'Could not resolve to a node');
  const updates = refUpdates as readonly {
    readonly name: string;
    readonly beforeOid: string;
    readonly afterOid: string;
    readonly force: boolean;
  }[];
  for (const { name, beforeOid, afterOid, force } of updates) {
    const isForward = await plumb(state.path, ['merge-base', '--is-ancestor', beforeOid, afterOid]).then(
      () => true,
      () => false,
    );
    if (!force && !isForward) return failed('UNPROCESSABLE', `${name}: not a fast forward`);
  }
  const lines = updates.map(({ name, beforeOid, afterOid }) => `update ${name} ${afterOid} ${beforeOid}`);
  const input = ['start', ...lines, 'prepare', 'commit', ''].join('\n');
  return plumb(state.path, ['update-ref', '--stdin'], { input }).then(
    () => ok({ data: { updateRefs: { clientMutationId: null } } }),
    (error: unknown) => failed('UNPROCESSABLE', String(error)),
  );
}

/** `userContentEdits` of one issue, and `updateRefs`: all there is. */
export async function graphql(asked: Asked): Promise<Answer> {
  const { state, body } = asked;
  if (String(body.query).includes('updateRefs')) return updateRefs(asked);
  if (!String(body.query).includes('userContentEdits')) {
    return ok({ errors: [{ type: 'undefinedField', message: 'this query is not known here' }] });
  }
  const topic = state.topics.get(Number(body.variables?.number));
  if (!topic) {
    return ok({
      data: { repository: { issue: null } },
      errors: [{ type: 'NOT_FOUND', message: 'no issue' }],
    });
  }
  const nodes = topic.edits.map(({ by, at }) => ({
    editedAt: at,
    editor: { __typename: by.type, login: by.login },
  }));
  return ok({ data: { repository: { issue: { userContentEdits: { nodes } } } } });
}

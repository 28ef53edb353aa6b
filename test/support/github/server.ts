/**
 * A GitHub of its own on loopback: one repository, a real bare one, with its pull requests, comments, checks, issues and
 * rights. It answers the calls certwright makes, as the types of `@octokit/openapi-types` say, and refuses what a token may
 * not do in GitHub's words. Unknown calls are 404 and noted.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  commitToRemote,
  emptyRemote,
  type Files,
  fileRemote,
  type GitRemote,
  git,
  tempFolder,
} from '../git.js';
import { commitOf, mergeOf, plumb, rebased, writeCommit } from './git.js';
import { type Answer, graphql, missing, newTopic, ROUTES, type Route, refresh } from './routes.js';
import type {
  CheckRun,
  Comment,
  Dispatch,
  Permissions,
  Protection,
  Role,
  State,
  Token,
  Topic,
  User,
  Workflow,
} from './state.js';

export interface FakeOptions {
  /** First commit of `main`; absent: an empty repository. */
  readonly files?: Files;
  /** A repository that is there already. */
  readonly remote?: GitRemote;
  readonly fullName?: string;
  /** Default true: reading needs its permission too. */
  readonly isPrivate?: boolean;
  /** When somebody last pushed; default: the day most tests are at. */
  readonly pushedAt?: string;
  /** Epoch ms; default: a clock of its own. */
  readonly nowMs?: () => number;
}

/** The next calls whose `METHOD /path` matches get this instead. */
export interface Fault {
  readonly match: RegExp;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly message?: string;
  /** Default: every time. */
  readonly times?: number;
  /** The call is carried out all the same: its reply is lost. */
  readonly after?: true;
}

export interface TokenOptions {
  /** As `permissions:` of a workflow has them (`pull-requests: write`). */
  readonly permissions?: Permissions;
  /** A person: the token is theirs. Absent: a workflow's own, a bot. */
  readonly login?: string;
}

export interface PullOptions {
  readonly head: string;
  readonly base?: string;
  readonly title?: string;
  readonly by?: string;
  /** A bare repository that the branch lies in. */
  readonly fork?: GitRemote;
}

export interface FakeGitHub {
  readonly apiUrl: string;
  readonly repository: string;
  readonly remote: GitRemote;
  /** `METHOD /path status`, without query. */
  readonly calls: readonly string[];
  /** Calls it does not know. */
  readonly unknown: readonly string[];
  readonly comments: readonly Comment[];
  readonly checks: readonly CheckRun[];
  readonly topics: readonly Topic[];
  readonly dispatches: readonly Dispatch[];
  token(options?: TokenOptions): string;
  fault(fault: Fault): void;
  role(login: string, role: Role): void;
  workflow(file: string, workflow: Omit<Workflow, 'path'>): void;
  protect(branch: string, protection: Protection): void;
  allowWorkflowsToOpenPulls(allowed: boolean): void;
  /** A copy of the repository at its present tips, as the button makes it. */
  fork(): Promise<GitRemote>;
  /** A commit on a branch, which begins at `main` where it is new. Gives the commit. */
  push(branch: string, files: Files, on?: GitRemote): Promise<string>;
  openPull(options: PullOptions): Promise<Topic>;
  /** Heads and merge results after a push. */
  refresh(number: number): Promise<void>;
  merge(number: number, method?: 'merge' | 'squash' | 'rebase', by?: string): Promise<string>;
  close(number: number, by?: string): void;
  deleteComment(id: number): void;
  /** Somebody writes a comment. */
  comment(number: number, by: User, body: string): Comment;
  /** Somebody edits the text of an issue. */
  edit(number: number, by: User, body: string): void;
}

const person = (login: string): User => ({ login, type: 'User' });
const BOT: User = { login: 'github-actions[bot]', type: 'Bot' };
/** What the guide's workflow gives. */
const WRITES: Permissions = { contents: 'write', issues: 'write', 'pull-requests': 'write', checks: 'write' };
const RATE = { 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': '4999' };

function matcher({ method, path }: Route, fullName: string) {
  const full = path.startsWith('!') ? path.slice(1) : `/repos/${fullName}${path}`;
  const names: string[] = [];
  const source = full
    .replace(/[.()[\]]/g, String.raw`\$&`)
    .replace(/[:*](\w+)/g, (mark: string, name: string) => {
      names.push(name);
      return mark.startsWith('*') ? '(.+)' : '([^/]+)';
    });
  const pattern = new RegExp(`^${source}$`);
  return (asked: string, pathname: string): Readonly<Record<string, string>> | undefined => {
    const found = asked === method ? pattern.exec(pathname) : null;
    if (!found) return undefined;
    return Object.fromEntries(names.map((name, i) => [name, decodeURIComponent(found[i + 1] ?? '')]));
  };
}

const LEVELS = { read: 1, write: 2 } as const;

/** Everybody may read what is public. */
function mayDo(state: State, { permissions }: Token, { needs, method }: Route): boolean {
  if (needs.length === 0) return true;
  if (method === 'GET' && !state.isPrivate && needs.every(([name]) => name !== 'administration')) return true;
  return needs.some(([name, level]) => {
    const has = permissions[name.replace('_', '-')];
    return has !== undefined && LEVELS[has] >= LEVELS[level];
  });
}

const accepted = ({ needs }: Route): string => needs.map(([name, level]) => `${name}=${level}`).join('; ');

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? {} : JSON.parse(text);
}

function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { ...RATE, 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

/** One page of a list, and where the next is. */
function page(
  list: readonly unknown[],
  url: URL,
): { readonly body: unknown; readonly headers: Readonly<Record<string, string>> } {
  const perPage = Math.min(100, Number(url.searchParams.get('per_page') ?? 30));
  const number = Number(url.searchParams.get('page') ?? 1);
  const body = list.slice((number - 1) * perPage, number * perPage);
  if (number * perPage >= list.length) return { body, headers: {} };
  const next = new URL(url);
  next.searchParams.set('page', String(number + 1));
  return { body, headers: { link: `<${next.href}>; rel="next"` } };
}

export async function fakeGitHub(options: FakeOptions = {}): Promise<FakeGitHub> {
  const { fullName = 'acme/certificates', isPrivate = true, nowMs = () => 0 } = options;
  const remote =
    options.remote ?? (options.files === undefined ? await emptyRemote() : await fileRemote(options.files));
  let seconds = options.nowMs ? 0 : Date.UTC(2026, 10, 22, 12) / 1000;
  let ids = 1000;
  let numbers = 0;
  const state: State = {
    fullName,
    isPrivate,
    defaultBranch: 'main',
    pushedAt: options.pushedAt ?? '2026-11-22T00:00:00Z',
    path: remote.path,
    tokens: new Map(),
    roles: new Map(),
    topics: new Map(),
    comments: new Map(),
    checks: new Map(),
    workflows: new Map(),
    protection: new Map(),
    dispatches: [],
    workflowsMayOpenPulls: true,
    now: () => {
      seconds = Math.max(seconds + 1, Math.floor(nowMs() / 1000));
      return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
    },
    nextId: () => {
      ids += 1;
      return ids;
    },
    nextNumber: () => {
      numbers += 1;
      return numbers;
    },
  };
  const calls: string[] = [];
  const unknown: string[] = [];
  const faults: { readonly fault: Fault; left: number }[] = [];
  const routes = ROUTES.map((route) => ({ route, match: matcher(route, fullName) }));

  async function answer(
    request: IncomingMessage,
    url: URL,
  ): Promise<Answer & { headers?: Fault['headers'] }> {
    const method = request.method ?? '';
    const given = (request.headers.authorization ?? '').replace(/^(token|bearer) /i, '');
    const token = state.tokens.get(given);
    if (!token) return { status: 401, body: { message: 'Bad credentials', status: '401' } };
    const body = await bodyOf(request);
    const asked = { state, token, params: {}, query: url.searchParams, body };
    if (url.pathname === '/graphql') return graphql(asked);
    for (const { route, match } of routes) {
      const params = match(method, url.pathname);
      if (!params) continue;
      if (mayDo(state, token, route)) return route.answer({ ...asked, params });
      const message = `Resource not accessible by ${token.installation ? 'integration' : 'personal access token'}`;
      const headers = { 'x-accepted-github-permissions': accepted(route) };
      return {
        status: 403,
        headers,
        body: { message, documentation_url: 'https://docs.github.com/rest', status: '403' },
      };
    }
    unknown.push(`${method} ${url.pathname}`);
    return missing;
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', `http://${request.headers.host}`);
    const call = `${request.method} ${url.pathname}`;
    const hit = faults.find(({ fault, left }) => left > 0 && fault.match.test(call));
    if (hit) hit.left -= 1;
    if (hit && !hit.fault.after) {
      const { status, headers, message = 'Server Error' } = hit.fault;
      calls.push(`${call} ${status}`);
      return send(response, status, { message }, headers);
    }
    const { status, body, list, headers } = await answer(request, url);
    calls.push(`${call} ${hit ? hit.fault.status : status}`);
    if (hit) return send(response, hit.fault.status, { message: hit.fault.message ?? 'Server Error' });
    if (list === undefined) return send(response, status, body, headers);
    const one = page(list, url);
    send(response, status, one.body, one.headers);
  }

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      send(response, 500, { message: `the fake GitHub failed: ${String(error)}` });
    });
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  onTestFinished(
    () =>
      new Promise<void>((closed) => {
        server.closeAllConnections();
        server.close(() => closed());
      }),
  );

  const topicOf = (number: number): Topic & { readonly pull: NonNullable<Topic['pull']> } => {
    const topic = state.topics.get(number);
    if (!topic?.pull) throw new RangeError(`no pull request ${number}`);
    return topic as Topic & { readonly pull: NonNullable<Topic['pull']> };
  };
  const finish = (topic: Topic, by: User): void => {
    topic.state = 'closed';
    topic.closedAt = state.now();
    topic.closedBy = by;
    topic.updatedAt = topic.closedAt;
  };
  const tipOf = async (ref: string): Promise<string> => {
    const tip = await commitOf(remote.path, ref);
    if (tip === undefined) throw new RangeError(`no ${ref}`);
    return tip;
  };

  return {
    apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    repository: fullName,
    remote,
    calls,
    unknown,
    get comments() {
      return [...state.comments.values()];
    },
    get checks() {
      return [...state.checks.values()];
    },
    get topics() {
      return [...state.topics.values()];
    },
    dispatches: state.dispatches,
    token({ permissions = WRITES, login } = {}) {
      const text = `${login === undefined ? 'ghs' : 'github_pat'}_test${state.tokens.size}${'x'.repeat(20)}`;
      state.tokens.set(text, {
        user: login === undefined ? BOT : person(login),
        installation: login === undefined,
        permissions,
      });
      return text;
    },
    fault: (fault) => void faults.push({ fault, left: fault.times ?? Number.POSITIVE_INFINITY }),
    role: (login, role) => void state.roles.set(login, role),
    workflow: (file, workflow) =>
      void state.workflows.set(file, { path: `.github/workflows/${file}`, ...workflow }),
    protect: (branch, protection) => void state.protection.set(branch, protection),
    allowWorkflowsToOpenPulls: (allowed) => {
      state.workflowsMayOpenPulls = allowed;
    },
    async fork() {
      const path = join(await tempFolder(), 'fork.git');
      await git(remote.path, 'clone', '--quiet', '--bare', remote.path, path);
      return { path, url: path };
    },
    async push(branch, files, on = remote) {
      if ((await commitOf(on.path, `refs/heads/${branch}`)) === undefined) {
        await git(on.path, 'branch', '--no-track', branch, 'main');
      }
      return commitToRemote(on, branch, files);
    },
    async openPull({ head, base = 'main', title = `Merge ${head}`, by = 'ann', fork }) {
      const path = fork?.path ?? remote.path;
      const headOid = (await commitOf(path, `refs/heads/${head}`)) ?? '';
      const pull = {
        headBranch: head,
        baseBranch: base,
        headOid,
        baseOid: await tipOf(`refs/heads/${base}`),
        ...(fork === undefined
          ? {}
          : { fork: { path: fork.path, fullName: `${by}/${fullName.split('/')[1]}` } }),
      };
      const topic = newTopic(state, person(by), { title, body: '', pull });
      await refresh(state, topic);
      return topic;
    },
    refresh: (number) => refresh(state, topicOf(number)),
    async merge(number, method = 'merge', by = 'ann') {
      const topic = topicOf(number);
      await refresh(state, topic);
      const { baseOid, headOid, baseBranch } = topic.pull;
      const merged = await mergeOf(remote.path, baseOid, headOid);
      if (merged === undefined) throw new Error(`#${number} does not merge`);
      const commits = {
        merge: async () => merged,
        squash: () => writeCommit(remote.path, `${merged}^{tree}`, [baseOid], `${topic.title} (#${number})`),
        rebase: () => rebased(remote.path, baseOid, headOid),
      };
      const oid = await commits[method]();
      await plumb(remote.path, ['update-ref', `refs/heads/${baseBranch}`, oid, baseOid]);
      finish(topic, person(by));
      topic.pull.mergedAt = topic.closedAt ?? '';
      topic.pull.mergedBy = person(by);
      topic.pull.mergeOid = oid;
      return oid;
    },
    close: (number, by = 'ann') => finish(topicOf(number), person(by)),
    deleteComment: (id) => void state.comments.delete(id),
    comment(number, by, body) {
      const at = state.now();
      const comment: Comment = { id: state.nextId(), number, user: by, body, createdAt: at, updatedAt: at };
      state.comments.set(comment.id, comment);
      return comment;
    },
    edit(number, by, body) {
      const topic = state.topics.get(number);
      if (!topic) throw new RangeError(`no issue ${number}`);
      topic.body = body;
      topic.edits.unshift({ by, at: state.now() });
    },
  };
}

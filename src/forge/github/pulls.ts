import type { Endpoints } from '@octokit/types';
import type { ChangedFile, PullRequest, Pulls } from '../../ports/forge.js';
import { eachOf, type Line, PER_PAGE } from './call.js';
import { accountOf } from './own-text.js';

/** What is read of the several shapes in which GitHub shows a pull request. */
interface Wire {
  readonly number: number;
  readonly html_url: string;
  readonly title: string;
  readonly body: string | null;
  readonly state: string;
  readonly merged_at: string | null;
  readonly closed_at: string | null;
  readonly created_at: string;
  readonly user: { readonly login: string; readonly type: string } | null;
  readonly head: {
    readonly ref: string;
    readonly sha: string;
    readonly repo: { readonly full_name: string } | null;
  };
  readonly base: { readonly ref: string; readonly sha: string };
}

type File = Endpoints['GET /repos/{owner}/{repo}/pulls/{pull_number}/files']['response']['data'][number];

const READ = { to: 'read pull requests', needs: 'pull-requests: read' } as const;
const WRITE = { to: 'write the pull request', needs: 'pull-requests: write' } as const;

const stateOf = ({ state, merged_at }: Wire): PullRequest['state'] =>
  merged_at === null ? (state === 'open' ? 'open' : 'closed') : 'merged';

const STATUS: Readonly<Partial<Record<File['status'], ChangedFile['status']>>> = {
  added: 'added',
  modified: 'modified',
  changed: 'modified',
  removed: 'removed',
  renamed: 'renamed',
  copied: 'added',
};

/** https://docs.github.com/en/rest/pulls/pulls */
export function pulls({ call, at, repository }: Line): Pulls {
  /** Its head is null where the fork is gone. */
  const isFork = (head: { readonly repo: { readonly full_name: string } | null }): boolean =>
    head.repo?.full_name.toLowerCase() !== repository.toLowerCase();

  const pullOf = (pull: Wire): PullRequest => ({
    number: pull.number,
    url: pull.html_url,
    title: pull.title,
    body: pull.body ?? '',
    state: stateOf(pull),
    author: accountOf(pull.user),
    head: { branch: pull.head.ref, oid: pull.head.sha },
    base: { branch: pull.base.ref, oid: pull.base.sha },
    isFork: isFork(pull.head),
    createdAt: pull.created_at,
    ...(pull.closed_at === null ? {} : { closedAt: pull.closed_at }),
  });

  async function end(number: number, merged: boolean) {
    if (merged) return {};
    const { data } = await call(
      'GET /repos/{owner}/{repo}/issues/{issue_number}',
      { ...at, issue_number: number },
      READ,
    );
    return data.closed_by ? { closedBy: accountOf(data.closed_by) } : {};
  }

  async function* ofHead(state: 'open' | 'all', owner: string, branch: string) {
    const all = eachOf((page) =>
      call(
        'GET /repos/{owner}/{repo}/pulls',
        { ...at, state, head: `${owner}:${branch}`, per_page: PER_PAGE, page },
        READ,
      ),
    );
    for await (const one of all) if (one.head.ref === branch) yield one;
  }

  return {
    async get(number) {
      const { data } = await call(
        'GET /repos/{owner}/{repo}/pulls/{pull_number}',
        { ...at, pull_number: number },
        READ,
      );
      const pull = pullOf(data);
      if (pull.state === 'open') return pull;
      return {
        ...pull,
        ...(await end(number, pull.state === 'merged')),
        ...(data.merged_by ? { mergedBy: accountOf(data.merged_by) } : {}),
        ...(pull.state === 'merged' && data.merge_commit_sha ? { mergeOid: data.merge_commit_sha } : {}),
      };
    },
    async list({ headPrefix, state, updatedSince }) {
      const found: PullRequest[] = [];
      const all = eachOf((page) =>
        call(
          'GET /repos/{owner}/{repo}/pulls',
          { ...at, state, sort: 'updated', direction: 'desc', per_page: PER_PAGE, page },
          READ,
        ),
      );
      for await (const one of all) {
        if (updatedSince !== undefined && Date.parse(one.updated_at) < Date.parse(updatedSince)) break;
        if (one.head.ref.startsWith(headPrefix) && !isFork(one.head)) found.push(pullOf(one));
      }
      return found;
    },
    async ofBranch(branch) {
      const found: PullRequest[] = [];
      for await (const one of ofHead('all', at.owner, branch)) if (!isFork(one.head)) found.push(pullOf(one));
      return found;
    },
    async withHead(owner, branch) {
      const found: PullRequest[] = [];
      for await (const one of ofHead('open', owner, branch)) found.push(pullOf(one));
      return found;
    },
    async files(number) {
      const all = eachOf((page) =>
        call(
          'GET /repos/{owner}/{repo}/pulls/{pull_number}/files',
          { ...at, pull_number: number, per_page: PER_PAGE, page },
          READ,
        ),
      );
      const found: ChangedFile[] = [];
      for await (const { filename, status, previous_filename } of all) {
        found.push({
          path: filename,
          status: STATUS[status] ?? 'other',
          ...(previous_filename === undefined ? {} : { previousPath: previous_filename }),
        });
      }
      return found;
    },
    async open({ labels = [], ...pull }) {
      const { data } = await call(
        'POST /repos/{owner}/{repo}/pulls',
        { ...at, ...pull },
        { ...WRITE, to: 'open the pull request' },
      );
      if (labels.length > 0) {
        await call(
          'POST /repos/{owner}/{repo}/issues/{issue_number}/labels',
          { ...at, issue_number: data.number, labels: [...labels] },
          { ...WRITE, to: 'label the pull request', repeats: true },
        );
      }
      return pullOf(data);
    },
    async update(number, change) {
      await call(
        'PATCH /repos/{owner}/{repo}/pulls/{pull_number}',
        { ...at, pull_number: number, ...change },
        { ...WRITE, repeats: true },
      );
    },
    async close(number) {
      await call(
        'PATCH /repos/{owner}/{repo}/pulls/{pull_number}',
        { ...at, pull_number: number, state: 'closed' },
        { ...WRITE, to: 'close the pull request', repeats: true },
      );
    },
  };
}

import type { Endpoints } from '@octokit/types';
import type { Issue, Issues, Marker } from '../../ports/forge.js';
import { eachOf, type Line, PER_PAGE } from './call.js';
import { accountOf, isMarked, markerOf, ownText, withMarker } from './own-text.js';

type Wire = Endpoints['GET /repos/{owner}/{repo}/issues']['response']['data'][number];
type IsOurs = (author: ReturnType<typeof accountOf>) => Promise<boolean>;

const READ = { to: 'read issues', needs: 'issues: read' } as const;
const WRITE = { to: 'write the issue', needs: 'issues: write' } as const;

/** GraphQL alone tells who edited a text: https://docs.github.com/en/graphql/reference/objects#issue */
const EDITS = `query edits($owner: String!, $repo: String!, $number: Int!) {
  repository(owner: $owner, name: $repo) {
    issue(number: $number) {
      userContentEdits(first: 20) { nodes { editedAt editor { __typename login } } }
    }
  }
}`;

interface Edits {
  readonly repository: {
    readonly issue: {
      readonly userContentEdits: {
        readonly nodes: readonly {
          readonly editedAt: string;
          readonly editor: { readonly __typename: string; readonly login: string } | null;
        }[];
      } | null;
    } | null;
  } | null;
}

const issueOf = (
  marker: Marker,
  issue: Pick<Wire, 'id' | 'body' | 'updated_at' | 'number' | 'html_url' | 'title' | 'state'>,
): Issue => ({
  ...ownText(marker, { ...issue, body: issue.body ?? '' }),
  number: issue.number,
  url: issue.html_url,
  title: issue.title,
  state: issue.state === 'open' ? 'open' : 'closed',
});

/** https://docs.github.com/en/rest/issues/issues */
export const issues = ({ call, query, at }: Line, isOurs: IsOurs): Issues => ({
  async find(marker, label) {
    const all = eachOf((page) =>
      call(
        'GET /repos/{owner}/{repo}/issues',
        {
          ...at,
          labels: label,
          state: 'all',
          sort: 'created',
          direction: 'asc',
          per_page: PER_PAGE,
          page,
        },
        READ,
      ),
    );
    let closed: Issue | undefined;
    for await (const one of all) {
      if (one.pull_request !== undefined || !isMarked(marker, one.body)) continue;
      if (!(await isOurs(accountOf(one.user)))) continue;
      const issue = issueOf(marker, one);
      if (issue.state === 'open') return issue;
      closed ??= issue;
    }
    return closed;
  },
  async open(prefix, label) {
    const found: (Issue & { readonly marker: Marker })[] = [];
    const all = eachOf((page) =>
      call(
        'GET /repos/{owner}/{repo}/issues',
        {
          ...at,
          labels: label,
          state: 'open',
          sort: 'created',
          direction: 'asc',
          per_page: PER_PAGE,
          page,
        },
        READ,
      ),
    );
    for await (const one of all) {
      const marker = markerOf(one.body);
      if (one.pull_request !== undefined || !marker?.startsWith(prefix)) continue;
      if (await isOurs(accountOf(one.user))) found.push({ ...issueOf(marker, one), marker });
    }
    return found;
  },
  async create(marker, { title, body, labels }) {
    const { data } = await call(
      'POST /repos/{owner}/{repo}/issues',
      { ...at, title, body: withMarker(marker, body), labels: [...labels] },
      { ...WRITE, to: 'open the issue' },
    );
    return issueOf(marker, data);
  },
  async update(number, marker, { body, ...change }) {
    await call(
      'PATCH /repos/{owner}/{repo}/issues/{issue_number}',
      {
        ...at,
        issue_number: number,
        ...change,
        ...(body === undefined ? {} : { body: withMarker(marker, body) }),
      },
      { ...WRITE, repeats: true },
    );
  },
  async edits(number) {
    const { repository } = await query<Edits>(EDITS, { ...at, number }, READ);
    const nodes = repository?.issue?.userContentEdits?.nodes ?? [];
    return nodes.map(({ editedAt, editor }) => ({
      at: editedAt,
      by: accountOf(editor && { login: editor.login, type: editor.__typename }),
    }));
  },
});

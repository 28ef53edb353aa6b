import type { Comments } from '../../ports/forge.js';
import { eachOf, type Line, orMissing, PER_PAGE } from './call.js';
import { accountOf, isMarked, ownText, withMarker } from './own-text.js';

type IsOurs = (author: ReturnType<typeof accountOf>) => Promise<boolean>;

const WRITE = { to: 'write the comment', needs: 'pull-requests: write' } as const;
const READ = { to: 'read comments', needs: 'pull-requests: read' } as const;

/** https://docs.github.com/en/rest/issues/comments (pull requests are issues there) */
export const comments = ({ call, at }: Line, isOurs: IsOurs): Comments => ({
  async find(number, marker) {
    const all = eachOf((page) =>
      call(
        'GET /repos/{owner}/{repo}/issues/{issue_number}/comments',
        { ...at, issue_number: number, per_page: PER_PAGE, page },
        READ,
      ),
    );
    for await (const comment of all) {
      if (isMarked(marker, comment.body) && (await isOurs(accountOf(comment.user)))) {
        return ownText(marker, comment);
      }
    }
    return undefined;
  },
  async create(number, marker, body) {
    const { data } = await call(
      'POST /repos/{owner}/{repo}/issues/{issue_number}/comments',
      { ...at, issue_number: number, body: withMarker(marker, body) },
      WRITE,
    );
    return ownText(marker, data);
  },
  async update(id, marker, body) {
    const updated = await orMissing(
      call(
        'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}',
        { ...at, comment_id: id, body: withMarker(marker, body) },
        { ...WRITE, repeats: true },
      ),
    );
    return updated !== undefined;
  },
  async delete(id) {
    await orMissing(
      call(
        'DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}',
        { ...at, comment_id: id },
        { ...WRITE, to: 'delete the comment', repeats: true },
      ),
    );
  },
});

import { CertError, explain } from '../../model/errors.js';
import type {
  CommitDraft,
  CommitPublisher,
  FileChange,
  Oid,
  PushOutcome,
  RefMove,
} from '../../ports/repository.js';
import { type About, type Line, orMissing } from './call.js';

const WRITE = { to: 'write the state branch', needs: 'contents: write' } as const;
/** Objects nobody points at may be made twice. */
const MAKE: About = { ...WRITE, repeats: true };
const READ = { to: 'read branches', needs: 'contents: read' } as const;

/** All or none, each only from `beforeOid`: https://docs.github.com/en/graphql/reference/mutations#updaterefs */
const UPDATE = `mutation update($input: UpdateRefsInput!) { updateRefs(input: $input) { clientMutationId } }`;

/** A push that was not answered, or whose answer makes no sense, is told from one that was refused by looking. */
const isUncertain = ({ code }: CertError): boolean => code === 'forge.unavailable';

/** What we say of it, and what GitHub did: a person needs both. */
const wordsOf = (error: CertError): string =>
  [explain(error), ...(error.providerText === undefined ? [] : [error.providerText])].join('\n');

/**
 * The same tree as ours on the same parent, committed by GitHub, which signs what an app or a workflow commits without naming
 * an author; then both refs at once. https://docs.github.com/en/rest/git
 */
export function commitPublisher({ call, query, at }: Line): CommitPublisher {
  let repositoryId: Promise<string> | undefined;
  const idOf = async (): Promise<string> =>
    (
      await call(
        'GET /repos/{owner}/{repo}',
        { ...at },
        { to: 'read the repository', needs: 'contents: read' },
      )
    ).data.node_id;

  async function entryOf({ path, content }: FileChange) {
    const entry = { path, mode: '100644' as const, type: 'blob' as const };
    if (content === null) return { ...entry, sha: null };
    if (typeof content === 'string') return { ...entry, content };
    if ('blob' in content) return { ...entry, sha: content.blob };
    const { data } = await call(
      'POST /repos/{owner}/{repo}/git/blobs',
      { ...at, content: Buffer.from(content).toString('base64'), encoding: 'base64' },
      MAKE,
    );
    return { ...entry, sha: data.sha };
  }

  async function make({ parent, tree, message, changes }: CommitDraft): Promise<Oid> {
    const { data: base } = await call(
      'GET /repos/{owner}/{repo}/git/commits/{commit_sha}',
      { ...at, commit_sha: parent },
      READ,
    );
    const entries = [];
    for (const change of changes) entries.push(await entryOf(change));
    const { data: made } = await call(
      'POST /repos/{owner}/{repo}/git/trees',
      { ...at, base_tree: base.tree.sha, tree: entries },
      MAKE,
    );
    if (made.sha !== tree) {
      throw new CertError('forge.refused', 'GitHub made another tree of the same files; nothing was moved');
    }
    const { data: commit } = await call(
      'POST /repos/{owner}/{repo}/git/commits',
      { ...at, message, tree, parents: [parent] },
      MAKE,
    );
    return commit.sha;
  }

  async function tipOf(ref: string): Promise<Oid | undefined> {
    const name = ref.replace(/^refs\//, '');
    const found = await orMissing(
      call('GET /repos/{owner}/{repo}/git/ref/{ref}', { ...at, ref: name }, READ),
    );
    return found?.data.object.sha;
  }

  /** What became of a move that failed: GitHub's words are not what is judged. */
  async function judge(moves: readonly RefMove[], to: Oid, failed: CertError): Promise<PushOutcome> {
    const tips = await Promise.all(moves.map(({ ref }) => tipOf(ref)));
    const text = wordsOf(failed);
    if (tips.every((tip) => tip === to)) return { kind: 'pushed', commit: to };
    const areUnmoved = moves.every(({ expected }, i) => tips[i] === expected);
    return areUnmoved && !isUncertain(failed)
      ? { kind: 'refused', text }
      : { kind: 'moved', text, commit: to };
  }

  return async (draft, moves) => {
    let commit: Oid | undefined;
    try {
      repositoryId ??= idOf();
      const id = await repositoryId;
      commit = await make(draft);
      const to = commit;
      const refUpdates = moves.map(({ ref, expected }) => ({
        name: ref,
        beforeOid: expected,
        afterOid: to,
        force: false,
      }));
      await query(UPDATE, { input: { repositoryId: id, refUpdates } }, WRITE);
      return { kind: 'pushed', commit: to };
    } catch (error) {
      if (!(error instanceof CertError) || error.code === 'interrupted') throw error;
      if (commit === undefined) {
        repositoryId = undefined;
        return { kind: isUncertain(error) ? 'moved' : 'refused', text: wordsOf(error) };
      }
      try {
        return await judge(moves, commit, error);
      } catch (second) {
        if (!(second instanceof CertError) || second.code === 'interrupted') throw second;
        return { kind: 'moved', text: wordsOf(error), commit };
      }
    }
  };
}

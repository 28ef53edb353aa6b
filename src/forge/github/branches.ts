import { CertError } from '../../model/errors.js';
import type { BranchCommit, Branches } from '../../ports/forge.js';
import type { Oid } from '../../ports/repository.js';
import { type Line, orMissing } from './call.js';

const HEADS = 'refs/heads/';
const READ = { to: 'read branches', needs: 'contents: read' } as const;
const WRITE = { to: 'write the branch', needs: 'contents: write' } as const;

/** A reference that exists, or one that is not there: both are 422 with these words. */
const EXISTS = /reference already exists/i;
const GONE = /reference does not exist/i;
const MOVED = /not a fast forward|reference does not exist/i;

const says = (error: unknown, words: RegExp): boolean =>
  error instanceof CertError && error.code === 'forge.refused' && words.test(error.providerText ?? '');

/** https://docs.github.com/en/rest/git (blobs, trees, commits, refs) and /rest/repos/contents */
export function branches({ call, at }: Line): Branches {
  /** Without author, GitHub names the owner of the token and signs for a bot. */
  async function commit({ base, files, message }: BranchCommit): Promise<Oid> {
    const { data: parent } = await call(
      'GET /repos/{owner}/{repo}/git/commits/{commit_sha}',
      { ...at, commit_sha: base },
      READ,
    );
    const tree = Object.entries(files).map(([path, content]) => {
      const entry = { path, mode: '100644' as const, type: 'blob' as const };
      return content === null ? { ...entry, sha: null } : { ...entry, content };
    });
    const { data: written } = await call(
      'POST /repos/{owner}/{repo}/git/trees',
      { ...at, base_tree: parent.tree.sha, tree },
      { ...WRITE, repeats: true },
    );
    const { data: made } = await call(
      'POST /repos/{owner}/{repo}/git/commits',
      { ...at, message, tree: written.sha, parents: [base] },
      { ...WRITE, repeats: true },
    );
    return made.sha;
  }

  async function create(branch: string, oid: Oid): Promise<{ readonly oid: Oid } | 'exists'> {
    try {
      await call('POST /repos/{owner}/{repo}/git/refs', { ...at, ref: `${HEADS}${branch}`, sha: oid }, WRITE);
      return { oid };
    } catch (error) {
      if (says(error, EXISTS)) return 'exists';
      throw error;
    }
  }

  return {
    async list(prefix) {
      const { data } = await call(
        'GET /repos/{owner}/{repo}/git/matching-refs/{ref}',
        { ...at, ref: `heads/${prefix}` },
        READ,
      );
      return new Map(data.map(({ ref, object }) => [ref.slice(HEADS.length), object.sha]));
    },
    async tip(branch) {
      const found = await orMissing(
        call('GET /repos/{owner}/{repo}/git/ref/{ref}', { ...at, ref: `heads/${branch}` }, READ),
      );
      return found?.data.object.sha;
    },
    async create(branch, what) {
      return create(branch, await commit(what));
    },
    async advance(branch, what) {
      const oid = await commit(what);
      try {
        await call(
          'PATCH /repos/{owner}/{repo}/git/refs/{ref}',
          { ...at, ref: `heads/${branch}`, sha: oid, force: false },
          { ...WRITE, repeats: true },
        );
        return { oid };
      } catch (error) {
        if (says(error, MOVED)) return 'moved';
        throw error;
      }
    },
    async replace(branch, what) {
      const oid = await commit(what);
      if ((await create(branch, oid)) !== 'exists') return { oid };
      await call(
        'PATCH /repos/{owner}/{repo}/git/refs/{ref}',
        { ...at, ref: `heads/${branch}`, sha: oid, force: true },
        { ...WRITE, repeats: true },
      );
      return { oid };
    },
    async delete(branch) {
      try {
        await call(
          'DELETE /repos/{owner}/{repo}/git/refs/{ref}',
          { ...at, ref: `heads/${branch}` },
          { ...WRITE, to: 'delete the branch', repeats: true },
        );
      } catch (error) {
        const gone = error instanceof CertError && error.code === 'forge.not-found';
        if (!gone && !says(error, GONE)) throw error;
      }
    },
    async file(path, ref) {
      const found = await orMissing(
        call('GET /repos/{owner}/{repo}/contents/{path}', { ...at, path, ref }, READ),
      );
      const data = found?.data;
      if (data === undefined || Array.isArray(data) || data.type !== 'file') return undefined;
      return Buffer.from(data.content, 'base64').toString('utf8');
    },
  };
}

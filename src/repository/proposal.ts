import { CertError } from '../model/errors.js';
import type { Oid, TreeReader } from '../ports/repository.js';
import { mustRun } from './process.js';
import { fetchTips, type Session } from './session.js';
import { treeReader } from './tree.js';

/** A change that wants to be merged, and what the branch would hold after it. */
export interface Proposal {
  /** Tip of the branch it goes into. */
  readonly base: TreeReader;
  /** Its own tip. */
  readonly head: Oid;
  /** Absent: the two do not merge. */
  readonly merged?: TreeReader;
  /** Paths that the merge changes. */
  readonly changed: readonly string[];
}

/** No program of this name, or no such option: git before 2.38. */
const NO_MERGE_TREE = /not a git command|usage: git merge-tree|unknown option|is not a valid object/i;

async function mergeTree(session: Session, base: Oid, head: Oid): Promise<Oid | undefined> {
  const { code, stdout, stderr } = await session.git([
    'merge-tree',
    '--write-tree',
    '--no-messages',
    base,
    head,
  ]);
  if (code === 0) return stdout.toString('latin1').trim();
  if (code === 1) return undefined;
  if (NO_MERGE_TREE.test(stderr)) {
    throw new CertError('repository.unavailable', 'git 2.38 or newer is needed to plan a pull request', {
      providerText: stderr.trim(),
    });
  }
  // Histories without a common commit: nobody can merge them.
  return undefined;
}

/**
 * One fetch of a branch and of what wants to go there, merged in our own clone: neither a stale head nor the site's own
 * idea of the merge counts, and nothing is checked out.
 * @param ref  a full ref: `refs/pull/7/head`
 * @throws CertError `repository.unavailable`, `repository.ref-missing`
 */
export async function readProposal(session: Session, branch: string, ref: string): Promise<Proposal> {
  const tips = await fetchTips(
    session,
    new Map([
      ['proposal-base', `refs/heads/${branch}`],
      ['proposal-head', ref],
    ]),
  );
  const base = tips.get('proposal-base');
  const head = tips.get('proposal-head');
  const missing = base === undefined ? `branch ${branch}` : head === undefined ? ref : undefined;
  if (base === undefined || head === undefined) {
    throw new CertError('repository.ref-missing', `${session.remote} has no ${missing}`);
  }
  const tree = await mergeTree(session, base, head);
  if (tree === undefined) return { base: treeReader(session.git, base), head, changed: [] };
  const changed = await pathsBetween(session, base, tree);
  return { base: treeReader(session.git, base), head, merged: treeReader(session.git, tree), changed };
}

/** Paths that differ between two commits, or trees. */
export async function pathsBetween(session: Session, from: Oid, to: Oid): Promise<readonly string[]> {
  const diff = await mustRun(session.git, ['diff-tree', '-r', '-z', '--name-only', from, to]);
  return diff
    .toString('utf8')
    .split('\0')
    .filter((path) => path !== '');
}

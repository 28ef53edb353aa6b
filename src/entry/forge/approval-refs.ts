import type { Wish } from '../../policy/approval-wishes.js';
import type { BranchCommit, Forge, PullRequest } from '../../ports/forge.js';
import { BRANCH_PREFIX, branchOf, keyOfBranch, pathOfKey } from './approval-branches.js';
import { type OwnPull, offerIn } from './proposals.js';

export interface Place {
  readonly branch: string;
  readonly oid: string;
}

/** A branch that people changed and left behind is not taken; neither is the tenth one. */
const MOST_TRIES = 9;

/**
 * A branch with the files on it, for a pull request that is not there yet; undefined where somebody else has just made one.
 * The name is the same for every run, so that only one of two makes it. What an earlier run left without a pull request is
 * taken up; what an ended one left, and nobody changed, is used again.
 */
export async function freeBranch(
  forge: Forge,
  wishes: readonly Wish[],
  base: string,
  { files, message }: Pick<BranchCommit, 'files' | 'message'>,
): Promise<Place | undefined> {
  const tip = await forge.branches.tip(base);
  if (tip === undefined) return undefined;
  const commit = { base: tip, files, message };
  const first = branchOf(wishes);
  for (let tries = 1; tries <= MOST_TRIES; tries++) {
    const branch = tries === 1 ? first : `${first}-${tries}`;
    const made = await forge.branches.create(branch, commit);
    if (made !== 'exists') return { branch, oid: made.oid };
    const pulls = await forge.pulls.ofBranch(branch);
    if (pulls.some(({ state }) => state === 'open')) return undefined;
    const there = await forge.branches.tip(branch);
    const isOurs = pulls.length === 0 ? await wasLeft(forge, branch, wishes) : isAsLeft(pulls, there);
    if (isOurs) return { branch, ...(await forge.branches.replace(branch, commit)) };
  }
  return undefined;
}

/** Nobody committed to it since its pull request ended. */
const isAsLeft = (pulls: readonly PullRequest[], tip: string | undefined): boolean =>
  tip !== undefined && pulls.some(({ head }) => head.oid === tip);

/** A run was stopped between the branch and its pull request: the branch holds the very files. */
async function wasLeft(forge: Forge, branch: string, wishes: readonly Wish[]): Promise<boolean> {
  for (const { key } of wishes) {
    const text = await forge.branches.file(pathOfKey(key), branch);
    if (text === undefined || offerIn(pathOfKey(key), text, key) === undefined) return false;
  }
  return true;
}

/** Takes away branches whose request is over, where nobody committed to them. A declined one stays while it is needed. */
export async function tidyBranches(
  forge: Forge,
  own: readonly OwnPull[],
  needed: ReadonlySet<string>,
): Promise<void> {
  const tips = await forge.branches.list(BRANCH_PREFIX);
  const open = new Set(own.filter(({ pull }) => pull.state === 'open').map(({ pull }) => pull.head.branch));
  for (const { pull, proposal } of own) {
    const { branch, oid } = pull.head;
    if (pull.state === 'open' || open.has(branch) || tips.get(branch) !== oid) continue;
    const key = keyOfBranch(branch);
    const isOver = pull.state === 'merged' || proposal.withdrawn || (key !== undefined && !needed.has(key));
    if (isOver) await forge.branches.delete(branch);
  }
}

import { CertError } from '../model/errors.js';
import type {
  AccountStore,
  CommitPublisher,
  FileChange,
  Integrity,
  Oid,
  PushOutcome,
  RefMove,
  Repository,
  RepositorySnapshot,
  TreeReader,
} from '../ports/repository.js';
import type { RunCache } from '../ports/run-cache.js';
import { accountStore } from './account-store.js';
import type { PushVerdict } from './failures.js';
import { HEADER_PATH, isOwnPath, STATE_FOLDER } from './layout.js';
import { mustRun } from './process.js';
import { type Proposal, pathsBetween, readProposal } from './proposal.js';
import { pushRefs, type RefUpdate, tryPush } from './push.js';
import { branchRef, SEEN_BRANCH, SEEN_REF } from './refs.js';
import { findSurvivors, type Survivors } from './rescue.js';
import { MEMORY_SHELF, QUIET_SHELF, runCache } from './run-cache.js';
import { fetchTips, openSession, type Session, type SessionOptions } from './session.js';
import { treeReader } from './tree.js';
import type { UserClone } from './user-clone.js';
import { writeCommit } from './write-commit.js';

const OID = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;

interface Branches {
  readonly approval: string;
  readonly state: string;
}

export interface RepositoryOptions extends SessionOptions {
  readonly branches: Branches;
  /** Makes the commits of the state branch in place of a push; everything else is pushed. */
  readonly publisher?: CommitPublisher;
}

/** The port, and what lies beside the state: the books of an embedded CA, and what runs leave to each other. */
export interface GitRepository extends Repository {
  /** The remote as host/path: what `_certwright.json` records. */
  readonly remote: string;
  /** The clone the person works in. */
  readonly clone: UserClone;
  /** May state and seen be pushed from here, and together? Changes nothing. @throws CertError `interrupted` */
  tryPush(snapshot: RepositorySnapshot): Promise<PushVerdict>;
  accounts(id: string): AccountStore;
  readonly runCache: RunCache;
  /** That a run found nothing to do, for runs on other machines. */
  readonly quietNote: RunCache;
}

/** Fine in every version of git, as git-check-ref-format(1) has it: nearly every name there is. */
const PLAIN_BRANCH = /^[a-z0-9][a-z0-9_-]*(\/[a-z0-9][a-z0-9_-]*)*$/i;
/** What is read of a remote beside what a run needs. */
export interface Reader {
  /** A change that wants into a branch. @param ref  full: `refs/pull/7/head` */
  proposal(branch: string, ref: string): Promise<Proposal>;
  /** Paths that differ between two commits that were fetched or written. */
  pathsBetween(from: Oid, to: Oid): Promise<readonly string[]>;
  /** The state branch alone, also where the approval branch is not there yet; undefined: it is not there either. */
  stateTip(): Promise<TreeReader | undefined>;
}

/** For the day on which the refs are gone. */
export interface Rescue {
  /** What is left of the state anywhere. @param from  more places to look: clones, bundles, refs of the person's clone */
  survivors(from: readonly string[]): Promise<Survivors>;
  /**
   * State and seen anew, both at once, each only from what the snapshot read of it (mostly nothing): these files and no others
   * below `issued/`. On top of `parent` where there is one, so that the history goes on.
   * @throws CertError `internal` where nothing is lost
   */
  reinstate(
    snapshot: RepositorySnapshot,
    parent: Oid | null,
    files: readonly FileChange[],
    message: string,
  ): Promise<PushOutcome>;
}

async function checkBranches(session: Session, branches: Branches): Promise<void> {
  const check = async (branch: string): Promise<void> => {
    if (PLAIN_BRANCH.test(branch)) return;
    const { code } = await session.git(['check-ref-format', branchRef(branch)]);
    if (code !== 0) throw new CertError('config.invalid', `"${branch}" cannot be the name of a branch`);
  };
  await Promise.all([branches.approval, branches.state].map(check));
  if (branches.approval === SEEN_BRANCH || branches.state === SEEN_BRANCH)
    throw new CertError('config.invalid', `the branch ${SEEN_BRANCH} is kept for certwright itself`);
}

async function isAncestor(session: Session, older: Oid, newer: Oid): Promise<boolean> {
  if (older === newer) return true;
  // `older` may come from a file: what is no id at all is nobody's ancestor.
  if (!OID.test(older) || !OID.test(newer)) return false;
  const { code } = await session.git(['merge-base', '--is-ancestor', older, newer]);
  if (code <= 1) return code === 0;
  await mustRun(session.git, ['cat-file', '-e', `${newer}^{commit}`]);
  // All of newer's history is here, so a commit that is not here is not in it.
  return false;
}

/** Tree id of everything that is ours in a commit; empty when there is nothing. */
async function ownTree(session: Session, commit: Oid): Promise<string> {
  const out = await mustRun(session.git, ['ls-tree', '--full-tree', commit, STATE_FOLDER]);
  return out.toString('utf8');
}

interface Tips {
  readonly approval?: Oid | undefined;
  readonly state?: Oid | undefined;
  readonly seen?: Oid | undefined;
}

async function judge(session: Session, branches: Branches, { state, seen }: Tips): Promise<Integrity> {
  const shared = branches.state === branches.approval;
  if (state === undefined && seen === undefined) return { kind: 'absent' };
  if (state === undefined) return { kind: 'lost', why: `the branch ${branches.state} is gone` };
  if (seen === undefined) {
    const header = shared ? await treeReader(session.git, state).list(HEADER_PATH) : undefined;
    if (header?.length === 0) return { kind: 'absent' };
    return { kind: 'lost', why: `the branch ${SEEN_BRANCH} is gone` };
  }
  if (state === seen) return { kind: 'healthy' };
  if (!(await isAncestor(session, seen, state)))
    return { kind: 'lost', why: `the branch ${branches.state} was taken back behind ${SEEN_BRANCH}` };
  // On a branch shared with people their commits are the normal case; only what they did to ours matters.
  if (shared && (await ownTree(session, seen)) === (await ownTree(session, state)))
    return { kind: 'healthy' };
  return { kind: 'foreign-commits' };
}

function seenOf(snapshot: RepositorySnapshot, state: Oid): Oid {
  const { kind } = snapshot.integrity;
  if (kind === 'healthy' || kind === 'foreign-commits') return snapshot.seen?.commit ?? state;
  if (kind === 'absent')
    throw new CertError(
      'repository.not-initialised',
      'this repository is not set up yet: run `certwright init`',
    );
  throw new CertError('repository.lost-state', `nothing can be recorded: ${snapshot.integrity.why}`);
}

function checkPaths(changes: readonly FileChange[]): void {
  const bad = changes.find(({ path }) => !isOwnPath(path));
  if (bad) throw new CertError('internal', `certwright does not write ${JSON.stringify(bad.path)}`);
}

const isMove = (update: RefUpdate): update is RefMove => update.expected !== null;

/** What makes the same tree of the same parent again; what changes nothing is left out. */
async function sameCommit(session: Session, parent: Oid, commit: Oid, changes: readonly FileChange[]) {
  const [out, paths] = await Promise.all([
    mustRun(session.git, ['rev-parse', `${commit}^{tree}`]),
    pathsBetween(session, parent, commit),
  ]);
  const different = new Set(paths);
  const last = new Map(changes.map((change) => [change.path, change]));
  return {
    tree: out.toString('latin1').trim(),
    changes: [...last.values()].filter(({ path }) => different.has(path)),
  };
}

/**
 * Git as the database, through our own bare clone below `cacheDir` (shared by every run, also at the same time).
 * @throws CertError `repository.unavailable`, `config.invalid`; contacts nobody yet
 */
export async function openRepository(options: RepositoryOptions): Promise<GitRepository & Reader & Rescue> {
  const { branches } = options;
  const session = await openSession(options);
  const asking = {
    ambient: options.env ?? process.env,
    log: options.log,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
  await checkBranches(session, branches);
  const stateRef = branchRef(branches.state);
  const shared = branches.state === branches.approval;

  const ours: readonly [string, string][] = [
    ['state', stateRef],
    ['seen', SEEN_REF],
  ];
  const everything = new Map([
    ['approval', branchRef(branches.approval)],
    ...ours,
    ['extra/*', 'refs/certwright/*'],
  ]);

  async function write(
    changes: readonly FileChange[],
    message: string,
    parent: Oid | null,
    updates: readonly RefUpdate[],
    publisher: CommitPublisher | null = options.publisher ?? null,
  ): Promise<PushOutcome> {
    checkPaths(changes);
    const commit = await writeCommit(session.git, `${session.refs.next()}new`, {
      parent,
      changes,
      message,
      committer: session.committer,
      ...(session.runId === undefined ? {} : { runId: session.runId }),
      atMs: session.clock.now(),
    });
    if (publisher && parent !== null && updates.every(isMove)) {
      const draft = { parent, message, ...(await sameCommit(session, parent, commit, changes)) };
      return publisher(draft, updates);
    }
    const verdict = await pushRefs(session, updates, commit);
    if (verdict.kind === 'pushed') return { kind: 'pushed', commit };
    const { kind, text } = verdict;
    return kind === 'moved' ? { kind, text, commit } : { kind, text };
  }

  return {
    remote: session.remote,
    clone: session.clone,

    async observe() {
      const tips = await fetchTips(session, everything);
      const approval = tips.get('approval');
      const state = tips.get('state');
      const seen = tips.get('seen');
      const cache = tips.get('extra/cache');
      const quietNote = tips.get('extra/quiet');
      if (approval === undefined)
        throw new CertError(
          'repository.ref-missing',
          `${session.remote} has no branch ${branches.approval}`,
          {
            remedy:
              'Push it, or name the branch your team merges into under branches.approval in certwright.yaml.',
          },
        );
      const integrity = await judge(session, branches, { state, seen });
      return {
        remote: session.remote,
        approval: treeReader(session.git, approval),
        ...(state === undefined ? {} : { state: treeReader(session.git, state) }),
        ...(seen === undefined || seen === state ? {} : { seen: treeReader(session.git, seen) }),
        integrity,
        ...(cache === undefined ? {} : { cache }),
        ...(quietNote === undefined ? {} : { quietNote }),
      };
    },

    async commit(snapshot, changes, message) {
      const state = snapshot.state?.commit ?? '';
      const seen = seenOf(snapshot, state);
      return write(changes, message, state, [
        { ref: stateRef, expected: state },
        { ref: SEEN_REF, expected: seen },
      ]);
    },

    async initialise(changes, message) {
      const tips = shared ? await fetchTips(session, new Map(ours)) : new Map<string, Oid>();
      const state = tips.get('state');
      const { kind } = await judge(session, branches, { state, seen: tips.get('seen') });
      if (kind !== 'absent') return { kind: 'moved', text: 'this repository is set up already' };
      return write(changes, message, state ?? null, [
        { ref: stateRef, expected: state ?? null },
        { ref: SEEN_REF, expected: null },
      ]);
    },

    survivors: (from) => findSurvivors(session, asking, from),

    async reinstate({ state, seen, integrity }, parent, files, message) {
      if (integrity.kind !== 'absent' && integrity.kind !== 'lost')
        throw new CertError('internal', 'a state that is there is not made anew');
      const base = shared ? (state?.commit ?? null) : parent;
      const kept = new Set(files.map(({ path }) => path));
      const there =
        base === null ? [] : [...(await treeReader(session.git, base).blobs(STATE_FOLDER)).keys()];
      const gone = there.filter((path) => !kept.has(path)).map((path) => ({ path, content: null }));
      const updates = [
        { ref: stateRef, expected: state?.commit ?? null },
        { ref: SEEN_REF, expected: seen?.commit ?? null },
      ];
      return write([...gone, ...files], message, base, updates, null);
    },

    async stateTip() {
      const state = (await fetchTips(session, new Map(ours))).get('state');
      return state === undefined ? undefined : treeReader(session.git, state);
    },

    tryPush({ approval, state, seen }) {
      const own = state?.commit ?? null;
      return tryPush(
        session,
        [
          { ref: stateRef, expected: own },
          { ref: SEEN_REF, expected: seen?.commit ?? own },
        ],
        own ?? approval.commit,
      );
    },

    isAncestor: (older, newer) => isAncestor(session, older, newer),
    accounts: (id) => accountStore(session, id),
    runCache: runCache(session, MEMORY_SHELF),
    quietNote: runCache(session, QUIET_SHELF),
    proposal: (branch, ref) => readProposal(session, branch, ref),
    pathsBetween: (from, to) => pathsBetween(session, from, to),
    close: () => session.refs.close(),
  };
}

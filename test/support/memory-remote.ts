import { createHash } from 'node:crypto';
import type {
  AccountStore,
  FileChange,
  Integrity,
  Oid,
  RepositorySnapshot,
} from '../../src/ports/repository.js';
import type { GitRepository } from '../../src/repository/git-repository.js';
import { testBranches } from './git.js';

const STATE = `refs/heads/${testBranches.state}`;
const SEEN = 'refs/heads/certwright/seen';
const APPROVAL = `refs/heads/${testBranches.approval}`;

interface Commit {
  readonly parent: Oid | null;
  /** Path → blob id. */
  readonly tree: ReadonlyMap<string, Oid>;
}

/**
 * A remote in memory, for tests that need hundreds of runs: commits, trees and compare-and-swap as git has them, without
 * a process. What git itself does is tested on real remotes.
 */
export class MemoryRemote {
  readonly #commits = new Map<Oid, Commit>();
  readonly #blobs = new Map<Oid, string>();
  refs: ReadonlyMap<string, Oid> = new Map();
  /** As host/path; another one is a copy of the repository. */
  identity = 'git.example.com/team/certificates';

  /** A commit on top of a ref, as anybody can push it. */
  push(ref: string, changes: readonly FileChange[]): Oid {
    const oid = this.#write(this.refs.get(ref) ?? null, changes, String(this.#commits.size));
    this.refs = new Map(this.refs).set(ref, oid);
    return oid;
  }

  /** A commit without parents that holds what a ref holds. */
  rewrite(ref: string): Oid {
    const changes = Object.entries(this.files(ref)).map(([path, content]) => ({ path, content }));
    const oid = this.#write(null, changes, 'written anew');
    this.refs = new Map(this.refs).set(ref, oid);
    return oid;
  }

  /** Texts by path. */
  files(ref: string): Readonly<Record<string, string>> {
    const tree = this.#commits.get(this.refs.get(ref) ?? '')?.tree ?? new Map<string, Oid>();
    return Object.fromEntries([...tree].map(([path, blob]) => [path, this.#blobs.get(blob) ?? '']));
  }

  /** Commits of a ref. */
  count(ref: string): number {
    let commits = 0;
    for (let oid = this.refs.get(ref) ?? null; oid !== null; oid = this.#commits.get(oid)?.parent ?? null) {
      commits += 1;
    }
    return commits;
  }

  open(): GitRepository {
    return {
      remote: this.identity,
      clone: { root: '/nowhere', bare: true, objectFormat: 'sha1' },
      observe: async () => this.#observe(),
      commit: async (snapshot, changes, message) => {
        const { state, seen } = snapshot;
        const expected = [state?.commit, seen?.commit ?? state?.commit];
        const oid = this.#write(state?.commit ?? null, changes, message);
        if (this.refs.get(STATE) !== expected[0] || this.refs.get(SEEN) !== expected[1]) {
          return { kind: 'moved', text: 'stale info' };
        }
        this.refs = new Map(this.refs).set(STATE, oid).set(SEEN, oid);
        return { kind: 'pushed', commit: oid };
      },
      initialise: async (changes, message) => {
        const oid = this.#write(null, changes, message);
        this.refs = new Map(this.refs).set(STATE, oid).set(SEEN, oid);
        return { kind: 'pushed', commit: oid };
      },
      isAncestor: async (older, newer) => this.#isAncestor(older, newer),
      accounts: (id) => this.#accounts(`refs/certwright/accounts/${id}`),
      close: async () => undefined,
    };
  }

  #write(parent: Oid | null, changes: readonly FileChange[], message: string): Oid {
    const tree = new Map(parent === null ? [] : this.#commits.get(parent)?.tree);
    for (const { path, content } of changes) {
      if (content === null) tree.delete(path);
      else if (typeof content === 'object' && 'blob' in content) tree.set(path, content.blob);
      else
        tree.set(
          path,
          this.#blob(typeof content === 'string' ? content : Buffer.from(content).toString('latin1')),
        );
    }
    const oid = hash(JSON.stringify([parent, [...tree].sort(), message, this.#commits.size]));
    this.#commits.set(oid, { parent, tree });
    return oid;
  }

  #blob(text: string): Oid {
    const oid = hash(text);
    this.#blobs.set(oid, text);
    return oid;
  }

  #reader(commit: Oid) {
    const tree = this.#commits.get(commit)?.tree ?? new Map<string, Oid>();
    return {
      commit,
      list: async (prefix: string) =>
        [...tree]
          .filter(
            ([path]) => prefix === '' || path === prefix || path.startsWith(`${prefix.replace(/\/$/, '')}/`),
          )
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([path, blob]) => ({ path, blob, bytes: Buffer.byteLength(this.#blobs.get(blob) ?? '') })),
      read: async (blobs: readonly Oid[]) => blobs.map((blob) => this.#blobs.get(blob) ?? ''),
    };
  }

  #observe(): RepositorySnapshot {
    const [state, seen] = [this.refs.get(STATE), this.refs.get(SEEN)];
    return {
      remote: this.identity,
      approval: this.#reader(this.refs.get(APPROVAL) ?? ''),
      ...(state === undefined ? {} : { state: this.#reader(state) }),
      ...(seen === undefined || seen === state ? {} : { seen: this.#reader(seen) }),
      integrity: this.#judge(state, seen),
    };
  }

  #judge(state: Oid | undefined, seen: Oid | undefined): Integrity {
    if (state === undefined && seen === undefined) return { kind: 'absent' };
    if (state === undefined || seen === undefined) return { kind: 'lost', why: 'a branch is gone' };
    if (state === seen) return { kind: 'healthy' };
    return this.#isAncestor(seen, state)
      ? { kind: 'foreign-commits' }
      : { kind: 'lost', why: 'the state branch was taken back' };
  }

  #isAncestor(older: Oid, newer: Oid): boolean {
    for (let oid: Oid | null = newer; oid !== null; oid = this.#commits.get(oid)?.parent ?? null) {
      if (oid === older) return true;
    }
    return false;
  }

  #accounts(ref: string): AccountStore {
    return {
      read: async () => {
        const version = this.refs.get(ref) ?? null;
        return { version, files: new Map(Object.entries(this.files(ref))) };
      },
      replace: async (version, files, message, beforePush) => {
        const oid = this.#write(
          null,
          [...files].map(([path, content]) => ({ path, content })),
          message,
        );
        beforePush?.();
        if ((this.refs.get(ref) ?? null) !== version) return false;
        this.refs = new Map(this.refs).set(ref, oid);
        return true;
      },
    };
  }
}

const hash = (text: string): Oid => createHash('sha1').update(text).digest('hex');

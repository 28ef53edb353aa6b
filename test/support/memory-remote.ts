import { CertError } from '../../src/model/errors.js';
import type {
  AccountStore,
  FileChange,
  Integrity,
  Oid,
  RepositorySnapshot,
  TreeEntry,
} from '../../src/ports/repository.js';
import type { RunCache } from '../../src/ports/run-cache.js';
import type { GitRepository } from '../../src/repository/git-repository.js';
import { isOwnPath } from '../../src/repository/layout.js';

const STATE = 'refs/heads/certwright/state';
const SEEN = 'refs/heads/certwright/seen';
const CACHE = 'refs/certwright/cache';
const QUIET = 'refs/certwright/quiet';
const APPROVAL = 'refs/heads/main';

let remotes = 0;

/** Path → blob id; never changed once it is committed. */
type Tree = ReadonlyMap<string, Oid>;

interface Commit {
  readonly parent: Oid | null;
  readonly tree: Tree;
}

const NO_FILES: Tree = new Map();

/**
 * A remote in memory, for tests that need hundreds of runs: commits, trees and compare-and-swap as git has them, without
 * a process. `test/contract/repository.ts` holds it to what real remotes do.
 */
export class MemoryRemote {
  readonly #commits = new Map<Oid, Commit>();
  readonly #blobs = new Map<Oid, { readonly text: string; readonly bytes: number }>();
  /** Ids of blobs by their texts: hashing them would take a tenth of a simulated year. */
  readonly #ids = new Map<string, Oid>();
  /** Of trees that were asked for: hundreds of runs ask again and again. */
  readonly #texts = new WeakMap<Tree, Readonly<Record<string, string>>>();
  readonly #entries = new WeakMap<Tree, readonly TreeEntry[]>();
  readonly #number = ++remotes;
  refs: ReadonlyMap<string, Oid> = new Map();
  /** As host/path; another one is a copy of the repository. */
  identity = 'git.example.com/team/certificates';

  /** A commit on top of a ref, as anybody can push it. */
  push(ref: string, changes: readonly FileChange[]): Oid {
    const oid = this.#write(this.refs.get(ref) ?? null, changes);
    this.refs = new Map(this.refs).set(ref, oid);
    return oid;
  }

  /** A commit without parents that holds what a ref holds. */
  rewrite(ref: string): Oid {
    const changes = Object.entries(this.files(ref)).map(([path, content]) => ({ path, content }));
    const oid = this.#write(null, changes);
    this.refs = new Map(this.refs).set(ref, oid);
    return oid;
  }

  /** Texts by path. */
  files(ref: string): Readonly<Record<string, string>> {
    return this.at(this.refs.get(ref) ?? '');
  }

  /** Texts of a commit, by path. */
  at(commit: Oid): Readonly<Record<string, string>> {
    const tree = this.#commits.get(commit)?.tree ?? NO_FILES;
    return kept(this.#texts, tree, () =>
      Object.fromEntries([...tree].map(([path, blob]) => [path, this.#blobs.get(blob)?.text ?? ''])),
    );
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
      tryPush: async () => ({ kind: 'pushed' }),
      commit: async (snapshot, changes) => {
        const { state, seen, integrity } = snapshot;
        if (integrity.kind === 'absent') {
          throw new CertError('repository.not-initialised', 'this repository is not set up yet');
        }
        if (integrity.kind === 'lost') {
          throw new CertError('repository.lost-state', `nothing can be recorded: ${integrity.why}`);
        }
        checkPaths(changes);
        const expected = [state?.commit, seen?.commit ?? state?.commit];
        const oid = this.#write(state?.commit ?? null, changes);
        if (this.refs.get(STATE) !== expected[0] || this.refs.get(SEEN) !== expected[1]) {
          return { kind: 'moved', text: 'stale info' };
        }
        this.refs = new Map(this.refs).set(STATE, oid).set(SEEN, oid);
        return { kind: 'pushed', commit: oid };
      },
      initialise: async (changes) => {
        checkPaths(changes);
        if (this.refs.has(STATE) || this.refs.has(SEEN)) {
          return { kind: 'moved', text: 'this repository is set up already' };
        }
        const oid = this.#write(null, changes);
        this.refs = new Map(this.refs).set(STATE, oid).set(SEEN, oid);
        return { kind: 'pushed', commit: oid };
      },
      isAncestor: async (older, newer) => {
        if (older === newer) return true;
        if (OID.test(newer) && OID.test(older) && !this.#commits.has(newer)) {
          throw new CertError('internal', `there is no commit ${newer}`);
        }
        return this.#isAncestor(older, newer);
      },
      runCache: this.#shelf(CACHE, 'cache.json'),
      quietNote: this.#shelf(QUIET, 'quiet.json'),
      accounts: (id) => this.#accounts(`refs/certwright/accounts/${id}`),
      close: async () => undefined,
    };
  }

  #shelf(ref: string, file: string): RunCache {
    return {
      read: async (version) => {
        const blob = this.#commits.get(version)?.tree.get(file);
        return blob === undefined ? undefined : this.#blobs.get(blob)?.text;
      },
      replace: async (_seen, change) => {
        const text = change(this.files(ref)[file]);
        const oid = this.#write(null, [{ path: file, content: text }]);
        this.refs = new Map(this.refs).set(ref, oid);
        return undefined;
      },
    };
  }

  #write(parent: Oid | null, changes: readonly FileChange[]): Oid {
    const tree = new Map(parent === null ? [] : this.#commits.get(parent)?.tree);
    for (const { path, content } of changes) {
      if (content === null) tree.delete(path);
      else if (typeof content === 'object' && 'blob' in content) tree.set(path, content.blob);
      else tree.set(path, this.#blob(content));
    }
    const oid = this.#newOid(this.#commits.size, 'c');
    this.#commits.set(oid, { parent, tree });
    return oid;
  }

  /** Read back as text, like every blob. */
  #blob(content: string | Uint8Array): Oid {
    const text = typeof content === 'string' ? content : Buffer.from(content).toString('utf8');
    const key = typeof content === 'string' ? content : keyOf(content, text);
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const oid = this.#newOid(this.#blobs.size, 'b');
    this.#ids.set(key, oid);
    this.#blobs.set(oid, { text, bytes: Buffer.byteLength(content) });
    return oid;
  }

  /** No other thing in this process has it. */
  #newOid(number: number, kind: 'b' | 'c'): Oid {
    return `${kind}${number.toString(16).padStart(9, '0')}${this.#number.toString(16).padStart(30, '0')}`;
  }

  #text(blob: Oid): string {
    const known = this.#blobs.get(blob);
    if (!known) throw new RangeError(`there is no blob ${blob}`);
    return known.text;
  }

  #reader(commit: Oid) {
    const tree = this.#commits.get(commit)?.tree ?? NO_FILES;
    const entries = () =>
      kept(this.#entries, tree, () =>
        [...tree]
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([path, blob]) => ({ path, blob, bytes: this.#blobs.get(blob)?.bytes ?? 0 })),
      );
    const below = (prefix: string) => {
      const folder = `${prefix.replace(/\/$/, '')}/`;
      return entries().filter(({ path }) => prefix === '' || path === prefix || path.startsWith(folder));
    };
    return {
      commit,
      list: async (prefix: string) => below(prefix),
      blobs: async (prefix: string) => new Map(below(prefix).map(({ path, blob }) => [path, blob])),
      read: async (blobs: readonly Oid[]) => blobs.map((blob) => this.#text(blob)),
      readEach: async (blobs: readonly Oid[], take: (text: string, index: number) => void) => {
        for (const [index, blob] of blobs.entries()) take(this.#text(blob), index);
      },
    };
  }

  #observe(): RepositorySnapshot {
    const [state, seen, cache] = [this.refs.get(STATE), this.refs.get(SEEN), this.refs.get(CACHE)];
    const approval = this.refs.get(APPROVAL);
    if (approval === undefined) {
      throw new CertError('repository.ref-missing', `${this.identity} has no branch main`);
    }
    return {
      remote: this.identity,
      approval: this.#reader(approval),
      ...(state === undefined ? {} : { state: this.#reader(state) }),
      ...(seen === undefined || seen === state ? {} : { seen: this.#reader(seen) }),
      integrity: this.#judge(state, seen),
      ...(cache === undefined ? {} : { cache }),
    };
  }

  #judge(state: Oid | undefined, seen: Oid | undefined): Integrity {
    if (state === undefined && seen === undefined) return { kind: 'absent' };
    if (state === undefined) return { kind: 'lost', why: 'the branch certwright/state is gone' };
    if (seen === undefined) return { kind: 'lost', why: 'the branch certwright/seen is gone' };
    if (state === seen) return { kind: 'healthy' };
    return this.#isAncestor(seen, state)
      ? { kind: 'foreign-commits' }
      : { kind: 'lost', why: 'the branch certwright/state was taken back behind certwright/seen' };
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
      replace: async (version, files, _message, beforePush) => {
        const oid = this.#write(
          null,
          [...files].map(([path, content]) => ({ path, content })),
        );
        beforePush?.();
        if ((this.refs.get(ref) ?? null) !== version) return false;
        this.refs = new Map(this.refs).set(ref, oid);
        return true;
      },
    };
  }
}

/** What was made of a tree before, or made now and kept. */
function kept<T>(memory: WeakMap<Tree, T>, tree: Tree, make: () => T): T {
  const known = memory.get(tree) ?? make();
  memory.set(tree, known);
  return known;
}

const OID = /^[0-9a-f]{40}$/;

function checkPaths(changes: readonly FileChange[]): void {
  const bad = changes.find(({ path }) => !isOwnPath(path));
  if (bad) throw new CertError('internal', `certwright does not write ${JSON.stringify(bad.path)}`);
}

/** Bytes that are no text must not be taken for another text. */
const keyOf = (bytes: Uint8Array, text: string): string =>
  Buffer.from(text).equals(bytes) ? text : `\0${Buffer.from(bytes).toString('latin1')}`;

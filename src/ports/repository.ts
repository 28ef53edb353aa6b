/** A full Git object id. */
export type Oid = string;

/** Files of one tree, by path, read on demand and in bulk. */
export interface TreeReader {
  readonly commit: Oid;
  /** Every path below `prefix` with its blob id and size, sorted. */
  list(prefix: string): Promise<readonly TreeEntry[]>;
  /** The same without sizes, for which git has to look at every file. */
  blobs(prefix: string): Promise<ReadonlyMap<string, Oid>>;
  /** Texts of blobs, in the order asked for; one bulk read. @throws RangeError for an id that is not there */
  read(blobs: readonly Oid[]): Promise<readonly string[]>;
  /**
   * The same one by one, as they come: the whole is never held at once. What `take` throws ends the reading.
   * @throws RangeError for an id that is not there
   */
  readEach(blobs: readonly Oid[], take: (text: string, index: number) => void): Promise<void>;
}

export interface TreeEntry {
  readonly path: string;
  readonly blob: Oid;
  readonly bytes: number;
}

/** How state and seen stand to each other (DESIGN §4). */
export type Integrity =
  | { readonly kind: 'healthy' }
  /** Neither ref exists: never initialised, or everything lost. */
  | { readonly kind: 'absent' }
  /** Head descends from seen by commits that are not ours: what seen's tree holds still counts. */
  | { readonly kind: 'foreign-commits' }
  /** One ref gone, or head does not descend from seen: no paid action. */
  | { readonly kind: 'lost'; readonly why: string };

/** One look at the remote: every field is from the same fetch. */
export interface RepositorySnapshot {
  /** Remote as host/path, without scheme, user and `.git`. */
  readonly remote: string;
  readonly approval: TreeReader;
  /** Absent when the state branch does not exist. */
  readonly state?: TreeReader;
  /** Tree of `seen` where it differs from state. */
  readonly seen?: TreeReader;
  readonly integrity: Integrity;
  /** Version of what runs leave to each other (`RunCache`). */
  readonly cache?: Oid;
  /** The same of the note that nothing was due. */
  readonly quietNote?: Oid;
}

export interface FileChange {
  readonly path: string;
  /**
   * Text, bytes, or a blob the repository already has (moving and restoring files needs no reading). null removes the
   * file; a directory goes with its last file.
   */
  readonly content: string | Uint8Array | { readonly blob: Oid } | null;
}

export type PushOutcome =
  | { readonly kind: 'pushed'; readonly commit: Oid }
  /** Somebody else was first, or nothing is certain: fetch and look. `commit`: may be on the branch all the same. */
  | { readonly kind: 'moved'; readonly text: string; readonly commit?: Oid }
  /** A rule, a permission, an impossible ref: trying again does not help. */
  | { readonly kind: 'refused'; readonly text: string };

/** A commit that was made here and is to be made again elsewhere, with the same tree. */
export interface CommitDraft {
  readonly parent: Oid;
  /** What the tree has to be. */
  readonly tree: Oid;
  readonly message: string;
  /** Each path once; what has no content here is in the parent's tree and goes. */
  readonly changes: readonly FileChange[];
}

/** Moves refs that are there, all or none, each only from where it was read. */
export interface RefMove {
  /** Full: `refs/heads/certwright/state`. */
  readonly ref: string;
  readonly expected: Oid;
}

/**
 * Makes commits somewhere else than in our own clone (a site that signs them), in place of a push. Promises what a push
 * promises and no more: `pushed` proves nothing, `moved` says that one has to look.
 * @throws CertError `interrupted`
 */
export type CommitPublisher = (draft: CommitDraft, moves: readonly RefMove[]) => Promise<PushOutcome>;

/** Git as the database. Nothing here touches the user's work tree, index or clone. */
export interface Repository {
  /** One fetch. @throws CertError `repository.unavailable`, `repository.ref-missing` */
  observe(): Promise<RepositorySnapshot>;
  /**
   * A commit on top of `snapshot.state`, pushed together with `seen`, only if both refs still are what the snapshot
   * read. `pushed` proves nothing by itself: confirm by looking for what was written.
   */
  commit(snapshot: RepositorySnapshot, changes: readonly FileChange[], message: string): Promise<PushOutcome>;
  /** Creates both refs from an orphan commit, only if neither exists. */
  initialise(changes: readonly FileChange[], message: string): Promise<PushOutcome>;
  /** Is `older` an ancestor of (or the same as) `newer`? Judged on the full commit graph. */
  isAncestor(older: Oid, newer: Oid): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * A small database of its own for something that has to live beside the state: the books of an embedded CA.
 * Versions are compared on writing.
 */
export interface AccountStore {
  /** `version` null: nothing there yet. */
  read(): Promise<{ readonly version: Oid | null; readonly files: ReadonlyMap<string, string> }>;
  /** false: the version moved; read again. */
  replace(
    version: Oid | null,
    files: ReadonlyMap<string, string>,
    message: string,
    beforePush?: () => void,
  ): Promise<boolean>;
}

import type { Oid } from '../ports/repository.js';
import { branchRef, SEEN_REF } from './refs.js';
import { MEMORY_SHELF, QUIET_SHELF, readShelf } from './run-cache.js';
import { fetchTips, listRemote, openSession, type SessionOptions } from './session.js';
import type { UserClone } from './user-clone.js';

const NOTE = 'note';

/** Where the branches stand, and what lies beside them; null: not there. */
export interface Tips {
  readonly approval: Oid | null;
  readonly state: Oid | null;
  readonly seen: Oid | null;
  readonly cache: Oid | null;
}

/** What a remote tells without its history: ids of its refs, and the note that nothing was due. */
export interface Glance {
  /** The remote as host/path. */
  readonly remote: string;
  readonly clone: UserClone;
  /** Fetched, where there is one; nothing else is. */
  readonly note?: string;
  tips(branches: { readonly approval: string; readonly state: string }): Tips;
}

/**
 * One question about the refs; where a note is among them, one fetch of that.
 * @throws CertError as opening a session and fetching do
 */
export async function glanceAt(options: SessionOptions): Promise<Glance> {
  const session = await openSession(options);
  try {
    // Names of branches stand in the note, which is not read yet.
    const refs = await listRemote(session, [QUIET_SHELF.ref, MEMORY_SHELF.ref, branchRef('*')]);
    const note = refs.has(QUIET_SHELF.ref)
      ? (await fetchTips(session, new Map([[NOTE, QUIET_SHELF.ref]]))).get(NOTE)
      : undefined;
    const text = note === undefined ? undefined : await readShelf(session.git, QUIET_SHELF, note);
    const at = (ref: string): Oid | null => refs.get(ref) ?? null;
    return {
      remote: session.remote,
      clone: session.clone,
      ...(text === undefined ? {} : { note: text }),
      tips: ({ approval, state }) => ({
        approval: at(branchRef(approval)),
        state: at(branchRef(state)),
        seen: at(SEEN_REF),
        cache: at(MEMORY_SHELF.ref),
      }),
    };
  } finally {
    await session.refs.close();
  }
}

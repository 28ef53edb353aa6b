import { messageOf } from '../model/errors.js';
import type { Oid } from '../ports/repository.js';
import type { RunCache } from '../ports/run-cache.js';
import type { Git } from './process.js';
import { pushRefs } from './push.js';
import { fetchTips, type Session } from './session.js';
import { writeCommit } from './write-commit.js';

const NAME = 'cache';
const ATTEMPTS = 3;

/** One file in the commit of a ref of our own: never a branch, so no rule for branches stops it. */
export interface Shelf {
  readonly ref: string;
  readonly file: string;
  readonly message: string;
  /** More than this was not written by us. */
  readonly maxBytes: number;
}

/** What calls told (`RunMemory`). */
export const MEMORY_SHELF: Shelf = {
  ref: 'refs/certwright/cache',
  file: 'cache.json',
  message: 'remember what was asked\n',
  maxBytes: 50_000_000,
};

/** That a run of a large repository found nothing to do. */
export const QUIET_SHELF: Shelf = {
  ref: 'refs/certwright/quiet',
  file: 'quiet.json',
  message: 'remember that nothing was due\n',
  maxBytes: 64 * 1024,
};

/** The text of a version that was fetched; undefined where nothing of ours is there. */
export async function readShelf(git: Git, shelf: Shelf, version: Oid): Promise<string | undefined> {
  const { code, stdout } = await git(['cat-file', 'blob', `${version}:${shelf.file}`]);
  return code === 0 && stdout.length <= shelf.maxBytes ? stdout.toString('utf8') : undefined;
}

export function runCache(session: Session, shelf: Shelf): RunCache {
  const read = (version: Oid): Promise<string | undefined> => readShelf(session.git, shelf, version);

  async function attempt(seen: Oid | undefined, text: string) {
    const commit = await writeCommit(session.git, `${session.refs.next()}new`, {
      parent: null,
      changes: [{ path: shelf.file, content: text }],
      message: shelf.message,
      committer: session.committer,
      atMs: session.clock.now(),
    });
    // The lease keeps an older run from burying a newer one; it costs another try, never a failure.
    return pushRefs(session, [{ ref: shelf.ref, expected: seen ?? null }], commit);
  }

  return {
    read,

    async replace(seen, change) {
      let version = seen;
      let why = '';
      try {
        for (let tries = 1; tries <= ATTEMPTS; tries++) {
          const current = version === undefined ? undefined : await read(version);
          const verdict = await attempt(version, change(current));
          if (verdict.kind === 'pushed') return undefined;
          why = verdict.text;
          if (verdict.kind === 'refused') return why;
          version = (await fetchTips(session, new Map([[NAME, shelf.ref]]))).get(NAME);
        }
      } catch (error) {
        return messageOf(error);
      }
      return why;
    },
  };
}

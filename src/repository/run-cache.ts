import { messageOf } from '../model/errors.js';
import type { Oid } from '../ports/repository.js';
import type { RunCache } from '../ports/run-cache.js';
import { pushRefs } from './push.js';
import { fetchTips, type Session } from './session.js';
import { writeCommit } from './write-commit.js';

const REF = 'refs/certwright/cache';
const FILE = 'cache.json';
const NAME = 'cache';
const ATTEMPTS = 3;
/** More than this was not written by us. */
const MAX_BYTES = 50_000_000;

/** The cache at `refs/certwright/cache`: never a branch, so no rule for branches stops it. */
export function runCache(session: Session): RunCache {
  async function read(version: Oid): Promise<string | undefined> {
    const { code, stdout } = await session.git(['cat-file', 'blob', `${version}:${FILE}`]);
    return code === 0 && stdout.length <= MAX_BYTES ? stdout.toString('utf8') : undefined;
  }

  async function attempt(seen: Oid | undefined, text: string) {
    const commit = await writeCommit(session.git, `${session.refs.next()}new`, {
      parent: null,
      changes: [{ path: FILE, content: text }],
      message: 'remember what was asked\n',
      committer: session.committer,
      atMs: session.clock.now(),
    });
    // The lease keeps an older run from burying a newer one; it costs another try, never a failure.
    return pushRefs(session, [{ ref: REF, expected: seen ?? null }], commit);
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
          version = (await fetchTips(session, new Map([[NAME, REF]]))).get(NAME);
        }
      } catch (error) {
        return messageOf(error);
      }
      return why;
    },
  };
}

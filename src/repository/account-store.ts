import { randomBytes } from 'node:crypto';
import { CertError } from '../model/errors.js';
import type { AccountStore, FileChange, Oid } from '../ports/repository.js';
import { pushRefs } from './push.js';
import { fetchTips, type Session } from './session.js';
import { treeReader } from './tree.js';
import { runTrailer, writeCommit } from './write-commit.js';

const ID = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/i;
const NAME = 'account';

/** What stood at a version that was read. A commit is its content, so none of it is asked for again. */
interface Reading {
  readonly version: Oid;
  readonly blobs: ReadonlyMap<string, Oid>;
  readonly files: ReadonlyMap<string, string>;
}

/**
 * The database of one account at `refs/certwright/accounts/<id>`: a chain of small commits, each holding every file.
 * It is a ref of the remote and no branch, so protection rules for branches do not stop it.
 *
 * Only what differs from the version read last is read, and written: a run that issues ten thousand certificates looks at
 * the books of its CA some hundred times.
 */
export function accountStore(session: Session, id: string): AccountStore {
  if (!ID.test(id)) throw new CertError('config.invalid', `"${id}" cannot be the id of an account`);
  const ref = `refs/certwright/accounts/${id}`;

  const tip = async () => (await fetchTips(session, new Map([[NAME, ref]]))).get(NAME) ?? null;

  let last: Reading | undefined;

  async function readAt(version: Oid): Promise<Reading> {
    const known = new Map<Oid, string>();
    for (const [path, blob] of last?.blobs ?? []) known.set(blob, last?.files.get(path) ?? '');
    const tree = treeReader(session.git, version);
    const blobs = await tree.blobs('');
    const unknown = [...new Set(blobs.values())].filter((blob) => !known.has(blob));
    await tree.readEach(unknown, (text, index) => known.set(unknown[index] ?? '', text));
    return {
      version,
      blobs,
      files: new Map([...blobs].map(([path, blob]) => [path, known.get(blob) ?? ''])),
    };
  }

  return {
    async read() {
      const version = await tip();
      if (version === null) return { version, files: new Map() };
      const reading = last?.version === version ? last : await readAt(version);
      last = reading;
      return { version, files: reading.files };
    },

    async replace(version, files, message, beforePush) {
      const commit = await writeCommit(session.git, `${session.refs.next()}new`, {
        parent: version,
        ...(last !== undefined && last.version === version
          ? { changes: differences(last.files, files) }
          : { replaceAll: true, changes: [...files].map(([path, content]) => ({ path, content })) }),
        // Two runners that write the same in the same second must not make the same commit: both would have won.
        message: `${message}\n\nNonce: ${randomBytes(16).toString('hex')}\n${runTrailer(session.runId)}`,
        committer: session.committer,

        atMs: session.clock.now(),
      });
      beforePush?.();
      const verdict = await pushRefs(session, [{ ref, expected: version }], commit);
      if (verdict.kind === 'pushed') return true;
      if (verdict.kind === 'refused')
        throw new CertError(
          'repository.refused',
          `${session.remote} refuses to store ${ref}: ${verdict.text}`,
          {
            providerText: verdict.text,
          },
        );
      if (verdict.certain) return false;
      if ((await tip().catch(() => null)) === commit) return true;
      throw new CertError(
        'repository.unavailable',
        `it is not known whether ${ref} was written: ${verdict.text}`,
        {
          effect: 'unknown',
          providerText: verdict.text,
        },
      );
    },
  };
}

function differences(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly FileChange[] {
  const gone = [...before.keys()].filter((path) => !after.has(path));
  const written = [...after].filter(([path, content]) => before.get(path) !== content);
  return [
    ...gone.map((path) => ({ path, content: null })),
    ...written.map(([path, content]) => ({ path, content })),
  ];
}

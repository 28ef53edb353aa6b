import { randomBytes } from 'node:crypto';
import { CertError } from '../model/errors.js';
import type { AccountStore } from '../ports/repository.js';
import { pushRefs } from './push.js';
import { fetchTips, type Session } from './session.js';
import { treeReader } from './tree.js';
import { runTrailer, writeCommit } from './write-commit.js';

const ID = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/i;
const NAME = 'account';

/**
 * The database of one account at `refs/certwright/accounts/<id>`: a chain of small commits, each holding every file.
 * It is a ref of the remote and no branch, so protection rules for branches do not stop it.
 */
export function accountStore(session: Session, id: string): AccountStore {
  if (!ID.test(id)) throw new CertError('config.invalid', `"${id}" cannot be the id of an account`);
  const ref = `refs/certwright/accounts/${id}`;

  const tip = async () => (await fetchTips(session, new Map([[NAME, ref]]))).get(NAME) ?? null;

  return {
    async read() {
      const version = await tip();
      if (version === null) return { version, files: new Map() };
      const tree = treeReader(session.git, version);
      const entries = await tree.list('');
      const texts = await tree.read(entries.map(({ blob }) => blob));
      return { version, files: new Map(entries.map(({ path }, index) => [path, texts[index] ?? ''])) };
    },

    async replace(version, files, message, beforePush) {
      const commit = await writeCommit(session.git, `${session.refs.next()}new`, {
        parent: version,
        replaceAll: true,
        changes: [...files].map(([path, content]) => ({ path, content })),
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

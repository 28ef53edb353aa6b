import { CertError } from '../model/errors.js';
import type { Oid } from '../ports/repository.js';
import { judgePush, type PushVerdict } from './failures.js';
import type { Session } from './session.js';

const PUSH_LIMIT_MS = 2 * 60_000;

/** Compare-and-swap of one ref: `expected` null creates it. */
export interface RefUpdate {
  readonly ref: string;
  readonly expected: Oid | null;
}

async function push(
  { git, remoteName }: Session,
  updates: readonly RefUpdate[],
  oid: Oid,
  { atomic, dry = false }: { readonly atomic: boolean; readonly dry?: boolean },
): Promise<PushVerdict> {
  const args = [
    'push',
    '--porcelain',
    '--no-verify',
    '--no-progress',
    ...(atomic ? ['--atomic'] : []),
    ...(dry ? ['--dry-run'] : []),
    ...updates.map(({ ref, expected }) => `--force-with-lease=${ref}:${expected ?? ''}`),
    remoteName,
    ...updates.map(({ ref }) => `${oid}:${ref}`),
  ];
  try {
    const { code, stdout, stderr } = await git(args, { limitMs: PUSH_LIMIT_MS });
    return judgePush({ code, stdout: stdout.toString('utf8'), stderr });
  } catch (error) {
    const timedOut = error instanceof CertError && error.code !== 'interrupted' && error.effect === 'unknown';
    if (timedOut) return { kind: 'moved', certain: false, text: error.message };
    throw error;
  }
}

/**
 * Points every ref at `oid`, all or none, only where each still is what was read. A remote that knows no `--atomic`
 * gets them one after the other, in the order given.
 * @throws CertError `interrupted` (effect unknown)
 */
export async function pushRefs(
  session: Session,
  updates: readonly RefUpdate[],
  oid: Oid,
): Promise<Exclude<PushVerdict, { kind: 'not-atomic' }>> {
  const verdict = await push(session, updates, oid, { atomic: updates.length > 1 });
  if (verdict.kind !== 'not-atomic') return verdict;
  for (const update of updates) {
    const single = await push(session, [update], oid, { atomic: false });
    if (single.kind === 'not-atomic') return { kind: 'refused', text: single.text };
    if (single.kind !== 'pushed') return single;
  }
  return { kind: 'pushed' };
}

/**
 * Everything of a push but the push: is there a way to write, do the credentials do, can the remote move several refs at
 * once? What rules of a branch say is only known by pushing.
 * @throws CertError `interrupted`
 */
export const tryPush = (session: Session, updates: readonly RefUpdate[], oid: Oid): Promise<PushVerdict> =>
  push(session, updates, oid, { atomic: true, dry: true });

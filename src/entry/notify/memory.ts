import type { ChannelMemory } from '../../model/notice.js';
import { emptyMemory } from '../../model/run-memory.js';
import type { Oid } from '../../ports/repository.js';
import type { Deps } from '../../reconcile/deps.js';
import { canonicalJson } from '../../repository/stable.js';

export type Told = Readonly<Record<string, ChannelMemory>>;

/** Another run may write the same text at the same moment, as may this one's own last words. */
const TRIES = 3;

/**
 * Changes what is remembered to have been told, on whatever stands there by then.
 * @param change  may be asked several times; the last answer counts
 * @returns why it is not remembered, where that is so
 */
export async function changeTold(
  { runCache, parseMemory }: Pick<Deps, 'runCache' | 'parseMemory'>,
  seen: Oid | undefined,
  repositoryId: string,
  change: (told: Told) => Told,
): Promise<string | undefined> {
  let why: string | undefined;
  for (let tries = 1; tries <= TRIES; tries++) {
    why = await runCache.replace(seen, (current) => {
      const known = current === undefined ? undefined : parseMemory(current);
      const memory = known?.repositoryId === repositoryId ? known : emptyMemory(repositoryId);
      return canonicalJson({ ...memory, told: change(memory.told ?? {}) });
    });
    if (why === undefined) return undefined;
  }
  return why;
}

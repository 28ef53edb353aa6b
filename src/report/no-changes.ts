import type { Plan } from '../model/plan.js';

/** What there is to say of a plan without a line. By itself: a run with nothing to do loads no renderer. */
export function noChanges({ counts: { certificates }, shard }: Pick<Plan, 'counts' | 'shard'>): string {
  if (certificates === 0) {
    return `${ofShard(shard)}No changes. No certificate is declared${shard === undefined ? '' : ' there'}.`;
  }
  return `${ofShard(shard)}No changes. ${certificates === 1 ? '1 certificate is' : `${certificates} certificates are`} as declared.`;
}

/** Which part of all certificates a sentence is about; '' for all. */
export const ofShard = (shard: string | undefined): string => (shard === undefined ? '' : `Shard ${shard}. `);

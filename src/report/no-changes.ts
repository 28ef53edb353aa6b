import type { Plan } from '../model/plan.js';

/** What there is to say of a plan without a line. By itself: a run with nothing to do loads no renderer. */
export function noChanges({ certificates }: Plan['counts']): string {
  if (certificates === 0) return 'No changes. No certificate is declared.';
  return `No changes. ${certificates === 1 ? '1 certificate is' : `${certificates} certificates are`} as declared.`;
}

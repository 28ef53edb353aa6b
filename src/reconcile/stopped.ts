import type { Run } from './run.js';
import type { StateView } from './state.js';

/**
 * Why nothing may leave from this state, whatever was announced earlier (DESIGN §1, §2): a copy of a repository sends
 * nothing at all, and manifests that were taken back nothing that costs. Undefined: it may.
 */
export function sendStopped(run: Run, { header, snapshot }: StateView, paid: boolean): string | undefined {
  if (header && header.remote !== snapshot.remote) return `this state belongs to ${header.remote}`;
  if (header && header.repositoryId !== run.configuration.id) {
    return `the state was written for id ${header.repositoryId}`;
  }
  if (paid && run.desired.commit !== null && run.manifestCommit === undefined) {
    return 'the manifests do not descend from the ones last acted on';
  }
  return undefined;
}

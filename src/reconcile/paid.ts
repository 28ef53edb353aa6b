import type { Run } from './run.js';
import type { StateView } from './state.js';

/**
 * Why nothing that costs may leave from this state, whatever was announced earlier: a copy of a repository, and manifests
 * that were taken back, must not spend a second time (DESIGN §1, §2). Undefined: it may.
 */
export function paidSendStopped(run: Run, { header, snapshot }: StateView): string | undefined {
  if (header && header.remote !== snapshot.remote) return `this state belongs to ${header.remote}`;
  if (header && header.repositoryId !== run.configuration.id) {
    return `the state was written for id ${header.repositoryId}`;
  }
  if (run.desired.commit !== null && run.manifestCommit === undefined) {
    return 'the manifests do not descend from the ones last acted on';
  }
  return undefined;
}

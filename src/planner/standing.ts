import type { Hold, PlanAction } from '../model/plan.js';
import { SENDING } from './draft.js';
import type { PlanInput } from './input.js';

const NEW_ORDERS: ReadonlySet<PlanAction> = new Set(['order', 'renew']);
/** What only changes our own facts, and still says something about what is wanted. */
const FACTS: ReadonlySet<PlanAction> = new Set(['adopt', 'move', 'archive', 'abandon', 'publish']);

/**
 * Why this line must not be carried out from here (DESIGN §1, §2, §4). Lost or rewound state: nothing at all. A copy of the
 * repository: nothing is sent, since even a free reissue would change the original's certificates at the provider.
 * Manifests that do not descend from the ones last acted on: no money, no new order, nothing given up; what is ordered
 * keeps its free reissues.
 */
export function standingHold(input: PlanInput, action: PlanAction, free: boolean): Hold | undefined {
  const { integrity, integrityWhy, header, remote, manifestsDescend } = input.state;
  if (integrity === 'lost') {
    return {
      code: 'state-integrity',
      message: `the state is not what we wrote last: ${integrityWhy ?? 'it was rewound or lost'}`,
    };
  }
  const changes = SENDING.has(action) || FACTS.has(action);
  if (header && changes && header.remote !== remote) {
    return {
      code: 'wrong-remote',
      message: `this state belongs to ${header.remote}; run \`certwright claim --moved\` if the repository moved, \`--copy\` if it is a copy`,
    };
  }
  if (header && changes && header.repositoryId !== input.desired.repositoryId) {
    return {
      code: 'wrong-remote',
      message: `the state was written for id ${header.repositoryId}, certwright.yaml says ${input.desired.repositoryId}`,
    };
  }
  if (!manifestsDescend && SENDING.has(action) && (!free || NEW_ORDERS.has(action))) {
    return {
      code: 'manifests-diverged',
      message:
        'the manifests do not descend from the ones last acted on; run `certwright claim --manifests` if that is meant',
    };
  }
  return undefined;
}

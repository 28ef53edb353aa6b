import { REISSUE_TIME, type Scene, spec } from '../../support/planner.js';
import { ready } from '../../support/state.js';

/** A copy of the repository runs beside the original, with manifests of another history. */
export const copiedRepository: Scene = {
  now: REISSUE_TIME,
  specs: [spec('shop'), spec('new', { names: ['new.example.com'] })],
  statuses: [ready('shop'), ready('removed')],
  state: { remote: 'git.example.com/fork/certificates', manifestsDescend: false },
};

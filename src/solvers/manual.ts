import type { SolverDefinition } from '../ports/solver.js';

/** A person publishes what `certwright show` lists. */
export const manual: SolverDefinition = {
  type: 'manual',
  title: 'A person, by hand',
  proves: ['dns', 'http'],
  needsZones: false,
  credentialNames: { required: [], optional: [] },
  optionsSchema: { type: 'object', properties: {} },
};

import type { SolverDefinition } from '../../ports/solver.js';

/** A program of the user's own, called for each record. */
export const exec: SolverDefinition = {
  type: 'exec',
  title: 'Own program',
  proves: ['dns', 'http'],
  needsZones: false,
  credentialNames: { required: [], optional: [] },
  optionsSchema: {
    type: 'object',
    required: ['run'],
    properties: {
      run: {
        type: 'array',
        minItems: 1,
        items: { type: 'string', minLength: 1 },
      },
      environment: {
        type: 'array',
        items: { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]*$' },
      },
      timeout: {
        type: 'string',
        pattern: '^[1-9]\\d{0,4}[smhd]$',
        errorMessage: 'Write a duration such as 60s.',
      },
    },
  },
  async create(deps) {
    const { createExec } = await import('./solver.js');
    return createExec(deps);
  },
};

import type { SolverDefinition } from '../../ports/solver.js';

/** A listener of our own, for the time of a run or of the daemon. */
export const httpServer: SolverDefinition = {
  type: 'http-server',
  title: 'Own listener while certwright runs',
  proves: ['http'],
  needsZones: false,
  credentialNames: { required: [], optional: [] },
  optionsSchema: {
    type: 'object',
    properties: {
      port: { type: 'integer', minimum: 1, maximum: 65_535, errorMessage: 'Write a port, from 1 to 65535.' },
      address: {
        type: 'string',
        pattern: '^[0-9A-Fa-f.:]+$',
        errorMessage: 'Write an IP address of this machine.',
      },
      visibleAt: {
        type: 'string',
        pattern: '^[^\\s/@]+$',
        errorMessage: 'Write host or host:port, such as 10.0.0.5:8080.',
      },
    },
  },
  async create(deps) {
    const { createHttpServer } = await import('./solver.js');
    return createHttpServer(deps);
  },
};

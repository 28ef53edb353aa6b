import type { SolverDefinition } from '../../ports/solver.js';

/** Files in the folder a web server serves. */
export const httpFile: SolverDefinition = {
  type: 'http-file',
  title: 'Folder of a web server',
  proves: ['http'],
  needsZones: false,
  credentialNames: { required: [], optional: [] },
  optionsSchema: {
    type: 'object',
    required: ['root'],
    properties: {
      root: { type: 'string', minLength: 1, errorMessage: 'Write the folder the web server serves.' },
      visibleAt: {
        type: 'string',
        pattern: '^[^\\s/@]+$',
        errorMessage: 'Write host or host:port, such as 10.0.0.5:8080.',
      },
    },
  },
  async create(deps) {
    const { createHttpFile } = await import('./solver.js');
    return createHttpFile(deps);
  },
};

import type { SolverDefinition } from '../../ports/solver.js';
import { HOSTED_OPTIONS } from '../hosted/options.js';

/** Zones at Cloudflare, through its API, with an API token. */
export const cloudflare: SolverDefinition = {
  type: 'cloudflare',
  title: 'Cloudflare DNS',
  proves: ['dns'],
  needsZones: false,
  credentialNames: { required: ['apiToken'], optional: [] },
  optionsSchema: {
    type: 'object',
    properties: {
      url: HOSTED_OPTIONS.url,
      ttl: {
        type: 'integer',
        minimum: 60,
        maximum: 86_400,
        errorMessage: 'Write seconds, from 60 to 86400.',
      },
      visibleAt: HOSTED_OPTIONS.visibleAt,
    },
  },
  async create(deps) {
    const { createCloudflare } = await import('./solver.js');
    return createCloudflare(deps);
  },
};

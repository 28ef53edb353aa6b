import type { SolverDefinition } from '../../ports/solver.js';
import { HOSTED_OPTIONS } from '../hosted/options.js';

/** Public hosted zones at Amazon Route 53, through AWS's own client. */
export const route53: SolverDefinition = {
  type: 'route53',
  title: 'Amazon Route 53',
  proves: ['dns'],
  needsZones: false,
  credentialNames: { required: [], optional: ['accessKeyId', 'secretAccessKey', 'sessionToken'] },
  optionsSchema: {
    type: 'object',
    properties: {
      hostedZones: {
        type: 'array',
        minItems: 1,
        uniqueItems: true,
        items: {
          type: 'string',
          pattern: '^Z[A-Z0-9]{1,31}$',
          errorMessage: 'Write the id of a hosted zone, such as Z0123456789ABCDEFGHIJ.',
        },
      },
      region: {
        type: 'string',
        pattern: '^[a-z]{2,3}(-[a-z]+)+-\\d$',
        errorMessage: 'Write a region such as us-east-1 or cn-northwest-1.',
      },
      ttl: {
        type: 'integer',
        minimum: 0,
        maximum: 86_400,
        errorMessage: 'Write seconds, at most 86400.',
      },
      url: HOSTED_OPTIONS.url,
      visibleAt: HOSTED_OPTIONS.visibleAt,
    },
  },
  async create(deps) {
    const { createRoute53 } = await import('./solver.js');
    return createRoute53(deps);
  },
};

import type { SolverDefinition } from '../../ports/solver.js';

const ENDPOINT = {
  type: 'string',
  pattern: '^[^\\s/@]+$',
  errorMessage: 'Write host or host:port, such as 192.0.2.53 or ns1.example.com:5353.',
} as const;

/** Dynamic updates of an own DNS server (BIND, Knot, PowerDNS …), signed with a TSIG key, over TCP. */
export const rfc2136: SolverDefinition = {
  type: 'rfc2136',
  title: 'DNS server that takes dynamic updates',
  proves: ['dns'],
  needsZones: true,
  credentialNames: { required: ['key'], optional: [] },
  optionsSchema: {
    type: 'object',
    required: ['server'],
    properties: {
      server: ENDPOINT,
      keyName: { type: 'string', minLength: 1 },
      algorithm: { enum: ['hmac-sha256', 'hmac-sha512'] },
      ttl: { type: 'integer', minimum: 0, maximum: 86_400 },
      timeout: {
        type: 'string',
        pattern: '^[1-9]\\d{0,4}[smhd]$',
        errorMessage: 'Write a duration such as 10s.',
      },
      visibleAt: { type: 'array', minItems: 1, uniqueItems: true, items: ENDPOINT },
    },
  },
  async create(deps) {
    const { createRfc2136 } = await import('./solver.js');
    return createRfc2136(deps);
  },
};

import type { ProviderDefinition } from '../../ports/provider.js';
import { optionsSchema } from './offer.js';
import { capabilities, describe } from './offering.js';

/** A private CA whose books live in the repository: the embedded default, for demos, tests and internal names. */
export const localCa: ProviderDefinition = {
  type: 'local-ca',
  title: 'Embedded private CA',
  capabilities,
  credentialNames: { required: [], optional: [] },
  optionsSchema,
  manifestOptionsSchema: { type: 'object', additionalProperties: false, properties: {} },
  describe,
  async create(deps) {
    const { createLocalCa } = await import('./provider.js');
    return createLocalCa(deps);
  },
};

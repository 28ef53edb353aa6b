import type { Catalogue } from '../../src/config/checks.js';
import type { Configuration } from '../../src/model/configuration.js';
import type { Offering } from '../../src/ports/provider.js';
import { providerDefinitions } from '../../src/providers/index.js';

/** What the accounts of a configuration sell, by the providers there really are. */
export function catalogueOf({ providers }: Configuration): Catalogue {
  const definition = (type: string) => providerDefinitions.find((one) => one.type === type);
  const offer = (id: string): Offering => {
    const config = providers[id];
    const kind = definition(config?.type ?? '');
    if (config === undefined || kind === undefined) throw new RangeError(id);
    return kind.describe(config);
  };
  return {
    definition,
    products: (id) => offer(id).products,
    licences: (id) => offer(id).licences,
    defaultProduct: (id) => offer(id).defaultProduct,
    capabilities: (id) => offer(id).capabilities,
    paid: (id) => offer(id).capabilities.terms,
  };
}

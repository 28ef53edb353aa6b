import type { Configuration, ProviderConfig } from '../model/configuration.js';
import type { Offering, ProviderDefinition } from '../ports/provider.js';

type Accounts = Pick<Configuration, 'providers'>;

/** The account that delivers what this one sells, where the configuration has it. */
export function delivererOf(
  { providers }: Accounts,
  definitions: readonly ProviderDefinition[],
  config: ProviderConfig,
): { readonly config: ProviderConfig; readonly definition: ProviderDefinition } | undefined {
  const seller = definitions.find(({ type }) => type === config.type);
  const id = seller?.deliveredBy?.(config);
  const found = id === undefined || id === config.id ? undefined : providers[id];
  const definition = found && definitions.find(({ type }) => type === found.type);
  return found && definition ? { config: found, definition } : undefined;
}

/**
 * What an account sells, as the configuration alone tells it; undefined for a type nobody serves.
 * @throws CertError `config.invalid`
 */
export function offeringOf(
  accounts: Accounts,
  definitions: readonly ProviderDefinition[],
  config: ProviderConfig,
): Offering | undefined {
  const definition = definitions.find(({ type }) => type === config.type);
  const deliverer = delivererOf(accounts, definitions, config);
  return definition?.describe(
    config,
    deliverer && { config: deliverer.config, offering: deliverer.definition.describe(deliverer.config) },
  );
}

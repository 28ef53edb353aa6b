import { nearest } from '../config/findings.js';
import type { Configuration, ProviderConfig } from '../model/configuration.js';
import { CertError, explain } from '../model/errors.js';
import type { Offering, Provider, ProviderDefinition } from '../ports/provider.js';
import { openAccount } from './compose.js';
import type { Context } from './context.js';
import { delivererOf, offeringOf } from './offerings.js';
import { missingSecrets } from './secrets.js';
import { configurationOf, type Workplace } from './workplace.js';

/** One configured account as far as this process can open it. */
export interface Account {
  readonly config: ProviderConfig;
  readonly definition: ProviderDefinition;
  readonly offering: Offering;
  /** Absent: it could not be opened, and `why` says why. */
  readonly provider?: Provider;
  /** Variables and files that are not there. */
  readonly missing: readonly string[];
  readonly why?: string;
}

/** In the order in which they are preferred. */
export const accountsOf = (configuration: Configuration | undefined): readonly ProviderConfig[] =>
  Object.values(configuration?.providers ?? {}).toSorted(
    (a, b) => a.priority - b.priority || (a.id < b.id ? -1 : 1),
  );

/**
 * The accounts of the checkout's configuration. One that cannot be opened is told with the others, never instead of them.
 * @param ids  only these; [] = all
 * @throws CertError `usage` for an id that is not configured
 */
export async function openAccounts(
  context: Context,
  workplace: Pick<Workplace, 'local' | 'repository' | 'identities'>,
  ids: readonly string[] = [],
): Promise<readonly Account[]> {
  const configuration = configurationOf(workplace.local);
  const known = Object.keys(configuration.providers);
  const unknown = ids.find((id) => !known.includes(id));
  if (unknown !== undefined) throw noAccount(unknown, known);
  const opened = accountsOf(configuration)
    .filter(({ id }) => ids.length === 0 || ids.includes(id))
    .flatMap((config) => {
      const definition = context.definitions.find(({ type }) => type === config.type);
      return definition ? [openOne(context, workplace, configuration, config, definition)] : [];
    });
  return Promise.all(opened);
}

export const closeAccounts = async (accounts: readonly Account[]): Promise<void> => {
  await Promise.all(accounts.map(({ provider }) => provider?.close()));
};

async function openOne(
  context: Context,
  { repository, identities }: Pick<Workplace, 'repository' | 'identities'>,
  configuration: Configuration,
  config: ProviderConfig,
  definition: ProviderDefinition,
): Promise<Account> {
  const missing = missingSecrets(Object.values(config.credentials), context.env);
  const offering = offeringOf(configuration, context.definitions, config) ?? definition.describe(config);
  const base = { config, definition, offering, missing };
  if (missing.length > 0) return { ...base, why: `not set: ${missing.join(', ')}` };
  try {
    return {
      ...base,
      provider: await openWithDeliverer(
        context,
        { repository, identities },
        configuration,
        config,
        definition,
      ),
    };
  } catch (error) {
    return { ...base, why: explain(error) };
  }
}

/** Each account is one by itself here: what delivers for it is opened and closed with it. */
async function openWithDeliverer(
  context: Context,
  { repository, identities }: Pick<Workplace, 'repository' | 'identities'>,
  configuration: Configuration,
  config: ProviderConfig,
  definition: ProviderDefinition,
): Promise<Provider> {
  const open = (of: ProviderConfig, by: ProviderDefinition, upstream?: Provider) =>
    openAccount(context, repository, configuration, { config: of, definition: by, upstream }, identities);
  const deliverer = delivererOf(configuration, context.definitions, config);
  if (deliverer === undefined) return open(config, definition);
  const upstream = await open(deliverer.config, deliverer.definition);
  const provider = await open(config, definition, upstream);
  return {
    ...provider,
    close: async () => {
      await provider.close();
      await upstream.close();
    },
  };
}

function noAccount(id: string, known: readonly string[]): CertError {
  const meant = nearest(id, known);
  const list = known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`;
  return new CertError('usage', `certwright.yaml has no provider "${id}"`, {
    remedy: meant === undefined ? list : `did you mean "${meant}"?`,
  });
}

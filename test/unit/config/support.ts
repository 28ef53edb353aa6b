import type { Catalogue } from '../../../src/config/checks.js';
import type { LoadedConfiguration } from '../../../src/config/configuration.js';
import { loadConfiguration, loadManifests } from '../../../src/config/load.js';
import type { Capabilities, ProductInfo } from '../../../src/model/capabilities.js';
import type { Finding } from '../../../src/model/manifest.js';
import type { ProviderDefinition } from '../../../src/ports/provider.js';
import { solverDefinitions } from '../../../src/solvers/index.js';

const capabilities: Capabilities = {
  search: 'unique',
  callLimitMs: 30_000,
  separateActivation: false,
  reissue: 'free',
  reissueChangesId: false,
  revoke: true,
  cancel: true,
  autoRenewFlag: false,
  balance: true,
  quote: true,
  list: true,
  push: false,
  wildcard: true,
  termCounting: 'days',
  carriesRemainingDays: true,
  trust: 'private',
  terms: true,
  concurrency: 1,
  notes: {},
};

const definition = (type: string, terms: boolean, required: readonly string[]): ProviderDefinition => ({
  type,
  title: type,
  capabilities: { ...capabilities, terms },
  credentialNames: { required, optional: [] },
  optionsSchema: {
    type: 'object',
    properties: { profile: { type: 'string', enum: ['plain', 'fancy'] }, days: { type: 'integer' } },
  },
  manifestOptionsSchema: { type: 'object', properties: { bundle: { type: 'boolean' } } },
  describe: () => ({ capabilities: { ...capabilities, terms }, products: [] }),
  create: () => {
    throw new Error('a definition is enough here');
  },
});

/** A shop with credentials and terms, and a free CA without either. */
export const definitions: readonly ProviderDefinition[] = [
  definition('shop', true, ['loginName', 'loginPassword']),
  definition('free', false, []),
];

const product = (id: string, more: Partial<ProductInfo> = {}): ProductInfo => ({
  id,
  vendorCode: `code-${id}`,
  validation: 'dv',
  wildcard: false,
  maxNames: 3,
  terms: [
    { unit: 'year', count: 1 },
    { unit: 'year', count: 2 },
  ],
  title: id,
  ...more,
});

const products: readonly ProductInfo[] = [
  product('basic'),
  product('wild', { wildcard: true }),
  product('organisation', { validation: 'ov' }),
  product('extended', { validation: 'ev' }),
];

export function catalogueOf(configuration: LoadedConfiguration | undefined): Catalogue {
  const isShop = (id: string): boolean => configuration?.providers[id]?.type === 'shop';
  return {
    definition: (type) => definitions.find((it) => it.type === type),
    products: (id) => (isShop(id) ? products : []),
    defaultProduct: (id) => (isShop(id) ? 'basic' : undefined),
    capabilities: (id) => ({ ...capabilities, terms: isShop(id) }),
    paid: isShop,
  };
}

export const RECIPIENT = `age1${'q'.repeat(58)}`;

export const CONFIGURATION = `version: 1
id: k3v9x2
keys: { recipients: [${RECIPIENT}] }
defaults: { provider: free, key: rsa-2048 }
providers:
  free: { type: free }
  shop:
    type: shop
    credentials: { loginName: "\${SHOP_LOGIN}", loginPassword: "\${file:/run/secrets/shop}" }
    owner: billing
    formats: [p7b]
solvers: { zone-a: { type: rfc2136, zones: [example.com], server: 192.0.2.53, key: "\${TSIG_KEY}" } }
policy: { spending: { perOrder: 100 USD } }
contacts: { acme: { organization: { name: Acme, country: US }, admin: { email: "\${ADMIN_MAIL}" } } }
manifestVariables: [SITE, ANN_PASSWORD]
`;

export function configurationOf(text: string = CONFIGURATION): LoadedConfiguration {
  const { configuration, findings } = loadConfiguration(
    { path: 'certwright.yaml', text },
    definitions,
    solverDefinitions,
  );
  if (configuration === undefined) throw new Error(findings.map(line).join('\n'));
  return configuration;
}

interface World {
  readonly configuration?: string;
  readonly variables?: Readonly<Record<string, string>>;
  readonly repository?: Readonly<Record<string, string>>;
}

/** Loads manifests by path below `certificates/`. */
export function manifests(files: Readonly<Record<string, string>>, world: World = {}) {
  const configuration = configurationOf(world.configuration);
  return loadManifests({
    files: Object.entries(files).map(([path, text]) => ({ path: `certificates/${path}`, text })),
    configuration,
    catalogue: catalogueOf(configuration),
    variables: world.variables ?? {},
    readFile: (path) => world.repository?.[path],
    inspectCsr: async (pem) =>
      pem.startsWith('names ')
        ? {
            names: pem.slice(6).trim().split(' '),
            algorithm: 'rsa-2048',
            keyHash: 'ab'.repeat(32),
            strong: !pem.includes('weak'),
          }
        : { problem: 'cannot be read as a PKCS#10 request' },
  });
}

/** `file:line:column code message → suggestion`. */
export const line = ({ position, code, message, suggestion, severity }: Finding): string =>
  `${position.file}:${position.line}:${position.column} ${severity === 'warning' ? 'warning ' : ''}${code} ${message}` +
  (suggestion === undefined ? '' : ` → ${suggestion}`);

import { expect, it } from 'vitest';
import { loadConfiguration, loadManifests } from '../../../../src/config/load.js';
import { offeringOf } from '../../../../src/entry/offerings.js';
import { inspectCsr } from '../../../../src/keys/csr.js';
import { CertError } from '../../../../src/model/errors.js';
import type { JsonObject } from '../../../../src/model/json.js';
import { providerDefinitions } from '../../../../src/providers/index.js';
import { whmcs } from '../../../../src/providers/whmcs/index.js';
import { solverDefinitions } from '../../../../src/solvers/index.js';
import { catalogueOf } from '../../../support/catalogue.js';
import { PRODUCTS } from '../../../support/whmcs-account.js';

async function findingsOf(account: string, manifest: string) {
  const text = `version: 1
id: k3v9x2
keys: { recipients: [age1jk8gsa038thkuvmkx8gyjv360k2yed6nlue5y3yz70ecuxuln3jqephyk4] }
defaults: { provider: shop, owner: team, term: 1y, maxPrice: 20 USD, product: dv }
providers:
  shop: { type: whmcs, url: "https://billing.example.com", credentials: { identifier: "\${A}", secret: "\${B}" }, clientId: 77, paymentMethod: banktransfer, products: ${JSON.stringify({ dv: PRODUCTS.dv })}${account} }
policy: { spending: { perOrder: 100 USD } }
`;
  const file = { path: 'certwright.yaml', text };
  const { configuration, findings } = loadConfiguration(file, providerDefinitions, solverDefinitions);
  if (!configuration) return findings;
  const manifests = await loadManifests({
    files: [{ path: 'certificates/shop.yaml', text: manifest }],
    configuration,
    catalogue: catalogueOf(configuration),
    variables: {},
    readFile: () => undefined,
    inspectCsr,
  });
  return [...findings, ...manifests.findings];
}

const RENEWED = 'domain: shop.example.com\nautoRenew: true\n';

it('validate refuses a manifest that renews where the shop renews', async () => {
  expect(await findingsOf('', RENEWED)).toEqual([]);
  expect(await findingsOf(', renewalOwner: whmcs', 'domain: shop.example.com\n')).toEqual([]);
  expect(await findingsOf(', renewalOwner: whmcs', RENEWED)).toMatchObject([
    { code: 'renewal.owner', severity: 'error', position: { line: 2 } },
  ]);
});

it('an option that does not exist is found in its place', async () => {
  const [finding] = await findingsOf(', payFromCredits: true', RENEWED);
  expect(finding?.message).toContain('payFromCredits');
});

it.each([
  ['rehearsal', 'https://billing.example.com', 'rehearsal needs a sandbox'],
  ['live', undefined, 'needs its address'],
] as const)('environment %s at %s is refused', (environment, url, why) => {
  const config = {
    id: 'shop',
    type: 'whmcs',
    environment,
    credentials: {},
    priority: 1,
    prices: {},
    options: {},
    ...(url === undefined ? {} : { url }),
  };
  expect(() => whmcs.describe(config)).toThrow(why);
});

const DELIVERER = `  nc: { type: namecheap, url: "https://gateway.example.net", profile: wvphost, credentials: { apiUser: "\${C}", apiKey: "\${D}", clientIp: "\${E}" }`;

/** What the entries of the command find: every account is described beside the others. */
function offered(product: JsonObject, upstream: string, deliverer: string): string | undefined {
  const text = `version: 1
id: k3v9x2
keys: { recipients: [age1jk8gsa038thkuvmkx8gyjv360k2yed6nlue5y3yz70ecuxuln3jqephyk4] }
defaults: { provider: shop, owner: team, term: 1y, maxPrice: 20 USD, product: dv }
providers:
  shop: { type: whmcs, url: "https://billing.example.com", credentials: { identifier: "\${A}", secret: "\${B}" }, clientId: 77, paymentMethod: banktransfer, products: ${JSON.stringify({ dv: product })}${upstream} }
${deliverer}
policy: { spending: { perOrder: 100 USD } }
`;
  const { configuration, findings } = loadConfiguration(
    { path: 'certwright.yaml', text },
    providerDefinitions,
    solverDefinitions,
  );
  const shop = configuration?.providers.shop;
  if (!configuration || !shop) return findings.map(({ message }) => message).join();
  try {
    expect(offeringOf(configuration, providerDefinitions, shop)?.capabilities.deliveredBy).toBe('nc');
    return undefined;
  } catch (error) {
    if (error instanceof CertError) return error.message;
    throw error;
  }
}

const { upstream: _unmapped, ...UNTOLD } = PRODUCTS.wholesale.fields;

it.each([
  ['told by a field', PRODUCTS.wholesale, ', upstream: nc', `${DELIVERER} }`, undefined],
  [
    'exclusive',
    { ...PRODUCTS.wholesale, fields: UNTOLD },
    ', upstream: nc',
    `${DELIVERER}, slots: exclusive }`,
    undefined,
  ],
  [
    'neither',
    { ...PRODUCTS.wholesale, fields: UNTOLD },
    ', upstream: nc',
    `${DELIVERER} }`,
    'nothing tells which slot',
  ],
  ['no account named', PRODUCTS.wholesale, '', `${DELIVERER} }`, 'no `upstream` says which account delivers'],
  [
    'an account that is not there',
    PRODUCTS.wholesale,
    ', upstream: other',
    `${DELIVERER} }`,
    'no other account of that name',
  ],
  ['itself', PRODUCTS.wholesale, ', upstream: shop', `${DELIVERER} }`, 'no other account of that name'],
  [
    'free slots used',
    PRODUCTS.wholesale,
    ', upstream: nc',
    `${DELIVERER}, slots: exclusive, useFreeSlots: true }`,
    'has useFreeSlots',
  ],
  [
    'another environment',
    PRODUCTS.wholesale,
    ', upstream: nc',
    `${DELIVERER}, environment: test }`,
    'environment live, and nc is test',
  ],
  [
    'a product it has not',
    { ...PRODUCTS.wholesale, upstreamProduct: 'gold' },
    ', upstream: nc',
    `${DELIVERER} }`,
    'has no product "gold"',
  ],
  [
    'one that is not activated',
    PRODUCTS.wholesale,
    ', upstream: nc',
    '  nc: { type: local-ca, environment: live }',
    'bought first and activated later',
  ],
] as const)('an account that delivers: %s', (_, product, upstream, deliverer, why) => {
  const found = offered(product, upstream, deliverer);
  if (why === undefined) expect(found).toBeUndefined();
  else expect(found).toContain(why);
});

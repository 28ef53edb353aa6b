import { expect, it } from 'vitest';
import { loadConfiguration, loadManifests } from '../../../../src/config/load.js';
import { inspectCsr } from '../../../../src/keys/csr.js';
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

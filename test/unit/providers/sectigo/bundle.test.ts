import { describe, expect, it } from 'vitest';
import { loadConfiguration, loadManifests } from '../../../../src/config/load.js';
import { inspectCsr } from '../../../../src/keys/csr.js';
import { providerDefinitions } from '../../../../src/providers/index.js';
import { solverDefinitions } from '../../../../src/solvers/index.js';
import { catalogueOf } from '../../../support/catalogue.js';
import { line } from '../../config/support.js';

const CONFIGURATION = `version: 1
id: k3v9x2
keys: { recipients: [age1${'q'.repeat(58)}] }
defaults: { provider: sectigo, owner: team, term: 1y, maxPrice: 20 USD }
providers:
  sectigo:
    type: sectigo
    credentials: { loginName: "\${LOGIN}", loginPassword: "\${PASSWORD}" }
    currency: USD
contacts:
  owner: { admin: { email: owner@example.com } }
  office: { admin: { firstName: Ann } }
`;

async function findingsOf(text: string): Promise<readonly string[]> {
  const file = { path: 'certwright.yaml', text: CONFIGURATION };
  const { configuration } = loadConfiguration(file, providerDefinitions, solverDefinitions);
  if (configuration === undefined) throw new Error('the configuration is wrong');
  const { findings } = await loadManifests({
    files: [{ path: 'certificates/a.yaml', text }],
    configuration,
    catalogue: catalogueOf(configuration),
    variables: {},
    readFile: () => undefined,
    inspectCsr,
  });
  return findings.map(line);
}

describe('a certificate with the SiteLock bundle', () => {
  const wish = 'providerOptions: { sitelockBundle: true }\n';
  const cases: Readonly<Record<string, readonly [string, ...string[]]>> = {
    'whose contacts have an e-mail is fine': [`domain: a.example.com\ncontacts: owner\n${wish}`],
    'that is not wanted needs none': ['domain: a.example.com\nproviderOptions: { sitelockBundle: false }\n'],
    'without contacts would lose it silently': [
      `domain: a.example.com\n${wish}`,
      'certificates/a.yaml:2:18 bundle.email The SiteLock bundle goes to an e-mail address; write `contacts` with an admin.',
    ],
    'whose contacts have no e-mail would lose it silently': [
      `domain: a.example.com\ncontacts: office\n${wish}`,
      'certificates/a.yaml:3:18 bundle.email The SiteLock bundle goes to the e-mail of admin, and contacts "office" have none.',
    ],
    'of a trial gets none': [
      `domain: a.example.com\nproduct: positivessl-trial\nterm: 30d\ncontacts: owner\n${wish}`,
      'certificates/a.yaml:5:18 bundle.term The SiteLock bundle comes with terms of 90 days and more.',
    ],
  };
  it.each(Object.entries(cases))('%s', async (_title, [text, ...findings]) => {
    expect(await findingsOf(text)).toEqual(findings);
  });
});

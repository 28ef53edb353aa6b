import { loadConfiguration, loadManifests } from '../../src/config/load.js';
import { inspectCsr } from '../../src/keys/csr.js';
import type { Spec } from '../../src/model/manifest.js';
import { providerDefinitions } from '../../src/providers/index.js';
import { solverDefinitions } from '../../src/solvers/index.js';
import { line } from '../unit/config/support.js';
import { catalogueOf } from './catalogue.js';

/** An account at Sectigo, and contacts with and without an e-mail. */
const SECTIGO_CONFIGURATION = `version: 1
id: k3v9x2
keys: { recipients: [age1${'q'.repeat(58)}] }
defaults: { provider: sectigo, owner: team, term: 1y, maxPrice: 200 USD }
providers:
  sectigo:
    type: sectigo
    credentials: { loginName: "\${LOGIN}", loginPassword: "\${PASSWORD}" }
    currency: USD
  office: { type: local-ca }
contacts:
  owner: { admin: { email: owner@example.com } }
  office: { admin: { firstName: Ann } }
`;

/** Manifests by name, read and checked against the providers there really are. */
export async function loadAll(
  manifests: Readonly<Record<string, string>>,
): Promise<{ readonly findings: readonly string[]; readonly specs: readonly Spec[] }> {
  const file = { path: 'certwright.yaml', text: SECTIGO_CONFIGURATION };
  const { configuration, findings: wrong } = loadConfiguration(file, providerDefinitions, solverDefinitions);
  if (configuration === undefined) throw new Error(wrong.map(line).join('\n'));
  const { findings, specs } = await loadManifests({
    files: Object.entries(manifests).map(([name, text]) => ({ path: `certificates/${name}.yaml`, text })),
    configuration,
    catalogue: catalogueOf(configuration),
    variables: {},
    readFile: () => undefined,
    inspectCsr,
  });
  return { findings: findings.map((it) => line(it).replace('certificates/', '')), specs };
}

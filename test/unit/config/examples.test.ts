import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadConfiguration, loadManifests } from '../../../src/config/load.js';
import { inspectCsr } from '../../../src/keys/csr.js';
import { providerDefinitions } from '../../../src/providers/index.js';
import { solverDefinitions } from '../../../src/solvers/index.js';
import { catalogueOf } from '../../support/catalogue.js';
import { line } from './support.js';

const EXAMPLES = fileURLToPath(new URL('../../../examples', import.meta.url));

/** What shows a repository of a team; the others show what stands around certwright. */
const repositories = readdirSync(EXAMPLES).filter((name) =>
  existsSync(join(EXAMPLES, name, 'certwright.yaml')),
);
const yamlFiles = repositories.flatMap((name) => filesOf(name).map(({ path }) => join(name, path)));

function filesOf(example: string) {
  const folder = join(EXAMPLES, example);
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.yaml'))
    .map((path) => ({ path: path.split(sep).join('/'), text: readFileSync(join(folder, path), 'utf8') }));
}

const load = async (example: string) => {
  const files = filesOf(example);
  const own = files.find(({ path }) => path === 'certwright.yaml');
  if (own === undefined) throw new Error(`${example} has no configuration`);
  const { configuration, findings } = loadConfiguration(own, providerDefinitions, solverDefinitions);
  if (configuration === undefined) throw new Error(findings.map(line).join('\n'));
  const manifests = await loadManifests({
    files,
    configuration,
    catalogue: catalogueOf(configuration),
    variables: {},
    readFile: (path) => files.find((it) => it.path === path)?.text,
    inspectCsr,
  });
  return { configuration, findings, manifests };
};

describe('the examples', () => {
  it.each(repositories)('%s has no findings', async (example) => {
    const { findings, manifests } = await load(example);
    expect([...findings, ...manifests.findings].map(line)).toEqual([]);
    expect(manifests.specs.length).toBeGreaterThan(0);
  });

  it('show that a line is enough, and what folder defaults give', async () => {
    const { manifests } = await load('team-with-defaults');
    const byName = new Map(manifests.specs.map((spec) => [spec.name, spec]));
    expect([...byName.keys()].sort()).toEqual([
      'platform/api',
      'platform/api-rsa',
      'team-a/shop',
      'team-a/staging/shop',
    ]);
    expect(byName.get('team-a/shop')).toMatchObject({
      owner: 'team-a',
      product: 'standard',
      term: { unit: 'year', count: 1 },
      autoRenew: true,
    });
    expect(byName.get('team-a/staging/shop')).toMatchObject({
      owner: 'team-a',
      product: 'single',
      term: { unit: 'day', count: 90 },
      maxPrice: { amount: '5.00', currency: 'USD' },
      autoRenew: false,
    });
  });

  it.each(yamlFiles)('%s tells editors a schema that exists', (path) => {
    const file = join(EXAMPLES, path);
    const schema = /^# yaml-language-server: \$schema=(\S+)$/m.exec(readFileSync(file, 'utf8'))?.[1] ?? '';
    const target = resolve(dirname(file), schema);
    expect(relative(dirname(EXAMPLES), target)).toMatch(/^schemas[/\\]\w+\.schema\.json$/);
    expect(existsSync(target)).toBe(true);
  });
});

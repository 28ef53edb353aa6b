import type { Catalogue } from '../config/checks.js';
import type { LoadedConfiguration } from '../config/configuration.js';
import { type ConfigurationResult, loadApprovals, loadConfiguration, loadManifests } from '../config/load.js';
import { locator } from '../config/positions.js';
import { MAX_FILE_BYTES } from '../config/yaml.js';
import { inspectCsr } from '../keys/csr.js';
import { openersOf } from '../keys/marks.js';
import { issuesPublicly } from '../model/capabilities.js';
import type { Configuration } from '../model/configuration.js';
import { CertError } from '../model/errors.js';
import type { Finding } from '../model/manifest.js';
import type { Offering, ProviderDefinition } from '../ports/provider.js';
import type { TreeEntry, TreeReader } from '../ports/repository.js';
import type { Reading } from '../reconcile/deps.js';
import { solverDefinitions } from '../solvers/index.js';
import { CONFIGURATION_FILE } from './configuration-file.js';
import { offeringOf } from './offerings.js';

const MANIFESTS = 'certificates/';
const APPROVALS = 'approvals/';

/** The configuration alone: enough to know which branches and accounts there are. */
export async function readConfiguration(
  tree: TreeReader,
  definitions: readonly ProviderDefinition[],
): Promise<ConfigurationResult> {
  const text = await readOne(tree, CONFIGURATION_FILE);
  if (text === undefined) return { findings: [missing(await tree.list(CONFIGURATION_FILE))] };
  const file = { path: CONFIGURATION_FILE, text };
  const { configuration, findings } = loadConfiguration(file, definitions, solverDefinitions);
  return { findings, ...(configuration === undefined ? {} : { configuration }) };
}

/**
 * Reads and checks everything people write, from a commit or a checkout, with all findings at once.
 * @param choose  gives the configuration that counts, where it is not simply the one that lies there
 */
export async function readFiles(
  tree: TreeReader,
  env: NodeJS.ProcessEnv,
  definitions: readonly ProviderDefinition[],
  choose: (own: LoadedConfiguration) => LoadedConfiguration = (own) => own,
): Promise<Reading> {
  const entries = (await tree.list('')).filter(({ path }) => isOurs(path));
  const tooLarge = entries.filter(({ bytes }) => bytes > MAX_FILE_BYTES);
  const readable = entries.filter(({ bytes }) => bytes <= MAX_FILE_BYTES);
  const texts = await tree.read(readable.map(({ blob }) => blob));
  const files = readable.map(({ path }, i) => ({ path, text: texts[i] ?? '' }));
  const own = files.find(({ path }) => path === CONFIGURATION_FILE);
  if (!own) return { findings: [missing(tooLarge)], positionOf: () => top(CONFIGURATION_FILE) };

  const loaded = loadConfiguration(own, definitions, solverDefinitions);
  const chosen = loaded.configuration && choose(loaded.configuration);
  const offers = chosen
    ? offeringsOf(chosen, definitions, configurationPositions(chosen))
    : { offerings: new Map<string, Offering>(), findings: [] };
  const broken = offers.findings.length > 0;
  const configuration = broken ? undefined : chosen;
  const manifests = await loadManifests({
    files: files.filter(({ path }) => path.startsWith(MANIFESTS)),
    configuration,
    catalogue: await catalogueOf(configuration, offers.offerings, definitions),
    variables: env,
    readFile: async (path) => readOne(tree, path),
    inspectCsr,
  });
  const approvals = loadApprovals(files.filter(({ path }) => path.startsWith(APPROVALS)));
  const findings = [
    ...loaded.findings,
    ...offers.findings,
    ...tooLarge.map(largeFile),
    ...manifests.findings,
    ...approvals.findings,
  ];
  const positionOf = configurationPositions(configuration);
  if (!configuration) return { findings, positionOf };
  return {
    configuration,
    findings,
    positionOf,
    desired: {
      // A checkout is nobody's approved commit yet.
      commit: 'uncommitted' in tree ? null : tree.commit,
      specs: manifests.specs,
      approvals: approvals.approvals,
      policy: configuration.policy,
      repositoryId: configuration.id,
      recipients: openersOf(configuration.keys),
      invalidNames: manifests.invalidNames,
      hasUnreadable: manifests.hasUnreadable || tooLarge.some(({ path }) => path.startsWith(MANIFESTS)),
    },
  };
}

/**
 * The same of an unmerged text, whose own configuration must not say which variables manifests may read: none is read.
 * What one holds stays unknown, and is nothing to complain about.
 */
export async function readFilesAlone(
  tree: TreeReader,
  definitions: readonly ProviderDefinition[],
): Promise<Reading> {
  const reading = await readFiles(tree, {}, definitions);
  return { ...reading, findings: reading.findings.filter(({ code }) => code !== 'variable.missing') };
}

/** Where things stand in a configuration; at its top where it could not be read. */
export function configurationPositions(
  configuration: LoadedConfiguration | undefined,
): Reading['positionOf'] {
  const locate = configuration && locator(configuration.defaults.document);
  return (path) => locate?.(path) ?? top(CONFIGURATION_FILE);
}

const isOurs = (path: string): boolean =>
  path === CONFIGURATION_FILE ||
  ((path.startsWith(MANIFESTS) || path.startsWith(APPROVALS)) && /\.ya?ml$/.test(path));

/** A CSR a manifest names. */
async function readOne(tree: TreeReader, path: string): Promise<string | undefined> {
  const entry = (await tree.list(path)).find((one) => one.path === path);
  if (!entry || entry.bytes > MAX_FILE_BYTES) return undefined;
  const [text] = await tree.read([entry.blob]);
  return text;
}

const top = (file: string) => ({ file, line: 1, column: 1 });

const missing = (tooLarge: readonly Pick<TreeEntry, 'path'>[]): Finding => ({
  severity: 'error',
  code: 'config.missing',
  message: tooLarge.some(({ path }) => path === CONFIGURATION_FILE)
    ? 'The configuration is larger than 1 MiB.'
    : `There is no ${CONFIGURATION_FILE} here.`,
  suggestion: 'Run `certwright init`, which writes one, or go to the top of the repository.',
  position: top(CONFIGURATION_FILE),
});

const largeFile = ({ path, bytes }: TreeEntry): Finding => ({
  severity: 'error',
  code: 'file.large',
  message: `The file has ${bytes} bytes; more than 1 MiB is not read.`,
  suggestion: 'Split it into several manifests.',
  position: top(path),
});

/** What every configured account sells, and what is wrong with its block as its own type sees it. */
function offeringsOf(
  configuration: Configuration,
  definitions: readonly ProviderDefinition[],
  positionOf: Reading['positionOf'],
) {
  const offerings = new Map<string, Offering>();
  const findings: Finding[] = [];
  for (const config of Object.values(configuration.providers)) {
    try {
      const offering = offeringOf(configuration, definitions, config);
      if (offering) offerings.set(config.id, offering);
    } catch (error) {
      if (!(error instanceof CertError) || error.code !== 'config.invalid') throw error;
      findings.push({
        severity: 'error',
        code: 'provider.options',
        message: error.message,
        ...(error.remedy === undefined ? {} : { suggestion: error.remedy }),
        position: positionOf(['providers', config.id]),
      });
    }
  }
  return { offerings, findings };
}

async function catalogueOf(
  configuration: Configuration | undefined,
  offerings: ReadonlyMap<string, Offering>,
  definitions: readonly ProviderDefinition[],
): Promise<Catalogue> {
  const isPublic = (id: string): boolean => {
    const [offering, config] = [offerings.get(id), configuration?.providers[id]];
    return offering !== undefined && config !== undefined && issuesPublicly(offering.capabilities, config);
  };
  const publicOnes = new Set([...offerings.keys()].filter(isPublic));
  const { publicNameTrouble } = publicOnes.size === 0 ? {} : await import('../model/public-names.js');
  const definition = (type: string) => definitions.find((one) => one.type === type);
  return {
    definition,
    products: (id) => offerings.get(id)?.products ?? [],
    licences: (id) => offerings.get(id)?.licences,
    defaultProduct: (id) => offerings.get(id)?.defaultProduct,
    capabilities(id) {
      const found =
        offerings.get(id)?.capabilities ?? definition(configuration?.providers[id]?.type ?? '')?.capabilities;
      if (!found) throw new RangeError(`no provider ${id}`);
      return found;
    },
    paid: (id) => offerings.get(id)?.capabilities.terms ?? false,
    ...(publicNameTrouble === undefined
      ? {}
      : { nameTrouble: (id, name) => (publicOnes.has(id) ? publicNameTrouble(name) : undefined) }),
  };
}

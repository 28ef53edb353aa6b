import { createHash } from 'node:crypto';
import { parseHeader, parseMemory, parseStatus } from '../config/state.js';
import { dispatchHook } from '../forge/dispatch-hook.js';
import { publishedFiles } from '../keys/export.js';
import { createKeyMaker } from '../keys/generate.js';
import type {
  Configuration,
  ContactSet,
  HookConfig,
  PersonalText,
  ProviderConfig,
  SolverConfig,
} from '../model/configuration.js';
import { CertError, explain } from '../model/errors.js';
import type { JsonObject } from '../model/json.js';
import type { SitelockCustomer } from '../model/manifest.js';
import type { Secret, SecretSource } from '../model/secret.js';
import type { PublishedHook } from '../ports/hook.js';
import type { Provider, ProviderDefinition } from '../ports/provider.js';
import type { Solver } from '../ports/solver.js';
import { publishedHook } from '../programs/published-hook.js';
import type { BrokenAccount, Deps, ProviderSet } from '../reconcile/deps.js';
import { fileSpool } from '../repository/file-spool.js';
import type { GitRepository } from '../repository/git-repository.js';
import { canonicalJson } from '../repository/stable.js';
import { solverDefinitions } from '../solvers/index.js';
import { type Context, spoolFolder } from './context.js';
import { readFiles } from './files.js';
import { forgePlace, openForge } from './forge.js';
import { hiding } from './hiding.js';
import { delivererOf, offeringOf } from './offerings.js';
import { sealerOf } from './sealers.js';
import { resolveSecret } from './secrets.js';

/** The only place where the loop meets its adapters. */
export function composeDeps(
  context: Context,
  repository: GitRepository,
  identities: (repositoryId: string) => Promise<readonly Secret[]>,
): Deps {
  // Personal data that came from variables is nobody's to read in a log, not even beside the call that sends it.
  const personal = new Set<string>();
  return {
    repository,
    runCache: repository.runCache,
    clock: context.clock,
    random: context.random,
    log: context.log,
    progress: context.progress,
    spool: fileSpool(spoolFolder(context.env)),
    signal: context.signal,
    ...(context.shard === undefined ? {} : { shard: context.shard }),
    readFiles: (tree) => readFiles(tree, context.env, context.definitions),
    parseStatus,
    parseHeader,
    parseMemory,
    connect: (configuration) =>
      connect({ ...context, log: hiding(context.log, personal) }, repository, configuration, identities),
    openSolver: (config) => openSolver(context, config),
    async openResolver({ resolvers }) {
      const { createResolver, resolverEndpoints } = await import('../dns/resolver.js');
      return createResolver({ servers: resolverEndpoints(resolvers), random: context.random });
    },
    publishedHook: (config) => openHook(context, repository, config),
    async openDialer() {
      const { createDialer } = await import('../tls/dial.js');
      return createDialer();
    },
    keyMaker: (configuration) =>
      createKeyMaker(sealerOf(context, configuration.keys, 'certificate', async () => [])),
    contacts: (configuration, name) => resolveContacts(context, configuration, name, personal),
    customer: (customer) => resolveCustomer(context, customer),
    async publishedFormats(formats, certificatePem, chainPem) {
      const wanted = formats.filter((format): format is 'p7b' | 'der' => format !== 'pem');
      const files = await Promise.all(
        wanted.map(async (format) => {
          const [file] = await publishedFiles(format, certificatePem, chainPem);
          return file === undefined ? [] : [{ format, content: file.content }];
        }),
      );
      return files.flat();
    },
  };
}

interface Opening {
  readonly config: ProviderConfig;
  readonly definition: ProviderDefinition;
  /** Opened before: the account that delivers what this one sells. */
  readonly upstream?: Provider | undefined;
}

/** One account with its credentials read; contacts nobody. @throws CertError `config.missing-variable`, `config.invalid` */
export const openAccount = (
  context: Context,
  repository: GitRepository,
  configuration: Configuration,
  { config, definition, upstream }: Opening,
  identities: (repositoryId: string) => Promise<readonly Secret[]>,
): Promise<Provider> =>
  definition.create({
    config,
    repositoryId: configuration.id,
    credentials: resolveCredentials(context, config.credentials, `provider ${config.id}`),
    clock: context.clock,
    log: context.log.child({ provider: config.id, type: config.type }),
    accountStore: repository.accounts(config.id),
    runnerSealer: sealerOf(context, configuration.keys, 'runner', () => identities(configuration.id)),
    random: context.random,
    observe: context.observeCalls?.(config.id),
    ...(upstream === undefined ? {} : { upstream }),
  });

async function connect(
  context: Context,
  repository: GitRepository,
  configuration: Configuration,
  identities: (repositoryId: string) => Promise<readonly Secret[]>,
): Promise<ProviderSet> {
  const all = new Map<string, Provider>();
  const broken = new Map<string, BrokenAccount>();
  const { definitions } = context;
  const deliverer = (config: ProviderConfig) => delivererOf(configuration, definitions, config)?.config.id;
  const accounts = Object.values(configuration.providers);
  const [sellers, others] = [accounts.filter(deliverer), accounts.filter((config) => !deliverer(config))];
  // An account that delivers for others is opened before them, once: its pace is that of all who use it.
  for (const config of [...others, ...sellers]) {
    const definition = definitions.find(({ type }) => type === config.type);
    if (!definition) continue;
    try {
      const by = deliverer(config);
      const upstream = by === undefined ? undefined : all.get(by);
      if (by !== undefined && upstream === undefined) {
        throw new CertError('provider.unreachable', `${by}, which delivers for it, is not available`);
      }
      const opening = { config, definition, upstream };
      all.set(config.id, await openAccount(context, repository, configuration, opening, identities));
    } catch (error) {
      const offering = offeringOf(configuration, definitions, config) ?? definition.describe(config);
      broken.set(config.id, { ...offering, config, why: explain(error) });
      context.say(`warning: provider "${config.id}" is not available: ${explain(error)}`);
    }
  }
  return {
    all: new Map(accounts.flatMap(({ id }) => [...all].filter(([opened]) => opened === id))),
    broken,
    async close() {
      await Promise.all([...all.values()].map((provider) => provider.close()));
    },
  };
}

const resolveCredentials = (
  context: Context,
  credentials: Readonly<Record<string, SecretSource>>,
  owner: string,
): Readonly<Record<string, Secret>> =>
  Object.fromEntries(
    Object.entries(credentials).map(([key, source]) => [
      key,
      resolveSecret(source, context.env, `credential ${key} of ${owner}`),
    ]),
  );

async function openSolver(context: Context, config: SolverConfig): Promise<Solver> {
  const definition = solverDefinitions.find(({ type }) => type === config.type);
  if (!definition?.create) {
    throw new CertError('config.invalid', `solver ${config.id} of type ${config.type} publishes nothing`);
  }
  return definition.create({
    config,
    credentials: resolveCredentials(context, config.credentials, `solver ${config.id}`),
    clock: context.clock,
    log: context.log.child({ solver: config.id, type: config.type }),
    random: context.random,
    signal: context.signal,
    folder: context.cwd,
    variable: (name) => context.env[name],
  });
}

/** undefined: no programs are started from here, or nothing is known of a forge. */
function openHook(
  context: Context,
  { remote }: GitRepository,
  config: HookConfig,
): PublishedHook | undefined {
  if (config.kind === 'dispatch') {
    const place = forgePlace(context, remote);
    return place && dispatchHook(() => openForge(context, place), config.event);
  }
  if (!context.startsHooks) return undefined;
  return publishedHook(config, {
    folder: context.cwd,
    signal: context.signal,
    variable: (name) => context.env[name],
  });
}

/** A contact set with its variables read, and the digest by which a later run can tell that it is still the same. */
function resolveContacts(
  context: Context,
  configuration: Configuration,
  name: string,
  personal: Set<string>,
): { readonly digest: string; readonly data: JsonObject } {
  const set = configuration.contacts[name];
  if (!set) throw new CertError('config.invalid', `certwright.yaml has no contacts "${name}"`);
  const data = resolvePersonal(context, name, set, personal);
  return { digest: createHash('sha256').update(canonicalJson(data)).digest('hex'), data };
}

/** The password stays out of the digest, which stands in Git: it could be guessed from it. */
function resolveCustomer(context: Context, { passwordVariable: name, ...data }: SitelockCustomer) {
  const source = name === undefined ? undefined : ({ kind: 'variable', name } as const);
  return {
    data,
    digest: createHash('sha256').update(canonicalJson(data)).digest('hex'),
    ...(source === undefined
      ? {}
      : { password: resolveSecret(source, context.env, 'password of a SiteLock customer') }),
  };
}

function resolvePersonal(context: Context, name: string, set: ContactSet, personal: Set<string>): JsonObject {
  const text = (value: PersonalText): string => {
    if (typeof value === 'string') return value;
    const found = resolveSecret(value, context.env, `contacts ${name}`).reveal();
    personal.add(found);
    return found;
  };
  return Object.fromEntries(
    Object.entries(set).map(([part, fields]) => [
      part,
      Object.fromEntries(
        Object.entries<PersonalText | undefined>({ ...fields }).flatMap(([key, value]) =>
          value === undefined ? [] : [[key, text(value)]],
        ),
      ),
    ]),
  );
}

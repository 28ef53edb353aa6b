import type { ConfigurationResult } from '../config/load.js';
import type { Configuration } from '../model/configuration.js';
import { CertError } from '../model/errors.js';
import type { Finding } from '../model/manifest.js';
import type { Secret } from '../model/secret.js';
import type { Deps, Reading } from '../reconcile/deps.js';
import type { GitRepository, Reader } from '../repository/git-repository.js';
import { openWorktree, type WorktreeReader } from '../repository/worktree.js';
import type { Globals } from './cli/globals.js';
import { composeDeps } from './compose.js';
import type { Context } from './context.js';
import { readConfiguration, readFiles, readFilesAlone } from './files.js';
import { loadIdentities } from './identities.js';
import { type Branches, openRemote, type Remote } from './remote.js';

export const DEFAULT_BRANCHES = { approval: 'main', state: 'certwright/state' };

/** The folder a person stands in, and the remote behind it. */
export interface Workplace {
  readonly checkout: WorktreeReader;
  /** What the checkout's certwright.yaml says, as it lies there. */
  readonly local: ConfigurationResult;
  readonly repository: GitRepository & Reader;
  readonly deps: Deps;
  identities(repositoryId?: string): Promise<readonly Secret[]>;
  close(): Promise<void>;
}

const worktreeOf = (context: Context): Promise<WorktreeReader> =>
  openWorktree({
    cwd: context.cwd,
    log: context.log.child({ component: 'git' }),
    signal: context.signal,
    env: context.env,
  });

/** The checkout alone, as anybody may have written it: neither a remote is asked nor a variable read. */
export async function findingsOf(context: Context): Promise<readonly Finding[]> {
  const { findings } = await readFilesAlone(await worktreeOf(context), context.definitions);
  return findings;
}

/** The checkout alone: no remote is asked. */
export async function openCheckout(
  context: Context,
): Promise<{ readonly checkout: WorktreeReader; readonly local: Reading }> {
  const checkout = await worktreeOf(context);
  return { checkout, local: await readFiles(checkout, context.env, context.definitions) };
}

/**
 * Checkout, remote and everything the loop needs. The names of the branches come from the checkout's configuration,
 * the defaults where there is none (a bare clone).
 * @param opened  used, and closed with the workplace, if it is for the same branches
 * @throws CertError
 */
export async function openWorkplace(context: Context, globals: Globals, opened?: Remote): Promise<Workplace> {
  const checkout = await worktreeOf(context);
  const local = await readConfiguration(checkout, context.definitions);
  const branches = local.configuration?.branches ?? DEFAULT_BRANCHES;
  const usable = opened !== undefined && areSame(opened.branches, branches);
  if (opened !== undefined && !usable) await opened.repository.close();
  const repository = usable ? opened.repository : await openRemote(context, branches);
  const identities = (repositoryId = local.configuration?.id) =>
    loadIdentities(context, globals.identity, repositoryId);
  const deps = composeDeps(context, repository, identities);
  return {
    checkout,
    local,
    repository,
    deps: { ...deps, readFiles: async (tree) => sameBranches(await deps.readFiles(tree), branches) },
    identities,
    close: () => repository.close(),
  };
}

const areSame = (a: Branches, b: Branches): boolean => a.approval === b.approval && a.state === b.state;

/** A configuration that names other branches than the ones looked at would be acted on in the wrong place. */
function sameBranches(reading: Reading, branches: Branches): Reading {
  const named = reading.configuration?.branches;
  if (!named || areSame(named, branches)) return reading;
  throw new CertError(
    'config.invalid',
    `certwright.yaml on ${branches.approval} names the branches ${named.approval} and ${named.state}, this checkout ${branches.approval} and ${branches.state}`,
    { remedy: 'check out the approval branch, or merge the change of `branches:` first' },
  );
}

/** @throws CertError when the checkout's configuration cannot be used */
export function configurationOf(reading: Pick<Reading, 'configuration' | 'findings'>): Configuration {
  if (reading.configuration) return reading.configuration;
  const first: Finding | undefined = reading.findings.find((finding) => finding.severity === 'error');
  throw new CertError('config.invalid', first?.message ?? 'there is no certwright.yaml here', {
    remedy:
      'run `certwright validate` for everything that is wrong, or `certwright init` in a new repository',
  });
}

import type { SolverConfig } from '../../model/configuration.js';
import { CertError, messageOf } from '../../model/errors.js';
import type { DnsName } from '../../model/names.js';
import type { SolvableRecord } from '../../model/order.js';
import type { Deps } from '../../reconcile/deps.js';
import type { Diagnosis } from '../../report/doctor-text.js';
import { missingSecrets } from '../secrets.js';
import { line } from './line.js';

/** A look asks a server, or an API, for each zone. */
const ZONES_LOOKED_AT = 3;
const PUBLISHED_BY = 'see docs/validation.md; without it proofs of control wait for a person';

/**
 * Has every solver what it needs, and can it see its zones? Looks for a record that is not there; publishes nothing.
 * @param names  of the manifests, for a solver that is told no zones and is the only one
 */
export async function examineSolvers(
  deps: Pick<Deps, 'openSolver'>,
  solvers: readonly SolverConfig[],
  names: readonly DnsName[],
  env: NodeJS.ProcessEnv,
): Promise<readonly Diagnosis[]> {
  const alone = solvers.filter(({ acts, proves }) => acts && proves.includes('dns')).length === 1;
  const found = await Promise.all(
    solvers.map((config) => examineOne(deps, config, alone ? names.slice(0, 1) : [], env)),
  );
  return found.flat();
}

async function examineOne(
  deps: Pick<Deps, 'openSolver'>,
  config: SolverConfig,
  names: readonly DnsName[],
  env: NodeJS.ProcessEnv,
): Promise<readonly Diagnosis[]> {
  const { id, acts, zones, proves, credentials } = config;
  if (!acts) return [line('solvers', 'ok', `${id} stands for a person, who publishes by hand`)];
  const missing = missingSecrets(Object.values(credentials), env);
  if (missing.length > 0) {
    const remedy = 'set it in the environment of whoever runs apply';
    return [line('solvers', 'problem', `${id} has no credentials: not set: ${missing.join(', ')}`, remedy)];
  }
  const places = zones.length > 0 ? zones.slice(0, ZONES_LOOKED_AT) : names;
  try {
    const solver = await deps.openSolver(config);
    if (!solver.visible || !proves.includes('dns') || places.length === 0)
      return [line('solvers', 'ok', `${id} can be opened; where it publishes was not looked at`)];
    const sights = await solver.visible(places.map(probe));
    return sights.map(({ seen, why }, at) => {
      const place = places[at] ?? '';
      return seen === 'cannot-tell'
        ? line('solvers', 'warning', `${id} cannot see ${place}: ${why}`, PUBLISHED_BY)
        : line('solvers', 'ok', `${id} sees ${place}`);
    });
  } catch (error) {
    if (!(error instanceof CertError) || error.code === 'interrupted') throw error;
    return [line('solvers', 'problem', `${id}: ${messageOf(error)}`, error.remedy ?? PUBLISHED_BY)];
  }
}

/** Where a proof for this zone would stand (RFC 8555 §8.4), with a value that none has. */
const probe = (zone: string): SolvableRecord => ({
  type: 'TXT',
  owner: `_acme-challenge.${zone.replace(/^\*\./, '')}`,
  value: 'certwright-doctor',
});

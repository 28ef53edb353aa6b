import type { Configuration } from '../model/configuration.js';
import type { Finding } from '../model/manifest.js';
import type { Status } from '../model/status.js';
import { type ChangedEnvironment, changedEnvironments } from '../policy/environments.js';
import type { Reading } from './deps.js';

/**
 * What is wrong with accounts whose environment was changed in place. Nothing may be asked of them: an order of one
 * environment is not to be found at another, and what is not found there might be bought again.
 */
export function environmentFindings(
  configuration: Pick<Configuration, 'providers'>,
  statuses: Iterable<Status>,
  positionOf: Reading['positionOf'],
): readonly Finding[] {
  return changedEnvironments(configuration.providers, statuses).map((changed) => {
    const { provider, configured, recorded } = changed;
    return {
      severity: 'error',
      code: 'provider.environment-changed',
      message: `${changedWords(changed)}.`,
      suggestion: `Write environment: ${recorded} again, and the ${configured} account as another provider, such as "${provider}-${configured}", that manifests then name.`,
      position: positionOf(['providers', provider, 'environment']),
    };
  });
}

/** Why nothing is sent while an account has records of another environment; undefined: none has. */
export function environmentStopped(
  { providers }: Pick<Configuration, 'providers'>,
  statuses: Iterable<Status>,
): string | undefined {
  const [changed] = changedEnvironments(providers, statuses);
  return changed && changedWords(changed);
}

const changedWords = ({ provider, configured, recorded, certificate, record }: ChangedEnvironment): string =>
  `"${provider}" cannot become ${configured}: ${record} of ${certificate} is recorded there as ${recorded}`;

import { parseBaseUrl } from '../../http/base-url.js';
import { CertError } from '../../model/errors.js';
import { Secret } from '../../model/secret.js';
import type { Solver, SolverDeps } from '../../ports/solver.js';
import { createHosted, textOf, ttlOf } from '../hosted/solver.js';
import { route53Service } from './service.js';

const TTL_S = 60;
/** Route 53 is one service for all regions; signatures name this one. Others are for other partitions. */
const REGION = 'us-east-1';

/** Where credentials come from that the configuration does not name, as every AWS tool has it. */
const VARIABLES = {
  accessKeyId: 'AWS_ACCESS_KEY_ID',
  secretAccessKey: 'AWS_SECRET_ACCESS_KEY',
  sessionToken: 'AWS_SESSION_TOKEN',
} as const;

interface Keys {
  readonly accessKeyId: Secret;
  readonly secretAccessKey: Secret;
  readonly sessionToken?: Secret;
}

/** @throws CertError `config.missing-variable` */
function keysOf({ config, credentials, variable }: SolverDeps): Keys {
  const named = Object.keys(credentials).length > 0;
  const keyOf = (name: keyof typeof VARIABLES): Secret | undefined => {
    if (named) return credentials[name];
    const value = variable(VARIABLES[name]);
    return value === undefined || value === '' ? undefined : new Secret(value);
  };
  const [accessKeyId, secretAccessKey] = [keyOf('accessKeyId'), keyOf('secretAccessKey')];
  if (!accessKeyId || !secretAccessKey) {
    throw new CertError('config.missing-variable', `solver ${config.id} has no keys for Route 53`, {
      remedy: named
        ? 'write both accessKeyId: and secretAccessKey:'
        : 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name other variables under accessKeyId: and secretAccessKey:',
    });
  }
  const sessionToken = keyOf('sessionToken');
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
}

/** @throws CertError `config.invalid`, `config.missing-variable` */
export function createRoute53(deps: SolverDeps): Solver {
  const { config, signal } = deps;
  const keys = keysOf(deps);
  const url = textOf(config, 'url');
  if (url !== undefined) parseBaseUrl(url);
  const { hostedZones } = config.options;
  const sent = new Map<string, string>();
  return createHosted(deps, async () => {
    return route53Service({
      ...keys,
      region: textOf(config, 'region') ?? REGION,
      ...(url === undefined ? {} : { url }),
      ttl: ttlOf(config, TTL_S),
      hostedZones: Array.isArray(hostedZones) ? hostedZones.map(String) : [],
      sent,
      signal,
    });
  });
}

import type { Environment } from '../model/configuration.js';
import { CertError } from '../model/errors.js';
import type { ConnectionReport } from '../ports/provider.js';

/**
 * What a connection check says of credentials that are refused.
 * @throws the error itself, where it is something else
 */
export function refusedLogin(environment: Environment, error: unknown): ConnectionReport {
  if (!(error instanceof CertError) || error.code !== 'provider.credentials') throw error;
  const remedy = error.remedy === undefined ? [] : [error.remedy];
  return { ok: false, environment, findings: [error.message, ...remedy] };
}

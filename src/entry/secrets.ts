import { accessSync, constants, readFileSync } from 'node:fs';
import { CertError } from '../model/errors.js';
import { Secret, type SecretSource } from '../model/secret.js';

/**
 * Reads one credential where it is needed, and only then.
 * @throws CertError `config.missing-variable`
 */
export function resolveSecret(source: SecretSource, env: NodeJS.ProcessEnv, use: string): Secret {
  if (source.kind === 'variable') {
    const value = env[source.name];
    if (value === undefined || value === '') {
      throw new CertError('config.missing-variable', `the variable ${source.name} is not set (${use})`, {
        remedy: `set ${source.name} in the environment certwright runs in`,
      });
    }
    return new Secret(value);
  }
  try {
    return new Secret(readFileSync(source.path, 'utf8').trimEnd());
  } catch (error) {
    throw new CertError('config.missing-variable', `the file ${source.path} cannot be read (${use})`, {
      cause: error,
      remedy: 'mount the secret at that path, readable by the user certwright runs as',
    });
  }
}

/** Variables and files that are not there, as a person has to set them. */
export const missingSecrets = (
  sources: Iterable<SecretSource>,
  env: NodeJS.ProcessEnv,
): readonly string[] => [
  ...new Set([...sources].flatMap((source) => (isThere(source, env) ? [] : [nameOfSource(source)]))),
];

/** `LOGIN`, or the path of a file. */
export const nameOfSource = (source: SecretSource): string =>
  source.kind === 'variable' ? source.name : source.path;

function isThere(source: SecretSource, env: NodeJS.ProcessEnv): boolean {
  if (source.kind === 'variable') return Boolean(env[source.name]);
  try {
    accessSync(source.path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

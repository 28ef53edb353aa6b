import { readFileSync } from 'node:fs';
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

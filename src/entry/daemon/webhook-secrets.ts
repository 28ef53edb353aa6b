import { CertError, explain } from '../../model/errors.js';
import { Secret, type SecretSource } from '../../model/secret.js';
import type { Log } from '../../ports/log.js';
import { resolveSecret } from '../secrets.js';
import { signingKey } from './signature.js';

/** Shorter ones can be guessed; of a signing token's key, in bytes. */
const SHORTEST_SECRET = 16;

/** The secrets of the webhook, as they were read last. */
export interface WebhookSecrets {
  /** Any of them will do. */
  current(): readonly Secret[];
  /** Reads them again; where that fails those that were read before stay, and the log tells. */
  reread(): void;
}

/**
 * Secrets of the hosts that tell of pushes, one on a line: while one is exchanged the old one and the new one.
 * @throws CertError `config.missing-variable`, `usage`
 */
export function openWebhookSecrets(source: SecretSource, env: NodeJS.ProcessEnv, log: Log): WebhookSecrets {
  let secrets = readSecrets(source, env);
  return {
    current: () => secrets,
    reread() {
      try {
        secrets = readSecrets(source, env);
      } catch (error) {
        log.warn({ text: explain(error) }, 'the secrets of the webhook stay as they were');
      }
    },
  };
}

function readSecrets(source: SecretSource, env: NodeJS.ProcessEnv): readonly Secret[] {
  const lines = resolveSecret(source, env, '--webhook-secret').reveal().split('\n');
  const secrets = lines.map((line) => line.trim()).filter((line) => line !== '');
  if (secrets.length === 0 || secrets.some((secret) => secret.length < SHORTEST_SECRET)) {
    throw new CertError('usage', `a secret of the webhook has fewer than ${SHORTEST_SECRET} characters`, {
      remedy: 'make one with `openssl rand -hex 32`, and give the host of the repository the same',
    });
  }
  return secrets.map((text) => {
    const secret = new Secret(text);
    if ((signingKey(secret)?.length ?? SHORTEST_SECRET) >= SHORTEST_SECRET) return secret;
    throw new CertError(
      'usage',
      'a signing token of the webhook is no whsec_ with a key in Base64 behind it',
      {
        remedy: 'copy the whole signing token from the settings of the webhook at GitLab',
      },
    );
  });
}

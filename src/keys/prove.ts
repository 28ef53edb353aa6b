import { randomBytes } from 'node:crypto';
import { CertError } from '../model/errors.js';
import type { Secret } from '../model/secret.js';
import { createSealer } from './age.js';

export interface RecipientProof {
  readonly recipient: string;
  /** One of the identities opened what was sealed to this recipient alone. */
  readonly proven: boolean;
}

/**
 * Which recipients the identities can open for: a random challenge is sealed to each alone, and opened.
 * @throws CertError `key.no-recipient` for a recipient that is none, `key.unreadable` for a broken identity
 */
export async function proveRecipients(subject: {
  readonly recipients: readonly string[];
  readonly identities: readonly Secret[];
}): Promise<readonly RecipientProof[]> {
  const { recipients, identities } = subject;
  return Promise.all(
    recipients.map(async (recipient) => ({ recipient, proven: await opens(recipient, identities) })),
  );
}

async function opens(recipient: string, identities: readonly Secret[]): Promise<boolean> {
  const sealer = createSealer({ recipients: [recipient], identities });
  const challenge = randomBytes(32).toString('hex');
  const sealed = await sealer.seal(challenge);
  try {
    return (await sealer.open(sealed)) === challenge;
  } catch (error) {
    if (error instanceof CertError && error.code === 'key.no-identity') return false;
    throw error;
  }
}

import { randomBytes } from 'node:crypto';
import { CertError } from '../model/errors.js';
import type { Secret } from '../model/secret.js';
import type { Keystore, Sealer } from '../ports/keystore.js';
import { createSealer } from './age.js';

export interface RecipientProof {
  readonly recipient: string;
  /** One of the identities opened what was sealed to this recipient alone. */
  readonly proven: boolean;
}

/**
 * Which recipients the identities can open for: a random challenge is sealed to each alone, and opened.
 * @throws CertError `key.no-recipient` for a recipient that is none, `key.unreadable` for a broken identity, `key.keystore`
 */
export async function proveRecipients(subject: {
  readonly recipients: readonly string[];
  readonly identities: readonly Secret[];
  /** Seals and opens a challenge of its own, without any identity; its mark stands for it. */
  readonly keystore?: Keystore;
}): Promise<readonly RecipientProof[]> {
  const { recipients, identities, keystore } = subject;
  const proofs = await Promise.all(
    recipients.map(async (recipient) => ({
      recipient,
      proven: await opens(createSealer({ recipients: [recipient], identities })),
    })),
  );
  if (!keystore) return proofs;
  const proven = await opens(createSealer({ recipients: [], identities: [], keystore }));
  return [...proofs, { recipient: keystore.mark, proven }];
}

async function opens(sealer: Sealer): Promise<boolean> {
  const challenge = randomBytes(32).toString('hex');
  const sealed = await sealer.seal(challenge);
  try {
    return (await sealer.open(sealed)) === challenge;
  } catch (error) {
    if (error instanceof CertError && error.code === 'key.no-identity') return false;
    throw error;
  }
}

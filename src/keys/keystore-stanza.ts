import type { Identity, Recipient, Stanza } from 'age-encryption';
import { CertError } from '../model/errors.js';
import type { Keystore, SealPurpose } from '../ports/keystore.js';

/**
 * The file key of an age file as a keystore wrapped it:
 *
 *   -> certwright/keystore PURPOSE
 *   the keystore's own text
 *
 * What the keystore sees is 16 random bytes of one file, never the private key in it.
 */
const TYPE = 'certwright/keystore';
const FILE_KEY_BYTES = 16;

/** `age` is loaded where it is used, and handed in. */
type Age = { readonly Stanza: new (args: string[], body: Uint8Array) => Stanza };

export const keystoreRecipient = (age: Age, keystore: Keystore, purpose: SealPurpose): Recipient => ({
  async wrapFileKey(fileKey) {
    const wrapped = await keystore.wrap(fileKey, purpose);
    return [new age.Stanza([TYPE, purpose], Buffer.from(wrapped, 'utf8'))];
  },
});

export const keystoreIdentity = (keystore: Keystore): Identity => ({
  async unwrapFileKey(stanzas) {
    const stanza = stanzas.find(({ args }) => args[0] === TYPE);
    if (!stanza) return null;
    const purpose = stanza.args[1] === 'runner' ? 'runner' : 'certificate';
    const fileKey = await keystore.unwrap(Buffer.from(stanza.body).toString('utf8'), purpose);
    if (fileKey.length === FILE_KEY_BYTES) return fileKey;
    throw new CertError(
      'key.keystore',
      `The keystore opened something else than the key of this file: ${fileKey.length} bytes instead of ${FILE_KEY_BYTES}.`,
    );
  },
});

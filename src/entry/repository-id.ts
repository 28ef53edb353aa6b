import { existsSync } from 'node:fs';
import { type Context, identityFolder } from './context.js';

const ID_LENGTH = 7;
/** Without vowels and look-alikes: it is read aloud and typed. */
const ID_ALPHABET = 'bcdfghjkmnpqrstvwxz23456789';

/** A new id for a repository; drawn anew until no identities of an earlier one lie under it. */
export function newRepositoryId(context: Context): string {
  for (;;) {
    const bytes = Buffer.from(context.random.hex(ID_LENGTH), 'hex');
    const id = [...bytes].map((byte) => ID_ALPHABET[byte % ID_ALPHABET.length]).join('');
    if (!existsSync(identityFolder(context.env, id))) return id;
  }
}

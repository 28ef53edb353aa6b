import { CertError } from '../model/errors.js';
import { Secret } from '../model/secret.js';
import type { Keystore, Sealer, SealPurpose } from '../ports/keystore.js';
import { keystoreIdentity, keystoreRecipient } from './keystore-stanza.js';
import { FOR, FORMERLY, markOf } from './marks.js';

export interface SealerOptions {
  /** age recipients (`age1…`); everything sealed can be opened by each of them. */
  readonly recipients: readonly string[];
  readonly identities: readonly Secret[];
  /** Opens what is sealed as well, beside the recipients or instead of them. */
  readonly keystore?: Keystore;
  /** Which of its keys it is asked for; default: `certificate`. */
  readonly purpose?: SealPurpose;
}

/** bech32 in upper case, as age writes it; the checksum is looked at when the identity is used. */
const IDENTITY = /^AGE-SECRET-KEY-(?:PQ-)?1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}$/;
const SHOWABLE_RECIPIENT = /^age1[a-z0-9]+$/;
const GIVE_IDENTITY = 'give one by `--identity FILE` or CERTWRIGHT_IDENTITY';

/** Loaded where it is used: it would be a third of the start-up time. */
const loadAge = () => import('age-encryption');
type Age = Awaited<ReturnType<typeof loadAge>>;

// Causes are left out throughout: the library quotes what it could not decode, and that may be an identity.

/** Seals to armoured age files (https://age-encryption.org/v1). */
export function createSealer(options: SealerOptions): Sealer {
  const recipients = [...new Set(options.recipients)];
  const { keystore } = options;
  return {
    async seal(plain, formerly = []) {
      if (recipients.length === 0 && keystore === undefined)
        throw new CertError(
          'key.no-recipient',
          'There is nobody to seal a key to: list at least one age recipient (`age1…`) under `keys: recipients:` in certwright.yaml.',
        );
      const age = await loadAge();
      const encrypter = new age.Encrypter();
      for (const recipient of recipients) addRecipient(encrypter, recipient);
      if (keystore)
        encrypter.addRecipient(keystoreRecipient(age, keystore, options.purpose ?? 'certificate'));
      const marks = [...recipients.map(markOf), ...(keystore ? [keystore.mark] : [])];
      encrypter.addRecipient({
        wrapFileKey: () => [
          new age.Stanza([FOR, ...marks], NOTHING),
          ...(formerly.length === 0 ? [] : [new age.Stanza([FORMERLY, ...formerly], NOTHING)]),
        ],
      });
      return age.armor.encode(await encrypt(encrypter, plain));
    },

    async open(sealed) {
      if (options.identities.length === 0 && keystore === undefined)
        throw new CertError(
          'key.no-identity',
          `Opening a sealed key needs an age identity: ${GIVE_IDENTITY}.`,
        );
      const age = await loadAge();
      const file = dearmour(age, sealed);
      const decrypter = new age.Decrypter();
      for (const identity of options.identities) addIdentity(decrypter, identity);
      // After the identities: whoever has one starts no program.
      if (keystore) decrypter.addIdentity(keystoreIdentity(keystore));
      let nobodyMatched = false;
      // Identities are asked in order until one knows the file, so this one is asked only if none did.
      decrypter.addIdentity({
        unwrapFileKey: () => {
          nobodyMatched = true;
          return null;
        },
      });
      try {
        return await decrypter.decrypt(file, 'text');
      } catch (error) {
        // The keystore's own words: it quotes nothing that is sealed.
        if (error instanceof CertError) throw error;
        if (nobodyMatched) throw noneFits(options.identities.length, keystore);
        throw new CertError('key.unreadable', damaged);
      }
    },
  };
}

const noneFits = (identities: number, keystore: Keystore | undefined): CertError =>
  new CertError(
    'key.no-identity',
    `${
      keystore && identities === 0
        ? 'This sealed key was not sealed to the keystore'
        : identities === 1
          ? 'The identity given cannot open this sealed key'
          : `None of the ${identities} identities given can open this sealed key`
    }: ${GIVE_IDENTITY} that belongs to one of its recipients.`,
  );

/** What a stanza says stands in its arguments. */
const NOTHING = new Uint8Array();

const damaged = 'The sealed key is damaged and cannot be opened: restore the file from Git history.';

function addRecipient(encrypter: InstanceType<Age['Encrypter']>, recipient: string): void {
  try {
    encrypter.addRecipient(recipient);
  } catch {
    const shown = SHOWABLE_RECIPIENT.test(recipient) ? `\`${recipient}\`` : 'An entry of `keys: recipients:`';
    throw new CertError(
      'key.no-recipient',
      `${shown} is no age recipient: give the \`age1…\` line that belongs to an identity.`,
    );
  }
}

async function encrypt(encrypter: InstanceType<Age['Encrypter']>, plain: string): Promise<Uint8Array> {
  try {
    return await encrypter.encrypt(plain);
  } catch (error) {
    if (error instanceof CertError) throw error;
    throw new CertError(
      'key.no-recipient',
      'One of the age recipients is not usable: check `keys: recipients:`.',
    );
  }
}

function addIdentity(decrypter: InstanceType<Age['Decrypter']>, identity: Secret): void {
  try {
    decrypter.addIdentity(identity.reveal());
  } catch {
    throw new CertError('key.unreadable', unusableIdentity);
  }
}

const unusableIdentity =
  'The age identity given is mistyped or cut off (its checksum is wrong): copy the whole `AGE-SECRET-KEY-1…` line again.';

function dearmour(age: Age, sealed: string): Uint8Array {
  try {
    return age.armor.decode(sealed);
  } catch {
    throw new CertError('key.unreadable', damaged);
  }
}

/**
 * The identities of an age identity file: one a line, blank lines and `#` comments between them.
 * @throws CertError `key.unreadable` (with the line number, never the line) or `key.no-identity` when there is none
 */
export function parseIdentities(text: string): readonly Secret[] {
  const identities: Secret[] = [];
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    if (!IDENTITY.test(line))
      throw new CertError(
        'key.unreadable',
        `Line ${index + 1} of the identities is no age identity: each line is one whole \`AGE-SECRET-KEY-1…\`, as age-keygen writes it.`,
      );
    identities.push(new Secret(line));
  }
  if (identities.length === 0)
    throw new CertError('key.no-identity', `The text holds no \`AGE-SECRET-KEY-1…\` line: ${GIVE_IDENTITY}.`);
  return identities;
}

export interface IdentityPair {
  readonly identity: Secret;
  readonly recipient: string;
}

export async function generateIdentity(): Promise<IdentityPair> {
  const age = await loadAge();
  const identity = new Secret(await age.generateX25519Identity());
  return { identity, recipient: await recipientOf(identity) };
}

/** The `age1…` that belongs to an identity. @throws CertError `key.unreadable` */
export async function recipientOf(identity: Secret): Promise<string> {
  const age = await loadAge();
  try {
    return await age.identityToRecipient(identity.reveal());
  } catch {
    throw new CertError('key.unreadable', unusableIdentity);
  }
}

/** A recipient this build can seal to: X25519, post-quantum or tag; plugins and SSH keys are not. */
export async function isRecipient(text: string): Promise<boolean> {
  if (!SHOWABLE_RECIPIENT.test(text)) return false;
  const age = await loadAge();
  try {
    new age.Encrypter().addRecipient(text);
    return true;
  } catch {
    return false;
  }
}

import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { Scalar, stringify } from 'yaml';
import { CertError } from '../model/errors.js';
import { type Instant, toInstant } from '../model/time.js';

/** Stands in every file of SOPS; readers tell old layouts apart by it. */
const VERSION = '3.9.0';
/** SOPS encrypts under nonces of 32 bytes, not of the usual 12; readers take the length from the value. */
const NONCE_BYTES = 32;
const DATA_KEY_BYTES = 32;

/** Leaves are texts; the order of keys is the order of the document, and counts. */
export interface PlainTree {
  readonly [key: string]: string | PlainTree;
}

export interface SopsOptions {
  /** age recipients (`age1…`). */
  readonly recipients: readonly string[];
  /** Names of top-level keys below which values are encrypted. */
  readonly encrypted: readonly string[];
  readonly nowMs: number;
}

/**
 * A YAML document as SOPS writes it (https://getsops.io/docs/): values below some keys encrypted by AES-256-GCM, each bound to its
 * path, the data key sealed to every age recipient on its own, and a MAC over all values in their order, encrypted or not.
 * @throws CertError `key.no-recipient`
 */
export async function sopsYaml(tree: PlainTree, options: SopsOptions): Promise<string> {
  const dataKey = randomBytes(DATA_KEY_BYTES);
  const lastModified = toInstant(options.nowMs);
  const digest = createHash('sha512');
  const encrypted = new Set(options.encrypted);
  const walk = (node: PlainTree, path: readonly string[]): PlainTree =>
    Object.fromEntries(
      Object.entries(node).map(([key, value]) => {
        const at = [...path, key];
        if (typeof value !== 'string') return [key, walk(value, at)];
        digest.update(value);
        return [key, encrypted.has(at[0] ?? '') ? encryptedValue(value, dataKey, `${at.join(':')}:`) : value];
      }),
    );
  const body = walk(tree, []);
  const mac = digest.digest('hex').toUpperCase();
  const sops = {
    age: await Promise.all(
      options.recipients.map(async (recipient) => ({ recipient, enc: await sealed(dataKey, recipient) })),
    ),
    lastmodified: quoted(lastModified),
    mac: encryptedValue(mac, dataKey, lastModified),
    encrypted_regex: `^(${options.encrypted.join('|')})$`,
    version: VERSION,
  };
  return stringify({ ...body, sops }, { lineWidth: 0 });
}

/** Unquoted, YAML 1.1 takes it for a timestamp. */
function quoted(instant: Instant): Scalar<string> {
  const scalar = new Scalar<string>(instant);
  scalar.type = Scalar.QUOTE_DOUBLE;
  return scalar;
}

/** An empty text stays one. @param bound  the path, or for the MAC the instant, that the value cannot be moved away from */
function encryptedValue(text: string, key: Buffer, bound: string): string {
  if (text === '') return '';
  const iv = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  cipher.setAAD(Buffer.from(bound, 'utf8'));
  const data = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  const parts = [data, iv, cipher.getAuthTag()].map((bytes) => bytes.toString('base64'));
  return `ENC[AES256_GCM,data:${parts[0]},iv:${parts[1]},tag:${parts[2]},type:str]`;
}

async function sealed(dataKey: Buffer, recipient: string): Promise<string> {
  const age = await import('age-encryption');
  const encrypter = new age.Encrypter();
  try {
    encrypter.addRecipient(recipient);
    const text = age.armor.encode(await encrypter.encrypt(dataKey));
    return text.endsWith('\n') ? text : `${text}\n`;
  } catch {
    throw new CertError('key.no-recipient', 'One of the age recipients for SOPS is none.', {
      remedy: 'give the `age1…` line of the identity that Flux decrypts with',
    });
  }
}

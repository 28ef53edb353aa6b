import PQueue from 'p-queue';
import { redactor } from '../http/redact.js';
import type { KeystoreConfig } from '../model/configuration.js';
import { CertError } from '../model/errors.js';
import { Secret } from '../model/secret.js';
import type { Keystore, SealPurpose } from '../ports/keystore.js';
import { runProgram, surroundings } from './run.js';

/** Of the protocol that docs/keys.md describes. */
const VERSION = 1;
const ANSWER_BYTES = 16_384;
/** Vault and clouds limit their callers, and a machine its processes. */
const AT_ONCE = 4;
const WRAPPED = /^[!-~]{1,8192}$/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

export interface KeystoreSurroundings {
  /** The folder certwright was started in: where relative paths begin. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** One variable of our environment. */
  variable(name: string): string | undefined;
}

/**
 * A program of the user's own: one start for each file key, one JSON object in, one out.
 * @param mark  what stands for it among recipients
 */
export function execKeystore(config: KeystoreConfig, mark: string, around: KeystoreSurroundings): Keystore {
  const queue = new PQueue({ concurrency: AT_ONCE });
  const name = `keystore ${config.run.join(' ')}`;

  async function ask(request: Readonly<Record<string, string>>, secret: string): Promise<string> {
    const { env, redact } = surroundings(around.variable, config.environment);
    const hide = redactor([new Secret(secret)]);
    return runProgram({
      command: config.run,
      what: `${name} ${request.operation}`,
      env,
      redact: (text) => hide(redact(text)),
      folder: around.folder,
      limitMs: config.timeoutMs,
      signal: around.signal,
      input: `${JSON.stringify({ protocol: 'certwright-keystore', version: VERSION, ...request })}\n`,
      answerBytes: ANSWER_BYTES,
      failed: (message, remedy, printed) => new CertError('key.keystore', message, { remedy, ...printed }),
    });
  }

  /** What it answered is not quoted: it may be what was sealed. */
  function read(answer: string, operation: string, field: string, form: RegExp): string {
    const value = parsed(answer);
    const text = value?.version === VERSION ? value[field] : undefined;
    if (typeof text === 'string' && form.test(text)) return text;
    throw new CertError(
      'key.keystore',
      `${name} ${operation} did not answer {"version":${VERSION},"${field}":"…"}`,
      { remedy: 'run it by hand with the object that docs/keys.md shows' },
    );
  }

  const one = <T>(task: () => Promise<T>): Promise<T> => queue.add(task);

  return {
    mark,
    wrap: (fileKey: Uint8Array, purpose: SealPurpose) =>
      one(async () => {
        const plaintext = Buffer.from(fileKey).toString('base64');
        const answer = await ask({ operation: 'seal', purpose, plaintext }, plaintext);
        const ciphertext = read(answer, 'seal', 'ciphertext', WRAPPED);
        if (!ciphertext.includes(plaintext.replace(/=+$/, ''))) return ciphertext;
        throw new CertError('key.keystore', `${name} seal answered with what it was to seal`, {
          remedy: 'it has to encrypt `plaintext`; nothing was written',
        });
      }),
    unwrap: (wrapped: string, purpose: SealPurpose) =>
      one(async () => {
        if (!WRAPPED.test(wrapped)) throw new CertError('key.unreadable', 'The sealed key is damaged.');
        const answer = await ask({ operation: 'open', purpose, ciphertext: wrapped }, wrapped);
        return Buffer.from(read(answer, 'open', 'plaintext', BASE64), 'base64');
      }),
  };
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

import { createHmac, timingSafeEqual } from 'node:crypto';
import { CertError } from '../../model/errors.js';
import { Secret } from '../../model/secret.js';
import { plainName } from '../dns/ask.js';
import { CLASS, encodeName, encodeRecord, lastRecordAt, skipName, TYPE } from './wire.js';

/** Transaction signatures, RFC 8945. */

export type TsigAlgorithm = 'hmac-sha256' | 'hmac-sha512';
const HASHES: Readonly<Record<TsigAlgorithm, string>> = { 'hmac-sha256': 'sha256', 'hmac-sha512': 'sha512' };
const FUDGE_S = 300;

export interface TsigKey {
  readonly name: string;
  readonly algorithm: TsigAlgorithm;
  /** Base64. */
  readonly secret: Secret;
}

/** What the far side said about our signature. */
export const TSIG_ERROR = { BADSIG: 16, BADKEY: 17, BADTIME: 18 } as const;

const isAlgorithm = (text: string): text is TsigAlgorithm => Object.hasOwn(HASHES, text);

const CLAUSE =
  /key\s+"?([^\s"{;]+)"?\s*\{[^}]*?algorithm\s+"?([\w.-]+?)\.?"?\s*;[^}]*?secret\s+"?([A-Za-z0-9+/=\s]+?)"?\s*;/i;

/**
 * A key as the tools print it: `[algorithm:]name:secret` (nsupdate, keymgr), the key clause of a BIND file
 * (tsig-keygen), or the bare secret where the configuration names the key.
 * @throws CertError `config.invalid`; never repeats what it was given
 */
export function readTsigKey(
  text: Secret,
  named: { readonly keyName?: string; readonly algorithm?: string },
  use: string,
): TsigKey {
  const plain = text.reveal().trim();
  const clause = CLAUSE.exec(plain);
  const parts = clause ? [clause[2], clause[1], clause[3]] : plain.split(':');
  const secret = (parts.at(-1) ?? '').replace(/\s/g, '');
  const name = parts.at(-2) ?? named.keyName;
  const algorithm = (parts.length > 2 ? parts[0] : named.algorithm)?.toLowerCase() ?? 'hmac-sha256';
  const wrong = (message: string, remedy: string) =>
    new CertError('config.invalid', `${use}: ${message}`, { remedy });
  if (
    parts.length > 3 ||
    !/^[A-Za-z0-9+/]+={0,2}$/.test(secret) ||
    Buffer.from(secret, 'base64').length < 16
  ) {
    throw wrong('this is no TSIG key', 'give it as tsig-keygen prints it, or as hmac-sha256:NAME:SECRET');
  }
  if (name === undefined || name === '') {
    throw wrong('the TSIG key has no name', 'write keyName:, or give the key as NAME:SECRET');
  }
  if (!isAlgorithm(algorithm)) {
    throw wrong(`a TSIG key of ${algorithm} is not supported`, 'make one of hmac-sha256 or hmac-sha512');
  }
  return { name: plainName(name), algorithm, secret: new Secret(secret) };
}

const u16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
};

const timeOf = (seconds: number): Buffer => {
  const bytes = Buffer.alloc(6);
  bytes.writeUIntBE(seconds, 0, 6);
  return bytes;
};

interface Variables {
  readonly time: Buffer;
  readonly fudge: number;
  readonly error: number;
  readonly other: Buffer;
}

function macOf(key: TsigKey, before: readonly Buffer[], variables: Variables): Buffer {
  const { time, fudge, error, other } = variables;
  const hmac = createHmac(HASHES[key.algorithm], Buffer.from(key.secret.reveal(), 'base64'));
  for (const part of before) hmac.update(part);
  hmac.update(encodeName(key.name)).update(u16(CLASS.ANY)).update(Buffer.alloc(4));
  hmac.update(encodeName(key.algorithm)).update(time).update(u16(fudge)).update(u16(error));
  return hmac.update(u16(other.length)).update(other).digest();
}

const withAdditional = (message: Buffer, change: number): Buffer => {
  const copy = Buffer.from(message);
  copy.writeUInt16BE(copy.readUInt16BE(10) + change, 10);
  return copy;
};

/** The message with its signature, and the MAC by which the reply is recognised as the one to it. */
export function signMessage(message: Buffer, key: TsigKey, nowMs: number) {
  const variables = {
    time: timeOf(Math.floor(nowMs / 1000)),
    fudge: FUDGE_S,
    error: 0,
    other: Buffer.alloc(0),
  };
  const mac = macOf(key, [message], variables);
  const data = Buffer.concat([
    encodeName(key.algorithm),
    variables.time,
    u16(FUDGE_S),
    u16(mac.length),
    mac,
    message.subarray(0, 2),
    u16(0),
    u16(0),
  ]);
  const record = encodeRecord({ name: key.name, type: TYPE.TSIG, class: CLASS.ANY, ttl: 0, data });
  return { signed: Buffer.concat([withAdditional(message, 1), record]), mac };
}

export type Checked =
  | { readonly kind: 'genuine'; readonly message: Buffer }
  /** The far side did not accept our signature (a `TSIG_ERROR`). */
  | { readonly kind: 'refused'; readonly error: number }
  /** Unsigned, or not signed with our key: worth nothing. */
  | { readonly kind: 'forged' };

/** Judges a reply to a signed message. Never throws. */
export function checkReply(reply: Buffer, key: TsigKey, requestMac: Buffer): Checked {
  try {
    return readReply(reply, key, requestMac);
  } catch {
    return { kind: 'forged' };
  }
}

function readReply(reply: Buffer, key: TsigKey, requestMac: Buffer): Checked {
  const at = lastRecordAt(reply);
  if (at === undefined) return { kind: 'forged' };
  const fixed = skipName(reply, at);
  if (reply.readUInt16BE(fixed) !== TYPE.TSIG) return { kind: 'forged' };
  let next = skipName(reply, fixed + 10);
  const take = (bytes: number): Buffer => {
    if (next + bytes > reply.length) throw new RangeError('the message is cut');
    next += bytes;
    return reply.subarray(next - bytes, next);
  };
  const time = take(6);
  const fudge = take(2).readUInt16BE();
  const mac = take(take(2).readUInt16BE());
  const id = take(2);
  const error = take(2).readUInt16BE();
  const other = take(take(2).readUInt16BE());
  // RFC 8945 §5.3.2: who does not know the key, or finds the signature wrong, cannot sign the reply.
  if (error === TSIG_ERROR.BADKEY || error === TSIG_ERROR.BADSIG) return { kind: 'refused', error };
  const message = withAdditional(reply.subarray(0, at), -1);
  id.copy(message, 0);
  const expected = macOf(key, [u16(requestMac.length), requestMac, message], { time, fudge, error, other });
  if (mac.length !== expected.length || !timingSafeEqual(mac, expected)) return { kind: 'forged' };
  return error === 0 ? { kind: 'genuine', message } : { kind: 'refused', error };
}

import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import type { JWK } from 'jose';
import { CertError, messageOf } from '../../model/errors.js';
import type { Secret } from '../../model/secret.js';

/** An account's key pair, ready to sign. */
export interface AccountKey {
  readonly alg: 'ES256' | 'ES384' | 'RS256';
  readonly privateKey: KeyObject;
  readonly publicJwk: JWK;
  /** RFC 7638, base64url: the end of every key authorization. */
  readonly thumbprint: string;
}

/** What is signed together with the payload (RFC 8555 §6.2). */
export interface SigningHeader {
  readonly url: string;
  readonly nonce: string;
  /** Account URL; absent: the public key itself is sent. */
  readonly kid?: string;
}

const KINDS = 'an ECDSA key on P-256 or P-384, or an RSA key of at least 2048 bits';

/** @throws CertError `config.invalid` for a text that is no key, or one CAs do not take */
export async function loadAccountKey(pem: Secret): Promise<AccountKey> {
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(pem.reveal());
  } catch (error) {
    // OpenSSL's message may not hold the text, but nothing is taken for granted here.
    throw new CertError('config.invalid', `the ACME account key is no PEM private key`, {
      remedy: `Give ${KINDS}, unencrypted, in PEM.`,
      cause: new Error(messageOf(error).slice(0, 100)),
    });
  }
  const alg = algorithmOf(privateKey);
  if (alg === undefined) {
    throw new CertError('config.invalid', `the ACME account key is not of a kind that CAs take`, {
      remedy: `Give ${KINDS}.`,
    });
  }
  const { calculateJwkThumbprint } = await import('jose');
  const publicJwk = createPublicKey(privateKey).export({ format: 'jwk' }) as JWK;
  return { alg, privateKey, publicJwk, thumbprint: await calculateJwkThumbprint(publicJwk, 'sha256') };
}

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): AccountKey['alg'] | undefined {
  if (asymmetricKeyType === 'rsa') {
    return (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048 ? 'RS256' : undefined;
  }
  if (asymmetricKeyType !== 'ec') return undefined;
  if (asymmetricKeyDetails?.namedCurve === 'prime256v1') return 'ES256';
  return asymmetricKeyDetails?.namedCurve === 'secp384r1' ? 'ES384' : undefined;
}

const bytes = (value: object | undefined): Uint8Array =>
  new TextEncoder().encode(value === undefined ? '' : JSON.stringify(value));

/** One request body. @param payload  absent: POST-as-GET (RFC 8555 §6.3) */
export async function signed(
  key: AccountKey,
  { url, nonce, kid }: SigningHeader,
  payload: object | undefined,
): Promise<string> {
  const { FlattenedSign } = await import('jose');
  const header = { alg: key.alg, nonce, url, ...(kid === undefined ? { jwk: key.publicJwk } : { kid }) };
  const jws = await new FlattenedSign(bytes(payload)).setProtectedHeader(header).sign(key.privateKey);
  return JSON.stringify(jws);
}

/** A key the CA gave for binding an ACME account to one of its own. */
export interface ExternalBinding {
  readonly keyId: Secret;
  /** base64url, as CAs print it; plain base64 is taken too. */
  readonly hmacKey: Secret;
}

const BASE64 = /^[A-Za-z0-9+/_-]{16,}={0,2}$/;

/** The account key, signed with the CA's MAC key (RFC 8555 §7.3.4). @throws CertError `config.invalid` */
export async function externalBinding(
  { keyId, hmacKey }: ExternalBinding,
  key: AccountKey,
  url: string,
): Promise<object> {
  const text = hmacKey.reveal().trim();
  if (!BASE64.test(text)) {
    throw new CertError('config.invalid', 'eabHmacKey is no base64 text', {
      remedy: 'Copy the HMAC key as the CA shows it, in base64url.',
    });
  }
  const { FlattenedSign } = await import('jose');
  return new FlattenedSign(bytes(key.publicJwk))
    .setProtectedHeader({ alg: 'HS256', kid: keyId.reveal().trim(), url })
    .sign(Buffer.from(text, 'base64url'));
}

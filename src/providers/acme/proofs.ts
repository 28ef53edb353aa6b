import { createHash } from 'node:crypto';
import { CertError } from '../../model/errors.js';
import type { ValidationMethod } from '../../model/manifest.js';
import type { DnsName } from '../../model/names.js';
import type { DcvItem, SolvableRecord } from '../../model/order.js';
import { parseInstant, toInstant } from '../../model/time.js';
import type { Recorded } from '../../ports/provider.js';
import type { AccountKey } from './jws.js';
import { plainText, problemText } from './problem.js';
import { type AuthorizationWire, type ChallengeWire, problemIn } from './wire.js';

/** At least the 128 bits RFC 8555 §8.3 asks for; it becomes part of a path, so the alphabet is the RFC's and nothing else. */
const TOKEN = /^[A-Za-z0-9_-]{22,256}$/;

type ChallengeType = 'dns-01' | 'http-01';

/** The name as it was asked for: a wildcard's authorization is for what is behind the star (RFC 8555 §7.1.3). */
export const nameOf = ({ identifier, wildcard }: AuthorizationWire): DnsName => {
  const bare = identifier.value.toLowerCase();
  return wildcard === true && !bare.startsWith('*.') ? `*.${bare}` : bare;
};

/** How a name is to be proven; without a record, as far as a name itself tells. */
export const methodFor = (name: DnsName, recorded: Recorded | undefined): ValidationMethod =>
  recorded?.request.validation.find((wish) => wish.name === name)?.method ?? 'dns';

/** What a person publishes by hand is a record as well. */
const typeFor = (method: ValidationMethod): ChallengeType => (method === 'http' ? 'http-01' : 'dns-01');

export const challengeFor = (
  { challenges }: AuthorizationWire,
  method: ValidationMethod,
): ChallengeWire | undefined => challenges.find(({ type }) => type === typeFor(method));

/**
 * What proves a name (RFC 8555 §8.3, §8.4).
 * @throws CertError `wire.unexpected` for a token that is none
 */
function recordFor(key: AccountKey, name: DnsName, challenge: ChallengeWire): SolvableRecord {
  const { token = '' } = challenge;
  const bare = name.replace(/^\*\./, '');
  if (!TOKEN.test(token)) {
    throw new CertError('wire.unexpected', `the CA asks for a token for ${name} that no CA may ask for`, {
      providerText: plainText(token, 80),
      remedy: 'Nothing is published for it. Check that the directory is the one of your CA.',
    });
  }
  const authorization = `${token}.${key.thumbprint}`;
  if (challenge.type === 'http-01') {
    const url = `http://${bare}/.well-known/acme-challenge/${token}`;
    return { type: 'file', url, content: authorization };
  }
  const value = createHash('sha256').update(authorization).digest('base64url');
  return { type: 'TXT', owner: `_acme-challenge.${bare}`, value };
}

const offeredIn = ({ challenges }: AuthorizationWire): string =>
  challenges.map(({ type }) => plainText(type, 40)).join(', ') || 'nothing';

/** One name's proof as the CA asks for it. @throws CertError `wire.unexpected` */
export function proofOf(
  key: AccountKey,
  authorization: AuthorizationWire,
  recorded: Recorded | undefined,
): DcvItem {
  const name = nameOf(authorization);
  const method = methodFor(name, recorded);
  const expiresMs = authorization.expires === undefined ? undefined : parseInstant(authorization.expires);
  if (authorization.status === 'valid') {
    return {
      name,
      method,
      state: 'valid',
      ...(expiresMs === undefined ? {} : { proofExpiresAt: toInstant(expiresMs) }),
    };
  }
  const challenge = challengeFor(authorization, method);
  if (authorization.status !== 'pending') {
    return { name, method, state: 'failed', message: failureText(authorization, challenge) };
  }
  if (challenge === undefined) {
    const message = `the CA does not offer ${typeFor(method)} for this name, it offers ${offeredIn(authorization)}`;
    return { name, method, state: 'pending', message };
  }
  const trouble = challenge.error === undefined ? {} : { message: problemText(problemIn(challenge.error)) };
  return { name, method, state: 'pending', record: recordFor(key, name, challenge), ...trouble };
}

/** Why a name was not proven, in the CA's words. */
function failureText(authorization: AuthorizationWire, challenge: ChallengeWire | undefined): string {
  const failed = [challenge, ...authorization.challenges].find((one) => one?.error !== undefined);
  if (failed === undefined) return `the CA calls its proof ${authorization.status}`;
  return problemText(problemIn(failed.error));
}

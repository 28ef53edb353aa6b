import { errors } from 'undici';
import { CertError, type Effect, type ErrorCode, messageOf } from '../model/errors.js';
import type { HttpReply } from './message.js';
import type { Redact } from './redact.js';

const TIMEOUTS = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ETIMEDOUT',
]);
const EXCERPT_LENGTH = 500;

/** Thrown by our own timer, so that it is told apart from every other abort. */
export class CallTimeout extends Error {}

interface Verdict {
  readonly code: ErrorCode;
  readonly message: string;
  readonly remedy?: string;
  /** Trying a read again can help. */
  readonly passing: boolean;
}

const codeOf = (error: unknown): string => {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
};

/** TLS failures that a person has to settle: OpenSSL's verify errors as Node names them, and its own checks. */
const isTrustFailure = (code: string): boolean =>
  /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|INVALID_CA)/.test(code);

/** Whoever looks into it has to know whether it is the name, the way or the port. */
function unreachable(code: string, origin: string): string {
  switch (code) {
    case 'ECONNREFUSED':
      return `could not be reached: port ${portOf(origin)} refused the connection (${code})`;
    case 'ENOTFOUND':
      return `could not be reached: nobody knows its name (${code})`;
    case 'EAI_AGAIN':
      return `could not be reached: DNS does not answer for its name (${code})`;
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `could not be reached: no way leads to its network (${code})`;
    case '':
      return 'could not be reached, or broke the connection off';
    default:
      return `could not be reached, or broke the connection off (${code})`;
  }
}

function portOf(origin: string): string {
  const { port, protocol } = new URL(origin);
  return port || (protocol === 'http:' ? '80' : '443');
}

function judge(error: unknown, origin: string): Verdict {
  const code = codeOf(error);
  if (error instanceof CallTimeout || TIMEOUTS.has(code)) {
    return { code: 'provider.timeout', message: `${origin} did not answer in time`, passing: true };
  }
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE' || code === 'UND_ERR_HEADERS_OVERFLOW') {
    return {
      code: 'wire.unexpected',
      message: `${origin} sent a reply larger than any it should send`,
      passing: false,
    };
  }
  if (error instanceof errors.HTTPParserError) {
    return { code: 'wire.unexpected', message: `${origin} does not speak HTTP`, passing: false };
  }
  if (code === 'UND_ERR_DESTROYED' || code === 'UND_ERR_CLOSED') {
    return { code: 'interrupted', message: `the connection to ${origin} was closed by us`, passing: false };
  }
  if (code === 'UND_ERR_INVALID_ARG') {
    return { code: 'internal', message: `a request to ${origin} could not be built`, passing: false };
  }
  if (isTrustFailure(code)) {
    return {
      code: 'provider.unreachable',
      message: `${origin} could not prove who it is (${code})`,
      remedy:
        'Check `url:` and the certificate of that host; a private CA has to be named in the configuration.',
      passing: false,
    };
  }
  return {
    code: 'provider.unreachable',
    message: `${origin} ${unreachable(code, origin)}`,
    passing: true,
  };
}

/** What undici threw may hold what was sent: only its message, redacted, and its code go on. */
function harmless(error: unknown, redact: Redact): Error {
  const cause = new Error(redact(messageOf(error)));
  return Object.assign(cause, { code: codeOf(error) });
}

export interface TransportFailure {
  readonly error: CertError;
  readonly passing: boolean;
}

export function transportFailure(
  error: unknown,
  origin: string,
  effect: Effect,
  redact: Redact,
): TransportFailure {
  const { code, message, remedy, passing } = judge(error, origin);
  const details = { effect, cause: harmless(error, redact), ...(remedy === undefined ? {} : { remedy }) };
  return { error: new CertError(code, redact(message), details), passing };
}

/** The beginning of a reply as it may be shown. */
export const excerpt = (text: string, redact: Redact): string => redact(text).slice(0, EXCERPT_LENGTH);

/**
 * Replies that no adapter can make anything of: a redirect (never followed: it would carry credentials elsewhere) and
 * a coded body we did not ask for.
 */
export function unusableReply(
  reply: HttpReply,
  origin: string,
  effect: Effect,
  redact: Redact,
): CertError | undefined {
  if (reply.status >= 300 && reply.status < 400) {
    const target = redact(reply.headers.location ?? 'nowhere');
    return new CertError('wire.unexpected', `${origin} answered with a redirect to ${target}`, {
      effect,
      remedy: 'Set `url:` to the final address; redirects are not followed.',
    });
  }
  const encoding = reply.headers['content-encoding'];
  if (encoding === undefined || encoding === 'identity') return undefined;
  return new CertError(
    'wire.unexpected',
    `${origin} answered in an encoding nobody asked for (${encoding})`,
    { effect },
  );
}

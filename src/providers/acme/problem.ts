import type { HttpReply } from '../../http/message.js';
import { CertError, type ErrorCode } from '../../model/errors.js';
import { HOUR_MS } from '../../model/time.js';
import { type ProblemWire, parseProblem } from './wire.js';

const PREFIX = 'urn:ietf:params:acme:error:';
const LONGEST_TEXT = 300;
const NAMED_SUBPROBLEMS = 3;
/** A pause a limit on new orders may ask of the whole account: it may be a limit on these names alone. */
const LONGEST_ACCOUNT_PAUSE_MS = HOUR_MS;

interface Meaning {
  readonly code: ErrorCode;
  readonly remedy?: string;
}

/** Error types of RFC 8555 §6.7, RFC 9773 §7.4 and draft-ietf-acme-profiles that mean something special here. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  accountDoesNotExist: {
    code: 'provider.credentials',
    remedy: 'The CA does not know the account key; check the directory and the credential accountKey.',
  },
  unauthorized: { code: 'provider.credentials', remedy: 'Check that the account is active at the CA.' },
  externalAccountRequired: {
    code: 'provider.credentials',
    remedy:
      'Make a key id and an HMAC key in the account at the CA, and give them as eabKeyId and eabHmacKey under credentials.',
  },
  userActionRequired: {
    code: 'provider.refused',
    remedy: 'Open the address the CA names, agree, and run again.',
  },
  badSignatureAlgorithm: {
    code: 'provider.credentials',
    remedy: 'Give an ECDSA P-256 or RSA key as accountKey.',
  },
  badPublicKey: { code: 'provider.credentials', remedy: 'Give an ECDSA P-256 or RSA key as accountKey.' },
  caa: {
    code: 'provider.refused',
    remedy: 'Add the name of this CA to the CAA records of the zone.',
  },
  invalidProfile: { code: 'provider.refused', remedy: 'Write a profile that the CA offers.' },
  serverInternal: { code: 'provider.unreachable' },
};

/** The last part of an ACME error type, or undefined for one that is none. */
export const kindOf = (problem: ProblemWire): string | undefined =>
  problem.type?.startsWith(PREFIX) ? problem.type.slice(PREFIX.length) : undefined;

/** A CA's text on one line: without what moves cursors or hides, bounded. */
export function plainText(text: string, longest = LONGEST_TEXT): string {
  const line = text
    .slice(0, longest * 4)
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim();
  return line.length <= longest ? line : `${line.slice(0, longest - 1)}…`;
}

/** What a problem document says, for people. */
export function problemText(problem: ProblemWire): string {
  const kind = problem.type === undefined ? '' : plainText(kindOf(problem) ?? problem.type, 60);
  const detail = plainText(problem.detail ?? '');
  const own = [detail, kind === '' ? '' : `(${kind})`].filter((part) => part !== '').join(' ');
  const all = problem.subproblems ?? [];
  const parts = all.slice(0, NAMED_SUBPROBLEMS).map((one) => {
    const about = plainText(one.identifier?.value ?? '', 80);
    return [about, problemText({ ...one, subproblems: [] })].filter((part) => part !== '').join(': ');
  });
  const more = all.length > parts.length ? [`and ${all.length - parts.length} more`] : [];
  return [own === '' ? 'no reason given' : own, ...parts, ...more].join('; ');
}

export interface ProblemContext {
  /** What was asked for, for the sentence (`a new order for shop.example.com`). */
  readonly what: string;
  readonly host: string;
  readonly nowMs: number;
  /** Instant named by `Retry-After`, epoch ms. */
  readonly retryAtMs: number | undefined;
  /** The limit may be one of these names alone. */
  readonly aboutNames: boolean;
}

/**
 * A refusal as the port knows it. Effect none, always: what an ACME server answers with an error it has not done, and
 * nothing that is asked of it costs anything.
 */
export function refusalOf(reply: HttpReply, context: ProblemContext): CertError {
  const problem = parseProblem(reply);
  const { what, host, retryAtMs } = context;
  const said = problemText(problem);
  const texts = {
    ...(problem.detail === undefined ? {} : { providerText: plainText(problem.detail) }),
    ...(retryAtMs === undefined ? {} : { retryAtMs }),
  };
  const kind = kindOf(problem) ?? '';
  if (kind === 'rateLimited' || reply.status === 429 || (reply.status === 503 && retryAtMs !== undefined)) {
    // A long limit on new orders is one on names: it holds this certificate, not the account.
    const named =
      context.aboutNames && retryAtMs !== undefined && retryAtMs - context.nowMs > LONGEST_ACCOUNT_PAUSE_MS;
    return new CertError(
      named ? 'provider.refused' : 'provider.rate-limited',
      `${host} limits how often it is asked for ${what}: ${said}`,
      texts,
    );
  }
  if (kind === '' && reply.status >= 500) {
    return new CertError(
      'provider.unreachable',
      `${host} is out of order at the moment (${reply.status})`,
      texts,
    );
  }
  const { code, remedy } = meaningOf(kind);
  const link = kind === 'userActionRequired' && problem.instance !== undefined;
  const where = link ? `; see ${plainText(problem.instance ?? '', 200)}` : '';
  return new CertError(code, `${host} refused ${what}: ${said}${where}`, {
    ...texts,
    ...(remedy === undefined ? {} : { remedy }),
  });
}

const meaningOf = (kind: string): Meaning =>
  (Object.hasOwn(MEANINGS, kind) ? MEANINGS[kind] : undefined) ?? { code: 'provider.refused' };

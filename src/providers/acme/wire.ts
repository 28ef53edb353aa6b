import { createRequire } from 'node:module';
import type { Ajv as AjvInstance, JSONSchemaType, ValidateFunction } from 'ajv';
import type { HttpReply } from '../../http/message.js';
import { CertError } from '../../model/errors.js';

/** Objects of RFC 8555, RFC 9773 and draft-ietf-acme-profiles: only the fields that are read. */

/** RFC 8555 §7.1.1 */
export interface DirectoryWire {
  readonly newNonce: string;
  readonly newAccount: string;
  readonly newOrder: string;
  readonly revokeCert: string;
  /** RFC 9773 §4.1; absent: the CA has no renewal information. */
  readonly renewalInfo?: string;
  readonly meta?: {
    readonly termsOfService?: string;
    readonly externalAccountRequired?: boolean;
    /** What the CA recognises as itself in CAA records (RFC 8659). */
    readonly caaIdentities?: readonly string[];
    /** Name → words for people. */
    readonly profiles?: Readonly<Record<string, string>>;
  };
}

/** RFC 8555 §7.1.2 */
export interface AccountWire {
  readonly status: 'valid' | 'deactivated' | 'revoked';
  readonly contact?: readonly string[];
}

/** RFC 7807 with the subproblems of RFC 8555 §6.7.1. Texts are the CA's: shown, never acted upon. */
export interface ProblemWire {
  readonly type?: string;
  readonly detail?: string;
  readonly instance?: string;
  readonly subproblems?: readonly ProblemWire[];
  readonly identifier?: { readonly value?: string };
}

/** RFC 8555 §7.1.3 */
export interface OrderWire {
  readonly status: 'pending' | 'ready' | 'processing' | 'valid' | 'invalid';
  readonly identifiers: readonly { readonly type: string; readonly value: string }[];
  readonly authorizations: readonly string[];
  readonly finalize: string;
  readonly certificate?: string;
  readonly error?: object;
}

/** RFC 8555 §7.1.5 */
export interface ChallengeWire {
  readonly type: string;
  readonly url: string;
  readonly status: 'pending' | 'processing' | 'valid' | 'invalid';
  readonly token?: string;
  readonly error?: object;
}

/** RFC 8555 §7.1.4 */
export interface AuthorizationWire {
  readonly identifier: { readonly type: string; readonly value: string };
  readonly status: 'pending' | 'valid' | 'invalid' | 'deactivated' | 'expired' | 'revoked';
  readonly expires?: string;
  readonly challenges: readonly ChallengeWire[];
  readonly wildcard?: boolean;
}

/** RFC 9773 §4.2 */
export interface RenewalInfoWire {
  readonly suggestedWindow: { readonly start: string; readonly end: string };
  readonly explanationURL?: string;
}

const require = createRequire(import.meta.url);
let shared: AjvInstance | undefined;

/** Loaded with the first reply: most runs get none. */
function ajv(): AjvInstance {
  // On a line of its own: the compiler drops the parentheses that `new (require(…)).Ajv` needs.
  const { Ajv } = require('ajv') as typeof import('ajv');
  shared ??= new Ajv({ allErrors: false });
  return shared;
}

const MAX_URL = 2048;
/** More names than any CA puts into a certificate. */
const MAX_NAMES = 1000;

const url = { type: 'string', minLength: 1, maxLength: MAX_URL } as const;
const text = { type: 'string', maxLength: MAX_URL } as const;
const name = { type: 'string', minLength: 1, maxLength: 300 } as const;
const identifier = {
  type: 'object',
  required: ['type', 'value'],
  properties: { type: name, value: name },
} as const;
const free = { type: 'object', required: [], nullable: true } as const;

/** Reads a reply's JSON and checks what is read of it. */
function wireParser<T>(what: string, schema: JSONSchemaType<T>) {
  let compiled: ValidateFunction<T> | undefined;
  return (reply: HttpReply): T => {
    compiled ??= ajv().compile(schema);
    const value = jsonOf(reply.text);
    if (compiled(value)) return value;
    const [error] = compiled.errors ?? [];
    const where = error?.instancePath === '' ? 'it' : (error?.instancePath ?? 'it');
    throw new CertError(
      'wire.unexpected',
      `the CA's answer is no ${what}: ${where} ${error?.message ?? 'has another shape'}${quoted(value, error)}`,
    );
  };
}

/** An unknown word is said, bounded, so that a person can report it. */
function quoted(value: unknown, error: { keyword: string; instancePath: string } | undefined): string {
  if (error?.keyword !== 'enum') return '';
  let found = value;
  for (const key of error.instancePath.split('/').slice(1)) {
    found = (found as Record<string, unknown> | undefined)?.[key];
  }
  return typeof found === 'string' ? `, not ${JSON.stringify(found.slice(0, 60))}` : '';
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

export const parseDirectory = wireParser<DirectoryWire>('ACME directory', {
  type: 'object',
  required: ['newNonce', 'newAccount', 'newOrder', 'revokeCert'],
  properties: {
    newNonce: url,
    newAccount: url,
    newOrder: url,
    revokeCert: url,
    renewalInfo: { ...url, nullable: true },
    meta: {
      type: 'object',
      required: [],
      nullable: true,
      properties: {
        termsOfService: { ...text, nullable: true },
        externalAccountRequired: { type: 'boolean', nullable: true },
        caaIdentities: { type: 'array', items: text, maxItems: 100, nullable: true },
        profiles: {
          type: 'object',
          required: [],
          nullable: true,
          maxProperties: 100,
          additionalProperties: text,
        },
      },
    },
  },
} as unknown as JSONSchemaType<DirectoryWire>);

export const parseAccount = wireParser<AccountWire>('ACME account', {
  type: 'object',
  required: ['status'],
  properties: {
    status: { type: 'string', enum: ['valid', 'deactivated', 'revoked'] },
    contact: { type: 'array', items: text, maxItems: 100, nullable: true },
  },
} as unknown as JSONSchemaType<AccountWire>);

export const parseOrder = wireParser<OrderWire>('ACME order', {
  type: 'object',
  required: ['status', 'identifiers', 'authorizations', 'finalize'],
  properties: {
    status: { type: 'string', enum: ['pending', 'ready', 'processing', 'valid', 'invalid'] },
    identifiers: { type: 'array', items: identifier, minItems: 1, maxItems: MAX_NAMES },
    authorizations: { type: 'array', items: url, maxItems: MAX_NAMES },
    finalize: url,
    certificate: { ...url, nullable: true },
    error: free,
  },
} as unknown as JSONSchemaType<OrderWire>);

const challenge = {
  type: 'object',
  required: ['type', 'url', 'status'],
  properties: {
    type: name,
    url,
    status: { type: 'string', enum: ['pending', 'processing', 'valid', 'invalid'] },
    token: { ...text, nullable: true },
    error: free,
  },
} as const;

export const parseChallenge = wireParser<ChallengeWire>(
  'ACME challenge',
  challenge as unknown as JSONSchemaType<ChallengeWire>,
);

export const parseAuthorization = wireParser<AuthorizationWire>('ACME authorization', {
  type: 'object',
  required: ['identifier', 'status', 'challenges'],
  properties: {
    identifier,
    status: {
      type: 'string',
      enum: ['pending', 'valid', 'invalid', 'deactivated', 'expired', 'revoked'],
    },
    expires: { ...text, nullable: true },
    challenges: { type: 'array', items: challenge, maxItems: 50 },
    wildcard: { type: 'boolean', nullable: true },
  },
} as unknown as JSONSchemaType<AuthorizationWire>);

export const parseRenewalInfo = wireParser<RenewalInfoWire>('ACME renewal information', {
  type: 'object',
  required: ['suggestedWindow'],
  properties: {
    suggestedWindow: {
      type: 'object',
      required: ['start', 'end'],
      properties: { start: text, end: text },
    },
    explanationURL: { ...text, nullable: true },
  },
} as unknown as JSONSchemaType<RenewalInfoWire>);

/** What of a problem document is text; anything else in it is left out, and a body that is none gives {}. */
export function parseProblem(reply: Pick<HttpReply, 'text'>): ProblemWire {
  return problemIn(jsonOf(reply.text), 1);
}

const MAX_SUBPROBLEMS = 100;

/** @param depth  how deep subproblems are followed */
export function problemIn(value: unknown, depth = 1): ProblemWire {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  const { type, detail, instance, subproblems, identifier: about } = value as Record<string, unknown>;
  const named =
    typeof about === 'object' && about !== null ? (about as { value?: unknown }).value : undefined;
  return {
    ...(typeof type === 'string' ? { type } : {}),
    ...(typeof detail === 'string' ? { detail } : {}),
    ...(typeof instance === 'string' ? { instance } : {}),
    ...(typeof named === 'string' ? { identifier: { value: named } } : {}),
    ...(Array.isArray(subproblems) && depth > 0
      ? { subproblems: subproblems.slice(0, MAX_SUBPROBLEMS).map((one) => problemIn(one, depth - 1)) }
      : {}),
  };
}

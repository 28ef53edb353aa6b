/**
 * Every failure certwright itself raises. `code` is stable and closed, so that callers decide on it and never
 * on text; `effect` says what a failed *writing* call may have done at the other side.
 */
export type ErrorCode =
  | 'config.invalid'
  | 'config.missing-variable'
  | 'manifest.invalid'
  | 'repository.unavailable'
  | 'repository.ref-missing'
  | 'repository.refused'
  | 'repository.moved'
  | 'repository.wrong-remote'
  | 'repository.unreadable-state'
  | 'repository.newer-state'
  | 'repository.lost-state'
  | 'repository.rewound-state'
  | 'repository.not-initialised'
  | 'repository.already-initialised'
  | 'key.unreadable'
  | 'key.no-identity'
  | 'key.no-recipient'
  | 'key.keystore'
  | 'key.compromised'
  | 'certificate.invalid'
  | 'provider.unreachable'
  | 'provider.timeout'
  | 'provider.refused'
  | 'provider.credentials'
  | 'provider.rate-limited'
  | 'provider.not-ready'
  | 'provider.unsupported'
  | 'wire.unexpected'
  | 'order.ambiguous'
  | 'order.not-found'
  | 'order.rejected'
  | 'order.reference-used'
  | 'solver.failed'
  | 'solver.refused'
  | 'solver.zone'
  | 'solver.blocked'
  | 'dns.failed'
  | 'hook.failed'
  | 'notification.failed'
  | 'forge.unavailable'
  | 'forge.credentials'
  | 'forge.permission'
  | 'forge.rate-limited'
  | 'forge.not-found'
  | 'forge.refused'
  | 'send.too-late'
  | 'send.clock'
  | 'plan.changed'
  | 'plan.unsafe'
  | 'usage'
  | 'interrupted'
  | 'internal';

/** `none`: the call provably changed nothing. `unknown`: it may have; recovery has to look before anything else. */
export type Effect = 'none' | 'unknown';

export interface ErrorDetails {
  readonly effect?: Effect;
  readonly cause?: unknown;
  /** What a person can do about it, one sentence. */
  readonly remedy?: string;
  /** Text of the other side, verbatim (already free of credentials); shown, never interpreted. */
  readonly providerText?: string;
  /** Earliest instant at which trying again makes sense, epoch ms. */
  readonly retryAtMs?: number;
}

export class CertError extends Error {
  readonly code: ErrorCode;
  readonly effect: Effect;
  readonly remedy: string | undefined;
  readonly providerText: string | undefined;
  readonly retryAtMs: number | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'CertError';
    this.code = code;
    this.effect = details.effect ?? 'none';
    this.remedy = details.remedy;
    this.providerText = details.providerText;
    this.retryAtMs = details.retryAtMs;
  }
}

/** The message of anything thrown, for logs and findings. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Message and, where there is one, what to do about it, as one text without a closing full stop. */
export function explain(error: unknown): string {
  const remedy = error instanceof CertError ? error.remedy : undefined;
  const parts = [messageOf(error), ...(remedy === undefined ? [] : [remedy])];
  return parts.map((part) => part.replace(/\.$/, '')).join('; ');
}

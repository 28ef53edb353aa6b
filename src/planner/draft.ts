import type { DnsName } from '../model/names.js';
import type { Lane, WaitingFor } from '../model/order.js';
import type { Coverage, Hold, PlanAction, ReasonCode } from '../model/plan.js';
import type { PricedAction } from './input.js';

/** What a lane wants, before provider choice, price, approval and limits are settled. */
export interface Draft {
  readonly lane: Lane;
  readonly action: PlanAction;
  readonly reason: ReasonCode;
  readonly message: string;
  /** Fixed where an order or intent exists already; absent where a provider is still to be chosen. */
  readonly provider?: string;
  readonly product?: string;
  readonly term?: string;
  /** The provider order id (or serial, for revoke) this follows on. */
  readonly predecessor?: string;
  readonly intent?: string;
  readonly waitingFor?: WaitingFor;
  readonly dueAtMs?: number;
  /** What the certificate will be for, where that is not what the manifest names. */
  readonly names?: readonly DnsName[];
  readonly coverage?: Coverage;
  readonly sideEffects?: readonly string[];
  /** Asks for a price under this action; absent: never costs anything. */
  readonly priced?: PricedAction;
  readonly hold?: Hold;
  readonly byEdit: boolean;
}

/** `stop`: nothing to do, and nothing further down the list may decide otherwise. */
export type Decision = Draft | 'stop' | undefined;

/** The first decision of an ordered list of reasons. */
export function firstDecision<T>(
  checks: readonly ((subject: T) => Decision)[],
  subject: T,
): Draft | undefined {
  for (const check of checks) {
    const decision = check(subject);
    if (decision === 'stop') return undefined;
    if (decision !== undefined) return decision;
  }
  return undefined;
}

/** Actions that write at a provider. Everything else only reads, or records facts. */
export const SENDING: ReadonlySet<PlanAction> = new Set([
  'order',
  'activate',
  'renew',
  'reissue',
  'add-names',
  'pay',
  'revoke',
  'cancel',
  'set-auto-renew',
]);

/** Of these, the ones that bring a certificate. */
export const ISSUING: ReadonlySet<PlanAction> = new Set([
  'order',
  'activate',
  'renew',
  'reissue',
  'add-names',
]);

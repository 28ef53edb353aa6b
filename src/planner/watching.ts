import { type Intent, isOpen } from '../model/intent.js';
import type { WaitingFor } from '../model/order.js';
import { accountKey, lookKey, type RunMemory } from '../model/run-memory.js';
import type { Status } from '../model/status.js';
import { type Instant, toMs } from '../model/time.js';
import { nextLookMs } from '../policy/polling.js';
import { orderById } from './facts.js';
import type { ProviderFacts } from './input.js';

/** An order whose certificate is awaited, by an intent of ours or because it was taken over while pending. */
export interface Awaited {
  readonly provider: string;
  readonly orderId: string;
  /** A look from before it was placed tells nothing about it. */
  readonly placedAt: Instant;
  readonly waitingFor?: WaitingFor;
}

export function awaitedByIntent(
  status: Status,
  intent: Extract<Intent, { phase: 'placed' | 'issued' }>,
): Awaited {
  const waitingFor = orderById(status, intent.orderId)?.waitingFor;
  return {
    provider: intent.provider,
    orderId: intent.orderId,
    placedAt: intent.placedAt,
    ...(waitingFor === undefined ? {} : { waitingFor }),
  };
}

/** Every order of a status that an open intent waits for. */
export const awaitedOrders = (status: Status): readonly Awaited[] =>
  status.intents
    .filter(isOpen)
    .flatMap((intent) =>
      intent.phase === 'placed' || intent.phase === 'issued' ? [awaitedByIntent(status, intent)] : [],
    );

/**
 * When an order is looked at again, epoch ms.
 * @param eager  somebody stays for it: as often as the provider allows
 */
export function nextLookOf(
  memory: RunMemory | undefined,
  account: Pick<ProviderFacts, 'config' | 'capabilities'> | undefined,
  order: Awaited,
  nowMs: number,
  eager = false,
): number {
  const look = memory?.looks[lookKey(order.provider, order.orderId)];
  const pollEveryMs = account?.capabilities.pollEveryMs;
  const notBefore = account && memory?.accounts[accountKey(account.config)]?.notBefore;
  return nextLookMs(
    {
      sinceMs: toMs(order.placedAt),
      ...(order.waitingFor === undefined ? {} : { waitingFor: order.waitingFor }),
      ...(look === undefined || toMs(look.at) < toMs(order.placedAt) ? {} : { look }),
      ...(pollEveryMs === undefined ? {} : { pollEveryMs }),
      ...(notBefore === undefined ? {} : { notBeforeMs: toMs(notBefore) }),
    },
    nowMs,
    eager,
  );
}

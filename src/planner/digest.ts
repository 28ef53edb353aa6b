import { createHash } from 'node:crypto';
import { nameSet } from '../model/names.js';
import type { PlanItem } from '../model/plan.js';

/**
 * SHA-256 over what a plan would do, independent of wording: name, action, reason, where, what, price, intent, hold. Two
 * plans with one digest do the same thing at the same providers.
 */
export function planDigest(items: readonly PlanItem[]): string {
  const lines = items
    .map((item) =>
      JSON.stringify([
        item.name,
        item.lane,
        item.action,
        item.reason,
        item.provider ?? null,
        item.environment ?? null,
        item.product ?? null,
        item.term ?? null,
        item.names === undefined ? null : nameSet(item.names),
        item.price.kind === 'known'
          ? [item.price.amount.amount, item.price.amount.currency]
          : item.price.kind,
        item.predecessor ?? null,
        item.intent ?? null,
        item.hold?.code ?? null,
      ]),
    )
    .sort();
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

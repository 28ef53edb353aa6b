import type { OrderRecord } from '../model/status.js';
import type { Draft } from './draft.js';
import { stableOrderId } from './facts.js';
import type { PlanInput } from './input.js';

/** Renewals are ours: a provider that would renew by itself charges outside every limit. */
export function autoRenewOff(input: PlanInput, order: OrderRecord): Draft {
  const base = {
    lane: 'free',
    reason: 'AutoRenewDiffers',
    message: `${order.provider} would renew order ${order.id} by itself, outside every limit`,
    provider: order.provider,
    product: order.product,
    predecessor: stableOrderId(order),
    byEdit: false,
  } as const;
  const flag = input.providers.get(order.provider)?.capabilities.autoRenewFlag;
  if (flag === 'read-write') return { ...base, action: 'set-auto-renew' };
  return {
    ...base,
    action: 'hold',
    hold: {
      code: 'unsupported',
      message: `switch automatic renewal of order ${order.id} off in the portal of ${order.provider}; it has no call for it`,
    },
  };
}

import type { OpenIntent } from '../model/intent.js';
import type { OrderSnapshot, PaidOrFreeAction } from '../model/order.js';
import type { Status } from '../model/status.js';
import type { Provider } from '../ports/provider.js';
import { plannedStep, replaceIntent } from './intents.js';

/** What a slot gets its request by; a reissue begins another certificate each time. */
const ACTIVATING: ReadonlySet<PaidOrFreeAction> = new Set(['order', 'renew', 'activate']);

/**
 * Activated, and waiting for a request all the same: the authority refused it, and the support has reset the slot. What is
 * paid goes on with the same request.
 */
export function withActivationAgain(
  status: Status,
  intent: OpenIntent | undefined,
  { waitingFor }: OrderSnapshot,
  { capabilities }: Provider,
): Status {
  const slots = capabilities.slots !== undefined || capabilities.deliveredBy !== undefined;
  if (!slots || waitingFor !== 'configuration') return status;
  if (intent?.phase !== 'placed' || plannedStep(intent) >= 0 || !ACTIVATING.has(intent.action)) return status;
  const last = intent.steps.length - 1;
  return replaceIntent(status, {
    ...intent,
    steps: intent.steps.map((step, i) =>
      i === last && !step.paid ? { name: step.name, paid: false, phase: 'planned' } : step,
    ),
  });
}

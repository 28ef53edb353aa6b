import type { OpenIntent } from '../model/intent.js';
import { formatMoney } from '../model/money.js';
import type { PaidOrFreeAction } from '../model/order.js';
import type { OrderRecord, Status } from '../model/status.js';
import { toInstant, toMs } from '../model/time.js';
import { proofWords } from '../policy/solving.js';
import type { Draft } from './draft.js';
import { orderById } from './facts.js';
import type { PlanInput, Subject } from './input.js';
import { type Awaited, awaitedByIntent, nextLookOf } from './watching.js';

const NOUNS: Readonly<Record<PaidOrFreeAction, string>> = {
  order: 'order',
  activate: 'activation',
  renew: 'renewal',
  reissue: 'reissue',
  'add-names': 'purchase of names',
  pay: 'payment',
  revoke: 'revocation',
  cancel: 'cancellation',
  'set-auto-renew': 'change of auto-renew',
};

/** The line that drives an open intent towards its end (DESIGN §2 rule 1, §4). */
export function driveIntent(subject: Pick<Subject, 'status' | 'input'>, intent: OpenIntent): Draft {
  const base = {
    lane: intent.lane,
    reason: 'OpenIntent',
    provider: intent.provider,
    product: intent.request.product,
    ...(intent.request.term === undefined ? {} : { term: intent.request.term }),
    intent: intent.id,
    byEdit: false,
  } as const;
  switch (intent.phase) {
    case 'intended': {
      const settled = toMs(intent.settledAt) <= subject.input.nowMs;
      const what = `${NOUNS[intent.action]}${intent.quoted === null ? '' : ` for ${formatMoney(intent.quoted)}`}`;
      return {
        ...base,
        action: 'resolve',
        message: settled
          ? `the outcome of this ${what} was never recorded; looking for it at ${intent.provider}, and sending it again only if it is proven not to be there`
          : `the outcome of this ${what} is not settled before ${intent.settledAt}; looking, not sending it again`,
      };
    }
    case 'placed': {
      const order = orderById(subject.status, intent.orderId);
      return {
        ...base,
        action: 'collect',
        reason: 'AwaitingIssuance',
        predecessor: intent.orderId,
        ...(order?.waitingFor === undefined ? {} : { waitingFor: order.waitingFor }),
        ...lookedAtLater(
          subject.input,
          awaitedByIntent(subject.status, intent),
          `order ${intent.orderId} is placed, not issued yet${order?.message ? `: ${order.message}` : ''}${order ? proofsOf(subject.status, order) : ''}`,
        ),
      };
    }
    case 'issued':
      return {
        ...base,
        action: 'collect',
        predecessor: intent.orderId,
        ...lookedAtLater(
          subject.input,
          awaitedByIntent(subject.status, intent),
          `order ${intent.orderId} delivered a certificate that fails verification: ${intent.problem ?? 'not verified yet'}`,
        ),
      };
    case 'unknown':
      return {
        ...base,
        action: 'resolve',
        reason: 'OutcomeUnknown',
        message: `what became of this ${NOUNS[intent.action]} cannot be told: ${intent.why}`,
        hold: { code: 'unknown-outcome', message: resolveRecipe(subject.status.name, intent) },
      };
  }
}

/** Who is to show which proof, where the order waits for them. */
function proofsOf(status: Status, order: OrderRecord): string {
  const words = order.waitingFor === 'dcv' ? proofWords(status, order) : undefined;
  return words === undefined ? '' : `; ${words}`;
}

/** The next look, where it is not due yet: until then the line only tells what is waited for. */
export function lookedAtLater(
  input: PlanInput,
  order: Awaited,
  message: string,
): Pick<Draft, 'message' | 'dueAtMs'> {
  const dueAtMs = nextLookOf(input.memory, input.providers.get(order.provider), order, input.nowMs);
  if (dueAtMs <= input.nowMs) return { message };
  return { message: `${message}; next look ${toInstant(dueAtMs)}`, dueAtMs };
}

/** What a person has to do about an unknown outcome. */
function resolveRecipe(name: string, intent: OpenIntent): string {
  const candidates =
    intent.phase === 'unknown' && intent.candidates.length > 0
      ? ` (candidates: ${intent.candidates.join(', ')})`
      : '';
  const { request } = intent;
  const what = request.licence
    ? `an order of ${request.product} for ${request.commonName} from about ${intent.createdAt}`
    : `the reference ${request.reference}`;
  return (
    `look at ${intent.provider} for ${what}${candidates}, then run ` +
    `\`certwright resolve ${name} --order-id ID\` if the order is there, or \`certwright resolve ${name} --not-placed\` if it is not`
  );
}

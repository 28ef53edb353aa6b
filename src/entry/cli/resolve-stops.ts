import { CertError } from '../../model/errors.js';
import { formatMoney } from '../../model/money.js';
import { toInstant } from '../../model/time.js';
import type { Deps } from '../../reconcile/deps.js';
import type { StateView } from '../../reconcile/state.js';
import type { Told } from './person.js';
import { changeStatus, statusNamed } from './state.js';

/** `--accept-price`: a charge above the quote was right; exactly the one the person saw. */
export async function acceptPrice(deps: Deps, view: StateView, name: string): Promise<Told> {
  const stop = statusNamed(view, name).priceStop;
  if (!stop) throw new CertError('usage', `no charge of ${name} waits to be accepted`);
  const charged = formatMoney(stop.charged);
  const quoted = stop.quoted === null ? 'nothing' : formatMoney(stop.quoted);
  await changeStatus(
    deps,
    view,
    name,
    `accept price ${name}: order ${stop.order} was charged ${charged} instead of ${quoted}`,
    (status) => {
      const { priceStop, ...rest } = status;
      if (priceStop?.order === stop.order && formatMoney(priceStop.charged) === charged) return rest;
      throw new CertError(
        'repository.moved',
        `the charge of ${name} was looked at by somebody else meanwhile`,
        {
          remedy: 'look at `certwright show` again',
        },
      );
    },
  );
  return {
    changed: true,
    facts: { order: stop.order, product: stop.product, charged, quoted },
    sentences: [
      `Accepted: order ${stop.order} was charged ${charged} instead of ${quoted}.`,
      `Next: \`certwright apply\` orders ${stop.product} again where it is due; limits and ceilings stay as they are.`,
    ],
  };
}

/** `--reset-breaker`: what happened up to now is forgiven. */
export async function resetBreaker(deps: Deps, view: StateView, name: string): Promise<Told> {
  const { breaker } = statusNamed(view, name);
  if (!breaker) throw new CertError('usage', `nothing of ${name} was stopped: its breaker has not tripped`);
  const at = toInstant(deps.clock.now());
  await changeStatus(deps, view, name, `reset breaker ${name}: ${breaker.why}`, (status) => {
    const { breaker: now, ...rest } = status;
    if (now?.trippedAt === breaker.trippedAt && now.why === breaker.why)
      return { ...rest, breakerResetAt: at };
    throw new CertError('repository.moved', `the breaker of ${name} was changed by somebody else meanwhile`, {
      remedy: 'look at `certwright show` again',
    });
  });
  return {
    changed: true,
    facts: { breakerResetAt: at, why: breaker.why },
    sentences: [
      `Reset: ${name} was stopped because ${breaker.why}.`,
      'Next: `certwright apply` goes on with it; the count starts anew.',
    ],
  };
}

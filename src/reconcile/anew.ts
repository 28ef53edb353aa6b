import type { IntendedIntent } from '../model/intent.js';
import { isZero } from '../model/money.js';
import { sameNames } from '../model/names.js';
import type { Plan, PlanPrice } from '../model/plan.js';
import { NO_FACTS, type PricedAction, priceKey } from '../planner/input.js';
import { makePlan } from '../planner/plan.js';
import { type Answers, planInput } from './observe.js';
import { type Run, statusOf } from './run.js';
import type { StateView } from './state.js';
import { withNotPlaced } from './step-undone.js';

/** A purchase that was announced and never arrived. */
export interface Attempt {
  readonly name: string;
  readonly intent: IntendedIntent;
}

/** Does sending this again move money that was not moved before? */
export const buysAnew = ({ quoted, steps }: IntendedIntent): boolean =>
  quoted !== null && !isZero(quoted) && steps[0]?.paid === true && steps[0].phase === 'intended';

/**
 * Sending again is buying now: limits count the day of today, an approval may be over, an account may hold less. Judges by a
 * plan in which none of these attempts was ever made, each at the price agreed for it; what money does not reach for together
 * goes to what is due first. Undefined: it may be sent on this head.
 */
export function judgeAnew(
  run: Run,
  attempts: readonly Attempt[],
  answers: Answers,
  manifestsDescend: boolean,
): (view: StateView, attempt: Attempt) => string | undefined {
  const plans = new WeakMap<StateView, Plan>();
  const priced = atAgreedPrices(attempts, answers);
  return (view, { name, intent }) => {
    let plan = plans.get(view);
    if (!plan) {
      plan = makePlan(planInput(run, neverMade(run, view, attempts), priced, manifestsDescend));
      plans.set(view, plan);
    }
    const { request } = intent;
    const line = plan.items.find(
      (item) =>
        item.name === name &&
        item.lane === intent.lane &&
        item.action === intent.action &&
        item.provider === intent.provider &&
        item.product === request.product &&
        item.term === request.term &&
        (intent.lane === 'free' || item.predecessor === intent.follows) &&
        sameNames(item.names ?? [], request.names),
    );
    return line ? line.hold?.message : 'something else is wanted by now';
  };
}

function neverMade(run: Run, view: StateView, attempts: readonly Attempt[]): StateView {
  const statuses = new Map(view.statuses);
  for (const { name, intent } of attempts) {
    const status = statusOf(view, name);
    const without = withNotPlaced(status, intent.id, intent.nonce, run.deps.clock.now());
    if (without !== status) statuses.set(name, without);
  }
  return { ...view, statuses };
}

const PRICED: readonly PricedAction[] = ['order', 'renew', 'reissue', 'add-names'];

function atAgreedPrices(attempts: readonly Attempt[], answers: Answers): Answers {
  const facts = new Map(answers.facts);
  for (const { name, intent } of attempts) {
    const { quoted, provider, request } = intent;
    if (quoted === null) continue;
    const price: PlanPrice = { kind: 'known', amount: quoted, source: 'as agreed before' };
    const { product, term } = request;
    const prices = PRICED.map((action): [string, PlanPrice] => [
      priceKey({ provider, action, product, ...(term === undefined ? {} : { term }) }),
      price,
    ]);
    const known = facts.get(name) ?? NO_FACTS;
    facts.set(name, { ...known, prices: { ...known.prices, ...Object.fromEntries(prices) } });
  }
  return { ...answers, facts };
}

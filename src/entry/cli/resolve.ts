import { CertError } from '../../model/errors.js';
import type { Deps } from '../../reconcile/deps.js';
import { openRun } from '../../reconcile/open-run.js';
import type { Context } from '../context.js';
import type { Globals } from './globals.js';
import { type Choices, exactlyOne, type Told } from './person.js';
import type { Options } from './program.js';
import { lossQuestion, resolveComplete, resolveFound } from './resolve-missing.js';
import { resolveNotPlaced } from './resolve-not-placed.js';
import { resolveOrder } from './resolve-order.js';
import { acceptPrice, resetBreaker } from './resolve-stops.js';
import { openState } from './state.js';
import { telling } from './telling.js';

type Choice = 'orderId' | 'notPlaced' | 'acceptPrice' | 'resetBreaker';

const CHOICES: Choices<Choice> = {
  orderId: { flag: '--order-id ID', says: 'the order is at the provider, under this id' },
  notPlaced: { flag: '--not-placed', says: 'you looked, and there is no such order' },
  acceptPrice: { flag: '--accept-price', says: 'the higher charge is right, go on ordering this product' },
  resetBreaker: { flag: '--reset-breaker', says: 'the many issuances were looked into, go on' },
};

/** `certwright resolve`: what only a person can know becomes a fact; nothing is sent to a provider. */
export async function run(
  context: Context,
  globals: Globals,
  options: Options,
  args: readonly string[],
): Promise<number> {
  const choice = exactlyOne(options, CHOICES);
  const [name = ''] = args;
  return telling(context, globals, async ({ deps }) => {
    const told = await resolve(context, deps, options, choice, name);
    return told && { ...told, facts: { name, ...told.facts } };
  });
}

/** undefined: the person thought better of it. */
async function resolve(
  context: Context,
  deps: Deps,
  options: Options,
  choice: Choice,
  name: string,
): Promise<Told | undefined> {
  const view = await openState(deps);
  if (choice === 'acceptPrice') return acceptPrice(deps, view, name);
  if (choice === 'resetBreaker') return resetBreaker(deps, view, name);
  const run = await openRun(deps, undefined, view);
  try {
    const loss = lossQuestion(run, name);
    if (choice === 'notPlaced' && loss) return await resolveComplete(context, run, options, name, loss);
    if (choice === 'notPlaced') return await resolveNotPlaced(context, run, options, name);
    const id = String(options.orderId).trim();
    if (id === '') throw new CertError('usage', '--order-id is empty: give the id the provider shows');
    if (loss) return await resolveFound(run, name, id, loss);
    return await resolveOrder(run, options, name, id);
  } finally {
    await run.providers.close();
  }
}

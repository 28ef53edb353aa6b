import { CertError } from '../../model/errors.js';
import { type DnsName, namesServe } from '../../model/names.js';
import type { OrderSnapshot } from '../../model/order.js';
import type { Status } from '../../model/status.js';
import { DAY_MS, toMs } from '../../model/time.js';
import { orderById } from '../../planner/facts.js';
import type { Provider } from '../../ports/provider.js';
import { currentStep, findIntent, plannedStep } from '../../reconcile/intents.js';
import { applyDone } from '../../reconcile/record.js';
import { providerFor, type Run } from '../../reconcile/run.js';
import type { StateView } from '../../reconcile/state.js';
import type { Told } from './person.js';
import type { Options } from './program.js';
import { answeredMeanwhile, type Question, questionOf, stepInDoubt, stillAsked } from './resolve-question.js';
import { changeStatus, statusNamed } from './state.js';

/**
 * `--order-id`: the provider is asked first; only an order that is there, for these names, and nobody else's, becomes
 * ours.
 */
export async function resolveOrder(run: Run, options: Options, name: string, id: string): Promise<Told> {
  const before = statusNamed(run.view, name);
  if (alreadyRecorded(before, id)) return told(before, id, false);
  const question = questionOf(before, options, run.deps.clock.now());
  const provider = providerFor(run, question.provider);
  const order = await ask(run, provider, id, question);
  checkOrder(provider, before, question, order);
  const step = stepInDoubt(provider, question);
  const paid = question.steps[currentStep(question)]?.paid ?? false;
  let after = before;
  const changed = await changeStatus(
    run.deps,
    run.view,
    name,
    `resolve ${question.action} ${name}: order ${order.id} at ${question.provider}, found by a person`,
    (status, view) => {
      after = status;
      if (alreadyRecorded(status, id)) return status;
      if (!stillAsked(status, question)) throw answeredMeanwhile(status, question);
      refuseHeld(view, status, question, order);
      after = applyDone(run, status, {
        intentId: question.id,
        step: step.name,
        outcome: {
          result: step.adoptResult?.(order.id) ?? {},
          orderId: order.id,
          ...(paid && order.charged !== undefined ? { charged: order.charged } : {}),
        },
        // When it was bought decides whose day and month it counts for.
        atMs: toMs(order.placedAt ?? question.createdAt),
      });
      return after;
    },
  );
  return told(after, order.id, changed);
}

/** Said twice, or by two people: the same answer. */
const alreadyRecorded = (status: Status, id: string): boolean =>
  status.intents.some(
    (intent) => (intent.phase === 'placed' || intent.phase === 'issued') && intent.orderId === id,
  ) && !status.intents.some((intent) => intent.phase === 'unknown' || intent.phase === 'intended');

async function ask(run: Run, provider: Provider, id: string, { request }: Question): Promise<OrderSnapshot> {
  const at = provider.config.id;
  run.deps.progress.step(`asking ${at} for order ${id}`);
  try {
    const { licenser } = provider;
    return await (request.licence && licenser
      ? licenser.getOrder(id, request.product)
      : provider.getOrder(id));
  } catch (error) {
    if (!(error instanceof CertError)) throw error;
    if (error.code === 'order.not-found' && request.licence) return onlyWord(request, id);
    if (error.code === 'order.not-found') {
      throw new CertError('order.not-found', `${at} knows no order ${id}; nothing was changed`, {
        cause: error,
        remedy: `compare the id with what ${at} shows`,
      });
    }
    throw new CertError(
      error.code,
      `${at} could not be asked for order ${id}, so nothing was changed: ${error.message}`,
      {
        cause: error,
        remedy: `run it again when ${at} answers`,
        ...(error.providerText === undefined ? {} : { providerText: error.providerText }),
      },
    );
  }
}

/** Nobody documents that an account shows licences: whoever looked in the portal knows better. */
const onlyWord = ({ product, names }: Question['request'], id: string): OrderSnapshot => ({
  id,
  ids: [id],
  state: 'issued',
  product,
  names,
  validation: [],
});

const list = (names: readonly DnsName[]): string => (names.length === 0 ? 'no names' : names.join(', '));

const refused = (message: string, remedy: string): CertError =>
  new CertError('order.ambiguous', `${message}; nothing was changed`, { remedy });

/** Could this order be what the question is about? */
function checkOrder(provider: Provider, status: Status, question: Question, order: OrderSnapshot): void {
  const { request } = question;
  const known = continued(question);
  const sameOrder = known.some((id) => order.ids.includes(id));
  if (known.length > 0 && !sameOrder && !provider.capabilities.reissueChangesId) {
    throw refused(
      `this ${question.action} continues order ${known.at(-1) ?? ''} of ${status.name}, not ${order.id}`,
      'give the id of that order, or --not-placed',
    );
  }
  // The order itself is not in doubt: a reissue shows its new names only once it is through.
  if (sameOrder) return;
  const look = `look for the order of ${question.createdAt} under the reference ${request.reference} at ${question.provider}`;
  // Bought first, named later: what a slot is for is not known there yet.
  const unnamed = order.names.length === 0 && plannedStep(question) >= 0;
  const free = provider.freeNames(request.product, request.names);
  if (!unnamed && !namesServe(order.names, request.names, free)) {
    throw refused(
      `order ${order.id} is for ${list(order.names)}; this ${question.action} is for ${list(request.names)}`,
      look,
    );
  }
  if (order.product !== request.product) {
    throw refused(
      `order ${order.id} is for the product ${order.product}; this ${question.action} is for ${request.product}`,
      look,
    );
  }
  if (order.reference !== undefined && order.reference !== '' && order.reference !== request.reference) {
    throw refused(
      `order ${order.id} stands under the reference ${order.reference}; this ${question.action} was sent under ${request.reference}`,
      look,
    );
  }
  // A day of slack: some providers give the date alone.
  if (order.placedAt !== undefined && toMs(order.placedAt) + DAY_MS < toMs(question.createdAt)) {
    throw refused(
      `order ${order.id} was placed at ${order.placedAt}, before this ${question.action} was prepared (${question.createdAt})`,
      look,
    );
  }
}

/** Ids of the order an action works on; [] for a purchase, which makes one of its own. */
const continued = ({ action, request }: Question): readonly string[] =>
  action === 'order' || action === 'renew' ? [] : (request.predecessor?.ids ?? []);

/** Asked on every head: two people may give one order to two certificates at once. */
function refuseHeld(view: StateView, own: Status, question: Question, order: OrderSnapshot): void {
  const mine = continued(question);
  for (const status of view.statuses.values()) {
    const held = order.ids
      .map((id) => orderById(status, id))
      .find((one) => one?.provider === question.provider && one.environment === question.environment);
    if (!held || (status.name === own.name && held.ids.some((id) => mine.includes(id)))) continue;
    throw refused(
      status.name === own.name
        ? `order ${order.id} is an earlier order of ${own.name} already`
        : `order ${order.id} belongs to ${status.name}`,
      'compare the id with what the provider shows',
    );
  }
}

function told(status: Status, id: string, changed: boolean): Told {
  const intent = status.intents.findLast((one) => 'orderId' in one && one.orderId === id);
  const open = intent && findIntent(status, intent.id);
  const planned = open?.steps[plannedStep(open)]?.name;
  const next =
    open === undefined
      ? 'That settles it.'
      : planned === undefined
        ? 'Next: `certwright apply` follows the order and publishes its certificate.'
        : `Next: \`certwright apply\` goes on with the step "${planned}" of this order.`;
  const stop = status.priceStop
    ? [
        `It was charged ${status.priceStop.charged.amount} ${status.priceStop.charged.currency}, more than agreed: \`certwright resolve ${status.name} --accept-price\` if that is right.`,
      ]
    : [];
  return {
    changed,
    facts: { orderId: id, outcome: open?.phase ?? 'done' },
    sentences: [
      changed
        ? `Recorded: order ${id} is the one of ${status.name}.`
        : `Order ${id} is recorded for ${status.name} already; nothing was changed.`,
      ...stop,
      next,
    ],
  };
}

import { isOpen, type OpenIntent } from '../../model/intent.js';
import { formatMoney } from '../../model/money.js';
import type { OrderRecord, RequestRecord, Status } from '../../model/status.js';
import { toInstant } from '../../model/time.js';
import { abandonable } from '../../planner/abandon.js';
import { headOrder, openIntent } from '../../planner/facts.js';
import type { Deps } from '../../reconcile/deps.js';
import { refuseLostState } from '../../reconcile/land.js';
import { ConfigurationError } from '../../reconcile/open-run.js';
import { shellWord } from '../../report/escape.js';
import type { Context } from '../context.js';
import { lookAround } from '../situation.js';
import type { Globals } from './globals.js';
import { agreed, reasonOf, type Told } from './person.js';
import type { Options } from './program.js';
import { cannot, plannedLine, whatFollows, withRequest } from './request.js';
import { changeStatus, statusNamed } from './state.js';
import { telling } from './telling.js';

/** `certwright abandon`: asks to give up an order that is placed and not issued; `apply` carries it out. */
export async function run(
  context: Context,
  globals: Globals,
  options: Options,
  args: readonly string[],
): Promise<number> {
  const reason = reasonOf(options);
  const [name = ''] = args;
  return telling(context, globals, ({ deps }) => ask(context, deps, options, name, reason));
}

/** undefined: the person thought better of it. */
async function ask(
  context: Context,
  deps: Deps,
  options: Options,
  name: string,
  reason: string,
): Promise<Told | undefined> {
  const { view, input, entries, reading } = await lookAround(context, deps);
  refuseLostState(view);
  if (!input) throw new ConfigurationError(reading.findings);
  const entry = entries.find((one) => one.name === name);
  const status = entry?.status ?? statusNamed(view, name);
  if (entry?.manifest === 'invalid')
    throw cannot(name, 'its manifest has errors', 'mend what `certwright validate` shows');
  const order = orderToGiveUp(status);
  const request: RequestRecord = {
    id: deps.random.hex(8),
    action: 'abandon',
    requestedAt: toInstant(deps.clock.now()),
    reason,
    order: order.id,
  };
  const item = plannedLine({ input, status }, request);
  if (item?.hold?.code === 'approval-never') throw cannot(name, item.hold.message);
  const there = alreadyComing(status, order);
  if (there === undefined) {
    for (const note of item?.sideEffects ?? []) context.say(`note: ${note}`);
    context.say(`note: another order for ${name} then needs an approval file that names ${order.id}`);
    if (!(await agreed(context, options, question(name, order)))) return undefined;
  }
  const line = `ask for abandon ${name}: order ${order.id}, ${reason}`;
  const changed = await changeStatus(deps, view, name, line, (head) => {
    const now = orderToGiveUp(head);
    return alreadyComing(head, now) === undefined ? withRequest(head, { ...request, order: now.id }) : head;
  });
  const next = whatFollows(context, entry?.spec === undefined ? {} : { spec: entry.spec }, item);
  return {
    changed,
    facts: {
      name,
      action: 'abandon',
      order: order.id,
      reason,
      ...(changed ? { request: request.id } : {}),
      ...next.facts,
    },
    sentences: [
      changed
        ? `Recorded: order ${order.id} of ${name} is to be given up.`
        : `Nothing was added for ${name}: ${there ?? 'this was asked for meanwhile'}.`,
      ...next.sentences,
    ],
  };
}

/** @throws CertError `usage` with the reason why nothing can be given up, and what fits instead */
function orderToGiveUp(status: Status): OrderRecord {
  const order = abandonable(status);
  if (order) return order;
  const { name } = status;
  const intent = openIntent(status, 'purchase');
  if (intent) throw refusedFor(name, intent);
  const head = headOrder(status);
  if (!head) throw cannot(name, 'nothing was ordered for it');
  if (head.abandoned) throw cannot(name, `order ${head.id} was given up at ${head.abandoned.at}`);
  throw head.state === 'issued'
    ? cannot(
        name,
        `order ${head.id} is issued`,
        `\`certwright revoke ${shellWord(name)} --reason TEXT\` revokes its certificate`,
      )
    : cannot(name, `order ${head.id} is ${head.state}`);
}

function refusedFor(name: string, intent: OpenIntent) {
  switch (intent.phase) {
    case 'unknown':
      return cannot(
        name,
        `it is not known whether its ${intent.action} was placed`,
        `answer that first: \`certwright resolve ${shellWord(name)}\``,
      );
    case 'intended':
      return cannot(
        name,
        `the outcome of its ${intent.action} is not recorded yet`,
        'run `certwright apply`; what it finds can be given up then',
      );
    case 'issued':
      return cannot(
        name,
        `order ${intent.orderId} has delivered a certificate, which is kept aside`,
        `have ${intent.provider} replace or revoke it`,
      );
    case 'placed':
      return cannot(name, `its open ${intent.action} belongs to order ${intent.orderId}, which is issued`);
  }
}

function alreadyComing(status: Status, order: OrderRecord): string | undefined {
  const request = status.requests.find(
    (one) => one.action === 'abandon' && order.ids.includes(one.order ?? ''),
  );
  if (request) return `giving order ${order.id} up was asked for at ${request.requestedAt} already`;
  const open = status.intents.filter(isOpen).find(({ action }) => action === 'cancel');
  return open && `the cancellation of order ${order.id} is under way since ${open.createdAt}`;
}

function question(name: string, order: OrderRecord): string {
  const [charge] = order.charges;
  const amount = charge && (charge.charged ?? charge.quoted);
  const paid = amount ? `, for which ${formatMoney(amount)} was paid` : '';
  return `Give up order ${order.id} of ${name} at ${order.provider}${paid}? It cannot be taken back.`;
}

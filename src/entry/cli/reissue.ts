import { isOpen } from '../../model/intent.js';
import type { RequestRecord, Status } from '../../model/status.js';
import { toInstant } from '../../model/time.js';
import { hasTermLeft, orderById } from '../../planner/facts.js';
import { openReissueRequest } from '../../policy/replacement.js';
import type { Deps } from '../../reconcile/deps.js';
import type { Context } from '../context.js';
import type { Globals } from './globals.js';
import { reasonOf, type Told } from './person.js';
import type { Options } from './program.js';
import { cannot, plannedLine, requestSubject, type Subject, whatFollows, withRequest } from './request.js';
import { changeStatus } from './state.js';
import { telling } from './telling.js';

/** `certwright reissue`: asks for a new certificate of the same paid order; `apply` carries it out. */
export async function run(
  context: Context,
  globals: Globals,
  options: Options,
  args: readonly string[],
): Promise<number> {
  const reason = reasonOf(options);
  const [name = ''] = args;
  return telling(context, globals, ({ deps }) => ask(context, deps, name, reason));
}

async function ask(context: Context, deps: Deps, name: string, reason: string): Promise<Told> {
  const subject = await requestSubject(context, deps, name);
  refuseReissue(subject);
  const request: RequestRecord = {
    id: deps.random.hex(8),
    action: 'reissue',
    requestedAt: toInstant(deps.clock.now()),
    reason,
  };
  const item = plannedLine(subject, request);
  if (item?.hold?.code === 'approval-never') {
    throw cannot(
      name,
      item.hold.message,
      'change policy.approval.free in certwright.yaml, or use the portal',
    );
  }
  const changed = await changeStatus(
    deps,
    subject.view,
    name,
    `ask for reissue ${name}: ${reason}`,
    (status) => (reissueComing(status) === undefined ? withRequest(status, request) : status),
  );
  const there = reissueComing(subject.status) ?? 'a reissue was asked for meanwhile';
  const next = whatFollows(context, subject, item);
  return {
    changed,
    facts: { name, action: 'reissue', reason, ...(changed ? { request: request.id } : {}), ...next.facts },
    sentences: [
      changed ? `Recorded: ${name} is to be reissued.` : `Nothing was added for ${name}: ${there}.`,
      ...sameKey(subject),
      ...(item?.price.kind === 'unknown' ? ['It may cost something; the plan tells the price.'] : []),
      ...next.sentences,
    ],
  };
}

/** One new certificate answers every wish for one. */
export function reissueComing(status: Status): string | undefined {
  const request = openReissueRequest(status);
  if (request) return `a reissue was asked for at ${request.requestedAt} already`;
  const open = status.intents.filter(isOpen).find(({ action }) => action === 'reissue');
  return open && `a reissue is under way since ${open.createdAt}`;
}

/** @throws CertError `usage` for what the plan would silently never do */
export function refuseReissue({ input, spec, status, current }: Subject): void {
  const { name } = status;
  if (spec.key.kind === 'external') {
    throw cannot(name, 'its key lives elsewhere', 'name a key or a CSR under `key:` in the manifest first');
  }
  const order = orderById(status, current.order);
  if (!order || !hasTermLeft(order, input.nowMs)) {
    throw cannot(
      name,
      `the paid term of order ${current.order} has ended`,
      'a renewal is needed: set `autoRenew: true` in the manifest',
    );
  }
  if (current.revoked?.reason === 'cessationOfOperation') {
    throw cannot(
      name,
      'it was revoked for cessationOfOperation, after which nothing follows',
      'declare it under a new name',
    );
  }
  const provider = input.providers.get(order.provider);
  if (!provider) {
    throw cannot(
      name,
      `the configuration has no provider "${order.provider}"`,
      'put it back until the paid term has ended',
    );
  }
  if (provider.capabilities.reissue === false) {
    const why = provider.capabilities.notes.reissue ?? 'it has no call for it';
    throw cannot(name, `${order.provider} cannot reissue: ${why}`, 'use the portal, or order anew');
  }
}

/** A new certificate on the old key is not what people expect after a leak. */
function sameKey({ spec }: Subject): readonly string[] {
  if (spec.key.kind === 'csr') {
    return [`Note: the key stays the one of ${spec.key.path}; for a new key put a new CSR there.`];
  }
  return spec.key.kind === 'generated' && spec.key.rotate === 'never'
    ? ['Note: the manifest says `rotate: never`, so the key stays the same.']
    : [];
}

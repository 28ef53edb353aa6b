import { CertError } from '../../model/errors.js';
import { isOpen } from '../../model/intent.js';
import type { CertificateSpec, Spec } from '../../model/manifest.js';
import { sameNames } from '../../model/names.js';
import type { OrderSnapshot } from '../../model/order.js';
import { emptyStatus, type RebuiltRecord, type Status } from '../../model/status.js';
import { toInstant, toMs } from '../../model/time.js';
import { headOrder, orderAt, stableOrderId, stillCounts } from '../../planner/facts.js';
import { isCertificate } from '../../planner/input.js';
import { isSaidComplete } from '../../planner/rebuilt.js';
import { isSlot } from '../../planner/slots.js';
import type { Provider } from '../../ports/provider.js';
import { land } from '../../reconcile/land.js';
import { commitMessage } from '../../reconcile/message.js';
import { isExplained } from '../../reconcile/observe.js';
import { withAdopted } from '../../reconcile/order-facts.js';
import { withOrdersByAge } from '../../reconcile/rebuild.js';
import { referenceFor } from '../../reconcile/references.js';
import { type Run, statusFile } from '../../reconcile/run.js';
import type { StateView } from '../../reconcile/state.js';
import type { Context } from '../context.js';
import { agreed, type Told } from './person.js';
import type { Options } from './program.js';

/** A state that was lost and made anew cannot tell whether this certificate was bought: a person can. */
export interface LossQuestion {
  readonly spec: Spec;
  readonly rebuilt: RebuiltRecord;
}

/** undefined: nothing of this certificate is in doubt for that reason, or something else is asked first. */
export function lossQuestion({ view, specs }: Run, name: string): LossQuestion | undefined {
  const rebuilt = view.header?.rebuilt;
  const spec = specs.get(name);
  if (!rebuilt || !spec) return undefined;
  const status = view.statuses.get(name);
  const asked = status?.intents
    .filter(isOpen)
    .some(({ phase }) => phase === 'intended' || phase === 'unknown');
  return asked || (status && isSaidComplete(status, rebuilt)) ? undefined : { spec, rebuilt };
}

/**
 * `--not-placed`: nothing of it is missing. The accounts are looked at once more.
 * @throws CertError `order.ambiguous` while an order may still show, or where one does
 */
export async function resolveComplete(
  context: Context,
  run: Run,
  options: Options,
  name: string,
  { spec, rebuilt }: LossQuestion,
): Promise<Told | undefined> {
  if (run.deps.clock.now() <= toMs(rebuilt.settledAt)) {
    throw new CertError(
      'order.ambiguous',
      `an order that was placed before the state was lost may still show until ${rebuilt.settledAt}`,
      { remedy: 'look at the portal and say it again after that' },
    );
  }
  if (isCertificate(spec)) await refuseWhatShows(run, spec);
  const where = spec.providers.join(' and ');
  const sure = await agreed(
    context,
    options,
    `Is there no order for ${name} at ${where} that certwright does not know? If there is one, the next \`certwright apply\` may buy it a second time.`,
  );
  if (!sure) return undefined;
  await change(run, spec, `resolve ${name}: nothing of it is missing, says a person`, (status) => ({
    ...status,
    completeAt: toInstant(run.deps.clock.now()),
  }));
  return {
    changed: true,
    facts: { outcome: 'complete' },
    sentences: [
      `Recorded: no purchase of ${name} is missing since the state was rebuilt.`,
      'Next: the next `certwright apply` buys what is wanted and approved.',
    ],
  };
}

/** @throws CertError `order.ambiguous` */
async function refuseWhatShows(run: Run, spec: CertificateSpec): Promise<void> {
  const head = run.view.statuses.get(spec.name);
  const order = head && headOrder(head);
  for (const id of spec.providers) {
    const provider = run.providers.all.get(id);
    if (!provider) continue;
    run.deps.progress.step(`looking for orders of ${spec.name} at ${id}`);
    const seen: OrderSnapshot[] = [];
    for (const predecessor of [undefined, ...(order ? [stableOrderId(order)] : [])]) {
      const reference = referenceFor(run, provider, spec.name, predecessor);
      seen.push(...((await provider.findByReference?.(reference)) ?? []));
    }
    if (provider.list) {
      for await (const listed of provider.list({ names: spec.names })) {
        if (sameNames(listed.names, spec.names) && !listed.superseded) seen.push(listed);
      }
    }
    const ignored = spec.adopt?.kind === 'ignore' ? spec.adopt.orders : [];
    const open = seen.find(
      (one) =>
        stillCounts(one, run.deps.clock.now()) &&
        !ignored.includes(one.id) &&
        !isExplained(run.view, id, one.id),
    );
    if (open) {
      throw new CertError(
        'order.ambiguous',
        `${id} shows order ${open.id} for ${spec.name}; nothing was changed`,
        {
          remedy: `run \`certwright resolve ${spec.name} --order-id ${open.id}\`, or ignore it in the manifest with \`adopt: { ignore: ["${open.id}"] }\``,
        },
      );
    }
  }
}

/**
 * `--order-id`: one order that was lost is found again. That another one, its renewal say, is not missing as well is said
 * apart.
 * @throws CertError `order.not-found`, `order.ambiguous`, `usage`
 */
export async function resolveFound(
  run: Run,
  name: string,
  id: string,
  { spec }: LossQuestion,
): Promise<Told> {
  if (!isCertificate(spec)) {
    throw new CertError('usage', `${name} is website protection`, {
      remedy: `write \`adopt: { order: "${id}" }\` into its manifest`,
    });
  }
  const { provider, order } = await find(run, spec, id);
  const wrong = whyNotOurs(provider, spec, order);
  if (wrong !== undefined)
    throw new CertError('order.ambiguous', `order ${order.id} ${wrong}; nothing was changed`, {
      remedy: 'compare the id with what the provider shows',
    });
  const at = provider.config;
  if (isHeld(run.view.statuses.get(name), at.id, order.id)) return toldFound(name, order.id, false);
  await change(
    run,
    spec,
    `resolve ${name}: order ${order.id} at ${at.id}, found by a person`,
    (status, head) => {
      if (isExplained(head, at.id, order.id)) {
        throw new CertError('order.ambiguous', `order ${order.id} belongs to a certificate already`);
      }
      const nowMs = run.deps.clock.now();
      const manifest = {
        digest: spec.digest,
        ...(spec.reissue === undefined ? {} : { reissue: spec.reissue }),
      };
      const adopted = withAdopted(status, order, at, provider.capabilities.termCounting, manifest, nowMs);
      const charge = {
        at: order.placedAt ?? toInstant(nowMs),
        action: 'order',
        quoted: null,
        ...(order.charged === undefined ? {} : { charged: order.charged }),
      };
      const orders = adopted.orders.map((one) => (one.id === order.id ? { ...one, charges: [charge] } : one));
      return withOrdersByAge({ ...adopted, orders });
    },
  );
  return toldFound(name, order.id, true);
}

const isHeld = (status: Status | undefined, provider: string, id: string): boolean =>
  status !== undefined && orderAt(status, provider, id) !== undefined;

const toldFound = (name: string, orderId: string, changed: boolean): Told => ({
  changed,
  facts: { outcome: 'adopted', orderId },
  sentences: [
    changed
      ? `Recorded: order ${orderId} belongs to ${name}.`
      : `Order ${orderId} is recorded for ${name} already; nothing was changed.`,
    `Next: give any other order of ${name} the same way; \`certwright apply\` follows the newest.`,
  ],
});

async function find(run: Run, { providers }: CertificateSpec, id: string) {
  for (const at of providers) {
    const provider = run.providers.all.get(at);
    if (!provider) continue;
    run.deps.progress.step(`asking ${at} for order ${id}`);
    try {
      return { provider, order: await provider.getOrder(id) };
    } catch (error) {
      if (!(error instanceof CertError) || error.code !== 'order.not-found') throw error;
    }
  }
  throw new CertError(
    'order.not-found',
    `${providers.join(' and ')} know no order ${id}; nothing was changed`,
    {
      remedy: 'compare the id with what the provider shows',
    },
  );
}

function whyNotOurs(
  { capabilities }: Provider,
  spec: CertificateSpec,
  order: OrderSnapshot,
): string | undefined {
  if (isSlot(order))
    return capabilities.slots === undefined
      ? 'has no names yet, and cannot be given any from here'
      : undefined;
  return sameNames(order.names, spec.names)
    ? undefined
    : `is for ${order.names.join(', ') || 'no names'}, the manifest names ${spec.names.join(', ')}`;
}

/** On every head anew. */
async function change(
  { deps, view }: Run,
  spec: Spec,
  line: string,
  next: (status: Status, head: StateView) => Status,
): Promise<void> {
  await land({ deps }, view, (head) => {
    const status = head.statuses.get(spec.name) ?? emptyStatus(spec.name, spec.kind);
    return { files: [statusFile(next(status, head))], message: commitMessage([line]) };
  });
}

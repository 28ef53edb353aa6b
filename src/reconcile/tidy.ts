import { isOpen } from '../model/intent.js';
import type { SitelockSpec } from '../model/manifest.js';
import type { OrderSnapshot } from '../model/order.js';
import type { PlanItem } from '../model/plan.js';
import { emptyStatus, type Status } from '../model/status.js';
import { toInstant, toMs } from '../model/time.js';
import { abandonable } from '../planner/abandon.js';
import { isCertificate } from '../planner/input.js';
import { hasUnsettledPurchase } from '../planner/slots.js';
import { withDoubt } from '../policy/doubts.js';
import type { Provider } from '../ports/provider.js';
import type { FileChange } from '../ports/repository.js';
import { STATE_FOLDER, statusPath } from '../repository/layout.js';
import { seenOrder, unseenReason } from './adoptions.js';
import { replaceOrder } from './intents.js';
import { landTelling, type TellingChange } from './land.js';
import { commitMessage } from './message.js';
import { type Answers, isExplained } from './observe.js';
import { withAbandoned } from './order-ends.js';
import { withAdopted } from './order-facts.js';
import { providerFor, type Run, type RunEvent, statusFile, statusOf } from './run.js';
import type { StateView } from './state.js';

/**
 * Lines that change facts only, in one commit: orders taken over, certificates that moved to another name, manifests
 * that are gone. Nothing here writes at a provider.
 */
export async function tidy(run: Run, items: readonly PlanItem[], answers: Answers): Promise<void> {
  const adopted = readAdopted(run, items, answers);
  const changes = [
    ...adopted.map((one) => (view: StateView) => adopt(run, view, one)),
    ...items
      .filter((item) => item.action === 'move')
      .map(
        (item) => (view: StateView) =>
          item.predecessor === item.name
            ? restore(view, item.name)
            : move(view, item.predecessor ?? '', item.name),
      ),
    ...items
      .filter((item) => item.action === 'abandon')
      .map((item) => (view: StateView) => abandon(run, view, item)),
    ...items
      .filter((item) => item.action === 'archive')
      .map((item) => (view: StateView) => archive(run, view, item.name)),
  ];
  if (changes.length === 0) return;
  const { view, told = [] } = await landTelling(run, run.view, (head) =>
    merge(changes.map((change) => change(head))),
  );
  run.view = view;
  run.events.push(...told);
}

interface Adopted {
  readonly item: PlanItem;
  readonly provider: Provider;
  readonly order: OrderSnapshot;
}

/** Taken over is what the plan was made from: no second look. */
function readAdopted(run: Run, items: readonly PlanItem[], answers: Answers): readonly Adopted[] {
  return items
    .filter((item) => item.action === 'adopt')
    .flatMap((item) => {
      const { name, provider: id = '', predecessor = '' } = item;
      const order = seenOrder(answers, name, predecessor);
      if (order) return [{ item, provider: providerFor(run, id), order }];
      const message = unseenReason(answers, id, predecessor);
      run.events.push({ name, action: 'adopt', outcome: 'failed', message });
      return [];
    });
}

interface Part {
  readonly files: readonly FileChange[];
  readonly line: string;
  /** Absent: what follows on it tells (an order that was taken over is collected, or activated). */
  readonly event?: RunEvent;
}

function merge(parts: readonly (Part | undefined)[]): TellingChange<readonly RunEvent[]> | undefined {
  const real = parts.filter((part) => part !== undefined);
  if (real.length === 0) return undefined;
  return {
    files: real.flatMap((part) => part.files),
    message: commitMessage(real.map((part) => part.line)),
    tells: real.flatMap(({ event }) => event ?? []),
  };
}

const done = (action: string, name: string, message: string): Pick<Part, 'event'> => ({
  event: { name, action, outcome: 'done', message },
});

function adopt(run: Run, view: StateView, { item, provider, order }: Adopted): Part | undefined {
  const spec = run.specs.get(item.name);
  if (!spec) return undefined;
  const status = statusOf(view, item.name);
  if (!isCertificate(spec)) return adoptLicence(view, spec, { item, provider, order }, run.deps.clock.now());
  if (status.orders.some((known) => known.ids.includes(order.id))) return undefined;
  // Another runner may have taken it meanwhile: of a slot nothing but the branch says whose it is.
  if (isExplained(view, provider.config.id, order.id)) return undefined;
  // A slot that was seen after this plan's look at the state may be what an announced purchase has bought since.
  if (item.reason === 'FreeSlot' && hasUnsettledPurchase(view.statuses.values(), provider.config.id)) {
    return undefined;
  }
  const next = withAdopted(
    status,
    order,
    { id: provider.config.id, environment: provider.config.environment },
    provider.capabilities.termCounting,
    { digest: spec.digest, ...(spec.reissue === undefined ? {} : { reissue: spec.reissue }) },
    run.deps.clock.now(),
  );
  // Found again after the record of it was lost: whether it was the only one is not known either.
  const doubtful = item.reason === 'OrderAtProvider' && order.reference !== undefined;
  const of = { provider: provider.config.id, environment: provider.config.environment };
  const taken = doubtful
    ? withDoubt(next, { ...of, reference: order.reference }, run.deps.clock.now())
    : next;
  return {
    files: [statusFile(withUsed(taken, item))],
    line: `adopt ${item.name}: order ${order.id} at ${provider.config.id}, nothing bought`,
  };
}

/** Under the plan that the manifest names: the number may be the one it had before somebody changed it in the portal. */
function adoptLicence(
  view: StateView,
  spec: SitelockSpec,
  { item, provider, order }: Adopted,
  atMs: number,
): Part | undefined {
  const status = view.statuses.get(item.name) ?? emptyStatus(item.name, 'sitelock');
  const known = status.orders.find((one) => one.ids.includes(order.id));
  if (known?.product === order.product) return undefined;
  const next = known
    ? replaceOrder(status, known, { ...known, product: order.product, adopted: true })
    : withAdopted(
        status,
        order,
        { id: provider.config.id, environment: provider.config.environment },
        provider.capabilities.termCounting,
        { digest: spec.digest },
        atMs,
      );
  const orders = next.orders.toSorted((a, b) => toMs(a.placedAt) - toMs(b.placedAt));
  return {
    files: [statusFile({ ...next, manifestDigest: spec.digest, orders })],
    line: `adopt ${item.name}: order ${order.id} at ${provider.config.id} is ${order.product}, nothing bought`,
  };
}

/** Every file goes along by its blob: sealed keys of open orders, certificates, all facts. */
function move(view: StateView, from: string, to: string): Part | undefined {
  const status = view.statuses.get(from);
  const own = view.statuses.get(to);
  if (!status || (own && (own.orders.length > 0 || own.intents.some(isOpen)))) return undefined;
  const { archived: _back, ...active } = status;
  const next: Status = { ...active, name: to };
  const source = `${STATE_FOLDER}/${from}/`;
  const files = [...view.files].filter(([path]) => path.startsWith(source));
  return {
    files: [
      ...files.map(([path]) => ({ path, content: null })),
      ...files
        .filter(([path]) => path !== statusPath(from))
        .map(([path, blob]) => ({
          path: `${STATE_FOLDER}/${to}/${path.slice(source.length)}`,
          content: { blob },
        })),
      statusFile(next),
    ],
    line: `move ${from} to ${to}: its order goes along, nothing is bought`,
    ...done('move', to, `its order goes along from ${from}, nothing is bought`),
  };
}

/** Declared again: back under management, alarms included. */
function restore(view: StateView, name: string): Part | undefined {
  const status = view.statuses.get(name);
  if (!status?.archived) return undefined;
  const { archived: _back, ...active } = status;
  return {
    files: [statusFile(active)],
    line: `restore ${name}: a manifest declares it again`,
    ...done('move', name, 'back from the archive with its order, nothing is bought'),
  };
}

/** The provider has no call for it: from now on nothing drives the order, and its line says what is left to do. */
function abandon(run: Run, view: StateView, item: PlanItem): Part | undefined {
  const { name, predecessor } = item;
  const status = statusOf(view, name);
  const order = abandonable(status);
  if (!order?.ids.includes(predecessor ?? '')) return undefined;
  const next = withAbandoned(status, order.id, run.deps.clock.now());
  return {
    files: [statusFile(withUsed(next, item))],
    line: `abandon ${name}: order ${order.id} at ${order.provider} is given up, not cancelled there`,
    ...done('abandon', name, `order ${order.id} is given up, not cancelled at ${order.provider}`),
  };
}

/** The approval file that let a line through is used up by it. */
function withUsed(status: Status, { approval }: PlanItem): Status {
  const used = approval?.kind === 'file' ? [approval.subjectDigest] : [];
  return { ...status, consumedApprovals: [...new Set([...status.consumedApprovals, ...used])] };
}

function archive(run: Run, view: StateView, name: string): Part | undefined {
  const status = view.statuses.get(name) ?? emptyStatus(name);
  if (status.archived) return undefined;
  const next: Status = { ...status, archived: { at: toInstant(run.deps.clock.now()) } };
  return {
    files: [statusFile(next)],
    line: `archive ${name}: no manifest declares it; files stay`,
    ...done('archive', name, 'no manifest declares it any more; its files stay'),
  };
}

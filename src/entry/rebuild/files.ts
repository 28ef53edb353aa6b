import { isOpen } from '../../model/intent.js';
import type { StateHeader, Status } from '../../model/status.js';
import { hasTermLeft, isGone } from '../../planner/facts.js';
import type { Explained } from '../../planner/rebuild.js';
import type { FileChange, Oid } from '../../ports/repository.js';
import { lookAt } from '../../reconcile/collect.js';
import type { Found, Waiting } from '../../reconcile/found.js';
import { withOrderFacts, withReplaced } from '../../reconcile/order-facts.js';
import { publicationFiles, publishedStatus } from '../../reconcile/publish.js';
import { type Run, statusFile, statusOf } from '../../reconcile/run.js';
import { HEADER_PATH, pendingKeyPath } from '../../repository/layout.js';
import { stableJson } from '../../repository/stable.js';
import type { GitRemains } from './remains.js';

/** Everything the new state holds. */
export interface RebuiltState {
  readonly statuses: ReadonlyMap<string, Status>;
  /** Path → content; only what is below `issued/`. */
  readonly files: ReadonlyMap<string, NonNullable<FileChange['content']>>;
  /** What looking at the certificates showed. */
  readonly found: readonly Found[];
}

/**
 * Collects and verifies the certificates of living orders, as a run does, and puts beside each the sealed key that belongs to
 * it, wherever history kept that. Asks accounts, writes nothing.
 * @param run  on a view of what survives, its statuses rebuilt
 */
export async function rebuildFiles(
  run: Run,
  { base, keys }: GitRemains,
  explained: readonly Explained[],
): Promise<RebuiltState> {
  const kept = new Map<string, NonNullable<FileChange['content']>>(
    [...(base?.files ?? [])].map(([path, blob]) => [path, { blob }]),
  );
  const statuses = new Map(run.view.statuses);
  // Keys by the name they were kept for, so that looking judges a certificate as if nothing had been lost.
  const waitingKeys = new Map([...keys].map(([hash, { name, blob }]) => [pendingKeyPath(name, hash), blob]));
  const see = (more: Iterable<readonly [string, Oid]> = []) => ({
    ...run.view,
    statuses,
    files: new Map([...blobsOf(kept), ...more]),
  });
  run.view = see(waitingKeys);
  const found = await lookAt(run, wanted(run, explained));
  for (const one of found) {
    const { name } = one.waiting;
    const { result, order, provider } = one;
    const status = withOrderFacts(statusOf(run.view, name), order, provider.capabilities.termCounting);
    if (result.kind === 'replaced') statuses.set(name, withReplaced(status, order, result.serial));
    if (result.kind !== 'publish') continue;
    const { keyHash } = result.publication.parsed;
    const key = keys.get(keyHash);
    const view = see(key ? [[pendingKeyPath(name, keyHash), key.blob]] : []);
    for (const { path, content } of publicationFiles(view, result.publication)) {
      if (content === null) kept.delete(path);
      else kept.set(path, content);
    }
    statuses.set(name, publishedStatus(run, view, status, result.publication));
  }
  for (const [path, blob] of keysToWaitFor(statuses, keys)) if (!kept.has(path)) kept.set(path, { blob });
  for (const status of statuses.values()) {
    const { path, content } = statusFile(status);
    if (content !== null) kept.set(path, content);
  }
  return { statuses, files: kept, found };
}

const blobsOf = (files: ReadonlyMap<string, NonNullable<FileChange['content']>>): readonly [string, Oid][] =>
  // What is not in the repository yet has no id; that it is there is all that is asked.
  [...files].map(([path, content]) => [
    path,
    typeof content === 'object' && 'blob' in content ? content.blob : 'new',
  ]);

/** The newest living order of each certificate, where its certificate is not the one that survives. */
function wanted(run: Run, explained: readonly Explained[]): readonly Waiting[] {
  const nowMs = run.deps.clock.now();
  return [...run.view.statuses.values()].flatMap((status): Waiting[] => {
    const order = status.orders.findLast((one) => !isGone(one));
    if (status.kind !== 'certificate' || order?.state !== 'issued' || !hasTermLeft(order, nowMs)) return [];
    if (!run.providers.all.has(order.provider)) return [];
    const driven = status.intents
      .filter(isOpen)
      .some((intent) => 'orderId' in intent && order.ids.includes(intent.orderId));
    if (driven) return [];
    const waiting = { name: status.name, orderId: order.id, provider: order.provider };
    const { current } = status;
    if (!current || !order.ids.includes(current.order)) return [waiting];
    const told = explained.find(
      ({ provider, order: seen }) => provider === order.provider && seen.ids.includes(order.id),
    )?.order.serial;
    return told === undefined || told === current.serial ? [] : [{ ...waiting, successor: true }];
  });
}

/** An order that is still to be issued was asked for with a key that history may hold: which one shows with its certificate. */
function* keysToWaitFor(
  statuses: ReadonlyMap<string, Status>,
  keys: GitRemains['keys'],
): Generator<readonly [string, Oid]> {
  const waiting = new Set(
    [...statuses.values()]
      .filter(
        ({ orders, intents }) => orders.some(({ state }) => state === 'pending') && !intents.some(isOpen),
      )
      .map(({ name }) => name),
  );
  const used = new Set(
    [...statuses.values()].flatMap(({ current, previous }) => [
      ...(current ? [current.keyHash] : []),
      ...previous.map(({ keyHash }) => keyHash),
    ]),
  );
  for (const [hash, { name, blob }] of keys) {
    if (waiting.has(name) && !used.has(hash)) yield [pendingKeyPath(name, hash), blob];
  }
}

/** All files of the new state as one commit holds them. */
export const changesOf = ({ files }: RebuiltState, header: StateHeader): readonly FileChange[] => [
  ...[...files].filter(([path]) => path !== HEADER_PATH).map(([path, content]) => ({ path, content })),
  { path: HEADER_PATH, content: stableJson(header) },
];

import { messageOf } from '../model/errors.js';
import type { Listing } from '../model/run-memory.js';
import { keepsAccount, SHARD_PATIENCE_MS } from '../model/shard.js';
import type { OrderRecord } from '../model/status.js';
import { isListDue } from '../policy/polling.js';
import type { ListedOrder, Provider } from '../ports/provider.js';
import { lookAt } from './collect.js';
import { type Found, landFound, type Waiting } from './found.js';
import {
  awaiting,
  changeText,
  hasMoved,
  hasNewerCertificate,
  isUnsettled,
  withListedFacts,
} from './listed.js';
import {
  indexOf,
  isLiving,
  isOf,
  type Known,
  type Line,
  linesOf,
  listingOf,
  livingOrders,
} from './listing.js';
import { memoryOf, noteListing, noteRefusal, refuseWhilePaused } from './notes.js';
import { type Run, type RunEvent, statusOf, stopIfAsked } from './run.js';

/** What became of the list of one account. */
export interface AccountSync {
  readonly provider: string;
  readonly kind: 'listed' | 'failed' | 'no-list';
  /** Orders the list held. */
  readonly orders: number;
  readonly listing?: Listing;
  readonly why?: string;
}

/**
 * Lists every account of this shard whose last list is older than this, page by page, and takes over what changed: states, revocations,
 * dates, ids, flags, charges, certificates issued in the portal. One commit, and none where nothing changed. What a list
 * lacks is never concluded to be gone; what nobody declared is told and left alone.
 */
export async function syncAccounts(run: Run, olderThanMs: number): Promise<readonly AccountSync[]> {
  const asked = olderThanMs === 0;
  const nowMs = run.deps.clock.now();
  const keeps = (id: string) => keepsAccount(run.deps.shard, id);
  const due = [...run.providers.all.values()].filter(({ config }) => {
    const memory = memoryOf(run.notes, config);
    if (keeps(config.id)) return asked || isListDue(memory, olderThanMs, nowMs);
    // The shard that keeps it does not seem to run.
    return memory?.listing !== undefined && isListDue(memory, olderThanMs + SHARD_PATIENCE_MS, nowMs);
  });
  const read = await Promise.all(due.map((provider) => readAccount(run, provider, asked)));
  const broken = asked
    ? [...run.providers.broken].flatMap(([id, { why }]) => (keeps(id) ? [brokenAccount(run, id, why)] : []))
    : [];
  await takeOver(
    run,
    read.flatMap(({ lines }) => lines),
  );
  return [...read.map(({ account }) => account), ...broken];
}

function brokenAccount(run: Run, provider: string, why: string): AccountSync {
  run.events.push({ name: provider, action: 'sync', outcome: 'failed', message: why });
  return { provider, kind: 'failed', orders: 0, why };
}

/** The same for single certificates: each order is asked for by itself, those that are waited for included. */
export async function syncCertificates(run: Run, names: readonly string[]): Promise<void> {
  const nowMs = run.deps.clock.now();
  const waiting: Waiting[] = [];
  const lines: Line[] = [];
  for (const name of names) {
    const status = statusOf(run.view, name);
    for (const order of status.orders) {
      const intent = awaiting(status, order);
      if (intent) waiting.push({ name, intentId: intent.id, orderId: intent.orderId });
      else if (isLiving(order, nowMs)) lines.push(...(await readOne(run, { name, order })));
    }
  }
  await takeOver(run, lines, waiting);
}

async function readOne(run: Run, known: Known): Promise<readonly Line[]> {
  const { name, order } = known;
  const provider = run.providers.all.get(order.provider);
  if (!provider || !isOf(order, provider)) return [];
  stopIfAsked(run.deps);
  run.deps.progress.step(`asking ${order.provider} for order ${order.id} of ${name}`);
  try {
    const listed =
      statusOf(run.view, name).kind === 'sitelock'
        ? await provider.licenser?.getOrder(order.id, order.product)
        : await provider.getOrder(order.id);
    return listed ? [{ known, provider, listed }] : [];
  } catch (error) {
    noteRefusal(run.notes, provider.config, error, run.deps.clock.now());
    run.events.push({ name, action: 'sync', outcome: 'failed', message: messageOf(error) });
    return [];
  }
}

async function readAccount(
  run: Run,
  provider: Provider,
  asked: boolean,
): Promise<{ readonly account: AccountSync; readonly lines: readonly Line[] }> {
  const { config } = provider;
  const failed = (why: string, outcome: RunEvent['outcome'], orders = 0) => {
    run.events.push({ name: config.id, action: 'sync', outcome, message: why });
    return { account: { provider: config.id, kind: 'failed' as const, orders, why }, lines: [] };
  };
  if (!provider.list) {
    const why = provider.capabilities.notes.list ?? 'it has no call that lists orders';
    return { account: { provider: config.id, kind: 'no-list', orders: 0, why }, lines: [] };
  }
  const all: ListedOrder[] = [];
  try {
    refuseWhilePaused(run.notes, config, run.deps.clock.now());
    for await (const order of provider.list({})) {
      stopIfAsked(run.deps);
      all.push(order);
      if (all.length % 100 === 0) run.deps.progress.step(`listing ${config.id}: ${all.length} orders`);
    }
  } catch (error) {
    stopIfAsked(run.deps);
    // Half a list tells nothing about its other half, and looks like a whole one: all of it is left alone.
    noteListing(run.notes, config, run.deps.clock.now(), undefined);
    noteRefusal(run.notes, config, error, run.deps.clock.now());
    // A scheduled list can wait: nothing is due at a provider that is down.
    return failed(
      `the list of ${config.id} could not be read: ${messageOf(error)}`,
      asked ? 'failed' : 'waiting',
    );
  }
  const index = indexOf(run, provider);
  const lines = linesOf(index, provider, all);
  const living = livingOrders(index, provider, run.deps.clock.now());
  const found = new Set(lines.map(({ known }) => known.order));
  const absent = living.filter(({ order }) => !found.has(order));
  if (living.length > 0 && absent.length === living.length) {
    noteListing(run.notes, config, run.deps.clock.now(), undefined);
    return failed(
      `the list of ${config.id} holds none of the ${living.length} orders recorded there; check that its credentials are of the right account`,
      'failed',
      all.length,
    );
  }
  const listing = listingOf(run, provider, index, all, absent);
  noteListing(run.notes, config, run.deps.clock.now(), listing);
  return { account: { provider: config.id, kind: 'listed', orders: all.length, listing }, lines };
}

/** Facts from the lines themselves; what is waited for and moved, and new certificates, by a look each. */
async function takeOver(run: Run, lines: readonly Line[], waiting: readonly Waiting[] = []): Promise<void> {
  const looks: Waiting[] = [...waiting];
  const news: Found[] = [];
  for (const line of lines) {
    const { known, provider, listed } = line;
    const status = statusOf(run.view, known.name);
    if (listed.superseded) {
      // Under which id it goes on is for the order itself to tell.
      if (!isUnsettled(status, known.order)) {
        looks.push({ name: known.name, provider: known.order.provider, orderId: listed.id, successor: true });
      }
      continue;
    }
    const intent = awaiting(status, known.order);
    if (intent) {
      if (!hasMoved(status, known.order, listed)) continue;
      looks.push({ name: known.name, intentId: intent.id, orderId: intent.orderId });
      continue;
    }
    if (hasNewerCertificate(status, known.order, listed) && !isUnsettled(status, known.order)) {
      looks.push({ name: known.name, provider: known.order.provider, orderId: listed.id, successor: true });
    }
    const next = withListedFacts(run, status, provider, known.order, listed);
    if (next !== status) news.push(newsOf(run, line, next.orders));
  }
  await landFound(run, [...news, ...(await lookAt(run, looks))]);
}

function newsOf(run: Run, { known, provider, listed }: Line, orders: readonly OrderRecord[]): Found {
  const after = orders.find((one) => isOf(one, provider) && one.ids.includes(known.order.id)) ?? known.order;
  return {
    waiting: { name: known.name, orderId: known.order.id },
    provider,
    order: listed,
    result: {
      kind: 'listed',
      what: changeText(known.order, after),
      apply(status) {
        const order = status.orders.find((one) => isOf(one, provider) && one.ids.includes(known.order.id));
        return order && !awaiting(status, order)
          ? withListedFacts(run, status, provider, order, listed)
          : status;
      },
    },
  };
}

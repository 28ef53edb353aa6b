import PQueue from 'p-queue';
import { CertError, messageOf } from '../model/errors.js';
import type { OpenIntent } from '../model/intent.js';
import type { OrderSnapshot } from '../model/order.js';
import type { Status } from '../model/status.js';
import { dayOf } from '../model/time.js';
import { orderById } from '../planner/facts.js';
import { type Awaited, awaitedByIntent, nextLookOf } from '../planner/watching.js';
import { isDead } from '../policy/standing-order.js';
import type { Provider } from '../ports/provider.js';
import type { FileChange } from '../ports/repository.js';
import { certificatePath, pendingKeyPath, rejectedPath } from '../repository/layout.js';
import { land } from './land.js';
import { commitMessage } from './message.js';
import { noteLook, noteRefusal } from './notes.js';
import { withOrderFacts } from './order-facts.js';
import { formatsOf, type Publication, publicationFiles, publishedStatus } from './publish.js';
import { changedStatuses, providerFor, type Run, statusFile, statusOf, stopIfAsked } from './run.js';
import { stepResults } from './send.js';
import type { StateView } from './state.js';
import { closeIntent, findIntent, withOrderDied, withProblem } from './transitions.js';
import { leftToSolvers, withAnnounced } from './validation.js';
import { verifyCollected } from './verify.js';

/** An order to look after: by its open intent, or by itself where it was taken over while pending. */
export interface Waiting {
  readonly name: string;
  readonly intentId?: string;
  readonly orderId: string;
}

interface Found {
  readonly waiting: Waiting;
  readonly provider: Provider;
  readonly order: OrderSnapshot;
  readonly result:
    | { readonly kind: 'pending' }
    | { readonly kind: 'dead' }
    | { readonly kind: 'wrong'; readonly fingerprint: string; readonly why: string; readonly pem: string }
    | { readonly kind: 'publish'; readonly publication: Publication };
}

/** Certificates per commit: what was collected of thousands is kept when a run is stopped or loses its account. */
const PER_COMMIT = 500;

/** What this run saw of an order, where it looked already. */
type Seen = (name: string, orderId: string) => OrderSnapshot | undefined;

export interface CollectOptions {
  /** Somebody stays for them: they are looked at as often as the providers allow. */
  readonly eager: boolean;
  /** An order that was seen issued in this run is not asked for again before its certificate is. */
  readonly seen: Seen;
}

/**
 * Asks for placed orders that are due for a look, publishes what is issued and verified, records what changed; many in one
 * commit, and no commit where nothing changed. Repeats safely.
 * @returns the certificates whose orders were looked at
 */
export async function collectOrders(
  run: Run,
  orders: readonly Waiting[],
  { eager, seen }: CollectOptions,
): Promise<ReadonlySet<string>> {
  const nowMs = run.deps.clock.now();
  const due = orders.filter((waiting) => lookAtMs(run, waiting, eager) <= nowMs);
  const looked = new Set<string>();
  for (let i = 0; i < due.length; i += PER_COMMIT) {
    for (const name of await collectSome(run, due.slice(i, i + PER_COMMIT), seen)) looked.add(name);
  }
  return looked;
}

async function collectSome(run: Run, orders: readonly Waiting[], seen: Seen): Promise<readonly string[]> {
  const queues = new Map<Provider, PQueue>();
  const found = await Promise.all(
    orders.map(async (waiting) => {
      try {
        const provider = providerOfOrder(run, waiting);
        const queue = queues.get(provider) ?? new PQueue({ concurrency: provider.capabilities.concurrency });
        queues.set(provider, queue);
        return await queue.add(() => look(run, provider, waiting, seen));
      } catch (error) {
        const provider = run.providers.all.get(providerIdOf(run, waiting) ?? '');
        if (provider) noteRefusal(run.notes, provider.config, error, run.deps.clock.now());
        report(run, waiting, error);
        return undefined;
      }
    }),
  );
  const results = found.filter((result) => result !== undefined);
  if (results.length === 0) return [];
  const before = run.view;
  run.view = await land(run, run.view, (view) => changeSet(run, view, results));
  for (const result of results) tell(run, before, result);
  return results.map(({ waiting }) => waiting.name);
}

/** When it is due for a look, epoch ms. What is not recorded is due at once: looking tells what is wrong with it. */
function lookAtMs(run: Run, { name, intentId, orderId }: Waiting, eager: boolean): number {
  const status = statusOf(run.view, name);
  const intent = intentId === undefined ? undefined : findIntent(status, intentId);
  const order = orderById(status, orderId);
  const awaited: Awaited | undefined =
    intent?.phase === 'placed' || intent?.phase === 'issued'
      ? awaitedByIntent(status, intent)
      : order && { ...order, orderId };
  if (!awaited) return -Infinity;
  return nextLookOf(run.notes.memory, run.providers.all.get(awaited.provider), awaited, eager);
}

function providerIdOf(run: Run, { name, intentId, orderId }: Waiting): string | undefined {
  const status = statusOf(run.view, name);
  const intent = intentId === undefined ? undefined : findIntent(status, intentId);
  return intent?.provider ?? orderById(status, orderId)?.provider;
}

function providerOfOrder(run: Run, waiting: Waiting): Provider {
  const id = providerIdOf(run, waiting);
  if (id !== undefined) return providerFor(run, id);
  throw new CertError('order.not-found', `no order ${waiting.orderId} is recorded for ${waiting.name}`);
}

async function look(run: Run, provider: Provider, waiting: Waiting, seen: Seen): Promise<Found> {
  stopIfAsked(run.deps);
  const status = statusOf(run.view, waiting.name);
  const intent = waiting.intentId === undefined ? undefined : findIntent(status, waiting.intentId);
  run.deps.progress.step(`asking ${provider.config.id} for order ${waiting.orderId} of ${waiting.name}`);
  const recorded = intent && { request: intent.request, results: stepResults(intent) };
  const before = intent === undefined ? seen(waiting.name, waiting.orderId) : undefined;
  const order = before?.state === 'issued' ? before : await provider.getOrder(waiting.orderId, recorded);
  const news = withOrderFacts(status, order, provider.capabilities.termCounting) !== status;
  noteLook(run.notes, provider.config.id, waiting.orderId, run.deps.clock.now(), news);
  const base = { waiting, provider, order };
  if (hasEnded(order.state)) return { ...base, result: { kind: 'dead' } };
  if (order.waitingFor === 'dcv' && intent && !leftToSolvers(run, waiting.name, order)) {
    const proven = new Set(order.validation.flatMap(({ name, state }) => (state === 'valid' ? [name] : [])));
    const left = intent.request.validation.filter(({ name }) => !proven.has(name));
    if (left.length > 0) await provider.validator?.recheck(order.id, left);
  }
  if (order.state !== 'issued') return { ...base, result: { kind: 'pending' } };
  const collected = await provider.collect(order.id, recorded);
  if (!collected) return { ...base, result: { kind: 'pending' } };
  const verdict = await verifyCollected(
    provider,
    status,
    collected,
    {
      names: intent?.request.names ?? order.names,
      product: intent?.request.product ?? order.product,
      ...(intent?.keyHash === undefined ? {} : { keyHash: intent.keyHash }),
    },
    run.deps.clock.now(),
  );
  switch (verdict.kind) {
    case 'known':
      return { ...base, result: { kind: 'pending' } };
    case 'wrong':
      return { ...base, result: { ...verdict, pem: collected.certificatePem } };
    case 'good': {
      const extra = await run.deps.publishedFormats(
        formatsOf(run, waiting.name),
        verdict.parsed.pem,
        verdict.chainPem,
      );
      return {
        ...base,
        result: {
          kind: 'publish',
          publication: {
            name: waiting.name,
            ...(intent === undefined ? {} : { intent }),
            order,
            parsed: verdict.parsed,
            chainPem: verdict.chainPem,
            extra: extra.map(({ format, content }) => ({
              file: certificatePath(waiting.name, format),
              content,
            })),
            atMs: run.deps.clock.now(),
          },
        },
      };
    }
  }
}

/** Nothing more will come of it. */
const hasEnded = (state: OrderSnapshot['state']): boolean =>
  isDead(state) || state === 'expired' || state === 'revoked';

/** Facts and files on this head; a result whose intent was closed there by somebody else changes nothing. */
function changeSet(run: Run, view: StateView, results: readonly Found[]) {
  const live = newestOnly(
    view,
    results.filter((found) => isStillNews(view, found)),
  );
  const changed = changedStatuses(
    view,
    live.map((found) => ({ name: found.waiting.name, apply: (status) => applied(run, view, status, found) })),
  );
  const touched = new Set(changed.map((status) => status.name));
  const files = live
    .filter(({ waiting }) => touched.has(waiting.name))
    .flatMap((found) => filesOf(view, found));
  return {
    files: [...files, ...changed.map(statusFile)],
    message: commitMessage(
      live.filter(({ waiting }) => touched.has(waiting.name)).map((found) => line(view, found)),
    ),
  };
}

/** Where two orders of one certificate deliver at once, the newer one serves; the next look sees to the other. */
function newestOnly(view: StateView, results: readonly Found[]): readonly Found[] {
  const rank = ({ waiting, order }: Found) => orderRank(statusOf(view, waiting.name), order);
  return results.filter(
    (found) =>
      found.result.kind !== 'publish' ||
      !results.some(
        (other) =>
          other.result.kind === 'publish' &&
          other.waiting.name === found.waiting.name &&
          rank(other) > rank(found),
      ),
  );
}

/** Orders stand oldest first; one that is not recorded is the newest. */
function orderRank({ orders }: Status, { ids }: Pick<OrderSnapshot, 'ids'>): number {
  const index = orders.findIndex((order) => order.ids.some((id) => ids.includes(id)));
  return index < 0 ? orders.length : index;
}

/**
 * A reissue of an order that was renewed meanwhile comes too late: what the renewal brought lives longer, and is for what
 * is declared now.
 */
const isSuperseded = (status: Status, order: OrderSnapshot): boolean =>
  status.current !== undefined &&
  orderRank(status, { ids: [status.current.order] }) > orderRank(status, order);

function isStillNews(view: StateView, { waiting, result }: Found): boolean {
  const status = statusOf(view, waiting.name);
  if (waiting.intentId !== undefined) return findIntent(status, waiting.intentId) !== undefined;
  return result.kind !== 'publish' || status.current?.sha256 !== result.publication.parsed.sha256;
}

function applied(run: Run, view: StateView, status: Status, found: Found): Status {
  const { waiting, order, provider, result } = found;
  const facts = withOrderFacts(status, order, provider.capabilities.termCounting);
  const intent = waiting.intentId === undefined ? undefined : findIntent(facts, waiting.intentId);
  switch (result.kind) {
    case 'pending':
      return withAnnounced(run, facts, order, provider.config.id);
    case 'dead':
      return intent
        ? withOrderDied(facts, intent, order.message ?? `the order was ${order.state}`, run.deps.clock.now())
        : facts;
    case 'wrong':
      return intent && isAwaiting(intent) && alreadyKnown(intent, result.fingerprint) === false
        ? withProblem(facts, intent, result.fingerprint, result.why)
        : facts;
    case 'publish':
      if (isSuperseded(facts, order)) {
        return intent ? closeIntent(facts, intent, 'done', run.deps.clock.now(), SUPERSEDED) : facts;
      }
      return publishedStatus(run, view, facts, {
        ...result.publication,
        ...(intent === undefined ? {} : { intent }),
      });
  }
}

const isAwaiting = (intent: OpenIntent): intent is Extract<OpenIntent, { phase: 'placed' | 'issued' }> =>
  intent.phase === 'placed' || intent.phase === 'issued';

const alreadyKnown = (intent: OpenIntent, fingerprint: string): boolean =>
  intent.phase === 'issued' && intent.fingerprint === fingerprint;

const SUPERSEDED = 'a certificate of a newer order is served already';

function filesOf(view: StateView, { waiting, order, result }: Found): readonly FileChange[] {
  if (result.kind === 'publish' && isSuperseded(statusOf(view, waiting.name), order)) {
    const key = pendingKeyPath(waiting.name, result.publication.parsed.keyHash);
    return view.files.has(key) ? [{ path: key, content: null }] : [];
  }
  if (result.kind === 'publish') return publicationFiles(view, result.publication);
  if (result.kind === 'wrong') {
    return [{ path: rejectedPath(waiting.name, result.fingerprint), content: result.pem }];
  }
  return [];
}

function line(view: StateView, { waiting, order, result }: Found): string {
  const intent =
    waiting.intentId === undefined ? undefined : findIntent(statusOf(view, waiting.name), waiting.intentId);
  const action = intent?.action ?? 'collect';
  switch (result.kind) {
    case 'publish':
      if (isSuperseded(statusOf(view, waiting.name), order)) {
        return `set aside ${waiting.name}: ${action}, order ${order.id}; ${SUPERSEDED}`;
      }
      return `publish ${waiting.name}: ${action}, order ${order.id}, serial ${result.publication.parsed.serial}, ends ${dayOf(result.publication.parsed.notAfterMs)}`;
    case 'wrong':
      return `keep aside ${waiting.name}: order ${order.id} delivered a wrong certificate`;
    case 'dead':
      return `record ${waiting.name}: order ${order.id} was ${order.state}`;
    case 'pending':
      return `record ${waiting.name}: order ${order.id} is ${order.state}${order.waitingFor ? `, waiting for ${order.waitingFor}` : ''}`;
  }
}

function tell(run: Run, before: StateView, { waiting, order, result }: Found): void {
  const { name } = waiting;
  const action =
    (waiting.intentId === undefined
      ? undefined
      : findIntent(statusOf(before, name), waiting.intentId)?.action) ?? 'collect';
  const event = { name, action };
  switch (result.kind) {
    case 'publish':
      run.events.push({
        ...event,
        outcome: 'done',
        message: `published, ends ${dayOf(result.publication.parsed.notAfterMs)}`,
      });
      return;
    case 'wrong':
      run.events.push({
        ...event,
        outcome: 'failed',
        message: `wrong certificate kept aside: ${result.why}`,
      });
      return;
    case 'dead':
      run.events.push({ ...event, outcome: 'failed', message: `order ${order.id} was ${order.state}` });
      return;
    case 'pending':
      run.events.push({
        ...event,
        outcome: 'waiting',
        message: `order ${order.id} waits${order.waitingFor ? ` for ${order.waitingFor}` : ''}`,
      });
  }
}

function report(run: Run, { name, orderId }: Waiting, error: unknown): void {
  if (error instanceof CertError && error.code === 'interrupted') throw error;
  run.deps.log.warn({ cert: name, orderId, error: messageOf(error) }, 'order not readable');
  run.events.push({ name, action: 'collect', outcome: 'failed', message: messageOf(error) });
}

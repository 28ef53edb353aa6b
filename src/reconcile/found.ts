import type { OpenIntent } from '../model/intent.js';
import type { OrderSnapshot } from '../model/order.js';
import type { Status } from '../model/status.js';
import { dayOf } from '../model/time.js';
import { waitsText } from '../policy/conditions.js';
import type { Provider } from '../ports/provider.js';
import type { FileChange } from '../ports/repository.js';
import { pendingKeyPath, rejectedPath } from '../repository/layout.js';
import { withActivationAgain } from './again.js';
import { closeIntent, findIntent } from './intents.js';
import { land } from './land.js';
import { commitMessage } from './message.js';
import { withOrderDied, withProblem, withReissueEnded } from './order-ends.js';
import { withOrderFacts, withReplaced, withRevocationSeen } from './order-facts.js';
import { type Publication, publicationFiles, publishedStatus } from './publish.js';
import { changedStatuses, type Run, statusFile, statusOf } from './run.js';
import type { StateView } from './state.js';
import { isSuperseded, orderRank, SUPERSEDED } from './superseded.js';
import { costsNothing, uselessKey } from './useless-keys.js';
import { withAnnounced } from './validation.js';
import type { Verdict } from './verify.js';

/** An order to look after. */
export interface Waiting {
  readonly name: string;
  /** The open intent that waits for it; absent where it was taken over while pending. */
  readonly intentId?: string;
  readonly orderId: string;
  /** The account, where this id of the order is not recorded yet. */
  readonly provider?: string;
  /** The order serves a certificate already, and seems to have a newer one that nobody here asked for. */
  readonly successor?: true;
}

/** What a look at an order, or a line of an account's list, showed. */
export interface Found {
  readonly waiting: Waiting;
  readonly provider: Provider;
  readonly order: OrderSnapshot;
  readonly result:
    | { readonly kind: 'pending' }
    | { readonly kind: 'dead' }
    /** The order goes on with the certificate it has. */
    | { readonly kind: 'reissue-ended'; readonly why: string; readonly paid: boolean }
    | (Extract<Verdict, { kind: 'wrong' }> & { readonly pem: string })
    | { readonly kind: 'publish'; readonly publication: Publication }
    /** The newest certificate of the order is one we cannot use. */
    | { readonly kind: 'replaced'; readonly serial: string; readonly why: string }
    /** A line of a list: `apply` takes from it what a list is good for, `what` says it for people. */
    | { readonly kind: 'listed'; readonly what: string; apply(status: Status): Status };
}

/** Records what was found in one commit, and in none where nothing changed; tells it afterwards. */
export async function landFound(run: Run, results: readonly Found[]): Promise<void> {
  if (results.length === 0) return;
  const before = run.view;
  run.view = await land(run, run.view, (view) => changeSet(run, view, results));
  for (const result of results) tell(run, before, result);
}

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

function isStillNews(view: StateView, { waiting, result }: Found): boolean {
  const status = statusOf(view, waiting.name);
  if (waiting.intentId !== undefined) return findIntent(status, waiting.intentId) !== undefined;
  if (waiting.successor && !status.current) return false;
  return result.kind !== 'publish' || status.current?.sha256 !== result.publication.parsed.sha256;
}

function applied(run: Run, view: StateView, status: Status, found: Found): Status {
  const { waiting, order, provider, result } = found;
  if (result.kind === 'listed') return result.apply(status);
  const facts = withOrderFacts(status, order, provider.capabilities.termCounting);
  const intent = waiting.intentId === undefined ? undefined : findIntent(facts, waiting.intentId);
  switch (result.kind) {
    case 'pending':
      return withActivationAgain(
        withAnnounced(run, facts, order, provider.config.id),
        intent,
        order,
        provider,
      );
    case 'dead':
      return intent
        ? withOrderDied(facts, intent, order.message ?? `the order was ${order.state}`, run.deps.clock.now())
        : withRevocationSeen(facts, order, run.deps.clock.now());
    case 'reissue-ended': {
      const quiet = withOrderFacts(status, withoutWords(order), provider.capabilities.termCounting);
      return intent && !result.paid
        ? withReissueEnded(quiet, intent, result.why, run.deps.clock.now())
        : quiet;
    }
    case 'replaced':
      return withReplaced(facts, order, result.serial);
    case 'wrong':
      // What was asked for is asked for again, with another key; a purchase stays open until its order has been reissued.
      if (result.isCompromised && intent?.lane === 'free') {
        return closeIntent(facts, intent, 'done', run.deps.clock.now(), result.why);
      }
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

/** Words about a reissue that is over say nothing of the order. */
function withoutWords({ message: _message, ...order }: OrderSnapshot): OrderSnapshot {
  return order;
}

const isAwaiting = (intent: OpenIntent): intent is Extract<OpenIntent, { phase: 'placed' | 'issued' }> =>
  intent.phase === 'placed' || intent.phase === 'issued';

const alreadyKnown = (intent: OpenIntent, fingerprint: string): boolean =>
  intent.phase === 'issued' && intent.fingerprint === fingerprint;

function filesOf(view: StateView, { waiting, order, result }: Found): readonly FileChange[] {
  if (result.kind === 'publish' && isSuperseded(statusOf(view, waiting.name), order)) {
    const key = pendingKeyPath(waiting.name, result.publication.parsed.keyHash);
    return view.files.has(key) ? [{ path: key, content: null }] : [];
  }
  if (result.kind === 'publish') return publicationFiles(view, result.publication);
  if (result.kind === 'reissue-ended' && !result.paid) {
    return uselessKey(view, waiting.name, waiting.intentId);
  }
  if (result.kind === 'dead' && wasFree(view, waiting)) {
    return uselessKey(view, waiting.name, waiting.intentId);
  }
  if (result.kind === 'wrong') {
    return [
      { path: rejectedPath(waiting.name, result.fingerprint), content: result.pem },
      ...(result.isCompromised ? uselessKey(view, waiting.name, waiting.intentId) : []),
    ];
  }
  return [];
}

function wasFree(view: StateView, { name, intentId }: Waiting): boolean {
  const intent = intentId === undefined ? undefined : findIntent(statusOf(view, name), intentId);
  return intent !== undefined && costsNothing(intent);
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
    case 'replaced':
      return `record ${waiting.name}: order ${order.id} was reissued elsewhere, serial ${result.serial}`;
    case 'listed':
      return `sync ${waiting.name}: ${result.what}`;
    case 'reissue-ended':
      return `record ${waiting.name}: a ${action} of order ${order.id} was rejected, its certificate stays`;
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
    case 'reissue-ended':
    case 'replaced':
      run.events.push({ ...event, outcome: 'failed', message: result.why });
      return;
    case 'listed':
      run.events.push({ name, action: 'sync', outcome: 'done', message: result.what });
      return;
    case 'pending':
      if (waiting.successor) return;
      run.events.push({
        ...event,
        outcome: 'waiting',
        message: `order ${order.id} waits${order.waitingFor ? ` for ${waitsText(order.waitingFor)}` : ''}`,
      });
  }
}

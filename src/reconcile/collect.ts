import PQueue from 'p-queue';
import { CertError, messageOf } from '../model/errors.js';
import type { OpenIntent } from '../model/intent.js';
import { isZero } from '../model/money.js';
import type { CollectedCertificate, OrderSnapshot } from '../model/order.js';
import type { Status } from '../model/status.js';
import { isDead, orderById } from '../planner/facts.js';
import { isCertificate } from '../planner/input.js';
import { type Awaited, awaitedByIntent, nextLookOf } from '../planner/watching.js';
import { isCompromised } from '../policy/compromised.js';
import type { Provider } from '../ports/provider.js';
import { certificatePath } from '../repository/layout.js';
import { type Found, landFound, type Waiting } from './found.js';
import { certificateInInbox, certificateOf, delivered, inboxText, isHandedIn, newInInbox } from './inbox.js';
import { findIntent } from './intents.js';
import { noteLook, noteRefusal } from './notes.js';
import { withOrderFacts } from './order-facts.js';
import { formatsOf, isOurKey } from './publish.js';
import { providerFor, type Run, statusOf, stopIfAsked } from './run.js';
import { claimedFor, stepResults, tooMuchFor } from './send.js';
import { leftToSolvers } from './validation.js';
import { type Verdict, verifyCollected } from './verify.js';

/** Certificates per commit: what was collected of thousands is kept when a run is stopped or loses its account. */
const PER_COMMIT = 500;

/** What this run saw of an order, where it looked already. */
type Seen = (name: string, orderId: string) => OrderSnapshot | undefined;

export interface CollectOptions {
  /** Somebody stays for them: they are looked at as often as the providers allow. */
  readonly eager: boolean;
  /** Is the time of this run over? What was not asked for is left to the next one. */
  isOver(): boolean;
  /** An order that was seen issued in this run is not asked for again before its certificate is. */
  readonly seen: Seen;
}

/**
 * Asks for placed orders that are due for a look or were brought a certificate by hand, publishes what is issued and verified, records what changed; many in one
 * commit, and no commit where nothing changed. Repeats safely.
 * @returns the certificates whose orders were looked at
 */
export async function collectOrders(
  run: Run,
  orders: readonly Waiting[],
  { eager, seen, isOver }: CollectOptions,
): Promise<ReadonlySet<string>> {
  const nowMs = run.deps.clock.now();
  const isDue = (waiting: Waiting) => lookAtMs(run, waiting, nowMs, eager) <= nowMs;
  const brought = await newInInbox(
    run,
    orders.filter((waiting) => !isDue(waiting) && takesByHand(run, waiting)),
  );
  const due = orders.filter((waiting) => isDue(waiting) || brought.has(waiting));
  const looked = new Set<string>();
  for (let i = 0; i < due.length && !(i > 0 && isOver()); i += PER_COMMIT) {
    const found = await lookAt(run, due.slice(i, i + PER_COMMIT), seen);
    await landFound(run, found);
    for (const { waiting } of found) looked.add(waiting.name);
  }
  return looked;
}

/**
 * Asks for orders, whether they are due or not; records nothing. What cannot be read is told and left out.
 * @param handed  certificate that a person hands in now; absent: what lies in the inbox counts
 */
export async function lookAt(
  run: Run,
  orders: readonly Waiting[],
  seen: Seen = () => undefined,
  handed?: string,
): Promise<readonly Found[]> {
  const queues = new Map<Provider, PQueue>();
  const found = await Promise.all(
    orders.map(async (waiting) => {
      try {
        const provider = providerOfOrder(run, waiting);
        const queue = queues.get(provider) ?? new PQueue({ concurrency: provider.capabilities.concurrency });
        queues.set(provider, queue);
        return await queue.add(() => look(run, provider, waiting, seen, handed));
      } catch (error) {
        const provider = run.providers.all.get(providerIdOf(run, waiting) ?? '');
        if (provider) noteRefusal(run.notes, provider.config, error, run.deps.clock.now());
        report(run, waiting, error);
        return undefined;
      }
    }),
  );
  return found.filter((one) => one !== undefined);
}

/** When it is due for a look, epoch ms. What is not recorded is due at once: looking tells what is wrong with it. */
function lookAtMs(run: Run, { name, intentId, orderId }: Waiting, nowMs: number, eager: boolean): number {
  const status = statusOf(run.view, name);
  const intent = intentId === undefined ? undefined : findIntent(status, intentId);
  const order = orderById(status, orderId);
  const awaited: Awaited | undefined =
    intent?.phase === 'placed' || intent?.phase === 'issued'
      ? awaitedByIntent(status, intent)
      : order && { ...order, orderId };
  if (!awaited) return -Infinity;
  return nextLookOf(run.notes.memory, run.providers.all.get(awaited.provider), awaited, nowMs, eager);
}

const takesByHand = (run: Run, waiting: Waiting): boolean =>
  run.providers.all.get(providerIdOf(run, waiting) ?? '')?.capabilities.handedIn === true;

function providerIdOf(run: Run, { name, intentId, orderId, provider }: Waiting): string | undefined {
  if (provider !== undefined) return provider;
  const status = statusOf(run.view, name);
  const intent = intentId === undefined ? undefined : findIntent(status, intentId);
  return intent?.provider ?? orderById(status, orderId)?.provider;
}

function providerOfOrder(run: Run, waiting: Waiting): Provider {
  const id = providerIdOf(run, waiting);
  if (id !== undefined) return providerFor(run, id);
  throw new CertError('order.not-found', `no order ${waiting.orderId} is recorded for ${waiting.name}`);
}

async function broughtByHand(
  run: Run,
  { name }: Waiting,
  { keyHash }: OpenIntent,
  handed: string | undefined,
): Promise<CollectedCertificate | undefined> {
  if (handed !== undefined) return certificateOf(handed, keyHash);
  const text = await inboxText(run, name);
  return text === undefined ? undefined : certificateInInbox(name, text, keyHash);
}

async function look(
  run: Run,
  provider: Provider,
  waiting: Waiting,
  seen: Seen,
  handed: string | undefined,
): Promise<Found> {
  stopIfAsked(run.deps);
  const status = statusOf(run.view, waiting.name);
  const intent = waiting.intentId === undefined ? undefined : findIntent(status, waiting.intentId);
  run.deps.progress.step(`asking ${provider.config.id} for order ${waiting.orderId} of ${waiting.name}`);
  const recorded = intent && {
    request: intent.request,
    results: stepResults(intent),
    tooMuch: tooMuchFor(run, waiting.name, provider, intent),
    ...claimedFor(run.view, waiting.name, provider),
  };
  const before = intent === undefined ? seen(waiting.name, waiting.orderId) : undefined;
  const order = before?.state === 'issued' ? before : await provider.getOrder(waiting.orderId, recorded);
  const news = withOrderFacts(status, order, provider.capabilities.termCounting) !== status;
  noteLook(run.notes, provider.config.id, waiting.orderId, run.deps.clock.now(), news);
  const base = { waiting, provider, order };
  if (order.reissueEnded && intent) return { ...base, result: reissueEnded(order, intent) };
  if (hasEnded(order, status, intent)) return { ...base, result: { kind: 'dead' } };
  if (order.waitingFor === 'dcv' && intent && !leftToSolvers(run, waiting.name, order)) {
    const proven = new Set(order.validation.flatMap(({ name, state }) => (state === 'valid' ? [name] : [])));
    const left = intent.request.validation.filter(({ name }) => !proven.has(name));
    if (left.length > 0) await provider.validator?.recheck(order.id, left, recorded);
  }
  const byHand = isHandedIn(order, intent) ? await broughtByHand(run, waiting, intent, handed) : undefined;
  if (order.state !== 'issued' && byHand === undefined) return { ...base, result: { kind: 'pending' } };
  const collected = byHand === undefined ? await provider.collect(order.id, recorded) : byHand;
  if (!collected) return { ...base, result: { kind: 'pending' } };
  const shown = byHand === undefined ? order : delivered(order);
  const verdict = await verifyCollected(
    provider,
    status,
    collected,
    {
      names: intent?.request.names ?? namesOf(run, waiting, order),
      product: intent?.request.product ?? order.product,
      isCompromised: (keyHash) => isCompromised(run.view.header, keyHash),
      ...(intent?.keyHash === undefined ? {} : { keyHash: intent.keyHash }),
    },
    run.deps.clock.now(),
  );
  const useless = waiting.successor && uselessSuccessor(run, waiting, order, verdict);
  if (useless) return { ...base, result: useless };
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
        order: shown,
        result: {
          kind: 'publish',
          publication: {
            name: waiting.name,
            ...(intent === undefined ? {} : { intent }),
            ...(waiting.successor ? { successor: true } : {}),
            order: shown,
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

/** What a certificate nobody here asked for has to be for: the manifest's names, or those of an order taken over. */
function namesOf(run: Run, { name, successor }: Waiting, order: OrderSnapshot): readonly string[] {
  if (!successor) return order.names;
  const spec = run.specs.get(name);
  return spec && isCertificate(spec) ? spec.names : (statusOf(run.view, name).current?.names ?? order.names);
}

/**
 * Somebody reissued the order in the provider's portal. With a key of ours, the certificate is as good as one we asked
 * for; with another key it must not take the place of one that works, and it is ours to reissue (DESIGN §2, rule 7).
 */
function uselessSuccessor(
  run: Run,
  { name }: Waiting,
  order: OrderSnapshot,
  verdict: Verdict,
): Extract<Found['result'], { kind: 'replaced' }> | undefined {
  if (verdict.kind === 'known') return undefined;
  const why =
    verdict.kind === 'wrong'
      ? verdict.why
      : isOurKey(run, name, verdict.parsed)
        ? undefined
        : 'its key is not with us';
  if (why === undefined) return undefined;
  const serial = verdict.kind === 'good' ? verdict.parsed.serial : (order.serial ?? verdict.fingerprint);
  return {
    kind: 'replaced',
    serial,
    why: `order ${order.id} was reissued elsewhere, and certificate ${serial} cannot be used: ${why}`,
  };
}

/** One that was paid for stays open: the next would be paid for again, so a person has to settle it with the provider. */
function reissueEnded(
  order: OrderSnapshot,
  { quoted }: OpenIntent,
): Extract<Found['result'], { kind: 'reissue-ended' }> {
  const paid = quoted !== null && !isZero(quoted);
  const why = order.message ?? 'the provider gave no reason';
  return { kind: 'reissue-ended', paid, why: `the reissue of order ${order.id} was rejected: ${why}` };
}

/** Nothing more will come of it. */
function hasEnded({ state, reissuePending }: OrderSnapshot, status: Status, intent?: OpenIntent): boolean {
  if (state !== 'revoked') return isDead(state) || state === 'expired';
  // What was revoked before is what the reissue is for: it stays so until the new certificate is there.
  const known = intent?.action === 'reissue' && status.current?.revoked !== undefined;
  return reissuePending !== true && !known;
}

function report(run: Run, { name, orderId }: Waiting, error: unknown): void {
  if (error instanceof CertError && error.code === 'interrupted') throw error;
  run.deps.log.warn({ cert: name, orderId, error: messageOf(error) }, 'order not readable');
  run.events.push({ name, action: 'collect', outcome: 'failed', message: messageOf(error) });
}

import type { OpenIntent } from '../model/intent.js';
import { formatMoney } from '../model/money.js';
import type { PriceStop, Status } from '../model/status.js';
import { toMs } from '../model/time.js';
import { orderById } from '../planner/facts.js';
import { withDoubt } from '../policy/doubts.js';
import { chargedTooMuch } from '../policy/spending.js';
import type { Provider } from '../ports/provider.js';
import type { FileChange } from '../ports/repository.js';
import type { SpoolEntry } from '../ports/spool.js';
import { ceilingFor } from './ceiling.js';
import { findIntent } from './intents.js';
import { land, observeState, refuseLostState } from './land.js';
import { commitMessage } from './message.js';
import { changedStatuses, nameOfIntent, providerFor, type Run, statusFile, statusOf } from './run.js';
import type { SentStep } from './send.js';
import { forget, takeOffSpool } from './spooled.js';
import type { StateView } from './state.js';
import { closedTooEarly, withStepDone } from './step-done.js';
import { withNotReady, withNotSent, withRefused } from './step-undone.js';
import { costsNothing, uselessKey } from './useless-keys.js';

/**
 * Puts what came of sent steps on the branch, pushed until it lands, then takes them off the spool. An unknown effect
 * changes nothing: the intent stays open, and looking is the next move.
 */
export async function recordOutcomes(run: Run, sent: readonly SentStep[]): Promise<void> {
  if (sent.every(isUnknown)) return;
  run.view = await land(run, run.view, (view) => {
    const { changed, lines, keys } = outcomesOn(run, view, sent);
    return { files: [...changed.map(statusFile), ...keys], message: commitMessage(lines) };
  });
  await takeOutcomesOffSpool(run, sent);
}

/** They are on the branch. */
export async function takeOutcomesOffSpool(run: Run, sent: readonly SentStep[]): Promise<void> {
  for (const step of sent) if (!isUnknown(step)) await takeOffSpool(run, step);
}

const isUnknown = ({ outcome }: SentStep): boolean => outcome.kind === 'unknown';

/** A head with outcomes put upon it. */
export interface OutcomesOn {
  /** The head itself where they are there already. */
  readonly view: StateView;
  readonly changed: readonly Status[];
  /** For the commit that writes them. */
  readonly lines: readonly string[];
  /** Sealed keys of requests that were refused, taken away. */
  readonly keys: readonly FileChange[];
}

export function outcomesOn(run: Run, view: StateView, sent: readonly SentStep[]): OutcomesOn {
  const known = sent.filter((step) => !isUnknown(step));
  const changed = changedStatuses(
    view,
    known.map((step) => ({
      name: nameOfIntent(view, step.job.name, step.intent.id),
      apply: (status) => applied(run, status, step),
    })),
  );
  if (changed.length === 0) return { view, changed, lines: [], keys: [] };
  const statuses = new Map(view.statuses);
  for (const status of changed) statuses.set(status.name, status);
  return {
    view: { ...view, statuses },
    changed,
    lines: known.map(outcomeLine),
    keys: known.flatMap((step) => keyOfRefused(view, statuses, step)),
  };
}

/** A request that cost nothing and is over by a definite refusal needs its key no more: the next one has its own. */
function keyOfRefused(
  view: StateView,
  after: ReadonlyMap<string, Status>,
  { job, intent, outcome }: SentStep,
): readonly FileChange[] {
  if (outcome.kind !== 'refused' || !costsNothing(intent)) return [];
  const name = nameOfIntent(view, job.name, intent.id);
  const closed = after.get(name)?.intents.some(({ id, phase }) => id === intent.id && phase === 'closed');
  return closed ? uselessKey(view, name, intent.id) : [];
}

function applied(run: Run, status: Status, { intent, step, atMs, outcome }: SentStep): Status {
  switch (outcome.kind) {
    case 'done':
      return applyDone(run, status, { intentId: intent.id, step, outcome: outcome.outcome, atMs });
    case 'refused':
      return withRefused(status, intent.id, intent.nonce, outcome.error, atMs);
    case 'not-sent':
      return outcome.error.code === 'provider.not-ready'
        ? withNotReady(status, intent.id, intent.nonce, outcome.error, atMs)
        : withNotSent(status, intent.id, intent.nonce, outcome.error.message, atMs);
    case 'unknown':
      return status;
  }
}

interface Done {
  readonly intentId: string;
  readonly step: string;
  readonly outcome: Parameters<typeof withStepDone>[1]['outcome'];
  readonly atMs: number;
  /** By a look-up: its own reply was lost. */
  readonly found?: true;
}

/** A step that went through, and the stop for its product where more was charged than agreed. */
export function applyDone(run: Run, status: Status, done: Done): Status {
  const intent = findIntent(status, done.intentId) ?? closedTooEarly(status, done.intentId);
  if (!intent) return status;
  const provider = providerFor(run, intent.provider);
  const startMs = carriedStartMs(status, provider, intent, done.atMs);
  const settled = withStepDone(status, {
    ...done,
    counting: provider.capabilities.termCounting,
    ...(startMs === undefined ? {} : { startMs }),
  });
  // Recorded before: a person may have looked at the charge meanwhile.
  if (settled === status) return status;
  const doubtful = done.found === true || intent.phase === 'unknown' || intent.resends > 0;
  const next = doubtful && isPaid(intent, done.step) ? withDoubtAt(run, settled, intent) : settled;
  const { charged } = done.outcome;
  if (charged === undefined) return next;
  const order = next.orders.at(-1)?.id ?? '';
  return stoppedByPrice(run, next, provider, {
    order,
    product: intent.request.product,
    quoted: intent.quoted,
    charged,
  });
}

/** Days of the old order are kept by a renewal at the same account: what is new begins where they end. */
function carriedStartMs(
  status: Status,
  { capabilities }: Provider,
  { action, provider, environment, request }: OpenIntent,
  atMs: number,
): number | undefined {
  if (action !== 'renew' || !capabilities.carriesRemainingDays) return undefined;
  const old = orderById(status, request.predecessor?.orderId ?? '');
  if (old?.paidTill === undefined || old.provider !== provider || old.environment !== environment)
    return undefined;
  return Math.max(atMs, toMs(old.paidTill));
}

/** The stop for a product, where more was charged than agreed. */
export function stoppedByPrice(run: Run, status: Status, { config }: Provider, stop: PriceStop): Status {
  const { quoted, charged } = stop;
  const why = chargedTooMuch(quoted, charged, config.tax, ceilingFor(run, status.name));
  if (why === undefined) return status;
  run.deps.log.warn({ cert: status.name, charged: formatMoney(charged) }, 'charged more than agreed');
  return { ...status, priceStop: stop };
}

const isPaid = (intent: OpenIntent, step: string): boolean =>
  intent.steps.some((one) => one.name === step && one.paid);

/** Looked at again for a while, where the account can be searched for it. */
export function withDoubtAt(
  run: Pick<Run, 'deps' | 'providers'>,
  status: Status,
  { provider, environment, request }: Pick<OpenIntent, 'provider' | 'environment' | 'request'>,
): Status {
  if (request.licence || !run.providers.all.get(provider)?.findByReference) return status;
  const of = { provider, environment, reference: request.reference };
  return withDoubt(status, of, run.deps.clock.now());
}

function outcomeLine({ job, intent, step, outcome }: SentStep): string {
  const what = intent.steps.length > 1 ? `${intent.action} (${step})` : intent.action;
  switch (outcome.kind) {
    case 'done':
      return `${what} ${job.name}: placed${outcome.outcome.orderId ? ` as ${outcome.outcome.orderId}` : ''}${outcome.outcome.charged ? `, charged ${formatMoney(outcome.outcome.charged)}` : ''}`;
    case 'refused':
      return `${what} ${job.name}: refused (${outcome.error.code})`;
    default:
      return `${what} ${job.name}: not sent (${outcome.kind === 'not-sent' ? outcome.error.code : 'unknown'})`;
  }
}

/**
 * What an earlier process on this machine did and could not push any more. An entry whose intent has moved on is only
 * taken away.
 */
export async function replaySpool(run: Run): Promise<void> {
  const entries = (await run.deps.spool.list()).filter(
    (entry) => entry.repositoryId === run.configuration.id,
  );
  if (entries.length === 0) return;
  // Another run of this machine may have announced and spooled since the last look: judged on an older state, what it
  // bought would seem to be settled and be thrown away.
  run.view = await observeState(run.deps);
  refuseLostState(run.view);
  const fresh = entries.filter((entry) => stillOpen(run.view, entry));
  if (fresh.length > 0) {
    run.deps.progress.step(`recording ${fresh.length} outcomes an earlier run could not push`);
    run.view = await land(run, run.view, (view) => {
      const open = fresh.filter((entry) => stillOpen(view, entry));
      const changed = changedStatuses(
        view,
        open.map((entry) => ({
          name: nameOfIntent(view, entry.certificate, entry.intentId),
          apply: (status) => replayed(run, status, entry),
        })),
      );
      return {
        files: changed.map(statusFile),
        message: commitMessage(
          open.map((entry) => `record ${entry.certificate}: ${entry.step}, kept from an earlier run`),
        ),
      };
    });
  }
  for (const entry of entries) await forget(run, entry);
}

function replayed(run: Run, status: Status, entry: SpoolEntry): Status {
  const { intentId, nonce, step, outcome } = entry;
  const atMs = toMs(entry.at);
  switch (outcome.kind) {
    case 'done':
      return applyDone(run, status, { intentId, step, outcome: outcome.outcome, atMs });
    case 'refused':
      return withRefused(
        status,
        intentId,
        nonce,
        { code: 'provider.refused', message: outcome.message },
        atMs,
      );
    case 'not-sent':
      return withNotSent(status, intentId, nonce, outcome.message, atMs);
  }
}

/** Does this entry still tell something? What another machine could not find out may lie on the disk of this one. */
function stillOpen(view: StateView, entry: SpoolEntry): boolean {
  const status = statusOf(view, nameOfIntent(view, entry.certificate, entry.intentId));
  const intent = findIntent(status, entry.intentId) ?? closedTooEarly(status, entry.intentId);
  if (intent?.phase === 'unknown') return entry.outcome.kind === 'done';
  return intent?.phase === 'intended' && intent.nonce === entry.nonce;
}

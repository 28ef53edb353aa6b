import { CertError, explain, messageOf } from '../model/errors.js';
import { isOpen } from '../model/intent.js';
import type { OrderSnapshot } from '../model/order.js';
import { actsFor } from '../model/shard.js';
import type { OrderRecord, PublishedRecord, Status } from '../model/status.js';
import { isCertificate } from '../planner/input.js';
import {
  cleanerFor,
  isNeeded,
  itemsOf,
  orderOfRecord,
  proofWords,
  sameRecord,
  solverDueMs,
  solverFor,
} from '../policy/solving.js';
import { canonicalJson } from '../repository/stable.js';
import { land } from './land.js';
import { commitMessage } from './message.js';
import { noteLook, noteRefusal, pausedTillMs } from './notes.js';
import { type Wishes, withProofResult, withWanted } from './proof-facts.js';
import { changedStatuses, type Run, statusFile, statusOf, stopIfAsked } from './run.js';
import { stepResults } from './send.js';
import { runSolver, type Work, type WorkResult } from './solver-work.js';
import type { StateView } from './state.js';
import { sendStopped } from './stopped.js';

/**
 * Proof of control that finishes by itself. What solvers are to publish is written down with the look that found it,
 * then published, looked for where the certificate authority will look, told to the provider, and cleaned up when the
 * name is proven or the order has ended. Nothing waits here: what cannot be seen yet is a fact, and looked for again by
 * the next pass or run. Every step may be repeated; a crash anywhere leaves a record that is written down.
 */

function wishesOf(run: Run, name: string): Wishes {
  const spec = run.specs.get(name);
  return {
    wishes: spec && isCertificate(spec) ? spec.validation : undefined,
    solvers: run.configuration.solvers,
  };
}

/** Is there a proof that a solver publishes? Then the provider is told once it can be seen, not before. */
export function leftToSolvers(run: Run, name: string, order: OrderSnapshot): boolean {
  const { wishes, solvers } = wishesOf(run, name);
  return order.validation.some(
    (item) => item.state !== 'valid' && solverFor(item, wishes, solvers) !== undefined,
  );
}

/** The facts of a pending order, with what solvers are about to publish for it. */
export const withAnnounced = (run: Run, status: Status, order: OrderSnapshot, provider: string): Status =>
  mayProve(run)
    ? withWanted(status, order, provider, wishesOf(run, status.name), run.deps.clock.now())
    : status;

/** A copy of a repository must not touch what the original published. */
const mayProve = (run: Run): boolean =>
  run.view.snapshot.integrity.kind !== 'lost' && sendStopped(run, run.view, false) === undefined;

/**
 * Publishes, looks, tells and cleans up whatever is due; no call and no commit where nothing is.
 * @param looked  certificates whose orders were just looked at
 */
export async function proveNames(run: Run, looked: ReadonlySet<string>): Promise<void> {
  if (!mayProve(run)) return;
  const { works, gone, left } = dueWorks(run, looked);
  const bySolver = new Map<string, Work[]>();
  for (const work of works) bySolver.set(work.solver, [...(bySolver.get(work.solver) ?? []), work]);
  const results = [
    ...gone,
    ...(await Promise.all([...bySolver].map(([id, own]) => runSolver(run, id, own)))).flat(),
  ];
  if (results.length > 0) run.view = await land(run, run.view, (view) => changeSet(run, view, results));
  for (const { name, entry } of left) run.events.push({ name, action: 'clean-up', ...leftBehind(entry) });
  await tellProviders(run, looked, results);
  tellPeople(run, looked, results);
}

/** Is there something to publish or to clean up, whatever the plan says? */
export function proofsAreDue(run: Run): boolean {
  const { works, gone } = dueWorks(run, new Set());
  return works.length + gone.length > 0 && mayProve(run);
}

function dueWorks(run: Run, looked: ReadonlySet<string>) {
  const nowMs = run.deps.clock.now();
  const all = [...run.view.statuses.values()].flatMap((status) => {
    const { wishes, solvers } = wishesOf(run, status.name);
    return (status.published ?? []).map((entry) => ({
      name: status.name,
      entry,
      needed: isNeeded(status, entry, wishes, solvers),
      asked: itemsOf(status, entry).length > 0,
    }));
  });
  const needed = new Set(all.filter((one) => one.needed).map(({ entry }) => canonicalJson(entry.record)));
  const works: Work[] = [];
  const gone: WorkResult[] = [];
  const left: { readonly name: string; readonly entry: PublishedRecord }[] = [];
  for (const { name, entry, needed: stays, asked } of all) {
    if (solverDueMs(entry) > nowMs || !actsFor(run.deps.shard, name)) continue;
    if (stays) {
      // Once it was seen, only a look at its order is a reason to see again.
      if (asked && (entry.seenAt === undefined || looked.has(name)))
        works.push({ name, entry, solver: entry.solver, kind: 'publish' });
      continue;
    }
    const solver = cleanerFor(entry, run.configuration.solvers);
    const shared = needed.has(canonicalJson(entry.record));
    if (solver !== undefined && !shared) works.push({ name, entry, solver, kind: 'clean-up' });
    else gone.push({ name, entry, outcome: { kind: 'cleaned' } });
    if (solver === undefined) left.push({ name, entry });
  }
  return { works, gone, left };
}

function leftBehind({ record, solver }: PublishedRecord) {
  const what = record.type === 'file' ? record.url : `${record.owner} ${record.type} ${record.value}`;
  return {
    outcome: 'waiting' as const,
    message: `the solver ${solver} is not configured any more; remove ${what} by hand`,
  };
}

function changeSet(run: Run, view: StateView, results: readonly WorkResult[]) {
  const nowMs = run.deps.clock.now();
  const changed = changedStatuses(
    view,
    results.flatMap((result) => {
      const name = holderOf(view, result);
      return name === undefined
        ? []
        : [{ name, apply: (status: Status) => withProofResult(status, result, nowMs) }];
    }),
  );
  const touched = new Set(changed.map(({ name }) => name));
  return {
    files: changed.map(statusFile),
    message: commitMessage(
      [...touched].map((name) =>
        lineOf(
          name,
          results.filter((result) => result.name === name),
        ),
      ),
    ),
  };
}

/** The certificate that holds the order now: it may have moved to another name meanwhile. */
function holderOf(view: StateView, { name, entry }: WorkResult): string | undefined {
  const holds = (status: Status | undefined) =>
    status !== undefined && orderOfRecord(status, entry) !== undefined;
  if (holds(view.statuses.get(name))) return name;
  return [...view.statuses.values()].find(holds)?.name;
}

function lineOf(name: string, results: readonly WorkResult[]): string {
  const count = (kind: WorkResult['outcome']['kind']) =>
    results.filter(({ outcome }) => outcome.kind === kind).length;
  const parts = (
    [
      ['published', 'published'],
      ['cleaned', 'cleaned up'],
      ['failed', 'failed'],
    ] as const
  ).flatMap(([kind, word]) => (count(kind) === 0 ? [] : [`${count(kind)} ${word}`]));
  return `prove ${name}: ${parts.join(', ')}`;
}

/** Orders of a status that wait for their proofs, and what is published for each. */
function waitingOrders(status: Status) {
  return status.orders
    .filter((order) => order.waitingFor === 'dcv')
    .map((order) => ({
      order,
      entries: (status.published ?? []).filter(
        (entry) =>
          orderOfRecord(status, entry) === order &&
          itemsOf(status, entry).some(({ state }) => state !== 'valid'),
      ),
    }));
}

/** Providers whose every published proof can be seen are asked to check: at each look, and when the last one appeared. */
async function tellProviders(
  run: Run,
  looked: ReadonlySet<string>,
  results: readonly WorkResult[],
): Promise<void> {
  const names = new Set([...looked, ...results.map(({ name }) => name)]);
  await Promise.all(
    [...names].flatMap((name) => {
      const status = statusOf(run.view, name);
      return waitingOrders(status)
        .filter(({ entries }) => entries.length > 0 && entries.every(isShown))
        .map(({ order }) => tellProvider(run, status, order, appeared(status, order, results)));
    }),
  );
}

/** Did the last proof of an order come to be seen in this pass? */
const appeared = (status: Status, order: OrderRecord, results: readonly WorkResult[]): boolean =>
  results.some(({ entry }) => entry.seenAt === undefined && orderOfRecord(status, entry) === order);

const isShown = ({ seenAt, failure }: PublishedRecord): boolean =>
  seenAt !== undefined && failure === undefined;

async function tellProvider(run: Run, status: Status, order: OrderRecord, isNews: boolean): Promise<void> {
  const provider = run.providers.all.get(order.provider);
  const nowMs = run.deps.clock.now();
  if (!provider?.validator || pausedTillMs(run.notes, provider.config, nowMs) !== undefined) return;
  stopIfAsked(run.deps);
  const intent = status.intents
    .filter(isOpen)
    .find((one) => 'orderId' in one && one.provider === order.provider && order.ids.includes(one.orderId));
  const proven = new Set(status.validation.flatMap(({ name, state }) => (state === 'valid' ? [name] : [])));
  const wanted =
    intent?.request.validation ?? status.validation.map(({ name, method }) => ({ name, method }));
  try {
    await provider.validator.recheck(
      order.id,
      wanted.filter(({ name }) => !proven.has(name)),
      intent && { request: intent.request, results: stepResults(intent) },
    );
    // However slowly it was looked at before: now something will come of it.
    if (isNews) noteLook(run.notes, order.provider, order.id, nowMs, true);
  } catch (error) {
    if (error instanceof CertError && error.code === 'interrupted') throw error;
    noteRefusal(run.notes, provider.config, error, nowMs);
    run.deps.log.warn({ cert: status.name, orderId: order.id, error: messageOf(error) }, 'recheck failed');
  }
}

/** What a pass did about proofs. One that waits for its next try said why when it failed. */
function tellPeople(run: Run, looked: ReadonlySet<string>, results: readonly WorkResult[]): void {
  const failed = results.filter(({ outcome }) => outcome.kind === 'failed');
  for (const name of new Set([...looked, ...results.map((result) => result.name)])) {
    const status = statusOf(run.view, name);
    for (const { order, entries } of waitingOrders(status)) {
      const words = proofWords(status, order);
      const failing = entries.some(({ failure }) => failure !== undefined);
      const broke = failed.some(({ entry }) =>
        entries.some(({ record }) => sameRecord(record, entry.record)),
      );
      if (words === undefined || (failing && !broke)) continue;
      run.events.push({ name, action: 'prove', outcome: broke ? 'failed' : 'waiting', message: words });
    }
  }
  for (const { name, entry, outcome } of failed) {
    const status = statusOf(run.view, name);
    if (outcome.kind !== 'failed' || itemsOf(status, entry).length > 0) continue;
    run.events.push({ name, action: 'clean-up', outcome: 'failed', message: explain(outcome.error) });
  }
}

import { CertError, explain, messageOf } from '../model/errors.js';
import { isOpen } from '../model/intent.js';
import type { DnsName } from '../model/names.js';
import type { OrderSnapshot } from '../model/order.js';
import { whyNoProof } from '../model/proof-record.js';
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
  standingRecords,
} from '../policy/solving.js';
import type { RecordSight, Solver } from '../ports/solver.js';
import { canonicalJson } from '../repository/stable.js';
import { land } from './land.js';
import { commitMessage } from './message.js';
import { noteLook, noteRefusal, pausedTillMs } from './notes.js';
import { type ProofResult, type Wishes, withProofResult, withWanted } from './proof-facts.js';
import { changedStatuses, type Run, statusFile, statusOf, stopIfAsked } from './run.js';
import { stepResults } from './send.js';
import type { StateView } from './state.js';
import { sendStopped } from './stopped.js';

/**
 * Proof of control that finishes by itself. What solvers are to publish is written down with the look that found it,
 * then published, looked for where the certificate authority will look, told to the provider, and cleaned up when the
 * name is proven or the order has ended. Nothing waits here: what cannot be seen yet is a fact, and looked for again by
 * the next pass or run. Every step may be repeated; a crash anywhere leaves a record that is written down.
 */

/** Of a record that is shown with an error. */
const SHOWN_CHARACTERS = 300;

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

interface Work {
  readonly name: string;
  readonly entry: PublishedRecord;
  readonly solver: string;
  readonly kind: 'publish' | 'clean-up';
}

type Result = ProofResult & { readonly name: string };

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
  const gone: Result[] = [];
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

/** Everything due at one solver. What stands is looked at first: only what is not there is published. */
async function runSolver(run: Run, id: string, works: readonly Work[]): Promise<readonly Result[]> {
  stopIfAsked(run.deps);
  const config = run.configuration.solvers[id];
  const cleaning = works.filter(({ kind }) => kind === 'clean-up');
  const publishing = works.filter(({ kind }) => kind === 'publish');
  try {
    if (!config) throw new CertError('config.invalid', `the configuration has no solver ${id}`);
    const solver = await run.deps.openSolver(config);
    run.deps.progress.step(progressLine(id, publishing.length, cleaning.length));
    const cleaned = await cleanUp(solver, cleaning);
    return [...cleaned, ...(await publish(solver, publishing))];
  } catch (error) {
    if (error instanceof CertError && error.code === 'interrupted') throw error;
    run.deps.log.warn({ solver: id, error: messageOf(error) }, 'solver not usable');
    const known =
      error instanceof CertError ? error : new CertError('solver.failed', messageOf(error), { cause: error });
    return works.map(({ name, entry }) => ({ name, entry, outcome: { kind: 'failed', error: known } }));
  }
}

function progressLine(id: string, publishing: number, cleaning: number): string {
  const parts = [
    ...(publishing > 0 ? [`publishing ${publishing}`] : []),
    ...(cleaning > 0 ? [`cleaning up ${cleaning}`] : []),
  ];
  return `${id}: ${parts.join(', ')} ${publishing + cleaning === 1 ? 'record' : 'records'}`;
}

/** What no solver may be given is not published, and not taken away either. */
function noProof({ record, name, provider }: PublishedRecord): CertError | undefined {
  const why = whyNoProof(record, name);
  if (why === undefined) return undefined;
  const [what, text] =
    record.type === 'file'
      ? ['the file', record.url]
      : [`a ${record.type} record`, `${record.owner} ${record.type} ${record.value}`];
  return new CertError(
    'solver.blocked',
    `${provider} asks for ${what} for ${name} that ${why}, and nothing is published`,
    {
      providerText: text.slice(0, SHOWN_CHARACTERS),
      remedy: 'ask the provider; `certwright show NAME` has it, if it is right after all publish it by hand',
    },
  );
}

async function cleanUp(solver: Solver, works: readonly Work[]): Promise<readonly Result[]> {
  const standing = works.flatMap((work) =>
    noProof(work.entry) === undefined ? standingRecords(work.entry).map((record) => ({ work, record })) : [],
  );
  const outcomes = standing.length === 0 ? [] : await solver.cleanUp(standing.map(({ record }) => record));
  const errors = new Map<Work, CertError>();
  for (const [i, { work }] of standing.entries()) {
    const error = outcomes[i]?.error;
    if (error) errors.set(work, error);
  }
  return works.map((work) => {
    const { name, entry } = work;
    const error = errors.get(work);
    return { name, entry, outcome: error ? { kind: 'failed', error } : { kind: 'cleaned' } };
  });
}

async function publish(solver: Solver, works: readonly Work[]): Promise<readonly Result[]> {
  const errors = new Map<Work, CertError>(
    works.flatMap((work) => {
      const error = noProof(work.entry);
      return error ? [[work, error] as const] : [];
    }),
  );
  const proofs = works.filter((work) => !errors.has(work));
  const standing = proofs.filter(({ entry }) => entry.publishedAt !== undefined);
  const sights = await look(solver, standing);
  const missing = proofs.filter(
    (work) => work.entry.publishedAt === undefined || sights.get(work)?.seen === 'no',
  );
  const places = new Map<Work, DnsName>();
  if (missing.length > 0) {
    const outcomes = await solver.publish(missing.map(({ entry }) => entry.record));
    for (const [i, work] of missing.entries()) {
      const { error, at } = outcomes[i] ?? {};
      if (error) errors.set(work, error);
      if (at !== undefined) places.set(work, at);
    }
  }
  const again = await look(
    solver,
    missing.filter((work) => !errors.has(work)),
  );
  return works.map((work) => {
    const { name, entry } = work;
    const error = errors.get(work);
    if (error) return { name, entry, outcome: { kind: 'failed', error } };
    const sight = again.get(work) ?? sights.get(work);
    const at = places.get(work);
    return {
      name,
      entry,
      outcome: {
        kind: 'published',
        ...(at === undefined ? {} : { at }),
        ...(sight === undefined ? {} : { sight }),
      },
    };
  });
}

async function look(solver: Solver, works: readonly Work[]): Promise<ReadonlyMap<Work, RecordSight>> {
  const sights =
    works.length === 0 ? [] : ((await solver.visible?.(works.map(({ entry }) => entry.record))) ?? []);
  return new Map(
    works.flatMap((work, i) => {
      const sight = sights[i];
      return sight === undefined ? [] : [[work, sight] as const];
    }),
  );
}

function changeSet(run: Run, view: StateView, results: readonly Result[]) {
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
function holderOf(view: StateView, { name, entry }: Result): string | undefined {
  const holds = (status: Status | undefined) =>
    status !== undefined && orderOfRecord(status, entry) !== undefined;
  if (holds(view.statuses.get(name))) return name;
  return [...view.statuses.values()].find(holds)?.name;
}

function lineOf(name: string, results: readonly Result[]): string {
  const count = (kind: Result['outcome']['kind']) =>
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
  results: readonly Result[],
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
const appeared = (status: Status, order: OrderRecord, results: readonly Result[]): boolean =>
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
function tellPeople(run: Run, looked: ReadonlySet<string>, results: readonly Result[]): void {
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

import { CertError, explain, messageOf } from '../model/errors.js';
import type { Status } from '../model/status.js';
import { MINUTE_MS, toMs } from '../model/time.js';
import { addFailure, nextTryMs } from '../policy/failures.js';
import type { PublishedEvent, PublishedHook } from '../ports/hook.js';
import { STATE_FOLDER } from '../repository/layout.js';
import { land } from './land.js';
import { commitMessage } from './message.js';
import { changedStatuses, ownStatuses, type Run, type StatusChange, statusFile, stopIfAsked } from './run.js';
import { sendStopped } from './stopped.js';

/** So many failures in a row are not the certificates' fault: the rest is left to a later run. */
const FAILURES_IN_A_ROW = 3;
/** What hooks may take of one run. */
const LONGEST_MS = 10 * MINUTE_MS;

/**
 * Tells the `published` hook of every certificate it has not taken yet. That it has to be told stands in the very commit
 * that published the certificate, and is taken away afterwards, so a crash in between tells it twice, never not at all.
 * Comes after everything that costs; a hook that fails is tried again by later runs, ever more seldom.
 * Where this process starts no hooks (a pull request's checks, the Action) nothing happens.
 * @param had  certificates (SHA-256) that had their turn in this run
 * @returns those that have had it now
 */
export async function deliver(run: Run, had: ReadonlySet<string> = new Set()): Promise<ReadonlySet<string>> {
  const waiting = ownStatuses(run).filter(
    ({ undelivered }) => undelivered !== undefined && !had.has(undelivered.sha256),
  );
  await deliverTo(run, waiting);
  return new Set([...had, ...waiting.flatMap(({ undelivered }) => undelivered?.sha256 ?? [])]);
}

async function deliverTo(run: Run, waiting: readonly Status[]): Promise<void> {
  const { hooks } = run.configuration;
  if (waiting.length === 0 || run.view.snapshot.integrity.kind === 'lost') return;
  // A copy of a repository must not deploy what the original published.
  if (sendStopped(run, run.view, false) !== undefined) return;
  if (hooks.published === undefined)
    return recordAll(
      run,
      waiting.map(({ name }) => forgotten(name)),
    );
  const hook = run.deps.publishedHook?.(hooks.published);
  if (hook === undefined) return;
  const changes: StatusChange[] = [];
  try {
    await tellEach(run, hook, dueFirst(waiting, run.deps.clock.now()), changes);
  } finally {
    await recordAll(run, changes);
  }
}

/** What never failed comes first: one server that is down must not keep the others waiting. */
const dueFirst = (waiting: readonly Status[], nowMs: number): readonly Status[] =>
  waiting
    .filter(
      ({ undelivered }) => undelivered?.failure === undefined || nextTryMs(undelivered.failure) <= nowMs,
    )
    .sort((a, b) => triedMs(a) - triedMs(b));

const triedMs = ({ undelivered }: Status): number =>
  undelivered?.failure === undefined ? 0 : toMs(undelivered.failure.lastAt);

async function tellEach(
  run: Run,
  hook: PublishedHook,
  due: readonly Status[],
  changes: StatusChange[],
): Promise<void> {
  const { clock, progress } = run.deps;
  const startMs = clock.monotonic();
  let inARow = 0;
  for (const status of due) {
    const event = eventOf(run, status);
    if (event === undefined) continue;
    if (inARow >= FAILURES_IN_A_ROW || clock.monotonic() - startMs > LONGEST_MS) return;
    stopIfAsked(run.deps);
    progress.step(`hook for ${event.name}`);
    try {
      await hook(event);
      inARow = 0;
      changes.push(taken(event));
      run.events.push(told(event, 'done', `the published hook took serial ${event.serial}`));
    } catch (error) {
      if (error instanceof CertError && error.code === 'interrupted') throw error;
      inARow += 1;
      changes.push(failed(event, messageOf(error), clock.now()));
      run.events.push(told(event, 'failed', explain(error)));
    }
  }
}

const told = ({ name }: PublishedEvent, outcome: 'done' | 'failed', message: string) => ({
  name,
  action: 'hook',
  outcome,
  message,
});

function eventOf(run: Run, { name, current, orders, owner, previous }: Status): PublishedEvent | undefined {
  const { configuration, view } = run;
  const { state, remote } = view.snapshot;
  if (current === undefined || state === undefined) return undefined;
  const order = orders.find(({ ids }) => ids.includes(current.order));
  return {
    event: 'published',
    name,
    serial: current.serial,
    sha256: current.sha256,
    ...(previous[0] === undefined ? {} : { previousSerial: previous[0].serial }),
    names: current.names,
    notBefore: current.notBefore,
    notAfter: current.notAfter,
    issuer: current.issuer,
    ...(owner === undefined ? {} : { owner }),
    ...(order === undefined ? {} : { provider: order.provider, environment: order.environment }),
    ownKey: current.ownKey,
    repository: { id: configuration.id, remote },
    state: {
      branch: configuration.branches.state,
      commit: state.commit,
      folder: `${STATE_FOLDER}/${name}`,
    },
  };
}

/** Another run may have published the next certificate meanwhile: that one is still to be told. */
const ofEvent = ({ name, sha256 }: PublishedEvent, apply: (status: Status) => Status): StatusChange => ({
  name,
  apply: (status) => (status.undelivered?.sha256 === sha256 ? apply(status) : status),
});

const taken = (event: PublishedEvent): StatusChange => ofEvent(event, without);

const failed = (event: PublishedEvent, message: string, atMs: number): StatusChange =>
  ofEvent(event, (status) =>
    status.undelivered === undefined
      ? status
      : {
          ...status,
          undelivered: {
            ...status.undelivered,
            failure: addFailure(status.undelivered.failure, { code: 'hook.failed', message }, atMs),
          },
        },
  );

/** Nobody wants to be told any more. */
const forgotten = (name: string): StatusChange => ({ name, apply: without });

function without(status: Status): Status {
  if (status.undelivered === undefined) return status;
  const { undelivered: _told, ...rest } = status;
  return rest;
}

async function recordAll(run: Run, changes: readonly StatusChange[]): Promise<void> {
  if (changes.length === 0) return;
  run.view = await land(run, run.view, (view) => {
    const changed = changedStatuses(view, changes);
    return {
      files: changed.map(statusFile),
      message: commitMessage(changed.map(({ name, undelivered }) => lineOf(name, undelivered))),
    };
  });
}

const lineOf = (name: string, left: Status['undelivered']): string =>
  `hook ${name}: ${left?.failure === undefined ? 'nothing is left to tell' : `the published hook failed ${left.failure.count} times`}`;

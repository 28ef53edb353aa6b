import { claimsOf } from '../model/delivery.js';
import { CertError } from '../model/errors.js';
import type { IntendedIntent } from '../model/intent.js';
import type { Status } from '../model/status.js';
import { SECOND_MS, toInstant, toMs } from '../model/time.js';
import { sendWindow } from '../policy/absence.js';
import { compromiseOf } from '../policy/compromised.js';
import type { FileChange } from '../ports/repository.js';
import { pendingKeyPath, STATE_FOLDER, statusPath } from '../repository/layout.js';
import { environmentStopped } from './environments.js';
import { type Moment, momentOf } from './guard.js';
import { currentStep, withIntent } from './intents.js';
import { observeWithin, pushChange, refusedPush, refuseLostState } from './land.js';
import { commitMessage, intentLine } from './message.js';
import { outcomesOn, recordOutcomes, takeOutcomesOffSpool } from './record.js';
import { changedStatuses, lineOf, type Run, statusFile, stopIfAsked } from './run.js';
import type { Job, SentStep } from './send.js';
import type { StateView } from './state.js';

/** Runners that share the work push all the time: a number of tries would be used up by those who are quicker. */
const ANNOUNCE_MS = 120_000;
const PAUSE_MS = 150;
/** Who waits ever longer never gets a turn between those who do not. */
const LONGEST_PAUSES = 4;

/** A job whose intent stands on the branch, and when it was stamped. */
export interface Announced {
  readonly job: Job;
  readonly intent: IntendedIntent;
  readonly stamped: Moment;
}

/**
 * Writes the intents and confirms by a fresh fetch that the head's tree holds them. Exit codes and ancestry prove
 * nothing: only the nonce does.
 * @param earlier  outcomes that are not on the branch yet: they go into the same commit, which so is what two commits one
 *   after the other would have been. Whatever becomes of the intents, they are on the branch afterwards.
 */
export async function announce(
  run: Run,
  jobs: readonly Job[],
  earlier: readonly SentStep[],
): Promise<readonly Announced[]> {
  let seen: readonly Announced[] = [];
  try {
    seen = await announceWith(run, jobs, earlier);
    return seen;
  } finally {
    await (seen.length > 0 ? takeOutcomesOffSpool(run, earlier) : recordOutcomes(run, earlier));
  }
}

async function announceWith(
  run: Run,
  jobs: readonly Job[],
  earlier: readonly SentStep[],
): Promise<readonly Announced[]> {
  const { deps } = run;
  const written: Announced[] = [];
  const endMs = deps.clock.monotonic() + ANNOUNCE_MS;
  for (let attempt = 1; deps.clock.monotonic() < endMs; attempt++) {
    refuseLostState(run.view);
    const { view, changed, lines, keys } = outcomesOn(run, run.view, earlier);
    // Another run may have recorded the first order of an account after this one read the configuration.
    const stopped = environmentStopped(run.configuration, view.statuses.values());
    const taken = new Set<string>();
    const wanted = jobs.filter((job) => isStillWanted(run, view, job, stopped, taken));
    if (wanted.length === 0) return giveUp(run, written);
    stopIfAsked(deps);
    const stamped = momentOf(deps.clock);
    const intents = wanted.map((job) => ({ job, intent: stamp(run, job, stamped.wallMs), stamped }));
    const statuses = new Map([...changed, ...withIntents(view, intents)].map((one) => [one.name, one]));
    const outcome = await pushChange(run, run.view, {
      files: [...keyFiles(intents), ...keys, ...[...statuses.values()].map(statusFile)],
      message: commitMessage(
        [...lines, ...intents.map(({ job, intent }) => intentLine(job.name, intent))],
        statuses.size,
      ),
    });
    if (outcome.kind === 'refused') throw refusedPush(outcome.text);
    written.push(...intents);
    // Any attempt of ours that shows is good: a push whose reply was lost may land after the next one was made.
    const confirmed = await confirm(run, written, outcome.kind === 'pushed');
    if (confirmed.length > 0) return confirmed;
    deps.log.info({ attempt, outcome: outcome.kind }, 'intents did not get onto the branch, trying again');
    await deps.clock.sleep(PAUSE_MS * Math.min(attempt, LONGEST_PAUSES) * (0.5 + deps.random.fraction()));
  }
  await giveUp(run, written);
  throw new CertError('repository.moved', 'the state branch kept moving; nothing was sent', {
    remedy: 'run apply again',
  });
}

/** Whatever of these attempts reached the branch was never sent, and only this process knows. */
async function giveUp(run: Run, written: readonly Announced[]): Promise<readonly never[]> {
  const error = new CertError('send.too-late', 'it was not seen on the branch in time; nothing was sent');
  const atMs = run.deps.clock.now();
  await recordOutcomes(
    run,
    written.map(({ job, intent }) => ({
      job,
      intent,
      step: job.operation[currentStep(intent)]?.name ?? '',
      atMs,
      outcome: { kind: 'not-sent', error },
    })),
  );
  return [];
}

function isStillWanted(
  run: Run,
  view: StateView,
  job: Job,
  stopped: string | undefined,
  taken: Set<string>,
): boolean {
  const why =
    stopped ?? keyStopped(view, job.intent) ?? job.stillWanted(view) ?? claimedElsewhere(view, job, taken);
  if (why === undefined) return true;
  run.deps.log.info({ cert: job.name, why }, 'no longer wanted on the new head');
  run.events.push({ ...lineOf({ ...job.intent.request, name: job.name }), outcome: 'held', message: why });
  return false;
}

/** What a step takes for itself, the branch gives to one certificate alone. */
function claimedElsewhere(view: StateView, { name, intent }: Job, taken: Set<string>): string | undefined {
  const claims = intent.steps[currentStep(intent)]?.before?.claims;
  if (typeof claims !== 'string') return undefined;
  const holder = [...view.statuses.values()].find(
    (status) => status.name !== name && claimsOf(status).includes(claims),
  );
  if (holder === undefined && !taken.has(claims)) {
    taken.add(claims);
    return undefined;
  }
  return `${claims} was taken for ${holder?.name ?? 'another certificate'} meanwhile; the next run looks for another`;
}
/** The last barrier before a request leaves: on the very head its intent is put upon. */
const keyStopped = ({ header }: StateView, { action, keyHash }: IntendedIntent): string | undefined => {
  const known = action === 'revoke' ? undefined : compromiseOf(header, keyHash);
  return known && `its key is compromised: ${known.reason}`;
};

function stamp(run: Run, job: Job, nowMs: number): IntendedIntent {
  const window = sendWindow(nowMs, job.provider.capabilities);
  return {
    ...job.intent,
    nonce: run.deps.random.hex(16),
    sendBy: toInstant(window.sendByMs),
    settledAt: toInstant(window.settledAtMs),
  };
}

const withIntents = (view: StateView, intents: readonly Announced[]): readonly Status[] =>
  changedStatuses(
    view,
    intents.map(({ job, intent }) => ({ name: job.name, apply: (status) => withIntent(status, intent) })),
  );

const keyFiles = (intents: readonly Announced[]): readonly FileChange[] =>
  intents.flatMap(({ job }) =>
    job.key ? [{ path: pendingKeyPath(job.name, job.key.keyHash), content: job.key.sealed }] : [],
  );

/** Looks until the nonces show; after a push that seemed to work for as long as they could still be used. */
async function confirm(
  run: Run,
  intents: readonly Announced[],
  pushed: boolean,
): Promise<readonly Announced[]> {
  const { deps } = run;
  const lastMs = Math.max(...intents.map(({ intent }) => toMs(intent.sendBy)));
  for (;;) {
    run.view = await observeWithin(deps, lastMs - deps.clock.now());
    refuseLostState(run.view);
    const shown = await noncesAtHead(run, intents);
    const confirmed = intents.filter(({ intent }) => shown.has(intent.nonce));
    if (confirmed.length > 0 || !pushed || deps.clock.now() >= lastMs) return confirmed;
    await deps.clock.sleep(SECOND_MS);
  }
}

/** Nonces of these certificates in the tree of the head itself, whoever put commits on top of ours. */
async function noncesAtHead(run: Run, intents: readonly Announced[]): Promise<ReadonlySet<string>> {
  const head = run.view.snapshot.state;
  if (!head) return new Set();
  const blobs = await head.blobs(STATE_FOLDER);
  const entries = [...new Set(intents.map(({ job }) => statusPath(job.name)))].flatMap((path) => {
    const blob = blobs.get(path);
    return blob === undefined ? [] : [{ path, blob }];
  });
  const texts = await head.read(entries.map((entry) => entry.blob));
  const statuses = texts.map((text, i) => run.deps.parseStatus(text, entries[i]?.path ?? ''));
  return new Set(
    statuses.flatMap((status) =>
      status.intents.flatMap((intent) => (intent.phase === 'intended' ? [intent.nonce] : [])),
    ),
  );
}

import { isOpen } from '../model/intent.js';
import { quietUntilMs } from '../planner/quiet.js';
import type { Condition } from '../policy/conditions.js';
import { isLookDue } from '../policy/doubts.js';
import type { Oid } from '../ports/repository.js';
import type { Applied } from '../reconcile/engine.js';
import { configurationIn } from './configuration-file.js';
import type { Context } from './context.js';
import { LARGE, noteText, recordOf } from './quiet-note.js';
import {
  isInTime,
  type QuietRecord,
  quietStoreOf,
  sameSubject,
  subjectOf,
  textDigest,
} from './quiet-record.js';
import type { Workplace } from './workplace.js';

/**
 * Keeps what a run found for the next one, if it was nothing at all: no line, warning, finding or alarm, nothing open.
 * Here, and for a large repository also on the remote, where runs on other machines find it.
 * @param times.startedMs  wall clock before anything was read
 * @param times.tellMs  first instant at which people have to be told something, epoch ms
 */
export async function rememberQuiet(
  context: Context,
  workplace: Pick<Workplace, 'local' | 'repository'>,
  applied: Applied,
  conditions: Iterable<Condition>,
  { startedMs, tellMs }: { readonly startedMs: number; readonly tellMs: number },
): Promise<void> {
  const { repository, local } = workplace;
  const { root, bare } = repository.clone;
  const checkout = textDigest(bare ? undefined : configurationIn(root));
  if (checkout === null || !local.configuration) return;
  if (!isSilent(applied, startedMs) || ![...conditions].every(({ level }) => level === 'info')) return;
  const { desired, providers, view, configuration, plan, listedMs } = applied;
  const untilMs = quietUntilMs({
    desired,
    providers,
    state: { statuses: view.statuses },
    serving: applied,
    nowMs: startedMs,
  });
  const record: QuietRecord = {
    root,
    checkout,
    branches: configuration.branches,
    subject: subjectOf(view.snapshot),
    fromMs: startedMs,
    // Infinity is no JSON.
    untilMs: Math.min(untilMs, tellMs, Number.MAX_SAFE_INTEGER),
    listedMs,
    plan,
    credentials: Object.values(configuration.providers).flatMap(({ credentials }) =>
      Object.values(credentials),
    ),
  };
  quietStoreOf(context).write(record);
  // What is nothing to a shard may be something to another one.
  if (context.shard === undefined && desired.specs.length >= LARGE)
    await leaveNote(context, workplace, record, view.snapshot.quietNote);
}

/** Not again while one says the same: a run with nothing to do pushes nothing, but for this, and that seldom. */
async function leaveNote(
  { clock, log }: Context,
  { repository: { quietNote, clone } }: Pick<Workplace, 'repository'>,
  record: QuietRecord,
  seen: Oid | undefined,
): Promise<void> {
  const stands = (text: string | undefined): boolean => {
    const known = text === undefined ? undefined : recordOf(text, clone.root);
    return known !== undefined && sameSubject(known.subject, record.subject) && isInTime(known, clock.now());
  };
  const current = seen === undefined ? undefined : await quietNote.read(seen);
  if (stands(current)) return;
  const why = await quietNote.replace(seen, (text) => (stands(text) && text ? text : noteText(record)));
  if (why !== undefined) log.debug({ error: why }, 'runs elsewhere are not told that nothing was due');
}

/** Nothing to do, nothing to say, and nothing that the next run would have to look at. */
function isSilent(
  { plan, findings, events, desired, providers, view, ...rest }: Applied,
  startedMs: number,
): boolean {
  const { configuration, declined, clockProblem } = rest;
  return (
    !declined &&
    clockProblem === undefined &&
    plan.items.length + plan.warnings.length + findings.length + events.length === 0 &&
    plan.unsafe === undefined &&
    view.snapshot.integrity.kind === 'healthy' &&
    plan.stateCommit === view.snapshot.state?.commit &&
    plan.manifestCommit === view.snapshot.approval.commit &&
    // Their values may be private, so not even a digest of them is kept.
    configuration.manifestVariables.length === 0 &&
    [...providers.values()].every(({ down }) => down === undefined) &&
    [...view.statuses.values()].every(
      ({ intents, requests, failures, published = [], doubts = [], undelivered }) =>
        undelivered === undefined &&
        !intents.some(isOpen) &&
        requests.length + published.length + Object.keys(failures).length === 0 &&
        !doubts.some((doubt) => isLookDue(doubt, startedMs)),
    )
  );
}

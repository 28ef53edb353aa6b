import type { Configuration } from '../../model/configuration.js';
import type { RunMemory } from '../../model/run-memory.js';
import type { Status } from '../../model/status.js';
import { DAY_MS, HOUR_MS, toMs } from '../../model/time.js';
import { memoryOf, readNotes } from '../../reconcile/notes.js';
import type { StateView } from '../../reconcile/state.js';
import type { Diagnosis } from '../../report/doctor-text.js';
import { count } from '../../report/words.js';
import type { Context } from '../context.js';
import { offeringOf } from '../offerings.js';
import { quietStoreOf } from '../quiet-record.js';
import type { Workplace } from '../workplace.js';
import { line } from './line.js';

/** Accounts are listed once a day where anything runs on its own. */
const LIST_LATE_MS = 2 * DAY_MS;
/** A run of every day leaves a sign of it at least that often. */
const RUN_LATE_MS = 2 * DAY_MS;
const RUN = 'run `certwright apply --sync-if-older 20h` on a timer, the Action, or the daemon';

/** When something ran last, when accounts were last listed, and what waits on this machine. */
export async function runsOf(
  context: Context,
  { deps }: Pick<Workplace, 'deps'>,
  view: StateView,
  { id, providers }: Configuration,
): Promise<readonly Diagnosis[]> {
  const nowMs = context.clock.now();
  const notes = await readNotes(deps, view, id);
  const lists = Object.values(providers).flatMap((config) => {
    if (!offeringOf({ providers }, context.definitions, config)?.capabilities.list) return [];
    const listing = memoryOf(notes, config)?.listing;
    return [listing === undefined ? undefined : toMs(listing.at)];
  });
  const waiting = (await deps.spool.list()).filter(({ repositoryId }) => repositoryId === id).length;
  const quiet = quietStoreOf(context).read()?.fromMs;
  return [
    lastSign([...signsIn(notes.memory), ...[...view.statuses.values()].flatMap(signsOf), quiet ?? 0], nowMs),
    ...listed(lists, nowMs),
    ...(waiting > 0
      ? [
          line(
            'runs',
            'warning',
            `${count(waiting, 'outcome')} of an earlier run on this machine is not pushed yet`,
            'run `certwright apply` here',
          ),
        ]
      : []),
  ];
}

function listed(lists: readonly (number | undefined)[], nowMs: number): readonly Diagnosis[] {
  if (lists.length === 0) return [];
  if (lists.includes(undefined))
    return [line('runs', 'warning', 'an account was never listed: what changes there is not noticed', RUN)];
  const oldest = Math.min(...lists.map((ms) => ms ?? 0));
  const message = `every account was listed within ${Math.ceil((nowMs - oldest) / HOUR_MS)} hours`;
  return [
    nowMs - oldest > LIST_LATE_MS ? line('runs', 'warning', message, RUN) : line('runs', 'ok', message),
  ];
}

/** What runs leave to each other: lists, and looks at orders and endpoints. */
const signsIn = ({ accounts, looks, endpoints }: RunMemory): readonly number[] =>
  [
    ...Object.values(accounts).flatMap(({ listing, triedAt }) => [listing?.at, triedAt]),
    ...Object.values(looks).map(({ at }) => at),
    ...Object.values(endpoints).map(({ at }) => at),
  ].flatMap((at) => (at === undefined ? [] : [toMs(at)]));

const signsOf = ({ current, intents }: Status): readonly number[] => [
  ...(current === undefined ? [] : [toMs(current.publishedAt)]),
  ...intents.map(({ createdAt }) => toMs(createdAt)),
];

/** A run that finds nothing leaves nothing on the remote: silence proves little, a recent sign much. */
function lastSign(signs: readonly number[], nowMs: number): Diagnosis {
  const newest = signs.reduce((last, ms) => Math.max(last, ms), 0);
  if (newest === 0) return line('runs', 'warning', 'no run has left a sign here or on the remote yet', RUN);
  const ageMs = Math.max(0, nowMs - newest);
  const hours = Math.floor(ageMs / HOUR_MS);
  const ago =
    hours < 1 ? 'less than an hour' : hours < 48 ? `${hours} hours` : `${Math.floor(hours / 24)} days`;
  return ageMs > RUN_LATE_MS
    ? line('runs', 'warning', `the last sign of a run is ${ago} old: perhaps nothing runs any more`, RUN)
    : line('runs', 'ok', `the last sign of a run is ${ago} old`);
}

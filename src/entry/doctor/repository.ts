import { openersOf } from '../../keys/marks.js';
import type { Configuration } from '../../model/configuration.js';
import { DAY_MS, HOUR_MS, toMs } from '../../model/time.js';
import type { RepositorySnapshot } from '../../ports/repository.js';
import { memoryOf, readNotes } from '../../reconcile/notes.js';
import type { StateView } from '../../reconcile/state.js';
import type { Diagnosis } from '../../report/doctor-text.js';
import { count } from '../../report/words.js';
import type { Context } from '../context.js';
import type { Workplace } from '../workplace.js';

/** Accounts are listed once a day where anything runs on its own. */
const LIST_LATE_MS = 2 * DAY_MS;

const of = (part: string, level: Diagnosis['level'], message: string, remedy?: string): Diagnosis => ({
  part,
  level,
  message,
  ...(remedy === undefined ? {} : { remedy }),
});

/** May the state be pushed from here, and as one? */
export async function pushing(
  { repository }: Workplace,
  snapshot: RepositorySnapshot,
): Promise<readonly Diagnosis[]> {
  const verdict = await repository.tryPush(snapshot);
  switch (verdict.kind) {
    case 'pushed':
      return [of('remote', 'ok', `${repository.remote} takes pushes from here, several branches at once`)];
    case 'not-atomic':
      return [
        of(
          'remote',
          'warning',
          `${repository.remote} cannot move two branches at once (--atomic): lost state is found out less surely`,
          'nothing can be done here; keep force pushes to certwright/** forbidden',
        ),
      ];
    case 'moved':
    case 'refused':
      return [
        of(
          'remote',
          'warning',
          `${repository.remote} takes no push from here: ${verdict.text}`,
          'fine for reading; whoever runs apply needs the right to push certwright/state and certwright/seen',
        ),
      ];
  }
}

/** How the state stands, whose it is, and what lies on this machine. */
export function stateOf(
  { repository }: Workplace,
  { header, snapshot }: StateView,
  configuration: Configuration,
): readonly Diagnosis[] {
  const { integrity } = snapshot;
  if (integrity.kind === 'absent')
    return [of('state', 'problem', 'there is no state yet', 'run `certwright init` once')];
  if (integrity.kind === 'lost') {
    return [
      of(
        'state',
        'problem',
        `state was lost or rewound (${integrity.why}); nothing is bought`,
        'docs/recovery.md, "Lost or rewound state"',
      ),
    ];
  }
  return [
    integrity.kind === 'healthy'
      ? of('state', 'ok', 'state and certwright/seen agree')
      : of(
          'state',
          'warning',
          'commits that are not ours lie on the state branch; the next run puts back what counts',
        ),
    ...(header && (header.remote !== repository.remote || header.repositoryId !== configuration.id)
      ? [
          of(
            'state',
            'problem',
            `the state was written for ${header.remote}, id ${header.repositoryId}; here nothing is bought`,
            'run `certwright claim --moved` after a move, `certwright claim --copy` in a copy',
          ),
        ]
      : []),
  ];
}

/** Who can open what is sealed. */
export function recipientsOf(
  { header }: StateView,
  { keys }: Configuration,
  identities: number,
): readonly Diagnosis[] {
  const openers = openersOf(keys);
  const proven = openers.filter((one) => header?.provenRecipients.includes(one));
  return [
    proven.length === 0
      ? of(
          'keys',
          'problem',
          'nobody has shown that a recipient can open what is sealed; nothing paid is ordered',
          'run `certwright keys prove` with an identity',
        )
      : of('keys', 'ok', `${count(proven.length, 'recipient')} of ${openers.length} proven`),
    ...(openers.length === 1 && keys.keystore === undefined
      ? [
          of(
            'keys',
            'warning',
            'one identity alone opens every private key: lost, all keys are',
            'add a second recipient to certwright.yaml',
          ),
        ]
      : []),
    ...(keys.runnerRecipients.length > 0 && identities === 0 && keys.keystore === undefined
      ? [
          of(
            'keys',
            'warning',
            'there is no identity here, and a run needs one for the embedded CA',
            'give --identity FILE, or set CERTWRIGHT_IDENTITY',
          ),
        ]
      : []),
  ];
}

/** When accounts were last listed, and what waits on this machine. */
export async function ages(
  context: Context,
  { deps }: Workplace,
  view: StateView,
  { id, providers }: Configuration,
): Promise<readonly Diagnosis[]> {
  const nowMs = context.clock.now();
  const notes = await readNotes(deps, view, id);
  const lists = Object.values(providers).flatMap((config) => {
    const definition = context.definitions.find(({ type }) => type === config.type);
    if (!definition?.describe(config).capabilities.list) return [];
    const listing = memoryOf(notes, config)?.listing;
    return [listing === undefined ? undefined : toMs(listing.at)];
  });
  const oldest = lists.some((ms) => ms === undefined)
    ? undefined
    : Math.min(...lists.flatMap((ms) => ms ?? []));
  const waiting = (await deps.spool.list()).filter(({ repositoryId }) => repositoryId === id).length;
  const run = 'run `certwright apply --sync-if-older 20h` on a timer, the Action, or the daemon';
  return [
    ...(lists.length === 0
      ? []
      : oldest === undefined
        ? [of('runs', 'warning', 'an account was never listed: what changes there is not noticed', run)]
        : [
            of(
              'runs',
              nowMs - oldest > LIST_LATE_MS ? 'warning' : 'ok',
              `every account was listed within ${Math.ceil((nowMs - oldest) / HOUR_MS)} hours`,
              ...(nowMs - oldest > LIST_LATE_MS ? [run] : []),
            ),
          ]),
    ...(waiting > 0
      ? [
          of(
            'runs',
            'warning',
            `${count(waiting, 'outcome')} of an earlier run on this machine is not pushed yet`,
            'run `certwright apply` here',
          ),
        ]
      : []),
  ];
}

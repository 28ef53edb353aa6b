import { openersOf } from '../../keys/marks.js';
import type { Configuration } from '../../model/configuration.js';
import type { RepositorySnapshot } from '../../ports/repository.js';
import type { StateView } from '../../reconcile/state.js';
import type { Diagnosis } from '../../report/doctor-text.js';
import { count } from '../../report/words.js';
import { CONFIGURATION_FILE, configurationIn } from '../configuration-file.js';
import type { Workplace } from '../workplace.js';
import { line as of } from './line.js';

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

/** What was merged, and whether the checkout that runs start in still is like it. */
export async function mergedOf(
  { deps, checkout, local }: Workplace,
  { approval }: RepositorySnapshot,
): Promise<readonly Diagnosis[]> {
  const { findings } = await deps.readFiles(approval);
  const branch = local.configuration?.branches.approval ?? 'the approval branch';
  const [first, ...more] = findings.filter(({ severity }) => severity === 'error');
  if (first !== undefined) {
    const { file, line: at } = first.position;
    return [
      of(
        'merged',
        'problem',
        `the files on ${branch} have ${count(more.length + 1, 'error')}: ${file}:${at} ${first.message}`,
        'correct them by a pull request; `certwright validate` there shows all',
      ),
    ];
  }
  const blob = (await approval.blobs('')).get(CONFIGURATION_FILE);
  const [merged] = blob === undefined ? [] : await approval.read([blob]);
  return [
    merged === undefined || merged === configurationIn(checkout.root)
      ? of('merged', 'ok', `the files on ${branch} are fine`)
      : of(
          'merged',
          'warning',
          `certwright.yaml here is not the one on ${branch}, which counts`,
          'pull it where runs start: names of branches and accounts to look at come from there',
        ),
  ];
}

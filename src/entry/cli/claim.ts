import { CertError } from '../../model/errors.js';
import type { StateView } from '../../reconcile/state.js';
import type { Context } from '../context.js';
import type { Workplace } from '../workplace.js';
import { claimCopy } from './claim-copy.js';
import type { Globals } from './globals.js';
import { agreed, type Choices, exactlyOne, type Told } from './person.js';
import type { Options } from './program.js';
import { changeHeader, headerOf, openState } from './state.js';
import { telling } from './telling.js';

type Choice = 'moved' | 'copy' | 'manifests';

const CHOICES: Choices<Choice> = {
  moved: {
    flag: '--moved',
    says: 'this is the same repository at a new place, and nobody works at the old one any more',
  },
  copy: { flag: '--copy', says: 'this is another repository: it gets an id of its own and an empty state' },
  manifests: { flag: '--manifests', says: 'the history of the manifests was rewritten on purpose' },
};

/** `certwright claim`: a person says whose state this is; until then nothing is bought with it. */
export async function run(context: Context, globals: Globals, options: Options): Promise<number> {
  const choice = exactlyOne(options, CHOICES);
  return telling(context, globals, async (workplace) =>
    CLAIMS[choice](context, workplace, await openState(workplace.deps), options),
  );
}

/** undefined: the person thought better of it. */
type Claim = (
  context: Context,
  workplace: Workplace,
  view: StateView,
  options: Options,
) => Promise<Told | undefined>;

const claimMoved: Claim = async (context, { deps }, view, options) => {
  const { remote } = view.snapshot;
  const old = headerOf(view).remote;
  if (old === remote) {
    throw new CertError('usage', `the state belongs to ${remote} already: there is nothing to claim`);
  }
  const question = `The state was written for ${old}; from now on it belongs to ${remote}, and certwright buys with it here. Has the repository moved, and does nobody run certwright at the old place?`;
  if (!(await agreed(context, options, question))) return undefined;
  const changed = await changeHeader(deps, view, `claim: moved from ${old} to ${remote}`, (header) => {
    if (header.remote === remote) return header;
    if (header.remote !== old) throw claimedMeanwhile(header.remote);
    return { ...header, remote };
  });
  return {
    changed,
    facts: { claimed: 'moved', from: old, to: remote },
    sentences: [
      `Claimed: the state now belongs to ${remote} (before: ${old}).`,
      'Next: stop certwright at the old place for good, then `certwright plan` and `certwright apply` here.',
    ],
  };
};

const claimManifests: Claim = async (context, { deps }, view, options) => {
  const tip = view.snapshot.approval.commit;
  const recorded = headerOf(view).manifestCommit;
  if (recorded === undefined || (await deps.repository.isAncestor(recorded, tip))) {
    throw new CertError(
      'usage',
      `the manifests at ${tip} descend from the ones last acted on (${recorded ?? 'none yet'}): there is nothing to claim`,
    );
  }
  const question = `The last manifests acted on were commit ${recorded}; the approval branch is at ${tip}, which does not descend from it. Is this history meant, and is everything in it approved?`;
  if (!(await agreed(context, options, question))) return undefined;
  const changed = await changeHeader(deps, view, `claim: manifests from ${recorded} to ${tip}`, (header) => {
    if (header.manifestCommit === tip) return header;
    if (header.manifestCommit !== recorded) throw claimedMeanwhile(header.manifestCommit ?? 'none');
    return { ...header, manifestCommit: tip };
  });
  return {
    changed,
    facts: { claimed: 'manifests', from: recorded, to: tip },
    sentences: [
      `Claimed: manifests at ${tip} count from now on (before: ${recorded}).`,
      'Next: `certwright plan` shows what they ask for, `certwright apply` carries it out.',
    ],
  };
};

const claimedMeanwhile = (what: string): CertError =>
  new CertError('repository.moved', `somebody else changed this meanwhile, to ${what}; nothing was changed`, {
    remedy: 'look at `certwright plan` again',
  });

const CLAIMS: Readonly<Record<Choice, Claim>> = {
  moved: claimMoved,
  copy: claimCopy,
  manifests: claimManifests,
};

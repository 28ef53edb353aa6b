import { markOf, openersOf } from '../../keys/marks.js';
import type { Configuration } from '../../model/configuration.js';
import { toMs } from '../../model/time.js';
import {
  formerOpeners,
  isSealedTo,
  type SealedFile,
  sealedFiles,
  UNKNOWN_MARK,
} from '../../reconcile/rekey.js';
import { sealedAccount } from '../../reconcile/rekey-accounts.js';
import type { StateView } from '../../reconcile/state.js';
import type { ExposedKey, RekeySurvey } from '../../report/rekey-text.js';
import type { GitRepository } from '../../repository/git-repository.js';

/** Marks of everybody that private keys, or a run's own things, are sealed to. */
export const certificateMarks = ({ keys }: Configuration): readonly string[] => openersOf(keys).map(markOf);
export const runnerMarks = ({ keys }: Configuration): readonly string[] =>
  openersOf({ ...keys, recipients: keys.runnerRecipients }).map(markOf);

/** What is sealed, and to whom, as the files themselves say. Opens nothing. */
export async function surveyOf(
  repository: Pick<GitRepository, 'accounts'>,
  view: StateView,
  configuration: Configuration,
  nowMs: number,
): Promise<RekeySurvey> {
  const openers = openersOf(configuration.keys);
  const marks = certificateMarks(configuration);
  const files = await sealedFiles(view);
  const runners = runnerMarks(configuration);
  const accounts =
    runners.length === 0
      ? []
      : await Promise.all(
          Object.keys(configuration.providers).map((id) =>
            sealedAccount(id, repository.accounts(id), runners),
          ),
        );
  const former = new Set(files.flatMap((file) => formerOpeners(file.marks, marks)));
  return {
    openers,
    added: openers
      .map((opener) => ({ opener, files: files.filter((file) => !opens(file, markOf(opener))).length }))
      .filter((one) => one.files > 0),
    removed: [...former].filter((mark) => mark !== UNKNOWN_MARK).sort(),
    keys: files.map((file) => ({
      name: file.name,
      isPending: file.isPending,
      isDue: !isSealedTo(file.marks, marks),
    })),
    accounts: accounts.filter((account) => account.files.length > 0),
    ...exposureOf(view, files, marks, nowMs),
  };
}

const opens = ({ marks }: SealedFile, mark: string): boolean => marks?.recipients.includes(mark) === true;

/** Certificates in use whose key is known to somebody who should not know it any more. */
function exposureOf(
  view: StateView,
  files: readonly SealedFile[],
  marks: readonly string[],
  nowMs: number,
): { readonly exposed: readonly ExposedKey[]; readonly unknown: readonly string[] } {
  const inUse = files.filter(({ name, isPending }) => {
    const current = view.statuses.get(name)?.current;
    return !isPending && current !== undefined && !current.revoked && toMs(current.notAfter) > nowMs;
  });
  const of = inUse.map((file) => ({ name: file.name, formerly: formerOpeners(file.marks, marks) }));
  const isKnown = ({ formerly }: ExposedKey) => formerly.some((mark) => mark !== UNKNOWN_MARK);
  return {
    exposed: of.filter(isKnown).map(({ name, formerly }) => ({
      name,
      formerly: formerly.filter((mark) => mark !== UNKNOWN_MARK),
    })),
    unknown: of.filter((one) => one.formerly.length > 0 && !isKnown(one)).map(({ name }) => name),
  };
}

import { CertError } from '../model/errors.js';

/** What became of a push, read from its own words (`LC_ALL=C`, `--porcelain`). */
export type PushVerdict =
  | { readonly kind: 'pushed' }
  /** `certain`: this push changed nothing. Otherwise it may have landed, or may still. */
  | { readonly kind: 'moved'; readonly certain: boolean; readonly text: string }
  | { readonly kind: 'refused'; readonly text: string }
  /** The other side knows no `--atomic`: nothing was sent. */
  | { readonly kind: 'not-atomic'; readonly text: string };

interface PushOutput {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const NOT_ATOMIC = /does not support --?atomic/i;
/** Another ref is the reason, this one only went down with it. */
const COLLATERAL = /atomic (push|transaction) fail/i;
/** Somebody else was first, or is at it this moment. */
const MOVED =
  /stale info|fetch first|non-fast-forward|needs force|failed to update ref|failed to lock|cannot lock ref|incorrect old value|reference already exists|remote ref updated/i;
/** A branch named like a folder of ours: looks like a lock, is permanent. */
const IMPOSSIBLE_REF = /exists; cannot create|refname conflict|reference conflict/i;
/** The answer never came: it may have landed. */
const NO_REPORT = /failed to report status|remote failure/i;
const NO_ACCESS =
  /authentication failed|could not read (username|password)|terminal prompts disabled|returned error: (401|403)|permission( to .*)? denied|access denied|invalid (credentials|username or password)|write access|host key verification failed|not authorized|unauthorized/i;
const NO_REPOSITORY =
  /does not appear to be a git repository|repository .*not found|repository .*does not exist|no such project|project you were looking for could not be found|returned error: 404/i;
const DUBIOUS_OWNER = /dubious ownership/i;
const DISK_FULL = /no space left on device|disk quota exceeded/i;

/** The reason in brackets of every `!` line. */
function rejections(stdout: string): readonly string[] {
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('!\t'))
    .map((line) => line.split('\t')[2] ?? '');
}

/** The words a person needs: reasons first, then what the server said. */
function wordsOf(reasons: readonly string[], stderr: string): string {
  const said = stderr
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '' && !/^(hint:|To |error: failed to push some refs)/.test(line));
  return [...new Set([...reasons, ...said])].join('\n');
}

/** Sorts the end of a `git push --porcelain` into what the caller can do next. */
export function judgePush({ code, stdout, stderr }: PushOutput): PushVerdict {
  if (code === 0) return { kind: 'pushed' };
  const reasons = rejections(stdout);
  const text = wordsOf(reasons, stderr);
  if (reasons.length === 0) {
    if (NOT_ATOMIC.test(stderr)) return { kind: 'not-atomic', text };
    if (NO_ACCESS.test(stderr) || NO_REPOSITORY.test(stderr)) return { kind: 'refused', text };
    return { kind: 'moved', certain: false, text };
  }
  const causes = reasons.filter((reason) => !COLLATERAL.test(reason));
  if (causes.some((reason) => NO_REPORT.test(reason))) return { kind: 'moved', certain: false, text };
  if (causes.every((reason) => MOVED.test(reason)) && !IMPOSSIBLE_REF.test(stderr))
    return { kind: 'moved', certain: true, text };
  return { kind: 'refused', text };
}

interface Explanation {
  readonly sign: RegExp;
  readonly message: (remote: string) => string;
  readonly remedy: string;
}

const EXPLANATIONS: readonly Explanation[] = [
  {
    sign: NO_ACCESS,
    message: (remote) => `${remote} does not accept the credentials of this clone`,
    remedy: 'Check that `git fetch` works here, and that its token or key may read the repository.',
  },
  {
    sign: NO_REPOSITORY,
    message: (remote) => `there is no repository at ${remote}, or these credentials may not see it`,
    remedy: 'Check the URL with `git remote -v`.',
  },
  {
    sign: DUBIOUS_OWNER,
    message: (remote) => `git refuses ${remote} because another user owns it`,
    remedy: 'Name it with `git config --global --add safe.directory DIR`.',
  },
  {
    sign: DISK_FULL,
    message: () => 'the disk is full',
    remedy: 'Make room in the cache folder and run again; nothing was lost.',
  },
];

/** Why the remote could not be read. `stderr` is already free of credentials. */
export function remoteFailure(remote: string, stderr: string): CertError {
  const text = stderr.trim();
  const known = EXPLANATIONS.find(({ sign }) => sign.test(text));
  const last = text.split('\n').find((line) => line.startsWith('fatal: ')) ?? text.split('\n').at(-1) ?? '';
  return new CertError(
    'repository.unavailable',
    known?.message(remote) ?? `${remote} cannot be reached: ${last.replace(/^fatal: /, '')}`,
    { remedy: known?.remedy ?? 'Check the network and `git remote -v`, then run again.', providerText: text },
  );
}

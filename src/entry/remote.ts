import type { Configuration } from '../model/configuration.js';
import {
  type GitRepository,
  openRepository,
  type Reader,
  type Rescue,
} from '../repository/git-repository.js';
import type { SessionOptions } from '../repository/session.js';
import { type Context, cacheFolder } from './context.js';
import { version } from './version.js';

export type Branches = Configuration['branches'];

/** An opened remote and the branches it was opened for. */
export interface Remote {
  readonly repository: GitRepository & Reader;
  readonly branches: Branches;
}

/** The remote behind the folder, through our own clone of it. Contacts nobody yet. @throws CertError */
export const openRemote = (context: Context, branches: Branches): Promise<GitRepository & Reader> =>
  openRescue(context, branches);

/** The same, for the day on which its refs are gone. */
export const openRescue = (context: Context, branches: Branches): Promise<GitRepository & Reader & Rescue> =>
  openRepository({
    ...sessionOf(context),
    branches,
    ...(context.publisher === undefined ? {} : { publisher: context.publisher }),
  });

/** How our own clone of the remote is opened. */
export const sessionOf = (context: Context): SessionOptions => ({
  cwd: context.cwd,
  cacheDir: cacheFolder(context.env),
  committer: committerOf(context),
  runId: context.runId,
  clock: context.clock,
  log: context.log.child({ component: 'git' }),
  signal: context.gitSignal ?? context.signal,
  env: context.env,
});

/** Commits are certwright's own; CI may give it another name. */
function committerOf(context: Context): { readonly name: string; readonly email: string } {
  return {
    name: context.env.CERTWRIGHT_COMMITTER_NAME || `certwright ${version}`,
    email: context.env.CERTWRIGHT_COMMITTER_EMAIL || 'certwright@users.noreply.github.com',
  };
}

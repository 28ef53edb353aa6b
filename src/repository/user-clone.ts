import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type SimpleGit, simpleGit } from 'simple-git';
import { CertError, messageOf } from '../model/errors.js';
import { gitEnvironment, type Setting } from './environment.js';
import { isLocalPath, redactUrls } from './remote.js';

/** What is read from the clone a person works in. Nothing is ever written there. */
export interface UserClone {
  /** Top of the work tree; the repository itself where there is none. */
  readonly root: string;
  readonly bare: boolean;
  /** `sha1` or `sha256`. */
  readonly objectFormat: string;
}

export interface UserRemote {
  readonly name: string;
  /** As git would dial them, `insteadOf` applied, relative paths made absolute. May hold credentials. */
  readonly fetchUrl: string;
  readonly pushUrl: string;
}

/**
 * Only reading commands with constant arguments are run, so what the clone's own configuration says is harmless to
 * them, and refusing it would refuse CI systems that hand credentials over in it.
 */
const READING_ONLY = {
  allowUnsafeAskPass: true,
  allowUnsafeConfigEnvCount: true,
  allowUnsafeConfigPaths: true,
  allowUnsafeCredentialHelper: true,
  allowUnsafeFsMonitor: true,
  allowUnsafeGitProxy: true,
  allowUnsafeHooksPath: true,
  allowUnsafeInclude: true,
  allowUnsafeProtocolOverride: true,
  allowUnsafeSshCommand: true,
  allowUnsafeUrlRewrite: true,
} as const;

/** What a reading command needs of the environment: nothing that names programs to run. */
const forReading = (name: string): boolean =>
  !name.startsWith('GIT_') || /^GIT_(CONFIG|CEILING|DISCOVERY|OPTIONAL_LOCKS|TERMINAL|NO_REPLACE)/.test(name);

export function userGit(folder: string, ambient: NodeJS.ProcessEnv): SimpleGit {
  const clean = Object.entries(gitEnvironment(ambient)).filter(
    ([name]) => forReading(name) && !/^(EDITOR|VISUAL|PAGER|PREFIX|SSH_ASKPASS)$/.test(name),
  );
  return simpleGit({
    baseDir: folder,
    allowEnvironment: clean.map(([name]) => name),
    unsafe: READING_ONLY,
  }).env(Object.fromEntries(clean));
}

function unreadable(cwd: string, error: unknown): CertError {
  const text = redactUrls(messageOf(error)).trim();
  if (/ENOENT/.test(text))
    return new CertError(
      'repository.unavailable',
      'git was not found: install git 2.31 or newer and put it on PATH',
      { cause: error },
    );
  if (/not a git repository/i.test(text))
    return new CertError('repository.unavailable', `${cwd} is not in a Git repository`, {
      remedy:
        'Run certwright in a clone of the repository that holds certwright.yaml, or name one with -C DIR.',
    });
  if (/dubious ownership/i.test(text))
    return new CertError('repository.unavailable', `git refuses ${cwd} because another user owns it`, {
      remedy: `Allow it with: git config --global --add safe.directory ${cwd}`,
    });
  return new CertError('repository.unavailable', `the Git repository in ${cwd} cannot be read: ${text}`);
}

/** @throws CertError `repository.unavailable` with the way out */
export async function readUserClone(cwd: string, ambient: NodeJS.ProcessEnv): Promise<UserClone> {
  if (!existsSync(cwd)) throw new CertError('repository.unavailable', `there is no folder ${cwd}`);
  try {
    const text = await userGit(cwd, ambient).raw([
      'rev-parse',
      '--is-bare-repository',
      '--absolute-git-dir',
      '--show-object-format',
      '--show-cdup',
    ]);
    const [bare, gitDir = cwd, objectFormat = 'sha1', up = ''] = text.split('\n');
    if (bare === 'true') return { root: gitDir, bare: true, objectFormat };
    return { root: resolve(cwd, up), bare: false, objectFormat };
  } catch (error) {
    throw unreadable(cwd, error);
  }
}

const absolute = (root: string, url: string): string => (isLocalPath(url) ? resolve(root, url) : url);

/** The remote named, else `origin`, else the only one. @throws CertError `repository.unavailable` */
export async function readUserRemote(
  clone: UserClone,
  ambient: NodeJS.ProcessEnv,
  wanted?: string,
): Promise<UserRemote> {
  const remotes = await userGit(clone.root, ambient)
    .getRemotes(true)
    .catch((error: unknown) => {
      throw unreadable(clone.root, error);
    });
  const names = remotes.map(({ name }) => name).join(', ');
  const found = remotes.find(({ name }) => name === (wanted ?? 'origin'));
  const remote = found ?? (wanted === undefined && remotes.length === 1 ? remotes[0] : undefined);
  if (remotes.length === 0)
    throw new CertError('repository.unavailable', 'this clone has no remote', {
      remedy: 'Add the shared repository with: git remote add origin URL',
    });
  if (!remote)
    throw new CertError(
      'repository.unavailable',
      wanted === undefined
        ? `this clone has several remotes (${names}) and none is called origin`
        : `this clone has no remote called ${wanted}, only: ${names}`,
      { remedy: 'Name the one to use.' },
    );
  const fetchUrl = absolute(clone.root, remote.refs.fetch);
  return { name: remote.name, fetchUrl, pushUrl: absolute(clone.root, remote.refs.push || fetchUrl) };
}

const HANDED_OVER = /^(http\.|credential\.|protocol\.|core\.(sshcommand|askpass|gitproxy)$|ssh\.variant$)/;

/** `git config --list -z`: `key LF value NUL`, or the key alone for a bare boolean. */
function parseSettings(text: string): readonly Setting[] {
  return text
    .split('\0')
    .filter((item) => item !== '')
    .map((item): Setting => {
      const end = item.indexOf('\n');
      return end < 0 ? [item, 'true'] : [item.slice(0, end), item.slice(end + 1)];
    });
}

/**
 * How the clone reaches its remote: what git finds there (`includeIf` files too: actions/checkout keeps its token in
 * one) and would not find in our own clone. A header sent twice is refused by GitHub, hence the difference.
 * @param seenElsewhere  output of the same listing in our own clone
 */
export async function readSettings(
  clone: UserClone,
  ambient: NodeJS.ProcessEnv,
  seenElsewhere: string,
): Promise<readonly Setting[]> {
  const text = await userGit(clone.root, ambient).raw(['config', '--list', '--includes', '-z']);
  const rest = parseSettings(seenElsewhere).map(([key, value]) => `${key}\n${value}`);
  return parseSettings(text).filter(([key, value]) => {
    if (!HANDED_OVER.test(key)) return false;
    const index = rest.indexOf(`${key}\n${value}`);
    if (index < 0) return true;
    rest.splice(index, 1);
    return false;
  });
}

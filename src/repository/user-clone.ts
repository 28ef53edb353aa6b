import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { CertError } from '../model/errors.js';
import type { Log } from '../ports/log.js';
import { gitEnvironment, type Setting } from './environment.js';
import { createGit, type Git } from './process.js';
import { isLocalPath, redactor } from './remote.js';

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

/** How git is asked about a clone of somebody else's: with what they have set, and to read only. */
export interface Asking {
  /** Environment of the caller. */
  readonly ambient: NodeJS.ProcessEnv;
  readonly log: Log;
  readonly signal?: AbortSignal;
}

/** git as its owner has set it up. In a clone of theirs it is only asked, with constant arguments. */
export const userGit = (folder: string, { ambient, log, signal }: Asking): Git =>
  createGit({
    cwd: folder,
    env: gitEnvironment(ambient),
    redact: redactor([]),
    log,
    ...(signal === undefined ? {} : { signal }),
  });

/** What a reading command prints. @throws CertError `repository.unavailable` with the way out */
async function ask(folder: string, asking: Asking, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await userGit(folder, asking)(args);
  if (code === 0) return stdout.toString('utf8');
  throw unreadable(folder, stderr.trim());
}

function unreadable(cwd: string, text: string): CertError {
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
export async function readUserClone(cwd: string, asking: Asking): Promise<UserClone> {
  if (!existsSync(cwd)) throw new CertError('repository.unavailable', `there is no folder ${cwd}`);
  const text = await ask(cwd, asking, [
    'rev-parse',
    '--is-bare-repository',
    '--absolute-git-dir',
    '--show-object-format',
    '--show-cdup',
  ]);
  const [bare, gitDir = cwd, objectFormat = 'sha1', up = ''] = text.split('\n');
  if (bare === 'true') return { root: gitDir, bare: true, objectFormat };
  return { root: resolve(cwd, up), bare: false, objectFormat };
}

const absolute = (root: string, url: string): string => (isLocalPath(url) ? resolve(root, url) : url);

/** A line of `git remote -v`: name, URL, what it is for, and what a partial clone leaves out. */
const REMOTE_LINE = /^([^\t]+)\t(.*) \((fetch|push)\)(?: \[[^\]]*\])?$/;

/** Every remote with its URL for each direction, by name. */
function parseRemotes(
  text: string,
): ReadonlyMap<string, { readonly fetch?: string; readonly push?: string }> {
  const remotes = new Map<string, { readonly fetch?: string; readonly push?: string }>();
  for (const line of text.split('\n')) {
    const [, name = '', url = '', side = ''] = REMOTE_LINE.exec(line) ?? [];
    if (name !== '') remotes.set(name, { ...remotes.get(name), [side]: url });
  }
  return remotes;
}

/** The remote named, else `origin`, else the only one. @throws CertError `repository.unavailable` */
export async function readUserRemote(clone: UserClone, asking: Asking, wanted?: string): Promise<UserRemote> {
  const remotes = parseRemotes(await ask(clone.root, asking, ['remote', '-v']));
  const names = [...remotes.keys()];
  const only = wanted === undefined && names.length === 1 ? names[0] : undefined;
  const name = remotes.has(wanted ?? 'origin') ? (wanted ?? 'origin') : only;
  if (names.length === 0)
    throw new CertError('repository.unavailable', 'this clone has no remote', {
      remedy: 'Add the shared repository with: git remote add origin URL',
    });
  const list = names.join(', ');
  if (name === undefined)
    throw new CertError(
      'repository.unavailable',
      wanted === undefined
        ? `this clone has several remotes (${list}) and none is called origin`
        : `this clone has no remote called ${wanted}, only: ${list}`,
      { remedy: 'Name the one to use.' },
    );
  const { fetch = '', push = fetch } = remotes.get(name) ?? {};
  return { name, fetchUrl: absolute(clone.root, fetch), pushUrl: absolute(clone.root, push) };
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
  asking: Asking,
  seenElsewhere: string,
): Promise<readonly Setting[]> {
  const text = await ask(clone.root, asking, ['config', '--list', '--includes', '-z']);
  const rest = parseSettings(seenElsewhere).map(([key, value]) => `${key}\n${value}`);
  return parseSettings(text).filter(([key, value]) => {
    if (!HANDED_OVER.test(key)) return false;
    const index = rest.indexOf(`${key}\n${value}`);
    if (index < 0) return true;
    rest.splice(index, 1);
    return false;
  });
}

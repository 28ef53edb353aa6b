import type { Clock } from '../ports/clock.js';
import type { Log } from '../ports/log.js';
import type { Oid } from '../ports/repository.js';
import { cachePath, createCache, openRunRefs, type RunRefs } from './cache.js';
import { gitEnvironment, type Setting } from './environment.js';
import { remoteFailure } from './failures.js';
import { createGit, type Git, mustRun } from './process.js';
import { type BareUrl, redactor, remoteIdentity, splitCredentials } from './remote.js';
import {
  type Asking,
  readSettings,
  readUserClone,
  readUserRemote,
  type UserClone,
  type UserRemote,
  userGit,
} from './user-clone.js';
import type { Committer } from './write-commit.js';

const REMOTE = 'certwright';
const FETCH_LIMIT_MS = 10 * 60_000;

export interface SessionOptions {
  /** Anywhere in the user's clone; also a bare one. */
  readonly cwd: string;
  /** Name of a remote of that clone. Default: `origin`, or the only one. */
  readonly remote?: string;
  readonly cacheDir: string;
  readonly committer: Committer;
  /** Stands in every commit. */
  readonly runId?: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal?: AbortSignal;
  /** Default: this process's own. */
  readonly env?: NodeJS.ProcessEnv;
}

/** Our own bare clone of the user's remote, ready to fetch and push with the user's credentials. */
export interface Session {
  readonly git: Git;
  /** The clone the person works in. */
  readonly clone: UserClone;
  /** The remote as host/path. */
  readonly remote: string;
  /** What to call the remote in fetch and push. */
  readonly remoteName: string;
  readonly refs: RunRefs;
  readonly committer: Committer;
  readonly runId?: string;
  readonly clock: Clock;
}

/** The helper's text names variables only: neither an argument list nor a log ever holds their values. */
const helper = (side: string): string =>
  `!f() { if test "$1" = get; then printf 'username=%s\\npassword=%s\\n' "$CERTWRIGHT_${side}_USER" "$CERTWRIGHT_${side}_PASSWORD"; fi; }; f`;

interface Access {
  readonly settings: readonly Setting[];
  readonly variables: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
}

/** Credentials that stood in a URL, as a credential helper of exactly that URL. */
function accessOf(side: 'FETCH' | 'PUSH', { url, username, password }: BareUrl): Access {
  if (username === undefined) return { settings: [], variables: {}, secrets: [] };
  if (password === undefined)
    return { settings: [[`credential.${url}.username`, username]], variables: {}, secrets: [username] };
  return {
    settings: [
      [`credential.${url}.helper`, ''],
      [`credential.${url}.helper`, helper(side)],
    ],
    variables: { [`CERTWRIGHT_${side}_USER`]: username, [`CERTWRIGHT_${side}_PASSWORD`]: password },
    secrets: [username, password, encodeURIComponent(password)],
  };
}

/**
 * The remote as configuration. `insteadOf` was applied already; rewriting each address to itself is the longest match,
 * so that a second rewriting (into one with a token, say) cannot happen.
 */
function remoteSettings(fetchUrl: string, pushUrl: string): readonly Setting[] {
  return [
    [`remote.${REMOTE}.url`, fetchUrl],
    [`remote.${REMOTE}.pushurl`, pushUrl],
    ...[...new Set([fetchUrl, pushUrl])].map((url): Setting => [`url.${url}.insteadOf`, url]),
  ];
}

/** A one-word user name is often a token, but `git` or `x-access-token` would only make error texts unreadable. */
const isTelling = (text: string): boolean => !/^(git|x-access-token|oauth2|x-token-auth)$/.test(text);

async function prepare(cacheDir: string, asking: Asking, user: UserRemote, clone: UserClone): Promise<Git> {
  const { root: cwd, objectFormat } = clone;
  const fetchSide = splitCredentials(user.fetchUrl);
  const pushSide = splitCredentials(user.pushUrl);
  const path = cachePath(cacheDir, fetchSide.url, objectFormat);
  await createCache(path, (folder) =>
    mustRun(userGit(cwd, asking), [
      'init',
      '--quiet',
      '--bare',
      '--template=',
      `--object-format=${objectFormat}`,
      folder,
    ]),
  );
  const inOurs = (
    settings: readonly Setting[],
    variables: NodeJS.ProcessEnv,
    secrets: readonly string[],
  ): Git =>
    createGit({
      ...asking,
      cwd,
      env: { ...gitEnvironment(asking.ambient, settings), ...variables, GIT_DIR: path },
      redact: redactor(secrets),
    });
  const known = await mustRun(inOurs([], {}, []), ['config', '--list', '--includes', '-z']);
  const handedOver = await readSettings(clone, asking, known.toString('utf8'));

  const accesses = [accessOf('FETCH', fetchSide), accessOf('PUSH', pushSide)];
  const settings = [
    ...handedOver,
    ...accesses.flatMap((access) => access.settings),
    ...remoteSettings(fetchSide.url, pushSide.url),
  ];
  const secrets = [
    ...accesses.flatMap((access) => access.secrets.filter(isTelling)),
    ...handedOver.filter(([key]) => /extraheader$/i.test(key)).map(([, value]) => value),
  ];
  const variables = Object.assign({}, ...accesses.map((access) => access.variables)) as Record<
    string,
    string
  >;
  return inOurs(settings, variables, secrets);
}

/** @throws CertError `repository.unavailable`: no clone, no remote, no git, no cache folder. Contacts nobody. */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { log, signal } = options;
  const asking = {
    ambient: options.env ?? process.env,
    log,
    ...(signal === undefined ? {} : { signal }),
  };
  const clone = await readUserClone(options.cwd, asking);
  const user = await readUserRemote(clone, asking, options.remote);
  const git = await prepare(options.cacheDir, asking, user, clone);
  return {
    git,
    clone,
    remote: remoteIdentity(user.fetchUrl),
    remoteName: REMOTE,
    refs: openRunRefs(git, options.clock.now(), options.log),
    committer: options.committer,
    ...(options.runId === undefined ? {} : { runId: options.runId }),
    clock: options.clock,
  };
}

/** The same errors before anything is opened or written. @throws CertError */
export async function checkClone({ log, signal, ...options }: SessionOptions): Promise<void> {
  const asking = { ambient: options.env ?? process.env, log, ...(signal === undefined ? {} : { signal }) };
  await readUserRemote(await readUserClone(options.cwd, asking), asking, options.remote);
}

const FETCH = [
  'fetch',
  '--no-tags',
  '--no-write-fetch-head',
  '--no-auto-maintenance',
  '--no-recurse-submodules',
  '--no-progress',
  '--force',
  '--refmap=',
];

const refSpecs = (wanted: ReadonlyMap<string, string>, prefix: string): readonly string[] =>
  [...wanted].map(([name, ref]) => `+${ref}:${prefix}${name}`);

/** Refs of the remote by full name, only those that fit a pattern. @throws CertError `repository.unavailable` */
export async function listRemote(
  session: Session,
  patterns: readonly string[],
): Promise<ReadonlyMap<string, Oid>> {
  const result = await session.git(['ls-remote', '--refs', session.remoteName, ...patterns], {
    limitMs: FETCH_LIMIT_MS,
  });
  if (result.code !== 0) throw remoteFailure(session.remote, result.stderr);
  return new Map(
    result.stdout
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line): [string, Oid] => {
        const [oid = '', ref = ''] = line.split('\t');
        return [ref, oid];
      }),
  );
}

/**
 * One fetch of `wanted` (our name → ref of the remote; `*` on both sides allowed), the tips found by our name. Where a
 * ref is missing git fetches nothing; then the refs are listed and what is there is fetched.
 * @throws CertError `repository.unavailable`
 */
export async function fetchTips(
  session: Session,
  wanted: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, Oid>> {
  const prefix = session.refs.next();
  const fetchAll = (which: ReadonlyMap<string, string>) =>
    session.git([...FETCH, session.remoteName, ...refSpecs(which, prefix)], { limitMs: FETCH_LIMIT_MS });

  const first = await fetchAll(wanted);
  if (first.code === 0) return session.refs.collect(prefix);
  if (!/couldn't find remote ref/i.test(first.stderr)) throw remoteFailure(session.remote, first.stderr);
  const there = await listRemote(session, [...new Set(wanted.values())]);
  const present = new Map([...wanted].filter(([, ref]) => ref.includes('*') || there.has(ref)));
  if (present.size === 0) return new Map();
  const second = await fetchAll(present);
  if (second.code !== 0) throw remoteFailure(session.remote, second.stderr);
  return session.refs.collect(prefix);
}

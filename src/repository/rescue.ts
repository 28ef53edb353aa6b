import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { CertError } from '../model/errors.js';
import type { Oid, TreeReader } from '../ports/repository.js';
import { HEADER_PATH, nameOfStatusPath } from './layout.js';
import { type Git, mustRun } from './process.js';
import {
  blobsAt,
  type FileVersion,
  type HistoryLine,
  historyOf,
  keysIn,
  linesOf,
  type SealedBlob,
  versionsIn,
} from './rescue-history.js';
import { fetchTips, type Session } from './session.js';
import { readBlobs, treeReader } from './tree.js';
import { type Asking, userGit } from './user-clone.js';

/** A commit that wrote a header of ours, somewhere. */
export interface StateCommit {
  readonly commit: Oid;
  /** Text of its `issued/_certwright.json`. */
  readonly header: string;
}

/** What is left of a state whose refs are lost: brought into our own clone, so that all of it can be read and pushed. */
export interface Survivors {
  readonly states: readonly StateCommit[];
  /** Where nothing could be read, and why; for people. */
  readonly skipped: readonly string[];
  tree(commit: Oid): TreeReader;
  /**
   * Every sealed key of any commit there is, the newest form of each, by the SHA-256 of its SubjectPublicKeyInfo, hex.
   * @param keyHashOf  of a certificate; undefined for what is none
   */
  sealedKeys(
    keyHashOf: (certificatePem: string) => string | undefined,
  ): Promise<ReadonlyMap<string, SealedBlob>>;
  /** Names that were ever recorded. */
  recordedNames(): Promise<ReadonlySet<string>>;
  /** Every version that a file below `folder` ever had in the history of a commit: path and blob. */
  versionsIn(commit: Oid, folder: string): Promise<readonly FileVersion[]>;
}

const REMOTE_REFS = new Map([
  ['rescue/heads/*', 'refs/heads/*'],
  ['rescue/tags/*', 'refs/tags/*'],
  ['rescue/certwright/*', 'refs/certwright/*'],
]);

/**
 * Looks for states in the remote's branches and tags, in our own clone of it, in the clone a person stands in (its reflogs
 * too), and where they say: a clone, a bundle, a ref.
 * @throws CertError `usage` for what is none of these, `repository.unavailable`
 */
export async function findSurvivors(
  session: Session,
  asking: Asking,
  from: readonly string[],
): Promise<Survivors> {
  await fetchTips(session, REMOTE_REFS);
  const skipped: string[] = [];
  const commits = new Set<Oid>();
  const take = async (folder: string, revisions: readonly string[], whose = asking) => {
    for (const commit of await bringFrom(session, userGit(folder, whose), folder, revisions, skipped))
      commits.add(commit);
  };
  await take(session.clone.root, ['--all', '--reflog']);
  for (const place of from) {
    const path = resolve(session.clone.root, place);
    if (existsSync(path) && statSync(path).isDirectory())
      await take(path, ['--all', '--reflog'], offline(asking));
    else if (existsSync(path)) await fetchBundle(session, path);
    else await take(session.clone.root, [await commitNamed(session, asking, place)]);
  }
  for (const commit of linesOf(await mustRun(session.git, ['rev-list', '--all', '--', HEADER_PATH])))
    commits.add(commit);
  const states = await headersOf(session.git, [...commits]);
  let history: Promise<readonly HistoryLine[]> | undefined;
  const everything = () => {
    history ??= historyOf(session.git, states);
    return history;
  };
  return {
    states,
    skipped,
    tree: (commit) => treeReader(session.git, commit),
    sealedKeys: async (keyHashOf) => keysIn(session.git, await everything(), keyHashOf),
    recordedNames: async () =>
      new Set((await everything()).flatMap(({ path }) => nameOfStatusPath(path) ?? [])),
    versionsIn: (commit, folder) => versionsIn(session.git, commit, folder),
  };
}

/**
 * For a clone that came from anywhere: what it lacks is fetched from nowhere, since how to fetch it is its own
 * configuration's to say, and that may be any program. git before 2.44 knows the first of the two.
 */
const offline = (asking: Asking): Asking => ({
  ...asking,
  ambient: { ...asking.ambient, GIT_ALLOW_PROTOCOL: 'none', GIT_NO_LAZY_FETCH: '1' },
});

/** @throws CertError `usage` */
async function commitNamed(session: Session, asking: Asking, ref: string): Promise<Oid> {
  const clone = userGit(session.clone.root, asking);
  const { code, stdout } = await clone([
    'rev-parse',
    '--verify',
    '--quiet',
    '--end-of-options',
    `${ref}^{commit}`,
  ]);
  if (code === 0) return stdout.toString('latin1').trim();
  throw new CertError(
    'usage',
    `--from ${JSON.stringify(ref)} is no file, no folder and no commit of this clone`,
    {
      remedy: 'give an old clone, a bundle (`git bundle create FILE --all`), a branch, a tag or a commit id',
    },
  );
}

/** @throws CertError `usage` */
async function fetchBundle(session: Session, path: string): Promise<void> {
  const prefix = session.refs.next();
  const args = [
    'fetch',
    '--no-tags',
    '--no-write-fetch-head',
    '--no-auto-maintenance',
    '--no-progress',
    '--refmap=',
  ];
  const { code, stderr } = await session.git([...args, path, `+refs/*:${prefix}bundle/*`]);
  if (code !== 0) {
    throw new CertError('usage', `--from ${path} cannot be read: ${stderr.trim().split('\n').at(-1) ?? ''}`, {
      remedy: 'a file has to be a bundle, made by `git bundle create FILE --all`',
    });
  }
  await session.refs.collect(prefix);
}

/**
 * Copies every commit that wrote a header, and what it stands on, from somebody's clone into ours: only what is certwright's
 * where its branch is its own. What no ref leads to any more, a reflog may.
 */
async function bringFrom(
  session: Session,
  theirs: Git,
  folder: string,
  revisions: readonly string[],
  skipped: string[],
): Promise<readonly Oid[]> {
  const shallow = await theirs(['rev-parse', '--is-shallow-repository']);
  if (shallow.code !== 0) {
    throw new CertError('usage', `--from ${folder} is no Git repository that can be read`, {
      remedy: 'give an old clone, a bundle (`git bundle create FILE --all`), a branch, a tag or a commit id',
    });
  }
  const listed = await theirs(['rev-list', '--ignore-missing', ...revisions, '--', HEADER_PATH]);
  if (listed.code !== 0) {
    skipped.push(incomplete(folder));
    return [];
  }
  const found = linesOf(listed.stdout);
  if (found.length === 0) return [];
  if (shallow.stdout.toString('latin1').trim() === 'true') {
    skipped.push(
      `${folder} is a shallow clone: what it holds cannot be copied; \`git fetch --unshallow\` first`,
    );
    return [];
  }
  const packs = (await mustRun(session.git, ['rev-parse', '--git-path', 'objects/pack']))
    .toString('utf8')
    .trim();
  const pack = resolve(session.clone.root, packs, 'pack');
  const packed = await theirs(['pack-objects', '--revs', '--quiet', pack], {
    input: `${found.join('\n')}\n`,
  });
  if (packed.code === 0) return found;
  skipped.push(incomplete(folder));
  return [];
}

const incomplete = (folder: string): string =>
  `${folder} lacks a part of its history, as a partial clone does: what it holds cannot be copied; clone it whole`;

/** Those of the commits that hold a header, with its text. */
async function headersOf(git: Git, commits: readonly Oid[]): Promise<readonly StateCommit[]> {
  if (commits.length === 0) return [];
  const blobs = await blobsAt(
    git,
    commits.map((commit) => `${commit}:${HEADER_PATH}`),
  );
  const distinct = [...new Set(blobs.filter((blob) => blob !== undefined))];
  const texts = new Map(distinct.map((blob, i) => [blob, i]));
  const read = await readBlobs(git, distinct);
  return commits.flatMap((commit, i) => {
    const header = read[texts.get(blobs[i] ?? '') ?? -1];
    return header === undefined ? [] : [{ commit, header }];
  });
}

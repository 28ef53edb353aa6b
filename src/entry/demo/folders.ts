import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { devNull, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CertError, messageOf } from '../../model/errors.js';
import { makeFolder } from '../../repository/folder.js';
import type { Context } from '../context.js';

/** Where the demo plays. */
export interface Stage {
  /** Holds `remote.git`, `repo` and `identity.txt`. */
  readonly root: string;
  readonly remote: string;
  readonly repo: string;
  readonly identity: string;
  /** Given by the person: what is in it stays after a good end. */
  readonly kept: boolean;
  /** No setting, identity or cache of the person is in here, and none of ours gets out. */
  readonly env: NodeJS.ProcessEnv;
  /** From now on `remove` spares what a person asked to keep. */
  keep(): void;
  /** May be called twice; synchronous, because it also runs while the process ends. */
  remove(): void;
}

/**
 * Makes the folders.
 * @param wanted  `--dir`: must be empty or not there yet
 * @throws CertError `usage`
 */
export async function buildStage(context: Context, wanted: unknown): Promise<Stage> {
  const asked = typeof wanted === 'string' ? resolve(context.cwd, wanted) : undefined;
  const isNew = asked !== undefined && !existsSync(asked);
  if (asked !== undefined) makeEmptyFolder(asked);
  const home = temporaryFolder('certwright-demo-home-');
  const root = asked === undefined ? temporaryFolder('certwright-demo-') : realpathSync(asked);
  const parts = {
    remote: join(root, 'remote.git'),
    repo: join(root, 'repo'),
    identity: join(root, 'identity.txt'),
  };
  let keep = false;
  return {
    root,
    ...parts,
    kept: asked !== undefined,
    env: ownEnvironment(context.env, home),
    keep() {
      keep = asked !== undefined;
    },
    remove() {
      rmSync(home, { recursive: true, force: true, maxRetries: 5 });
      if (keep) return;
      // A folder that was there before stays, as empty as it was.
      for (const path of asked === undefined || isNew ? [root] : Object.values(parts)) {
        rmSync(path, { recursive: true, force: true, maxRetries: 5 });
      }
    },
  };
}

function makeEmptyFolder(path: string): void {
  try {
    makeFolder(path);
    if (readdirSync(path).length === 0) return;
  } catch (error) {
    throw new CertError('usage', `the folder ${path} cannot be used: ${messageOf(error)}`, {
      cause: error,
      remedy: 'give `--dir` a folder that is empty or not there yet',
    });
  }
  throw new CertError('usage', `the folder ${path} is not empty`, {
    remedy: 'give `--dir` a folder that is empty or not there yet',
  });
}

/** Real, because git and a symbolic link in the name of the temporary folder would call it by two names. */
const temporaryFolder = (prefix: string): string => realpathSync(mkdtempSync(join(tmpdir(), prefix)));

const FOREIGN = /^(?:GIT_(?!EXEC_PATH$)|CERTWRIGHT_|XDG_|SSH_|LC_|LANG$|LANGUAGE$)/;
const PERSON = { name: 'Ann Example', email: 'ann@example.com' };

function ownEnvironment(ambient: NodeJS.ProcessEnv, home: string): NodeJS.ProcessEnv {
  const kept = Object.entries(ambient).filter(([name]) => !FOREIGN.test(name));
  return {
    ...Object.fromEntries(kept),
    HOME: home,
    USERPROFILE: home,
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_CACHE_HOME: join(home, 'cache'),
    XDG_STATE_HOME: join(home, 'state'),
    LC_ALL: 'C',
    GIT_CONFIG_GLOBAL: devNull,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: PERSON.name,
    GIT_AUTHOR_EMAIL: PERSON.email,
    GIT_COMMITTER_NAME: PERSON.name,
    GIT_COMMITTER_EMAIL: PERSON.email,
  };
}

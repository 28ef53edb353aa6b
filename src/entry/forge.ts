import { openGitHub } from '../forge/github/index.js';
import { Secret } from '../model/secret.js';
import type { Forge } from '../ports/forge.js';
import type { Context } from './context.js';
import { version } from './version.js';

/** A repository at a forge, and the token it is reached with. */
export interface ForgePlace {
  /** `owner/name`. */
  readonly repository: string;
  readonly token: Secret;
}

const serverOf = ({ env }: Context): string => env.GITHUB_SERVER_URL || 'https://github.com';

/**
 * Where to find the forge of this repository: as a workflow is told, or by the remote where that lies at the host of
 * `GITHUB_SERVER_URL` (github.com). Undefined without a token, and for other hosts.
 * @param remote  host/path
 */
export function forgePlace(context: Context, remote: string): ForgePlace | undefined {
  const repository = repositoryAt(context, remote);
  const token = tokenOf(context);
  return repository === undefined || token === undefined ? undefined : { repository, token };
}

/** `owner/name`; undefined where the remote lies elsewhere. */
export function repositoryAt(context: Context, remote: string): string | undefined {
  const told = context.env.GITHUB_REPOSITORY;
  if (told) return told;
  const { host } = new URL(serverOf(context));
  const [at, ...path] = remote.split('/');
  return at === host && path.length === 2 ? path.join('/') : undefined;
}

function tokenOf({ env, forgeToken }: Context): Secret | undefined {
  const text = env.GITHUB_TOKEN || env.GH_TOKEN;
  return forgeToken ?? (text ? new Secret(text) : undefined);
}

/** Contacts nobody yet; to be closed. */
export const openForge = (context: Context, { repository, token }: ForgePlace): Forge =>
  openGitHub({
    repository,
    apiUrl: context.env.GITHUB_API_URL || 'https://api.github.com',
    serverUrl: serverOf(context),
    token,
    userAgent: `certwright/${version}`,
    clock: context.clock,
    log: context.log,
    signal: context.signal,
  });
